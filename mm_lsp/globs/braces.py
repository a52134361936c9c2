"""Braces and lists: one text that stands for several patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import cast

MAX_LENGTH = 1024  # of one glob
_MAX_PATTERNS = 1000
_MAX_EXPANDED = 8192  # characters of all patterns that one pattern stands for
_BRACKETS = re.compile(r"[\[\]{}\\]")
_MAX_GLOBS = 200
_OPENER = {"}": "{", "]": "["}


def expand_braces(pattern: str) -> list[str]:
    r"""`a{b,c}` as `ab` and `ac`, in the shell's order. A brace that is escaped, has no partner or holds no comma is a
    character like any other; so are all, if there were more than 1,000 patterns or 8,192 characters of them."""
    groups = [_Group()]
    start = 0
    for at in _marks(pattern):
        groups[-1].append([pattern[start:at]])
        start = at + 1
        if pattern[at] == "{":
            groups.append(_Group())
        elif pattern[at] == ",":
            groups[-1].begin()
        else:
            alternatives = groups.pop().all()
            if len(alternatives) * len(groups[-1].current) > _MAX_PATTERNS:
                return [pattern]
            groups[-1].append(alternatives)
    groups[-1].append([pattern[start:]])
    patterns = groups[-1].current
    return patterns if sum(map(len, patterns)) <= _MAX_EXPANDED else [pattern]


class _Group:
    """What is read of one brace: the alternatives before the last comma, and what the one after it stands for."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.current = [""]

    def begin(self) -> None:
        self.done += self.current
        self.current = [""]

    def append(self, pieces: list[str]) -> None:
        self.current = [before + piece for before in self.current for piece in pieces]

    def all(self) -> list[str]:
        return self.done + self.current


def _marks(pattern: str) -> list[int]:
    """Where the braces with commas and partners are, and their commas."""
    marks: list[int] = []
    unclosed: list[list[int]] = []
    for at, char in _unescaped(pattern):
        if char == "{":
            unclosed.append([at])
        elif char == "," and unclosed:
            unclosed[-1].append(at)
        elif char == "}" and unclosed:
            group = unclosed.pop()
            if len(group) > 1:
                marks += [*group, at]
    return sorted(marks)


def _unescaped(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(text):
        if text[at] != "\\":
            yield at, text[at]
            at += 1
        else:
            at += 2


def split_globs(value: object) -> list[str]:
    """The globs of a value in a rule file's frontmatter: a list, or a text with commas, line ends or in the form
    `[a, b]`. At most 200, and none that is longer than 1,024 characters."""
    return list(islice((glob for glob in _globs(value) if glob and len(glob) <= MAX_LENGTH), _MAX_GLOBS))


def _globs(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from map(_bare, _split(_list_body(_bare(value))))
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            if isinstance(item, str):
                yield from map(_bare, _split(_bare(item)))


def _bare(text: str) -> str:
    """Without blanks and one pair of quotes around it."""
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]
    return text[1:-1].strip() if is_quoted else text


def _list_body(text: str) -> str:
    """What `[a, b]` holds. `[ab]` is a class of characters and stays."""
    if text[:1] != "[" or _partners(text).get(0) != len(text) - 1:
        return text
    body = text[1:-1].strip()
    return body if "," in body or "\n" in body or body[:1] in ("*", '"', "'") else text


def _split(text: str) -> Iterator[str]:
    """At the commas and line ends outside of braces and brackets that have their partners."""
    if not _BRACKETS.search(text):  # the commonest form
        yield from re.split("[,\r\n]", text)
        return
    partners = _partners(text)
    start = closing = 0
    for at, char in _unescaped(text):
        closing = max(closing, partners.get(at, 0))
        if char in ",\r\n" and at >= closing:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _partners(text: str) -> dict[int, int]:
    """Where the brace or bracket that opens at a place closes."""
    partners: dict[int, int] = {}
    unclosed: list[int] = []
    waiting = {"{": 0, "[": 0}
    for at, char in _unescaped(text):
        if char in waiting:
            unclosed.append(at)
            waiting[char] += 1
        elif waiting.get(_OPENER.get(char, "")):
            while True:  # what was opened in between never closes
                opened = unclosed.pop()
                waiting[text[opened]] -= 1
                if text[opened] == _OPENER[char]:
                    break
            partners[opened] = at
    return partners
