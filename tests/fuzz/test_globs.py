"""Ignore files against git itself, globs against wcmatch, both on small alphabets where everything meets everything."""

import os
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from wcmatch import glob as wcmatch

from mm_lsp.globs import Gitignore, Glob, excluded_by, expand_braces, split_globs
from mm_lsp.workspace.ignore_files import IgnoreFiles

BATCHES = int(os.environ.get("MM_FUZZ", "60"))  # each is a process of git's and a tree on the disk

names = st.text("ab.", min_size=1, max_size=3).filter(lambda name: name.strip("."))
odd_names = st.sampled_from(
    ["a b", "a ", " a", "#a", "!a", "a\\", "[a]", "é", "A", "1", "a*", "?", "-", "^", "a-b", "]"]
)
paths = st.lists(names | odd_names, min_size=1, max_size=4).map("/".join)
git_pieces = st.sampled_from([
    "a", "b", ".", "/", "/", "*", "**", "**/", "/**", "?", "\\", "\\ ", " ", "#", "!", "\\#", "\\!", "é", "A", "-", "^",
    "[ab]", "[!a]", "[^b]", "[a-b]", "[]a]", "[!]]", "[[:alpha:]]", "[[:space:]]", "[[:x:]]", "[a", "]", "[[:]",
    "[\\]]", "[b-a]", "[--a]", "[a-]", "[/]", "[a/b]", "[[:alpha:]-b]", "[[:", "[\\", "[é]", "[a-\\b]",
    "[[:punct:][:digit:]]",
])  # fmt: skip
git_lines = st.lists(git_pieces, max_size=6).map("".join) | st.sampled_from(["", "#", "!", "/", "//", "\\", "*", "!*/"])


class Case(NamedTuple):
    files: dict[str, str]  # directory, text of its .gitignore
    paths: list[str]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    drawn = draw(st.lists(paths, min_size=1, max_size=25, unique=True))
    everything = sorted({"/".join(path.split("/")[:end]) for path in drawn for end in range(1, path.count("/") + 2)})
    directories = ["", *sorted(folders_of(everything))]
    lines = git_lines | st.sampled_from(everything).flatmap(variants)
    texts = st.builds(lambda end, lines: end.join(lines), st.sampled_from(["\n", "\r\n"]), st.lists(lines, max_size=6))
    files = draw(st.dictionaries(st.sampled_from(directories), texts, min_size=1, max_size=3))
    return Case(files, everything)


def variants(path: str) -> st.SearchStrategy[str]:
    """Patterns that are likely to match `path`."""
    start, name, end = path.partition("/")
    last = path.rpartition("/")[2]
    return st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "", "", "!", "/", "**/", "!/"]),
        st.sampled_from(
            [path, last, start, f"{start}/**", f"**/{last}", f"{start}{name}**/{last}", f"*{path[1:]}", f"{path[:-1]}?"]
        )
        | st.sampled_from(
            [f"{start}/*", f"{start}*", f"{path[:1]}**{name}{end}", path.replace("a", "[ab]"), path.replace("b", "\\b")]
        ),
        st.sampled_from(["", "", "", "/", " ", "\\ ", "*", "/*", "/**"]),
    )


def folders_of(every: list[str]) -> set[str]:
    return {str(parent) for path in every for parent in PurePosixPath(path).parents} - {"."}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def laid_out(repository: Path, case: Case, *, with_files: bool = False) -> None:
    for old in repository.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    folders = folders_of(case.paths)
    for folder in folders:
        (repository / folder).mkdir(parents=True, exist_ok=True)
    for path in case.paths if with_files else ():
        if path not in folders:
            (repository / path).write_text("")
    for directory, text in case.files.items():
        (repository / directory / ".gitignore").write_text(text, encoding="utf-8", newline="")


def gits_answers(repository: Path, case: Case) -> dict[str, tuple[str, int] | None]:
    """For each path the directory and the line (from 0) of the rule that excludes it."""
    run = subprocess.run(
        ["git", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
        input="".join(f"{path}\0" for path in case.paths).encode(),
        cwd=repository,
        env={**os.environ, "HOME": str(repository), "XDG_CONFIG_HOME": str(repository), "GIT_CONFIG_NOSYSTEM": "1"},
        stdout=subprocess.PIPE,
        check=False,  # 1: nothing is excluded
    )
    fields = run.stdout.decode().split("\0")[:-1]
    answers: dict[str, tuple[str, int] | None] = {}
    for source, line, pattern, path in zip(*(fields[start::4] for start in range(4)), strict=True):
        excludes = bool(source) and not pattern.startswith("!")
        answers[path] = (source.removesuffix(".gitignore").rstrip("/"), int(line) - 1) if excludes else None
    return answers


@given(case=cases())
@settings(max_examples=BATCHES)
@example(Case({"": "a**/b\nb/a**"}, ["a", "a/b", "ab", "b", "b/a", "b/ab", "b/ab/b"]))
@example(Case({"": "a/\n!a/b", "a": "!b"}, ["a", "a/b"]))
def test_ignore_files_say_what_git_says(repository: Path, case: Case) -> None:
    laid_out(repository, case)
    folders = folders_of(case.paths)
    files = [(directory, Gitignore.of(text)) for directory, text in case.files.items()]
    ours = {path: excluded_by(files, path, path in folders) for path in case.paths}
    said = {path: found and (found[0], found[1].line) for path, found in ours.items()}
    assert said == gits_answers(repository, case)


@given(case=cases())
@settings(max_examples=BATCHES)
def test_files_on_the_disk_are_held_back_as_git_ignores_them(repository: Path, case: Case) -> None:
    laid_out(repository, case, with_files=True)
    folders = folders_of(case.paths)
    files = [path for path in case.paths if path not in folders]
    places = [repository / path for path in files]
    reasons = IgnoreFiles(repository / "nobody").reasons(places, [repository], is_open=False)
    answers = gits_answers(repository, case)
    assert [bool(reasons[place]) for place in places] == [bool(answers[path]) for path in files]


glob_pieces = st.sampled_from([
    "a", "b", ".", "/", "/", "*", "**", "**/", "/**", "?", "[ab]", "[!a]", "[a-b]", "\\*", "\\a", "{a,b}", "{a,*/b}",
    "{", "}", ",", "{,a}", "[]a]", "[^b]", "-",
])  # fmt: skip
globs = st.lists(glob_pieces, min_size=1, max_size=8).map("".join)
glob_paths = st.lists(
    st.text("ab.", min_size=1, max_size=3).filter(lambda name: name.strip(".")), min_size=1, max_size=4
)
FLAGS = wcmatch.GLOBSTAR | wcmatch.BRACE | wcmatch.DOTGLOB | wcmatch.FORCEUNIX | wcmatch.CASE


def is_comparable(pattern: str) -> bool:
    """wcmatch has other ideas of `{a..b}`, `dir/`, `dir/**`, `***`, and of what begins with a slash or a dot."""
    alternatives = expand_braces(pattern)
    has_dots = ".." in pattern or {".", "..", ""} & {part for each in alternatives for part in each.split("/")}
    return not has_dots and not any(each.endswith("/**") or "***" in each for each in alternatives)


@given(pattern=globs, drawn=st.lists(glob_paths.map("/".join), min_size=1, max_size=12))
@settings(max_examples=10 * BATCHES)
def test_globs_match_what_wcmatch_matches(pattern: str, drawn: list[str]) -> None:
    glob = Glob.of(pattern)
    assume(glob.is_valid and is_comparable(pattern))
    assert {path for path in drawn if glob.matches(path)} == {
        path for path in drawn if wcmatch.globmatch(path, pattern, flags=FLAGS)
    }


@given(pattern=st.text("ab{},\\/*[", max_size=30))
@settings(max_examples=10 * BATCHES)
def test_no_pattern_is_too_odd(pattern: str) -> None:
    assert all(Glob.of(pattern).matches(path) in (True, False) for path in ("", "a", "a/b", "{a,b}"))
    assert 1 <= len(expand_braces(pattern)) <= 1000
    assert all(0 < len(glob) <= 1024 for glob in split_globs(pattern))
    assert Gitignore.of(pattern).match("a/b", True) is None or pattern
