"""Slash commands: what a command is, under which names it is reached, and when `/` may offer them (reference:
rules-and-skills 5 and 6)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from mm_lsp.rulebook import frontmatter, hygiene
from mm_lsp.rulebook.command_source import Source, Style, one_line, problem, quoted, source_of
from mm_lsp.rulebook.frontmatter import Problem

Scope = Literal["project", "user"]

_NAME_LIMIT = 128
_ARGUMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ARGUMENT_NAMES_LIMIT = 32
_SPELLED_OUT = re.compile(r"⟦U\+[0-9A-F]{4,6}⟧")
# Which style wins a name within one scope: a skill wins over every command (section 6.1), the rest is our order.
_PRECEDENCE: tuple[Style, ...] = (
    "skill", "claude", "opencode", "cursor", "copilot", "gemini", "roo", "windsurf",
)  # fmt: skip
# Section 6.3. A marker needs a blank behind it: `*/` ends a comment, `//` and `///` have only begun one.
_TYPED = re.compile(r"\s*(?:(?:[#;*]|//|--|<!--)\s+)?(/[\w:-]*)")
_TYPED_LIMIT = 300  # characters: a line of commands is short, and the answer must be quick


@dataclass(frozen=True, slots=True)
class Command:
    """A command as its file describes it. `name`: what follows the slash; `label`: what the menu shows, with the
    sub-directory in front. `path`: as people are shown it (`.claude/commands/fix.md`, `~/.claude/commands/fix.md`).
    `body`: the template. `allowed_tools` is for display, never a grant. `digest`: SHA-256 of the whole file, hex.
    `directory`: of a skill, where its other files lie; else ""."""

    name: str
    label: str
    style: Style
    path: str
    scope: Scope
    description: str = ""
    argument_hint: str = ""
    body: str = field(default="", repr=False)
    argument_names: tuple[str, ...] = ()
    is_user_invocable: bool = True
    is_model_invocable: bool = False
    allowed_tools: tuple[str, ...] = ()
    digest: str = ""
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    directory: str = ""


class Reading(NamedTuple):
    """What became of a file. `problems` are all of them, also those that the command itself carries; `command` is
    None where the file can't be one."""

    command: Command | None
    problems: tuple[Problem, ...]


class _Naming(NamedTuple):
    name: str
    label: str
    problems: tuple[Problem, ...] = ()


def command_from(style: Style, path: str, scope: Scope, text: str, name_parts: Sequence[str]) -> Reading:
    """`name_parts`: the path below the commands' directory without its ending, ("frontend", "component"); for a
    skill the path of its directory."""
    source, refused = source_of(style, text)
    if source is None:
        return Reading(None, refused)
    naming = _naming(style, source, name_parts)
    argument_names, misnamed = _argument_names(source)
    problems = (*source.problems, *naming.problems, *misnamed)
    if not naming.name:
        return Reading(None, problems)
    command = Command(
        name=naming.name,
        label=naming.label,
        style=style,
        path=path,
        scope=scope,
        description=source.description,
        argument_hint=one_line(source.text("argument-hint")),
        body=source.body,
        argument_names=argument_names,
        is_user_invocable=_is_user_invocable(source),
        is_model_invocable=_is_model_invocable(style, source),
        allowed_tools=tuple(frontmatter.tools(source.value("tools" if style == "copilot" else "allowed-tools"))),
        digest=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        problems=problems,
        directory=path.rpartition("/")[0] if style == "skill" else "",
    )
    return Reading(command, problems)


def _is_user_invocable(source: Source) -> bool:
    """`user-invokable` is VS Code's spelling (section 5)."""
    given = (source.value(key) for key in ("user-invocable", "user-invokable"))
    return all(frontmatter.truth(value) is not False for value in given)


def _is_model_invocable(style: Style, source: Source) -> bool:
    """Only Claude's commands and skills are for the model too."""
    return style in ("claude", "skill") and frontmatter.truth(source.value("disable-model-invocation")) is not True


def _naming(style: Style, source: Source, name_parts: Sequence[str]) -> _Naming:
    """The name is "" where the file can't be a command."""
    parts = [_typeable(part) for part in name_parts] or [""]
    if style == "copilot":
        parts[-1] = parts[-1].removesuffix(".prompt")
    own = ":".join(parts) if style == "gemini" else parts[-1]
    for part in (own, *parts):
        if refusal := _refusal(part):
            message = f"The name {quoted('/'.join(name_parts))} {refusal}: rename the file. The command is left out."
            return _Naming("", "", (problem("unusable-name", message, severity="error"),))
    written = source.text("name")
    name, refused = _chosen(written, own, source.line_of("name"))
    label = name if style == "gemini" else ":".join((*parts[:-1], name))
    return _Naming(name, label, (*refused, *_doubts(label, (*name_parts, written))))


def _chosen(written: str, own: str, line: int) -> tuple[str, tuple[Problem, ...]]:
    """The name that the frontmatter gives, if it can be typed, else the file's own."""
    if not written.strip():
        return own, ()
    name = _typeable(written)
    refusal = _refusal(name)
    if not refusal:
        return name, ()
    message = f"The name {quoted(written)} {refusal}; the command is called {quoted(own)} instead. Change it."
    return own, (problem("unusable-name", message, line),)


def _typeable(name: str) -> str:
    """A name without hidden characters, and with hyphens for blanks: a blank would end it where it is typed."""
    return "-".join(_SPELLED_OUT.sub("", hygiene.cleaned(name)[0]).split())


def _refusal(name: str) -> str:
    if not name:
        return "is blank"
    if "/" in name or "\\" in name:
        return "has a slash in it"
    return f"is longer than {_NAME_LIMIT} characters" if len(name) > _NAME_LIMIT else ""


def _doubts(name: str, written: Iterable[str]) -> list[Problem]:
    """What may deceive the person who reads the name."""
    problems: list[Problem] = []
    if any(hygiene.mixed_scripts(word) for word in name.split(":")):
        message = f"The name {quoted(name)} mixes letters of several scripts and may pass for another: rename it."
        problems.append(problem("mixed-scripts", message))
    if any(hygiene.cleaned(part)[1] for part in written):
        message = f"The name holds hidden characters; it is read as {quoted(name)}. Rename it."
        problems.append(problem("hidden-characters", message))
    return problems


def _argument_names(source: Source) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Claude's `arguments:`, a list or a text with blanks. A name that `$name` can't spell still holds its place."""
    given = source.value("arguments")
    words = given.replace(",", " ").split() if isinstance(given, str) else frontmatter.texts(given)
    names = tuple(word.strip() for word in words[:_ARGUMENT_NAMES_LIMIT])
    bad = next((name for name in names if not _ARGUMENT_NAME.fullmatch(name) or name == "ARGUMENTS"), None)
    if bad is None:
        return names, ()
    message = f"The argument {quoted(bad)} can't be written as $name: use letters, digits, _ and -."
    return names, (problem("bad-argument-name", message, source.line_of("arguments")),)


def visible_names(commands: Iterable[Command]) -> dict[str, Command]:
    """What can be typed after the slash, sorted. Of commands with one name (compared as `hygiene.comparable` does)
    the project's wins over the user's, then a skill over a command, then the path decides; all of them stay reachable
    as `project:name` and `user:name`, or else by their sub-directory, style or path, and those that lost carry a
    `shadowed-name` problem. A command may stand under several names."""
    groups: dict[str, list[Command]] = {}
    for command in sorted({one for one in commands if one.is_user_invocable}, key=_rank):
        groups.setdefault(hygiene.comparable(command.name), []).append(command)
    names = _Names()
    for winner, *_ in groups.values():
        names.take(winner.name, winner)
    for group in groups.values():
        for command in group:
            names.take_others(command, group[0], len(group) > 1)
    return dict(sorted(names.found.items()))


def _rank(command: Command) -> tuple[bool, int, str, str]:
    return command.scope != "project", _PRECEDENCE.index(command.style), command.path, command.name


class _Names:
    """Names given out once each."""

    def __init__(self) -> None:
        self.found: dict[str, Command] = {}
        self._taken: set[str] = set()

    def take(self, name: str, command: Command) -> bool:
        same = hygiene.comparable(name)
        if same in self._taken:
            return False
        self._taken.add(same)
        self.found[name] = command
        return True

    def take_others(self, command: Command, winner: Command, is_contested: bool) -> None:
        """The names that a command has besides the bare one, which is its winner's."""
        wanted = [command.label]
        if is_contested:
            wanted.append(f"{command.scope}:{command.name}")
        got = [name for name in wanted if self.take(name, command)]
        if command is winner:
            return
        got = got or self._take_first(command)
        shadowed = replace(command, problems=(*command.problems, _shadowed(command, winner, got)))
        self.found.update(dict.fromkeys(got, shadowed))

    def _take_first(self, command: Command) -> list[str]:
        """For one that has lost even its qualified name: by its style, its place in the tree, at last its path."""
        folder, dot, _ = command.path.partition("/.")
        wanted = (f"{command.style}:{command.name}", f"{folder}:{command.name}" if dot else "", command.path)
        name = next((one for one in wanted if one and self.take(one, command)), None)
        return [] if name is None else [name]


def _shadowed(command: Command, winner: Command, names: Sequence[str]) -> Problem:
    by = f"/{command.name} means {winner.path}, which wins over this file"
    if not names:
        return problem("shadowed-name", f"{by}: rename one of them.")
    severity = "hint" if names[0] == command.label else "warning"
    return problem("shadowed-name", f"{by}; type /{names[0]} for this one, or rename it.", severity=severity)


def completion_prefix(line_before_cursor: str, is_prompt_like: bool, in_comment: bool) -> str | None:
    """The slash and what is typed of a name, if commands may be offered here: at a line's beginning, in a comment
    or a prompt. None for paths, divisions, addresses, closing tags and the rest that slashes are used for."""
    if not (is_prompt_like or in_comment) or len(line_before_cursor) > _TYPED_LIMIT:
        return None
    typed = _TYPED.fullmatch(line_before_cursor)
    return typed.group(1) if typed else None
