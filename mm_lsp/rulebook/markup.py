"""Markdown as far as rules need it: where code stands, block comments, and imports `@path` (section 1 of the spec).

Blocks are told apart as CommonMark 0.31 does, but for what opens neither code nor a comment (other HTML, links).
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

Range = tuple[int, int]  # offsets in code points: from, to (not included)

_QUOTE = 0
_MAX_NESTING = 100  # quotes and list items inside of each other; what is nested more deeply is text
_TEXT = re.compile("[^ ]")
_FENCE = re.compile(r"`{3,}+(?=[^`]*\Z)|~{3,}")
_MARKER = re.compile(r"(?:[-*+]|(?P<number>[0-9]{1,9})[.)])(?= |\Z)")
_ONE_LINER = re.compile(r"(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,}|#{1,6}(?: .*)?)\Z")
_UNDERLINE = re.compile(r"(?:-+|=+) *\Z")
_TICKS = re.compile(r"`+")
_IMPORT = re.compile(r"(?:^|(?<=[\s(]))@(?P<path>(?:~/|\.\./|\./|/)?[\w.+-](?:\\ |[^\s`'\")<>\]])*)")
_PUNCTUATION = ".,;:!?"
_REFUSALS = (
    (re.compile(r"\Z"), "it names no file"),
    (re.compile(r"(?s:.*)[\x00-\x1f\x7f-\x9f\ud800-\udfff]"), "it holds a control character"),
    (re.compile(r"[\\/]\?\?[\\/]|[\\/]{2}[?.][\\/]"), "it is a device path of Windows"),
    (re.compile(r"[\\/]{2}"), "it names another computer"),
    (re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:"), "it is an address, and only files can be imported"),
    (re.compile(r"[A-Za-z]:(?![\\/])"), "it has a drive but does not begin at the drive's root"),
    (re.compile(r"~(?!/)"), "it begins in another user's home"),
)


class Import(NamedTuple):
    """A candidate `@path`; it is an import only if that file exists. `path`: blanks unescaped, no fragment.
    `written`: the text from offset `start` to `end`, with the `@` and the fragment."""

    path: str
    written: str
    start: int
    end: int


def code_ranges(text: str) -> list[Range]:
    """Where code stands, in order: fenced blocks as whole lines, and code spans with their backticks."""
    if "`" not in text and "~~~" not in text:
        return []
    return _code(_blocks(text))


def without_comments(text: str) -> tuple[str, list[Range]]:
    """The text without HTML comments that begin a block (with their lines, where nothing else stands on these), and
    where they stood. Comments in code, inside of a line, and such as nothing closes stay."""
    if "<!--" not in text:
        return text, []
    comments = _blocks(text).comments
    ends = [0, *(end for _, end in comments)]
    starts = [*(start for start, _ in comments), len(text)]
    return "".join(text[end:start] for end, start in zip(ends, starts, strict=True)), comments


def imports_in(text: str) -> list[Import]:
    """Candidates outside of code and block comments, in order."""
    if "@" not in text:
        return []
    blocks = _blocks(text)
    hidden = deque(sorted(_code(blocks) + blocks.comments))
    found: list[Import] = []
    for match in _IMPORT.finditer(text):
        start = match.start()
        while hidden and hidden[0][1] <= start:
            hidden.popleft()
        written = match["path"].rstrip(_PUNCTUATION)
        path = written.partition("#")[0].replace("\\ ", " ")
        if path and not (hidden and hidden[0][0] <= start):
            found.append(Import(path, f"@{written}", start, start + 1 + len(written)))
    return found


def import_refusal(path: str) -> str | None:
    """Why no import can have this path, wherever it is written, as the end of a sentence; None if one can. Absolute
    paths and `~/` are for the caller to judge."""
    return next((reason for pattern, reason in _REFUSALS if pattern.match(path)), None)


@dataclass(slots=True)
class _Blocks:
    """`containers`: the open quotes and list items from the outside in; for an item the columns that its content is
    indented by. `passages`: what may hold code spans, none of which leaves its passage."""

    text: str
    fences: list[Range] = field(default_factory=list[Range])
    comments: list[Range] = field(default_factory=list[Range])
    passages: list[Range] = field(default_factory=list[Range])
    containers: list[int] = field(default_factory=list[int])
    in_paragraph: bool = False
    item_is_empty: bool = False
    last_comment_end: int = -1


def _blocks(text: str) -> _Blocks:
    blocks = _Blocks(text, last_comment_end=text.rfind("-->"))
    place = 0
    while place < len(text):
        place = _read_block(blocks, place)
    return blocks


def _line_at(text: str, place: int) -> tuple[str, int]:
    """The line without its end and with tabs as blanks, and where the next one begins."""
    end = text.find("\n", place) + 1 or len(text)
    return text[place:end].rstrip("\r\n").expandtabs(4), end


def _indent_end(line: str, column: int) -> int:
    return text.start() if (text := _TEXT.search(line, column)) else len(line)


def _read_block(blocks: _Blocks, place: int) -> int:
    """Reads one line, or a whole fence or comment; returns where the next line begins."""
    if not blocks.containers and blocks.text[place] == "\n":
        blocks.in_paragraph = False
        return place + 1
    line, end = _line_at(blocks.text, place)
    matched, column = _enter(blocks.containers, line)
    left = matched < len(blocks.containers)
    if left and blocks.in_paragraph and _goes_on(line, column):
        return _add_text(blocks, place, end)
    if left:
        del blocks.containers[matched:]
        blocks.in_paragraph = False
    column = _open_containers(blocks, line, column)
    first = _indent_end(line, column)
    if first == len(line):
        _read_blank(blocks, opened=len(blocks.containers) > matched)
        return end
    blocks.item_is_empty = False
    if first - column <= 3:
        return _read_leaf(blocks, place, end, line, first)
    return _add_text(blocks, place, end) if blocks.in_paragraph else _add_passage(blocks, place, end)


def _read_blank(blocks: _Blocks, opened: bool) -> None:
    """A list item may begin with one blank line, its own; after two it is over."""
    blocks.in_paragraph = False
    if blocks.item_is_empty and not opened and blocks.containers:
        blocks.containers.pop()
    blocks.item_is_empty = opened and blocks.containers[-1] != _QUOTE


def _enter(containers: list[int], line: str) -> tuple[int, int]:
    """How many of the containers the line goes on in, and the column where its content begins."""
    column = 0
    for number, width in enumerate(containers):
        first = _indent_end(line, column)
        if first == len(line):  # a blank line goes on in items, not in quotes
            rest = containers[number:]
            return number + (rest.index(_QUOTE) if _QUOTE in rest else len(rest)), first
        if width == _QUOTE and first - column <= 3 and line[first] == ">":
            column = first + 1 + line.startswith(" ", first + 1)
        elif width != _QUOTE and first - column >= width:
            column += width
        else:
            return number, column
    return len(containers), column


def _goes_on(line: str, column: int) -> bool:
    """Whether a line that leaves its container is still text of the paragraph there ("lazy continuation")."""
    first = _indent_end(line, column)
    if first - column > 3 or first == len(line):
        return first < len(line)
    starts = line[first] == ">" or line.startswith("<!--", first)
    return not (starts or any(pattern.match(line, first) for pattern in (_FENCE, _MARKER, _ONE_LINER)))


def _open_containers(blocks: _Blocks, line: str, column: int) -> int:
    """Opens the quotes and list items that begin in this line; returns the column where their content begins."""
    while len(blocks.containers) < _MAX_NESTING:
        first = _indent_end(line, column)
        if first - column > 3 or first == len(line):
            break
        if line[first] == ">":
            blocks.containers.append(_QUOTE)
            column = first + 1 + line.startswith(" ", first + 1)
        elif after := _item_content(blocks, line, first):
            blocks.containers.append(after - column)
            column = min(after, len(line))
        else:
            break
        blocks.in_paragraph = False
    return column


def _item_content(blocks: _Blocks, line: str, first: int) -> int | None:
    """The column where the content of the list item that begins at column `first` begins, if one does."""
    marker = _MARKER.match(line, first)
    if marker is None or _ONE_LINER.match(line, first):
        return None
    content = _indent_end(line, marker.end())
    if blocks.in_paragraph and (content == len(line) or int(marker["number"] or 1) != 1):
        return None  # such items do not interrupt a paragraph
    return content if content < len(line) and content - marker.end() <= 4 else marker.end() + 1


def _read_leaf(blocks: _Blocks, place: int, end: int, line: str, first: int) -> int:
    if fence := _FENCE.match(line, first):
        return _read_fence(blocks, place, end, fence.group())
    if line.startswith("<!--", first):
        opening = blocks.text.index("<!--", place)
        if opening + 2 <= blocks.last_comment_end:
            return _read_comment(blocks, place, opening)
    if _ONE_LINER.match(line, first) or (blocks.in_paragraph and _UNDERLINE.match(line, first)):
        return _add_passage(blocks, place, end)
    return _add_text(blocks, place, end)


def _read_fence(blocks: _Blocks, start: int, place: int, fence: str) -> int:
    """The block ends with a fence as long as its first, with its container, or with the text."""
    blocks.in_paragraph = False
    while place < len(blocks.text):
        line, end = _line_at(blocks.text, place)
        matched, column = _enter(blocks.containers, line)
        if matched < len(blocks.containers):
            break
        place = end
        first = _indent_end(line, column)
        rest = line[first:].rstrip(" ")
        if first - column <= 3 and len(rest) >= len(fence) and not rest.strip(fence[0]):
            break
    blocks.fences.append((start, place))
    return place


def _read_comment(blocks: _Blocks, place: int, opening: int) -> int:
    text = blocks.text
    closing = text.index("-->", opening + 2) + 3
    end = text.find("\n", closing) + 1 or len(text)
    alone = not text[place:opening].strip() and not text[closing:end].strip()
    blocks.comments.append((place, end) if alone else (opening, closing))
    return _add_passage(blocks, closing, end)


def _add_passage(blocks: _Blocks, place: int, end: int) -> int:
    """A passage that ends with its line: a heading, a rule, a line of indented code, what follows a comment."""
    blocks.passages.append((place, end))
    blocks.in_paragraph = False
    return end


def _add_text(blocks: _Blocks, place: int, end: int) -> int:
    if blocks.in_paragraph:
        place = blocks.passages.pop()[0]
    blocks.passages.append((place, end))
    blocks.in_paragraph = True
    return end


def _code(blocks: _Blocks) -> list[Range]:
    spans = (span for passage in blocks.passages for span in _code_spans(blocks.text, *passage))
    return sorted([*blocks.fences, *spans])


def _code_spans(text: str, start: int, end: int) -> Iterator[Range]:
    runs = [run.span() for run in _TICKS.finditer(text, start, end)]
    closers: dict[int, deque[int]] = defaultdict(deque)
    for number, (first, last) in enumerate(runs):
        closers[last - first].append(number)
    number = 0
    while number < len(runs):
        first, last = runs[number]
        first += _is_escaped(text, start, first)
        same = closers[last - first]
        while same and same[0] <= number:
            same.popleft()
        if first < last and same:
            number = same[0]
            yield first, runs[number][1]
        number += 1


def _is_escaped(text: str, start: int, place: int) -> bool:
    backslashes = place
    while backslashes > start and text[backslashes - 1] == "\\":
        backslashes -= 1
    return (place - backslashes) % 2 == 1
