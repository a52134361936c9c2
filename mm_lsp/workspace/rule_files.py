"""Finding and reading rule files: looked for afresh at each use, read again only where one has changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mm_lsp.rulebook.rules.families import (
    ANY_CASE,
    MODE_FOLDER,
    PLACES,
    USER_PLACES,
    Place,
    Scope,
    import_depth,
)
from mm_lsp.rulebook.rules.reading import as_markdown_in_cursor, as_root_copilot, rule_from
from mm_lsp.rulebook.rules.rule import Rule
from mm_lsp.workspace.aider import conventions
from mm_lsp.workspace.files import NotReadable, words_of
from mm_lsp.workspace.imports import Importer
from mm_lsp.workspace.tree import Found, files_below, signature_of

MAX_BYTES = 256 * 1024  # of one file
_MAX_RULES = 2000
_BACKUPS = (".DS_Store", "Thumbs.db", ".bak", ".orig", ".rej", ".swp", ".tmp", ".cache", ".log", "~")
_MANAGED = {
    "linux": "/etc/claude-code/CLAUDE.md",
    "darwin": "/Library/Application Support/ClaudeCode/CLAUDE.md",
    "win32": "C:/Program Files/ClaudeCode/CLAUDE.md",
}

Unsaved = Mapping[Path, str]
HoldBack = Callable[[Path, bool], str | None]


_Key = tuple[str, tuple[Scope, str, str]]  # the file, and as what it was read


class Refusal(NamedTuple):
    """A rule file that is not read, and why, as the end of a sentence."""

    path: str
    reason: str


class Collection(NamedTuple):
    """`rules` in the order in which they are read out; `files` their paths on the disk, by the path that is shown."""

    rules: tuple[Rule, ...]
    refused: tuple[Refusal, ...]
    files: Mapping[str, Path]


class _Kept(NamedTuple):
    """A file as it was read last. `signature`: what the disk said of it then, or its unsaved text."""

    signature: object
    rule: Rule
    path: Path


class RuleFiles:
    """What has been read stays in memory, by what the disk says of the file (time, size, inode)."""

    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._read: dict[_Key, _Kept] = {}

    def collect(self, target: Path | None, root: Path, unsaved: Unsaved, hold_back: HoldBack) -> Collection:
        """The rules that could count for `target`, and the user's own. `unsaved`: the text of open documents;
        `hold_back(path, is_open)`: why nothing of a file that a rule takes in may be sent."""
        gathering = _Gathering(self._read, unsaved, hold_back)
        if managed := _MANAGED.get(sys.platform):
            gathering.managed(Path(managed))
        if self._home is not None:
            gathering.user_level(self._home)
        for directory in chain(target, root):
            gathering.directory(directory, root)
        return Collection(tuple(gathering.rules), tuple(gathering.refused), gathering.files)


def chain(target: Path | None, root: Path) -> list[Path]:
    """The directories from the root to the file's own."""
    if target is None or not target.is_relative_to(root):
        return [root]
    parents = [directory for directory in target.parents if directory.is_relative_to(root)]
    return parents[::-1]


class _Gathering:
    """One look at the disk."""

    def __init__(self, read: dict[_Key, _Kept], unsaved: Unsaved, hold_back: HoldBack) -> None:
        self._read = read
        self._unsaved = unsaved
        self._importer = Importer(unsaved, hold_back)
        self.rules: list[Rule] = []
        self.refused: list[Refusal] = []
        self.files: dict[str, Path] = {}

    def managed(self, path: Path) -> None:
        if signature := signature_of(path):
            place = _Site(Place("claude", path.name), path.parent, "managed", "")
            self._add(Found(str(path), signature), place, path.as_posix())

    def user_level(self, home: Path) -> None:
        present: set[str] = set()
        for place in USER_PLACES:
            if place.stands_in_for in present:
                self._passed_over(home / place.path, place, f"~/{place.path}")
                continue
            for found in _at(None, place, home / place.path):
                if self._add(found, _Site(place, home, "user", ""), f"~/{found.below(home)}"):
                    present.add(place.path)

    def directory(self, directory: Path, root: Path) -> None:
        base = directory.relative_to(root).as_posix() if directory != root else ""
        spelled = _spellings(directory) if directory == root else {}
        present: set[str] = set()
        for place in _places_in(directory, root):
            if place.stands_in_for in present:
                present.add(place.path)
                self._passed_over(directory / place.path, place, f"{base}/{place.path}" if base else place.path)
                continue
            site = _Site(place, root, "nested" if base else "project", base)
            for found in _at(root, place, directory / spelled.get(place.path, place.path)):
                if self._add(found, site, _in_project(found.below(root))):
                    present.add(place.path)

    def _passed_over(self, path: Path, place: Place, shown: str) -> None:
        if signature_of(path) is not None:
            self.refused.append(Refusal(shown, f"{place.stands_in_for} stands in for it"))

    def _add(self, found: Found, site: _Site, shown: str) -> bool:
        """Whether there is any word in the file."""
        if len(self.rules) >= _MAX_RULES:
            self.refused.append(Refusal(shown, f"there are more than {_MAX_RULES} rule files"))
            return False
        try:
            kept = self._kept(found, site, shown)
        except NotReadable as error:
            self.refused.append(Refusal(shown, str(error)))
            return False
        if kept is None:
            return False
        if not kept.rule.body:
            self.refused.append(Refusal(shown, "it is empty"))
            return False
        self.rules.append(self._importer.filled(kept.rule, kept.path, site.root, import_depth(kept.rule.family)))
        self.files[shown] = kept.path
        return True

    def _kept(self, found: Found, site: _Site, shown: str) -> _Kept | None:
        key = (found.place, site.key)
        kept = self._read.get(key)
        unsaved = self._unsaved.get(kept.path if kept is not None else found.path) if self._unsaved else None
        signature = found.signature if unsaved is None else unsaved
        if kept is None or kept.signature != signature:
            kept = _read(found.path, site, shown, signature, unsaved)
            if kept is not None:
                self._read[key] = kept
        return kept


class _Site(NamedTuple):
    """Where files of one place were found: `root` is what they must not lead out of, `base` what they speak of."""

    place: Place
    root: Path
    scope: Scope
    base: str

    @property
    def key(self) -> tuple[Scope, str, str]:
        """One file may be reached from several roots, and named for several places."""
        return (self.scope, self.place.manner, self.base)


def _read(path: Path, site: _Site, shown: str, signature: object, unsaved: str | None) -> _Kept | None:
    """Raises NotReadable."""
    place = site.place
    found = words_of(path, None if site.scope in ("user", "managed") else site.root, MAX_BYTES)
    if found is None:
        return None
    text = found.text if unsaved is None else unsaved
    rule = rule_from(place.family, place.manner, shown, text, scope=site.scope, base=site.base, name=_name(path))
    return _Kept(signature, replace(_particular(rule, place, path), identity=found.identity), path)


def _in_project(shown: str) -> str:
    """A folder of the project that is called `~` is not the user's home."""
    return f"./{shown}" if shown.startswith("~") else shown


def _places_in(directory: Path, root: Path) -> Iterator[Place]:
    """The places of this directory; the root has also what other files name: Roo's modes, aider's conventions."""
    if directory != root:
        yield from (place for place in PLACES if place.is_nested)
        return
    yield from PLACES
    for folder in sorted(_entries(directory / ".roo")):
        if folder.startswith("rules-"):
            mode = folder.removeprefix("rules-")
            yield Place("roo", f"{MODE_FOLDER}{mode}", "mode", ("",), depth=5)
    yield from (Place("aider", name) for name in conventions(root))


def _entries(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _spellings(root: Path) -> dict[str, str]:
    """Names of the root that are spelled in another case than ours; the exact one is preferred."""
    wanted = {name.casefold(): name for name in ANY_CASE}
    spelled: dict[str, str] = {}
    for entry in sorted(_entries(root)):
        name = wanted.get(entry.casefold())
        if name is not None and (name not in spelled or entry == name):
            spelled[name] = entry
    return spelled


def _at(root: Path | None, place: Place, written: Path) -> Iterator[Found]:
    if not place.suffixes:
        signature = signature_of(written)
        if signature is not None:
            yield Found(str(written), signature)
        return
    found = files_below(written, place.suffixes, place.depth, place.but, root)
    kept = sorted(one for one in found if not one.place.endswith(_BACKUPS))
    if place.family == "roo":  # reads its files in the order of their bare names (section 4.1)
        kept.sort(key=lambda one: one.name.lower())
    yield from kept


def _name(path: Path) -> str:
    return path.name.removesuffix(".instructions.md").rsplit(".", 1)[0] or path.name.lstrip(".")


def _particular(rule: Rule, place: Place, path: Path) -> Rule:
    if place.manner == "mdc" and path.suffix == ".md":
        return as_markdown_in_cursor(rule)
    if place.path == ".github/copilot-instructions.md":
        return as_root_copilot(rule)
    return rule
