"""The names of a workspace's files, for globs to be tried on: a bounded walk, remembered for a few seconds."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mm_lsp.assist.authoring.hover import Count
from mm_lsp.workspace.tree import SKIPPED

_MOST = 20_000
_FRESH_SECONDS = 5.0
_EXAMPLES = 5
_STRIDE = 256  # names between two looks at the clock


class Names(NamedTuple):
    """Paths relative to the root, the nearest first. `is_whole`: there are no others."""

    paths: tuple[str, ...]
    is_whole: bool


class FileNames:
    """Times are those of `time.monotonic`. Any thread may ask."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[float, Names]] = {}
        self._lock = threading.Lock()

    def below(self, root: Path, deadline: float) -> Names:
        """As many as are found until the deadline."""
        if not self._lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return Names((), False)
        try:
            now = time.monotonic()
            kept = self._kept.get(root)
            if kept is not None and now - kept[0] < _FRESH_SECONDS:
                return kept[1]
            names = _walked(root, deadline)
            self._kept = {root: (time.monotonic(), names)} if time.monotonic() < deadline else {}
            return names
        finally:
            self._lock.release()


def _walked(root: Path, deadline: float) -> Names:
    paths: list[str] = []
    waiting = deque([""])
    while waiting:
        if time.monotonic() > deadline:
            return Names(tuple(paths), False)
        prefix = waiting.popleft()
        for entry in _entries(os.path.join(root, prefix)):
            if _is_folder(entry):
                if entry.name not in SKIPPED:
                    waiting.append(f"{prefix}{entry.name}/")
            elif len(paths) >= _MOST:
                return Names(tuple(paths), False)
            else:
                paths.append(prefix + entry.name)
    return Names(tuple(paths), True)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Links to folders are not followed, so that no walk goes in a circle."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def count(names: Names, matches: Callable[[str], bool], deadline: float) -> Count:
    number, examples, is_whole = 0, list[str](), names.is_whole
    for path in _until(names.paths, deadline):
        if path is None:
            is_whole = False
        elif matches(path):
            number += 1
            if len(examples) < _EXAMPLES:
                examples.append(path)
    return Count(number, tuple(examples), is_whole)


def names_nothing(names: Names, matches: Callable[[str], bool], deadline: float) -> bool:
    """Whether surely no file matches: all were there to be tried, in time."""
    return names.is_whole and not any(path is None or matches(path) for path in _until(names.paths, deadline))


def _until(paths: tuple[str, ...], deadline: float) -> Iterator[str | None]:
    """The paths; None and an end where time runs out."""
    for number, path in enumerate(paths):
        if number % _STRIDE == 0 and time.monotonic() > deadline:
            yield None
            return
        yield path


FILE_NAMES = FileNames()
