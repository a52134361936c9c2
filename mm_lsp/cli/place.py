"""`FILE:LINE:COL` and `FILE:L1-L2` as people write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from mm_lsp.text import Document, Position, Span

_POINT = re.compile(r"(?P<file>.+):(?P<line>\d+):(?P<column>\d+)")
_LINES = re.compile(r"(?P<file>.+?)(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?")

_MAX_BYTES = 20 * 1024 * 1024

_LANGUAGES = {
    ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".cs": "csharp", ".css": "css", ".el": "elisp",
    ".go": "go", ".html": "html", ".java": "java", ".js": "javascript", ".jsx": "javascriptreact", ".json": "json",
    ".kt": "kotlin", ".lua": "lua", ".md": "markdown", ".php": "php", ".py": "python", ".rb": "ruby", ".rs": "rust",
    ".scala": "scala", ".sh": "shellscript", ".sql": "sql", ".swift": "swift", ".toml": "toml", ".ts": "typescript",
    ".tsx": "typescriptreact", ".yaml": "yaml", ".yml": "yaml", ".zig": "zig",
}  # fmt: skip


class Misuse(Exception):
    """A call that can't be understood; `str()` is the sentence for the user."""


class File(NamedTuple):
    """A file as it lies on the disk; `document` has its text."""

    path: Path
    document: Document


def point(written: str) -> tuple[File, Position]:
    """Raises Misuse."""
    found = _POINT.fullmatch(written)
    if found is None:
        raise Misuse(f"{written} is not FILE:LINE:COL (line and column count from 1).")
    file = _read(found["file"])
    line, column = int(found["line"]) - 1, int(found["column"]) - 1
    if not 0 <= line < len(file.document.lines) or not 0 <= column <= len(file.document.body(line)):
        raise Misuse(f"{written} lies outside of the file.")
    return file, Position(line, column)


def file_at(written: str) -> Path:
    """The path of a file or a directory that is there. Raises Misuse."""
    path = Path(written).absolute()
    try:
        if path.exists():
            return path
    except OSError:
        pass
    raise Misuse(f"{written} is neither a file nor a directory.")


def lines(written: str) -> tuple[File, Span | None]:
    """The lines, or None for the whole file. Raises Misuse."""
    exact = Path(written).exists()
    found = None if exact else _LINES.fullmatch(written)
    if exact or found is None or found["first"] is None:
        return _read(written), None
    file = _read(found["file"])
    first = int(found["first"])
    last = int(found["last"] or first)
    if not 1 <= first <= last <= len(file.document.lines):
        raise Misuse(f"{written}: the file has {len(file.document.lines)} lines.")
    return file, file.document.whole_lines(first - 1, last - 1)


def _read(name: str) -> File:
    path = Path(name).absolute()
    try:
        if path.is_dir():
            raise Misuse(f"{name} is a directory: name a file.")
        if path.exists() and not path.is_file():
            raise Misuse(f"{name} is not a regular file.")
        if path.stat().st_size > _MAX_BYTES:
            raise Misuse(f"{name} is larger than {_MAX_BYTES // 1024 // 1024} MB.")
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise Misuse(f"{name} is not text in UTF-8.") from None
    except OSError as error:
        raise Misuse(f"{name} can't be read: {(error.strerror or str(error)).lower()}.") from None
    if "\0" in text:
        raise Misuse(f"{name} is a binary file.")
    return File(path, Document.of(text, path.as_uri(), _LANGUAGES.get(path.suffix.lower(), "plaintext"), 1))
