"""The YAML head of rules, skills and commands, read the way people write it: strictly, else mended, else key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from mm_lsp.rulebook.yaml_repair import Mended, known_keys, repair, without_quotes
from mm_lsp.rulebook.yaml_subset import BadYaml, Loaded, load, quick
from mm_lsp.untyped import rows, table

Severity = Literal["error", "warning", "hint"]
Level = Literal["none", "strict", "repaired", "keys"]

_MAX_BYTES, _MAX_LINES = 16 * 1024, 300  # the largest of 4,668 real ones: 3,111 bytes, 43 lines (section 9.1)
_TO_THE_END = 1 << 30
_OPENING = re.compile(r"(?:[ \t]*+\n)*+---[ \t]*+(?:\n|\Z)")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*+(?:\n|\Z)", re.MULTILINE)
_COLON = re.compile(r"[ \t]*:[ \t]*")
_COMMENT = re.compile(r"[ \t]+#.*")
_ONLY_BOOLEANS = ("alwaysApply",)  # Cursor's; its string "true" means nothing there (section 9.1, step 9)
_TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


class Problem(NamedTuple):
    """`line` counts from 0 in the file, `start` and `end` are columns in code points (0 and a large number: the whole
    line), `code` is for programs, `message` for people."""

    line: int
    start: int
    end: int
    code: str
    message: str
    severity: Severity


class KeyPlace(NamedTuple):
    """Where a top-level key stands, and its value as far as that stands on the same line; columns in code points."""

    line: int
    start: int
    end: int
    value_start: int
    value_end: int


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """`raw` is the text of each value on its key's line, `body` the rest of the file from line `body_line` on, with
    `\\n` for line ends; `span` the first and last line of the frontmatter, delimiters included."""

    values: Mapping[str, Any]
    body: str
    body_line: int = 0
    keys: Mapping[str, KeyPlace] = field(default_factory=dict[str, KeyPlace])
    raw: Mapping[str, str] = field(default_factory=dict[str, str])
    level: Level = "none"
    problems: tuple[Problem, ...] = ()
    span: tuple[int, int] | None = None


class _Outcome(NamedTuple):
    level: Level
    loaded: Loaded
    problems: list[Problem]


def read(text: str) -> Frontmatter:
    """The frontmatter of a whole file (section 9.1). Never raises: what is wrong is among the problems."""
    clean = text.removeprefix("\ufeff")
    if "\r" in clean:
        clean = clean.replace("\r\n", "\n").replace("\r", "\n")
    opening = _OPENING.match(clean)
    if opening is None:
        return Frontmatter({}, clean)
    first = clean.count("\n", 0, clean.index("---"))
    problems = _signs(text, first)
    closing = _CLOSING.search(clean, opening.end())
    if closing is None:
        return Frontmatter({}, clean, problems=(*problems, _unclosed(first)))
    inside, body = clean[opening.end() : closing.start()], clean[closing.end() :]
    last = first + 1 + inside.count("\n")
    lines = inside.split("\n")[:-1]
    outcome = _outcome(inside, lines, first + 1)
    places, raw = _places(outcome.loaded, lines, first + 1)
    problems += [*outcome.problems, *_doubts(outcome.loaded.values, places, raw)]
    return Frontmatter(
        outcome.loaded.values, body, last + 1, places, raw, outcome.level, tuple(problems), (first, last)
    )


def _signs(text: str, first: int) -> list[Problem]:
    """What other programs may stumble over before they come to the YAML."""
    problems: list[Problem] = []
    if text.startswith("\ufeff"):
        said = (
            "The file begins with a byte order mark, behind which some programs miss the frontmatter. Save it without."
        )
        problems.append(_whole_line(0, "bom", said, "hint"))
    if "\r" in text:
        said = "Lines end with a carriage return; some programs then miss the frontmatter. Save the file with LF ends."
        problems.append(_whole_line(first, "carriage-returns", said, "hint"))
    if first:
        said = "Blank lines come before the frontmatter; most programs want `---` as the first line. Remove them."
        problems.append(_whole_line(0, "leading-blank-lines", said, "hint"))
    return problems


def _whole_line(line: int, code: str, message: str, severity: Severity) -> Problem:
    return Problem(line, 0, _TO_THE_END, code, message, severity)


def _unclosed(line: int) -> Problem:
    said = (
        "No line `---` closes the frontmatter that seems to begin here, so all is read as text. Add one below the last "
        "key, or use `***` if this is meant as a rule."
    )
    return _whole_line(line, "unclosed-frontmatter", said, "warning")


def _outcome(inside: str, lines: Sequence[str], offset: int) -> _Outcome:
    """`offset` is the file's line that the first of `lines` is."""
    if len(lines) > _MAX_LINES or len(inside.encode("utf-8", "replace")) > _MAX_BYTES:
        said = (
            f"The frontmatter is longer than {_MAX_LINES} lines or {_MAX_BYTES // 1024} KiB and was not read. "
            "Move text from it into the body."
        )
        return _Outcome("none", Loaded({}, {}), [_whole_line(offset - 1, "too-large", said, "error")])
    try:
        loaded = quick(inside) or load(inside)
    except BadYaml as error:
        return _mended(inside, lines, offset, error)
    return _Outcome("strict", loaded, list(_shape(loaded, offset)))


def _mended(inside: str, lines: Sequence[str], offset: int, error: BadYaml) -> _Outcome:
    fixed = repair(lines)
    try:
        loaded = load("\n".join(fixed.lines))
    except BadYaml:
        return _by_keys(inside, lines, offset, error)
    problems = [_tabs(number + offset) for number in fixed.untabbed]
    problems += [_unquoted(mended, lines[mended.line], offset) for mended in fixed.mended]
    return _Outcome("repaired", loaded, [*sorted(problems), *_shape(loaded, offset)])


def _by_keys(inside: str, lines: Sequence[str], offset: int, error: BadYaml) -> _Outcome:
    loaded = known_keys(lines)
    did = "the keys known here were read, each as one line of text" if loaded.values else "nothing of it was read"
    said = f"The frontmatter is not YAML ({error.reason}); {did}. Put values with `: `, `#` or quotes into quotes."
    line = inside.count("\n", 0, error.offset) + offset
    problem = _whole_line(line, error.code, said, "error")
    return _Outcome("keys" if loaded.values else "none", loaded, [problem])


def _tabs(line: int) -> Problem:
    return _whole_line(line, "tabs", "YAML allows no tabs in the indentation. Use blanks.", "warning")


def _unquoted(mended: Mended, line: str, offset: int) -> Problem:
    said = f"YAML cannot read this value as it stands ({mended.complaint.reason}); it was taken as written. "
    place = (mended.line + offset, mended.start, mended.end)
    if line.startswith("glob"):
        return Problem(*place, mended.complaint.code, said + "Cursor wants it so, other programs in quotes.", "hint")
    return Problem(*place, mended.complaint.code, said + "Put it in quotes.", "warning")


def _shape(loaded: Loaded, offset: int) -> Iterator[Problem]:
    if not loaded.is_mapping:
        said = "The frontmatter holds no `name: value` lines and was left out. Write one key a line, a blank after `:`."
        yield _whole_line(offset, "not-a-mapping", said, "error")
    for key, line in loaded.repeated:
        said = f"`{key}` is here more than once, and the last one counts. Remove the others."
        yield _whole_line(line + offset, "duplicate-key", said, "warning")


def _places(loaded: Loaded, lines: Sequence[str], offset: int) -> tuple[dict[str, KeyPlace], dict[str, str]]:
    """Keys that begin a line, and their raw values; a key inside of braces has no place."""
    places: dict[str, KeyPlace] = {}
    raw: dict[str, str] = {}
    for key, (number, length) in loaded.spots.items():
        line = lines[number].rstrip(" \t")
        start = 0 if line.startswith(key) else len(line) - len(line.lstrip(" \t"))
        end = start + length
        colon = _COLON.match(line, end)
        if colon and key in line[start:end]:
            value = colon.end()
            places[key] = KeyPlace(number + offset, start, end, value, max(value, len(line)))
            raw[key] = line[value:]
    return places, raw


def _doubts(values: Mapping[str, Any], places: Mapping[str, KeyPlace], raw: Mapping[str, str]) -> Iterator[Problem]:
    """What is good YAML and hardly what was meant."""
    for key, written in raw.items():
        comment = _COMMENT.search(written) if "#" in written else None
        if comment and comment.start() and values[key] == written[: comment.start()]:
            (line, _, _, start, end) = places[key]
            said = f"From ` #` on this is a comment and not part of `{key}`. If it should be, put the value in quotes."
            yield Problem(line, start + comment.start(), end, "truncated-by-comment", said, "warning")
    for key in _ONLY_BOOLEANS:
        if key in places and isinstance(values[key], str) and truth(values[key]) is not None:
            (line, _, _, start, end) = places[key]
            said = f"`{key}` is a text here and counts as not set. Write true or false, without quotes."
            yield Problem(line, start, end, "string-boolean", said, "warning")


def text(matter: Frontmatter, key: str) -> str:
    """The value as a text: numbers, booleans and lists as they were written, "" where there is none."""
    value = matter.values.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    written = matter.raw.get(key, "")
    short = _COMMENT.sub("", written)
    if isinstance(value, list | dict):
        return next((form for form in (written, short) if _is_closed(form)), ", ".join(texts(value)))
    return short or _plain_text(value)


def _is_closed(written: str) -> bool:
    """Whether a list or table in brackets ends on the line where it begins."""
    pairs = all(written.count(opening) == written.count(closing) for opening, closing in ("[]", "{}"))
    return pairs and written[-1:] in ("]", "}")


def truth(value: Any) -> bool | None:
    """true, yes, on, 1 and their opposites, in any case; None for everything else."""
    return _TRUTHS.get(str(value).strip().lower()) if isinstance(value, str | int) else None


def texts(value: Any) -> list[str]:
    """A list's items as texts, empty ones left out. One text is a list of itself, or of what stands in its brackets."""
    if isinstance(value, str):
        inner = value.strip()[1:-1]
        bracketed = value.strip() == f"[{inner}]" and not set("[]") & set(inner)
        return _pieces(inner, ",") if bracketed else [value] * bool(value.strip())
    if isinstance(value, dict):
        return [f"{key}: {_plain_text(item)}" for key, item in table(value).items()]
    if isinstance(value, list):
        return [item for part in rows(value) for item in ([part] if isinstance(part, str) else texts(part)) if item]
    return [] if value is None else [_plain_text(value)]


def _plain_text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def tools(value: Any) -> list[str]:
    """The names of tools in a list or a text, divided by commas and blanks outside of parentheses."""
    return [name for item in texts(value) for name in _pieces(item, ", \t\n")]


def _pieces(written: str, separators: str) -> list[str]:
    pieces, start, depth = list[str](), 0, 0
    for place, letter in enumerate(written):
        if letter in "()":
            depth = max(0, depth + (1 if letter == "(" else -1))
        elif depth == 0 and letter in separators:
            pieces.append(written[start:place])
            start = place + 1
    stripped = (without_quotes(piece.strip()) for piece in (*pieces, written[start:]))
    return [piece for piece in stripped if piece]
