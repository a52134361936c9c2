"""Explanations: what to ask about a piece of code."""

from __future__ import annotations

from mm_lsp.assist import context
from mm_lsp.assist.guidance import Guidance
from mm_lsp.messages import ModelRequest, Part
from mm_lsp.prompts import render
from mm_lsp.redact import Redactor
from mm_lsp.text import Document, Span

_MAX_TOKENS = 8192
_CONTEXT_TOKENS = 8000
_CHARACTERS = 8  # that a token of the budget may stand for, at the most
_SELECTION_TOKENS = 24000
_DEFAULT_QUESTION = "Explain it."


def request_for(
    document: Document,
    path: str,
    span: Span,
    question: str | None,
    language: str,
    guidance: Guidance,
    redactor: Redactor,
) -> ModelRequest:
    """The question about `span`, or about the whole document if it is empty; `language` of the answer in English."""
    if span.is_empty:
        span = Span(document.position(0, 0, "utf-32"), document.end)
    shown, place = redactor.document(document, span, _CONTEXT_TOKENS * _CHARACTERS)
    window = context.window(shown, place, _CONTEXT_TOKENS)
    selection = _clipped(shown.slice(place))
    question = question or _DEFAULT_QUESTION
    messages = render(
        "explain",
        language=language,
        rules=guidance.text,
        file=path,
        file_language=document.language_id,
        context=f"{window.before}{selection}{window.after}" if window.before or window.after else "(all of it below)",
        place=place_of(span),
        selection=selection,
        question=question,
    )
    parts = (
        *guidance.parts,
        context.part_of(path, window, document.uri),
        Part("file", path, context.estimate(selection), "the part in question", document.uri),
        Part("question", "question", context.estimate(question), "what is asked"),
    )
    return ModelRequest(messages, "explain", _MAX_TOKENS, guidance.tools, parts=parts, redactor=redactor)


def _clipped(text: str) -> str:
    """Long files are read from the top as far as the budget goes."""
    if context.estimate(text) <= _SELECTION_TOKENS:
        return text
    return text[: int(len(text) * _SELECTION_TOKENS / context.estimate(text))] + "\n[… cut here: the file is longer]"


def place_of(span: Span) -> str:
    """As people count lines."""
    first, last = span.start.line + 1, span.end.line + (1 if span.end.column else 0)
    return f"line {first}" if last <= first else f"lines {first} to {last}"
