"""A chat reply → the text for the cursor: one table for each rule of assist/cleaning.py."""

import time

import pytest

from mm_lsp.assist.cleaning import answer_is_closed, clean, overlap


def check(marked: str, raw: str, wanted: str) -> None:
    prefix, suffix = marked.split("‸")
    assert clean(raw, prefix, suffix, "python") == wanted


def tag(text: str) -> str:
    return f"<completion>{text}</completion>"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (tag("1 + 2"), "1 + 2"),
        ("<completion>1 + 2", "1 + 2"),
        ("<completion>1 + 2</", "1 + 2"),
        ("<completion>1 + 2</compl", "1 + 2"),
        ("<completion>1 + 2</completion", "1 + 2"),
        ("<completion>1 < 2", "1 < 2"),
        ("<COMPLETION>1 + 2</COMPLETION>", "1 + 2"),
        ("<Completion >1 + 2</Completion >", "1 + 2"),
        ('<completion lang="py">1 + 2</completion>', "1 + 2"),
        ("Here you are:\n<completion>1 + 2</completion>", "1 + 2"),
        ("<completion>1 + 2</completion>\nThat adds up.", "1 + 2"),
        ("<completion>1</completion>\n<completion>2</completion>", "1"),
        ("1 + 2", "1 + 2"),
        ("1 + 2</completion>", "1 + 2"),
        ("1 + 2\n", "1 + 2"),
        ("<completions>", "<completions>"),
        (tag(""), ""),
        (tag("  \n\n "), ""),
        ("<completion>", ""),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_the_first_element_is_the_answer_and_no_element_is_forgiven(raw: str, wanted: str) -> None:
    check("x = ‸", raw, wanted)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (f"<think>sums</think>\n\n{tag('1')}", "1"),
        (f"\n<think>\nsums\n</think>{tag('1')}", "1"),
        (f"<thinking>sums</thinking>{tag('1')}", "1"),
        (f"<think>perhaps {tag('0')}</think>{tag('1')}", "1"),
        (tag("parse('<think>a</think>')"), "parse('<think>a</think>')"),
    ],
)
def test_thinking_at_the_head_is_dropped(raw: str, wanted: str) -> None:
    check("x = ‸", raw, wanted)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("```python\n1 + 2\n```", "1 + 2"),
        ("```\n1 + 2\n```\n", "1 + 2"),
        ("~~~py\n1 + 2\n~~~", "1 + 2"),
        ("````\n1 + 2\n````", "1 + 2"),
        ("```python\n1 + 2", "1 + 2"),
        ("Sure!\n```python\n1 + 2\n```\nThis adds.", "1 + 2"),
        (tag("```python\n1 + 2\n```"), "1 + 2"),
        (tag("\n```python\n1 + 2\n```\n"), "1 + 2"),
        ("```xml\n" + tag("1 + 2") + "\n```", "1 + 2"),
        ("````md\n```py\n1\n```\n````", "```py\n1\n```"),
        ("```\n```", ""),
        (tag("```\n```"), ""),
        (tag("a ``` b"), "a ``` b"),
        (tag("f(`a`)"), "f(`a`)"),
        (tag("'''\n```py\nf()\n```\n'''"), "'''\n```py\nf()\n```\n'''"),
        (tag("```py\n1\n```\nThen more text."), "```py\n1\n```\nThen more text."),
    ],
)
def test_a_fence_around_the_answer_goes_and_one_inside_it_stays(raw: str, wanted: str) -> None:
    check("x = ‸", raw, wanted)


@pytest.mark.parametrize(
    ("marked", "raw", "wanted"),
    [
        ("‸", tag("\nimport os"), "import os"),
        ("x = ‸", tag("\n1"), "1"),
        ("x = ‸", tag("\n\n1\n"), "1"),
        ("x = 1\n‸", tag("\ny = 2"), "y = 2"),
        ("def f():‸", tag("\n    return 1"), "\n    return 1"),
        ("def f():\n    x = 1‸", tag("\n    return x"), "\n    return x"),
        ("if (a) {‸\n}", tag("\n  b();"), "\n  b();"),
        ("b();‸", tag("\nc();"), "\nc();"),
        ("xs = [‸\n]", tag("\n    1,"), "\n    1,"),
        ("f(‸)", tag("\n    1,\n"), "\n    1,"),
        ("    1,‸", tag("\n    2,"), "\n    2,"),
        ("class A‸", tag("\n:"), ":"),
    ],
)
def test_a_line_end_at_the_head_is_habit_unless_the_line_is_complete(marked: str, raw: str, wanted: str) -> None:
    check(marked, raw, wanted)


@pytest.mark.parametrize(
    ("marked", "raw", "wanted"),
    [
        ("total = ‸", tag("total = a + b"), "a + b"),
        ("    total = ‸", tag("    total = a + b"), "a + b"),
        ("    total = ‸", tag("total = a + b"), "a + b"),
        ("\ttotal = ‸", tag("\ttotal = 1"), "1"),
        ("def add(a, b):‸", tag("def add(a, b):\n    return a + b"), "\n    return a + b"),
        ("import os‸", tag("\nimport os\nimport sys"), "\nimport sys"),
        ("x‸", tag("x = 1"), "x = 1"),
        ("a = b‸", tag(" + c"), " + c"),
        ("def double(a):\n‸", tag("def double(a):\n    return 2 * a"), "    return 2 * a"),
        ("def half(a):\n    b = a\n‸", tag("def half(a):\n    b = a\n    return b"), "    return b"),
        ("def double(a):\r\n‸", tag("def double(a):\r\n    return 2 * a"), "    return 2 * a"),
        ("}\n‸", tag("}\n}"), "}\n}"),
    ],
)
def test_an_echo_of_the_text_before_the_cursor_goes(marked: str, raw: str, wanted: str) -> None:
    check(marked, raw, wanted)


@pytest.mark.parametrize(
    ("marked", "raw", "wanted"),
    [
        ("def f():\n    ‸", tag("return 1"), "return 1"),
        ("def f():\n    ‸", tag("    return 1"), "return 1"),
        ("def f():\n    ‸", tag("\n    return 1"), "return 1"),
        ("def f():\n    ‸", tag("    a = 1\n    return a"), "a = 1\n    return a"),
        ("def f():\n    ‸", tag("a = 1\n    return a"), "a = 1\n    return a"),
        ("def f():\n    ‸", tag("  return 1"), "return 1"),
        ("\t‸", tag("\treturn"), "return"),
        ("def f():\n‸", tag("    return 1"), "    return 1"),
        ("  ‸", tag("    deeper"), "  deeper"),
    ],
)
def test_the_indentation_before_the_cursor_is_not_typed_twice(marked: str, raw: str, wanted: str) -> None:
    check(marked, raw, wanted)


@pytest.mark.parametrize(
    ("marked", "raw", "wanted"),
    [
        ("def f():\n    ‸\n\nprint(f())\n", tag("return 1\n\nprint(f())"), "return 1"),
        ("def f():\n    ‸\n\nprint(f())\n", tag("return 1\n\nprint(f())\n"), "return 1"),
        ("a = ‸\nb = 2\nc = 3\n", tag("1\nb = 2\nc = 3"), "1"),
        ("a = ‸\nb = 2\nc = 3\n", tag("1\nb = 2"), "1"),
        ("a = ‸\r\nb = 2\r\n", tag("1\r\nb = 2"), "1"),
        ("if (a) {‸\n}\n", tag("\n  b();\n}"), "\n  b();"),
        ("a = ‸\nb = 2\n", tag("1\nb = 3"), "1\nb = 3"),
        ("a = ‸\nb\n", tag("b"), "b"),
        ("a = ‸", tag("1\nb = 2"), "1\nb = 2"),
    ],
)
def test_lines_that_follow_anyway_are_not_said_again(marked: str, raw: str, wanted: str) -> None:
    check(marked, raw, wanted)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_the_result_are_newlines(end: str) -> None:
    check(f"def f():{end}    ‸{end}", tag(f"a = 1{end}    return a{end}"), "a = 1\n    return a")


@pytest.mark.parametrize(
    ("text", "rest", "length"),
    [
        ("", "", 0),
        ("a", "", 0),
        ("a)", ")", 1),
        ("a)", "):", 1),
        ("f(a))", "))", 2),
        ("abc", "cde", 1),
        ("abc", "xyz", 0),
        ("a)", ")\n", 1),
        ("a)\n", ")\n", 0),
        ("a", "b", 0),
    ],
)
def test_overlap(text: str, rest: str, length: int) -> None:
    assert overlap(text, rest) == length


@pytest.mark.parametrize(
    ("raw", "closed"),
    [
        ("", False),
        ("<completion>a", False),
        ("<completion>a</completion", False),
        ("</completion>", False),
        (tag("a"), True),
        ("<completion>a</completion >", True),
        ("x <COMPLETION a='b'>a</COMPLETION> y", True),
    ],
)
def test_an_answer_is_closed_by_its_own_end(raw: str, closed: bool) -> None:
    assert answer_is_closed(raw) is closed


@pytest.mark.parametrize(
    "raw",
    [
        tag("x = 1\n" * 5_000),
        "<completion>" + " " * 30_000 + "x",
        "<completion>1</completion" + " " * 30_000 + "x",
        "<completion" * 5_000,
        "</completion" * 5_000,
        "```" * 10_000,
        "`" * 30_000,
        "~" * 30_000 + "`",
        "\n```" * 8_000,
        " \t" * 15_000 + "\n" + "    \n" * 6_000,
        "<think>" * 5_000,
        "def f():\n    pass\n" * 2_000,
    ],
    ids=lambda raw: raw[:24],
)
def test_no_reply_takes_long(raw: str) -> None:
    start = time.perf_counter()
    clean(raw, "def f():\n    pass\n" * 500, "    pass\n" * 500)
    answer_is_closed(raw)
    assert time.perf_counter() - start < 0.3
