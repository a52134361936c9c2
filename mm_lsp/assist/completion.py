"""Inline completion: what to ask, when enough has come, and how to read the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mm_lsp.assist import context
from mm_lsp.assist.cleaning import answer_is_closed, clean, ends_line, overlap
from mm_lsp.assist.guidance import NONE, Guidance
from mm_lsp.messages import ModelRequest, Part
from mm_lsp.prompts import render
from mm_lsp.redact import Redactor
from mm_lsp.settings import CompletionSettings
from mm_lsp.text import Document, Position, Span, advance

_OTHERS_SHARE = 0.35  # of the context budget goes to the other open documents
_CLOSERS = frozenset(")]}>\"'`")
_GOES_ON = frozenset("([{,")  # ends of a line that goes on inside of brackets
_NEAR_LINES = 200  # each way, that a reply may repeat
_HOLE = "<|hole|>"
_CHARACTERS = 8  # that a token of the budget may stand for, at the most
_TOP = Span(Position(0, 0), Position(0, 0))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a suggestion is wanted. `selected` is the entry of the client's own list that the user sees selected
    (LSP 3.18 selectedCompletionInfo): what it covers, and its text; the suggestion must go on from it."""

    document: Document
    position: Position
    selected: tuple[Span, str] | None = None

    @property
    def typed(self) -> Document:
        """The document as if the selected entry had been accepted."""
        if self.selected is None:
            return self.document
        span, text = self.selected
        return self.document.replaced(Span(span.start, max(span.end, self.position)), text)

    @property
    def cursor(self) -> Position:
        """The position in `typed`."""
        if self.selected is None:
            return self.position
        span, text = self.selected
        return self.typed.clamp(advance(span.start, text))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Put `text` in the place of `span`. `insertion` is the part of `text` that is new at the cursor."""

    text: str
    span: Span
    insertion: str


def request_for(
    place: Place,
    path: str,
    other_documents: Sequence[tuple[str, Document]],
    settings: CompletionSettings,
    redactor: Redactor,
    guidance: Guidance = NONE,
) -> ModelRequest:
    """The question for the text at `place`; `other_documents` (path, document) most recent first."""
    budget = settings.context_tokens
    reach = budget * _CHARACTERS
    document, here = redactor.document(place.typed, Span(place.cursor, place.cursor), reach)
    shown_others = ((name, redactor.document(other, _TOP, reach)[0]) for name, other in other_documents)
    snippets = context.others(shown_others, int(budget * _OTHERS_SHARE))
    spent = sum(context.estimate(snippet.text) for snippet in snippets)
    window = context.window(document, here, budget - spent)
    shown = "".join(f"Open file: {path}\n\n{text}\n\n---\n\n" for path, text in reversed(snippets))
    messages = render(
        "complete",
        hole=_hole_for(shown + window.before + window.after),
        max_lines=str(settings.max_lines),
        rules=guidance.text,
        others=shown,
        file=path,
        language=document.language_id,
        before=window.before,
        after=window.after,
    )
    uris = {name: other.uri for name, other in other_documents}
    parts = (
        *guidance.parts,
        *(Part("open file", name, context.estimate(text), "it is open", uris[name]) for name, text in snippets[::-1]),
        context.part_of(path, window, document.uri),
    )
    return ModelRequest(messages, "completion", settings.max_tokens, parts=parts, redactor=redactor)


def _hole_for(code: str) -> str:
    """A marker that the code itself does not hold."""
    hole, number = _HOLE, 1
    while hole in code:
        number += 1
        hole = f"<|hole{number}|>"
    return hole


def is_enough(raw: str, max_lines: int) -> bool:
    """Whether the stream can be left: the answer is closed, or longer than it may be."""
    return answer_is_closed(raw) or raw.count("\n") > 3 * max_lines + 20


def suggestion_from(raw: str, place: Place, max_lines: int) -> Suggestion | None:
    """The suggestion in a reply (also in a part of one), or None if there is nothing worth showing."""
    document, cursor = place.typed, place.cursor
    around = context.near(document, cursor, _NEAR_LINES)
    text = clean(raw, around.before, around.after, document.language_id)
    text = "\n".join(text.split("\n")[:max_lines]).rstrip()
    rest = context.line_rest(document, cursor)
    text, retyped = _fitted(text, rest)
    if not retyped and _is_block(text, rest) and (ends_line(raw) or text.endswith(",")):
        body = document.body(cursor.line)
        text += f"\n{body[: len(body) - len(body.lstrip())]}"
    if not text.strip():
        return None
    text = text.replace("\n", document.line_ending)
    if place.selected is None:
        end = Position(cursor.line, cursor.column + retyped)
        return Suggestion(text, Span(place.position, end), text)
    span, selected = place.selected
    return Suggestion(selected + text, span, text) if not retyped else None


def _is_block(text: str, rest: str) -> bool:
    """Lines of their own between brackets, the closing one of which is the rest of the cursor's line."""
    return text.startswith("\n") and bool(rest.strip()) and _closes(rest)


def _fitted(text: str, rest: str) -> tuple[str, int]:
    """`text` as it fits before the rest of the line, and how many characters of the rest it types again.

    Several lines can stand before a rest if their first line ends with it (it is then replaced), or if it closes the
    brackets whose inside they are; else the first line alone is kept.
    """
    if not rest.strip() or not text.strip():
        return text, 0
    first, newline, more = text.partition("\n")
    if newline and first.rstrip().endswith(rest.strip()) and (not _closes(rest) or _has_spare_closer(first, rest)):
        return first.rstrip() + newline + more, len(rest)
    if newline and _closes(rest) and more.rstrip().endswith(rest.strip()) and _has_spare_closer(text, rest):
        return text.rstrip()[: -len(rest.strip())], 0  # the body of a pair of brackets
    if _is_block(text, rest):
        return text.rstrip(), 0
    if newline and not (_closes(rest) and first.rstrip()[-1:] in _GOES_ON):
        text = first.rstrip()
    double = overlap(text, rest)
    if double and _is_double(text, rest[:double], rest):
        return text[: len(text) - double], 0
    return text, 0


def _is_double(text: str, tail: str, rest: str) -> bool:
    """Whether `tail`, which ends `text` and begins the rest of the line, is one thing typed twice: a closer only if
    nothing in `text` opened it, other characters if they are more than chance."""
    if _CLOSERS.intersection(tail) and _closes(tail):
        return _has_spare_closer(text, tail)
    if _is_balanced(text) and not _is_balanced(text[: len(text) - len(tail)]):
        return False
    return len(tail) >= 3 or len(tail) == len(rest.rstrip())


def _is_balanced(text: str) -> bool:
    return all(text.count(opening) == text.count(close) for opening, close in ("()", "[]", "{}"))


def _closes(rest: str) -> bool:
    return not rest.strip().strip(")]}>'\"`;,")


def _has_spare_closer(text: str, tail: str) -> bool:
    odd_quotes = any(quote in tail and text.count(quote) % 2 for quote in "\"'`")
    return odd_quotes or any(
        close in tail and text.count(close) > text.count(opening) for opening, close in ("()", "[]", "{}", "<>")
    )
