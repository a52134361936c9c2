"""Payloads of a stream → the events that features read, in whatever dialect they come. No I/O.

The dialects and their quirks: reference minimax-api, section 1; the rules of 1.8 are numbered in the comments.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mm_lsp.llm.content import ContentReader, Piece
from mm_lsp.llm.deltas import Deltas, Manner
from mm_lsp.llm.errors import from_base_response, from_error_object
from mm_lsp.llm.reasoning import ReasoningReader
from mm_lsp.llm.tool_calls import ToolCalls
from mm_lsp.llm.wire import ChoicePayload, ChunkPayload, DeltaPayload, UsagePayload, parse_chunk
from mm_lsp.messages import BadReply, Event, Reasoning, Stop, TextDelta, TextWasThinking, ThinkingDelta, Usage


class Dialect:
    """The state of one answer. `is_done` after a finish reason or `[DONE]`; a stream that ends before is incomplete.

    `thinks_at_once`: the endpoint is known to send thinking without its opening tag. `expected`: where it is known to
    put the thinking, "none" if there is none; "auto" = as it comes. `sent`: the optional parameters of the request,
    which an error may speak of.
    """

    def __init__(self, thinks_at_once: bool = False, expected: str = "auto", sent: Collection[str] = ()) -> None:
        self._sent = sent
        self.is_done = False
        self.is_closed = False  # [DONE] came: nothing follows
        self.was_reclassified = False
        self._thinks_at_once = thinks_at_once
        manner = Manner()
        self._content = Deltas(manner)
        self._reader = ContentReader(thinks_at_once)
        self._tags_always_count = expected == "think_tags"
        if expected not in ("auto", "think_tags"):
            self._reader.has_own_thinking()
        self._reasoning = ReasoningReader(manner)
        self._tagged: list[str] = []  # thinking that came in tags
        self._calls = ToolCalls(manner)
        self._is_flushed = False

    @property
    def name(self) -> str:
        """The field that the thinking came in, "think_tags", or "plain"."""
        return self._reasoning.field or ("think_tags" if self._tagged or self.was_reclassified else "plain")

    @property
    def was_plain(self) -> bool:
        """Thinking without its opening tag was expected, and there was none."""
        return self._thinks_at_once and self._reader.never_thought

    def read(self, data: str) -> list[Event]:
        """The events in one payload. Raises a ModelError for an error that came inside the stream."""
        if data.strip() == "[DONE]":
            self.is_done = self.is_closed = True
            return self._finish("")
        if not data.strip():
            return []
        chunk = parse_chunk(data)
        if chunk is None:
            raise BadReply("The model's endpoint sent something that is not a chat completion. Try again.", "bad_reply")
        _raise_error_in(chunk, self._sent)  # rule 2: before anything else is looked at
        events: list[Event] = []
        for choice in chunk.choices or ():
            if not choice.index:  # rule 3: only one answer was asked for
                events += self._choice(choice)
        return events + _usage_events(chunk.usage)

    def close(self) -> list[Event]:
        """What the end of the stream leaves: text that was held back."""
        return self._finish("") if self.is_done else self._flush(was_cut=True)

    def _choice(self, choice: ChoicePayload) -> list[Event]:
        delta, is_whole = (choice.delta, False) if choice.message is None else (choice.message, True)
        events = self._delta(delta, is_whole) if delta is not None else []
        if choice.finish_reason == "error":
            raise BadReply("The model's endpoint broke off with an error that it does not name. Try again.", "server")
        if choice.finish_reason:
            self.is_done = True
            events += self._finish(choice.finish_reason)
        return events

    def _delta(self, delta: DeltaPayload, is_whole: bool) -> list[Event]:
        """`is_whole`: all of the answer, said once more at its end, or for the first time."""
        events: list[Event] = []
        has_thinking = delta.reasoning or delta.reasoning_content or delta.reasoning_details
        if has_thinking and not (is_whole and self._reasoning.field):
            thought = self._reasoning.add(delta)
            if self._reasoning.field and not self._tags_always_count:
                self._reader.has_own_thinking()
            events += [ThinkingDelta(thought)] if thought else []
        if delta.content:
            new = self._content.complete(delta.content) if is_whole else self._content.add(delta.content)
            events += self._pieces(self._reader.feed(new))
        if delta.tool_calls and not (is_whole and not self._calls.is_empty):
            for call in delta.tool_calls:
                self._calls.add(call)
        return events

    def _pieces(self, pieces: list[Piece]) -> list[Event]:
        events: list[Event] = []
        for piece in pieces:
            if piece.kind == "text":
                events.append(TextDelta(piece.text))
            elif piece.kind == "thinking":
                self._tagged.append(piece.text)
                events.append(ThinkingDelta(piece.text))
            elif piece.kind == "call":
                self._calls.add_raw(piece.text)
            else:
                self._reclassify()
                events.append(TextWasThinking())
        return events

    def _reclassify(self) -> None:
        self.was_reclassified = True
        before = self._content.text
        self._tagged = [before[: before.rfind("</think")].strip("\r\n")]

    def _finish(self, reason: str) -> list[Event]:
        if self._is_flushed:
            # Text may follow its own finish reason, where a last frame says the whole answer once more.
            return self._pieces(self._reader.close())
        events = self._flush(was_cut=reason == "length")
        events += self._calls.result()
        echo = self._reasoning.whole() or self._tagged_reasoning()
        return [*events, *([echo] if echo else []), *([Stop(reason)] if reason else [])]

    def _flush(self, was_cut: bool) -> list[Event]:
        self._is_flushed = True
        rest = self._reasoning.close()
        events: list[Event] = [ThinkingDelta(rest)] if rest else []
        return events + self._pieces(self._reader.close(was_cut))

    def _tagged_reasoning(self) -> Reasoning | None:
        text = "".join(self._tagged)
        return Reasoning("think_tags", text) if text else None


def _raise_error_in(chunk: ChunkPayload, sent: Collection[str]) -> None:
    if chunk.error:
        raise from_error_object(chunk.error, sent=sent)
    if chunk.base_resp is not None and chunk.base_resp.status_code:
        raise from_base_response(chunk.base_resp.status_code, chunk.base_resp.status_msg or "")
    is_bare = chunk.choices is None and chunk.usage is None and (chunk.message or chunk.detail)
    if chunk.object == "error" or is_bare:
        raise from_error_object({"message": chunk.message or chunk.detail, "code": chunk.code}, sent=sent)


def _usage_events(usage: UsagePayload | None) -> list[Event]:
    """Some gateways put zeros on every chunk: only counts that count are passed on."""
    if usage is None or not (usage.prompt_tokens or usage.completion_tokens):
        return []
    completion, prompt = usage.completion_tokens_details, usage.prompt_tokens_details
    cached = prompt.cached_tokens if prompt else usage.prompt_cache_hit_tokens
    return [
        Usage(
            prompt_tokens=_count(usage.prompt_tokens),
            completion_tokens=_count(usage.completion_tokens),
            reasoning_tokens=_count(completion.reasoning_tokens if completion else None),
            cached_tokens=_count(cached),
        )
    ]


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
