"""What a model says → what the document reads once its suggestion is taken."""

import pytest

from tests.e2e.harness import AUTOMATIC, INVOKED
from tests.support.model_server import Done, Finish, Reply, Text, Thinking, reply

NOTHING = None
ENCODINGS = ("utf-8", "utf-16", "utf-32")
BELOW = "def g():\n    pass"
IF = "if a:\n        return 1\n    return 2"
FENCED = "```sh\npip install x\n```"


def tag(text: str) -> str:
    return f"<completion>{text}</completion>"


TAGGED = [
    ("x = |\n", tag("1 + 1"), "x = 1 + 1\n"),
    ("x = |", tag("1 + 1"), "x = 1 + 1"),
    ("|", tag("import os"), "import os"),
    ("x = |\n", tag("1 + 1\n"), "x = 1 + 1\n"),
    ("x = |\n", tag("\n1 + 1\n"), "x = 1 + 1\n"),
    ("x = |\n", f"Sure!\n{tag('1')}\nThat is all.", "x = 1\n"),
    ("x = |\n", tag("1") + tag("2"), "x = 1\n"),
    ("x = |\n", "<COMPLETION>1</Completion >", "x = 1\n"),
    ("x = |\n", '<completion lang="python">1</completion>', "x = 1\n"),
    ("x = |\n", "<completion>1 + 1", "x = 1 + 1\n"),
    ("x = |\n", "<completion>1 + 1</compl", "x = 1 + 1\n"),
    ("x = |\n", "<think>Hm, <completion>0</completion>?</think>\n" + tag("1"), "x = 1\n"),
    ("a = b |\n", tag("< c"), "a = b < c\n"),
    ("tag = |\n", tag("'<b>' + t + '</b>'"), "tag = '<b>' + t + '</b>'\n"),
]

UNTAGGED = [
    ("x = |\n", "1 + 1", "x = 1 + 1\n"),
    ("x = |\n", "1 + 1\n", "x = 1 + 1\n"),
    ("x = |\n", "```python\n1 + 1\n```", "x = 1 + 1\n"),
    ("x = |\n", "```\nx = 1 + 1\n```\n", "x = 1 + 1\n"),
    ("x = |\n", "Here it is:\n\n```python\n1 + 1\n```\n\nIt adds.", "x = 1 + 1\n"),
    ("x = |\n", "~~~\n1 + 1\n~~~", "x = 1 + 1\n"),
    ("x = |\n", "```python\n1 + 1", "x = 1 + 1\n"),
    ("x = |\n", tag("```python\n1 + 1\n```"), "x = 1 + 1\n"),
    ("x = |\n", tag("\n```python\nx = 1 + 1\n```\n"), "x = 1 + 1\n"),
]

ECHOES = [
    ("def f(a, b):\n    return |\n", tag("    return a + b"), "def f(a, b):\n    return a + b\n"),
    ("def f(a, b):\n    return |\n", tag("return a + b"), "def f(a, b):\n    return a + b\n"),
    ("def f(a, b):\n    return |\n", tag("def f(a, b):\n    return a + b"), "def f(a, b):\n    return a + b\n"),
    ("def f(a, b):\n    return |\n", "```\ndef f(a, b):\n    return a + b\n```", "def f(a, b):\n    return a + b\n"),
    (f"def f():\n    |\n\n{BELOW}\n", tag(f"return 1\n\n{BELOW}"), f"def f():\n    return 1\n\n{BELOW}\n"),
    ("x = |\n", tag("x = "), NOTHING),
    ("x = x|\n", tag("x = xs[0]"), "x = xs[0]\n"),
]

BODIES = [
    ("def f(a):|\n", tag("\n    return a"), "def f(a):\n    return a\n"),
    ("def f(a):\n    |\n", tag("return a"), "def f(a):\n    return a\n"),
    ("def f(a):\n    |\n", tag("    return a"), "def f(a):\n    return a\n"),
    ("def f(a):\n    |\n", tag("\n    return a\n"), "def f(a):\n    return a\n"),
    ("def f(a):\n|\n", tag("    return a"), "def f(a):\n    return a\n"),
    ("def f(a):\n    |\n", tag(IF), f"def f(a):\n    {IF}\n"),
    ("def f(a):\n    |\n", tag(f"    {IF}"), f"def f(a):\n    {IF}\n"),
    ("func f() {\n\t|\n}\n", tag("return 1"), "func f() {\n\treturn 1\n}\n"),
    ("func f() {\n\t|\n}\n", tag("\n\tif a {\n\t\treturn 1\n\t}\n"), "func f() {\n\tif a {\n\t\treturn 1\n\t}\n}\n"),
    ("for u in us {|\n}\n", tag("\n  log(u)\n}"), "for u in us {\n  log(u)\n}\n"),
    ("for u in us {|\n}\n", tag("\n  log(u)"), "for u in us {\n  log(u)\n}\n"),
]

MID_LINE = [
    ("print(|)\n", tag("x"), "print(x)\n"),
    ("print(|)\n", tag("x)"), "print(x)\n"),
    ("print(|)\n", tag("f(x)"), "print(f(x))\n"),
    ("print(|)\n", tag("f(x))"), "print(f(x))\n"),
    ("print(|)\n", tag("f(x)\ny = 2"), "print(f(x))\n"),
    ("print(|)\n", tag("f(x))\ny = 2"), "print(f(x))\ny = 2\n"),
    ("print(|)\n", tag("\nx\n"), "print(x)\n"),
    ("print(|)\n", tag("print(x)"), "print(x)\n"),
    ("foo(|, b)\n", tag("a"), "foo(a, b)\n"),
    ("foo(|, b)\n", tag("a, b)"), "foo(a, b)\n"),
    ("foo(|, b)\n", tag("g(a, b)"), "foo(g(a, b), b)\n"),
    ("foo(|, b)\n", tag("a, b)\nbar()"), "foo(a, b)\nbar()\n"),
    ("foo(a|b)\n", tag("_"), "foo(a_b)\n"),
    ("if (|) {\n}\n", tag("a > b"), "if (a > b) {\n}\n"),
    ("if (|) {\n}\n", tag("a > b) {"), "if (a > b) {\n}\n"),
    ('print("|")\n', tag("hello"), 'print("hello")\n'),
    ('print("|")\n', tag('hello")'), 'print("hello")\n'),
    ("x = [|]\n", tag("\n    1,\n    2,\n]"), "x = [\n    1,\n    2,\n]\n"),
    ("x = [|]\n", tag("\n    1,\n    2,\n"), "x = [\n    1,\n    2,\n]\n"),
    ("x = [[1], |]\n", tag("[2]"), "x = [[1], [2]]\n"),
    ("f(|)\n", tag("\n    a,\n    b"), "f(\n    a,\n    b)\n"),
    ("f(|)\n", tag("\n    g(a)"), "f(\n    g(a))\n"),
    ("    f(|)\n", tag("\n        a,\n        g(b),\n    "), "    f(\n        a,\n        g(b),\n    )\n"),
    ("x = [|]\n", tag("\n    a[0],\n    a[1]"), "x = [\n    a[0],\n    a[1]]\n"),
    ("x = |  # why\n", tag("1"), "x = 1  # why\n"),
    ("print(|)\n", tag(")"), NOTHING),
    ("x = | + b\n", tag("a + b\ny = 2"), "x = a + b\ny = 2\n"),
]

BLANK = (tag(""), tag("\n   \n"), "", " \n", "```\n```", "<completion>", tag("```\n```"))
EMPTY = [("x = |\n", raw, NOTHING) for raw in BLANK]

LINE_ENDS = [
    ("def f():\r\n    |\r\n", tag("a = 1\n    return a"), "def f():\r\n    a = 1\r\n    return a\r\n"),
    ("def f():\r\n    |\r\n", tag("a = 1\r\n    return a\r\n"), "def f():\r\n    a = 1\r\n    return a\r\n"),
    ("def f():|\r\nx\r\n", tag("\n    return 1"), "def f():\r\n    return 1\r\nx\r\n"),
    ("a\rb = |\rc\r", tag("1\n"), "a\rb = 1\rc\r"),
    ("a = '\u2028\x0c'\nb = |\n", tag("1"), "a = '\u2028\x0c'\nb = 1\n"),
    ("def f():\n    return |\r\n", tag("(\n        1\n    )"), "def f():\n    return (\n        1\n    )\r\n"),
]

WIDE = [
    ('s = "😀" + |\n', tag('"🎉"'), 's = "😀" + "🎉"\n'),
    ("# é漢😀\nx = '😀漢é'; print(|)\n", tag("x)"), "# é漢😀\nx = '😀漢é'; print(x)\n"),
    ("foo('😀', |, '😀')\n", tag("b, '😀')\nbar()"), "foo('😀', b, '😀')\nbar()\n"),
    ("é = '👩‍👩‍👧' + |漢\n", tag("é"), "é = '👩‍👩‍👧' + é漢\n"),
]


def check(editor, model, marked: str, raw: str, after: str | None, language: str = "python") -> None:
    """`marked` has its cursor at `|`; `after` is the text with the suggestion in it, None if there is to be none."""
    model.default = reply(*(raw[at : at + 7] for at in range(0, len(raw), 7)))
    at = editor.open_at(marked, language)
    items = editor.inline(at)
    taken = [editor.accepted(at, item) for item in items]
    editor.close(at)
    assert taken == ([] if after is None else [after])


@pytest.mark.parametrize(
    ("marked", "raw", "after"), [*TAGGED, *UNTAGGED, *ECHOES, *BODIES, *MID_LINE, *EMPTY, *LINE_ENDS]
)
def test_the_suggestion_reads_well_where_it_lands(shared, model, marked, raw, after):
    check(shared(), model, marked, raw, after)


def test_neovim_gets_no_returns_which_it_would_insert_as_letters(shared, model):
    model.default = reply(tag("a = 1\n    return a"))
    editor = shared(params={"clientInfo": {"name": "Neovim"}})
    (item,) = editor.inline(editor.open_at("def f():\r\n    |\r\n"))
    assert item["insertText"] == "a = 1\n    return a"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("marked", "raw", "after"), WIDE)
def test_positions_are_counted_as_the_client_counts(shared, model, encoding, marked, raw, after):
    editor = shared({"general": {"positionEncodings": [encoding]}})
    assert editor.encoding == encoding
    check(editor, model, marked, raw, after)


@pytest.mark.parametrize(
    ("language", "marked", "raw", "after"),
    [
        ("markdown", "Install it:\n\n|\n", tag(FENCED), f"Install it:\n\n{FENCED}\n"),
        ("python", '"""Use it:\n\n|\n"""\n', tag("    >>> f(1)\n    2"), '"""Use it:\n\n    >>> f(1)\n    2\n"""\n'),
        ("html", "<p>|\n", tag("Hello</p>"), "<p>Hello</p>\n"),
        ("makefile", "all:\n|\n", tag("\tcc main.c"), "all:\n\tcc main.c\n"),
    ],
)
def test_what_a_language_needs_is_kept(shared, model, language, marked, raw, after):
    check(shared(), model, marked, raw, after, language)


@pytest.mark.parametrize("kind", [INVOKED, AUTOMATIC])
def test_thinking_is_never_shown(shared, model, kind):
    thought = [Thinking("Let me think: <completion>"), Thinking("secret thought")]
    model.default = Reply((*thought, Text("\n\n"), Text("<completion>1"), Text("</completion>"), Finish(), Done()))
    editor = shared()
    at = editor.open_at("x = |\n")
    (item,) = editor.inline(at, kind)
    assert editor.accepted(at, item) == "x = 1\n"
    assert "thought" not in str(editor.command("mm-lsp.why", {"uri": at.uri}))


def test_only_thinking_is_no_suggestion(shared, model):
    model.default = Reply((Thinking("<completion>thought</completion>"), Finish("length"), Done()))
    editor = shared()
    assert editor.inline(editor.open_at("x = |\n")) == []


def test_no_more_lines_than_the_setting_allows(shared, model):
    model.default = reply(tag("\n".join(f"line{number}" for number in range(1, 200))))
    editor = shared(options={"completion": {"max_lines": 3}})
    at = editor.open_at("|\nend\n")
    (item,) = editor.inline(at)
    assert editor.accepted(at, item) == "line1\nline2\nline3\nend\n"


# The entry that the client's own list shows selected


@pytest.mark.parametrize(
    ("marked", "covered", "selected", "raw", "after"),
    [
        ("import os\nos.pa|\n", 2, "path", ".join(a, b)", "import os\nos.path.join(a, b)\n"),
        ("os.pa|\n", 2, "path", "os.path.join(a, b)", "os.path.join(a, b)\n"),
        ("os.|\n", 0, "path", ".join(a, b)", "os.path.join(a, b)\n"),
        ("print(os.pa|)\n", 2, "path", ".sep", "print(os.path.sep)\n"),
        ("'😀'.up|\n", 2, "upper", "()", "'😀'.upper()\n"),
    ],
)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_suggestion_goes_on_from_the_selected_entry(
    shared, model, first, encoding, marked, covered, selected, raw, after
):
    model.default = reply(tag(raw))
    editor = shared({"general": {"positionEncodings": [encoding]}})
    at = editor.open_at(marked)
    start = {**at.position, "character": at.position["character"] - covered}
    span = {"start": start, "end": at.position}
    (item,) = editor.inline(at, selectedCompletionInfo={"range": span, "text": selected})
    assert item["range"] == span
    assert item["insertText"].startswith(selected)
    assert editor.accepted(at, item) == after
    assert model.requests[first].contains(f"{marked.partition('|')[0][: -covered or None]}{selected}")
