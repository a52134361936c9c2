"""Leaving a stream under TLS, through a tunnel, between two tries, and closing the client in any phase."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import ModelError, Refused, TryAgain
from tests.e2e.harness import Editor
from tests.support.model_server import Finish, ModelServer, Reply, Sleep, Stall, Text, error_reply, reply
from tests.support.proxy import Proxy, Relay

from .calls import events_of, model_at, request, settings_for, tasks, text_of, until
from .test_cancel import cancel_soon, hasty_reply

pytestmark = pytest.mark.asyncio

POOL, CALLERS, ROUNDS = 4, 12, 17
SLOW_HEADERS = Reply((Text("a"), Finish()), header_delay=5)
TALKING = Reply((Text("a"), *(Text("b"), Sleep(0.01)) * 3000))
SOON_CLOSED = {"connection": "close"}  # so that the next try has to connect


def pool(model: OpenAIModel) -> list[Any]:
    """The connections of all of httpcore's pools: each proxy has one."""
    client = model.client
    transports = [client._transport, *filter(None, client._mounts.values())]
    return [connection for transport in transports for connection in transport._pool.connections]  # type: ignore[attr-defined]


def busy(model: OpenAIModel) -> list[str]:
    return [repr(connection) for connection in pool(model) if not connection.is_idle()]


async def check_that_nothing_is_lost(model: OpenAIModel, server: ModelServer) -> None:
    """No task, no slot of the pool; and the pool still serves more callers than it has connections."""
    await until(lambda: not tasks(), 10)
    assert busy(model) == []
    assert len(pool(model)) <= POOL
    server.default = reply("still here")
    assert await asyncio.gather(*(text_of(model) for _ in range(2 * POOL))) == ["still here"] * 2 * POOL
    await until(lambda: not tasks(), 10)
    assert busy(model) == []


async def caller_in_pause(model: OpenAIModel, paused: asyncio.Event) -> None:
    """Asks until the end, and tells when the first try has failed."""
    async with model.stream(request()) as events:
        async for event in events:
            if isinstance(event, TryAgain):
                paused.set()


async def cancel(caller: asyncio.Task[None], times: int = 1) -> float:
    """The seconds that the caller takes to end."""
    start = time.monotonic()
    for _ in range(times):
        caller.cancel()
        await asyncio.sleep(0)
    with contextlib.suppress(asyncio.CancelledError):
        await caller
    return time.monotonic() - start


@asynccontextmanager
async def behind(relay: Relay, ca_bundle: str, connect_timeout: float) -> AsyncIterator[OpenAIModel]:
    url = f"https://127.0.0.1:{relay.port}/v1"
    model = OpenAIModel(settings_for(url, ca_bundle=ca_bundle, connect_timeout=connect_timeout))
    try:
        yield model
    finally:
        await model.aclose()


# In any moment


@pytest.mark.parametrize("seed", [1, 2])
async def test_two_hundred_cancels_in_any_moment_under_tls_lose_no_connection(
    tls_server: ModelServer, ca_bundle: str, seed: int
) -> None:
    random_ = random.Random(seed)
    tls_server.default = hasty_reply(random_)
    async with model_at(tls_server, connections=POOL, connect_timeout=10, ca_bundle=ca_bundle) as model:
        for _ in range(ROUNDS):
            await asyncio.gather(*(cancel_soon(model, random_) for _ in range(CALLERS)))
        await check_that_nothing_is_lost(model, tls_server)
    await asyncio.to_thread(tls_server.wait_idle)
    await until(lambda: tls_server.open_connections == 0)
    assert tasks() == set()


@pytest.mark.parametrize("is_secure", [False, True], ids=["http", "https"])
async def test_two_hundred_cancels_in_any_moment_lose_no_connection_of_a_proxy(
    server: ModelServer, tls_server: ModelServer, ca_bundle: str, is_secure: bool
) -> None:
    """httpcore tells of the CONNECT request's headers just as it tells of the question's own."""
    random_ = random.Random(3)
    reached = tls_server if is_secure else server
    reached.default = hasty_reply(random_)
    with Proxy({"127.0.0.1": reached.port}, delay=0.01) as proxy:
        async with model_at(
            reached, connections=POOL, connect_timeout=10, ca_bundle=ca_bundle, proxy=proxy.url()
        ) as model:
            for _ in range(ROUNDS):
                await asyncio.gather(*(cancel_soon(model, random_) for _ in range(CALLERS)))
            await check_that_nothing_is_lost(model, reached)
        await until(lambda: proxy.open_connections == 0)
    assert tasks() == set()


@pytest.mark.parametrize("phase", ["the proxy thinks", "the handshake hangs"])
async def test_leaving_while_a_tunnel_is_dug_loses_no_connection(
    tls_server: ModelServer, ca_bundle: str, phase: str
) -> None:
    with Relay(0, passing=0) as silent:
        hosts = {"127.0.0.1": silent.port if phase == "the handshake hangs" else tls_server.port}
        delay = 30 if phase == "the proxy thinks" else 0
        with Proxy(hosts, delay=delay) as proxy:
            async with model_at(
                tls_server, connections=POOL, connect_timeout=1, ca_bundle=ca_bundle, proxy=proxy.url()
            ) as model:
                callers = [asyncio.create_task(events_of(model)) for _ in range(POOL)]
                await until(lambda: len(proxy.asked) == POOL)
                await asyncio.sleep(0.1)
                for caller in callers:
                    assert await cancel(caller) < 0.3
                await until(lambda: not tasks(), 10)
                assert busy(model) == []
            await until(lambda: proxy.open_connections == 0)


async def test_handshakes_that_fail_in_a_tunnel_lose_no_connection(tls_server: ModelServer) -> None:
    """Nobody leaves here: httpcore forgets a tunnel whose handshake fails, for whatever reason."""
    with Proxy({"127.0.0.1": tls_server.port}) as proxy:
        async with model_at(tls_server, connections=POOL, connect_timeout=1, proxy=proxy.url()) as model:
            for _ in range(POOL + 1):
                with pytest.raises(Refused, match="certificate"):
                    await events_of(model)
            await until(lambda: not tasks())
            assert busy(model) == []


# Slow headers


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_headers_that_take_long_hold_nobody_up_under_tls(
    tls_server: ModelServer, ca_bundle: str, times: int
) -> None:
    tls_server.script(SLOW_HEADERS)
    async with model_at(tls_server, ca_bundle=ca_bundle) as model:
        caller = asyncio.create_task(events_of(model))
        await asyncio.to_thread(tls_server.wait_for, 1)
        left = time.monotonic()
        assert await cancel(caller, times) < 0.3
        assert await asyncio.to_thread(tls_server.wait_closed, 0) - left < 0.3
        await until(lambda: not tasks())
        assert busy(model) == []
        await until(lambda: tls_server.open_connections == 0)
        assert await text_of(model) == "ok"


async def test_many_that_wait_for_headers_are_all_let_go_at_once_under_tls(
    tls_server: ModelServer, ca_bundle: str
) -> None:
    tls_server.default = SLOW_HEADERS
    async with model_at(tls_server, connections=POOL, ca_bundle=ca_bundle) as model:
        callers = [asyncio.create_task(events_of(model)) for _ in range(CALLERS)]
        await asyncio.to_thread(tls_server.wait_for, POOL)
        start = time.monotonic()
        await asyncio.gather(*(cancel(caller) for caller in callers))
        assert time.monotonic() - start < 0.3
        await asyncio.to_thread(tls_server.wait_idle, 3)
        await check_that_nothing_is_lost(model, tls_server)


@pytest.mark.parametrize("seconds", [0.0, 0.002, 0.005, 0.01, 0.02, 0.05])
async def test_leaving_in_the_handshake_does_not_wait_for_it(seconds: float, ca_bundle: str) -> None:
    with Relay(0, passing=0) as silent:
        async with behind(silent, ca_bundle, connect_timeout=0.5) as model:
            caller = asyncio.create_task(events_of(model))
            await asyncio.sleep(seconds)
            assert await cancel(caller, 2) < 0.3
            await until(lambda: not tasks())
            assert pool(model) == []
        assert silent.accepted <= 1, "nobody wants a second try"
        await until(lambda: not silent.open_connections)


# Between two tries


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("is_secure", [False, True], ids=["plain", "TLS"])
async def test_leaving_in_the_pause_between_two_tries_ends_it(
    server: ModelServer, tls_server: ModelServer, ca_bundle: str, times: int, is_secure: bool
) -> None:
    asked = tls_server if is_secure else server
    asked.script(error_reply(503, "later", {"retry-after": "20"}))
    async with model_at(asked, ca_bundle=ca_bundle) as model:
        paused = asyncio.Event()
        caller = asyncio.create_task(caller_in_pause(model, paused))
        await asyncio.wait_for(paused.wait(), 5)
        assert await cancel(caller, times) < 0.3
        await until(lambda: not tasks(), 2)
        assert busy(model) == []
        assert len(asked.requests) == 1
        assert await text_of(model) == "ok"


@pytest.mark.parametrize("moment", [0.0, 0.2, 0.4, 0.45, 0.5])
async def test_leaving_as_the_pause_ends_loses_nothing(tls_server: ModelServer, ca_bundle: str, moment: float) -> None:
    """The first pause is a quarter to half a second long."""
    random_ = random.Random(moment)
    tls_server.default = error_reply(503, "later", SOON_CLOSED)
    async with model_at(tls_server, connections=POOL, ca_bundle=ca_bundle) as model:

        async def leave() -> None:
            paused = asyncio.Event()
            caller = asyncio.create_task(caller_in_pause(model, paused))
            await asyncio.wait_for(paused.wait(), 10)
            await asyncio.sleep(moment + random_.uniform(0, 0.1))
            with contextlib.suppress(ModelError):
                await cancel(caller, random_.choice([1, 2]))

        await asyncio.gather(*(leave() for _ in range(CALLERS)))
        await check_that_nothing_is_lost(model, tls_server)


@pytest.mark.parametrize("times", [1, 2])
async def test_leaving_in_the_second_trys_connect_ends_with_it(
    tls_server: ModelServer, ca_bundle: str, times: int
) -> None:
    tls_server.script(error_reply(503, "later", SOON_CLOSED))
    with Relay(tls_server.port, passing=1) as relay:
        async with behind(relay, ca_bundle, connect_timeout=1) as model:
            caller = asyncio.create_task(events_of(model))
            await until(lambda: relay.accepted == 2)
            assert await cancel(caller, times) < 0.3
            await until(lambda: not tasks(), 5)
            assert pool(model) == []
            await asyncio.sleep(0.6)
        assert (relay.accepted, len(tls_server.requests)) == (2, 1), "nobody wants a third try"
        await until(lambda: not relay.open_connections)


# Closing


async def test_closing_with_streams_in_every_phase_leaves_neither_task_nor_connection(
    tls_server: ModelServer, ca_bundle: str
) -> None:
    tls_server.when("headers", Reply((Text("a"),), header_delay=30))
    tls_server.when("talking", TALKING)
    tls_server.when("silent", Reply((Text("a"), Stall())))
    tls_server.when("pause", error_reply(503, "later", {"retry-after": "20"}))
    async with model_at(tls_server, connections=5, ca_bundle=ca_bundle) as model:
        assert await text_of(model) == "ok"
        asked = ["headers", "headers", "talking", "silent", "pause"]
        callers = [asyncio.create_task(events_of(model, request(text))) for text in asked]
        await asyncio.to_thread(tls_server.wait_for, 1 + len(asked))
        filling = asyncio.create_task(events_of(model, request("silent")))  # the slot that the pause has left
        await asyncio.to_thread(tls_server.wait_for, 2 + len(asked))
        waiting = [asyncio.create_task(events_of(model, request("talking"))) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert len(tls_server.requests) == 2 + len(asked), "the last ones wait for the pool"
        callers += [filling, *waiting, asyncio.create_task(events_of(model, request("just begun")))]
        await asyncio.sleep(0)
        start = time.monotonic()
        await model.aclose()
        assert time.monotonic() - start < 2
        _, pending = await asyncio.wait(callers, timeout=2)
        assert pending == set()
        assert tasks() == set()
        assert pool(model) == []
        await until(lambda: tls_server.open_connections == 0)
        for caller in callers:
            caller.exception()


async def test_closing_while_a_handshake_hangs_leaves_neither_task_nor_connection(ca_bundle: str) -> None:
    with Relay(0, passing=0) as silent:
        async with behind(silent, ca_bundle, connect_timeout=10) as model:
            callers = [asyncio.create_task(events_of(model)) for _ in range(3)]
            await until(lambda: silent.accepted == 3)
            start = time.monotonic()
            await model.aclose()
            assert time.monotonic() - start < 2
            try:
                await until(lambda: not tasks() and not silent.open_connections, 2)
            finally:
                for caller in callers:
                    caller.cancel()
                await asyncio.wait(callers)
                await until(lambda: not tasks(), 20)


async def test_closing_in_the_pause_between_two_tries_is_quick(tls_server: ModelServer, ca_bundle: str) -> None:
    tls_server.script(error_reply(503, "later", {"retry-after": "20"}))
    async with model_at(tls_server, ca_bundle=ca_bundle) as model:
        paused = asyncio.Event()
        caller = asyncio.create_task(caller_in_pause(model, paused))
        await asyncio.wait_for(paused.wait(), 5)
        start = time.monotonic()
        await model.aclose()
        assert time.monotonic() - start < 0.5
        await asyncio.wait({caller}, timeout=1)
        assert caller.done()
        caller.exception()
        assert tasks() == set()
        await until(lambda: tls_server.open_connections == 0)


def seconds_to_shut_down(server: ModelServer, home: Path) -> float:
    with Editor(home, server.url) as editor:
        editor.initialize(None, {"longRequests": True})
        editor.ask("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})
        server.wait_for(1, 10)
        server.wait_idle()
        time.sleep(0.3)
        start = time.monotonic()
        assert editor.shutdown_and_exit() == 0
        return time.monotonic() - start


async def test_a_server_shuts_down_quickly_in_the_pause_between_two_tries(server: ModelServer, tmp_path: Path) -> None:
    server.default = error_reply(503, "later", {"retry-after": "20"})
    assert await asyncio.to_thread(seconds_to_shut_down, server, tmp_path / "home") < 3
    assert len(server.requests) == 1
