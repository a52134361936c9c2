"""Finding the project's rule files: the root's and the nearest, read afresh at each use."""

from __future__ import annotations

from pathlib import Path

from mm_lsp.workspace.files import read_text

_NAMES = ("AGENTS.md", "CLAUDE.md")
_ROOT_NAMES = ("AGENTS.md", "AGENT.md", "agent.md", "CLAUDE.md", "Claude.md")
_MAX_BYTES = 65536  # of one file


def find(path: Path, root: Path) -> list[tuple[str, str]]:
    """(path relative to the root, text) of the rule files for `path`: the root's, then the nearest directory's."""
    found = _in_directory(root, root, _ROOT_NAMES)
    for directory in path.parents:
        if directory == root or not directory.is_relative_to(root):
            break
        nearest = _in_directory(directory, root, _NAMES)
        if nearest:
            return found + nearest
    return found


def exist(path: Path, root: Path) -> bool:
    return bool(find(path, root))


def _in_directory(directory: Path, root: Path, names: tuple[str, ...]) -> list[tuple[str, str]]:
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for name in names:
        place = directory / name
        text = read_text(place, root, _MAX_BYTES)
        if text and text.strip():
            status = place.stat()  # on a disk that ignores case two names are one file
            found.setdefault((status.st_dev, status.st_ino), (place.relative_to(root).as_posix(), text))
    return list(found.values())
