"""What an earlier suggestion still answers."""

import pytest

from mm_lsp.assist.completion import Suggestion
from mm_lsp.assist.reuse import Remembered, first_line
from mm_lsp.text import Span

from .marked import accepted, cursor


def left(made_at: str, text: str, now: str, retyped: int = 0) -> str | None:
    """What is left of the suggestion `text`, made where `made_at` has its cursor, at the cursor of `now`."""
    document, start = cursor(made_at)
    remembered = Remembered(
        document, Suggestion(text, Span(start, start._replace(column=start.column + retyped)), text)
    )
    document, position = cursor(now)
    suggestion = remembered.at(document, position)
    if suggestion is None:
        return None
    # However much was typed: accepting must give the text that accepting at once would have given.
    original = remembered.suggestion
    assert accepted(document, suggestion.span, suggestion.text) == accepted(
        remembered.document, original.span, original.text
    )
    assert suggestion.span.start == position
    return suggestion.text


@pytest.mark.parametrize(
    ("made_at", "text", "now", "expected"),
    [
        ("x = ‸", "compute(1)", "x = ‸", "compute(1)"),
        ("x = ‸", "compute(1)", "x = comp‸", "ute(1)"),
        ("x = ‸", "compute(1)", "x = compute(1‸", ")"),
        ("x = ‸", "compute(1)", "x = compute(1)‸", None),
        ("x = ‸", "compute(1)", "x = compute(1)!‸", None),
        ("x = ‸", "compute(1)", "x = cat‸", None),
        ("x = ‸", "compute(1)", "x =‸", None),
        ("x = ‸", "compute(1)", "y = ‸", None),
        ("x = ‸", "compute(1)", "y = c‸", None),
        ("x = ‸\ny\n", "1", "x = ‸\ny\n", "1"),
        ("x = ‸\ny\n", "12", "x = 1‸\ny\n", "2"),
        ("x = ‸\ny\n", "12", "x = 1‸\nY\n", None),
        ("x = ‸\ny\n", "12", "x = 1‸\n\ny\n", None),
        ("w\nx = ‸", "12", "W\nx = 1‸", None),
        ("w\nx = ‸", "12", "x = 1‸", None),
        ("f(‸)", "a, b", "f(a‸)", ", b"),
        ("f(‸)", "a, b", "f(a‸", None),
        ("def f():‸\n", "\n    a = 1\n    b = 2", "def f():\n‸\n", "    a = 1\n    b = 2"),
        ("def f():‸\n", "\n    a = 1\n    b = 2", "def f():\n    a‸\n", " = 1\n    b = 2"),
        ("def f():‸\n", "\n    a = 1\n    b = 2", "def f():\n    a = 1\n    b‸\n", " = 2"),
        ("def f():‸\n", "\n    a = 1\n    b = 2", "def f():\n  ‸\n", "  a = 1\n    b = 2"),
        ("def f():‸\n", "\n    a = 1", "def f():\n\t‸\n", None),
        ("a:‸\r\nz", "\r\n  b\r\n  c", "a:\r\n  b‸\r\nz", "\r\n  c"),
        ("x = ‸", "😀😀", "x = 😀‸", "😀"),
        ("x = ‸", "abc", "‸x = a", None),
        ("x = ‸", "abc", "x = a\n‸", None),
        ("‸", "abc", "a‸", "bc"),
        ("‸", "", "‸", None),
    ],
)
def test_text_typed_along_a_suggestion_leaves_its_rest(made_at: str, text: str, now: str, expected: str | None) -> None:
    assert left(made_at, text, now) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [("f(‸)", "a) {\n  b\n}"), ("f(a‸)", ") {\n  b\n}"), ("f(a)‸)", " {\n  b\n}"), ("f(a‸", None), ("f(a‸))", None)],
)
def test_a_rest_of_the_line_that_is_replaced_must_still_stand(now: str, expected: str | None) -> None:
    assert left("f(‸)", "a) {\n  b\n}", now, retyped=1) == expected


@pytest.mark.parametrize(
    ("text", "line"), [("", ""), ("a", "a"), ("\n  a \nb", "a"), ("a\r\nb", "a"), ("\r\n\r\n", ""), ("a\fb", "a\fb")]
)
def test_lists_show_the_first_line_with_text(text: str, line: str) -> None:
    assert first_line(text) == line
