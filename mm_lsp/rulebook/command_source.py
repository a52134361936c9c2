"""A command file's parts, whatever tool it was written for: fields, template, description (reference:
rules-and-skills 5 and 6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from mm_lsp.rulebook import frontmatter, hygiene
from mm_lsp.rulebook.frontmatter import Frontmatter, Problem

Style = Literal["claude", "skill", "opencode", "cursor", "copilot", "gemini", "roo", "windsurf"]

_WHOLE_LINE = 1 << 20
_SHOWN_LIMIT = 80
_DESCRIPTION_LIMIT = 200
_HIDDEN_TOLD = 20
_NO_PROSE = re.compile(r"[ \t]*(?:#|```|~~~|<!--|---|===|\*\*\*|\|)")
_TOML_LINE = re.compile(r"at line (\d{1,9})")

# The fields that each tool reads in its own files; the others are not ours to judge.
_CLAUDE_KEYS = (
    "description", "argument-hint", "arguments", "disable-model-invocation", "user-invocable", "user-invokable",
    "allowed-tools",
)  # fmt: skip
_KEYS: Mapping[Style, tuple[str, ...]] = {
    "skill": ("name", *_CLAUDE_KEYS),
    "claude": _CLAUDE_KEYS,
    "opencode": ("description",),
    "cursor": (),
    "copilot": ("name", "description", "argument-hint", "tools"),
    "gemini": ("description",),
    "roo": ("description", "argument-hint"),
    "windsurf": ("description",),
}


class Source(NamedTuple):
    """`matter`: the file's frontmatter, with no values but those that count for this style; `body`: the template;
    `description`: one line, cut."""

    matter: Frontmatter
    body: str
    description: str
    problems: tuple[Problem, ...]

    def value(self, key: str) -> Any:
        return self.matter.values.get(key)

    def text(self, key: str) -> str:
        return frontmatter.text(self.matter, key)

    def line_of(self, key: str) -> int:
        """The file's line where the field stands, counted from 0; the first where that is not known."""
        place = self.matter.keys.get(key)
        return place.line if place else 0


def source_of(style: Style, text: str) -> tuple[Source | None, tuple[Problem, ...]]:
    """The file's parts, or None and why it can't be a command."""
    return _toml(text) if style == "gemini" else _markdown(style, text)


def _markdown(style: Style, text: str) -> tuple[Source, tuple[Problem, ...]]:
    """Cursor reads no frontmatter: there it belongs to the template, and a description is looked for below it."""
    parts = frontmatter.read(text)
    is_whole = style == "cursor"
    matter = replace(parts, values={key: parts.values[key] for key in _KEYS[style] if key in parts.values})
    template = text.replace("\r\n", "\n").replace("\r", "\n") if is_whole else parts.body
    body, hidden = hygiene.cleaned(template)
    told = hidden_characters(hidden, 0 if is_whole else parts.body_line)
    problems = told if is_whole else (*parts.problems, *told)
    return Source(matter, body.strip("\n"), _description(matter), problems), ()


def _toml(text: str) -> tuple[Source | None, tuple[Problem, ...]]:
    import tomllib  # only Gemini's commands need it

    cleaned, hidden = hygiene.cleaned(text.replace("\r\n", "\n"))
    problems = hidden_characters(hidden, 0)
    try:
        table = tomllib.loads(cleaned)
    except (ValueError, RecursionError) as error:
        return None, (*problems, _bad_toml(str(error)))
    prompt = table.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        message = 'A Gemini command needs a prompt: add a line prompt = "…". The command is left out.'
        return None, (*problems, problem("no-prompt", message, severity="error"))
    values = {key: table[key] for key in _KEYS["gemini"] if isinstance(table.get(key), str)}
    matter = Frontmatter(values, prompt.strip("\n"))
    return Source(matter, matter.body, _description(matter), problems), ()


def _description(matter: Frontmatter) -> str:
    written = one_line(frontmatter.text(matter, "description")) or _first_prose(matter.body)
    return _cut(written, _DESCRIPTION_LIMIT)


def _bad_toml(said: str) -> Problem:
    found = _TOML_LINE.search(said)
    line = int(found.group(1)) - 1 if found else 0
    reason = _cut(one_line(said), _DESCRIPTION_LIMIT) or "it is nested too deeply"
    return problem("bad-toml", f"This can't be read as TOML: {reason}. The command is left out.", line, "error")


def problem(
    code: str, message: str, line: int = 0, severity: Literal["error", "warning", "hint"] = "warning"
) -> Problem:
    """A problem with a whole line."""
    return Problem(line, 0, _WHOLE_LINE, code, message, severity)


def hidden_characters(hidden: Sequence[hygiene.Hidden], first_line: int) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            one.line + first_line,
            one.column,
            one.column + one.length,
            "hidden-characters",
            f"The command holds hidden characters: {one.name}. The model gets them spelled out; "
            "delete them unless you put them there.",
            "warning",
        )
        for one in hidden[:_HIDDEN_TOLD]
    )


def _first_prose(body: str) -> str:
    """The first line that is no heading, fence, comment, rule or table; where all are, the first heading."""
    lines = [line for line in body.splitlines() if line.strip()]
    prose = next((line for line in lines if not _NO_PROSE.match(line)), "")
    heading = next((line for line in lines if line.lstrip().startswith("#")), "")
    return one_line(prose or heading.lstrip("# \t"))


def one_line(text: str) -> str:
    """Without line ends and runs of blanks; hidden characters are spelled out."""
    return " ".join(hygiene.cleaned(text)[0].split())


def quoted(name: str) -> str:
    """A name as a sentence shows it."""
    return f"“{_cut(one_line(name), _SHOWN_LIMIT)}”"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
