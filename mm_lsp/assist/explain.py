"""Explanations: what to ask about a piece of code."""

from __future__ import annotations

from collections.abc import Sequence

from mm_lsp.assist import context
from mm_lsp.assist.rules import RuleFile
from mm_lsp.assist.rules import render as render_rules
from mm_lsp.messages import ModelRequest
from mm_lsp.prompts import render
from mm_lsp.text import Document, Span

_MAX_TOKENS = 8192
_CONTEXT_TOKENS = 8000
_SELECTION_TOKENS = 24000
_DEFAULT_QUESTION = "Explain it."


def request_for(
    document: Document,
    path: str,
    span: Span,
    question: str | None,
    language: str,
    rules: Sequence[RuleFile],
    rules_bytes: int,
) -> ModelRequest:
    """The question about `span`, or about the whole document if it is empty; `language` of the answer in English."""
    if span.is_empty:
        span = Span(document.position(0, 0, "utf-32"), document.end)
    window = context.window(document, span, _CONTEXT_TOKENS)
    selection = _clipped(document.slice(span))
    messages = render(
        "explain",
        language=language,
        rules=render_rules(rules, rules_bytes),
        file=path,
        file_language=document.language_id,
        context=f"{window.before}{selection}{window.after}" if window.before or window.after else "(all of it below)",
        place=_place(span),
        selection=selection,
        question=question or _DEFAULT_QUESTION,
    )
    return ModelRequest(messages, "explain", _MAX_TOKENS)


def _clipped(text: str) -> str:
    """Long files are read from the top as far as the budget goes."""
    if context.estimate(text) <= _SELECTION_TOKENS:
        return text
    return text[: int(len(text) * _SELECTION_TOKENS / context.estimate(text))] + "\n[… cut here: the file is longer]"


def _place(span: Span) -> str:
    first, last = span.start.line + 1, span.end.line + (1 if span.end.column else 0)
    return f"line {first}" if last <= first else f"lines {first} to {last}"
