"""A slash command's call: what to ask, and which part of the answer is for people, which for the file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mm_lsp.assist import context, rewrite
from mm_lsp.assist.guidance import Guidance
from mm_lsp.messages import ModelRequest, Part
from mm_lsp.prompts import render
from mm_lsp.redact import Redactor
from mm_lsp.text import Document, Span

_MAX_TOKENS = 16384
_CONTEXT_TOKENS = 8000
_CHARACTERS = 8  # that a token of the budget may stand for, at the most
_ELEMENT = re.compile(r"<rewrite\b", re.IGNORECASE)
_CLOSING = re.compile(r"<(?=/\s*command\b)", re.IGNORECASE)


def request_for(
    document: Document,
    path: str,
    span: Span,
    name: str,
    command: str,
    references: Sequence[Part],
    language: str,
    guidance: Guidance,
    redactor: Redactor,
) -> ModelRequest:
    """`command`: the whole text of the command, as it is called; `references`: the files that it took in; `span`: the
    selection, whole lines."""
    shown, place = redactor.document(document, span, _CONTEXT_TOKENS * _CHARACTERS)
    window = context.window(shown, place, _CONTEXT_TOKENS)
    selection = shown.slice(place)
    messages = render(
        "command",
        language=language,
        rules=guidance.text,
        command_name=name,
        command=_CLOSING.sub("&lt;", command),
        file=path,
        file_language=document.language_id,
        before=window.before,
        selection=selection,
        after=window.after,
    )
    parts = (
        *guidance.parts,
        Part("command", f"/{name}", context.estimate(command), "you called it"),
        *references,
        context.part_of(path, window, document.uri),
        Part("file", path, context.estimate(selection), "the selection", document.uri),
    )
    return ModelRequest(messages, "command", _MAX_TOKENS, guidance.tools, parts=parts, redactor=redactor)


def changes_file(answer: str) -> bool:
    """Whether the answer holds a whole new text of the selection."""
    return rewrite.is_enough(answer)


def for_people(answer: str, is_whole: bool) -> str:
    """The part of the answer that is read, not put into the file. Of one that is not yet whole only what surely
    belongs to it, so that it can be shown as it comes."""
    found = _ELEMENT.search(answer)
    if found is not None:
        return answer[: found.start()]
    if is_whole:
        return answer
    at = answer.rfind("<")
    begins = at >= 0 and "<rewrite".startswith(answer[at:].lower())
    return answer[:at] if begins else answer
