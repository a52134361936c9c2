"""Frontmatter that is no YAML, as people write it: quoted where only quotes are missing, else its known keys alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mm_lsp.rulebook.yaml_subset import KEY, BadYaml, Loaded, Spot, is_plain, load, plain

# Every key that some tool gives a meaning to, in rules, skills, commands and agents (sections 3 to 6 of the spec).
KNOWN_KEYS = frozenset(
    (
        *(
            "name",
            "description",
            "title",
            "version",
            "type",
            "category",
            "tags",
            "license",
            "compatibility",
            "metadata",
        ),
        *("globs", "glob", "paths", "applyTo", "excludeAgent", "regex", "alwaysApply", "trigger", "inclusion"),
        *("when_to_use", "argument-hint", "arguments", "disable-model-invocation", "user-invocable", "user-invokable"),
        *("allowed-tools", "disallowed-tools", "tools", "model", "effort", "context", "agent", "background", "hooks"),
        *("shell", "mode", "color", "subtask", "invokable"),
    )
)
_ENTRY = re.compile(rf"(?P<key>{KEY})[ \t]*:(?:[ \t]+(?P<value>.*))?")
_ITEM = re.compile(r"(?P<dash>[ ]*-[ \t]+)(?P<value>.*)")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]{0,3}(?:[ \t]+#.*)?")
_INDENT = re.compile(r"[ ]*\t[ \t]*")


class Mended(NamedTuple):
    """A value that was put in quotes: its line, its columns there, and what YAML had against it."""

    line: int
    start: int
    end: int
    complaint: BadYaml


class Repair(NamedTuple):
    """`lines` one for one as given. `untabbed`: lines whose indentation held tabs, which YAML refuses."""

    lines: list[str]
    mended: list[Mended]
    untabbed: list[int]


def repair(lines: Sequence[str]) -> Repair:
    """Each top-level entry that cannot be read by itself gets its value, and the items below it, put in quotes where
    these are at fault. Entries that can be read and block scalars stay as they are."""
    result = Repair([_INDENT.sub(_blanks, line, count=1) if _INDENT.match(line) else line for line in lines], [], [])
    result.untabbed.extend(number for number, line in enumerate(lines) if line != result.lines[number])
    for first, last in _entries(result.lines):
        entry = _ENTRY.fullmatch(result.lines[first])
        if entry and _is_suspect(result.lines[first:last], (entry["value"] or "").strip()):
            _mend(result, first, entry.start("value"), "k: ")
            for number in range(first + 1, last):
                if item := _ITEM.fullmatch(result.lines[number]):
                    _mend(result, number, item.start("value"), "- ")
    return result


def _is_suspect(entry: Sequence[str], value: str) -> bool:
    """An entry of one line is looked at when its value is."""
    return not _BLOCK_HEADER.fullmatch(value) and (len(entry) == 1 or complaint("\n".join(entry)) is not None)


def _blanks(tabs: re.Match[str]) -> str:
    return tabs.group().replace("\t", "  ")


def _entries(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From one top-level key to the next; what stands before the first belongs to none."""
    starts = [number for number, line in enumerate(lines) if _ENTRY.fullmatch(line)]
    return zip(starts, [*starts[1:], len(lines)], strict=False)


def _mend(result: Repair, number: int, start: int, lead: str) -> None:
    line = result.lines[number]
    written = line[start:].strip() if start >= 0 else ""
    wrong = complaint(lead + written) if written and not is_plain(written) else None
    if wrong is not None:
        result.lines[number] = line[:start] + _quoted(written)
        result.mended.append(Mended(number, start, start + len(written), wrong))


def complaint(text: str) -> BadYaml | None:
    """What is wrong with a piece of YAML, or None."""
    try:
        load(text)
    except BadYaml as error:
        return error
    return None


def _quoted(value: str) -> str:
    return "'" + without_quotes(value).replace("'", "''") + "'"


def without_quotes(value: str) -> str:
    """Without the one pair of quotes around it: `'Don't'` was meant to be `Don't`."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def known_keys(lines: Sequence[str]) -> Loaded:
    """The last resort: `key: value` of known keys, each as one line of text; any other line goes on with the value
    before it, and lines `- item` below a key without a value are a list."""
    parts: dict[str, list[str]] = {}
    spots: dict[str, Spot] = {}
    key = ""
    for number, line in enumerate(lines):
        entry = _ENTRY.fullmatch(line)
        if entry and entry["key"] in KNOWN_KEYS and entry["key"] not in parts:
            key = entry["key"]
            spots[key] = Spot(number, len(key))
            parts[key] = ["" if _BLOCK_HEADER.fullmatch(entry["value"] or "") else (entry["value"] or "").strip()]
        elif key and line.strip():
            parts[key].append(line.strip())
    return Loaded({name: _joined(written) for name, written in parts.items()}, spots)


def _joined(parts: list[str]) -> Any:
    first, *more = parts
    if not more:
        inner = without_quotes(first)
        return inner if inner != first else plain(first)
    if first or not more[0].startswith("- "):
        return " ".join(part for part in (without_quotes(first), *more) if part)
    items: list[list[str]] = []
    for part in more:
        if part.startswith("- "):
            items.append([part[2:].strip()])
        else:
            items[-1].append(part)
    return [without_quotes(" ".join(item)) for item in items]
