"""What ignore files keep from models: every kind, where it counts, and what happens if it can't be read."""

import os
import threading
from pathlib import Path

import pytest

from mm_lsp.workspace.ignore_files import IgnoreFiles
from mm_lsp.workspace.ignore_files.git_config import excludes_file

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
LARGE = "#" * (256 * 1024 + 1)
BIND_OPEN = [
    ".cursorignore", ".codeiumignore", ".aiignore", ".aiexclude", ".geminiignore", ".qwenignore", ".clineignore",
    ".rooignore", ".aiderignore", ".continueignore", ".crushignore", ".copilotignore", ".augmentignore", ".llmignore",
]  # fmt: skip
BIND_CLOSED = [".gitignore", ".cursorindexingignore", ".git/info/exclude"]


class Project:
    """A workspace and a user's home, both in a directory for this test alone."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "w"
        self.home = directory / "home"
        self.root.mkdir()
        self.home.mkdir()
        self.ignore_files = IgnoreFiles(self.home)

    def write(self, files: dict[str, str]) -> None:
        """`~/` is the user's home."""
        for name, text in files.items():
            place = self.home / name[2:] if name.startswith("~/") else self.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())

    def reason(self, path: str, *, is_open: bool = False, unsaved: dict[str, str] | None = None) -> str | None:
        texts = {self.root / name: text for name, text in (unsaved or {}).items()}
        return self.ignore_files.reason(self.root / path, [self.root], is_open=is_open, unsaved=texts)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize("name", BIND_OPEN)
def test_ignore_files_of_ai_tools_bind_every_document(project: Project, name: str) -> None:
    project.write({name: "# keys\n\n*.pem\n", f"sub/{name}": "b.py"})
    for is_open in (True, False):
        assert project.reason("x/a.pem", is_open=is_open) == f"{name}:3 names it (*.pem)"
        assert project.reason("sub/x/b.py", is_open=is_open) == f"sub/{name}:1 names it (b.py)"
        assert project.reason("x/b.py", is_open=is_open) is None


@pytest.mark.parametrize("name", BIND_CLOSED)
def test_others_bind_only_what_is_not_open(project: Project, name: str) -> None:
    project.write({".git/HEAD": "", name: "*.pem"})
    assert project.reason("x/a.pem") == f"{name}:1 names it (*.pem)"
    assert project.reason("x/a.pem", is_open=True) is None


@pytest.mark.parametrize(
    ("files", "path", "reason"),
    [
        ({".noai": ""}, "a/b", ".noai switches AI off here"),
        ({"a/.noai": "x"}, "a/b", "a/.noai switches AI off here"),
        ({"a/.noai/x": ""}, "a/b", "a/.noai switches AI off here"),
        ({"a/.noai": ""}, "b", None),
        ({".aiexclude": ""}, "a/b", "an empty .aiexclude in the root excludes everything below it"),
        ({"src/.aiexclude": " \n\t\r\n"}, "src/a/b", "an empty .aiexclude in src excludes everything below it"),
        ({"src/.aiexclude": "\ufeff"}, "src/a", "an empty .aiexclude in src excludes everything below it"),
        ({"src/.aiexclude": ""}, "a", None),
        ({".aiexclude": "# nothing yet"}, "a", None),
        ({".cursorignore": ""}, "a", None),
        ({".aiexclude": "*\n!a"}, "a", ".aiexclude:1 names it (*)"),
        ({".aiexclude": "*.py", "a/.aiexclude": "!*.py"}, "a/x.py", ".aiexclude:1 names it (*.py)"),
        ({".cursorignore": "*.py\n!a.py"}, "a.py", None),
        ({".cursorignore": "*.py", "a/.cursorignore": "!*.py"}, "a/x.py", None),
        ({".cursorignore": "*.py", ".aiignore": "!*.py"}, "a.py", ".cursorignore:1 names it (*.py)"),
        ({".gitignore": "!*.py", ".cursorignore": "*.py"}, "a.py", ".cursorignore:1 names it (*.py)"),
        ({".cursorignore": "a/\n!a/b"}, "a/b", ".cursorignore:1 names it (a/)"),
        ({".cursorignore": "a/"}, "a", None),
        ({".cursorignore": "\0*\0.\0p\0"}, "a", ".cursorignore is not UTF-8 text, so everything below it is held back"),
        ({"a/.aiignore": LARGE}, "a/b", "a/.aiignore is larger than 256 KiB, so everything below it is held back"),
        ({".aiignore/x": ""}, "a", ".aiignore is no regular file, so everything below it is held back"),
        ({"a/.aiignore/x": ""}, "b", None),
        ({".gitignore/x": ""}, "a", None),
        ({".gitignore": LARGE}, "a", None),
        ({".gitignore": "a", ".git/info/exclude": "!a"}, "a", ".gitignore:1 names it (a)"),
        ({".gitignore": "!a", ".git/info/exclude": "a"}, "a", None),
        ({".gitignore": "a", "sub/.git/HEAD": ""}, "sub/a", None),
        ({".git/HEAD": "", ".gitignore": "a", "sub/.git/HEAD": ""}, "sub/x/a", None),
        ({"sub/.git": "gitdir: x", "sub/.gitignore": "/a"}, "sub/a", "sub/.gitignore:1 names it (/a)"),
        ({"sub/.git/info/exclude": "/a"}, "sub/a", "sub/.git/info/exclude:1 names it (/a)"),
        ({"sub/.git/info/exclude": "/a/"}, "sub/a/b", "sub/.git/info/exclude:1 names it (/a/)"),
        ({".cursorignore": "a", "sub/.git/HEAD": ""}, "sub/a", ".cursorignore:1 names it (a)"),
        ({}, ".git/config", "what is in .git is git's own"),
        ({}, "sub/.GIT/config", "what is in .git is git's own"),
        ({}, ".gitattributes", None),
        ({"~/.config/git/ignore": "*.log"}, "a.log", "~/.config/git/ignore:1 names it (*.log)"),
        ({"~/.config/git/ignore": "*.log", ".gitignore": "!*.log"}, "a.log", None),
        ({"~/.config/git/ignore": "/a", "sub/.git/HEAD": ""}, "sub/a", "~/.config/git/ignore:1 names it (/a)"),
        ({"~/.gitconfig": "[core]\nexcludesFile=~/x", "~/x": "a"}, "a", "~/x:1 names it (a)"),
        ({"~/.config/git/config": "[core]\nexcludesFile=~/x", "~/x": "a"}, "a", "~/x:1 names it (a)"),
        ({"~/.gitconfig": "[core]\nexcludesFile=", "~/.config/git/ignore": "a"}, "a", None),
        ({"~/.gitconfig": "[user]\nname=x", "~/.config/git/ignore": "a"}, "a", "~/.config/git/ignore:1 names it (a)"),
        ({"~/.codeium/.codeiumignore": "a"}, "x/a", "~/.codeium/.codeiumignore:1 names it (a)"),
        ({"~/.codeium/.codeiumignore": "a", ".codeiumignore": "!a"}, "a", None),
        ({"~/.continue/.continueignore": "a"}, "a", "~/.continue/.continueignore:1 names it (a)"),
        ({"~/.continue/.continueignore/x": ""}, "a",
         "~/.continue/.continueignore is no regular file, so everything is held back"),
        ({"a/.cursorignore": "b"}, "a/../b", None),
    ],
)  # fmt: skip
def test_why_a_file_is_held_back(project: Project, files: dict[str, str], path: str, reason: str | None) -> None:
    project.write(files)
    assert project.reason(path) == reason


@pytest.mark.parametrize("path", [".git/config", "a.log"])
def test_an_open_document_is_not_bound_by_git(project: Project, path: str) -> None:
    project.write({"~/.config/git/ignore": "*.log"})
    assert project.reason(path, is_open=True) is None


def test_only_roots_and_what_is_below_them_count(project: Project) -> None:
    project.write({".cursorignore": "a", "in/.cursorignore": "b", ".git/HEAD": "", ".gitignore": "c"})
    roots = [project.root / "in", project.root / "in/deep"]

    def reason(path: str, roots: list[Path]) -> str | None:
        return project.ignore_files.reason(project.root / path, roots, is_open=False)

    assert reason("in/deep/a", roots) is None
    assert reason("in/deep/c", roots) is None
    assert reason("in/deep/b", roots) == ".cursorignore:1 names it (b)"
    assert reason("in/deep/b", [*roots, project.root]) == "in/.cursorignore:1 names it (b)"
    assert reason("in/deep/c", [*roots, project.root]) == ".gitignore:1 names it (c)"
    assert reason("a", roots) is None
    assert reason("a", []) is None


@posix
def test_the_path_as_written_and_the_real_one_both_count(project: Project) -> None:
    project.write({"secret/key.py": "", "open/a.py": "", ".cursorignore": "secret/\nlink.py"})
    (project.root / "alias").symlink_to("secret")
    (project.root / "open/b.py").symlink_to("../secret/key.py")
    (project.root / "link.py").symlink_to("open/a.py")
    assert project.reason("alias/key.py") == ".cursorignore:1 names it (secret/)"
    assert project.reason("open/b.py") == ".cursorignore:1 names it (secret/)"
    assert project.reason("link.py") == ".cursorignore:2 names it (link.py)"
    assert project.reason("open/a.py") is None


@posix
def test_a_workspace_behind_a_link_is_still_that_workspace(project: Project, tmp_path: Path) -> None:
    project.write({"secret/key.py": "", ".cursorignore": "/secret/"})
    (project.root / "alias").symlink_to("secret")
    (tmp_path / "linked").symlink_to("w")
    linked = tmp_path / "linked"
    for path in (linked / "alias/key.py", linked / "secret/key.py", project.root / "secret/key.py"):
        assert project.ignore_files.reason(path, [linked], is_open=True) == ".cursorignore:1 names it (/secret/)"


@posix
def test_links_in_a_circle(project: Project) -> None:
    (project.root / "a").symlink_to("b")
    (project.root / "b").symlink_to("a")
    assert project.reason("a/x") is None
    (project.root / ".aiignore").symlink_to(".aiignore")
    assert project.reason("x") == ".aiignore can't be read, so everything below it is held back"
    (project.root / ".aiignore").unlink()
    (project.root / ".gitignore").symlink_to(".gitignore")
    assert project.reason("x") is None


@posix
@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("rules", ".cursorignore:1 names it (a)"),
        ("../outside", ".cursorignore can't be read, so everything below it is held back"),
        ("nowhere", ".cursorignore can't be read, so everything below it is held back"),
    ],
)
def test_an_ignore_file_that_is_a_link(project: Project, tmp_path: Path, target: str, reason: str) -> None:
    project.write({"rules": "a"})
    (tmp_path / "outside").write_text("b")
    (project.root / ".cursorignore").symlink_to(target)
    assert project.reason("a") == reason


@posix
def test_the_users_own_files_may_be_links_to_anywhere(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("a")
    project.write({"~/.config/git/x": ""})
    (project.home / ".config/git/ignore").symlink_to(tmp_path / "elsewhere")
    assert project.reason("a") == "~/.config/git/ignore:1 names it (a)"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_a_pipe_is_not_waited_for(project: Project) -> None:
    os.mkfifo(project.root / ".cursorignore")
    os.mkfifo(project.root / ".gitignore")
    assert project.reason("a") == ".cursorignore is no regular file, so everything below it is held back"


@posix
def test_a_file_that_cannot_be_read_holds_back_until_it_can(project: Project) -> None:
    """A link in a circle, which root can't read either."""
    ignore = project.root / ".cursorignore"
    ignore.symlink_to(".cursorignore")
    reason = project.reason("b")
    assert reason is not None
    assert reason.endswith("so everything below it is held back")
    ignore.unlink()
    project.write({".cursorignore": "a"})
    assert project.reason("b") is None


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "x" * 300 + "/a"])
def test_no_path_is_too_odd(project: Project, path: str) -> None:
    reason = project.reason(path)
    assert reason is None or "held back" in reason or "can't be followed" in reason


@pytest.mark.parametrize(
    ("files", "unsaved", "path", "reason"),
    [
        ({}, {".cursorignore": "a"}, "a", ".cursorignore:1 names it (a)"),
        ({}, {"x/.cursorignore": "a"}, "x/a", "x/.cursorignore:1 names it (a)"),
        ({}, {"x/.cursorignore": "a"}, "a", None),
        ({".cursorignore": "a"}, {".cursorignore": "b"}, "a", ".cursorignore:1 names it (a)"),
        ({".cursorignore": "a"}, {".cursorignore": "a\n!a"}, "a", ".cursorignore:1 names it (a)"),
        ({".cursorignore": "a"}, {".cursorignore": "\nb"}, "b", ".cursorignore:2 names it (b)"),
        ({".cursorignore": "a"}, {"x/.cursorignore": "!a"}, "x/a", ".cursorignore:1 names it (a)"),
        ({}, {".gitignore": "a"}, "a", ".gitignore:1 names it (a)"),
        ({}, {".aiexclude": ""}, "a", "an empty .aiexclude in the root excludes everything below it"),
        ({}, {".noai": ""}, "a", ".noai switches AI off here"),
        ({}, {".aiignore": LARGE}, "a", ".aiignore is larger than 256 KiB, so everything below it is held back"),
        ({}, {"a.py": "a"}, "a", None),
    ],
)
def test_open_ignore_files_count_too(
    project: Project, files: dict[str, str], unsaved: dict[str, str], path: str, reason: str | None
) -> None:
    project.write(files)
    assert project.reason(path, unsaved=unsaved) == reason


def test_a_change_is_noticed(project: Project) -> None:
    def said() -> str | None:
        return project.reason("a")

    assert said() is None
    project.write({".cursorignore": "a"})
    assert said() == ".cursorignore:1 names it (a)"
    assert said() == ".cursorignore:1 names it (a)"
    project.write({".cursorignore": "ab"})
    assert said() is None
    times = (project.root / ".cursorignore").stat()
    (project.root / "new").write_text("?*")
    os.utime(project.root / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (project.root / "new").replace(project.root / ".cursorignore")  # as old and as long, but another
    assert said() == ".cursorignore:1 names it (?*)"
    (project.root / ".cursorignore").unlink()
    assert said() is None


def test_a_look_reads_no_file_twice(project: Project) -> None:
    project.write({".cursorignore": "a"})
    look = project.ignore_files.look([project.root], is_open=False)
    assert look.reason(project.root / "a")
    (project.root / ".cursorignore").unlink()
    assert look.reason(project.root / "x/a")
    assert not project.reason("a")


def test_folders_are_held_back_where_rules_mean_folders(project: Project) -> None:
    project.write({".cursorignore": "a/"})
    look = project.ignore_files.look([project.root], is_open=False)
    assert look.reason(project.root / "a", is_dir=True) == ".cursorignore:1 names it (a/)"
    assert look.reason(project.root / "a") is None
    assert look.reason(project.root, is_dir=True) is None


def test_many_files_at_once(project: Project) -> None:
    project.write({".cursorignore": "*.pem", "a/.aiexclude": ""})
    paths = [project.root / name for name in ("x.pem", "a/b", "c")]
    reasons = project.ignore_files.reasons(paths, [project.root], is_open=True)
    assert list(reasons) == paths
    assert [reason and reason.split()[0] for reason in reasons.values()] == [".cursorignore:1", "an", None]


def test_threads_may_ask_at_once(project: Project) -> None:
    project.write({f"{number}/.cursorignore": f"a{number}" for number in range(20)})
    wanted = [f"{number}/.cursorignore:1 names it (a{number})" for number in range(20)]
    answers: list[list[str | None]] = []

    def ask() -> None:
        answers.append([project.reason(f"{number}/a{number}") for number in range(20)])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [wanted] * 8


def test_without_a_home_the_environment_says_where(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write({"~/xdg/git/ignore": "a"})
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(project.home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(project.home / "xdg"))
    reason = IgnoreFiles().reason(project.root / "a", [project.root], is_open=False)
    assert reason == "~/xdg/git/ignore:1 names it (a)"
    assert project.reason("a") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("[core]\n\texcludesFile = ~/a", "~/a"),
        ("[CORE]\nEXCLUDESFILE=~/a", "~/a"),
        ("[core] excludesFile = ~/a", "~/a"),
        ("[core]\nexcludesFile = ~/a\n[user]\nexcludesFile = ~/b", "~/a"),
        ("[core]\nexcludesFile = ~/a\nexcludesFile = ~/b", "~/b"),
        ("[core]\nexcludesFile = ~/a b  # c", "~/a b"),
        ('[core]\nexcludesFile = "~/a # b " ; c', "~/a # b "),
        ('[core]\nexcludesFile = "C:\\\\x\\"y"', 'C:\\x"y'),
        ("[core]\nexcludesFile = ~/a\\\nb", "~/ab"),
        ("[core]\nexcludesFile =", ""),
        ("[core]\nexcludesFile", None),
        ("# [core]\n; [core]\nexcludesFile = a", None),
        ('[core "x"]\nexcludesFile = a', None),
        ("[core", None),
    ],
)
def test_gits_configuration(text: str, value: str | None) -> None:
    assert excludes_file(text) == value
