"""A rule file, skill or command as it stands in the editor: read once, with the place of everything in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mm_lsp.assist.authoring.keys import glob_key
from mm_lsp.assist.authoring.kinds import Kind
from mm_lsp.globs import split_globs
from mm_lsp.rulebook import frontmatter, hygiene
from mm_lsp.rulebook.commands import Command, command_from
from mm_lsp.rulebook.frontmatter import Frontmatter, Problem
from mm_lsp.rulebook.hygiene import Hidden
from mm_lsp.rulebook.rules.reading import as_markdown_in_cursor, as_root_copilot, rule_from
from mm_lsp.rulebook.rules.rule import Rule
from mm_lsp.rulebook.skills import Skill, skill_from
from mm_lsp.text import Document, Position, Span


class Glob(NamedTuple):
    """A glob of the frontmatter, and where it stands: offsets."""

    pattern: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Manuscript:
    """`text`: the document's, with `\\n` for line ends and without a byte order mark; offsets count in it. `problems`:
    what those found who read the file for the model; their lines and columns are those of `text`."""

    kind: Kind
    document: Document
    text: str
    matter: Frontmatter
    hidden: tuple[Hidden, ...]
    problems: tuple[Problem, ...]
    rule: Rule | None
    skill: Skill | None
    command: Command | None
    _starts: Sequence[int]

    @property
    def body_start(self) -> int:
        return self.offset(self.matter.body_line, 0)

    @property
    def body(self) -> str:
        return self.text[self.body_start :]

    @property
    def mark(self) -> int:
        """1 where the document begins with a byte order mark, which is a character of its first line."""
        return 1 if self.document.lines[0][:1] == "\ufeff" else 0

    def line(self, number: int) -> str:
        """The line without its end; "" behind the last."""
        if number >= len(self._starts):
            return ""
        end = self._starts[number + 1] - 1 if number + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[number] : end]

    def offset(self, line: int, column: int) -> int:
        if line >= len(self._starts):
            return len(self.text)
        return self._starts[line] + min(column, len(self.line(line)))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, without the byte order mark."""
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def position(self, line: int, column: int) -> Position:
        """In the document."""
        return self.document.clamp(Position(line, column + (self.mark if line == 0 else 0)))

    def span(self, start: int, end: int) -> Span:
        return Span(self.position(*self.place(start)), self.position(*self.place(end)))

    def offset_of(self, position: Position) -> int:
        column = position.column - (self.mark if position.line == 0 else 0)
        return self.offset(position.line, max(column, 0))

    @property
    def globs(self) -> tuple[Glob, ...]:
        """As the frontmatter names them, whether they count or not."""
        return tuple(_globs(self))


@lru_cache(maxsize=8)
def manuscript_of(document: Document, kind: Kind) -> Manuscript:
    """Documents never change, so each is read once."""
    whole = "\n".join(document.body(line) for line in range(len(document.lines)))
    text = whole.removeprefix("\ufeff")
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    matter = frontmatter.read(text) if kind.has_frontmatter else Frontmatter({}, text)
    rule = _rule(kind, document.text) if kind.sort == "rule" else None
    skill, told = _skill(kind, document.text) if kind.sort == "skill" else (None, ())
    command, said = _command(kind, document.text) if kind.style is not None else (None, ())
    problems = (*(rule.problems if rule is not None else ()), *told, *said)
    hidden = hygiene.cleaned(text)[1]
    return Manuscript(kind, document, text, matter, hidden, problems, rule, skill, command, starts)


def _rule(kind: Kind, text: str) -> Rule | None:
    if kind.place is None:
        return None
    scope = "user" if kind.is_user else "nested" if kind.base else "project"
    rule = rule_from(kind.place.family, kind.place.manner, kind.path, text, scope=scope, base=kind.base)
    if kind.place.manner == "mdc" and kind.path.endswith(".md"):
        return as_markdown_in_cursor(rule)
    return as_root_copilot(rule) if kind.is_root_copilot else rule


def _skill(kind: Kind, text: str) -> tuple[Skill | None, tuple[Problem, ...]]:
    folder = kind.path.rpartition("/")[0]
    return skill_from(kind.path, folder, text, "", "user" if kind.is_user else "project", kind.base)


def _command(kind: Kind, text: str) -> tuple[Command | None, tuple[Problem, ...]]:
    if kind.style is None:
        return None, ()
    return command_from(kind.style, kind.path, "user" if kind.is_user else "project", text, kind.name_parts)


def _globs(manuscript: Manuscript) -> Iterator[Glob]:
    matter, key = manuscript.matter, glob_key(manuscript.kind)
    place = matter.keys.get(key)
    if place is None or matter.span is None:
        return
    following = [other.line for other in matter.keys.values() if other.line > place.line]
    at = manuscript.offset(place.line, place.value_start)
    end = manuscript.offset(min([*following, matter.span[1]]), 0)
    for pattern in split_globs(matter.values.get(key)):
        found = re.compile(rf"(?<![^\s,\"'\[]){re.escape(pattern)}(?![^\s,\"'\]])").search(manuscript.text, at, end)
        if found is not None:
            yield Glob(pattern, *found.span())
            at = found.end()
