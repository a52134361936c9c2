"""The catalogue: what the menu offers at a place."""

import time

import pytest

from mm_lsp.assist.code_action import Diagnostic, Offer, instruction_in, offers
from mm_lsp.text import Document, Position, Span

from .marked import cursor, selection

CODE = """\
import os

def area(r):
    return 3 * r

def volume(r):
    return 4 * r
"""


def finding(message: str, line: int, start: int = 0, end: int = 1) -> Diagnostic:
    return Diagnostic(Span(Position(line, start), Position(line, end)), message)


def offered(marked: str, *diagnostics: Diagnostic) -> tuple[Document, list[Offer]]:
    document, span = selection(marked)
    return document, offers(document, span, diagnostics)


@pytest.mark.parametrize(
    ("marked", "messages", "ids"),
    [
        ("«x = 1»\n", [], ["rewrite", "document", "explain"]),
        ("«x = 1»\n", ["a", "b"], ["fix", "fix", "rewrite", "document", "explain"]),
        ("x =«» 1\n", [], ["document", "explain"]),
        ("x =«» 1\n", ["a"], ["fix", "document", "explain"]),
        ("\n«»\n", [], []),
        ("\n«»\n", ["a"], ["fix"]),
        ("«\n\n»x\n", [], []),
        ("«  \t\n»", [], []),
        ("«»", [], []),
    ],
)
def test_fixes_come_first_then_the_rows_for_a_selection(marked: str, messages: list[str], ids: list[str]) -> None:
    _, found = offered(marked, *(finding(message, 0) for message in messages))
    assert [offer.id for offer in found] == ids


def test_kinds_titles_and_effects() -> None:
    _, found = offered("«x = 1»\n", finding("x is unused", 0))
    assert [(offer.title, offer.kind, offer.effect) for offer in found] == [
        ("Fix: x is unused", "quickfix", "edit"),
        ("Rewrite…", "refactor.rewrite.mm-lsp.rewrite", "edit"),
        ("Document", "refactor.rewrite.mm-lsp.document", "edit"),
        ("Explain", "refactor.rewrite.mm-lsp.explain", "explain"),
    ]


def test_each_fix_names_its_own_diagnostic() -> None:
    _, found = offered("«»" + CODE, *(finding(f"problem {number}", number % 7) for number in range(100)))
    fixes = [offer for offer in found if offer.id == "fix"]
    assert [offer.diagnostic for offer in fixes] == list(range(100))
    assert all(
        f"line {offer.diagnostic % 7 + 1}," in offer.instruction for offer in fixes if offer.diagnostic is not None
    )
    assert all(offer.diagnostic is None for offer in found if offer.id != "fix")


@pytest.mark.parametrize(
    ("message", "title"),
    [
        ("short", "Fix: short"),
        ("two\nlines  and\ttabs", "Fix: two lines and tabs"),
        ("x" * 80, "Fix: " + "x" * 80),
        ("x" * 81, "Fix: " + "x" * 79 + "…"),
    ],
)
def test_the_title_of_a_fix_is_one_short_line_and_the_task_has_all_of_it(message: str, title: str) -> None:
    _, found = offered("«»x\n", finding(message, 0))
    assert found[0].title == title
    assert found[0].instruction.endswith(" ".join(message.split()))


@pytest.mark.parametrize("marked", ["a\nb«»b\nc\n", "a«a\nb»b\nc", "a\n«b\n»c\n", "a\nb«b»", "«a»", CODE + "«»"])
@pytest.mark.parametrize("line", [0, 1, 99])
def test_only_whole_lines_are_offered(marked: str, line: int) -> None:
    document, found = offered(marked, finding("a", line, 1, 2))
    for offer in found:
        assert offer.span.start.column == 0
        assert offer.span.end.column == 0 or offer.span.end == document.end
        assert document.clamp(offer.span.start) == offer.span.start
        assert document.clamp(offer.span.end) == offer.span.end


@pytest.mark.parametrize(
    ("line", "lines"),
    [(0, "import os\n"), (3, "def area(r):\n    return 3 * r\n"), (6, "def volume(r):\n    return 4 * r\n")],
)
def test_a_fix_covers_the_block_around_its_diagnostic_and_nothing_after_it(line: int, lines: str) -> None:
    document, found = offered("«»" + CODE, finding("a", line))
    assert document.slice(found[0].span) == lines


def test_a_fix_takes_no_line_of_the_next_function() -> None:
    document, found = offered("«»def f():\n    return a\ndef g():\n    return 1\n", finding("a is not defined", 1))
    assert document.slice(found[0].span) == "def f():\n    return a\n"


def test_a_diagnostic_over_several_lines_is_covered_whole() -> None:
    document = Document.of(CODE)
    span = Span(Position(3, 4), Position(5, 3))
    (fix, *_) = offers(document, Span(Position(3, 0), Position(3, 0)), [Diagnostic(span, "a")])
    assert fix.span.start <= span.start
    assert fix.span.end >= span.end


def test_a_fix_in_a_large_block_is_narrowed_to_the_lines_around_it() -> None:
    document, found = offered("«»def f():\n" + "".join(f"    a{n} = {n}\n" for n in range(300)), finding("a", 150))
    text = document.slice(found[0].span)
    assert "a149 = " in text
    assert len(text.splitlines()) < 60


@pytest.mark.parametrize(
    ("marked", "lines"),
    [
        ("def f():\n    ret«»urn 1\n\nx\n", "def f():\n    return 1\n"),
        ("def f«»():\n    return 1\n\nx\n", "def f():\n    return 1\n"),
        ("x«» = 1\ny = 2\n", "x = 1\n"),
        ("function f() {\n  a«»();\n}\nb();\n", "function f() {\n  a();\n}\n"),
    ],
)
def test_an_empty_selection_means_the_block_around_it(marked: str, lines: str) -> None:
    document, found = offered(marked)
    assert {document.slice(offer.span) for offer in found} == {lines}


@pytest.mark.parametrize(
    ("text", "instruction"),
    [
        ("# mm: use a set\nx = []\n", "use a set"),
        ("x = []  # mm: use a set", "use a set"),
        ("// mm: use a set\n", "use a set"),
        ("//mm:use a set\n", "use a set"),
        ("-- mm: use a set\n", "use a set"),
        ("; mm: use a set\n", "use a set"),
        ("% mm: use a set\n", "use a set"),
        ("/* mm: use a set */\n", "use a set"),
        ("<!-- mm: use a set -->\n", "use a set"),
        ('" mm: use a set\n', "use a set"),
        ("# mm: use a set   \r\nx\n", "use a set"),
        ("# mm: first\n# mm: second\n", "first"),
        ("x = 1\n", None),
        ("# comm: a\n", None),
        ("mm: a\n", None),
        ("# mm:\nx = 1\n", None),
        ("# mm:   \n\nx = 1\n", None),
    ],
)
def test_a_comment_may_say_what_to_do(text: str, instruction: str | None) -> None:
    assert instruction_in(text) == instruction


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "between", [" " * 2_000, "\t" * 2_000, "\n" * 2_000, "*/" * 1_000, "# mm: " * 500, "-->" * 900]
)
def test_no_text_takes_long_to_look_through(between: str) -> None:
    start = time.perf_counter()
    instruction_in(f"x # mm: a{between}b")
    instruction_in(f"x #{between}mm:{between}")
    assert time.perf_counter() - start < 0.1


def test_the_comment_is_the_task_of_rewrite_alone() -> None:
    _, found = offered("«# mm: use a set\nx = []\n»")
    assert {offer.id for offer in found if "use a set" in offer.instruction} == {"rewrite"}


def test_a_large_file_with_many_diagnostics_costs_no_time() -> None:
    document, position = cursor(CODE * 500 + "‸" + CODE * 500)
    diagnostics = [finding("a " * 500, number * 7) for number in range(50)]
    start = time.perf_counter()
    offers(document, Span(position, position), diagnostics)
    assert time.perf_counter() - start < 0.05
