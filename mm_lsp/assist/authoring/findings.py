"""What is wrong with a rule file, skill or command: what its readers found, and what only people who write it need."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from mm_lsp.assist.authoring.keys import closest_key, known_keys
from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.assist.authoring.references import Reference
from mm_lsp.globs import Glob
from mm_lsp.rulebook.command_source import quoted
from mm_lsp.rulebook.frontmatter import Problem, Severity

_MOST = 100  # findings of one file
_WHOLE_LINE = 1 << 20
_ESCAPED = re.compile(r"\\.")
_HIDDEN = "hidden-characters"


def findings(manuscript: Manuscript, max_bytes: int) -> tuple[Problem, ...]:
    """All that the text itself tells, in order. `max_bytes`: as much as is read of such a file from the disk."""
    found = [one for one in manuscript.problems if not _is_as_it_should_be(manuscript, one)]
    found += [*_unknown_keys(manuscript), *_hidden(manuscript), *_bad_globs(manuscript), *_empty(manuscript)]
    found += _too_large(manuscript, max_bytes)
    return in_order(found)


def in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Without what is said twice of one place; where one says it of a line and one of a word of it, the word stays."""
    kept: dict[tuple[int, str, int], Problem] = {}
    for one in found:
        kept.setdefault((one.line, one.code, one.start), one)
    exact = {(one.line, one.code) for one in kept.values() if one.end < _WHOLE_LINE}
    clear = (one for one in kept.values() if one.end < _WHOLE_LINE or (one.line, one.code) not in exact)
    return tuple(sorted(clear)[:_MOST])


def _is_as_it_should_be(manuscript: Manuscript, problem: Problem) -> bool:
    """Bare globs are no YAML, and just what Cursor wants (section 3)."""
    return manuscript.kind.manner == "mdc" and problem.code == "bad-yaml" and problem.severity == "hint"


def _unknown_keys(manuscript: Manuscript) -> Iterator[Problem]:
    known = known_keys(manuscript.kind)
    if not known:
        return
    for key, (line, start, end, _, _) in manuscript.matter.keys.items():
        if key not in known:
            yield Problem(line, start, end, "unknown-key", _unknown(manuscript, key), "hint")
    if manuscript.kind.style == "gemini":
        for key in _toml_keys(manuscript.text):
            if key not in known and (place := re.search(rf"^[ \t]*{re.escape(key)}(?=[ \t]*=)", manuscript.text, re.M)):
                yield _problem(
                    manuscript, place.end() - len(key), place.end(), "unknown-key", _unknown(manuscript, key)
                )


def _unknown(manuscript: Manuscript, key: str) -> str:
    meant = closest_key(manuscript.kind, key)
    said = f"{quoted(key)} is no key of {manuscript.kind.title} and is not read."
    return f"{said} Did you mean `{meant}`?" if meant else f"{said} They know {', '.join(known_keys(manuscript.kind))}."


def _toml_keys(text: str) -> list[str]:
    import tomllib  # only Gemini's commands need it

    try:
        return list(tomllib.loads(text))
    except (ValueError, RecursionError):
        return []


def _hidden(manuscript: Manuscript) -> Iterator[Problem]:
    """The readers look at the body alone, and here the frontmatter counts too."""
    for one in manuscript.hidden:
        message = (
            f"Hidden characters: {one.name}. The model gets them spelled out; delete them if you did not mean them."
        )
        yield Problem(one.line, one.column, one.column + one.length, _HIDDEN, message, "warning")


def _bad_globs(manuscript: Manuscript) -> Iterator[Problem]:
    for pattern, start, end in manuscript.globs:
        if fault := glob_fault(pattern):
            message = f"The glob {quoted(pattern)} is not what it seems: {fault}."
            yield _problem(manuscript, start, end, "bad-glob", message, "warning")


def glob_fault(pattern: str) -> str:
    """What is wrong with a glob, as the end of a sentence; "" if nothing is."""
    bare = _ESCAPED.sub("", pattern)
    if bare.count("{") != bare.count("}"):
        return "a brace has no partner and counts as a character like any other. Close it, or write \\{"
    if Glob.of(pattern.removeprefix("!")).is_valid:
        return ""
    if bare.endswith("\\"):
        return "it ends with \\ and matches nothing. Write / between folders"
    return "a [ has no ], or holds a class that is not known, and it matches nothing. Close it, or write \\["


def _empty(manuscript: Manuscript) -> Iterator[Problem]:
    if manuscript.kind.style == "gemini":
        return  # its readers tell of a prompt that is missing
    body = manuscript.rule.body if manuscript.rule is not None else manuscript.body
    if body.strip():
        return
    more = " but comments, which the model does not see" if manuscript.body.strip() else ""
    message = f"There is no text here{more}: the file is not used. Write below the frontmatter what the model shall do."
    if not manuscript.kind.has_frontmatter:
        message = f"There is no text here{more}: the file is not used. Write what the model shall do."
    yield Problem(manuscript.matter.body_line, 0, _WHOLE_LINE, "empty", message, "hint")


def _too_large(manuscript: Manuscript, max_bytes: int) -> list[Problem]:
    at = _cut(manuscript.text, max_bytes)
    if at is None:
        return []
    message = f"Of a file {max_bytes // 1024} KiB are read, and this one goes on from here. Move text into other files."
    return [_from_here(manuscript, at, "too-large", message)]


def _cut(text: str, max_bytes: int) -> int | None:
    """Where the text passes so many bytes of UTF-8; None where it does not."""
    if len(text) * 4 <= max_bytes:
        return None
    data = text.encode("utf-8", "surrogatepass")
    return None if len(data) <= max_bytes else len(data[:max_bytes].decode("utf-8", "ignore"))


def over_budget(manuscript: Manuscript, size: int, max_bytes: int) -> list[Problem]:
    """`size`: bytes of the rule's text with all that it takes in; `max_bytes`: the setting rules.max_bytes."""
    if size <= max_bytes:
        return []
    at = _cut(manuscript.body, max_bytes) or 0
    taken = "" if at else " with all that it takes in"
    message = (
        f"The rule has {size:,} bytes{taken}, and all rules together may have {max_bytes:,} (rules.max_bytes): its end "
        "is cut off. Move what is rarely needed into a skill."
    )
    return [_from_here(manuscript, manuscript.body_start + at, "too-long", message)]


def _from_here(manuscript: Manuscript, offset: int, code: str, message: str) -> Problem:
    line, column = manuscript.place(offset)
    return Problem(line, column, _WHOLE_LINE, code, message, "warning")


def unmatched(manuscript: Manuscript, patterns: Collection[str]) -> Iterator[Problem]:
    """`patterns`: globs that no file of the workspace matches."""
    for pattern, start, end in manuscript.globs:
        if pattern in patterns and not glob_fault(pattern):
            message = f"No file of the workspace matches {quoted(pattern)}."
            if "/" not in pattern and manuscript.rule is not None and not manuscript.rule.is_anywhere:
                message += f" It names the folder itself; write **/{pattern} for any depth."
            yield _problem(manuscript, start, end, "unmatched-glob", message, "warning")


def not_taken_in(manuscript: Manuscript, reference: Reference, code: str, message: str) -> Problem:
    """Of a reference that leads nowhere (a hint), or where it may not."""
    severity: Severity = "hint" if code == "missing-file" else "warning"
    return _problem(manuscript, reference.start, reference.end, code, message, severity)


def _problem(
    manuscript: Manuscript, start: int, end: int, code: str, message: str, severity: Severity = "hint"
) -> Problem:
    line, column = manuscript.place(start)
    return Problem(line, column, column + end - start, code, message, severity)
