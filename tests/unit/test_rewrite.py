"""Edits: the question, and the smallest edits in a reply."""

import pytest

from mm_lsp.assist import rewrite
from mm_lsp.assist.guidance import Guidance
from mm_lsp.messages import BadReply
from mm_lsp.redact import Redactor

from .marked import selection


def rewritten(marked: str, reply: str) -> str:
    document, span = selection(marked)
    return document.apply(rewrite.edits_from(reply, document, span)).text


def tag(text: str) -> str:
    return f"<rewrite>{text}</rewrite>"


@pytest.mark.parametrize(
    ("marked", "reply", "after"),
    [
        # the element
        ("a\n«b\n»c\n", tag("B"), "a\nB\nc\n"),
        ("a\n«b\n»c\n", tag("\nB\n"), "a\nB\nc\n"),
        ("a\n«b\n»c\n", tag("\n\nB\n\n"), "a\nB\nc\n"),
        ("a\n«b\n»c\n", "Here it is:\n" + tag("B") + "\nDone.", "a\nB\nc\n"),
        ("a\n«b\n»c\n", "<REWRITE >B</REWRITE >", "a\nB\nc\n"),
        ("a\n«b\n»c\n", '<rewrite lang="py">B</rewrite>', "a\nB\nc\n"),
        ("a\n«b\n»c\n", tag("B") + tag("C"), "a\nB\nc\n"),
        ("«b\n»", tag("B\nC\nD"), "B\nC\nD\n"),
        # a fence
        ("a\n«b\n»c\n", tag("\n```python\nB\n```\n"), "a\nB\nc\n"),
        ("a\n«b\n»c\n", tag("```python\nB"), "a\nB\nc\n"),
        ("a\n«b\n»c\n", "```python\nB\n```", "a\nB\nc\n"),
        ("a\n«b\n»c\n", "Sure:\n~~~\nB\n~~~\nThis is better.", "a\nB\nc\n"),
        ("«'''\nx\n'''\n»", tag("'''\n```\ny\n```\n'''"), "'''\n```\ny\n```\n'''\n"),
        ("«````md\n```\nx\n```\n````\n»", "````md\n```\ny\n```\n````", "````md\n```\ny\n```\n````\n"),
        # no element
        ("a\n«b\n»c\n", "B\n", "a\nB\nc\n"),
        # the selection's own ends
        ("a\n«b»\nc\n", tag("\nB\n"), "a\nB\nc\n"),
        ("a\n«b\n\n»c\n", tag("B"), "a\nB\n\nc\n"),
        ("a\n«\nb\n»c\n", tag("B"), "a\n\nB\nc\n"),
        ("«b»", tag("B\n"), "B"),
        ("«b\n»", tag("B"), "B\n"),
        ("x = «1» + 2\n", tag("3"), "x = 3 + 2\n"),
        # line ends
        ("a\r\n«b\r\nc\r\n»d\r\n", tag("\nB\nC\n"), "a\r\nB\r\nC\r\nd\r\n"),
        ("a\r\n«b\r\n»d\r\n", tag("\r\nB\r\nC\r\n"), "a\r\nB\r\nC\r\nd\r\n"),
        ("a\n«b\n»d\n", tag("\r\nB\r\nC\r\n"), "a\nB\nC\nd\n"),
        ("a\r«b\r»d", tag("\nB\nC\n"), "a\rB\rC\rd"),
        # lost indentation
        ("if x:\n«    b\n»", tag("c"), "if x:\n    c\n"),
        ("if x:\n«    b\n    c\n»", tag("B\nC"), "if x:\n    B\n    C\n"),
        ("if x:\n«    if y:\n        c\n»", tag("if z:\n    c"), "if x:\n    if z:\n        c\n"),
        ("if x:\n«    if y:\n        c\n»", tag("if z:\n        c"), "if x:\n    if z:\n        c\n"),
        ("if x:\n«    b\n    c\n»", tag("B\n\nC"), "if x:\n    B\n\n    C\n"),
        ("if x:\n«    b\n»", tag("    B"), "if x:\n    B\n"),
        ("{\n«\tb\n»}", tag("B"), "{\n\tB\n}"),
        ("«a\n»", tag("    a"), "    a\n"),
        ("if x:\n«    b\n»", "<rewrite>\n    B\n    </rewrite>", "if x:\n    B\n"),
        ("f()\n«    a\n    b\n»", tag("if c:\n    a\n    b"), "f()\n    if c:\n        a\n        b\n"),
        ("f()\n«    a\n    b\n»", tag("if c:\n        a\n        b"), "f()\n    if c:\n        a\n        b\n"),
        ("{\n«  a;\n  b;\n»}", tag("if (c) {\n  a;\n  b;\n}"), "{\n  if (c) {\n    a;\n    b;\n  }\n}"),
        # the last line of the selection has no end, and is no longer the last
        ("«a\nb»", tag("b\nc"), "b\nc"),
        ("x\r\n«a»", tag("a\nb"), "x\r\na\r\nb"),
        ("«a\r\nb»", tag("b\nb\nb"), "b\r\nb\r\nb"),
        # a Markdown document is full of fences
        ("«```py\nx\n```\nText.\n»", tag("```py\ny\n```\nText."), "```py\ny\n```\nText.\n"),
        ("«# T\n```py\nx\n```\n»", tag("# T\n```py\ny\n```"), "# T\n```py\ny\n```\n"),
        ("«```py\nx\n```\n»", tag("\n```py\ny\n```\n"), "```py\ny\n```\n"),
    ],
)
def test_the_reply_takes_the_selections_place(marked: str, reply: str, after: str) -> None:
    assert rewritten(marked, reply) == after


@pytest.mark.parametrize(
    ("marked", "reply"),
    [
        ("a\n«b\n»c\n", ""),
        ("a\n«b\n»c\n", "\n \n"),
        ("a\n«b\n»c\n", tag("")),
        ("a\n«b\n»c\n", tag("\n\n")),
        ("a\n«b\n»c\n", "```\n```"),
        ("a\n«b\n»c\n", "<rewrite>B"),
        ("a\n«b\n»c\n", "<rewrite>B</rewr"),
        ("a\n«b\n»c\n", "<rewrite>"),
    ],
)
def test_a_reply_without_a_new_text_changes_nothing_and_says_so(marked: str, reply: str) -> None:
    with pytest.raises(BadReply, match=r"nothing was changed\."):
        rewritten(marked, reply)


@pytest.mark.parametrize(
    "marked",
    [
        "«a\nb\n»",
        "«a\nb»",
        "«  a\n\n  b\n»c",
        "«a\r\nb\r\n»",
        "«\na\n\n»",
        "«a\rb\r»",
        "«a\r\nb\nc\r\n»",
        "«a\n  »",
        "« \n  a\n \n»b",
    ],
)
def test_the_same_text_is_no_edit(marked: str) -> None:
    document, span = selection(marked)
    same = document.slice(span).replace("\r\n", "\n").replace("\r", "\n")
    for reply in (tag(same), tag(f"\n{same}\n"), tag(same.strip("\n")), tag(f"\n```py\n{same}\n```\n")):
        assert rewrite.edits_from(reply, document, span) == []


def test_lines_that_stay_are_not_touched() -> None:
    document, span = selection("«a\nb\nc\nd\n»")
    (edit,) = rewrite.edits_from(tag("a\nB\nc\nd"), document, span)
    assert (edit.span.start, edit.span.end, edit.text) == ((1, 0), (1, 1), "B")


@pytest.mark.parametrize(
    ("marked", "lines"),
    [
        ("a\nb«»b\nc\n", "bb\n"),
        ("a\n«bb»\nc\n", "bb\n"),
        ("a\n«bb\n»c\n", "bb\n"),
        ("a\nb«b\nc»c\nd", "bb\ncc\n"),
        ("a\n«bb\nc»c", "bb\ncc"),
        ("«a\nb\n»", "a\nb\n"),
    ],
)
def test_a_span_grows_to_whole_lines(marked: str, lines: str) -> None:
    document, span = selection(marked)
    assert document.slice(rewrite.lines_of(document, span)) == lines


def test_the_question_holds_the_selection_its_surroundings_the_task_and_the_rules() -> None:
    document, span = selection("before()\n«old()\n»after()\n")
    request = rewrite.request_for(document, "src/a.py", span, "Rename {{it}}.", Guidance("\nBe kind.\n"), Redactor())
    system, user = request.messages
    assert system.content.endswith("\nBe kind.\n")
    assert user.content == (
        "File: src/a.py (python)\n\n<before>\nbefore()\n\n</before>\n<selection>\nold()\n\n</selection>\n"
        "<after>\nafter()\n\n</after>\n\nTask: Rename {{it}}."
    )
    assert request.feature == "edit"


@pytest.mark.parametrize(
    ("raw", "enough"),
    [("", False), ("<rewrite>", False), ("</rewrite>", False), ("<rewrite>a</rewrite", False), (tag("a"), True)],
)
def test_the_stream_is_left_at_the_elements_end(raw: str, enough: bool) -> None:
    assert rewrite.is_enough(raw) is enough
