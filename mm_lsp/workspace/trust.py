"""Which workspaces the user trusts: kept by real path, outside of them; and which commands and skills were there when
the user said so, by the digests of their texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mm_lsp.untyped import table
from mm_lsp.workspace.user_dirs import data_dir, replace_file

Verdict = Literal["trusted", "restricted"]


class Standing(NamedTuple):
    """`verdict` None: nobody has said yet. `approved`: digests by path of the commands and skills that the user knows
    of; None where the word holds whatever they say (the setting `trust`)."""

    verdict: Verdict | None = None
    approved: Mapping[str, str] | None = None

    def allows(self, path: str, digest: str) -> bool:
        """Whether a command or a skill of the workspace may be used as it is now."""
        return self.verdict == "trusted" and (self.approved is None or self.approved.get(path) == digest)


def standing(root: Path) -> Standing:
    """What the user said of this workspace."""
    said = _read().get(_key(root))
    if isinstance(said, str):  # as an earlier version wrote it
        said = {"verdict": said}
    verdict: Verdict | None = table(said).get("verdict")
    if verdict not in ("trusted", "restricted"):
        return Standing(None, {})
    approved = table(table(said).get("approved"))
    return Standing(verdict, {path: digest for path, digest in approved.items() if isinstance(digest, str)})


def verdict(root: Path) -> Verdict | None:
    return standing(root).verdict


def remember(root: Path, said: Verdict, approved: Mapping[str, str] | None = None) -> None:
    """`approved`: the commands and skills that the word is about, beside those that are known; {} forgets them, as a
    word against the workspace does. Raises OSError if it can't be kept."""
    verdicts = _read()
    known = standing(root).approved or {}
    verdicts[_key(root)] = {"verdict": said, "approved": {} if said == "restricted" else {**known, **(approved or {})}}
    replace_file(_file(), json.dumps(verdicts, indent=1, sort_keys=True).encode("utf-8", "surrogateescape"))


def _key(root: Path) -> str:
    return str(root.resolve())


def _file() -> Path:
    return data_dir() / "trust.json"


def _read() -> dict[str, Any]:
    try:
        return table(json.loads(_file().read_bytes().decode("utf-8", "surrogateescape")))
    except (OSError, ValueError):
        return {}
