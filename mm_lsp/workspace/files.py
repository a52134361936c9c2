"""Contained, bounded reads: nothing outside a root, nothing but regular files, nothing endless."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple
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


def place_of(uri: str) -> Path | None:
    """Where on this machine the text of a document of any scheme comes from, as far as its address says: a cell of a
    notebook, an earlier revision. For holding it back, never for reading it."""
    path = path_of(uri)
    if path is not None or uri.startswith("untitled:"):
        return path
    written = unquote(_split(uri).path)
    return Path(written) if written.startswith("/") and "\0" not in written else None


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


def project_root(path: Path, folders: tuple[Path, ...]) -> Path:
    """Where rule files are looked for, and what is trusted as a whole: the nearest repository that holds `path`, else
    its workspace folder, else its directory (reference: rules-and-skills 0.1). A repository of the home directory
    itself, or of what lies above it, is nobody's project."""
    home = home_directory()
    for ancestor in path.parents:
        if home is not None and home.is_relative_to(ancestor):
            break
        if (ancestor / ".git").exists():
            return ancestor
    holding = [folder for folder in folders if path.is_relative_to(folder)]
    return max(holding, key=lambda folder: len(folder.parts)) if holding else path.parent


def home_directory() -> Path | None:
    """None where there is nobody whose home it could be."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def relative_name(path: Path | None, uri: str, folders: tuple[Path, ...]) -> str:
    """How a file is named to the model: relative to its workspace folder, else its bare name."""
    if path is None:
        return unquote(_split(uri).path).rpartition("/")[2] or uri
    holding = [folder for folder in folders if path.is_relative_to(folder)]
    if not holding:
        return path.name
    return path.relative_to(max(holding, key=lambda folder: len(folder.parts))).as_posix()


_STRAY_BYTES = 8  # that a text may hold which are no UTF-8


class Contents(NamedTuple):
    """What a file holds. `identity`: device and inode, by which two names of one file are one; `is_cut`: it is longer;
    `is_lossy`: some bytes were no UTF-8."""

    text: str
    identity: tuple[int, int]
    is_cut: bool = False
    is_lossy: bool = False


class NotReadable(Exception):
    """Why a file is not read, as the end of a sentence about it."""


def contents(path: Path, root: Path | None, max_bytes: int) -> Contents | None:
    """The text of a regular file whose real path is inside `root` (anywhere if None), cut at `max_bytes`.

    None if there is no such file; raises NotReadable. What was opened is what is checked: the descriptor's own file
    must be the one that the real path names, and opening never waits for a FIFO.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotReadable(_why_not(path, error)) from error
    except ValueError as error:
        raise NotReadable("its name can't be a file's") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise NotReadable("it is no regular file")
        if root is not None and not _is_inside(path, root, status):
            raise NotReadable("it lies outside of the workspace")
        data = _read(handle, max_bytes + 1)
    except OSError as error:
        raise NotReadable(_why_not(path, error)) from error
    finally:
        os.close(handle)
    return _contents(data, max_bytes, (status.st_dev, status.st_ino))


def _read(handle: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while size > 0 and (piece := os.read(handle, min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def words_of(path: Path, root: Path | None, max_bytes: int) -> Contents | None:
    """As `contents`; raises NotReadable also for what is no text."""
    found = contents(path, root, max_bytes)
    if found is not None and ("\0" in found.text or (found.is_lossy and found.text.count("\ufffd") > _STRAY_BYTES)):
        raise NotReadable("it is no text file")
    return found


def _why_not(path: Path, error: OSError) -> str:
    if os.path.islink(path):  # pathlib raises for a name that is too long
        return "its link leads nowhere"
    return f"it can't be read ({(error.strerror or 'unknown error').lower()})"


def _is_inside(path: Path, root: Path, status: os.stat_result) -> bool:
    """With texts rather than Paths, since a look may read a thousand files."""
    try:
        real = os.path.realpath(path, strict=True)
        named = os.stat(real)
        inside = os.path.join(os.path.realpath(root), "")
    except (OSError, RuntimeError, ValueError):
        return False
    return (named.st_dev, named.st_ino) == (status.st_dev, status.st_ino) and real.startswith(inside)


def _contents(data: bytes, max_bytes: int, identity: tuple[int, int]) -> Contents:
    is_cut = len(data) > max_bytes
    text = data[:max_bytes].decode("utf-8", "replace").removeprefix("\ufeff")
    if is_cut:
        text = text.rstrip("\ufffd")  # a character may have been cut in two, and so may a secret
        text = text[: text.rfind("\n") + 1] or text
    return Contents(text, identity, is_cut, "\ufffd" in text and b"\xef\xbf\xbd" not in data)


def read_text(path: Path, root: Path, max_bytes: int) -> str | None:
    """As `contents`, the text alone; None also where it may not be read."""
    try:
        found = contents(path, root, max_bytes)
    except NotReadable:
        return None
    return found.text if found is not None else None
