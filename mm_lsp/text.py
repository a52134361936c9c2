"""Immutable text: documents as lines, positions in three encodings, edits and the smallest of them.

Inside the program a column counts code points. What a client counts (UTF-8, UTF-16 or UTF-32 code units,
LSP 3.17 "Position Encoding Kind") is translated at the border by `to_column` and `to_units`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, NamedTuple

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_LINE_END = re.compile("\r\n|\n|\r")
_SURROGATE = re.compile("[\ud800-\udfff]")
# str.splitlines() also ends a line at these; LSP does not.
_EXOTIC = re.compile("[\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")


class Position(NamedTuple):
    """A place between two characters; `line` and `column` count from 0, `column` in code points."""

    line: int
    column: int


class Span(NamedTuple):
    """The text from `start` up to, not including, `end`."""

    start: Position
    end: Position

    @property
    def is_empty(self) -> bool:
        return self.start == self.end

    @property
    def last_line(self) -> int:
        """The last line that it holds anything of: an end at the beginning of a line does not take that line in."""
        ends_before = self.end.column == 0 and self.end.line > self.start.line
        return self.end.line - 1 if ends_before else self.end.line


class Edit(NamedTuple):
    """Put `text` in the place of `span`. Edits of one list all speak of the document before any of them."""

    span: Span
    text: str


def split_lines(text: str) -> list[str]:
    r"""Lines with their ends; only `\n`, `\r\n` and `\r` end a line. The last has no end and may be empty."""
    if _EXOTIC.search(text):
        lines: list[str] = []
        start = 0
        for end in _LINE_END.finditer(text):
            lines.append(text[start : end.end()])
            start = end.end()
        return [*lines, text[start:]]
    lines = text.splitlines(keepends=True)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def line_body(line: str) -> str:
    """The line without its end."""
    return line.rstrip("\r\n") if line[-1:] in ("\n", "\r") else line


def to_column(body: str, units: int, encoding: Encoding) -> int:
    """Code points before the client's `units`; past the end counts as the end, inside a character as before it."""
    if units <= 0:
        return 0
    if encoding == "utf-32" or body.isascii():
        return min(units, len(body))
    if encoding == "utf-8":
        data = body.encode("utf-8", "surrogatepass")
        while units < len(data) and data[units] & 0xC0 == 0x80:
            units -= 1
        return len(data[:units].decode("utf-8", "surrogatepass"))
    data = body[:units].encode("utf-16-le", "surrogatepass")
    if len(data) > 2 * units and 0xDC <= data[2 * units + 1] < 0xE0 and 0xD8 <= data[2 * units - 1] < 0xDC:
        units -= 1
    return len(data[: 2 * units].decode("utf-16-le", "surrogatepass"))


def to_units(body: str, column: int, encoding: Encoding) -> int:
    """Code units before `column`, as the client counts them."""
    prefix = body[:column]
    if encoding == "utf-32" or prefix.isascii():
        return len(prefix)
    if encoding == "utf-8":
        return len(prefix.encode("utf-8", "surrogatepass"))
    return len(prefix.encode("utf-16-le", "surrogatepass")) // 2


def _joined_surrogates(text: str) -> str:
    """Two halves of a pair that arrived in two edits become one character, as they are for the client."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@dataclass(frozen=True, eq=False)
class Document:
    """One version of an open document. A change gives a new Document; this one never changes."""

    uri: str
    language_id: str
    version: int
    lines: tuple[str, ...]

    @classmethod
    def of(cls, text: str, uri: str = "", language_id: str = "plaintext", version: int = 0) -> Document:
        return cls(uri, language_id, version, tuple(split_lines(_joined_surrogates(text))))

    @cached_property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def end(self) -> Position:
        return Position(len(self.lines) - 1, len(self.lines[-1]))

    @cached_property
    def line_ending(self) -> str:
        """The end of the first line that has one; `\\n` where none has."""
        first = self.lines[0]
        return first[len(line_body(first)) :] or "\n"

    def clamp(self, position: Position) -> Position:
        if position.line < 0:
            return Position(0, 0)
        if position.line >= len(self.lines):
            return self.end
        return Position(position.line, max(0, min(position.column, len(self.body(position.line)))))

    def body(self, line: int) -> str:
        return line_body(self.lines[line])

    def position(self, line: int, units: int, encoding: Encoding) -> Position:
        """The client's position, clamped as LSP says: past the line's end is its end, past the last line the end."""
        if line >= len(self.lines):
            return self.end
        return Position(max(line, 0), to_column(self.body(max(line, 0)), units, encoding))

    def units(self, position: Position, encoding: Encoding) -> int:
        """The client's `character` for a position of ours."""
        return to_units(self.lines[position.line], position.column, encoding)

    def slice(self, span: Span) -> str:
        (first, start), (last, end) = span
        if first == last:
            return self.lines[first][start:end]
        return "".join((self.lines[first][start:], *self.lines[first + 1 : last], self.lines[last][:end]))

    def before(self, position: Position) -> str:
        return self.slice(Span(Position(0, 0), position))

    def after(self, position: Position) -> str:
        return self.slice(Span(position, self.end))

    def whole_lines(self, first: int, last: int) -> Span:
        """Lines `first` to `last`, both included, with their ends."""
        last = min(last, len(self.lines) - 1)
        if last + 1 < len(self.lines):
            return Span(Position(first, 0), Position(last + 1, 0))
        return Span(Position(first, 0), self.end)

    def replaced(self, span: Span, text: str, version: int | None = None) -> Document:
        """The document after one change. Costs the changed lines and a copy of the table of lines."""
        (first, start), (last, end) = span
        middle = self.lines[first][:start] + text + self.lines[last][end:]
        # A \r and a \n that come to stand side by side are one line end: take in the line before.
        if middle[:1] == "\n" and first > 0 and self.lines[first - 1][-1:] == "\r":
            first -= 1
            middle = self.lines[first] + middle
        new = split_lines(_joined_surrogates(middle))
        if last + 1 < len(self.lines) and new[-1]:  # the span took the line's end with it
            last += 1
            new[-1:] = split_lines(new[-1] + self.lines[last])
        if last + 1 < len(self.lines) and not new[-1]:
            new.pop()
        lines = (*self.lines[:first], *new, *self.lines[last + 1 :])
        return replace(self, lines=lines, version=self.version if version is None else version)

    def with_text(self, text: str, version: int | None = None) -> Document:
        return Document.of(text, self.uri, self.language_id, self.version if version is None else version)

    def apply(self, edits: list[Edit]) -> Document:
        """All edits at once; they must not overlap. Raises ValueError if they do."""
        result, before = self, self.end
        for edit in sorted(edits, reverse=True):
            if edit.span.end > before:
                raise ValueError("edits overlap")
            result, before = result.replaced(edit.span, edit.text), edit.span.start
        return result


def smallest_edits(document: Document, span: Span, text: str) -> list[Edit]:
    """The fewest characters to touch so that `span` reads `text`: whole lines that agree are left alone,
    and of each line that differs only the part that differs is replaced."""
    old, new = split_lines(document.slice(span)), split_lines(text)
    edits: list[Edit] = []
    place, reached = span.start, 0
    for (i1, i2), (j1, j2) in differing_lines(old, new):
        place = advance(place, "".join(old[reached:i1]))
        removed, added = "".join(old[i1:i2]), "".join(new[j1:j2])
        head, tail = _common_ends(removed, added)
        start = advance(place, removed[:head])
        end = advance(start, removed[head : len(removed) - tail])
        edits.append(Edit(Span(start, end), added[head : len(added) - tail]))
        place, reached = advance(place, removed), i2
    return edits


Lines = tuple[int, int]  # from, to (not included)


def differing_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[Lines, Lines]]:
    """The runs of lines in which two texts differ, at the fewest lines in all."""
    from rapidfuzz.distance import Indel  # not needed before the first edit

    numbers: dict[str, int] = {}  # what rapidfuzz makes of texts is not always one to one: "" and "\0" are alike
    old_numbers, new_numbers = ([numbers.setdefault(line, len(numbers)) for line in lines] for lines in (old, new))
    runs: list[tuple[Lines, Lines]] = []
    for code in Indel.opcodes(old_numbers, new_numbers):
        if code.tag == "equal":
            continue
        here = ((code.src_start, code.src_end), (code.dest_start, code.dest_end))
        if runs and runs[-1][0][1] == here[0][0] and runs[-1][1][1] == here[1][0]:
            (i1, _), (j1, _) = runs.pop()
            here = ((i1, here[0][1]), (j1, here[1][1]))
        runs.append(here)
    return runs


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """How many characters agree at the head and at the tail; a `\\r\\n` is never torn apart."""
    limit = min(len(old), len(new))
    head = 0
    while head < limit and old[head] == new[head]:
        head += 1
    if head and old[head - 1] == "\r":
        head -= 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if tail and old[-tail] == "\n" and "\r" in (old[-tail - 1 : -tail], new[-tail - 1 : -tail]):
        tail -= 1
    return head, tail


def advance(position: Position, text: str) -> Position:
    """Where one stands after walking over `text` from `position`."""
    lines = split_lines(text)
    if len(lines) == 1:
        return Position(position.line, position.column + len(text))
    return Position(position.line + len(lines) - 1, len(lines[-1]))


def moved_span(span: Span, before: Document, after: Document) -> Span | None:
    """Where the lines of `span` stand in a later version, or None if any of them was touched."""
    head, tail = _common_lines(before.lines, after.lines)
    if span.last_line < head:
        return span
    shift: int | None = len(after.lines) - len(before.lines)
    if span.start.line < len(before.lines) - tail:
        middle = len(before.lines) - tail, len(after.lines) - tail
        shift = _shift_between(span, before.lines[head : middle[0]], after.lines[head : middle[1]], head)
    return None if shift is None else Span(*(Position(place.line + shift, place.column) for place in span))


def _shift_between(span: Span, before: Sequence[str], after: Sequence[str], head: int) -> int | None:
    """By how many lines `span` moved where text changed above and below it; None if it was touched itself."""
    shift = 0
    for (i1, i2), (j1, j2) in differing_lines(before, after):
        if i1 + head > span.last_line:
            break
        if i2 + head > span.start.line:
            return None
        shift += (j2 - j1) - (i2 - i1)
    return shift


def _common_lines(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[int, int]:
    limit = min(len(old), len(new))
    head = 0
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail
