"""Agent Skills: what a SKILL.md says, the catalogue that the model chooses from, what it gets when it has chosen.

Format: agentskills.io's specification, read as leniently as its guide for clients asks (reference: rules-and-skills 5).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mm_lsp.globs import matching, split_globs
from mm_lsp.messages import Tool
from mm_lsp.rulebook import frontmatter, hygiene
from mm_lsp.rulebook.frontmatter import Frontmatter, Problem
from mm_lsp.rulebook.rules.rule import Rule

LOAD = "load_skill"
_HEAD = (
    f"Skills you may use. Each is a set of instructions: when one fits the task, call {LOAD} with its name and follow "
    "what it says before you answer; when none fits, answer at once."
)
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME_LENGTH, _DESCRIPTION_LENGTH, _COMPATIBILITY_LENGTH = 64, 1024, 500
_ENTRY_LENGTH = 1536  # characters of one entry of the catalogue
_CATALOGUE_LENGTH = 8000
_CATALOGUE_SHARE = 0.02  # of the model's context, four characters a token
_BODY_LINES = 500
_LISTED = 50  # resources
_WHOLE_LINE = 1 << 20

KNOWN_KEYS = (
    "name", "description", "license", "compatibility", "metadata", "allowed-tools", "when_to_use", "argument-hint",
    "arguments", "disable-model-invocation", "user-invocable", "user-invokable", "disallowed-tools", "model", "effort",
    "context", "agent", "background", "hooks", "paths", "shell", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Skill:
    """`path` of its SKILL.md and `directory` as they are shown; `name` as it is called, which may have a place before
    a colon where two skills share one. `digest`: of the whole text, by which a change is noticed."""

    name: str
    description: str
    path: str
    directory: str
    scope: Literal["project", "user"]
    body: str = field(repr=False)
    digest: str
    base: str = ""
    when_to_use: str = ""
    globs: tuple[str, ...] = ()
    is_model_invocable: bool = True
    is_user_invocable: bool = True
    problems: tuple[Problem, ...] = field(default=(), repr=False)

    def is_for(self, target: str | None) -> bool:
        """Whether the model may choose it at this file (relative to the root): its `paths` say so."""
        if not self.is_model_invocable:
            return False
        return not self.globs or (target is not None and matching(target, self.globs) is not None)


def skill_from(
    path: str, directory: str, text: str, digest: str, scope: Literal["project", "user"], base: str = ""
) -> tuple[Skill | None, tuple[Problem, ...]]:
    """The skill of a SKILL.md, and what is wrong with it; no skill where nothing says what it is for."""
    parts = frontmatter.read(text)
    values = parts.values
    body, hidden = hygiene.cleaned(parts.body)
    folder = directory.rpartition("/")[2]
    name = frontmatter.text(parts, "name").strip() or folder
    description = frontmatter.text(parts, "description").strip() or _first_paragraph(body)
    problems = [*parts.problems, *_faults(parts, folder)]
    problems += [
        Problem(one.line + parts.body_line, one.column, one.column + one.length, "hidden-characters",
                f"Hidden characters: {one.name}. The model gets them spelled out.", "warning")
        for one in hidden
    ]  # fmt: skip
    if not description:
        message = "A skill without a description is not used: say in `description:` what it does and when to use it."
        return None, (*problems, _at(parts, "description", "no-description", message, "error"))
    skill = Skill(
        name=_callable(name) or folder,
        description=hygiene.cleaned(description)[0],
        path=path,
        directory=directory,
        scope=scope,
        body=body.strip("\n"),
        digest=digest,
        base=base,
        when_to_use=hygiene.cleaned(frontmatter.text(parts, "when_to_use").strip())[0],
        globs=tuple(split_globs(values.get("paths"))),
        is_model_invocable=frontmatter.truth(values.get("disable-model-invocation")) is not True,
        is_user_invocable=_says(values, "user-invocable", "user-invokable"),
        problems=tuple(problems),
    )
    return skill, skill.problems


def _says(values: Mapping[str, Any], *keys: str) -> bool:
    return all(frontmatter.truth(values.get(key)) is not False for key in keys)


def _callable(name: str) -> str:
    """The name without what could not be typed or seen."""
    return re.sub(r"[^\w:.-]+", "-", hygiene.comparable(name)).strip("-")[:_NAME_LENGTH]


def _first_paragraph(body: str) -> str:
    paragraphs = (part.strip() for part in body.split("\n\n"))
    found = next((part for part in paragraphs if part and not part.startswith(("#", "```", "<!--"))), "")
    return " ".join(found.split())[:_DESCRIPTION_LENGTH]


def _at(parts: Frontmatter, key: str, code: str, message: str, severity: Any = "warning") -> Problem:
    place = parts.keys.get(key)
    line = place.line if place is not None else parts.span[0] if parts.span else 0
    return Problem(line, 0, _WHOLE_LINE, code, message, severity)


def _faults(parts: Frontmatter, folder: str) -> list[Problem]:
    """What the specification's own validator would refuse; here it is a warning, and the skill is used."""
    values = parts.values
    found: list[Problem] = []
    name = frontmatter.text(parts, "name").strip()
    if not name:
        found.append(_at(parts, "name", "no-name", f"The skill has no `name:`; it is called {folder}, as its folder."))
    elif len(name) > _NAME_LENGTH or not _NAME.fullmatch(name):
        message = (
            f"A skill's name has 1 to {_NAME_LENGTH} small letters, digits and single hyphens; {name[:80]} has not."
        )
        found.append(_at(parts, "name", "bad-name", message))
    elif name != folder:
        found.append(_at(parts, "name", "other-name", f"The name {name} is not its folder's: {folder}."))
    if hygiene.mixed_scripts(name):
        found.append(_at(parts, "name", "mixed-scripts", "The name mixes letters of several scripts that look alike."))
    description = frontmatter.text(parts, "description").strip()
    if not description:
        found.append(_at(parts, "description", "no-description", "Say in `description:` what it does and when."))
    elif len(description) > _DESCRIPTION_LENGTH:
        message = f"The description has {len(description)} characters; other tools take {_DESCRIPTION_LENGTH}."
        found.append(_at(parts, "description", "too-long", message))
    compatibility = frontmatter.text(parts, "compatibility")
    if len(compatibility) > _COMPATIBILITY_LENGTH:
        message = f"`compatibility` has {len(compatibility)} characters; {_COMPATIBILITY_LENGTH} are allowed."
        found.append(_at(parts, "compatibility", "too-long", message))
    if "metadata" in values and not isinstance(values["metadata"], dict):
        found.append(_at(parts, "metadata", "not-a-mapping", "`metadata` takes keys with values below it."))
    if parts.body.count("\n") > _BODY_LINES:
        message = f"The skill has more than {_BODY_LINES} lines: put what is rarely needed into files of its folder."
        found.append(Problem(parts.body_line, 0, _WHOLE_LINE, "too-long", message, "hint"))
    return found


# ---------------------------------------------------------------- choosing


def distinct(skills: Sequence[Skill]) -> list[Skill]:
    """Every skill under a name of its own, in the order of the names: the project's before the user's, the root's
    before a folder's; who comes second is called `user:name`, or `sub/dir:name` (reference: rules-and-skills 5)."""
    from dataclasses import replace

    named: dict[str, Skill] = {}
    for skill in sorted(skills, key=lambda one: (one.scope != "project", one.base.count("/"), one.base, one.path)):
        name = skill.name
        for choice in (name, f"{skill.base or skill.scope}:{name}", f"{skill.path}:{name}"):
            if hygiene.comparable(choice) not in named:
                named[hygiene.comparable(choice)] = replace(skill, name=choice)
                break
    return sorted(named.values(), key=lambda one: one.name)


def catalogue(skills: Sequence[Skill], rules: Mapping[str, Rule], context_tokens: int) -> str:
    """What the model reads of the skills, and of the rules that it may load, by their names; "" where there are none.
    Every name is there; where room is short the longest descriptions are cut."""
    entries = {skill.name: " ".join(f"{skill.description} {skill.when_to_use}".split()) for skill in skills}
    entries |= {name: " ".join(rule.description.split()) for name, rule in rules.items()}
    if not entries:
        return ""
    room = min(_CATALOGUE_LENGTH, int(context_tokens * 4 * _CATALOGUE_SHARE)) - len(_HEAD) - 2
    longest = _length_of_entries(entries, room)
    lines = "\n".join(_entry(name, _shortened(said, longest)) for name, said in sorted(entries.items()))
    return f"\n{_HEAD}\n{lines}\n"


def _entry(name: str, said: str) -> str:
    return f"- {name}: {said}" if said else f"- {name}"


def names_of(rules: Sequence[Rule]) -> dict[str, Rule]:
    """The rules that wait for the model, each by a name of its own in the catalogue."""
    named: dict[str, Rule] = {}
    for rule in rules:
        name = f"rule:{rule.name}"
        named[name if name not in named else f"rule:{rule.path}"] = rule
    return named


def _length_of_entries(entries: Mapping[str, str], room: int) -> int:
    """To how many characters descriptions are cut so that all fit: the longest first."""
    left = room - sum(len(name) + 4 for name in entries)
    for number, length in enumerate(lengths := sorted(min(len(said), _ENTRY_LENGTH) for said in entries.values())):
        share = left // (len(lengths) - number)
        if length > share:
            return max(share, 0)
        left -= length
    return _ENTRY_LENGTH


def _shortened(said: str, length: int) -> str:
    """Between words: half a secret would no longer be known for one."""
    if len(said) <= length:
        return said
    kept = said[: max(length - 1, 0)].rpartition(" ")[0].rstrip()
    return f"{kept}…" if kept else ""


def tool(skills: Sequence[Skill], rules: Mapping[str, Rule]) -> Tool:
    """The function by which the model takes a skill; call it only where there are any."""
    names = sorted({*(skill.name for skill in skills), *rules})
    parameters = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": names},
            "file": {
                "type": "string",
                "description": "One of the skill's files, as it lists them; leave out at first.",
            },
        },
        "required": ["name"],
    }
    return Tool(LOAD, "Gives the instructions of a skill, or the text of one of its files.", parameters)


# ---------------------------------------------------------------- what was chosen


def loaded(skill: Skill, resources: Sequence[str]) -> str:
    """What the model reads of a skill that it has chosen; `resources`: the other files of its folder."""
    return listed(f"Skill {skill.name}, from {skill.directory}:\n\n{skill.body}", resources)


def listed(text: str, resources: Sequence[str]) -> str:
    """`text` with the names of the skill's files below it."""
    if not resources:
        return text
    names = "\n".join(f"- {name}" for name in resources[:_LISTED])
    more = f"\n- … and {len(resources) - _LISTED} more" if len(resources) > _LISTED else ""
    return f"{text}\n\nIts files (load the ones you need with {LOAD}; none of them is ever run):\n{names}{more}"


def loaded_rule(rule: Rule, text: str) -> str:
    return f"Rule {rule.name}, from {rule.path}:\n\n{text}"
