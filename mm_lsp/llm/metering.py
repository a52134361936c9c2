"""A model whose every call is counted: tokens, money, time and outcome."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mm_lsp.llm.call import Call as Answer
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
    Stop,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    TryAgain,
    Usage,
)
from mm_lsp.settings import ModelFacts
from mm_lsp.tokens import estimate

# Tokens that an answer would have had, where a cancelled call is billed in full and none has been seen to its end yet.
_USUAL: dict[Feature, int] = {"completion": 300, "explain": 800, "edit": 800, "command": 800, "doctor": 50}
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
            self._ledger.add(call.entry(request, name), request.files)
            if call.counted is not None:
                seen = call.counted.completion_tokens
                self._usual[key] = self._usual.get(key, seen) * (1 - _STEP) + seen * _STEP

        async with self.inner.stream(request, record) as answer:
            call.begin(answer)
            try:
                yield call
            except ModelError as error:
                call.fail(error)
                raise
            except BaseException:
                call.outcome = "cancelled"
                raise
            finally:
                call.leave()

    async def retire(self) -> None:
        await self.inner.retire()

    async def aclose(self) -> None:
        await self.inner.aclose()


class Call:
    """The events of one answer, counted while they pass."""

    def __init__(self, facts: ModelFacts, prompt: int, usual: int) -> None:
        self._answer: Answer
        self.counted: Usage | None = None
        self.outcome = "done"
        self._left = 0.0
        self._has_ended = self._sufficed = False
        self._facts = facts
        self._prompt = prompt
        self._usual = usual
        self._tokens = 0
        self._thinking_tokens = 0
        self._lost = Usage()  # what tries that broke off are billed with
        self._is_free = False
        self._began = time.monotonic()
        self._first: float | None = None

    def __aiter__(self) -> Call:
        return self

    def begin(self, answer: Answer) -> None:
        self._answer = answer

    def enough(self) -> None:
        self._sufficed = True
        self._answer.enough()

    def leave(self) -> None:
        self._left = time.monotonic()
        if self.outcome == "done" and not (self._has_ended or self._sufficed):
            self.outcome = "cancelled"

    async def __anext__(self) -> Event:
        try:
            event = await anext(self._answer)
        except StopAsyncIteration:
            self._has_ended = True
            raise
        match event:
            case TextDelta(text) | ThinkingDelta(text):
                self._heard(estimate(text), isinstance(event, ThinkingDelta))
            case ToolCall():
                self._heard(estimate(event.arguments), is_thinking=False)
            case Usage():
                self.counted = event
            case Stop():
                self._has_ended = True
            case TryAgain() if self._tokens:
                lost = self._lost
                self._lost = Usage(
                    lost.prompt_tokens + self._prompt,
                    lost.completion_tokens + self._tokens,
                    lost.reasoning_tokens + self._thinking_tokens,
                )
                self._tokens = self._thinking_tokens = 0
            case _:
                pass
        return event

    def _heard(self, tokens: int, is_thinking: bool) -> None:
        self._first = self._first or time.monotonic()
        self._tokens += tokens
        self._thinking_tokens += tokens if is_thinking else 0

    def fail(self, error: ModelError) -> None:
        self.outcome = f"failed: {error.fault or 'unknown'}"
        self._is_free = self._first is None and error.fault not in _WORKED

    def bill(self) -> Bill:
        usage = self._usage(is_final=False)
        cost = cost_of(usage, self._facts)
        return Bill(usage, cost, self._facts.currency if cost is not None else None)

    def _usage(self, is_final: bool) -> Usage:
        if self._is_free:
            return Usage()
        lost = self._lost
        last = self.counted or self._estimated(is_final)
        return Usage(
            last.prompt_tokens + lost.prompt_tokens,
            last.completion_tokens + lost.completion_tokens,
            last.reasoning_tokens + lost.reasoning_tokens,
            last.cached_tokens,
            last.estimated or lost.prompt_tokens > 0,
        )

    def _estimated(self, is_final: bool) -> Usage:
        """A call that was left is billed to its end by most gateways (reference: minimax-api 1.2)."""
        is_whole = self._has_ended or (self._sufficed and not is_final)
        tokens = self._tokens if is_whole else max(self._tokens, self._usual)
        return Usage(self._prompt, tokens, self._thinking_tokens, 0, estimated=True)

    def entry(self, request: ModelRequest, model: str) -> Entry:
        usage = self._usage(is_final=True)
        cost = cost_of(usage, self._facts)
        return Entry(
            at=time.time(),
            day=today(),
            feature=request.feature,
            model=model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cached_tokens=usage.cached_tokens,
            estimated=usage.estimated,
            cost=cost,
            currency=self._facts.currency if cost is not None else None,
            first_token_ms=None if self._first is None else round(1000 * (self._first - self._began)),
            total_ms=round(1000 * (self._left - self._began)),
            outcome=self.outcome,
            automatic=request.is_automatic,
        )
