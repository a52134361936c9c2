"""One look at the ignore files: what they say of any number of paths at one time."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mm_lsp.globs import Gitignore, Rule, deciding_rule, excluded_by
from mm_lsp.workspace.ignore_files.kinds import AI, GIT, SWITCH, Kind
from mm_lsp.workspace.ignore_files.personal import Personal, Place
from mm_lsp.workspace.ignore_files.reading import Fault, IgnoreText, Kept, parse, parse_strictly

_GIT_DIR = ".git"
_EXCLUDE = ".git/info/exclude"
_Said = IgnoreText | Fault | None


class Shelf:
    """What is kept from one look to the next. Threads may use it at once: at worst one reads what another has read."""

    def __init__(self, home: Path | None) -> None:
        self.personal = Personal(home)
        self.of_git: Kept[IgnoreText] = Kept(parse)
        self.with_negation: Kept[IgnoreText] = Kept(parse_strictly)
        self.without_negation: Kept[IgnoreText] = Kept(partial(parse_strictly, negation=False))

    def get(self, kind: Kind, place: Place) -> _Said:
        if kind is GIT:
            return self.of_git.get(place.path, place.name, place.root)
        kept = self.with_negation if kind.negation else self.without_negation
        return kept.get(place.path, place.name, place.root)


class _Directory(NamedTuple):
    """`name`: relative to the root. `prefix`: what goes before the name of an entry."""

    name: str
    prefix: str


class _Union(NamedTuple):
    """Ignore files of one kind. `base`: the directory, relative to the root, to which theirs are relative."""

    base: str
    files: list[tuple[str, Gitignore]]

    def own(self, relative: str) -> str:
        return relative[len(self.base) :].lstrip("/")

    def sentence(self, found: tuple[str, Rule]) -> str:
        directory, rule = found
        place = _shown(posixpath.join(self.base, directory), rule.source)
        return f"{place}:{rule.line + 1} names it ({rule.pattern})"

    def on_directory(self, relative: str) -> str | None:
        """Why the directory, or one above it, is excluded."""
        found = excluded_by(self.files, self.own(relative), is_dir=True) if self.own(relative) else None
        return found and self.sentence(found)

    def on_entry(self, relative: str, is_dir: bool) -> str | None:
        """Why an entry is excluded whose directory is not."""
        found = deciding_rule(self.files, self.own(relative), is_dir)
        return None if found is None or found[1].negated else self.sentence(found)


class _Sheet(NamedTuple):
    """What binds the entries of one directory: a reason that holds for all of them, else the rules."""

    blanket: str | None
    unions: list[_Union]


class Look:
    """See `IgnoreFiles.look`. For one thread."""

    def __init__(self, shelf: Shelf, roots: Sequence[Path], is_open: bool, unsaved: Mapping[Path, str]) -> None:
        self._shelf = shelf
        absolute = {os.path.abspath(root) for root in roots}
        self._roots = sorted((Path(root) for root in absolute), key=lambda root: len(root.parts))
        self._real_roots = [(root, Path(os.path.realpath(root))) for root in self._roots]
        self._is_open = is_open
        self._unsaved = {os.path.abspath(path): text for path, text in unsaved.items()}
        self._said: dict[str, _Said] = {}
        self._present: dict[str, bool] = {}
        self._sheets: dict[tuple[Path, Path], _Sheet] = {}

    def reason(self, path: Path, is_dir: bool = False) -> str | None:
        """Why nothing of this file, or of what is in this directory, may go to a model, as the end of a sentence.
        None if it may, or if no root holds it."""
        lexical = Path(os.path.abspath(path))
        try:
            real = Path(os.path.realpath(lexical))
        except (OSError, ValueError):
            return "its path can't be followed"
        return _first(self._reason_at(place, is_dir) for place in self._places(lexical, real))

    def _places(self, lexical: Path, real: Path) -> Iterator[Path]:
        """The path as it is written, and the one to which its links lead, in the words of a root."""
        yield lexical
        for root, real_root in self._real_roots:
            if real.is_relative_to(real_root):
                place = root / real.relative_to(real_root)
                if place != lexical:
                    yield place
                return

    def _reason_at(self, place: Path, is_dir: bool) -> str | None:
        root = next((root for root in self._roots if place.is_relative_to(root)), None)
        if root is None or place == root:
            return None
        relative = place.relative_to(root).as_posix()
        if not self._is_open and _GIT_DIR in relative.lower().split("/"):
            return f"what is in {_GIT_DIR} is git's own"
        sheet = self._sheets.get((root, place.parent))
        if sheet is None:
            sheet = self._sheets[root, place.parent] = self._sheet(str(root), _directories(root, relative))
        return sheet.blanket or _first(union.on_entry(relative, is_dir) for union in sheet.unions)

    def _sheet(self, root: str, directories: list[_Directory]) -> _Sheet:
        for directory in directories:
            if self._is_present(directory.prefix + SWITCH):
                return _Sheet(f"{posixpath.join(directory.name, SWITCH)} switches AI off here", [])
        unions: list[_Union] = []
        for kind in AI:
            if self._is_open and not kind.binds_open:
                continue
            for said in self._views(kind, root, directories):
                blanket = _blanket(kind, said)
                if blanket:
                    return _Sheet(blanket, [])
                unions.append(_Union("", _usable(said)))
        if not self._is_open:
            unions += self._of_git(root, directories)
        unions = [union for union in unions if union.files]
        return _Sheet(_first(union.on_directory(directories[-1].name) for union in unions), unions)

    def _views(self, kind: Kind, root: str, directories: list[_Directory]) -> Iterator[list[tuple[str, str, _Said]]]:
        """Directory, name and text of all files of a kind: as they are on the disk, and as they are in the editor."""
        places = [(name, Place(prefix + kind.name, kind.name, root)) for name, prefix in directories]
        if kind.personal and (personal := self._shelf.personal.below_home(kind.personal)):
            places.insert(0, ("", personal))
        return self._disk_and_editor(kind, places)

    def _of_git(self, root: str, directories: list[_Directory]) -> list[_Union]:
        """Of the repository in which the deepest of the directories is: what is above it does not bind it."""
        inside = (at for at in reversed(range(len(directories))) if self._is_present(directories[at].prefix + _GIT_DIR))
        repository = next(inside, 0)
        base, prefix = directories[repository]
        places = [("", Place(os.path.normpath(prefix + _EXCLUDE), _EXCLUDE, root))]
        if excludes := self._shelf.personal.git_excludes():
            places.insert(0, ("", excludes))
        for name, prefix in directories[repository:]:
            places.append((name[len(base) :].lstrip("/"), Place(prefix + GIT.name, GIT.name, root)))
        return [_Union(base, _usable(said)) for said in self._disk_and_editor(GIT, places)]

    def _disk_and_editor(self, kind: Kind, places: list[tuple[str, Place]]) -> Iterator[list[tuple[str, str, _Said]]]:
        yield self._all_said(kind, places)
        if self._unsaved and any(place.path in self._unsaved for _, place in places):
            yield self._all_said(kind, places, self._unsaved)

    def _all_said(
        self, kind: Kind, places: list[tuple[str, Place]], unsaved: Mapping[str, str] | None = None
    ) -> list[tuple[str, str, _Said]]:
        return [(directory, place.name, self._one_said(kind, place, unsaved or {})) for directory, place in places]

    def _one_said(self, kind: Kind, place: Place, unsaved: Mapping[str, str]) -> _Said:
        if place.path in unsaved:
            return parse_strictly(unsaved[place.path], place.name, negation=kind.negation)
        if place.path not in self._said:
            self._said[place.path] = self._shelf.get(kind, place)
        return self._said[place.path]

    def _is_present(self, path: str) -> bool:
        if path not in self._present:
            self._present[path] = path in self._unsaved or os.path.lexists(path)
        return self._present[path]


def _directories(root: Path, relative: str) -> list[_Directory]:
    """The root and every directory on the way to the file."""
    names = ["", *(relative[:at] for at, char in enumerate(relative) if char == "/")]
    return [_Directory(name, os.path.join(root, os.path.normpath(name) if name else "", "")) for name in names]


def _first(reasons: Iterable[str | None]) -> str | None:
    return next(filter(None, reasons), None)


def _usable(said: list[tuple[str, str, _Said]]) -> list[tuple[str, Gitignore]]:
    return [(directory, each.rules) for directory, _, each in said if isinstance(each, IgnoreText) and each.rules.rules]


def _blanket(kind: Kind, said: list[tuple[str, str, _Said]]) -> str | None:
    """Why everything below one of the files is excluded: what it says can't be known, or it says so by its silence."""
    for directory, name, each in said:
        if isinstance(each, Fault):
            scope = "everything" if name != kind.name else "everything below it"
            return f"{_shown(directory, name)} {each.clause}, so {scope} is held back"
        if each and each.is_blank and kind.blank_excludes:
            return f"an empty {kind.name} in {directory or 'the root'} excludes everything below it"
    return None


def _shown(directory: str, name: str) -> str:
    """A personal file has its whole name."""
    return name if name.startswith("~") or os.path.isabs(name) else posixpath.join(directory, name)
