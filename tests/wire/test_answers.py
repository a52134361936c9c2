"""What comes back."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import (
    BadReply,
    Event,
    Filtered,
    Incomplete,
    ModelError,
    RateLimited,
    Reasoning,
    Refused,
    Stop,
    TextDelta,
    ThinkingDelta,
    TooLong,
    Unreachable,
    Usage,
)
from tests.support import model_server as said
from tests.support.model_server import (
    Cut,
    Done,
    Finish,
    ModelServer,
    Raw,
    Reply,
    Sleep,
    Step,
    Text,
    encode,
    error_reply,
)

from .calls import busy, events_of, model_at, pool, request, settings_for, tasks, text_of, until

pytestmark = pytest.mark.asyncio

KEY = "wk-4711-secret"
STREAMS = Path(__file__).parents[1] / "support" / "streams"
COUNTED = Usage(100, 20, 5, 0)


async def answer(server: ModelServer, *steps: Step, **reply: Any) -> list[Event]:
    server.default = Reply(steps, **reply)
    async with model_at(server, api_key=KEY, idle_timeout=5) as model:
        return await events_of(model)


async def test_events_come_in_order(server: ModelServer) -> None:
    server.script(said.reply("one ", "two", thinking="first this, then that"))
    async with model_at(server) as model:
        events = await events_of(model)
    thinking = [event.text for event in events if isinstance(event, ThinkingDelta)]
    assert "".join(thinking) == "first this, then that"
    assert events == [
        *map(ThinkingDelta, thinking),
        TextDelta("one "),
        TextDelta("two"),
        Reasoning("reasoning", "first this, then that"),
        Stop("stop"),
        COUNTED,
    ]


@pytest.mark.parametrize(
    ("steps", "events"),
    [
        ((Text("a"), Finish(), said.Usage(), Done()), [TextDelta("a"), Stop("stop"), COUNTED]),
        ((Text("a"), Finish("length"), Done()), [TextDelta("a"), Stop("length")]),
        ((Text("a"), Done()), [TextDelta("a")]),
        ((Text("a"), Finish()), [TextDelta("a"), Stop("stop")]),
        ((Text("a"), said.Usage(), Finish()), [TextDelta("a"), COUNTED, Stop("stop")]),
        ((said.Comment(), Text("a"), said.Comment(), Done()), [TextDelta("a")]),
        ((Text("\n\n"), Text("\na"), Done()), [TextDelta("a")]),
        ((Text("a"), Finish(), Raw(b"data: [DONE]")), [TextDelta("a"), Stop("stop")]),
        ((Text("a"), Done(), Text("never read")), [TextDelta("a")]),
        # The answer is complete: what becomes of the connection afterwards is of no interest.
        ((Text("a"), Finish(), Cut()), [TextDelta("a"), Stop("stop")]),
        ((Text("a"), Finish(), Sleep(0.05), Cut(reset=True)), [TextDelta("a"), Stop("stop")]),
        ((Text("a"), Finish(), Raw(b"data: rubbish\n\n")), [TextDelta("a"), Stop("stop")]),
        ((Text("a"), Done(), Cut(reset=True)), [TextDelta("a")]),
    ],
    ids=lambda value: " ".join(type(step).__name__ for step in value),
)
async def test_an_answer_is_complete_at_a_finish_or_at_done(
    server: ModelServer, steps: tuple[Step, ...], events: list[Event]
) -> None:
    assert await answer(server, *steps) == events


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Text("a"),),
        (Text("a"), said.Usage()),
        (Text("a"), Cut()),
        (Text("a"), Cut(reset=True)),
        (Cut(),),
        (said.Comment(),),
        (Raw(b"hello\n"),),
        (Text("a"), Raw(b'data: {"choices":[{"delta":{"content":"b')),
    ],
    ids=lambda value: " ".join(type(step).__name__ for step in value),
)
async def test_an_end_with_neither_is_incomplete(server: ModelServer, steps: tuple[Step, ...]) -> None:
    with pytest.raises((Incomplete, BadReply), match=r"Try again\.|not a chat completion"):
        await answer(server, *steps)


async def test_what_came_before_the_end_was_given(server: ModelServer) -> None:
    server.script(Reply((Text("half "), Text("an answer"), Cut())))
    async with model_at(server) as model, model.stream(request()) as events:
        assert [await anext(events), await anext(events)] == [TextDelta("half "), TextDelta("an answer")]
        with pytest.raises(Incomplete):
            await anext(events)


async def test_text_that_is_cut_anywhere_is_the_same(server: ModelServer) -> None:
    stream = b"".join(map(encode, (said.Comment(), Text("größe 😀 "), Text("中文"), Finish(), Done()))).replace(
        b"\n", b"\r\n"
    )
    server.script(Reply(tuple(Raw(stream[at : at + 7]) for at in range(0, len(stream), 7))))
    async with model_at(server) as model:
        assert await text_of(model) == "größe 😀 中文"


def whole(body: bytes, content_type: str = "application/json") -> Reply:
    return Reply(status=200, headers={"content-type": content_type}, body=body)


async def test_an_answer_that_came_whole(server: ModelServer) -> None:
    message = {"role": "assistant", "content": "\nall of it", "reasoning": "hm", "refusal": None}
    usage = {"prompt_tokens": 54, "completion_tokens": 339, "prompt_tokens_details": {"cached_tokens": 3}}
    body = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": usage}
    server.script(whole(json.dumps(body).encode(), "application/json; charset=utf-8"))
    async with model_at(server) as model:
        events = await events_of(model)
    assert events == [
        ThinkingDelta("hm"),
        TextDelta("all of it"),
        Reasoning("reasoning", "hm"),
        Stop("stop"),
        Usage(54, 339, 0, 3),
    ]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error_reply(401, f"bad key {KEY}"), Refused, "check MM_LSP_API_KEY"),
        (error_reply(402, "pay"), Refused, "balance"),
        (error_reply(403, "no"), Refused, "does not permit"),
        (error_reply(404, "no such model"), Refused, r"change model\.name"),
        (error_reply(400, "maximum context length is 5"), TooLong, "select less"),
        (error_reply(422, "input new_sensitive (1026)"), Filtered, "filtered"),
        (error_reply(429, "slow down", {"retry-after": "61"}), RateLimited, r"Try again in 61 s\."),
        (error_reply(429, "slow down", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), RateLimited, "in a while"),
        (error_reply(500, "oops"), Unreachable, "It says: oops"),
        (Reply(status=502, headers={"content-type": "text/html"}, body=b"<html>502</html>"), Unreachable, "web page"),
        (Reply(status=503, body=b""), Unreachable, "HTTP 503"),
        (error_reply(400, "unknown parameter"), BadReply, "unknown parameter"),
        (whole(b"<html>Welcome</html>", "text/html"), BadReply, "web page"),
        (whole(b'{"error":{"code":401,"message":"no"}}'), Refused, "check MM_LSP_API_KEY"),
        (whole(b'{"hello":1}'), BadReply, r"check model\.base_url"),
        (whole(b"hello"), BadReply, "not JSON"),
        (whole(b""), BadReply, "not JSON"),
        (whole(b"<html>Welcome</html>", "text/plain"), ModelError, "model"),
        (Reply(), Incomplete, "Try again"),
        (Reply((Text("a"), Raw(b'data: {"error":{"code":429,"message":"limit"}}\n\n'))), RateLimited, "slow down"),
        (Reply((Text("a"), Raw(b'data: {"error":{"code":"gone","message":"left"}}\n\n'))), Incomplete, "left"),
        (Reply((Raw(b"data: rubbish\n\n"),)), BadReply, "not a chat completion"),
        (Reply((Raw(b"data: " + b"x" * 9_000_000),)), BadReply, "too much at once"),
    ],
)
async def test_a_refusal_is_an_error_of_its_class(
    server: ModelServer, reply: Reply, kind: type[ModelError], words: str
) -> None:
    server.default = reply
    async with model_at(server, api_key=KEY) as model:
        with pytest.raises(kind, match=words) as raised:
            await events_of(model)
        assert KEY not in str(raised.value)
        server.default = said.reply("ok again")
        assert await text_of(model) == "ok again"
        await until(lambda: not tasks())
        assert busy(model) == []


async def test_of_an_endless_error_only_the_beginning_is_read(server: ModelServer) -> None:
    server.script(Reply(status=400, headers={"content-type": "text/plain"}, body=b"no! " * 500_000))
    async with model_at(server) as model:
        with pytest.raises(BadReply, match="no! no!"):
            await events_of(model)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


async def test_a_refused_connection_names_the_endpoint_and_the_cause() -> None:
    port = free_port()
    model = OpenAIModel(settings_for(f"http://user:password@127.0.0.1:{port}/v1"))
    with pytest.raises(Unreachable, match=rf"Can't reach the model's endpoint 127\.0\.0\.1:{port}: connection refused"):
        await events_of(model)
    assert pool(model) == []
    await model.aclose()


@pytest.mark.parametrize("url", ["http://[::1", "http://", "http://a b/", "http://exa\u0000mple/"])
async def test_an_address_that_is_none_is_said_to_be_so(url: str) -> None:
    model = OpenAIModel(settings_for(url))
    with pytest.raises(ModelError, match=r"model\.base_url"):
        await events_of(model)
    await model.aclose()


@pytest.mark.parametrize("key", ["k1\n", "  hunter2 \r\n", "hunter2\n\n", "k1\0"])
async def test_a_key_that_cannot_be_sent_is_not_shown_either(server: ModelServer, key: str) -> None:
    async with model_at(server, api_key=key) as model:
        with pytest.raises(ModelError, match="key") as raised:
            await events_of(model)
    assert key.strip("\r\n\0 ") not in str(raised.value)


async def test_a_key_that_an_error_inside_the_stream_repeats_is_masked(server: ModelServer) -> None:
    with pytest.raises(ModelError) as raised:
        await answer(server, Raw(f'data: {{"error":{{"code":400,"message":"no such key {KEY}"}}}}\n\n'.encode()))
    assert "***" in str(raised.value)
    assert KEY not in str(raised.value)


JSON_ANSWER = b'{"choices":[{"message":{"content":"all of it"},"finish_reason":"stop"}]}'
STREAM_ANSWER = encode(Text("all of it")) + encode(Done())


@pytest.mark.parametrize("content_type", ["text/event-stream", "text/plain", "application/json", "text/html", ""])
@pytest.mark.parametrize("body", [JSON_ANSWER, b"\n" + JSON_ANSWER, STREAM_ANSWER, b": hm\n\n" + STREAM_ANSWER])
async def test_what_came_is_read_as_what_it_is(server: ModelServer, content_type: str, body: bytes) -> None:
    server.script(
        Reply(tuple(Raw(body[at : at + 5]) for at in range(0, len(body), 5)), headers={"content-type": content_type})
    )
    async with model_at(server) as model:
        assert await text_of(model) == "all of it"
    assert len(server.requests) == 1


async def test_an_error_without_a_stream_has_its_fault_whatever_its_header_says(server: ModelServer) -> None:
    body = b'{"base_resp":{"status_code":1004,"status_msg":"login fail"}}'
    server.default = Reply((Raw(body),), headers={"content-type": "text/event-stream"})
    async with model_at(server) as model:
        with pytest.raises(Refused, match="refuses the key"):
            await events_of(model)
    assert len(server.requests) == 1


async def test_thinking_without_its_opening_tag_is_expected_only_once_it_is_a_habit(server: ModelServer) -> None:
    unopened = Reply((Text("so\n"), Text("</think>\n\nyes"), Finish(), Done()))
    plain = Reply((Text("plain"), Finish(), Done()))
    async with model_at(server) as model:
        learned = model.learned["minimax/minimax-m2.1"]
        habits = []
        for answer_ in (unopened, plain, unopened, unopened, unopened, plain, plain):
            server.script(answer_)
            await events_of(model)
            await until(lambda: not tasks())
            habits.append(learned.thinks_at_once)
    assert habits == [False, False, False, True, True, False, False]


async def test_a_recorded_stream_can_be_replayed(server: ModelServer) -> None:
    """What `mm-lsp doctor --record` saves: a comment, then the stream as it came."""
    recorded = b": mm-lsp 0.1.0, model m, endpoint http://model.test\n\n" + (STREAMS / "t3b.sse").read_bytes()
    server.script(Reply((Raw(recorded),)))
    async with model_at(server) as model:
        assert await text_of(model) == "def add(a, b):\n    return a + b"
