"""The part of a document that is searched for secrets, and where places in it stand after they are replaced."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from mm_lsp.redact.finding import Finding, Replacement
from mm_lsp.text import Document, Position, Span

Lines = tuple[int, int]  # from, to (not included)


def lines_around(document: Document, place: Span, reach: int) -> Lines:
    """The lines of `place`, and as many above and below as `reach` characters on each side have room for."""
    lines = document.lines
    first, last = place.start.line, place.end.line + 1
    above = reach - place.start.column
    while first > 0 and len(lines[first - 1]) <= above:
        first -= 1
        above -= len(lines[first])
    below = reach - (len(lines[last - 1]) - place.end.column)
    while last < len(lines) and len(lines[last]) <= below:
        below -= len(lines[last])
        last += 1
    return first, last


class Window(NamedTuple):
    """Lines of a document from `first` on. `starts`: where in `text` each of them begins, and the end."""

    first: int
    starts: list[int]
    text: str

    @classmethod
    def of(cls, document: Document, lines: Lines) -> Window:
        texts = document.lines[slice(*lines)]
        return cls(lines[0], [0, *accumulate(map(len, texts))], "".join(texts))

    def offset(self, position: Position) -> int:
        return self.starts[position.line - self.first] + position.column

    def range_of(self, lines: Lines, findings: Sequence[Finding]) -> tuple[int, int]:
        """Start and end of `lines` in `text`, widened to whole lines of every finding that lies across an edge."""
        start, end = (self.starts[line - self.first] for line in lines)
        for finding in findings:
            if finding.start < end < finding.end:
                end = self.starts[bisect_right(self.starts, finding.end - 1)]
        for finding in reversed(findings):
            if finding.start < start < finding.end:
                start = self.starts[bisect_right(self.starts, finding.start) - 1]
        return start, end


def moved(span: tuple[int, int], instead: Sequence[Replacement]) -> tuple[int, int]:
    """Where `span` stands once everything is replaced. An end inside of a secret goes to the placeholder's outer
    end, and an empty span behind it."""
    start, end = span
    new_end = _moved(end, instead, to_end=True)
    return (new_end if start == end else _moved(start, instead, to_end=False)), new_end


def _moved(offset: int, instead: Sequence[Replacement], to_end: bool) -> int:
    shift = 0
    for (start, end, _), words in instead:
        if offset <= start:
            break
        if offset < end:
            return start + shift + (len(words) if to_end else 0)
        shift += len(words) - (end - start)
    return offset + shift


def positions(document: Document, span: tuple[int, int]) -> Span:
    """Offsets in `document`, as places in it."""
    starts = [0, *accumulate(map(len, document.lines))][:-1]
    lines = [bisect_right(starts, offset) - 1 for offset in span]
    start, end = (Position(line, offset - starts[line]) for line, offset in zip(lines, span, strict=True))
    return Span(start, end)
