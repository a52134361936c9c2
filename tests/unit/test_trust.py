"""Which workspaces the user trusts, and the user's own directories."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from mm_lsp.workspace import trust, user_dirs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the XDG variables are Linux's")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "workspace").mkdir()
    return tmp_path / "workspace"


def test_of_an_unknown_workspace_nothing_is_said(root: Path) -> None:
    assert trust.verdict(root) is None


@pytest.mark.parametrize("said", ["trusted", "restricted"])
def test_what_was_said_is_kept(root: Path, said: trust.Verdict) -> None:
    trust.remember(root, "restricted" if said == "trusted" else "trusted")
    trust.remember(root, said)
    assert trust.verdict(root) == said
    assert trust.verdict(root.parent) is None
    assert trust.verdict(root / "below") is None


def test_it_is_kept_by_the_real_path_outside_of_the_workspace(root: Path, home: Path) -> None:
    link = home / "link"
    link.symlink_to(root)
    trust.remember(link, "trusted")
    assert trust.verdict(root) == "trusted"
    link.unlink()
    (home / "other").mkdir()
    link.symlink_to(home / "other")
    assert trust.verdict(link) is None
    assert list(root.iterdir()) == []


def test_only_the_user_can_read_it(root: Path, home: Path) -> None:
    trust.remember(root, "trusted")
    (file,) = (home / "data" / "mm-lsp").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "5", "null", '{"%s": "yes"}', '{"%s": null}', '{"%s": ["trusted"]}']
)
def test_a_broken_file_trusts_nobody_and_can_be_written_again(root: Path, home: Path, content: str) -> None:
    file = home / "data" / "mm-lsp" / "trust.json"
    file.parent.mkdir(parents=True)
    file.write_text(content.replace("%s", str(root)))
    assert trust.verdict(root) is None
    trust.remember(root, "trusted")
    assert trust.verdict(root) == "trusted"


def test_a_path_that_is_no_unicode_can_be_trusted(root: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(root) + b"/\xff"))
    place.mkdir()
    trust.remember(place, "trusted")
    trust.remember(root, "restricted")
    assert (trust.verdict(place), trust.verdict(root)) == ("trusted", "restricted")


def test_what_cannot_be_kept_is_an_error_and_leaves_no_rubbish(root: Path, home: Path) -> None:
    folder = home / "data" / "mm-lsp"
    (folder / "trust.json").mkdir(parents=True)  # in the way of the file, for root too
    with pytest.raises(OSError, match="irectory"):
        trust.remember(root, "trusted")
    assert [place.name for place in folder.iterdir()] == ["trust.json"]


def test_a_file_is_replaced_whole(home: Path) -> None:
    place = home / "new" / "file.json"
    user_dirs.replace_file(place, b"one")
    user_dirs.replace_file(place, b"two")
    assert place.read_bytes() == b"two"
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize(
    ("content", "values", "words"),
    [
        (None, {}, None),
        (b"", {}, None),
        (b'[model]\napi_key = "a"\n', {"model": {"api_key": "a"}}, None),
        (b"[model", {}, "is left out: "),
        (b"\xff", {}, "is left out: "),
    ],
)
def test_the_settings_file(home: Path, content: bytes | None, values: dict[str, object], words: str | None) -> None:
    if content is not None:
        (home / "config" / "mm-lsp").mkdir(parents=True)
        user_dirs.config_file().write_bytes(content)
    read, sentence = user_dirs.read_config()
    assert read == values
    assert (sentence is None) is (words is None)
    assert (words or "") in (sentence or "")


def test_answers_are_the_users_alone_and_the_oldest_go() -> None:
    paths = [user_dirs.write_answer("a.py", f"answer {number} \ud83d") for number in range(30)]
    kept = list(paths[0].parent.iterdir())
    assert 20 <= len(kept) <= 21
    assert paths[-1] in kept
    assert stat.S_IMODE(paths[-1].stat().st_mode) == 0o600
    assert json.dumps(paths[-1].read_text("utf-8")) == '"answer 29 ?"'
