"""Edits: what to ask for a new text of a selection, and how the reply becomes the smallest edits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mm_lsp.assist import context
from mm_lsp.assist.fences import first_fence
from mm_lsp.assist.guidance import Guidance
from mm_lsp.messages import BadReply, ModelRequest, Part
from mm_lsp.prompts import render
from mm_lsp.redact import Redactor
from mm_lsp.text import Document, Edit, Span, differing_lines, line_body, smallest_edits, split_lines

_MAX_TOKENS = 16384
_CONTEXT_TOKENS = 6000
_CHARACTERS = 8  # that a token of the budget may stand for, at the most
_OPEN = re.compile(r"<rewrite\b[^<>]*>", re.IGNORECASE)
_CLOSE = re.compile(r"</rewrite\s*>", re.IGNORECASE)


def request_for(
    document: Document, path: str, span: Span, instruction: str, guidance: Guidance, redactor: Redactor
) -> ModelRequest:
    """The question for a new text of `span`, which should be whole lines."""
    shown, place = redactor.document(document, span, _CONTEXT_TOKENS * _CHARACTERS)
    window = context.window(shown, place, _CONTEXT_TOKENS)
    selection = shown.slice(place)
    messages = render(
        "rewrite",
        rules=guidance.text,
        file=path,
        language=document.language_id,
        before=window.before,
        selection=selection,
        after=window.after,
        instruction=instruction,
    )
    parts = (
        *guidance.parts,
        context.part_of(path, window, document.uri),
        Part("file", path, context.estimate(selection), "the part to edit", document.uri),
        Part("question", "instruction", context.estimate(instruction), "what is to be done"),
    )
    return ModelRequest(messages, "edit", _MAX_TOKENS, guidance.tools, parts=parts, redactor=redactor)


def lines_of(document: Document, span: Span) -> Span:
    """`span` grown to whole lines."""
    return document.whole_lines(span.start.line, span.last_line)


def edits_from(raw: str, document: Document, span: Span) -> list[Edit]:
    """The smallest edits that make `span` what the reply says; [] if it says the same.

    Raises BadReply where the reply holds no new text.
    """
    old = document.slice(span)
    new = _shaped(_answer(raw, old), old)
    return smallest_edits(document, span, _with_line_ends_of(old, new, document.line_ending))


def is_enough(raw: str) -> bool:
    opened = _OPEN.search(raw)
    return opened is not None and _CLOSE.search(raw, opened.end()) is not None


def _with_line_ends_of(old: str, new: str, default: str) -> str:
    r"""`new`, whose lines end in `\n`, with the ends that equal lines of `old` have, and `default` for the others."""
    old_lines, new_lines = split_lines(old), split_lines(new)
    ends = [default if line.endswith("\n") else "" for line in new_lines]
    i = j = 0
    bodies = [line_body(line) for line in old_lines], [line_body(line) for line in new_lines]
    for (_, i2), (j1, j2) in [*differing_lines(*bodies), ((len(old_lines),) * 2, (len(new_lines),) * 2)]:
        for k in range(j1 - j):
            ends[j + k] = (old_lines[i + k][len(bodies[0][i + k]) :] or default) if ends[j + k] else ""
        i, j = i2, j2
    return "".join(body + (end or "") for body, end in zip(bodies[1], ends, strict=True))


def _answer(raw: str, old: str) -> str:
    r"""The text in the reply's element, with `\n` line ends. A fence around it is taken off, unless `old` has one."""
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    opened = _OPEN.search(text)
    if opened:
        closed = _CLOSE.search(text, opened.end())
        if closed is None:
            raise BadReply("The model's answer broke off before its end; nothing was changed. Try again.")
        text = text[opened.end() : closed.start()]
    fence = first_fence(text)
    keeps_fence = old.lstrip().startswith(("```", "~~~"))
    if fence and not keeps_fence and (opened is None or not (fence.before + (fence.after or "")).strip()):
        return fence.inside
    if opened is None and not text.strip():
        raise BadReply("The model gave an empty answer; nothing was changed. Try again.")
    return text


def _shaped(new: str, old: str) -> str:
    """The answer with the selection's own beginning and end: line ends around it and lost indentation are
    slips of the reply, not wishes."""
    if not new.strip() and old.strip():
        raise BadReply("The model answered with nothing to put in the selection's place; nothing was changed.")
    lead, _, trail = _ends(old.replace("\r\n", "\n").replace("\r", "\n"))
    return lead + _indented(_ends(new)[1], old) + trail


def _ends(text: str) -> tuple[str, str, str]:
    r"""Blank lines at the beginning, the text between, and the end from the last line end of the text on."""
    head = text[: len(text) - len(text.lstrip())]
    lead = head[: head.rfind("\n") + 1]
    tail = text[len(text.rstrip()) :]
    first = tail.find("\n")
    trail = tail[first:] if first >= 0 and len(lead) < len(text) else ""
    return lead, text[len(lead) : len(text) - len(trail)], trail


def _indented(new: str, old: str) -> str:
    """A reply that begins at the margin where the selection does not is moved to the selection's depth."""
    depth = _margin(old)
    if not depth or _margin(new):
        return new
    first, *more = new.split("\n")
    inner = _shallowest(more)
    opens = first.rstrip()[-1:] in (":", "{", "(", "[")
    least = max(_shallowest(split_lines(old.strip("\r\n"))[1:]) or 0, len(depth) + 1 if opens else 0)
    if inner is not None and inner >= (least or len(depth) + 1):
        return "\n".join([depth + first, *more])  # only the first line lost its indentation
    return "\n".join(depth + line if line.strip() else line for line in new.split("\n"))


def _shallowest(lines: Sequence[str]) -> int | None:
    """The least indentation of lines that have text."""
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=None)


def _margin(text: str) -> str:
    """The indentation of the first line that has any text."""
    for line in split_lines(text):
        if line.strip():
            return line[: len(line) - len(line.lstrip())]
    return ""
