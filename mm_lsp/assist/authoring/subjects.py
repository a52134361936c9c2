"""What stands at a place of a rule file, skill or command that something can be said of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mm_lsp.assist.authoring.keys import glob_key, known_keys
from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.assist.authoring.references import Reference, references, template
from mm_lsp.rulebook import markup
from mm_lsp.rulebook.hygiene import Hidden
from mm_lsp.rulebook.placeholders import Place
from mm_lsp.text import Position, Span

_TOML_KEY = re.compile(r"[ \t]*(?P<key>[A-Za-z_][\w-]*)(?=[ \t]*=)")


class Key(NamedTuple):
    name: str
    is_globs: bool


class Pattern(NamedTuple):
    """A glob of the frontmatter."""

    text: str


class Comment(NamedTuple):
    """An HTML comment. `is_removed`: before the model reads the file."""

    is_removed: bool


Subject = Hidden | Key | Pattern | Comment | Reference | Place


class Found(NamedTuple):
    subject: Subject
    span: Span


def subject_at(manuscript: Manuscript, position: Position) -> Found | None:
    """Hidden characters come first: they are what nobody sees, and have no width."""
    at = manuscript.offset_of(position)
    for start, end, subject in _subjects(manuscript, at):
        if start <= at <= end if isinstance(subject, Hidden) else start <= at < end:
            return Found(subject, manuscript.span(start, end))
    return None


def _subjects(manuscript: Manuscript, at: int) -> Iterator[tuple[int, int, Subject]]:
    for run in manuscript.hidden:
        start = manuscript.offset(run.line, run.column)
        yield start, start + run.length, run
    yield from _keys_and_globs(manuscript)
    if at >= manuscript.body_start:
        for reference in references(manuscript):
            yield reference.start, reference.end, reference
        yield from _places(manuscript)
        yield from _comments(manuscript)


def _keys_and_globs(manuscript: Manuscript) -> Iterator[tuple[int, int, Subject]]:
    globs = glob_key(manuscript.kind)
    for name, (line, start, end, _, _) in manuscript.matter.keys.items():
        if name in known_keys(manuscript.kind):
            yield manuscript.offset(line, start), manuscript.offset(line, end), Key(name, name == globs)
    for pattern, start, end in manuscript.globs:
        yield start, end, Pattern(pattern)
    if manuscript.kind.style == "gemini":
        for number in range(len(manuscript.document.lines)):
            found = _TOML_KEY.match(manuscript.line(number))
            if found is not None and found["key"] in known_keys(manuscript.kind):
                start = manuscript.offset(number, found.start("key"))
                yield start, start + len(found["key"]), Key(found["key"], False)


def _places(manuscript: Manuscript) -> Iterator[tuple[int, int, Subject]]:
    """Arguments come before the shell parts and paths that hold them."""
    taken = template(manuscript)
    if taken is None:
        return
    parts, base = taken
    for place in (*parts.arguments, *parts.places):
        if place.kind != "file":
            yield base + place.start, base + place.end, place


def _comments(manuscript: Manuscript) -> Iterator[tuple[int, int, Subject]]:
    if manuscript.kind.style == "gemini":
        return
    base = manuscript.body_start
    for start, end in markup.without_comments(manuscript.body)[1]:
        yield base + start, base + end, Comment(is_removed=manuscript.kind.sort == "rule")
