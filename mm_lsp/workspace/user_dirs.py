"""The user's own directories: configuration, data, cache."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

_APP = "mm-lsp"
_KEPT = 20  # answers that stay in the cache directory


# platformdirs, tempfile and tomllib are imported where they are needed: not before `initialize` has been answered.


def config_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir(_APP, appauthor=False)) / "config.toml"


def data_dir() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir(_APP, appauthor=False))


def cache_dir() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def read_config() -> tuple[dict[str, Any], str | None]:
    """The user file's values, and a sentence if it can't be read. No file is no fault."""
    import tomllib

    path = config_file()
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8")), None
    except FileNotFoundError:
        return {}, None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return {}, f"The settings file {path} can't be read and is left out: {reason}."


def write_answer(name: str, markdown: str) -> Path:
    """Writes an answer to the cache directory, readable by the user alone, and forgets the oldest."""
    import tempfile

    folder = cache_dir() / "answers"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".md", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(markdown)
    answers = sorted(folder.glob("*.md"), key=_age, reverse=True)
    for old in answers[_KEPT:]:
        with contextlib.suppress(OSError):
            old.unlink()
    return Path(path)


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Writes a file whole or not at all."""
    import tempfile

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
