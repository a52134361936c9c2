"""Inline completion: the question, and the suggestion in a reply."""

import pytest

from mm_lsp.assist.completion import Place, is_enough, request_for, suggestion_from
from mm_lsp.messages import ModelRequest
from mm_lsp.redact import Redactor
from mm_lsp.settings import CompletionSettings
from mm_lsp.text import Document, Position, Span
from mm_lsp.tokens import estimate

from .marked import accepted, cursor, place_after

SETTINGS = CompletionSettings()


def ask(marked: str, others: tuple[tuple[str, str], ...] = (), settings: CompletionSettings = SETTINGS) -> ModelRequest:
    documents = [(path, Document.of(text)) for path, text in others]
    return request_for(Place(*cursor(marked)), "src/a.py", documents, settings, Redactor())


def contents(request: ModelRequest) -> tuple[str, str]:
    system, user = request.messages
    assert (system.role, user.role) == ("system", "user")
    return system.content, user.content


def test_the_question_names_file_language_and_the_code_around_one_hole() -> None:
    request = ask("def f():\n    return ‸\n\nf()\n")
    _, user = contents(request)
    assert user == "File: src/a.py\nLanguage: python\n\ndef f():\n    return <|hole|>\n\nf()\n"
    assert (request.feature, request.max_tokens) == ("completion", 2048)


@pytest.mark.parametrize("name", ["max_lines", "max_tokens"])
def test_limits_are_those_of_the_settings(name: str) -> None:
    request = ask("‸", settings=CompletionSettings(**{name: 77}))
    assert ("at most 77 lines" in contents(request)[0], request.max_tokens) == (
        name == "max_lines",
        77 if name == "max_tokens" else 2048,
    )


@pytest.mark.parametrize(
    ("marked", "others", "hole"),
    [
        ("a‸b", (), "<|hole|>"),
        ("'<|hole|>'‸", (), "<|hole2|>"),
        ("‸'<|hole|>' '<|hole2|>'", (), "<|hole3|>"),
        ("x = ‸", (("b.py", "HOLE = '<|hole|>'"),), "<|hole2|>"),
    ],
)
def test_the_hole_is_marked_once_with_a_marker_that_stands_nowhere_else(
    marked: str, others: tuple[tuple[str, str], ...], hole: str
) -> None:
    system, user = contents(ask(marked, others))
    assert user.count(hole) == 1
    assert hole in system
    before, after = user.split(hole)
    assert before.endswith(marked.split("‸")[0])
    assert after == marked.split("‸")[1]


def test_the_system_part_is_the_same_byte_for_byte_between_keystrokes() -> None:
    code = "def area(radius):\n    return "
    parts = {contents(ask(f"{code[:n]}‸{code[n:]}", (("b.py", code[: n + 3]),)))[0] for n in range(len(code))}
    assert len(parts) == 1


def test_braces_in_the_code_are_no_blanks() -> None:
    _, user = contents(ask("{{hole}} {{file}} {{nonsense}} ‸ {{before}}", (("{{after}}", "{{others}}"),)))
    assert user.endswith("{{hole}} {{file}} {{nonsense}} <|hole|> {{before}}")
    assert "Open file: {{after}}\n\n{{others}}\n" in user


def test_others_come_before_the_file_the_most_recent_nearest() -> None:
    _, user = contents(ask("‸", (("new.py", "new = 1\n"), ("old.py", "old = 1\n"))))
    order = [user.index(part) for part in ("old.py", "old = 1", "new.py", "new = 1", "src/a.py", "<|hole|>")]
    assert order == sorted(order)


def test_others_and_the_file_together_stay_within_the_budget() -> None:
    big = "value = compute(1, 2, 3)\n" * 2000
    _, user = contents(ask(big + "‸" + big, (("b.py", big), ("c.py", big)), CompletionSettings(context_tokens=1000)))
    assert 800 < estimate(user) < 1100
    assert "b.py" in user
    assert "c.py" not in user


def test_an_empty_document_among_the_others_is_left_out() -> None:
    _, user = contents(ask("‸", (("b.py", ""), ("c.py", "\n\n"), ("d.py", "d = 1\n"))))
    assert [name for name in ("b.py", "c.py", "d.py") if name in user] == ["d.py"]


def suggested(marked: str, reply: str, max_lines: int = 30) -> str | None:
    """The document with the suggestion accepted, the cursor behind the new text; None without a suggestion."""
    document, position = cursor(marked)
    suggestion = suggestion_from(f"<completion>{reply}</completion>", Place(document, position), max_lines)
    if suggestion is None:
        return None
    assert suggestion.span.start == position
    assert suggestion.span.end.line == position.line
    return accepted(document, suggestion.span, suggestion.text)


@pytest.mark.parametrize(
    ("marked", "reply", "after"),
    [
        ("x = ‸", "1", "x = 1"),
        ("x = ‸\ny = 2\n", "1", "x = 1\ny = 2\n"),
        ("def f():\n    ‸\n", "a = 1\n    return a", "def f():\n    a = 1\n    return a\n"),
        ("def f():‸\n", "\n    return 1", "def f():\n    return 1\n"),
        ("f(‸)", "1, 2)", "f(1, 2)"),
        ("f(‸)", "1, 2", "f(1, 2)"),
        ("f(‸);", "a);", "f(a);"),
        ("f(‸)", "g(1))", "f(g(1))"),
        ("f(‸)", "g(1)", "f(g(1))"),
        ("print(‸)\n", "len(x)", "print(len(x))\n"),
        ("xs[‸]", "i[0]", "xs[i[0]]"),
        ("print(‸);", "len(x));", "print(len(x));"),
        ("xs = [‸]", "1, 2]", "xs = [1, 2]"),
        ('s = "‸"', 'text"', 's = "text"'),
        ("if (‸) {", "a > b) {", "if (a > b) {"),
        ("function f(‸) {\n}", "a) {\n  return a;", "function f(a) {\n  return a;\n}"),
        ("f(‸)", "\n    1,\n)", "f(\n    1,\n)"),
        ("items.map(‸)", "(x) => {\n  return x;\n})", "items.map((x) => {\n  return x;\n})"),
        ("return ‸ + c", "a + b\nprint(1)", "return a + b + c"),
        ("a\r\nb = ‸\r\n", "1\nc = 2", "a\r\nb = 1\r\nc = 2\r\n"),
        ("a\rb = ‸\r", "1\nc = 2", "a\rb = 1\rc = 2\r"),
        ("😀 = '‸'\n", "é中'", "😀 = 'é中'\n"),
        ("x = ‸  \ny\n", "1", "x = 1  \ny\n"),
        ("x = ‸", "", None),
        ("x = ‸", "\n\n", None),
        ("f(‸)", ")", None),
    ],
)
def test_accepting_a_suggestion_gives_right_text(marked: str, reply: str, after: str | None) -> None:
    assert suggested(marked, reply) == after


@pytest.mark.parametrize(
    ("max_lines", "after"),
    [(1, "x = [\n"), (2, "x = [\n  1,\n"), (3, "x = [\n  1,\n  2,\n"), (9, "x = [\n  1,\n  2,\n]\n")],
)
def test_a_suggestion_has_no_more_lines_than_allowed(max_lines: int, after: str) -> None:
    assert suggested("x = ‸\n", "[\n  1,\n  2,\n]", max_lines) == after


def test_a_part_of_a_reply_is_a_suggestion_too() -> None:
    place = Place(*cursor("x = ‸"))
    found = [
        suggestion_from(part, place, 30) for part in ("<comp", "<completion>", "<completion>so", "<completion>some</c")
    ]
    assert [found and found.text for found in found[1:]] == [None, "so", "some"]


# The selected entry covers `print(`, or a part of it that is typed already.
@pytest.mark.parametrize(
    ("marked", "start", "end", "selected", "reply", "text"),
    [
        ("pri‸", 0, 3, "print", "('hi')", "print('hi')"),
        ("pri‸", 0, 3, "print", "print('hi')", "print('hi')"),
        ("pri‸nt", 0, 5, "print", "('hi')", "print('hi')"),
        ("x.app‸", 2, 5, "append", "(1)", "append(1)"),
        ("x.‸", 2, 2, "append", "(1)", "append(1)"),
        ("pri‸", 0, 3, "print", "", None),
        ("f(pri‸)", 2, 5, "print", "('hi'))", "print('hi')"),
        ("  pri‸", 2, 5, "print", "  print(1)", "print(1)"),
    ],
)
def test_a_suggestion_goes_on_from_the_selected_entry(
    marked: str, start: int, end: int, selected: str, reply: str, text: str | None
) -> None:
    document, position = cursor(marked)
    covered = Span(Position(0, start), Position(0, end))
    suggestion = suggestion_from(
        f"<completion>{reply}</completion>", Place(document, position, (covered, selected)), 30
    )
    assert (suggestion and suggestion.text) == text
    if suggestion:
        assert suggestion.span == covered
        assert suggestion.text == selected + suggestion.insertion


@pytest.mark.parametrize(
    ("marked", "selected"),
    [("pri‸", "print"), ("pri‸ + 1\n", "print"), ("mai‸\n", "main() {\n    \n}"), ("😀‸", "😀😀\n😀")],
)
def test_the_question_stands_behind_the_selected_entry(marked: str, selected: str) -> None:
    document, position = cursor(marked)
    place = Place(document, position, (Span(Position(0, 0), position), selected))
    assert place.typed.text == selected + marked.split("‸")[1]
    assert place.cursor == place_after(selected)
    _, user = contents(request_for(place, "a.py", [], SETTINGS, Redactor()))
    assert user.endswith(selected + "<|hole|>" + marked.split("‸")[1])


@pytest.mark.parametrize(
    ("raw", "enough"),
    [
        ("", False),
        ("<completion>a", False),
        ("<completion>a</completion>", True),
        ("talk " * 1000, False),
        ("<completion>" + "a\n" * 100, False),
        ("<completion>" + "a\n" * 200, True),
    ],
)
def test_the_stream_is_left_when_the_answer_is_closed_or_too_long(raw: str, enough: bool) -> None:
    assert is_enough(raw, 30) is enough
