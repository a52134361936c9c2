"""The smallest edits that lead to a new text, and where a span stands in a later version."""

import time

import pytest

from mm_lsp.text import Document, Edit, Position, Span, moved_span, smallest_edits

from .marked import selection


def _shown(document: Document, edits: list[Edit]) -> list[tuple[int, int, str, str]]:
    """Each edit as (line, column, what goes, what comes)."""
    return [(*edit.span.start, document.slice(edit.span), edit.text) for edit in edits]


@pytest.mark.parametrize(
    ("marked", "text", "edits"),
    [
        ("«»", "", []),
        ("«abc»", "abc", []),
        ("«a\nb\n»", "a\nb\n", []),
        ("«abc»", "aXc", [(0, 1, "b", "X")]),
        ("«abc»", "", [(0, 0, "abc", "")]),
        ("«»", "abc", [(0, 0, "", "abc")]),
        ("«abc»", "abcd", [(0, 3, "", "d")]),
        ("«abc»", "zabc", [(0, 0, "", "z")]),
        ("«a\nb\nc\n»", "a\nX\nc\n", [(1, 0, "b", "X")]),
        ("«a\nb\nc\n»", "a\nc\n", [(1, 0, "b\n", "")]),
        ("«a\nc\n»", "a\nb\nc\n", [(1, 0, "", "b\n")]),
        ("«a\nb\n»", "a\nb\nc\n", [(2, 0, "", "c\n")]),
        ("«a\nb»", "a\nb\nc", [(1, 1, "", "\nc")]),
        ("«one\ntwo\nthree\n»", "One\ntwo\nThree\n", [(0, 0, "o", "O"), (2, 0, "t", "T")]),
        ("x = «1» + 1", "2", [(0, 4, "1", "2")]),
        ("a\n  «b\n  c»\nd", "B\n  c", [(1, 2, "b", "B")]),
        ("«a\r\nb\r\n»", "a\r\nc\r\n", [(1, 0, "b", "c")]),
        ("«a\r\nb\r\n»", "a\nb\r\n", [(0, 1, "\r\n", "\n")]),
        ("«a\nb\n»", "a\r\nb\n", [(0, 1, "\n", "\r\n")]),
        ("«a\rb»", "a\r\nb", [(0, 1, "\r", "\r\n")]),
        ("«aa\r\n»", "aa", [(0, 2, "\r\n", "")]),
        ("«a\fb\nc\n»", "a\fb\nd\n", [(1, 0, "c", "d")]),
        ("«a\u2028b\nc»", "a\u2028b\nd", [(1, 0, "c", "d")]),
        ("«😀😀»", "😀x😀", [(0, 1, "", "x")]),
        ("«»", "\0", [(0, 0, "", "\0")]),
    ],
)
def test_only_what_differs_is_touched(marked: str, text: str, edits: list[tuple[int, int, str, str]]) -> None:
    document, span = selection(marked)
    found = smallest_edits(document, span, text)
    assert _shown(document, found) == edits
    assert document.apply(found).text == document.before(span.start) + text + document.after(span.end)


def test_lines_that_agree_are_left_alone() -> None:
    old = [f"line {number}\n" for number in range(200)]
    new = [line.upper() if number % 50 == 25 else line for number, line in enumerate(old)]
    document = Document.of("".join(old))
    edits = smallest_edits(document, Span(Position(0, 0), document.end), "".join(new))
    assert {edit.span.start.line for edit in edits} == {25, 75, 125, 175}
    assert all(edit.span.start.line == edit.span.end.line for edit in edits)


def test_a_rewrite_of_a_large_file_does_not_hold_the_loop_up() -> None:
    old, new = (
        "".join(f"{word} f{n}({word} a)\n{{\n    {word} x = {n};\n\n    return x;\n}}\n\n" for n in range(200))
        for word in ("int", "long")
    )
    document = Document.of(old)
    start = time.perf_counter()
    edits = smallest_edits(document, Span(Position(0, 0), document.end), new)
    assert time.perf_counter() - start < 0.5
    assert document.apply(edits).text == new


@pytest.mark.parametrize(
    ("marked", "after", "expected"),
    [
        ("a\n«b\n»c\n", "a\nb\nc\n", ((1, 0), (2, 0))),
        ("a\n«b\n»c\n", "a\nb\nc\nd\n", ((1, 0), (2, 0))),
        ("a\n«b\n»c\n", "x\na\nb\nc\n", ((2, 0), (3, 0))),
        ("a\n«b\n»c\n", "b\nc\n", ((0, 0), (1, 0))),
        ("a\n«b\n»c\n", "A\nb\nc\n", ((1, 0), (2, 0))),
        ("a\n«b\n»c\n", "a\nb\nC\n", ((1, 0), (2, 0))),
        ("a\n«b\n»c\n", "a\nb\nx\nc\n", ((1, 0), (2, 0))),
        ("a\n«b\n»c\n", "a\nx\nb\nc\n", ((2, 0), (3, 0))),
        ("a\n«b\n»c\n", "a\nB\nc\n", None),
        ("a\n«b\n»c\n", "a\nc\n", None),
        ("a\n«b\n»c\n", "", None),
        ("a\n«b\nc\n»d\n", "a\nb\nx\nc\nd\n", None),
        ("a\nx«b»y\nc\n", "n\nn\na\nxby\nc\n", ((3, 1), (3, 2))),
        ("a\nx«b»y\nc\n", "a\nxby!\nc\n", None),
        ("a\n«b»", "x\na\nb", ((2, 0), (2, 1))),
        ("a\n«b»", "a\nb\n", None),
        ("«»a\n", "a\nb\n", ((0, 0), (0, 0))),
        ("a\r\n«b\r\n»", "x\r\na\r\nb\r\n", ((2, 0), (3, 0))),
        ("a\n«b\n»c\n", "A\nb\nC\n", ((1, 0), (2, 0))),
        ("a\n«b\nc\n»d\n", "n\na\nb\nc\nn\n", ((2, 0), (4, 0))),
        ("a\n«b\nc\n»d\n", "A\nb\nx\nc\nD\n", None),
        ("a\n«b\n»c\n", "A\nx\nb\ny\nC\n", ((2, 0), (3, 0))),
        ("a\n«b\n»c\n", "A\nB\nC\n", None),
    ],
)
def test_a_span_moves_with_its_lines_or_is_gone(
    marked: str, after: str, expected: tuple[tuple[int, int], tuple[int, int]] | None
) -> None:
    before, span = selection(marked)
    later = before.with_text(after)
    moved = moved_span(span, before, later)
    assert moved == expected
    if moved is not None:
        assert later.slice(moved) == before.slice(span)
