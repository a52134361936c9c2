"""Small edits that put right what was found; none asks a model, and none touches more than it must."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mm_lsp.assist.authoring.keys import closest, closest_key, help_for
from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.rulebook import frontmatter
from mm_lsp.rulebook.frontmatter import KeyPlace, Problem
from mm_lsp.rulebook.yaml_repair import without_quotes
from mm_lsp.text import Edit, Position, Span

_YAML_LINE = re.compile(r"[A-Za-z_][\w.-]*[ \t]*:(?:[ \t].*)?|[ \t]+\S.*|-[ \t].*|#.*")
_INDENT = re.compile(r"[ \t]*")
_SAFE = re.compile(r"[A-Za-z]\w* [^:#\n]*\S")  # a text for YAML too, without quotes
_SKILL_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Fix(NamedTuple):
    title: str
    edits: tuple[Edit, ...]


def fixes_for(manuscript: Manuscript, problem: Problem) -> list[Fix]:
    fixer = _FIXERS.get(problem.code)
    return [] if fixer is None else [fix for fix in fixer(manuscript, problem) if fix.edits]


def _edit(manuscript: Manuscript, line: int, start: int, end: int, text: str) -> Edit:
    return Edit(Span(manuscript.position(line, start), manuscript.position(line, end)), text)


def _key_on(manuscript: Manuscript, line: int) -> tuple[str, KeyPlace] | None:
    return next(((key, place) for key, place in manuscript.matter.keys.items() if place.line == line), None)


def _hidden(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    runs = [_edit(manuscript, run.line, run.column, run.column + run.length, "") for run in manuscript.hidden]
    here = _edit(manuscript, problem.line, problem.start, problem.end, "")
    yield Fix("Delete the hidden characters here", (here,))
    if len(runs) > 1:
        yield Fix(f"Delete all hidden characters of the file ({len(runs)} places)", tuple(runs))


def _quotes(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    """Not in `.mdc` files: Cursor takes the quotes for a part of the value (section 3)."""
    written = manuscript.line(problem.line)[problem.start : problem.end]
    if manuscript.kind.manner != "mdc" and problem.start > 0 and written:
        yield Fix("Put the value in quotes", (_in_quotes(manuscript, problem.line, problem.start, problem.end),))


def _comment_quotes(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    found = _key_on(manuscript, problem.line)
    if found is not None and manuscript.kind.manner != "mdc":
        _, place = found
        edit = _in_quotes(manuscript, place.line, place.value_start, place.value_end)
        yield Fix("Put the whole value in quotes", (edit,))


def _in_quotes(manuscript: Manuscript, line: int, start: int, end: int) -> Edit:
    return _edit(manuscript, line, start, end, _quoted(manuscript.line(line)[start:end]))


def _quoted(value: str) -> str:
    return "'" + without_quotes(value).replace("'", "''") + "'"


def _boolean(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    found = _key_on(manuscript, problem.line)
    if found is None:
        return
    key, place = found
    meant = frontmatter.truth(manuscript.matter.values.get(key))
    if meant is not None:
        yield _with_value(manuscript, place, "true" if meant else "false")


def _with_value(manuscript: Manuscript, place: KeyPlace, value: str) -> Fix:
    line = manuscript.line(place.line)
    blank = "" if line[place.value_start - 1 : place.value_start] in (" ", "\t") else " "
    return Fix(f"Write {value}", (_edit(manuscript, place.line, place.value_start, place.value_end, blank + value),))


def _unknown_value(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    found = _key_on(manuscript, problem.line)
    known = help_for(manuscript.kind, found[0]) if found is not None else None
    if found is None or known is None:
        return
    meant = closest(frontmatter.text(manuscript.matter, found[0]), known.values)
    if meant:
        yield _with_value(manuscript, found[1], meant)


def _unknown_key(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    written = manuscript.line(problem.line)[problem.start : problem.end]
    meant = closest_key(manuscript.kind, written)
    if meant and meant not in manuscript.matter.keys:
        yield Fix(f"Write {meant}", (_edit(manuscript, problem.line, problem.start, problem.end, meant),))


def _close(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    """Below the last line that looks like frontmatter."""
    line = problem.line + 1
    while line < len(manuscript.document.lines) and _YAML_LINE.fullmatch(manuscript.line(line)):
        line += 1
    document = manuscript.document
    ending = document.line_ending
    if line < len(document.lines):
        edit = Edit(Span(Position(line, 0), Position(line, 0)), f"---{ending}")
    else:
        edit = Edit(Span(document.end, document.end), f"{ending}---{ending}")
    yield Fix("Close the frontmatter with ---", (edit,))


def _folders_name(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    folder = manuscript.kind.name_parts[-1] if manuscript.kind.style == "skill" else ""
    place = manuscript.matter.keys.get("name")
    if place is not None and place.line == problem.line and _SKILL_NAME.fullmatch(folder):
        yield _with_value(manuscript, place, folder)


def _name(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    del problem
    folder = manuscript.kind.name_parts[-1]
    yield Fix(f"Add name: {folder}", _with_key(manuscript, "name", folder))


def _description(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    """The first paragraph, where there is one: a person says it better."""
    del problem
    said = manuscript.skill.description if manuscript.skill is not None else ""
    value = said if _SAFE.fullmatch(said) or not said else _quoted(said)
    yield Fix("Add a description", _with_key(manuscript, "description", value))


def _with_key(manuscript: Manuscript, key: str, value: str) -> tuple[Edit, ...]:
    """The key's own line, where it is there without a value; else a new one, in a new frontmatter where there is
    none."""
    place, span, ending = manuscript.matter.keys.get(key), manuscript.matter.span, manuscript.document.line_ending
    if place is not None:
        return _with_value(manuscript, place, value).edits if value else ()
    line = f"{key}: {value}{ending}"
    if span is None:
        start = manuscript.position(0, 0)
        is_begun = any(problem.code == "unclosed-frontmatter" for problem in manuscript.problems)
        return () if is_begun else (Edit(Span(start, start), f"---{ending}{line}---{ending}"),)
    below = manuscript.matter.keys.get("name")
    number = below.line + 1 if below is not None and key != "name" else span[0] + 1
    at = manuscript.position(number, 0)
    return (Edit(Span(at, at), line),)


def _mark(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    del problem
    if manuscript.mark:
        yield Fix("Remove the byte order mark", (Edit(Span(Position(0, 0), Position(0, 1)), ""),))


def _blank_lines(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    del problem
    span = manuscript.matter.span
    if span is not None and span[0] > 0:
        edit = Edit(Span(manuscript.position(0, 0), manuscript.position(span[0], 0)), "")
        yield Fix("Remove the blank lines before the frontmatter", (edit,))


def _tabs(manuscript: Manuscript, problem: Problem) -> Iterator[Fix]:
    indent = _INDENT.match(manuscript.line(problem.line))
    if indent is not None and "\t" in indent.group():
        edit = _edit(manuscript, problem.line, 0, indent.end(), indent.group().replace("\t", "  "))
        yield Fix("Indent with blanks", (edit,))


_FIXERS: Mapping[str, Callable[[Manuscript, Problem], Iterator[Fix]]] = {
    "hidden-characters": _hidden,
    "bad-yaml": _quotes,
    "anchors": _quotes,
    "truncated-by-comment": _comment_quotes,
    "string-boolean": _boolean,
    "unknown-value": _unknown_value,
    "unknown-key": _unknown_key,
    "unclosed-frontmatter": _close,
    "other-name": _folders_name,
    "bad-name": _folders_name,
    "no-name": _name,
    "no-description": _description,
    "bom": _mark,
    "leading-blank-lines": _blank_lines,
    "tabs": _tabs,
}
