"""Another try: when, how often, how much later; what refusals teach; and when automatic requests rest."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import httpx
import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import (
    Event,
    Message,
    ModelError,
    ModelRequest,
    Notice,
    Reasoning,
    Stop,
    TextDelta,
    ThinkingDelta,
    TryAgain,
)
from tests.support.model_server import (
    Cut,
    Done,
    Finish,
    ModelServer,
    Raw,
    Reply,
    Sleep,
    Stall,
    Step,
    Text,
    Thinking,
    error_reply,
    reply,
)

from .calls import busy, events_of, model_at, request, settings_for, tasks, text_of, until

pytestmark = pytest.mark.asyncio

AUTOMATIC = replace(request(), is_automatic=True)
OVERLOADED = error_reply(503, "overloaded")
REFUSED_KEY = error_reply(401, "no such key")


async def heard(model: OpenAIModel, asked: ModelRequest | None = None) -> tuple[list[Event], ModelError | None]:
    """The events, and what ended them."""
    events: list[Event] = []
    async with model.stream(asked or request()) as stream:
        try:
            while True:
                events.append(await anext(stream))
        except StopAsyncIteration:
            return events, None
        except ModelError as error:
            return events, error


async def failure_of(model: OpenAIModel, asked: ModelRequest | None = None) -> ModelError:
    _, error = await heard(model, asked)
    assert error is not None
    return error


def of(kind: type[Any], events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def keys(server: ModelServer) -> list[str | None]:
    return [sent.headers.get("authorization") for sent in server.requests]


def in_stream(error: Any) -> Raw:
    return Raw(b"data: " + json.dumps(error).encode() + b"\n\n")


# ---------------------------------------------------------------- what passes


@pytest.mark.parametrize(
    ("headers", "least"),
    [({"retry-after": "1"}, 1.0), ({"retry-after-ms": "900"}, 0.9), ({"retry-after": "1", "retry-after-ms": "x"}, 1.0)],
)
async def test_the_next_try_waits_as_long_as_the_endpoint_asks(
    server: ModelServer, headers: dict[str, str], least: float
) -> None:
    server.script(error_reply(429, "not so fast", headers))
    async with model_at(server) as model:
        events = await events_of(model)
    first, second = server.requests
    assert second.at - first.at >= least
    (again,) = of(TryAgain, events)
    assert events[0] == again
    assert again.seconds >= least
    assert "slow down (HTTP 429)" in again.sentence
    assert again.sentence.endswith("It says: not so fast")
    assert events[1:3] == [TextDelta("ok"), Stop("stop")]
    assert first.body == second.body


async def test_the_time_to_wait_may_be_a_date(server: ModelServer) -> None:
    server.script(error_reply(503, "later", {"retry-after": formatdate(time.time() + 3, usegmt=True)}))
    async with model_at(server) as model:
        assert await text_of(model) == "ok"
    first, second = server.requests
    assert second.at - first.at >= 1  # a date has no fractions of a second


PASSING: dict[str, tuple[Reply, str]] = {
    "429": (error_reply(429, "slowly"), "slow down (HTTP 429)"),
    "500": (error_reply(500, "oops"), "It says: oops"),
    "503": (OVERLOADED, "It says: overloaded"),
    "408": (error_reply(408, "late"), "It says: late"),
    "529": (error_reply(529, "busy"), "It says: busy"),
    "a page": (Reply(status=502, body=b"<html>Bad Gateway</html>"), "a web page (HTTP 502)"),
    "cut before the headers": (Reply(), "broke"),
    "reset after the headers": (Reply((Sleep(0.05), Cut(reset=True))), "broke"),
    "cut after the headers": (Reply((Raw(b": hm\n\n"), Sleep(0.05), Cut())), "broke"),
    "an end without an answer": (Reply((Raw(b": hm\n\n"),)), "broke off before its end"),
    "an error in the stream": (
        Reply((in_stream({"error": {"code": 503, "message": "gone"}}),)),
        "a problem of its own (HTTP 503). Try again. It says: gone",
    ),
    "a rate limit in the stream": (
        Reply((in_stream({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),)),
        "slow down",
    ),
    "an error beside a success": (
        Reply(body=b'{"base_resp":{"status_code":1013,"status_msg":"internal"}}'),
        "It says: internal",
    ),
}


@pytest.mark.parametrize(("bad", "words"), PASSING.values(), ids=PASSING)
async def test_what_passes_is_tried_again_and_told(server: ModelServer, bad: Reply, words: str) -> None:
    server.script(bad)
    async with model_at(server) as model:
        events = await events_of(model)
        await until(lambda: not tasks())
        assert model.rests() is None
    (again,) = of(TryAgain, events)
    assert words in again.sentence
    assert 0.25 <= again.seconds <= 0.5
    assert events[:3] == [again, TextDelta("ok"), Stop("stop")]
    first, second = server.requests
    assert second.at - first.at >= 0.25


async def test_there_are_three_tries_with_growing_pauses(server: ModelServer) -> None:
    server.default = OVERLOADED
    async with model_at(server) as model:
        events, error = await heard(model)
    assert error is not None
    assert (error.fault, str(error)) == ("server", of(TryAgain, events)[0].sentence)
    assert [type(event) for event in events] == [TryAgain, TryAgain]
    assert 0.25 <= events[0].seconds <= 0.5 <= events[1].seconds <= 1
    first, second, third = (sent.at for sent in server.requests)
    assert second - first >= 0.25
    assert third - second >= 0.5


async def test_what_was_only_thought_may_be_thought_again(server: ModelServer) -> None:
    server.script(Reply((Thinking("first "), Thinking("try"), Sleep(0.05), Cut())), reply("ok", thinking="again"))
    async with model_at(server) as model:
        events = await events_of(model)
    at = events.index(of(TryAgain, events)[0])
    assert all(isinstance(event, ThinkingDelta) for event in events[:at])
    after = events[at + 1 :]
    assert "".join(event.text for event in of(ThinkingDelta, after)) == "again"
    assert of(Reasoning, after) == [Reasoning("reasoning", "again")]
    assert of(Reasoning, events) == of(Reasoning, after)
    assert (of(TextDelta, after), of(Stop, after)) == ([TextDelta("ok")], [Stop("stop")])


@pytest.mark.parametrize(
    "end",
    [
        (Sleep(0.05), Cut()),
        (Sleep(0.05), Cut(reset=True)),
        (Raw(b": the end\n\n"),),
        (in_stream({"error": {"code": 503, "message": "gone"}}),),
        (in_stream({"error": {"code": 429, "message": "slowly"}}),),
        (Stall(),),
    ],
    ids=["cut", "reset", "no end", "error", "rate limit", "silence"],
)
@pytest.mark.parametrize("begin", [(Text("a"),), (Thinking("hm"), Text("a"))], ids=["text", "thinking, text"])
async def test_what_was_shown_is_never_said_twice(
    server: ModelServer, begin: tuple[Step, ...], end: tuple[Step, ...]
) -> None:
    server.script(Reply((*begin, *end)))
    async with model_at(server, idle_timeout=0.3) as model:
        events, error = await heard(model)
        assert error is not None
        assert of(TextDelta, events) == [TextDelta("a")]
        assert of(TryAgain, events) == []
        await until(lambda: not tasks())
    assert len(server.requests) == 1


async def test_what_comes_after_the_answers_end_spoils_nothing(server: ModelServer) -> None:
    server.script(Reply((Text("a"), Finish(), Sleep(0.05), Cut())))
    async with model_at(server) as model:
        assert await heard(model) == ([TextDelta("a"), Stop("stop")], None)
        await until(lambda: not tasks())
    assert len(server.requests) == 1


async def test_whoever_leaves_in_the_pause_is_not_answered_any_more(server: ModelServer) -> None:
    server.script(error_reply(429, "slowly", {"retry-after": "1"}))
    async with model_at(server) as model:
        async with model.stream(request()) as events:
            assert isinstance(await anext(events), TryAgain)
        await until(lambda: not tasks())
        assert busy(model) == []
    assert len(server.requests) == 1


async def test_a_connection_refused_is_tried_once_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    model = OpenAIModel(settings_for(f"http://127.0.0.1:{port}/v1"))
    events, error = await heard(model)
    assert error is not None
    assert error.fault == "connect"
    assert [event.sentence for event in of(TryAgain, events)] == [str(error)]
    assert "Can't reach the model's endpoint" in str(error)
    await model.aclose()


# ---------------------------------------------------------------- what lasts


@pytest.mark.parametrize(
    ("refusal", "fault"),
    [
        (REFUSED_KEY, "key"),
        (error_reply(402, "Payment required"), "balance"),
        (error_reply(403, "Not in your plan"), "permission"),
        (error_reply(404, "No such model"), "model"),
        (error_reply(400, "no"), "bad_request"),
        (error_reply(413, "no"), "context"),
        (error_reply(422, "input new_sensitive (1026)"), "filter"),
        (error_reply(429, "insufficient balance (1008)"), "balance"),
        (error_reply(500, "insufficient balance (1008)"), "balance"),
        (error_reply(429, "You exceeded your current quota", {"retry-after": "0"}), "balance"),
        (error_reply(429, "usage limit exceeded, resets at 18:00 (2056)"), "quota"),
        (error_reply(429, "slowly", {"retry-after": "61"}), "rate_limit"),
        (error_reply(503, "later", {"retry-after": "3600"}), "server"),
        (Reply((in_stream({"error": {"code": 402, "message": "no"}}),)), "balance"),
        (Reply((Raw(b"data: {oops\n\n"),)), "bad_reply"),
    ],
)
async def test_what_lasts_is_not_tried_again(server: ModelServer, refusal: Reply, fault: str) -> None:
    server.script(refusal)
    async with model_at(server, api_key="k1") as model:
        events, error = await heard(model)
        await until(lambda: not tasks())
    assert error is not None
    assert (error.fault, events) == (fault, [])
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("body", [b"", b"<html><title>Moved</title></html>"], ids=["empty", "page"])
async def test_redirects_are_not_followed_and_the_key_is_not_sent_on(
    server: ModelServer, status: int, body: bytes
) -> None:
    with ModelServer() as elsewhere:
        server.script(Reply(status=status, headers={"location": f"{elsewhere.url}/chat/completions"}, body=body))
        async with model_at(server, api_key="k1") as model:
            events, error = await heard(model)
        assert elsewhere.requests == []
    assert events == []
    assert "model.base_url" in str(error)
    assert len(server.requests) == 1


# ---------------------------------------------------------------- automatic requests


@pytest.mark.parametrize("bad", [row[0] for row in PASSING.values()], ids=PASSING)
async def test_an_automatic_request_is_not_made_again(server: ModelServer, bad: Reply) -> None:
    server.script(bad)
    async with model_at(server) as model:
        events, error = await heard(model, AUTOMATIC)
        await until(lambda: not tasks())
    assert error is not None
    assert events == []
    assert len(server.requests) == 1


async def test_an_automatic_request_that_found_nobody_is_made_again_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    model = OpenAIModel(settings_for(f"http://127.0.0.1:{port}/v1"))
    events, error = await heard(model, AUTOMATIC)
    assert error is not None
    assert error.fault == "connect"
    assert len(of(TryAgain, events)) == 1
    with contextlib.ExitStack() as stack:
        text = ""
        async with model.stream(AUTOMATIC) as stream:
            async for event in stream:
                if isinstance(event, TryAgain):
                    stack.enter_context(ModelServer(port=port))
                text += event.text if isinstance(event, TextDelta) else ""
        assert text == "ok"
        await model.aclose()


# ---------------------------------------------------------------- what refusals teach

SHAPES: dict[str, Callable[[str], Reply]] = {
    "openai": lambda name: Reply(
        status=400, body=json.dumps({"error": {"message": "Unsupported parameter", "param": name}}).encode()
    ),
    "words": lambda name: error_reply(400, f"Unknown parameter: '{name}'"),
    "vllm": lambda name: Reply(
        status=400, body=json.dumps({"object": "error", "message": f"`{name}` is not supported", "code": 400}).encode()
    ),
    "fastapi": lambda name: Reply(
        status=422,
        body=json.dumps({"detail": [{"loc": ["body", name], "msg": "Extra inputs are not permitted"}]}).encode(),
    ),
    "beside a success": lambda name: Reply(
        body=json.dumps({"error": {"code": 400, "message": f"Unknown parameter: '{name}'"}}).encode()
    ),
}


def strict(names: set[str], shape: Callable[[str], Reply]) -> Callable[[dict[str, Any]], Reply]:
    """An endpoint that takes none of `names`."""

    def answer(body: dict[str, Any]) -> Reply:
        refused = sorted(names & set(body))
        return shape(refused[0]) if refused else reply("ok")

    return answer


@pytest.mark.parametrize("name", ["top_k", "stream_options"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_a_parameter_that_is_not_taken_is_left_out_remembered_and_told_once(
    server: ModelServer, shape: Callable[[str], Reply], name: str
) -> None:
    server.default = strict({name}, shape)
    async with model_at(server, params={"top_k": 40}) as model:
        first = await events_of(model)
        second = await events_of(model)
    assert [notice.sentence for notice in of(Notice, first)] == [
        f"minimax/minimax-m2.1 does not take the parameter {name}: it is left out from now on."
    ]
    assert of(TextDelta, first) == of(TextDelta, second) == [TextDelta("ok")]
    assert of(Notice, second) == of(TryAgain, first) == []
    refused, again, later = (sent.body for sent in server.requests)
    assert again == later == {key: value for key, value in refused.items() if key != name}


async def test_several_parameters_are_left_out_one_after_the_other(server: ModelServer) -> None:
    server.default = strict({"top_k", "min_p", "stream_options"}, SHAPES["words"])
    async with model_at(server, params={"top_k": 40, "min_p": 0.1, "top_a": 0}) as model:
        events = await events_of(model)
    assert len(of(Notice, events)) == 3
    assert of(TextDelta, events) == [TextDelta("ok")]
    assert len(server.requests) == 4
    assert server.requests[-1].body.keys() & {"top_k", "min_p", "stream_options", "top_a"} == {"top_a"}


async def test_an_automatic_request_learns_too(server: ModelServer) -> None:
    server.default = strict({"top_k"}, SHAPES["words"])
    async with model_at(server, params={"top_k": 40}) as model:
        assert await text_of(model, AUTOMATIC) == "ok"
    assert len(server.requests) == 2


async def test_an_endpoint_that_goes_on_refusing_a_parameter_is_believed_once(server: ModelServer) -> None:
    server.default = SHAPES["words"]("top_k")
    async with model_at(server, params={"top_k": 40}) as model:
        error = await failure_of(model)
    assert error.fault == "bad_request"
    assert len(server.requests) == 2


async def test_an_endpoint_that_refuses_everything_is_not_asked_without_end(server: ModelServer) -> None:
    names = {f"p{number}" for number in range(20)}
    server.default = strict(names, SHAPES["words"])
    async with model_at(server, params=dict.fromkeys(names, 1)) as model:
        error = await failure_of(model)
    assert error.fault == "parameter"
    assert len(server.requests) <= 6


async def test_what_one_model_taught_is_no_lesson_about_another(server: ModelServer) -> None:
    server.default = strict({"top_k"}, SHAPES["words"])
    async with model_at(server, completion={"model": "small"}, params={"top_k": 40}) as model:
        await events_of(model)
        server.default = reply("ok")
        await events_of(model, request(feature="completion"))
        await events_of(model)
    assert [sent.body.get("top_k") for sent in server.requests] == [40, None, 40, None]


@pytest.mark.parametrize(
    "words",
    [
        "Reasoning is mandatory for this endpoint and cannot be disabled.",
        "For M2.x models, thinking cannot be disabled",
    ],
)
async def test_what_would_turn_mandatory_thinking_off_is_left_out_remembered_and_told_once(
    server: ModelServer, words: str
) -> None:
    params = {"reasoning": {"enabled": False}, "reasoning_effort": "none"}
    server.default = lambda body: error_reply(400, words) if params.keys() & body.keys() else reply("ok")
    async with model_at(server, params={**params, "seed": 1}) as model:
        first = await events_of(model)
        second = await events_of(model)
    (told,) = of(Notice, first)
    assert "can't do without thinking: reasoning, reasoning_effort is left out" in told.sentence
    assert of(TextDelta, first) == of(TextDelta, second) == [TextDelta("ok")]
    assert of(Notice, second) == []
    assert [params.keys() & sent.body.keys() for sent in server.requests] == [params.keys(), set(), set()]
    assert [sent.body["seed"] for sent in server.requests] == [1, 1, 1]


async def test_the_limit_is_sent_by_the_name_that_the_endpoint_asks_for(server: ModelServer) -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server.default = lambda body: error_reply(400, words) if "max_tokens" in body else reply("ok")
    async with model_at(server) as model:
        first = await events_of(model)
        assert await text_of(model) == "ok"
    assert len(of(Notice, first)) == 1
    limits = [(sent.body.get("max_tokens"), sent.body.get("max_completion_tokens")) for sent in server.requests]
    assert limits == [(77, None), (None, 77), (None, 77)]


ECHOING = ModelRequest(
    (
        Message("user", "a"),
        Message("assistant", "b", Reasoning("reasoning", "thought", ({"text": "thought", "index": 0},))),
        Message("user", "c"),
    ),
    "explain",
    77,
)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Unknown field: 'reasoning'"),
        (400, "unknown field `reasoning_details` in messages[1]"),
        (422, "messages[1].reasoning: Extra inputs are not permitted"),
        (422, "messages.1.assistant.reasoning_details: Extra inputs are not permitted"),
    ],
)
async def test_thinking_that_is_not_taken_back_in_a_field_goes_back_in_tags(
    server: ModelServer, status: int, words: str
) -> None:
    server.default = lambda body: error_reply(status, words) if "reasoning" in body["messages"][1] else reply("ok")
    async with model_at(server) as model:
        first = await events_of(model, ECHOING)
        second = await events_of(model, ECHOING)
    (told,) = of(Notice, first)
    assert "as tags in the text" in told.sentence
    assert of(TextDelta, first) == of(TextDelta, second) == [TextDelta("ok")]
    assert of(Notice, second) == []
    refused, *others = [sent.body["messages"][1] for sent in server.requests]
    assert refused["reasoning_details"] == [{"text": "thought", "index": 0}]
    assert others == [{"role": "assistant", "content": "<think>\nthought\n</think>\n\nb"}] * 2


async def test_thinking_that_is_not_taken_back_in_tags_either_stays_here(server: ModelServer) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        earlier = body["messages"][1]
        if "reasoning" in earlier or "<think>" in earlier["content"]:
            return error_reply(400, "The `reasoning` of earlier turns is not accepted")
        return reply("ok")

    server.default = answer
    async with model_at(server) as model:
        events, error = await heard(model, ECHOING)
    assert error is None
    assert [("as tags" in told.sentence, "not at all" in told.sentence) for told in of(Notice, events)] == [
        (True, False),
        (False, True),
    ]
    assert server.requests[-1].body["messages"][1] == {"role": "assistant", "content": "b"}


# ---------------------------------------------------------------- the key


class Keys:
    """Where keys are read from, and how often that was done."""

    def __init__(self, *given: str | None) -> None:
        self.given = list(given)
        self.times = 0

    async def read(self) -> str | None:
        self.times += 1
        return self.given.pop(0)


async def test_a_refused_key_is_read_again_and_the_new_one_is_kept(server: ModelServer) -> None:
    server.script(REFUSED_KEY)
    source = Keys("k2")
    async with model_at(server, api_key="k1") as model:
        model.reread_key = source.read
        events = await events_of(model)
        assert await text_of(model) == "ok"
        await until(lambda: not tasks())
        assert model.rests() is None
    assert of(TextDelta, events) == [TextDelta("ok")]
    assert keys(server) == ["Bearer k1", "Bearer k2", "Bearer k2"]
    assert source.times == 1


async def test_a_second_refusal_ends_it(server: ModelServer) -> None:
    server.default = REFUSED_KEY
    source = Keys("k2", "k3")
    async with model_at(server, api_key="k1") as model:
        model.reread_key = source.read
        assert (await failure_of(model)).fault == "key"
    assert keys(server) == ["Bearer k1", "Bearer k2"]
    assert source.times == 1


async def test_a_key_that_another_question_has_read_meanwhile_counts_as_new(server: ModelServer) -> None:
    server.script(replace(REFUSED_KEY, header_delay=0.5), REFUSED_KEY)
    async with model_at(server, api_key="k1") as model:
        model.reread_key = Keys("k2", "k2").read
        slow = asyncio.create_task(heard(model))
        await asyncio.to_thread(server.wait_for, 1)
        assert await text_of(model) == "ok"
        events, error = await slow
    assert error is None
    assert of(TextDelta, events) == [TextDelta("ok")]
    assert keys(server) == ["Bearer k1", "Bearer k1", "Bearer k2", "Bearer k2"]


@pytest.mark.parametrize("found", ["k1", None])
async def test_the_same_key_is_not_sent_again(server: ModelServer, found: str | None) -> None:
    server.default = REFUSED_KEY
    source = Keys(found)
    async with model_at(server, api_key="k1") as model:
        model.reread_key = source.read
        assert (await failure_of(model)).fault == "key"
        assert model.key == "k1"
    assert keys(server) == ["Bearer k1"]
    assert source.times == 1


async def test_a_key_that_was_missing_is_read_too(server: ModelServer) -> None:
    server.script(REFUSED_KEY)
    async with model_at(server) as model:
        model.reread_key = Keys("k2").read
        assert await text_of(model) == "ok"
    assert keys(server) == [None, "Bearer k2"]


@pytest.mark.parametrize("refusal", [error_reply(403, "no"), error_reply(402, "no"), error_reply(404, "no")])
async def test_only_a_refused_key_is_read_again(server: ModelServer, refusal: Reply) -> None:
    server.default = refusal
    source = Keys("k2")
    async with model_at(server, api_key="k1") as model:
        model.reread_key = source.read
        await failure_of(model)
    assert (source.times, keys(server)) == (0, ["Bearer k1"])


async def test_a_key_that_was_read_again_is_not_repeated_either(server: ModelServer) -> None:
    server.script(REFUSED_KEY, error_reply(401, "no such key: k2-secret-word"))
    async with model_at(server, api_key="k1") as model:
        model.reread_key = Keys("k2-secret-word").read
        error = await failure_of(model)
    assert "no such key: ***" in str(error)
    assert "secret" not in str(error)


# ---------------------------------------------------------------- rests


@pytest.mark.parametrize(
    ("refusal", "fault", "seconds"),
    [
        (error_reply(429, "slowly"), "rate_limit", 30),
        (error_reply(429, "slowly", {"retry-after": "7"}), "rate_limit", 7),
        (error_reply(503, "later", {"retry-after": "120"}), "server", 120),
        (REFUSED_KEY, "key", 600),
        (error_reply(402, "no"), "balance", 600),
        (error_reply(404, "no"), "model", 600),
        (error_reply(429, "insufficient balance (1008)"), "balance", 600),
        (error_reply(400, "no"), None, 0),
        (error_reply(413, "no"), None, 0),
    ],
)
async def test_after_some_refusals_automatic_requests_rest_until_a_success(
    server: ModelServer, refusal: Reply, fault: str | None, seconds: float
) -> None:
    server.script(refusal)
    async with model_at(server, api_key="k1") as model:
        assert model.rests() is None
        before = time.time()
        error = await failure_of(model, AUTOMATIC)
        rest = model.rests()
        if fault is None:
            assert rest is None
        else:
            assert rest is not None
            assert (rest.fault, rest.reason) == (fault, str(error))
            assert before + seconds <= rest.until <= time.time() + seconds
        assert await text_of(model) == "ok"
        await until(lambda: not tasks())
        assert model.rests() is None


@pytest.mark.parametrize("end", [(Done(), Stall()), (Sleep(0.05), Cut()), ()], ids=["done, silence", "cut", "no done"])
async def test_an_answer_is_a_success_however_its_connection_ends(server: ModelServer, end: tuple[Step, ...]) -> None:
    """Whoever asked does not wait for the end of the body, and some endpoints let it wait."""
    server.script(REFUSED_KEY, Reply((Thinking("hm"), Text("ok"), Finish(), *end)))
    async with model_at(server, api_key="k1") as model:
        await failure_of(model)
        assert model.rests() is not None
        assert await text_of(model) == "ok"
        await until(lambda: not tasks())
        assert model.rests() is None
        assert model.dialect_seen == "reasoning"


async def test_a_rest_ends_by_itself(server: ModelServer) -> None:
    server.script(error_reply(429, "slowly", {"retry-after-ms": "1500"}))
    async with model_at(server) as model:
        await failure_of(model, AUTOMATIC)
        assert model.rests() is not None
        await until(lambda: model.rests() is None)


async def test_a_time_to_wait_that_is_too_long_for_a_person_is_a_rest(server: ModelServer) -> None:
    server.script(error_reply(429, "slowly", {"retry-after": "61"}))
    async with model_at(server) as model:
        error = await failure_of(model)
        rest = model.rests()
    assert "Try again in 61 s." in str(error)
    assert rest is not None
    assert 55 < rest.until - time.time() <= 61


# ---------------------------------------------------------------- a pool that gives out nothing


async def leak(client: httpx.AsyncClient, url: str) -> None:
    """Two cancels, one right after the other: httpcore loses the connection's slot."""

    is_open = asyncio.Event()

    async def read() -> None:
        async with client.stream("POST", f"{url}/chat/completions", json={}) as response:
            async for _ in response.aiter_bytes():
                is_open.set()

    task = asyncio.create_task(read())
    await is_open.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize("asked", [request(), AUTOMATIC], ids=["asked", "automatic"])
async def test_a_pool_that_lost_its_connections_is_replaced(server: ModelServer, asked: ModelRequest) -> None:
    server.script(Reply((Text("a"), Stall())))
    async with model_at(server, connections=1, connect_timeout=0.5) as model:
        worn = model.client
        await leak(worn, server.url)
        with pytest.raises(httpx.PoolTimeout):
            await worn.post(f"{server.url}/chat/completions", json={})
        events = await events_of(model, asked)
        assert model.client is not worn
        assert [event.sentence for event in of(TryAgain, events)] == [
            "Too many requests to the model are under way. Try again."
        ]
        assert of(TextDelta, events) == [TextDelta("ok")]
        renewed = model.client
        assert await text_of(model) == "ok"
        assert model.client is renewed
    assert worn.is_closed
    assert renewed.is_closed


async def test_questions_that_find_a_worn_pool_together_replace_it_once(server: ModelServer) -> None:
    server.script(Reply((Text("a"), Stall())))
    async with model_at(server, connections=1, connect_timeout=0.5) as model:
        worn = model.client
        async with worn.stream("POST", f"{server.url}/chat/completions", json={}):
            assert await asyncio.gather(*(text_of(model) for _ in range(4))) == ["ok"] * 4
            renewed = model.client
            assert renewed is not worn
            assert {"ok"} == {await text_of(model) for _ in range(2)}
            model.renew(worn)  # as the last of them may do
            assert model.client is renewed
