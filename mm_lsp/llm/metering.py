"""A model whose every call is counted: tokens, money, time and outcome."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

from mm_lsp.llm.ledger import Entry, Ledger, today
from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.llm.payload import estimated_prompt
from mm_lsp.llm.registry import cost_of, facts_of
from mm_lsp.messages import (
    Bill,
    Event,
    Fault,
    Feature,
    ModelError,
    ModelRequest,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    TryAgain,
    Usage,
)
from mm_lsp.settings import ModelFacts
from mm_lsp.tokens import estimate

# Tokens that an answer would have had, where a cancelled call is billed in full and none has been seen to its end yet.
_USUAL: dict[Feature, int] = {"completion": 300, "explain": 800, "edit": 800, "doctor": 50}
_STEP = 0.3  # how far one answer moves what is usual
# The endpoint was at work when the call failed with one of these.
_WORKED: frozenset[Fault] = frozenset(("incomplete", "stalled", "network"))


class Metered:
    """`inner`'s calls, each of them written to the ledger."""

    def __init__(self, inner: OpenAIModel, ledger: Ledger) -> None:
        self.inner = inner
        self._ledger = ledger
        self._usual: dict[tuple[str, Feature], float] = {}

    @asynccontextmanager
    async def stream(self, request: ModelRequest) -> AsyncGenerator[Call]:
        name = self.inner.settings.model_for(request.feature)
        prompt = estimated_prompt(request, self.inner.learned[name])
        key = (name, request.feature)
        usual = round(self._usual.get(key, _USUAL[request.feature]))
        call = Call(facts_of(name, self.inner.settings), prompt, usual)

        def record(counted: Usage | None) -> None:
            call.counted = counted or call.counted
            self._ledger.add(call.entry(request, name))
            if call.counted is not None:
                seen = call.counted.completion_tokens
                self._usual[key] = self._usual.get(key, seen) * (1 - _STEP) + seen * _STEP

        async with self.inner.stream(request, record) as answer:
            call.enough, call.events = answer.enough, aiter(answer)
            try:
                yield call
            except ModelError as error:
                call.fail(error)
                raise
            except BaseException:
                call.outcome = "cancelled"
                raise
            finally:
                call.left = time.monotonic()

    async def retire(self) -> None:
        await self.inner.retire()

    async def aclose(self) -> None:
        await self.inner.aclose()


class Call:
    """The events of one answer, counted while they pass."""

    def __init__(self, facts: ModelFacts, prompt: int, usual: int) -> None:
        self.events: AsyncIterator[Event]
        self.enough: Callable[[], None]
        self.counted: Usage | None = None
        self.outcome = "done"
        self.left = 0.0
        self._facts = facts
        self._prompt = prompt
        self._usual = usual
        self._tokens = 0
        self._thinking_tokens = 0
        self._is_free = False
        self._since_try = False
        self._began = time.monotonic()
        self._first: float | None = None

    def __aiter__(self) -> Call:
        return self

    async def __anext__(self) -> Event:
        event = await anext(self.events)
        match event:
            case TextDelta(text) | ThinkingDelta(text):
                self._heard(estimate(text), isinstance(event, ThinkingDelta))
            case ToolCall():
                self._heard(estimate(event.arguments), is_thinking=False)
            case Usage():
                self.counted = event
            case TryAgain():
                self._prompt *= 2 if self._since_try else 1  # what was begun is billed
                self._since_try = False
            case _:
                pass
        return event

    def _heard(self, tokens: int, is_thinking: bool) -> None:
        self._first = self._first or time.monotonic()
        self._since_try = True
        self._tokens += tokens
        self._thinking_tokens += tokens if is_thinking else 0

    def fail(self, error: ModelError) -> None:
        self.outcome = f"failed: {error.fault or 'unknown'}"
        self._is_free = self._first is None and error.fault not in _WORKED

    def bill(self) -> Bill:
        usage = self._usage()
        cost = cost_of(usage, self._facts)
        return Bill(usage, cost, self._facts.currency if cost is not None else None)

    def _usage(self) -> Usage:
        if self._is_free:
            return Usage()
        if self.counted is not None:
            return self.counted
        # A call that was left is billed to its end by most gateways (reference: minimax-api 1.2).
        tokens = self._tokens if self.outcome == "done" else max(self._tokens, self._usual)
        return Usage(self._prompt, tokens, self._thinking_tokens, 0, estimated=True)

    def entry(self, request: ModelRequest, model: str) -> Entry:
        bill = self.bill()
        return Entry(
            at=time.time(),
            day=today(),
            feature=request.feature,
            model=model,
            prompt_tokens=bill.usage.prompt_tokens,
            completion_tokens=bill.usage.completion_tokens,
            reasoning_tokens=bill.usage.reasoning_tokens,
            cached_tokens=bill.usage.cached_tokens,
            estimated=bill.usage.estimated,
            cost=bill.cost,
            currency=bill.currency,
            first_token_ms=None if self._first is None else round(1000 * (self._first - self._began)),
            total_ms=round(1000 * (self.left - self._began)),
            outcome=self.outcome,
            automatic=request.is_automatic,
        )
