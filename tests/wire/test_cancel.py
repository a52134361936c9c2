"""Leaving a stream: at once, in any moment, by any number of callers, and no slot of the pool is lost."""

import asyncio
import contextlib
import gc
import random
import time
from typing import Any

import httpx
import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import TextDelta, Unreachable
from tests.support.model_server import Done, Finish, ModelServer, Reply, Sleep, Stall, Step, Text, Thinking, reply

from .calls import busy, events_of, model_at, pool, request, tasks, text_of, until

pytestmark = pytest.mark.asyncio

SLOW = Reply((Text("a"), Sleep(30), Text("b"), Finish(), Done()))


async def read_one(model: OpenAIModel) -> None:
    async with model.stream(request()) as events:
        await anext(events)


@pytest.mark.parametrize(
    "steps",
    [(Text("a"), Stall()), (Thinking("a"), Stall()), (Text("a"), *(Text("b"), Sleep(0.001)) * 5000)],
    ids=["silent", "thinking", "talking"],
)
async def test_leaving_the_context_closes_the_connection_at_once(server: ModelServer, steps: tuple[Step, ...]) -> None:
    server.script(Reply(steps))
    async with model_at(server) as model:
        await read_one(model)
        left = time.monotonic()
        assert await asyncio.to_thread(server.wait_closed, 0) - left < 0.1
        await until(lambda: not tasks())
        assert busy(model) == []


async def test_leaving_does_not_wait_for_the_connections_end(server: ModelServer) -> None:
    server.script(SLOW)
    async with model_at(server) as model:
        async with model.stream(request()) as events:
            await anext(events)
            start = time.monotonic()
        assert time.monotonic() - start < 0.02


async def test_headers_that_take_long_do_not_hold_the_close_up(server: ModelServer) -> None:
    server.script(Reply((Text("a"), Done()), header_delay=10))
    async with model_at(server) as model:
        async with model.stream(request()):
            await asyncio.to_thread(server.wait_for, 1)
            left = time.monotonic()
        assert await asyncio.to_thread(server.wait_closed, 0) - left < 0.1
        assert await text_of(model) == "ok"


async def test_a_caller_that_is_cancelled_closes_the_connection_too(server: ModelServer) -> None:
    server.script(SLOW)
    async with model_at(server) as model:
        caller = asyncio.create_task(events_of(model))
        await asyncio.to_thread(server.wait_for, 1)
        await asyncio.sleep(0.05)
        start = time.monotonic()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert time.monotonic() - start < 0.05
        assert await asyncio.to_thread(server.wait_closed, 0) - start < 0.1


async def test_leaving_before_the_first_event_and_without_asking_for_one(server: ModelServer) -> None:
    server.default = SLOW
    async with model_at(server) as model:
        async with model.stream(request()):
            pass
        async with model.stream(request()):
            await asyncio.sleep(0)
        await until(lambda: not tasks())
        await asyncio.to_thread(server.wait_idle)
        assert busy(model) == []


def hasty_reply(random_: random.Random) -> Any:
    def answer(_: Any) -> Reply:
        pause = random_.uniform(0, 0.06)
        return Reply((Thinking("hm"), Sleep(pause), Text("a"), Finish(), Done()), header_delay=random_.uniform(0, 0.03))

    return answer


async def cancel_soon(model: OpenAIModel, random_: random.Random) -> None:
    caller = asyncio.create_task(events_of(model))
    await asyncio.sleep(random_.uniform(0, 0.08))
    caller.cancel()
    if random_.random() < 0.5:
        await asyncio.sleep(random_.choice([0, 0, 0.001]))
        caller.cancel()
    with contextlib.suppress(asyncio.CancelledError, Unreachable):
        await caller


@pytest.mark.parametrize(("callers", "rounds"), [(4, 50), (12, 17)])
async def test_two_hundred_cancels_in_any_moment_lose_no_connection(
    server: ModelServer, callers: int, rounds: int
) -> None:
    random_ = random.Random(callers)
    server.default = hasty_reply(random_)
    async with model_at(server, connections=4, connect_timeout=5) as model:
        for _ in range(rounds):
            await asyncio.gather(*(cancel_soon(model, random_) for _ in range(callers)))
        await until(lambda: not tasks())
        assert busy(model) == []
        assert len(pool(model)) <= 4
        server.default = reply("still here")
        answers = await asyncio.gather(*(text_of(model) for _ in range(8)))
        assert answers == ["still here"] * 8
        await until(lambda: not tasks())
        assert busy(model) == []
    await asyncio.to_thread(server.wait_idle)
    assert tasks() == set()


async def leave_after(model: OpenAIModel, seconds: float) -> None:
    async with model.stream(request()) as events:
        await anext(events)
        await asyncio.sleep(seconds)


async def test_leaving_just_as_the_answer_ends_loses_no_connection(server: ModelServer) -> None:
    """The exchange ends by itself then: a cancel while it gives its connection back to the pool would lose that."""
    random_ = random.Random(7)
    server.default = Reply((Text("a"), Sleep(0.01), Finish(), Done()))
    async with model_at(server, connections=4) as model:
        for _ in range(200):
            await asyncio.gather(*(leave_after(model, random_.uniform(0.009, 0.013)) for _ in range(4)))
        await until(lambda: not tasks())
        assert busy(model) == []


async def test_a_naive_cancel_would_lose_connections(server: ModelServer) -> None:
    """Why there is an owner task. If this fails, httpcore has been mended and the owner may be simpler."""
    server.default = SLOW
    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=4), timeout=httpx.Timeout(5, pool=0.2))

    async def naive() -> None:
        async with client.stream("POST", f"{server.url}/chat/completions", json={}) as response:
            async for _ in response.aiter_bytes():
                pass

    for _ in range(4):
        task = asyncio.create_task(naive())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    with pytest.raises(httpx.PoolTimeout):
        await naive()
    with contextlib.suppress(RuntimeError):
        await client.aclose()


async def test_a_thousand_streams_leave_no_task_and_no_call_behind(server: ModelServer) -> None:
    async with model_at(server) as model:
        for _ in range(10):
            await asyncio.gather(*(text_of(model) for _ in range(10)))
        await until(lambda: not tasks())
        gc.collect()
        assert (model._owners, model._calls) == (set(), set())


async def test_closing_with_streams_under_way_leaves_neither_task_nor_socket(server: ModelServer) -> None:
    server.default = SLOW
    async with model_at(server) as model:
        callers = [asyncio.create_task(events_of(model)) for _ in range(6)]
        await asyncio.to_thread(server.wait_for, 6)
        start = time.monotonic()
        await model.aclose()
        assert time.monotonic() - start < 0.5
        assert pool(model) == []
        await asyncio.to_thread(server.wait_idle, 1)
        done, pending = await asyncio.wait(callers, timeout=1)
        assert (len(done), pending) == (6, set())
        assert tasks() == set()
        for caller in done:
            caller.exception()


async def test_closing_while_headers_take_long_takes_no_longer(server: ModelServer) -> None:
    server.default = Reply((Text("a"), Done()), header_delay=10)
    async with model_at(server) as model:
        caller = asyncio.create_task(events_of(model))
        await asyncio.to_thread(server.wait_for, 1)
        start = time.monotonic()
        await model.aclose()
        assert time.monotonic() - start < 0.5
        await asyncio.wait({caller}, timeout=1)
        assert caller.done()
        caller.exception()


async def test_retiring_waits_for_what_is_under_way(server: ModelServer) -> None:
    server.script(reply("to the ", "end", thinking="hm", delay=0.3), reply("me too", delay=0.1))
    async with model_at(server) as model:
        callers = [asyncio.create_task(text_of(model)) for _ in range(2)]
        await asyncio.to_thread(server.wait_for, 2)
        retired = asyncio.create_task(model.retire())
        await asyncio.sleep(0.05)
        assert not retired.done()
        assert sorted(await asyncio.gather(*callers)) == ["me too", "to the end"]
        await asyncio.wait_for(retired, 1)
        assert pool(model) == []


async def test_retiring_with_nothing_under_way_is_done_at_once(server: ModelServer) -> None:
    async with model_at(server) as model:
        assert await text_of(model) == "ok"
        await asyncio.wait_for(model.retire(), 1)
        assert pool(model) == []


async def test_one_slow_caller_holds_no_other_up(server: ModelServer) -> None:
    server.when("slow", SLOW)
    async with model_at(server) as model, model.stream(request("slow")) as events:
        assert await anext(events) == TextDelta("a")
        start = time.monotonic()
        assert await asyncio.gather(*(text_of(model) for _ in range(10))) == ["ok"] * 10
        assert time.monotonic() - start < 1
