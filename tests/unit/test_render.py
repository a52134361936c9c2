"""How answers look in the terminal."""

import re
import sys

import pytest

from mm_lsp.cli.render import MarkdownStream, complain, print_diff

ANSI = re.compile(r"\x1b\[[0-9;]*m")


# Each of these was given to `git apply` once, which took it.
@pytest.mark.parametrize(
    ("before", "after", "hunk"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"),
        ("a\n", "a\nb", "@@ -1 +1,2 @@\n a\n+b\n\\ No newline at end of file\n"),
        ("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        ("", "a\n", "@@ -0,0 +1 @@\n+a\n"),
        ("a\n", "", "@@ -1 +0,0 @@\n-a\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n"),
        ("a\fb\nc\n", "a\fB\nc\n", "@@ -1,2 +1,2 @@\n-a\fb\n+a\fB\n c\n"),
        ("a\u2028b\nc\n", "a\u2028b\nC\n", "@@ -1,2 +1,2 @@\n a\u2028b\n-c\n+C\n"),
        ("a\x85b\n", "a\x85B\n", "@@ -1 +1 @@\n-a\x85b\n+a\x85B\n"),
        ("a\rb\n", "a\rB\n", "@@ -1 +1 @@\n-a\rb\n+a\rB\n"),
        ("é中😀\n", "é中!\n", "@@ -1 +1 @@\n-é中😀\n+é中!\n"),
    ],
)
def test_a_diff_is_one_that_patch_programs_take(
    before: str, after: str, hunk: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    print_diff(before, after, "a.txt")
    sys.stdout.flush()
    assert capfdbinary.readouterr().out.decode() == f"--- a/a.txt\n+++ b/a.txt\n{hunk}"


def test_without_a_difference_there_is_no_diff(capsys: pytest.CaptureFixture[str]) -> None:
    print_diff("a\n", "a\n", "a.txt")
    assert capsys.readouterr().out == ""


def test_complaints_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    complain("No.")
    assert capsys.readouterr() == ("", "mm-lsp: No.\n")


def test_without_a_terminal_markdown_comes_letter_by_letter(capsys: pytest.CaptureFixture[str]) -> None:
    stream = MarkdownStream()
    assert not stream.has_text
    for piece in ("# T", "itle\n\n`co", "de`"):
        stream.feed(piece)
        assert capsys.readouterr().out == piece
    stream.close()
    assert capsys.readouterr().out == "\n"
    assert stream.has_text


ANSWER = "It adds.\n\n```python\nx = 1\n\ny = 2\n```\n\nMore text."


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_on_a_terminal_each_block_comes_as_soon_as_it_is_whole(
    size: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    stream = MarkdownStream()
    for start in range(0, len(ANSWER), size):
        stream.feed(ANSWER[start : start + size])
    early = ANSI.sub("", capsys.readouterr().out)
    assert "It adds." in early
    assert "x = 1" in early
    assert "y = 2" in early
    assert "More" not in early
    stream.close()
    assert "More text." in capsys.readouterr().out


def test_a_fence_inside_a_longer_fence_does_not_end_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    stream = MarkdownStream()
    stream.feed("````md\n```\n\ninner\n```\n")
    assert capsys.readouterr().out == ""
    stream.feed("````\n\nafter\n")
    assert "inner" in ANSI.sub("", capsys.readouterr().out)
