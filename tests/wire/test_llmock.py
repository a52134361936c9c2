"""Against llmock, a server made to break clients, which keeps a record of what they do about it and judges them."""

import asyncio
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import (
    BadReply,
    Event,
    Incomplete,
    Message,
    ModelError,
    ModelRequest,
    RateLimited,
    Refused,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
    TooLong,
    TryAgain,
    Unreachable,
    Usage,
)

from .calls import busy, pool, request, settings_for, tasks, until

pytestmark = pytest.mark.asyncio

Json = dict[str, Any]

TEXT = "The first words of an answer, and then quite a few more of them until its end."
LONG = "word " * 2000
WORDS = len(TEXT.split())
_START = 60.0  # seconds until it is ready, at most


class LLMock:
    """The server in a process of its own, with a pause between chunks: else it has sent all before anyone can leave."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __enter__(self) -> Self:
        options = ("--host", "127.0.0.1", "--port", "0", "--stream-chunk-delay-ms", "10")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "llmock.cli", "serve", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self._log.parent,
                env={name: value for name, value in os.environ.items() if not name.startswith("LLMOCK_")},
            )
        try:
            self._control = httpx.Client(base_url=self._address(), timeout=20, trust_env=False)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self._end()

    @property
    def url(self) -> str:
        return f"{self._control.base_url}/v1"

    def will(self, *behaviours: Json) -> None:
        self._control.post("/_llmock/scenario", json={"behaviors": behaviours}).raise_for_status()

    def pending(self) -> list[Json]:
        return self._control.get("/_llmock/scenario").json()["pending"]

    def forget_what_is_pending(self) -> None:
        self._control.delete("/_llmock/scenario")

    def records(self, text: str) -> list[Json]:
        """What became of the requests with this text, once they have ended."""
        everything = self._control.get("/_llmock/requests").json()["requests"]
        return [record for record in everything if record["body"]["messages"][-1]["content"] == text]

    def verdict(self) -> Json:
        return self._control.get("/_llmock/verdict").json()

    def verdict_text(self) -> str:
        return self._control.get("/_llmock/verdict", params={"format": "text"}).text

    def _address(self) -> str:
        deadline = time.monotonic() + _START
        while True:
            said = self._log.read_text("utf-8", "replace")
            if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", said):
                return found.group(1)
            is_over = time.monotonic() > deadline or self._process.poll() is not None
            assert not is_over, f"llmock did not start: {said[-2000:]}"
            time.sleep(0.05)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LLMock]:
    with LLMock(tmp_path_factory.mktemp("llmock") / "log.txt") as server:
        yield server


@pytest.fixture
def llmock(running: LLMock) -> Iterator[LLMock]:
    """The server keeps its record through all of these tests: its verdict is on the whole of it."""
    # Two pauses in a row that luck makes alike would look like no backoff at all.
    random.seed(0)
    yield running
    left = running.pending()
    running.forget_what_is_pending()
    assert left == [], "a fault that no request met"


@asynccontextmanager
async def asking(llmock: LLMock, **model: Any) -> AsyncIterator[OpenAIModel]:
    client = OpenAIModel(settings_for(llmock.url, **{"api_key": "k1", **model}))
    try:
        yield client
    finally:
        await client.aclose()


async def ask(model: OpenAIModel, asked: ModelRequest) -> tuple[list[Event], ModelError | None]:
    """What came, and what was raised after it."""
    events: list[Event] = []
    try:
        async with model.stream(asked) as stream:
            async for event in stream:
                events.append(event)  # noqa: PERF401  what came before an error counts
    except ModelError as error:
        return events, error
    return events, None


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def tries_of(events: list[Event]) -> list[TryAgain]:
    return [event for event in events if isinstance(event, TryAgain)]


def says(text: str = TEXT) -> Json:
    return {"type": "reply", "text": text}


def fails(status: int, **more: Any) -> Json:
    return {"type": "fail", "status": status, **more}


def breaks(kind: str, after: int, **more: Any) -> Json:
    """`after` 0: before the first chunk; 1: after the one with the role, before any text."""
    return {"type": "stream_fault", "kind": kind, "after_chunks": after, **more}


async def test_an_answer_without_faults_is_read_whole(llmock: LLMock) -> None:
    llmock.will(says())
    async with asking(llmock) as model:
        events, error = await ask(model, request("no fault"))
    assert error is None
    assert text_of(events) == TEXT
    assert [type(event) for event in events[-2:]] == [Stop, Usage]
    (record,) = llmock.records("no fault")
    assert (record["status"], record["completed"], record["fault"]) == (200, True, None)
    assert record["chunks_sent"] == WORDS + 4, "the role, the words, the reason, the usage, the end"


async def test_two_questions_in_a_row_share_a_connection(llmock: LLMock) -> None:
    async with asking(llmock) as model:
        used = []
        for number in range(2):
            _, error = await ask(model, request(f"shared {number}"))
            assert error is None
            await until(lambda: not tasks())
            used.append(pool(model).copy())
        assert used[0] == used[1]
        assert len(used[0]) == 1
        assert used[0][0].is_idle()


@pytest.mark.parametrize(
    ("fault", "kind", "fault_name", "sentence"),
    [
        (fails(400), BadReply, "bad_request", r"refuses the request \(HTTP 400\)"),
        (fails(401), Refused, "key", r"refuses the key \(HTTP 401\): check MM_LSP_API_KEY"),
        (fails(402), Refused, "balance", r"for want of balance"),
        (fails(403), Refused, "permission", r"does not permit this \(HTTP 403\)"),
        (fails(404), Refused, "model", r"does not exist \(HTTP 404\)"),
        (fails(413), TooLong, "context", r"too long for the model \(HTTP 413\)"),
        (fails(422), BadReply, "bad_request", r"refuses the request \(HTTP 422\)"),
        (
            fails(400, code="context_length_exceeded", message="This model's maximum context length was exceeded."),
            TooLong,
            "context",
            r"too long for the model \(HTTP 400\): select less\. It says: This model's maximum",
        ),
    ],
    ids=["400", "401", "402", "403", "404", "413", "422", "context"],
)
async def test_what_no_second_try_mends_is_told_at_once(
    llmock: LLMock, fault: Json, kind: type[ModelError], fault_name: str, sentence: str
) -> None:
    text = f"refused {fault}"
    llmock.will(fault)
    async with asking(llmock) as model:
        events, error = await ask(model, request(text))
    assert (events, type(error), error and error.fault) == ([], kind, fault_name)
    assert re.search(sentence, str(error)), str(error)
    assert [record["status"] for record in llmock.records(text)] == [fault["status"]]


BROKE = r"connection to the model's endpoint 127\.0\.0\.1:\d+ broke"
PASSING: list[tuple[Json, str]] = [
    (fails(429, retry_after=0.7), r"asks to slow down \(HTTP 429\)\. Try again in 1 s"),
    (fails(429, retry_after=0), r"asks to slow down \(HTTP 429\)"),
    (fails(408), r"did not finish in its own time \(HTTP 408\)"),
    (fails(500), r"problem of its own \(HTTP 500\)"),
    (fails(502), r"problem of its own \(HTTP 502\)"),
    (fails(503, retry_after=1), r"problem of its own \(HTTP 503\)"),
    (fails(504, retry_after=0.3), r"\(HTTP 504\)\. Try again\. It says: Gateway timeout"),
    (fails(529, retry_after=0.3), r"problem of its own \(HTTP 529\)"),
    (breaks("disconnect", 0), BROKE),
    (breaks("disconnect", 1), BROKE),
    (breaks("truncate", 0), r"broke off before its end"),
    (breaks("truncate", 1), r"broke off before its end"),
    (breaks("stall", 1, stall_seconds=20), r"has sent nothing for 1\.5 s"),
    ({"type": "slow_first_token", "seconds": 20}, r"has sent nothing for 1\.5 s"),
]


def name_of(fault: Json) -> str:
    return " ".join(str(value) for key, value in fault.items() if key != "stall_seconds")


def patience_with(fault: Json) -> float:
    """Short where a silence is to be met, and long where a slow machine must not make one."""
    return 1.5 if "stall" in fault.values() or "slow_first_token" in fault.values() else 20


@pytest.mark.parametrize(("fault", "sentence"), PASSING, ids=[name_of(fault) for fault, _ in PASSING])
async def test_what_fails_before_any_text_is_tried_again(llmock: LLMock, fault: Json, sentence: str) -> None:
    text = f"tried again {fault}"
    llmock.will(fault)
    async with asking(llmock, idle_timeout=patience_with(fault)) as model:
        events, error = await ask(model, request(text))
        assert model.rests() is None
    assert error is None, str(error)
    (again,) = tries_of(events)
    assert re.search(sentence, again.sentence), again.sentence
    assert isinstance(events[0], TryAgain)
    assert text_of(events)
    assert [type(event) for event in events[-2:]] == [Stop, Usage]
    first, second = await asyncio.to_thread(llmock.records, text)
    assert second["completed"]
    assert second["fault"] is None
    assert first["status"] >= 400 or not first["completed"], "it saw that nobody listens any more"
    assert second["started_at"] - first["ended_at"] >= (fault.get("retry_after") or 0)


@pytest.mark.parametrize(
    ("fault", "kind", "tries"),
    [
        (fails(429, retry_after=0.2), RateLimited, 3),
        (fails(500), Unreachable, 3),
        (fails(503, retry_after=0.2), Unreachable, 3),
        (breaks("disconnect", 1), Incomplete, 3),
        (breaks("truncate", 1), Incomplete, 3),
        (breaks("stall", 1, stall_seconds=20), Incomplete, 2),
    ],
    ids=["429", "500", "503", "disconnect", "truncate", "stall"],
)
async def test_what_keeps_failing_is_given_up_in_the_end(
    llmock: LLMock, fault: Json, kind: type[ModelError], tries: int
) -> None:
    text = f"given up {fault}"
    llmock.will({**fault, "times": tries})
    async with asking(llmock, idle_timeout=patience_with(fault)) as model:
        events, error = await ask(model, request(text))
        assert type(error) is kind
        assert (model.rests() is not None) == ("retry_after" in fault)
        assert len(events) == len(tries_of(events)) == tries - 1
        records = await asyncio.to_thread(llmock.records, text)
        assert len(records) == tries
        if fault.get("kind") == "truncate":  # to the record, one that is told is like one that is believed
            assert text_of((await ask(model, request(text)))[0])
    if fault.get("kind") in ("disconnect", "truncate"):
        first, second = (after["started_at"] - before["ended_at"] for before, after in pairwise(records))
        assert second > first, "each pause is longer than the one before"


@pytest.mark.parametrize(
    ("fault", "kind", "fault_name", "sentence"),
    [
        (breaks("disconnect", 4), Incomplete, "network", r"connection to the model's endpoint .* broke"),
        (breaks("truncate", 4), Incomplete, "incomplete", r"broke off before its end\. Try again\."),
        (breaks("malformed", 4), BadReply, "bad_reply", r"sent something that is not a chat completion"),
        (breaks("stall", 4, stall_seconds=20), Incomplete, "stalled", r"has sent nothing for 1\.5 s"),
    ],
    ids=["disconnect", "truncate", "malformed", "stall"],
)
async def test_what_breaks_after_text_is_told_and_the_person_asks_again(
    llmock: LLMock, fault: Json, kind: type[ModelError], fault_name: str, sentence: str
) -> None:
    text = f"after text {fault}"
    llmock.will(fault, says(), says())
    async with asking(llmock, idle_timeout=patience_with(fault)) as model:
        events, error = await ask(model, request(text))
        assert text_of(events).split() == TEXT.split()[:3], "the role is the first chunk of four"
        assert (type(error), error and error.fault) == (kind, fault_name)
        assert re.search(sentence, str(error)), str(error)
        assert not [event for event in events if isinstance(event, Stop | TryAgain)]
        (record,) = await asyncio.to_thread(llmock.records, text)
        assert not record["completed"], "it saw that nobody listens any more"
        await until(lambda: not tasks())
        assert busy(model) == []
        events, error = await ask(model, request(text))
    assert error is None
    assert text_of(events) == TEXT


@pytest.mark.parametrize("after", [0, 1])
async def test_a_chunk_that_is_none_before_any_text_is_told_too(llmock: LLMock, after: int) -> None:
    text = f"malformed at {after}"
    llmock.will(breaks("malformed", after), says(), says())
    async with asking(llmock) as model:
        events, error = await ask(model, request(text))
        assert (text_of(events), type(error)) == ("", BadReply)
        (record,) = await asyncio.to_thread(llmock.records, text)
        assert not record["completed"], "it saw that nobody listens any more"
        events, error = await ask(model, request(text))
    assert (text_of(events), error) == (TEXT, None)


@pytest.mark.parametrize("kind", ["disconnect", "truncate"])
async def test_what_breaks_after_the_last_word_spoils_nothing(llmock: LLMock, kind: str) -> None:
    """The reason for the end has come; what is missing is the usage or the mark of the end."""
    text = f"after the end {kind}"
    llmock.will(breaks(kind, WORDS + 2), says())
    async with asking(llmock) as model:
        events, error = await ask(model, request(text))
        assert (text_of(events), error) == (TEXT, None)
        assert [event for event in events if isinstance(event, Stop)] == [Stop("stop")]
        await asyncio.to_thread(llmock.records, text)
        await ask(model, request(text))  # to the record, the first one failed


@pytest.mark.parametrize(
    "wait", [{"type": "slow_first_token", "seconds": 1}, {"type": "delay", "seconds": 1}], ids=["token", "headers"]
)
async def test_a_first_word_that_takes_long_is_waited_for(llmock: LLMock, wait: Json) -> None:
    text = f"slow {wait}"
    llmock.will(wait, says())
    async with asking(llmock, idle_timeout=10) as model:
        began = time.monotonic()
        events, error = await ask(model, request(text))
    assert (text_of(events), error, tries_of(events)) == (TEXT, None, [])
    assert time.monotonic() - began > 0.95
    assert len(llmock.records(text)) == 1


async def test_headers_that_take_too_long_are_silence_too(llmock: LLMock) -> None:
    llmock.will({"type": "delay", "seconds": 3})
    async with asking(llmock, idle_timeout=1.5) as model:
        events, error = await ask(model, request("late headers"))
    assert (bool(text_of(events)), error) == (True, None)
    assert ["has sent nothing for 1.5 s" in again.sentence for again in tries_of(events)] == [True]


async def test_an_automatic_request_is_not_pressed_and_all_of_them_rest(llmock: LLMock) -> None:
    asked = ModelRequest((Message("user", "automatic"),), "completion", 50, is_automatic=True)
    llmock.will(fails(429, retry_after=1), says())
    async with asking(llmock) as model:
        events, error = await ask(model, asked)
        assert (events, type(error)) == ([], RateLimited)
        pause = model.rests()
        assert pause is not None
        assert 0 < pause.until - time.time() <= 1
        while model.rests():
            await asyncio.sleep(0.05)
        events, error = await ask(model, asked)
    assert (text_of(events), error) == (TEXT, None)


@pytest.mark.parametrize("way", ["leaving", "cancelling"])
async def test_an_answer_that_is_left_is_not_sent_to_its_end(llmock: LLMock, way: str) -> None:
    text = f"left by {way}"
    llmock.will(says(LONG))
    async with asking(llmock) as model:
        if way == "leaving":
            async with model.stream(request(text)) as events:
                await anext(events)
        else:
            seen = asyncio.Event()

            async def read() -> None:
                async with model.stream(request(text)) as events:
                    async for _ in events:
                        seen.set()

            caller = asyncio.create_task(read())
            await seen.wait()
            caller.cancel()
            with suppress(asyncio.CancelledError):
                await caller
        await until(lambda: not tasks())
        assert busy(model) == []
        (record,) = await asyncio.to_thread(llmock.records, text)
    assert not record["completed"]
    assert 1 < record["chunks_sent"] < 500
    assert record["fault"] is None


@pytest.mark.parametrize(
    "wait",
    [
        {"type": "slow_first_token", "seconds": 20},
        breaks("stall", 1, stall_seconds=20),
        breaks("stall", 4, stall_seconds=20),
    ],
    ids=["before the first chunk", "before text", "after text"],
)
async def test_a_silence_that_is_left_is_not_sat_out(llmock: LLMock, wait: Json) -> None:
    text = f"silence {wait}"
    llmock.will(wait, says())
    async with asking(llmock) as model:
        async with model.stream(request(text)):
            await asyncio.sleep(0.4)
        (record,) = await asyncio.to_thread(llmock.records, text)
    assert not record["completed"]
    assert record["chunks_sent"] == wait.get("after_chunks", 0)
    assert record["duration"] < 5


async def test_a_pause_before_the_next_try_that_is_left_has_no_next_try(llmock: LLMock) -> None:
    llmock.will(fails(429, retry_after=1))
    async with asking(llmock) as model:
        async with model.stream(request("left while waiting")) as events:
            assert isinstance(await anext(events), TryAgain)
        await until(lambda: not tasks())
        await asyncio.sleep(1.2)
        assert [record["status"] for record in llmock.records("left while waiting")] == [429]
        # Whoever asks again after that pause is no client that gave up.
        assert (await ask(model, request("left while waiting")))[1] is None


TOOL = Tool("look_up", "Looks a name up", {"type": "object", "properties": {"name": {"type": "string"}}})


async def test_a_call_in_fragments_is_put_together(llmock: LLMock) -> None:
    arguments = {"name": "a name that is longer than one fragment, with “quotes” and \\ in it"}
    llmock.will({"type": "reply", "tool_calls": [{"name": "look_up", "arguments": arguments}]})
    asked = ModelRequest((Message("user", "a call"),), "explain", 50, (TOOL,))
    async with asking(llmock) as model:
        events, error = await ask(model, asked)
    assert error is None
    (call,) = [event for event in events if isinstance(event, ToolCall)]
    assert (call.name, json.loads(call.arguments)) == ("look_up", arguments)
    assert [event for event in events if isinstance(event, Stop)] == [Stop("tool_calls")]


async def test_an_answer_that_breaks_off_within_a_call_has_no_call(llmock: LLMock) -> None:
    """Half of a call is nothing that anyone has seen: it is worth another try."""
    arguments = {"name": "a name that is longer than one fragment of a call may be"}
    llmock.will(breaks("disconnect", 3), {"type": "reply", "tool_calls": [{"name": "look_up", "arguments": arguments}]})
    asked = ModelRequest((Message("user", "half a call"),), "explain", 50, (TOOL,))
    async with asking(llmock) as model:
        events, error = await ask(model, asked)
    assert error is None
    assert [type(event) for event in events if isinstance(event, TryAgain | ToolCall)] == [TryAgain, ToolCall]


async def test_many_questions_at_once_meet_faults_and_all_are_answered(llmock: LLMock) -> None:
    faults = [fails(503, retry_after=0.2), breaks("disconnect", 1), breaks("truncate", 1), fails(500)]
    llmock.will(*faults, *faults)
    async with asking(llmock) as model:
        answers = await asyncio.gather(*(ask(model, request(f"crowd {number}")) for number in range(16)))
        await until(lambda: not tasks())
        assert busy(model) == []
    assert [error for _, error in answers] == [None] * 16
    assert all(text_of(events) for events, _ in answers)


async def test_its_verdict_on_all_of_this_is_clean(llmock: LLMock) -> None:
    said = llmock.verdict_text()
    print(said)
    assert llmock.verdict()["findings"] == [], said
    assert "PASS  the client handled every injected fault correctly." in said
