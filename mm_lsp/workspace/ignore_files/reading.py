"""From an ignore file on the disk to its rules, read again only when it has changed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from mm_lsp.globs import Gitignore
from mm_lsp.workspace.files import read_text

MAX_BYTES = 256 * 1024  # of one file
_KEPT = 4096  # files
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)  # there is no such directory, and can't be
T = TypeVar("T")


class Fault(NamedTuple):
    """Why a file that is there can't be used, as it follows the file's name in a sentence."""

    clause: str


UNREADABLE = Fault("can't be read")
IRREGULAR = Fault("is no regular file")
TOO_LARGE = Fault(f"is larger than {MAX_BYTES // 1024} KiB")
NOT_UTF_8 = Fault("is not UTF-8 text")


class IgnoreText(NamedTuple):
    """What an ignore file says."""

    rules: Gitignore
    is_blank: bool


def parse_strictly(text: str, source: str, *, negation: bool = True) -> IgnoreText | Fault:
    """An ignore file of an AI tool. UTF-16, as some shells write it, would be rules for no file at all: a fault."""
    said = parse(text, source, negation=negation)
    if isinstance(said, Fault):
        return said
    is_torn = "\0" in text or any("\ufffd" in rule.pattern for rule in said.rules.rules)
    return NOT_UTF_8 if is_torn else said


def parse(text: str, source: str, *, negation: bool = True) -> IgnoreText | Fault:
    if len(text) > MAX_BYTES:  # an open document may be of any size
        return TOO_LARGE
    return IgnoreText(Gitignore.of(text, negation=negation, source=source), not text.strip())


def status_of(path: str) -> os.stat_result | Fault | None:
    """Of the file that a link leads to; None if there is neither file nor link."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return None if error.errno in _ABSENT else UNREADABLE
    except ValueError:
        return UNREADABLE
    if not stat.S_ISLNK(status.st_mode):
        return status
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return UNREADABLE


class _Stamp(NamedTuple):
    """A file that has changed differs in one of these; `ctime` also tells of changes whose `mtime` was set back."""

    mtime: int
    ctime: int
    size: int
    inode: int
    device: int


class Kept(Generic[T]):
    """Files of one form, by path and source. What can't be used is tried again each time."""

    def __init__(self, parse: Callable[[str, str], T | Fault]) -> None:
        self._parse = parse
        self._kept: dict[tuple[str, str], tuple[_Stamp, T]] = {}

    def get(self, path: str, source: str, root: str) -> T | Fault | None:
        """What the text says, for a file inside `root`; None if there is no file. `source`: how it is named."""
        status = status_of(path)
        if status is None or isinstance(status, Fault):
            return status
        stamp = _Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)
        kept = self._kept.get((path, source))
        if kept and kept[0] == stamp:
            return kept[1]
        said = self._read(path, source, root, status)
        if not isinstance(said, Fault):
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[path, source] = stamp, said
        return said

    def _read(self, path: str, source: str, root: str, status: os.stat_result) -> T | Fault:
        if not stat.S_ISREG(status.st_mode):
            return IRREGULAR
        if status.st_size > MAX_BYTES:
            return TOO_LARGE
        text = read_text(Path(path), Path(root), MAX_BYTES)
        return UNREADABLE if text is None else self._parse(text, source)
