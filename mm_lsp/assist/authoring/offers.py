"""Completion inside of frontmatter: keys that are not there yet, and values where there is a closed set."""

from __future__ import annotations

import re
from typing import NamedTuple

from mm_lsp.assist.authoring.keys import help_for, known_keys
from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.text import Position, Span

_KEY = re.compile(r"[A-Za-z_-]*")
_VALUE = re.compile(r"(?P<key>[A-Za-z_][\w-]*):(?P<blank>[ \t]*)(?P<typed>[\w-]*)")
_OPENING = re.compile(r"---[ \t]*")
_UNCLOSED_LINE = re.compile(r"[A-Za-z_][\w.-]*[ \t]*:.*|[ \t]+\S.*|-[ \t].*|#.*")


class Offer(NamedTuple):
    """`text` takes the place of `span`."""

    label: str
    text: str
    span: Span
    meaning: str
    is_value: bool = False


def offers_at(manuscript: Manuscript, position: Position) -> list[Offer] | None:
    """None where neither a key nor a value of a closed set is being typed."""
    line, before = _typed(manuscript, position)
    if not manuscript.kind.has_frontmatter or not _is_inside(manuscript, position.line):
        return None
    if _KEY.fullmatch(before):
        return _keys(manuscript, position, before, line[len(before) :])
    value = _VALUE.fullmatch(before)
    return None if value is None else _values(manuscript, position, value)


def _typed(manuscript: Manuscript, position: Position) -> tuple[str, str]:
    line = manuscript.line(position.line)
    return line, line[: position.column - (manuscript.mark if position.line == 0 else 0)]


def _is_inside(manuscript: Manuscript, number: int) -> bool:
    """Also of a frontmatter that is still being written, which nothing closes yet."""
    span = manuscript.matter.span
    if span is not None:
        return span[0] < number < span[1]
    first = next((at for at in range(number) if manuscript.line(at).strip()), None)
    if first is None or not _OPENING.fullmatch(manuscript.line(first)):
        return False
    return all(_UNCLOSED_LINE.fullmatch(manuscript.line(at)) for at in range(first + 1, number))


def _keys(manuscript: Manuscript, position: Position, before: str, after: str) -> list[Offer]:
    rest = re.match(r"[\w-]*", after)
    word = before + (rest.group() if rest else "")
    lines = range(position.line) if manuscript.matter.span is None else range(*manuscript.matter.span)
    others = {manuscript.line(at).partition(":")[0].rstrip() for at in lines if at != position.line}
    has_colon = after[len(word) - len(before) :].lstrip().startswith(":")
    begin = position.column - len(before)
    span = Span(Position(position.line, begin), Position(position.line, begin + len(word)))
    offers: list[Offer] = []
    for key in known_keys(manuscript.kind):
        known = help_for(manuscript.kind, key)
        if key not in others and known is not None:
            offers.append(Offer(key, key if has_colon else f"{key}: ", span, known.meaning))
    return offers


def _values(manuscript: Manuscript, position: Position, value: re.Match[str]) -> list[Offer] | None:
    known = help_for(manuscript.kind, value["key"])
    if known is None or not known.values:
        return None
    span = Span(Position(position.line, position.column - len(value["typed"])), position)
    blank = "" if value["blank"] else " "
    return [Offer(one, blank + one, span, known.meaning, is_value=True) for one in known.values]
