"""Markdown fences in a model's reply."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE_LINE = re.compile(r"^[ \t]*(`{3,40}|~{3,40})([^\n`]*)$", re.MULTILINE)


class Fence(NamedTuple):
    """The first fence of a text; `after` is None where nothing closes it. `inside` has no line end at its end."""

    before: str
    info: str
    inside: str
    after: str | None


def first_fence(text: str) -> Fence | None:
    opening = _FENCE_LINE.search(text)
    if opening is None:
        return None
    rest = text[opening.end() :].removeprefix("\n")
    before, info = text[: opening.start()], opening.group(2).strip().lower()
    closing = re.search(rf"^[ \t]*{re.escape(opening.group(1))}[ \t]*$", rest, re.MULTILINE)
    if closing is None:
        return Fence(before, info, rest, None)
    return Fence(before, info, rest[: closing.start()].removesuffix("\n"), rest[closing.end() :])
