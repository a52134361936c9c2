"""What the model sees of the code."""

import pytest

from mm_lsp.assist.context import enclosing_block, line_prefix, line_rest, near, others, window
from mm_lsp.text import Document, Span
from mm_lsp.tokens import estimate

from .marked import cursor, selection

LINES = "".join(f"value_{n:04} = compute({n:04})\n" for n in range(1000))


def windowed(marked: str, budget: int) -> tuple[str, str]:
    document, span = selection(marked)
    return window(document, span, budget)


@pytest.mark.parametrize(
    ("marked", "before", "after"),
    [
        ("«»", "", ""),
        ("ab«»cd", "ab", "cd"),
        ("a\nb«»c\nd", "a\nb", "c\nd"),
        ("a\n«b\n»c\nd", "a\n", "c\nd"),
        ("a\nb«b\nc»c\nd", "a\nb", "c\nd"),
        ("a\r\nb«»\r\nc", "a\r\nb", "\r\nc"),
    ],
)
def test_a_small_file_is_seen_whole(marked: str, before: str, after: str) -> None:
    assert windowed(marked, 1000) == (before, after)


@pytest.mark.parametrize("budget", [100, 300, 1000, 3000])
def test_the_budget_is_kept_and_three_quarters_go_to_what_stands_before(budget: int) -> None:
    before, after = windowed(LINES + "here«»there\n" + LINES, budget)
    assert 0.8 * budget < estimate(before) + estimate(after) <= budget
    assert 2 < estimate(before) / estimate(after) < 4.5
    assert (before[:6], before[-5:]) == ("value_", "\nhere")
    assert (after[:6], after[-2:]) == ("there\n", ")\n")


@pytest.mark.parametrize(
    ("marked", "least_before", "least_after"),
    [("«»" + LINES, 0, 900), (LINES + "«»", 900, 0), ("a\n«»" + LINES, 0, 850), (LINES + "«»\na\n", 850, 0)],
)
def test_what_one_side_leaves_goes_to_the_other(marked: str, least_before: int, least_after: int) -> None:
    before, after = windowed(marked, 1000)
    assert estimate(before) >= least_before
    assert estimate(after) >= least_after
    assert estimate(before) + estimate(after) <= 1000


def test_only_the_part_of_a_very_long_line_that_is_near_is_seen() -> None:
    before, after = windowed("a" * 50_000 + "«»" + "b" * 50_000, 4000)
    assert (before, after) == ("a" * len(before), "b" * len(after))
    assert 500 <= len(before) <= 4000
    assert 500 <= len(after) <= 4000


def test_a_long_line_that_is_cut_does_not_run_into_the_next() -> None:
    before, after = windowed("first\n" + "a" * 5000 + "«»" + "b" * 5000 + "\nlast\n", 4000)
    assert before.startswith("first\na")
    assert after.endswith("b\nlast\n")


@pytest.mark.parametrize("budget", [-100, 0, 1, 5])
def test_no_budget_is_no_fault(budget: int) -> None:
    before, after = windowed("a\n" * 50 + "here«»there\n" + "b\n" * 50, budget)
    assert (before[-4:], after[:5]) == ("here", "there")


@pytest.mark.parametrize(
    ("files", "budget", "expected"),
    [
        ([], 1000, []),
        ([("a", "x = 1\n"), ("b", "y = 1\n")], 1000, ["a", "b"]),
        ([("a", ""), ("b", " \n\n"), ("c", "y = 1\n")], 1000, ["c"]),
        ([("a", LINES), ("b", "y = 1\n")], 300, ["a"]),
        ([("a", "x = 1\n"), ("b", LINES), ("c", "z = 1\n")], 300, ["a", "b"]),
        ([("a", "x" * 10_000), ("b", "y = 1\n")], 300, ["b"]),
        ([("a", "x = 1\n")], 0, []),
        ([("a", "x = 1\n")], -50, []),
    ],
)
def test_others_are_taken_by_recency_while_the_budget_lasts(
    files: list[tuple[str, str]], budget: int, expected: list[str]
) -> None:
    snippets = others([(path, Document.of(text)) for path, text in files], budget)
    assert [snippet.path for snippet in snippets] == expected
    assert sum(estimate(snippet.text) for snippet in snippets) <= max(budget, 0)
    assert all(not snippet.text.startswith("\n") and not snippet.text.endswith("\n") for snippet in snippets)


def test_a_snippet_is_the_head_of_its_file_in_whole_lines() -> None:
    (snippet,) = others([("a", Document.of(LINES))], 200)
    assert LINES.startswith(snippet.text + "\n")


PYTHON = """\
import os

class Shape:
    name = "shape"

    def area(self):
        if self.name:
            return 1

        return 0

    def other(self): pass

x = 1
"""
BRACES = """\
#include <a>

int main() {
  if (a) {
    b();
  } else {
    c();
  }
  return 0;
}

int x;
"""


@pytest.mark.parametrize(
    ("text", "line", "first", "last"),
    [
        (PYTHON, 0, 0, 0),
        (PYTHON, 2, 2, 11),
        (PYTHON, 3, 2, 11),
        (PYTHON, 5, 5, 9),
        (PYTHON, 6, 6, 7),
        (PYTHON, 7, 6, 7),
        (PYTHON, 9, 5, 9),
        (PYTHON, 11, 2, 11),
        (PYTHON, 13, 13, 13),
        (BRACES, 0, 0, 0),
        (BRACES, 2, 2, 9),
        (BRACES, 8, 2, 9),
        (BRACES, 3, 3, 7),
        (BRACES, 4, 3, 7),
        (BRACES, 6, 5, 7),
        (BRACES, 11, 11, 11),
        ("f(\n  a,\n  b\n)\nc\n", 1, 0, 3),
        ("f(\n  a,\n  b\n)\nc\n", 0, 0, 3),
        ("function f()\n{\n  a();\n}\nb();\n", 2, 1, 3),
        ("x\n", 99, 1, 1),
        ("", 0, 0, 0),
        ("\tif a:\n\t\tb\n\tc\n", 1, 0, 1),
    ],
)
def test_the_innermost_block_is_found_by_indentation(text: str, line: int, first: int, last: int) -> None:
    document = Document.of(text)
    assert enclosing_block(document, line) == document.whole_lines(first, last)


def test_a_block_without_end_is_cut() -> None:
    document = Document.of("def f():\n" + "    a = 1\n" * 10_000)
    block = enclosing_block(document, 50)
    assert block.end.line - block.start.line <= 90


@pytest.mark.parametrize(
    ("marked", "prefix", "rest"),
    [("‸", "", ""), ("ab‸cd\n", "ab", "cd"), ("a\nb‸c\r\nd", "b", "c"), ("a\n‸", "", ""), ("a‸\n", "a", "")],
)
def test_the_two_parts_of_the_line(marked: str, prefix: str, rest: str) -> None:
    document, position = cursor(marked)
    assert (line_prefix(document, position), line_rest(document, position)) == (prefix, rest)
    assert document.slice(Span(position, position)) == ""


@pytest.mark.parametrize(
    ("marked", "lines", "before", "after"),
    [
        ("‸", 3, "", ""),
        ("a\nb‸c\nd", 9, "a\nb", "c\nd"),
        ("a\nb\nc‸c\nd\ne\n", 1, "b\nc", "c\nd\n"),
        ("a\nb\nc‸c\nd\ne\n", 0, "c", "c\n"),
        ("a\r\n‸", 1, "a\r\n", ""),
    ],
)
def test_what_is_near_is_so_many_lines_each_way(marked: str, lines: int, before: str, after: str) -> None:
    assert near(*cursor(marked), lines) == (before, after)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("", 0, 0), ("a", 1, 1), ("x" * 350, 100, 130), ("中" * 100, 60, 110), ("😀" * 100, 60, 110), ("\ud83d", 1, 2)],
)
def test_tokens_are_estimated_a_little_high(text: str, least: int, most: int) -> None:
    assert least <= estimate(text) <= most
