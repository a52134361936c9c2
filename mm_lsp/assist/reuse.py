"""What an earlier suggestion already answers: typing along it, and going back to where it stood."""

from __future__ import annotations

from dataclasses import dataclass

from mm_lsp.assist.completion import Suggestion
from mm_lsp.text import Document, Position, Span, split_lines


@dataclass(frozen=True, slots=True)
class Remembered:
    """A suggestion and the document that it was made for."""

    document: Document
    suggestion: Suggestion

    def at(self, document: Document, position: Position) -> Suggestion | None:
        """What is left to suggest at `position` of a later version, or None if the suggestion no longer fits:
        all that was typed since must be its beginning, and nothing else may have changed."""
        start, end = self.suggestion.span
        typed = _typed_since(self.document, document, start, position)
        if typed is None or not self.suggestion.text.startswith(typed) or typed == self.suggestion.text:
            return None
        retyped = self.document.slice(Span(start, end))
        end_now = Position(position.line, position.column + len(retyped))
        if document.lines[position.line][position.column : end_now.column] != retyped:
            return None
        if not _same_after(self.document, end, document, end_now):
            return None
        text = self.suggestion.text[len(typed) :]
        return Suggestion(text, Span(position, end_now), text)


def _typed_since(old: Document, new: Document, anchor: Position, position: Position) -> str | None:
    """The text between the old anchor and `position`, if everything before the anchor is as it was."""
    if position < anchor or position.line >= len(new.lines):
        return None
    if old.lines[: anchor.line] != new.lines[: anchor.line]:
        return None
    if old.lines[anchor.line][: anchor.column] != new.lines[anchor.line][: anchor.column]:
        return None
    return new.slice(Span(anchor, position))


def _same_after(old: Document, old_place: Position, new: Document, new_place: Position) -> bool:
    return (
        old.lines[old_place.line][old_place.column :] == new.lines[new_place.line][new_place.column :]
        and old.lines[old_place.line + 1 :] == new.lines[new_place.line + 1 :]
    )


def first_line(text: str) -> str:
    """The first line of a suggestion that has something to read, for lists that show one line."""
    return next((line.strip() for line in split_lines(text) if line.strip()), "")
