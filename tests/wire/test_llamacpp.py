"""Against llama.cpp's own server with a small model: a dialect and a way to refuse that nobody here made up."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import (
    Event,
    ModelError,
    Notice,
    Refused,
    Stop,
    TextDelta,
    TooLong,
    TryAgain,
    Unreachable,
    Usage,
)
from tests.support.llamacpp import LlamaServer

from .calls import busy, events_of, pool, request, settings_for, tasks, text_of, until

pytestmark = pytest.mark.asyncio

CONTEXT = 512
KEY = "the-right-key"
CALM = {"temperature": 0, "seed": 1}
ENDLESS = {**CALM, "ignore_eos": True}  # goes on until the context is full


@pytest.fixture(scope="module")
def llama() -> Iterator[LlamaServer]:
    with LlamaServer(KEY, CONTEXT) as server:
        yield server


@asynccontextmanager
async def asking(
    llama: LlamaServer, params: dict[str, Any] = CALM, key: str | None = KEY
) -> AsyncIterator[OpenAIModel]:
    model = OpenAIModel(settings_for(llama.url, api_key=key, name="smollm2", params=params))
    try:
        yield model
    finally:
        await model.aclose()


def of_kind(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


async def until_idle(llama: LlamaServer) -> None:
    async with asyncio.timeout(10):
        while await llama.is_busy():
            await asyncio.sleep(0.05)


async def test_an_answer_comes_in_pieces_with_its_end_and_its_price(llama: LlamaServer) -> None:
    async with asking(llama) as model:
        events = await events_of(model, request("Say hello.", max_tokens=40))
    assert len(of_kind(events, TextDelta)) > 1
    assert "hello" in "".join(event.text for event in of_kind(events, TextDelta)).lower()
    (stop,) = of_kind(events, Stop)
    (usage,) = of_kind(events, Usage)
    assert stop.reason == "stop"
    assert 5 < usage.prompt_tokens < 100
    assert 1 < usage.completion_tokens <= 40
    assert not usage.estimated
    assert {type(event) for event in events} == {TextDelta, Stop, Usage}, "it neither thinks nor complains"
    assert model.dialect_seen == "plain"


async def test_the_limit_of_an_answer_is_kept_and_told(llama: LlamaServer) -> None:
    async with asking(llama, ENDLESS) as model:
        events = await events_of(model, request("Count from one to a hundred.", max_tokens=6))
    assert of_kind(events, Stop) == [Stop("length")]
    assert [usage.completion_tokens for usage in of_kind(events, Usage)] == [6]


async def test_a_full_context_ends_an_answer_as_its_limit_does(llama: LlamaServer) -> None:
    async with asking(llama, ENDLESS) as model:
        events = await events_of(model, request("word " * (CONTEXT - 80), max_tokens=CONTEXT))
    assert of_kind(events, Stop) == [Stop("length")]
    (usage,) = of_kind(events, Usage)
    assert usage.prompt_tokens + usage.completion_tokens <= CONTEXT + 1


async def test_the_same_question_again_is_read_from_the_cache(llama: LlamaServer) -> None:
    asked = request("Name three colours, and nothing else.", max_tokens=8)
    async with asking(llama) as model:
        first, second = await events_of(model, asked), await events_of(model, asked)
    assert of_kind(second, TextDelta) == of_kind(first, TextDelta)
    (usage,) = of_kind(second, Usage)
    assert usage.prompt_tokens > usage.cached_tokens > usage.prompt_tokens // 2


async def test_characters_beyond_ascii_arrive_whole(llama: LlamaServer) -> None:
    """Its tokens are bytes: a character may take several of them."""
    grammar = 'root ::= "Größe 😀 漢字"'
    async with asking(llama, {**CALM, "grammar": grammar}) as model:
        assert await text_of(model, request(max_tokens=60)) == "Größe 😀 漢字"


async def test_leaving_frees_the_slot(llama: LlamaServer) -> None:
    async with asking(llama, ENDLESS) as model:
        async with model.stream(request("Tell a long story.", max_tokens=450)) as events:
            assert isinstance(await anext(events), TextDelta)
            assert await llama.is_busy()
        await until_idle(llama)
        await until(lambda: not tasks())
        assert busy(model) == []
        assert await text_of(model, request(max_tokens=2))


async def test_leaving_while_it_still_reads_the_question_frees_the_slot(llama: LlamaServer) -> None:
    async with asking(llama, ENDLESS) as model:
        caller = asyncio.create_task(events_of(model, request("fresh " * (CONTEXT - 100), max_tokens=400)))
        async with asyncio.timeout(10):
            while not await llama.is_busy():
                await asyncio.sleep(0.005)
        caller.cancel()
        await asyncio.wait({caller})
        await until_idle(llama)
        await until(lambda: not tasks())
        assert busy(model) == []


async def test_a_second_question_waits_for_the_only_slot(llama: LlamaServer) -> None:
    async with asking(llama, ENDLESS) as model:
        asked = [request(f"Tell story {number}.", max_tokens=20) for number in range(3)]
        answers = await asyncio.gather(*(events_of(model, one) for one in asked))
    assert [of_kind(events, Usage)[0].completion_tokens for events in answers] == [20, 20, 20]


async def test_a_refusal_and_the_next_answer_share_a_connection(llama: LlamaServer) -> None:
    async with asking(llama, {**CALM, "top_p": "much"}) as model:
        asked = request(max_tokens=2)
        connections = []
        async with model.stream(asked) as events:
            async for event in events:
                connections += pool(model) if isinstance(event, Notice | TextDelta) else []
        assert len(connections) > 1
        assert len(set(map(id, connections))) == 1


async def test_a_connection_that_it_ends_with_its_answer_is_not_kept(llama: LlamaServer) -> None:
    """It promises to keep connections, and ends them after every stream."""
    async with asking(llama) as model:
        for number in range(10):
            events = await events_of(model, request(max_tokens=1))
            assert not of_kind(events, TryAgain), f"answer {number}"
            await until(lambda: not tasks())
            assert len(pool(model)) <= 1
            assert busy(model) == []


async def test_the_last_request_that_a_connection_takes_is_no_trouble(llama: LlamaServer) -> None:
    """After a hundred it wants a new one."""
    async with asking(llama, key="another-key") as model:
        for _ in range(103):
            with pytest.raises(Refused, match="refuses the key"):
                await events_of(model)
            assert len(pool(model)) <= 1


@pytest.mark.parametrize("key", ["another-key", None], ids=["wrong", "missing"])
async def test_a_wrong_key_is_told_as_that(llama: LlamaServer, key: str | None) -> None:
    async with asking(llama, key=key) as model:
        with pytest.raises(Refused, match=r"refuses the key \(HTTP 401\): check MM_LSP_API_KEY") as raised:
            await events_of(model)
    assert raised.value.fault == "key"
    assert "another-key" not in str(raised.value)


async def test_a_new_key_is_tried_once_the_old_one_is_refused(llama: LlamaServer) -> None:
    async def reread() -> str | None:
        return KEY

    model = OpenAIModel(settings_for(llama.url, api_key="old", name="smollm2", params=CALM), reread)
    assert await text_of(model, request(max_tokens=4))
    await model.aclose()


async def test_a_question_that_its_context_does_not_hold_is_too_long(llama: LlamaServer) -> None:
    async with asking(llama) as model:
        with pytest.raises(ModelError) as raised:
            await events_of(model, request("word " * 3000))
    error = raised.value
    assert (type(error), error.fault) == (TooLong, "context"), str(error)
    assert "too long for the model" in str(error)


async def test_parameters_that_it_does_not_know_are_no_trouble(llama: LlamaServer) -> None:
    params = {**CALM, "reasoning_split": True, "thinking": {"type": "disabled"}, "wishes": [1, {"a": None}]}
    async with asking(llama, params) as model:
        events = await events_of(model, request(max_tokens=4))
    assert of_kind(events, TextDelta)
    assert not of_kind(events, Notice)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_format", {"type": "nonsense"}),
        ("top_p", "much"),
        ("tool_choice", "sometimes"),
        ("grammar", "root ::= ("),
    ],
)
async def test_a_parameter_that_it_refuses_is_left_out_and_told_once(llama: LlamaServer, name: str, value: Any) -> None:
    async with asking(llama, {**CALM, name: value}) as model:
        events = await events_of(model, request(max_tokens=4))
        (notice,) = of_kind(events, Notice)
        assert f"does not take the parameter {name}" in notice.sentence
        assert of_kind(events, TextDelta)
        again = await events_of(model, request(max_tokens=4))
    assert not of_kind(again, Notice)
    assert of_kind(again, TextDelta)


async def test_a_problem_of_its_own_is_told_in_its_own_words(llama: LlamaServer) -> None:
    async with asking(llama, {**CALM, "reasoning_format": "odd"}) as model, model.stream(request()) as events:
        assert [type(await anext(events)) for _ in range(2)] == [TryAgain] * 2
        with pytest.raises(Unreachable, match=r"\(HTTP 500\).*It says: Unknown reasoning format: odd"):
            await anext(events)


async def test_an_address_without_its_version_is_told(llama: LlamaServer) -> None:
    model = OpenAIModel(settings_for(f"{llama.url}/nowhere", api_key=KEY))
    with pytest.raises(Refused, match=r"change model\.name or check model\.base_url"):
        await events_of(model)
    await model.aclose()


async def test_a_server_that_has_ended_can_not_be_reached() -> None:
    with LlamaServer(KEY, CONTEXT) as llama:
        async with asking(llama) as model:
            assert await text_of(model, request(max_tokens=2))
    async with asking(llama) as model:
        with pytest.raises(Unreachable, match="Can't reach the model's endpoint 127"):
            await events_of(model)
