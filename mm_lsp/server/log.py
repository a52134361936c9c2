"""Logs for the people who mend the server: on stderr and in a file, without code, prompts, keys or local paths."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

from mm_lsp.redact import mask

logger = logging.getLogger("mm_lsp")

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_PACKAGE = Path(__file__).parent.parent


class _Formatter(logging.Formatter):
    """An exception is told by its type and our own frames: its words may quote a user's text."""

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802  the name is logging's
        return where(ei[1]) if ei[1] is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def where(error: BaseException) -> str:
    """`KeyError at server/jobs.py:41 in take < routes.py:20 in answer`, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {' < '.join(places)}"


def _short(filename: str) -> str:
    path = Path(filename)
    return path.relative_to(_PACKAGE).as_posix() if path.is_relative_to(_PACKAGE) else path.name


def start(level: str = "info") -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(_FORMAT))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.WARNING)
    logger.setLevel(level.upper())
    # pygls writes whole messages, asyncio and httpx local names: what they have to say we say ourselves.
    for name in ("pygls", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def follow(level: str, file: str | None) -> str | None:
    """Takes the settings over; a sentence if the file can't be written."""
    logger.setLevel(level.upper())
    for handler in list(logging.root.handlers):
        if isinstance(handler, logging.FileHandler):
            logging.root.removeHandler(handler)
            handler.close()
    if file is None:
        return None
    try:
        handler = logging.FileHandler(Path(file).expanduser(), encoding="utf-8", errors="replace")
    except OSError as error:
        return f"log.file can't be written: {error.strerror}."
    handler.setFormatter(_Formatter(_FORMAT))
    logging.root.addHandler(handler)
    return None
