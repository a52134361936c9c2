"""Edits in three encodings against a reference that knows nothing of lines but their ends, and works on code units."""

import re
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from mm_lsp.text import Document, Edit, Encoding, Position, Span, moved_span, smallest_edits, split_lines

from .pieces import HALVES, positions, texts

CODECS: dict[Encoding, tuple[str, int]] = {
    "utf-8": ("utf-8", 1),
    "utf-16": ("utf-16-le", 2),
    "utf-32": ("utf-32-le", 4),
}
Change = tuple[tuple[int, int], tuple[int, int], str]


class Reference:
    """The whole text as one row of encoded units."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.codec, self.width = CODECS[encoding]
        self.data = self.encoded(text)

    def encoded(self, text: str) -> bytes:
        return text.encode(self.codec, "surrogatepass")

    @property
    def text(self) -> str:
        return self.data.decode(self.codec, "surrogatepass")

    def unit(self, at: int) -> int:
        return int.from_bytes(self.data[at * self.width : (at + 1) * self.width], "little")

    def offset(self, line: int, units: int) -> int:
        """In units. Line by line from the top, as the specification is written."""
        text = self.text
        ends = list(re.finditer("\r\n|\n|\r", text))
        if line > len(ends):
            return len(self.data) // self.width
        start = ends[line - 1].end() if line else 0
        end = ends[line].start() if line < len(ends) else len(text)
        first, length = (len(self.encoded(part)) // self.width for part in (text[:start], text[start:end]))
        at = first + min(units, length)
        while at < first + length and at > first and self.is_inside(at):
            at -= 1
        return at

    def is_inside(self, at: int) -> bool:
        if self.width == 1:
            return self.unit(at) & 0xC0 == 0x80
        return self.width == 2 and 0xDC00 <= self.unit(at) < 0xE000 and 0xD800 <= self.unit(at - 1) < 0xDC00

    def change(self, change: Change) -> None:
        start, end = sorted(self.offset(*place) * self.width for place in change[:2])
        self.data = self.data[:start] + self.encoded(change[2]) + self.data[end:]


def check(encoding: Encoding, text: str, changes: list[Change]) -> None:
    reference, document = Reference(text, encoding), Document.of(text)
    for change in changes:
        places = sorted(document.position(*place, encoding) for place in change[:2])
        reference.change(change)
        document = document.replaced(Span(*places), change[2])
        assert document.text == reference.text
        assert document.lines == tuple(split_lines(reference.text))
        for position in (*places, document.end):
            clamped = document.clamp(position)
            assert document.position(clamped.line, document.units(clamped, encoding), encoding) == clamped


def changes(*more: str) -> st.SearchStrategy[list[Change]]:
    return st.lists(st.tuples(positions(), positions(), texts(*more, size=5)), min_size=1, max_size=6)


@given(st.sampled_from(list(CODECS)), texts(), changes())
@example("utf-16", "a\r\nb", [((0, 2), (1, 0), "\n")])
@example("utf-16", "a\rx\nb", [((1, 0), (1, 1), "")])
@example("utf-8", "é😀", [((0, 1), (0, 4), "x")])
def test_edits_equal_the_reference(encoding: Encoding, text: str, changes: list[Change]) -> None:
    check(encoding, text, changes)


@given(texts(*HALVES, *HALVES), changes(*HALVES))
@example("", [((0, 0), (0, 0), "\ud83d"), ((0, 1), (0, 1), "\ude00"), ((0, 2), (0, 2), "a")])
@example("\ud83dx\ude00", [((0, 1), (0, 2), "")])
def test_halves_of_characters_equal_the_reference_in_utf_16(text: str, changes: list[Change]) -> None:
    check("utf-16", text, changes)


@given(texts())
def test_lines_are_those_of_the_specification(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert all(re.fullmatch(r"[^\r\n]*(\r\n|\n|\r)", line) for line in lines[:-1])
    assert re.fullmatch(r"[^\r\n]*", lines[-1])
    assert not any(above[-1] == "\r" and below[:1] == "\n" for above, below in pairwise(lines))


def is_place(document: Document, position: Position) -> bool:
    """Not past a line's body: so never between a \\r and its \\n."""
    return document.clamp(position) == position


def result(document: Document, edits: list[Edit]) -> str:
    return document.apply(edits).text


@given(texts(), positions(), positions(), texts())
def test_the_smallest_edits_give_the_text_and_tear_no_line_end(
    text: str, start: tuple[int, int], end: tuple[int, int], new: str
) -> None:
    document = Document.of(text)
    span = Span(*sorted(document.position(*place, "utf-32") for place in (start, end)))
    edits = smallest_edits(document, span, new)
    assert result(document, edits) == document.before(span.start) + new + document.after(span.end)
    assert all(is_place(document, edit.span.start) and is_place(document, edit.span.end) for edit in edits)
    assert all(span.start <= edit.span.start <= edit.span.end <= span.end for edit in edits)
    assert all(edit.text != document.slice(edit.span) for edit in edits)
    if document.slice(span) == new:
        assert edits == []


@given(st.lists(texts("xy", "z", size=4), min_size=1, max_size=12), st.data())
def test_lines_that_agree_are_left_untouched(parts: list[str], data: st.DataObject) -> None:
    lines = [str(number) + re.sub("[\r\n]", "", part) for number, part in enumerate(parts)]
    end = data.draw(st.sampled_from(["\n", "\r", "\r\n"]))
    changed = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    document = Document.of(end.join(lines))
    new = end.join(f"{line}!" if number in changed else line for number, line in enumerate(lines))
    edits = smallest_edits(document, Span(Position(0, 0), document.end), new)
    assert result(document, edits) == new
    for number in set(range(len(lines))) - changed:
        inside = Span(Position(number, 0), Position(number, len(lines[number])))
        assert not any(edit.span.start < inside.end and edit.span.end > inside.start for edit in edits)


@given(texts(), positions(), positions(), changes())
def test_a_span_that_moved_still_holds_its_text(
    text: str, start: tuple[int, int], end: tuple[int, int], changes: list[Change]
) -> None:
    before = Document.of(text)
    span = Span(*sorted(before.position(*place, "utf-32") for place in (start, end)))
    after = before
    for first, last, new in changes:
        after = after.replaced(Span(*sorted(after.position(*place, "utf-32") for place in (first, last))), new)
    moved = moved_span(span, before, after)
    if moved is not None:
        assert is_place(after, moved.start)
        assert is_place(after, moved.end)
        assert after.slice(moved) == before.slice(span)
    if before.text == after.text:
        assert moved == span
