"""Many patterns at once over one text: a row of states in the bits of an integer, and no way back.

Every token that reads a character takes one bit; what a wildcard may do is told by masks. So a text costs a handful of
integer operations a character, whatever the patterns are: nothing is tried and taken back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

_REMEMBERED = 1 << 20  # bits: what one automaton keeps of the characters that it has met


class Wild(Enum):
    """What stands for more than itself."""

    ONE = "?"  # one character, no slash
    NAME = "*"  # any characters but slashes, or none
    PATH = "**"  # any characters, or none
    FOLDERS = "**/"  # whole folders, or none


class CharClass(NamedTuple):
    """One character of `ranges` (first and last, both included), or one outside of them. Whatever they hold, no slash
    is read."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def holds(self, char: str) -> bool:
        return any(first <= char <= last for first, last in self.ranges) != self.negated


_NAME = Wild.NAME
Token = str | Wild | CharClass
"""A `str` is one character that stands for itself."""


class _Row:
    """The states of all patterns side by side: which of them begin, end, stay, and on what they move on. `*` and `**`
    read no character of their own: a state stays where it is."""

    def __init__(self) -> None:
        self.size = 0
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.skips: list[int] = []
        self.singles: list[int] = []
        self.in_name: list[int] = []
        self.in_path: list[int] = []
        self.literals: defaultdict[str, list[int]] = defaultdict(list)
        self.classes: defaultdict[CharClass, list[int]] = defaultdict(list)

    def add(self, tokens: Sequence[Token] | None) -> None:
        position = self.size
        if tokens is not None:
            self.starts.append(position)
            for token in tokens:
                if isinstance(token, str):
                    self.literals[token].append(position)
                    position += 1
                elif token is _NAME:
                    self.in_name.append(position)
                else:
                    position += self._add(token, position)
        self.ends.append(position)
        self.size = position + 1

    def _add(self, token: Wild | CharClass, position: int) -> int:
        """How many characters the token takes in the row."""
        if token is Wild.PATH:
            self.in_path.append(position)
            return 0
        if isinstance(token, CharClass):
            self.classes[token].append(position)
        elif token is Wild.ONE:
            self.singles.append(position)
        else:
            self.in_path.append(position)
            self.skips.append(position)
            self.literals["/"].append(position)
        return 1

    def bits(self, positions: Iterable[int]) -> int:
        return _bits(positions, self.size)


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """Patterns, numbered as they were given. A pattern that is None matches nothing. Two `FOLDERS` never follow each
    other (one says the same)."""

    starts: int
    ends: tuple[int, ...]
    skips: int
    stays: int
    stays_on_slash: int
    singles: int
    literals: dict[str, int]
    classes: tuple[tuple[CharClass, int], ...]
    _moves: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, patterns: Iterable[Sequence[Token] | None]) -> Automaton:
        row = _Row()
        for tokens in patterns:
            row.add(tokens)
        starts, skips, on_slash = row.bits(row.starts), row.bits(row.skips), row.bits(row.in_path)
        return cls(
            starts=starts | (starts & skips) << 1,
            ends=tuple(row.ends),
            skips=skips,
            stays=row.bits(row.in_name) | on_slash,
            stays_on_slash=on_slash,
            singles=row.bits(row.singles),
            literals={char: row.bits(positions) for char, positions in row.literals.items()},
            classes=tuple((held, row.bits(positions)) for held, positions in row.classes.items()),
        )

    def mask(self, numbers: Iterable[int]) -> int:
        """These patterns, as `last_match` takes them."""
        return _bits((self.ends[number] for number in numbers), self._size)

    @property
    def _size(self) -> int:
        return self.ends[-1] + 1 if self.ends else 0

    def last_match(self, text: str, among: int) -> int | None:
        """The number of the last pattern of `among` that matches the whole text."""
        matched = self._states_after(text) & among
        return bisect_left(self.ends, matched.bit_length() - 1) if matched else None

    def _states_after(self, text: str) -> int:
        states, skips, moves = self.starts, self.skips, self._moves
        for char in text:
            on = moves.get(char)
            moved = (states & (self._moves_on(char) if on is None else on)) << 1
            stay = self.stays_on_slash if char == "/" else self.stays
            states = moved | (moved & skips) << 1 | states & stay
            if not states:
                break
        return states

    def _moves_on(self, char: str) -> int:
        on = self.literals.get(char, 0)
        if char != "/":
            on |= self.singles
            for held, positions in self.classes:
                if held.holds(char):
                    on |= positions
        if len(self._moves) * self._size < _REMEMBERED:
            self._moves[char] = on
        return on


def _bits(positions: Iterable[int], size: int) -> int:
    row = bytearray(size // 8 + 1)
    for position in positions:
        row[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(row, "little")
