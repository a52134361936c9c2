"""How answers look in the terminal."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mm_lsp.cli.render import MarkdownStream, complain, print_diff

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\n", "a\nb"),
        ("a", "a\n"),
        ("", "a\n"),
        ("a\n", ""),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("a\fb\nc\n", "a\fB\nc\n"),
        ("a\u2028b\nc\n", "a\u2028b\nC\n"),
        ("a\x85b\n", "a\x85B\n"),
        ("a\rb\n", "a\rB\n"),
        ("é中😀\n", "é中!\n"),
    ],
)
def test_a_diff_is_one_that_patch_programs_take(
    before: str, after: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    print_diff(before, after, "a.txt")
    sys.stdout.flush()
    diff = capfdbinary.readouterr().out
    (tmp_path / "a.txt").write_bytes(before.encode())
    command = ["git", "apply", "-p1", "--whitespace=nowarn", "-"]
    done = subprocess.run(command, cwd=tmp_path, input=diff, capture_output=True, check=False)
    assert done.stderr == b""
    assert (tmp_path / "a.txt").read_bytes() == after.encode()


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
