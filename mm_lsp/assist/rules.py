"""The project's rule files, as the model gets to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_WORTH_CUTTING = 256  # bytes: less of a file says too little


class RuleFile(NamedTuple):
    """`path` relative to the workspace's root."""

    path: str
    text: str


def render(files: Sequence[RuleFile], max_bytes: int) -> str:
    """The block for the system message, or "". `files` from the root down, the nearest last; where they are too
    many, the nearest are kept. The same text is said once (a CLAUDE.md is often a link to AGENTS.md)."""
    kept: list[RuleFile] = []
    left = max_bytes
    seen: set[str] = set()
    for file in reversed(files):
        body = file.text.strip()
        if not body or body in seen:
            continue
        seen.add(body)
        size = len(body.encode("utf-8", "replace"))
        if size > left and left < _WORTH_CUTTING:
            continue
        if size > left:
            body = body.encode("utf-8", "replace")[:left].decode("utf-8", "ignore") + "\n[cut here: the file is longer]"
            size = left
        kept.append(RuleFile(file.path, body))
        left -= size
    if not kept:
        return ""
    blocks = "\n".join(_block(file) for file in reversed(kept))
    return (
        "\nThe project's own rules follow. Later ones are closer to the file and win over earlier ones; "
        f"the user's words win over all.\n{blocks}\n"
    )


def _block(file: RuleFile) -> str:
    body = file.text.replace("</rules>", "<\\/rules>")
    return f'<rules source="{file.path}">\n{body}\n</rules>'
