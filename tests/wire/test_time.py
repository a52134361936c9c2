"""Patience: with silence, with comments, with the whole answer, with what follows the end."""

import asyncio
import time

import pytest

from mm_lsp.messages import Incomplete, Stop, TextDelta, Unreachable
from tests.support.model_server import (
    Comment,
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
    reply,
)

from .calls import busy, events_of, model_at, text_of, until

pytestmark = pytest.mark.asyncio

EMPTY = Raw(b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n')


def spread(step: Step, times: int, seconds: float) -> tuple[Step, ...]:
    return (step, Sleep(seconds)) * times


@pytest.mark.parametrize(
    "steps",
    [
        (Stall(),),
        (Text("a"), Stall()),
        (Thinking("a"), Stall()),
        spread(Comment(), 40, 0.05),
        (Text("a"), *spread(Comment(), 40, 0.05)),
    ],
    ids=["at once", "after text", "after thinking", "comments alone", "comments after text"],
)
async def test_silence_is_incomplete_and_comments_do_not_break_it(server: ModelServer, steps: tuple[Step, ...]) -> None:
    server.default = Reply(steps)
    async with model_at(server, idle_timeout=0.3) as model:
        start = time.monotonic()
        with pytest.raises(Incomplete, match=r"has sent nothing for 0.3 s \(model\.timeout\)"):
            await events_of(model)
        tries = len(server.requests)
        assert tries == (1 if Text("a") in steps else 2), "before any text it is worth a second try"
        assert 0.25 * tries < time.monotonic() - start < 1.5 * tries
        assert await asyncio.to_thread(server.wait_closed, 0) - start < 1.5
        await until(lambda: not busy(model))
        server.default = reply("ok")
        assert await text_of(model) == "ok"


async def test_headers_that_never_come_are_silence_too(server: ModelServer) -> None:
    server.default = Reply((Text("a"), Done()), header_delay=5)
    async with model_at(server, idle_timeout=0.3) as model:
        with pytest.raises(Incomplete, match="has sent nothing"):
            await events_of(model)


@pytest.mark.parametrize("step", [Text("a"), Thinking("a"), EMPTY], ids=["text", "thinking", "an empty delta"])
async def test_every_data_event_is_a_sign_of_life(server: ModelServer, step: Step) -> None:
    server.script(Reply((*spread(step, 8, 0.1), Text("end"), Done())))
    async with model_at(server, idle_timeout=0.4) as model:
        assert (await text_of(model)).endswith("end")


async def test_an_answer_that_never_ends_is_ended(server: ModelServer) -> None:
    server.script(Reply(spread(Text("a"), 100, 0.05)))
    async with model_at(server, idle_timeout=5, total_timeout=0.4) as model:
        start = time.monotonic()
        with pytest.raises(Incomplete, match=r"has not finished within 0\.4 s"):
            await events_of(model)
        assert 0.35 < time.monotonic() - start < 1.2
        await asyncio.to_thread(server.wait_closed, 0)


async def test_after_its_end_an_answer_is_not_waited_for_long(server: ModelServer) -> None:
    server.script(Reply((Text("a"), Finish(), Stall())))
    async with model_at(server, idle_timeout=30) as model:
        start = time.monotonic()
        assert await events_of(model) == [TextDelta("a"), Stop("stop")]
        assert 1.5 < time.monotonic() - start < 3
        await asyncio.to_thread(server.wait_closed, 0)


async def test_after_done_nothing_is_waited_for(server: ModelServer) -> None:
    server.script(Reply((Text("a"), Done(), Stall())))
    async with model_at(server, idle_timeout=30) as model:
        start = time.monotonic()
        assert await events_of(model) == [TextDelta("a")]
        assert time.monotonic() - start < 0.15
        assert await asyncio.to_thread(server.wait_closed, 0) - start < 1


async def test_an_address_where_nobody_answers_is_given_up() -> None:
    """A listening socket whose queue is full takes no further connection, and refuses none."""
    import socket

    from mm_lsp.llm.openai import OpenAIModel

    from .calls import settings_for

    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(address)
        model = OpenAIModel(settings_for(f"http://127.0.0.1:{address[1]}/v1", connect_timeout=0.3))
        with pytest.raises(Unreachable, match=r"no answer in time\. Check the network"):
            await events_of(model)
        await model.aclose()
        for one in crowd:
            one.close()
