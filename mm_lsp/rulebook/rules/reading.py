"""A rule file's text → a Rule: each tool's own idea of when its files count (reference: rules-and-skills 1 to 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mm_lsp.globs import split_globs
from mm_lsp.rulebook import frontmatter, hygiene, markup
from mm_lsp.rulebook.frontmatter import Frontmatter, Problem
from mm_lsp.rulebook.rules.families import Activation, Family, Manner, Scope
from mm_lsp.rulebook.rules.rule import Rule

_WINDSURF_CHARACTERS = 12_000
_WHOLE_LINE = 1 << 20

# The keys that each kind of file knows; others are told to people who write one.
KNOWN_KEYS: Mapping[Manner, tuple[str, ...]] = {
    "mdc": ("description", "globs", "alwaysApply"),
    "claude": ("paths", "description"),
    "copilot": ("applyTo", "description", "name", "excludeAgent"),
    "windsurf": ("trigger", "globs", "description"),
    "cline": ("paths",),
    "continue": ("name", "globs", "regex", "description", "alwaysApply", "invokable"),
}
GLOB_KEYS = ("globs", "paths", "applyTo")


class _Sense(NamedTuple):
    """When a rule counts, as its frontmatter says."""

    activation: Activation
    globs: tuple[str, ...] = ()
    is_anywhere: bool = False
    reason: str = ""
    problems: tuple[Problem, ...] = ()


def rule_from(
    family: Family, manner: Manner, path: str, text: str, *, scope: Scope = "project", base: str = "", name: str = ""
) -> Rule:
    """`base`: the directory that the file speaks of, relative to the root; `name`: what `@name` calls it."""
    if manner in ("plain", "mode"):
        parts = Frontmatter({}, text.replace("\r\n", "\n").replace("\r", "\n"))
        sense = _Sense("manual" if manner == "mode" else "always")
    else:
        parts = frontmatter.read(text)
        sense = _SENSES[manner](parts, base)
    failed = manner == "cline" and any(problem.severity == "error" for problem in parts.problems)
    body, hidden = hygiene.cleaned(text if failed else parts.body)
    body, _ = markup.without_comments(body)
    return Rule(
        path=path,
        family=family,
        scope=scope,
        activation=sense.activation,
        body=body.strip("\n"),
        name=frontmatter.text(parts, "name") or name,
        description=frontmatter.text(parts, "description").strip(),
        globs=sense.globs,
        base=base,
        is_anywhere=sense.is_anywhere,
        reason=sense.reason,
        problems=(*parts.problems, *sense.problems, *(_told(one, 0 if failed else parts.body_line) for one in hidden)),
    )


def _told(hidden: hygiene.Hidden, first_line: int) -> Problem:
    return Problem(
        hidden.line + first_line,
        hidden.column,
        hidden.column + hidden.length,
        "hidden-characters",
        f"Hidden characters: {hidden.name}. The model gets them spelled out; delete them if you did not mean them.",
        "warning",
    )


def _at(parts: Frontmatter, key: str, code: str, message: str) -> Problem:
    place = parts.keys.get(key)
    line = place.line if place is not None else 0
    return Problem(line, 0, _WHOLE_LINE, code, message, "warning")


def _globs(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(split_globs(values.get(key)))


def _cursor(parts: Frontmatter, base: str) -> _Sense:
    """Section 3: always beats globs beats description; only a real `true` is one."""
    values = parts.values
    problems: tuple[Problem, ...] = ()
    if isinstance(values.get("alwaysApply"), str):
        message = "alwaysApply is text here, and Cursor takes only true or false: write it without quotes."
        problems = (_at(parts, "alwaysApply", "string-boolean", message),)
    globs = _globs(values, "globs")
    if values.get("alwaysApply") is True:
        return _Sense("always", problems=problems)
    if globs:
        return _Sense("glob", globs, problems=problems)
    if base:
        return _Sense("glob", ("**",), problems=problems)
    return _Sense("agent" if frontmatter.text(parts, "description").strip() else "manual", problems=problems)


def _claude(parts: Frontmatter, base: str) -> _Sense:
    del base
    globs = _globs(parts.values, "paths")
    return _Sense("glob", globs) if globs else _Sense("always")


def _copilot(parts: Frontmatter, base: str) -> _Sense:
    del base
    globs = _globs(parts.values, "applyTo")
    return _Sense("glob", globs, is_anywhere=True) if globs else _Sense("manual")


def _windsurf(parts: Frontmatter, base: str) -> _Sense:
    del base
    globs = _globs(parts.values, "globs")
    trigger = frontmatter.text(parts, "trigger").strip().lower().replace("-", "_")
    problems: list[Problem] = []
    if len(parts.body) > _WINDSURF_CHARACTERS:
        message = f"Windsurf reads {_WINDSURF_CHARACTERS:,} characters of a rule; this one has {len(parts.body):,}."
        problems.append(Problem(parts.body_line, 0, _WHOLE_LINE, "too-long", message, "warning"))
    known: dict[str, Activation] = {
        "always_on": "always", "model_decision": "agent", "glob": "glob", "manual": "manual",
    }  # fmt: skip
    if trigger and trigger not in known:
        message = f"The trigger {trigger} is not known: write always_on, model_decision, glob or manual."
        problems.append(_at(parts, "trigger", "unknown-value", message))
    activation = known.get(trigger) or ("glob" if globs else "always")
    if activation == "glob" and not globs:
        return _Sense("never", reason="its trigger is glob, and it names no globs", problems=tuple(problems))
    return _Sense(activation, globs if activation == "glob" else (), problems=tuple(problems))


def _cline(parts: Frontmatter, base: str) -> _Sense:
    """A list that is empty means never; what is no list does not count (section 4.1)."""
    del base
    given = parts.values.get("paths")
    if not isinstance(given, list):
        return _Sense("always")
    globs = _globs(parts.values, "paths")
    return _Sense("glob", globs) if globs else _Sense("never", reason="its paths are empty, which means never")


def _continue(parts: Frontmatter, base: str) -> _Sense:
    del base
    values = parts.values
    globs = _globs(values, "globs")
    if globs:
        return _Sense("glob", globs)
    if values.get("regex"):
        reason = "it asks for a regular expression over the file's text, which is not run here; give it globs"
        return _Sense("never", reason=reason)
    if frontmatter.truth(values.get("alwaysApply")) is False:
        return _Sense("agent" if frontmatter.text(parts, "description").strip() else "manual")
    return _Sense("always")


_SENSES = {
    "mdc": _cursor,
    "claude": _claude,
    "copilot": _copilot,
    "windsurf": _windsurf,
    "cline": _cline,
    "continue": _continue,
}


def as_markdown_in_cursor(rule: Rule) -> Rule:
    """A `.md` file among Cursor's `.mdc` files: Cursor itself does not read it, so it is used where it is named."""
    message = "Cursor reads only .mdc files here: rename it, or it counts only where @its-name asks for it."
    hint = Problem(0, 0, _WHOLE_LINE, "not-mdc", message, "hint")
    return replace(rule, activation="manual", globs=(), problems=(*rule.problems, hint))


def as_root_copilot(rule: Rule) -> Rule:
    """`copilot-instructions.md` always counts, whatever `applyTo` its frontmatter carries."""
    return replace(rule, activation="always", globs=(), is_anywhere=False)
