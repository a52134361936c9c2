"""Payloads of a stream → the events that features read. No I/O."""

from __future__ import annotations

from typing import Any

from mm_lsp.llm.errors import from_error_object
from mm_lsp.llm.wire import ChoicePayload, UsagePayload, parse_chunk
from mm_lsp.messages import BadReply, Event, Stop, TextDelta, ThinkingDelta, Usage


class Dialect:
    """The state of one answer. `is_done` after a finish reason or `[DONE]`; a stream that ends before is incomplete."""

    def __init__(self) -> None:
        self.is_done = False
        self.is_closed = False  # [DONE] came: nothing follows
        self._has_text = False

    def read(self, data: str) -> list[Event]:
        """The events in one payload. Raises a ModelError for an error that came inside the stream."""
        if data.strip() == "[DONE]":
            self.is_done = self.is_closed = True
            return []
        if not data.strip():
            return []
        chunk = parse_chunk(data)
        if chunk is None:
            raise BadReply("The model's endpoint sent something that is not a chat completion.")
        if chunk.error:
            raise from_error_object(chunk.error)
        events = self._choice_events(chunk.choices or [])
        return events + _usage_events(chunk.usage)

    def _choice_events(self, choices: list[ChoicePayload]) -> list[Event]:
        events: list[Event] = []
        for choice in choices:
            if choice.index:  # only one answer was asked for
                continue
            delta = choice.delta or choice.message
            if delta:
                events += _thinking(delta.reasoning or delta.reasoning_content)
                events += self._text(delta.content)
            if choice.finish_reason and not self.is_done:
                self.is_done = True
                events.append(Stop(choice.finish_reason))
        return events

    def _text(self, content: str | None) -> list[Event]:
        """Visible text; the line ends that remain where the thinking was cut off are no part of the answer."""
        text = content or ""
        if not self._has_text:
            text = text.lstrip("\r\n")
        if not text:
            return []
        self._has_text = True
        return [TextDelta(text)]


def _thinking(text: str | None) -> list[Event]:
    return [ThinkingDelta(text)] if text else []


def _usage_events(usage: UsagePayload | None) -> list[Event]:
    """Some gateways put zeros on every chunk: only counts that count are passed on."""
    if usage is None or not (usage.prompt_tokens or usage.completion_tokens):
        return []
    completion, prompt = usage.completion_tokens_details, usage.prompt_tokens_details
    return [
        Usage(
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=usage.completion_tokens or 0,
            reasoning_tokens=_or_zero(completion and completion.reasoning_tokens),
            cached_tokens=_or_zero(prompt and prompt.cached_tokens),
        )
    ]


def _or_zero(value: Any) -> int:
    return value if isinstance(value, int) else 0
