"""Which workspaces the user trusts: kept by real path, outside of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from mm_lsp.untyped import table
from mm_lsp.workspace.user_dirs import data_dir, replace_file

Verdict = Literal["trusted", "restricted"]


def verdict(root: Path) -> Verdict | None:
    """What the user said of this workspace, or None if nothing yet."""
    said = _read().get(str(root.resolve()))
    return said if said in ("trusted", "restricted") else None


def remember(root: Path, said: Verdict) -> None:
    """Raises OSError if it can't be kept."""
    verdicts = _read()
    verdicts[str(root.resolve())] = said
    replace_file(_file(), json.dumps(verdicts, indent=1, sort_keys=True).encode("utf-8", "surrogateescape"))


def _file() -> Path:
    return data_dir() / "trust.json"


def _read() -> dict[str, str]:
    try:
        return table(json.loads(_file().read_bytes()))
    except (OSError, ValueError):
        return {}
