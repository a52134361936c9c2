"""Contained, bounded reads; URIs and paths."""

import os
from pathlib import Path

import pytest

from mm_lsp.workspace.files import path_of, read_text, relative_name, root_of

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX paths")


@posix
@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///w/a.py", "/w/a.py"),
        ("file://localhost/w/a.py", "/w/a.py"),
        ("file:///w/a%20b/%C3%A9.py", "/w/a b/é.py"),
        ("file:///w/%2523.py", "/w/%23.py"),
        ("file:///w/a%23b%3Fc.py", "/w/a#b?c.py"),
        ("file://server/share/a.py", "//server/share/a.py"),
        ("FILE:///w/a.py", "/w/a.py"),
        ("untitled:Untitled-1", None),
        ("git:/w/a.py?ref=HEAD", None),
        ("https://example.org/a.py", None),
        ("/w/a.py", None),
        ("", None),
        ("file:///w/%00.py", None),
        ("file://", None),
        ("file://[::1", None),
        ("http://[", None),
    ],
)
def test_only_file_uris_have_a_path(uri: str, path: str | None) -> None:
    assert path_of(uri) == (None if path is None else Path(path))


@posix
@pytest.mark.parametrize("name", ["a.py", "a b.py", "é#?%.py", "中.py", "a;b=c.py", "a\\b.py"])
def test_a_path_comes_back_from_its_uri(name: str) -> None:
    assert path_of((Path("/w") / name).as_uri()) == Path("/w") / name


@posix
@pytest.mark.parametrize(
    ("path", "folders", "name"),
    [
        ("/w/src/a.py", ["/w"], "src/a.py"),
        ("/w/src/a.py", ["/w", "/w/src"], "a.py"),
        ("/w/src/a.py", ["/other"], "a.py"),
        ("/w/src/a.py", [], "a.py"),
        ("/workspace/a.py", ["/work"], "a.py"),
    ],
)
def test_a_file_is_named_relative_to_its_folder(path: str, folders: list[str], name: str) -> None:
    assert relative_name(Path(path), "file://" + path, tuple(map(Path, folders))) == name


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("untitled:Untitled-1", "Untitled-1"),
        ("git:/w/a%20b.py?ref=HEAD", "a b.py"),
        ("vscode-notebook-cell:/w/n.ipynb#c1", "n.ipynb"),
        ("x:", "x:"),
        ("", ""),
        ("http://[", "http://["),
    ],
)
def test_what_has_no_path_is_named_by_its_uri(uri: str, name: str) -> None:
    assert relative_name(None, uri, ()) == name


def test_the_root_is_the_innermost_folder_or_the_nearest_repository_or_the_directory(tmp_path: Path) -> None:
    file = tmp_path / "w" / "repo" / "src" / "a.py"
    file.parent.mkdir(parents=True)
    folders = (tmp_path / "w", tmp_path / "w" / "repo")
    assert root_of(file, folders) == folders[1]
    assert root_of(file, folders[:1]) == folders[0]
    assert root_of(file, ()) == file.parent
    (tmp_path / "w" / "repo" / ".git").write_text("gitdir: elsewhere")
    assert root_of(file, ()) == tmp_path / "w" / "repo"
    assert root_of(file, (tmp_path / "elsewhere",)) == tmp_path / "w" / "repo"


@posix
class TestReadText:
    def test_a_regular_file_inside_the_root_is_read_and_cut(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"\xef\xbb\xbf0123456789")
        assert read_text(tmp_path / "a", tmp_path, 100) == "0123456789"
        assert read_text(tmp_path / "a", tmp_path, 8) == "01234"

    def test_all_else_is_none(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        (root / "directory").mkdir(parents=True)
        (tmp_path / "outside").write_text("secret")
        (root / "link").symlink_to("../outside")
        (root / "circle").symlink_to("circle")
        os.mkfifo(root / "fifo")
        for name in ("directory", "link", "circle", "fifo", "none", "../outside", "\0", "x" * 300):
            assert read_text(root / name, root, 100) is None, name
        assert read_text(Path("/dev/zero"), Path("/"), 100) is None

    def test_a_link_inside_the_root_is_followed(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("text")
        (tmp_path / "b").symlink_to("a")
        assert read_text(tmp_path / "b", tmp_path, 100) == "text"

    def test_broken_bytes_are_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"a\xffb")
        assert read_text(tmp_path / "a", tmp_path, 100) == "a\ufffdb"
