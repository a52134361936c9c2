"""All that is wrong with a rule file, skill or command: what its text tells, and what the disk does. For a thread."""

from __future__ import annotations

import time
from collections.abc import Iterator

from lsprotocol import types

from mm_lsp.assist.authoring import findings
from mm_lsp.assist.authoring.hover import matcher
from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.assist.authoring.references import is_surely_a_path, references
from mm_lsp.rulebook.frontmatter import Problem, Severity
from mm_lsp.rulebook.skills import distinct
from mm_lsp.server import commanding, convert
from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.server.rule_help.file_names import FILE_NAMES, names_nothing
from mm_lsp.server.rule_help.here import Eyes
from mm_lsp.server.rule_help.targets import Follower
from mm_lsp.text import Span
from mm_lsp.workspace.library import Look
from mm_lsp.workspace.rule_files import MAX_BYTES
from mm_lsp.workspace.tree import SKIPPED

SOURCE = "mm-lsp"
_GLOB_SECONDS = 2.0
_WHOLE_LINE = 1 << 20
_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "hint": types.DiagnosticSeverity.Hint,
}


def problems_of(eyes: Eyes) -> tuple[Problem, ...]:
    found = [*findings.findings(eyes.manuscript, MAX_BYTES), *_held_back(eyes), *_unmatched(eyes)]
    found += [*_references(eyes), *_shadowed(eyes)]
    return findings.in_order(found)


def _held_back(eyes: Eyes) -> Iterator[Problem]:
    if reason := eyes.hold_back(eyes.here.path, True):
        yield Problem(0, 0, _WHOLE_LINE, "held-back", f"The file is not used: {reason}.", "warning")


def _unmatched(eyes: Eyes) -> Iterator[Problem]:
    """The globs that count and name no file, so far as all files can be looked at in time."""
    manuscript, deadline = eyes.manuscript, time.monotonic() + _GLOB_SECONDS
    patterns = {glob.pattern for glob in manuscript.globs if _is_worth_trying(glob.pattern)}
    if not patterns or matcher(manuscript) is None:
        return
    names = FILE_NAMES.below(eyes.here.project, deadline)
    lost = {one for one in patterns if (named := matcher(manuscript, one)) and names_nothing(names, named, deadline)}
    yield from findings.unmatched(manuscript, lost)


def _is_worth_trying(pattern: str) -> bool:
    """Not where it takes files out again, or names folders that are not walked through."""
    return not pattern.startswith("!") and not SKIPPED.intersection(pattern.split("/"))


def _references(eyes: Eyes) -> Iterator[Problem]:
    manuscript, follower = eyes.manuscript, Follower(eyes)
    size = len(manuscript.rule.body.encode("utf-8", "replace")) if manuscript.rule is not None else 0
    for reference in references(manuscript):
        outcome = follower.outcome(reference)
        size += max(0, outcome.size - len(reference.written))
        if outcome.taken.reason:
            message = f"{reference.written} is not taken in: {outcome.taken.reason}."
            yield findings.not_taken_in(manuscript, reference, "import", message)
        elif not outcome.taken.path and is_surely_a_path(reference):
            message = f"There is no file {reference.path}: {reference.written} stays as text."
            yield findings.not_taken_in(manuscript, reference, "missing-file", message)
        for said in outcome.inner:
            yield findings.not_taken_in(manuscript, reference, "import", f"{reference.written}: {said}")
    if manuscript.rule is not None:
        yield from findings.over_budget(manuscript, size, eyes.settings.rules.max_bytes)


def _shadowed(eyes: Eyes) -> Iterator[Problem]:
    """Another file of the same name that wins over this one."""
    if eyes.here.kind.style is None:
        return
    look, path = eyes.library.look(eyes.wanted), eyes.here.kind.path
    place = eyes.manuscript.matter.keys.get("name")
    found = [
        problem
        for command in commanding.commands_of(look).values()
        if command.path == path
        for problem in command.problems
        if problem.code == "shadowed-name"
    ]
    for problem in found[:1] or _renamed(look, path):
        yield problem._replace(line=place.line if place is not None else 0)


def _renamed(look: Look, path: str) -> list[Problem]:
    """Of a skill that only the model calls."""
    own = {one.skill.path: one.skill.name for one in look.skills.skills}
    called = next(
        (skill.name for skill in distinct([one.skill for one in look.skills.skills]) if skill.path == path), ""
    )
    if not called or called == own.get(path):
        return []
    message = f"Another skill is called {own.get(path)} and wins; this one is called {called}. Rename one of them."
    return [Problem(0, 0, _WHOLE_LINE, "shadowed-name", message, "warning")]


def span_of(manuscript: Manuscript, problem: Problem) -> Span:
    """In the document; a whole line without the blanks around its text."""
    line = min(problem.line, len(manuscript.document.lines) - 1)
    text = manuscript.line(line)
    start, end = problem.start, min(problem.end, len(text))
    if problem.end >= _WHOLE_LINE:
        start, end = max(start, len(text) - len(text.lstrip())), max(len(text.rstrip()), 0)
    return Span(manuscript.position(line, min(start, end)), manuscript.position(line, end))


def diagnostic(manuscript: Manuscript, problem: Problem, profile: ClientProfile) -> types.Diagnostic:
    return types.Diagnostic(
        range=convert.range_to(span_of(manuscript, problem), manuscript.document, profile.encoding),
        message=problem.message,
        severity=_SEVERITIES[problem.severity],
        code=problem.code,
        source=SOURCE,
    )
