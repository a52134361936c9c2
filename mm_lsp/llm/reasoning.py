"""Thinking that comes in a field of its own, and how it goes back to the endpoint with a later request. No I/O."""

from __future__ import annotations

from typing import Any

from mm_lsp.llm.content import held_back
from mm_lsp.llm.deltas import Deltas, Manner
from mm_lsp.llm.wire import DeltaPayload
from mm_lsp.messages import Reasoning, ReasoningField

_TEXT_KEYS = ("text", "summary", "data")  # of a detail: what grows; the other keys say what it is
_CLOSERS = ("</think>", "</thinking>")


class _Detail:
    """One item of `reasoning_details`, put together out of its deltas."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._values: dict[str, Any] = {}
        self._texts: dict[str, Deltas] = {}

    def add(self, delta: dict[str, Any]) -> str:
        """The text that is new in it."""
        new = ""
        for key, value in delta.items():
            if key in _TEXT_KEYS and isinstance(value, str):
                self._values.setdefault(key, None)  # keeps the order in which the keys came
                piece = self._texts.setdefault(key, Deltas(self._manner)).add(value)
                new += piece if key != "data" else ""
            elif self._values.get(key) is None or (key == "signature" and value is not None):
                self._values[key] = value
        return new

    def whole(self) -> dict[str, Any]:
        return self._values | {key: text.text for key, text in self._texts.items()}


class ReasoningReader:
    """The thinking of one answer. The same words may stand in two fields of a delta: one of them is read."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self.field: ReasoningField | None = None
        self._texts: dict[str, Deltas] = {}
        self._details: dict[object, _Detail] = {}
        self._shown = ""  # held back: the end of it may be a leaked closing tag

    def add(self, delta: DeltaPayload) -> str:
        """What is new to be shown."""
        in_details = self._add_details(delta.reasoning_details or [])
        fields: tuple[tuple[ReasoningField, str | None], ...] = (
            ("reasoning", delta.reasoning),
            ("reasoning_content", delta.reasoning_content),
        )
        for field, text in fields:
            if text:
                self.field = self.field or field
                return self._show(self._texts.setdefault(field, Deltas(self._manner)).add(text))
        if in_details:
            self.field = self.field or "reasoning_details"
        return self._show(in_details)

    def _add_details(self, items: list[dict[str, Any]]) -> str:
        new = ""
        for position, item in enumerate(items):
            index, name = item.get("index"), item.get("id")
            key = index if isinstance(index, int) else name if isinstance(name, str) else position
            new += self._details.setdefault((type(key), key), _Detail(self._manner)).add(item)
        return new

    def _show(self, new: str) -> str:
        text = self._shown + new
        tag = next((tag for tag in _CLOSERS if tag in text), None)
        if tag is not None:
            text = text.replace(tag, "")
        held = held_back(text, _CLOSERS)
        body = text[: len(text) - held]
        held += len(body) - len(body.rstrip("\r\n"))
        self._shown = text[len(text) - held :]
        return text[: len(text) - held]

    def close(self) -> str:
        """What was held back, without the line ends at its end."""
        rest, self._shown = self._shown.rstrip("\r\n"), ""
        return rest

    def whole(self) -> Reasoning | None:
        if self.field is None:
            return None
        details = tuple(detail.whole() for detail in self._details.values())
        text = self._texts[self.field].text if self.field in self._texts else ""
        return Reasoning(self.field, text, details)


def thinking_of(reasoning: Reasoning) -> str:
    """The text of a thinking, which may stand in its details alone."""
    return reasoning.text or "".join(str(item.get("text") or item.get("summary") or "") for item in reasoning.details)


def echoed(reasoning: Reasoning, content: str, echo: str) -> dict[str, Any]:
    """The keys of an assistant's message that carry its content and thinking. `echo`: "auto" (the field in which it
    came), a ReasoningField, or "none" (reference: minimax-api 2.3)."""
    field = reasoning.field if echo == "auto" else echo
    text = thinking_of(reasoning)
    if field == "think_tags":
        return {"content": f"<think>\n{text.strip().removesuffix('</think>').strip()}\n</think>\n\n{content}"}
    if field == "none":
        return {"content": content}
    details = [dict(item) for item in reasoning.details]
    if field == "reasoning":
        return {"content": content, "reasoning": text, **({"reasoning_details": details} if details else {})}
    if field == "reasoning_details" or (echo == "auto" and details):
        return {"content": content, "reasoning_details": details or [{"type": "reasoning.text", "text": text}]}
    return {"content": content, "reasoning_content": text}
