"""`FILE:LINE:COL` and `FILE:L1-L2`, as people write them in the terminal."""

import os
from pathlib import Path

import pytest

from mm_lsp.cli.place import Misuse, lines, point

TEXT = "def f():\n    return '😀'\n\nlast"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_bytes(TEXT.encode())
    (tmp_path / "a.py:3").write_bytes(b"odd\nname\n")
    (tmp_path / "sub dir").mkdir()
    (tmp_path / "sub dir" / "b.RS").write_bytes(b"fn f() {}\r\n")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "binary").write_bytes(b"a\0b\n")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    return tmp_path


@pytest.mark.parametrize(
    ("written", "name", "position"),
    [
        ("a.py:1:1", "a.py", (0, 0)),
        ("a.py:1:9", "a.py", (0, 8)),
        ("a.py:2:14", "a.py", (1, 13)),
        ("a.py:2:15", "a.py", (1, 14)),
        ("a.py:3:1", "a.py", (2, 0)),
        ("a.py:4:5", "a.py", (3, 4)),
        ("./a.py:1:1", "a.py", (0, 0)),
        ("sub dir/b.RS:1:10", "b.RS", (0, 9)),
        ("sub dir/b.RS:2:1", "b.RS", (1, 0)),
        ("a.py:3:1:1", "a.py:3", (0, 0)),
        ("empty.txt:1:1", "empty.txt", (0, 0)),
    ],
)
def test_a_point(written: str, name: str, position: tuple[int, int]) -> None:
    file, found = point(written)
    assert (file.path.name, found) == (name, position)
    assert file.path.is_absolute()
    assert file.document.uri == file.path.as_uri()


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("a.py", "a.py is not FILE:LINE:COL (line and column count from 1)."),
        ("a.py:1", "a.py:1 is not FILE:LINE:COL (line and column count from 1)."),
        ("a.py:1:x", "a.py:1:x is not FILE:LINE:COL (line and column count from 1)."),
        ("", " is not FILE:LINE:COL (line and column count from 1)."),
        ("a.py:0:1", "a.py:0:1 lies outside of the file."),
        ("a.py:1:0", "a.py:1:0 lies outside of the file."),
        ("a.py:1:10", "a.py:1:10 lies outside of the file."),
        ("a.py:5:1", "a.py:5:1 lies outside of the file."),
        ("empty.txt:2:1", "empty.txt:2:1 lies outside of the file."),
        ("none.py:1:1", "none.py can't be read: no such file or directory."),
        ("sub dir:1:1", "sub dir is a directory: name a file."),
        ("binary:1:1", "binary is a binary file."),
        ("latin.txt:1:1", "latin.txt is not text in UTF-8."),
    ],
)
def test_a_point_that_is_none(written: str, sentence: str) -> None:
    with pytest.raises(Misuse) as misuse:
        point(written)
    assert str(misuse.value) == sentence


@pytest.mark.parametrize(
    ("written", "name", "text"),
    [
        ("a.py", "a.py", None),
        ("a.py:1", "a.py", "def f():\n"),
        ("a.py:1-2", "a.py", "def f():\n    return '😀'\n"),
        ("a.py:2-4", "a.py", "    return '😀'\n\nlast"),
        ("a.py:4", "a.py", "last"),
        ("a.py:3", "a.py:3", None),
        ("a.py:3:2", "a.py:3", "name\n"),
        ("sub dir/b.RS:1", "b.RS", "fn f() {}\r\n"),
        ("empty.txt:1", "empty.txt", ""),
    ],
)
def test_lines(written: str, name: str, text: str | None) -> None:
    file, span = lines(written)
    assert file.path.name == name
    assert (span and file.document.slice(span)) == text


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("a.py:0", "a.py:0: the file has 4 lines."),
        ("a.py:5", "a.py:5: the file has 4 lines."),
        ("a.py:2-5", "a.py:2-5: the file has 4 lines."),
        ("a.py:2-1", "a.py:2-1: the file has 4 lines."),
        ("a.py:2-", "a.py:2- can't be read: no such file or directory."),
        ("none.py:1", "none.py can't be read: no such file or directory."),
        ("none.py", "none.py can't be read: no such file or directory."),
        (".", ". is a directory: name a file."),
        ("binary", "binary is a binary file."),
    ],
)
def test_lines_that_are_none(written: str, sentence: str) -> None:
    with pytest.raises(Misuse) as misuse:
        lines(written)
    assert str(misuse.value) == sentence


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.py", "python"), ("sub dir/b.RS", "rust"), ("empty.txt", "plaintext"), ("x.tsx", "typescriptreact")],
)
def test_the_language_is_known_by_the_name(name: str, language: str, folder: Path) -> None:
    (folder / name).touch()
    assert lines(name)[0].document.language_id == language


def test_a_very_large_file_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / "huge.log").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Misuse, match=r"huge.log is larger than 20 MB\."):
        lines("huge.log")


@pytest.mark.skipif(os.name == "nt", reason="no FIFOs there")
@pytest.mark.timeout(5)
def test_a_fifo_is_refused_and_nobody_waits_for_it(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(Misuse):
        lines("pipe")
