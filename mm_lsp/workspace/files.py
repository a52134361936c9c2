"""Contained, bounded reads: nothing outside a root, nothing but regular files, nothing endless."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit


def path_of(uri: str) -> Path | None:
    """The path of a `file:` URI; None for any other scheme (an unsaved buffer, a git revision)."""
    parts = _split(uri)
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    if parts.netloc and parts.netloc != "localhost":
        path = f"//{parts.netloc}{path}"
    if os.name == "nt" and path[:1] == "/" and path[2:3] == ":":
        path = path[1:]
    return Path(path) if path and "\0" not in path else None


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError:  # an address that is none: "file://[::1"
        return SplitResult("", "", "", "", "")


def root_of(path: Path, folders: tuple[Path, ...]) -> Path:
    """The innermost workspace folder that holds `path`; without one the nearest ancestor with `.git`, else the
    file's own directory."""
    holding = [folder for folder in folders if path.is_relative_to(folder)]
    if holding:
        return max(holding, key=lambda folder: len(folder.parts))
    for ancestor in path.parents:
        if (ancestor / ".git").exists():
            return ancestor
    return path.parent


def relative_name(path: Path | None, uri: str, folders: tuple[Path, ...]) -> str:
    """How a file is named to the model: relative to its workspace folder, else its bare name."""
    if path is None:
        return unquote(_split(uri).path).rpartition("/")[2] or uri
    holding = [folder for folder in folders if path.is_relative_to(folder)]
    if not holding:
        return path.name
    return path.relative_to(max(holding, key=lambda folder: len(folder.parts))).as_posix()


def read_text(path: Path, root: Path, max_bytes: int) -> str | None:
    """The text of a regular file whose real path is inside `root`, cut at `max_bytes`; None if there is none."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            return None
        # Never blocks on a FIFO, and what was opened is what was checked.
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            data = file.read(max_bytes)
            text = data.decode("utf-8", "replace").removeprefix("\ufeff")
            return text.rstrip("\ufffd") if len(data) == max_bytes else text  # a character may have been cut in two
    except (OSError, ValueError, RuntimeError):
        return None
