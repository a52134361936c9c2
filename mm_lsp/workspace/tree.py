"""Walks below a folder: bounded, in a fixed order, following links without ever going in a circle."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Signature = tuple[int, int, int, int]  # time of change in ns, size, inode, device

SKIPPED = frozenset((".git", "node_modules", ".venv", "venv", "__pycache__", ".hg", ".svn"))
_MAX_DIRECTORIES = 2000


class Found(NamedTuple):
    """A file: its path as the system writes it (making a Path of each of a thousand would take longer than the look at
    the disk), and how one sees whether it has changed."""

    place: str
    signature: Signature

    @property
    def path(self) -> Path:
        return Path(self.place)

    @property
    def name(self) -> str:
        return self.place.rpartition(os.sep)[2]

    def below(self, root: Path) -> str:
        """The path relative to `root`, with slashes."""
        return self.place[len(str(root).rstrip(os.sep)) + 1 :].replace(os.sep, "/")


def signature_of(path: Path) -> Signature | None:
    """What the disk says of a file (links followed), to see whether it has changed; None if there is none. A link that
    leads nowhere has one, so that it is told of."""
    try:
        status = os.stat(path)
    except OSError:
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            return None
    except ValueError:
        return None
    return None if stat.S_ISDIR(status.st_mode) else _signature(status)


def _signature(status: os.stat_result) -> Signature:
    return (status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev)


def files_below(
    folder: Path, suffixes: tuple[str, ...], depth: int, but: tuple[str, ...], root: Path | None
) -> Iterator[Found]:
    """The files in `folder`, and in its folders `depth` deep, whose names end with one of `suffixes`. Folders named in
    `but` and those that are nobody's own (`SKIPPED`) are passed over; so are links to folders outside of `root`, if
    there is one."""
    seen: set[tuple[int, int]] = set()
    waiting = [(folder, depth)]
    while waiting and len(seen) < _MAX_DIRECTORIES:
        directory, left = waiting.pop()
        if not _is_new(directory, root, seen):
            continue
        for entry in _entries(directory):
            if _is_directory(entry):
                if left > 0 and entry.name not in SKIPPED and entry.name not in but:
                    waiting.append((directory / entry.name, left - 1))
            elif entry.name.endswith(suffixes) and (found := _found(entry)):
                yield found


def _is_new(directory: Path, root: Path | None, seen: set[tuple[int, int]]) -> bool:
    try:
        status = os.stat(directory)
        inside = (
            root is None or not _may_lead_out(directory, root) or directory.resolve().is_relative_to(root.resolve())
        )
    except (OSError, RuntimeError, ValueError):
        return False
    identity = (status.st_dev, status.st_ino)
    if identity in seen or not inside:
        return False
    seen.add(identity)
    return True


def _may_lead_out(directory: Path, root: Path) -> bool:
    """Whether a step from `root` to `directory` is a link or leads up: only then may the real path be another."""
    if ".." in directory.parts:
        return True
    while directory != root and directory != directory.parent:
        if directory.is_symlink():
            return True
        directory = directory.parent
    return False


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError:
        return []


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _found(entry: os.DirEntry[str]) -> Found | None:
    try:
        return Found(entry.path, _signature(entry.stat()))
    except OSError:
        return None


def names_in(directory: Path, root: Path) -> list[str]:
    """What lies in a directory inside of `root`, in order, folders with a slash behind them."""
    if not _is_new(directory, root, set()):
        return []
    return [f"{entry.name}/" if _is_directory(entry) else entry.name for entry in reversed(_entries(directory))]
