"""What the model sees of the code: the window around a place, the block that encloses it, the other documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mm_lsp.messages import Part
from mm_lsp.text import Document, Position, Span
from mm_lsp.tokens import estimate

_BEFORE_SHARE = 0.75  # of a window's budget goes to what stands before the place
_BLOCK_LINES = 80  # a block larger than this is cut to the lines around the place
_LINE_SHARE = 0.45  # of the budget may go to either part of the place's own line
_LEAST = 80  # characters of it that are shown, whatever the budget
_LONG_LINE = 2000  # characters of one line that are looked at around the place


class Window(NamedTuple):
    """The text before and after a place, whole lines but for the place's own."""

    before: str
    after: str


class Snippet(NamedTuple):
    """A piece of another file. `path` is relative to the workspace where there is one."""

    path: str
    text: str


def window(document: Document, place: Span, budget: int) -> Window:
    """As many whole lines around `place` as `budget` tokens hold, three quarters of them before it."""
    first, last = place.start.line, place.end.line
    share = int(budget * _LINE_SHARE)
    head = document.lines[first][: place.start.column]
    head = head[-_fitting(head[-_LONG_LINE:], share) :] if head else head
    tail = document.lines[last][place.end.column :]
    fitting = _fitting(tail[:_LONG_LINE], share)
    if len(tail) > fitting:
        tail = tail[:fitting] + (document.line_ending if last + 1 < len(document.lines) else "")
    left = budget - estimate(head) - estimate(tail)
    above, spare = _fill(reversed(document.lines[:first]), int(left * _BEFORE_SHARE))
    below, spare = _fill(document.lines[last + 1 :], int(left * (1 - _BEFORE_SHARE)) + spare)
    if spare > 0 and len(above) < first:
        more, _ = _fill(reversed(document.lines[: first - len(above)]), spare)
        above += more
    return Window("".join(reversed(above)) + head, tail + "".join(below))


def _fitting(text: str, budget: int) -> int:
    """About how many characters of `text` fit into `budget` tokens; some at any rate."""
    cost = estimate(text)
    return len(text) if cost <= budget else max(_LEAST, len(text) * budget // cost)


def _fill(lines: Iterable[str], budget: int) -> tuple[list[str], int]:
    """The first of `lines` that fit, and what is left of the budget; an early end leaves it all to others."""
    taken: list[str] = []
    for line in lines:
        cost = estimate(line)
        if cost > budget:
            return taken, 0
        budget -= cost
        taken.append(line)
    return taken, budget


def part_of(path: str, window: Window, uri: str) -> Part:
    """Where the text around a place comes from."""
    return Part("file", path, estimate(window.before) + estimate(window.after), "around the cursor", uri)


def others(documents: Iterable[tuple[str, Document]], budget: int) -> list[Snippet]:
    """The heads of `documents` (path and document, most recent first) within `budget` tokens."""
    snippets: list[Snippet] = []
    for path, document in documents:
        lines, left = _fill(document.lines, budget - estimate(path) - 8)
        text = "".join(lines).strip("\r\n")
        if not text.strip():
            continue
        snippets.append(Snippet(path, text))
        budget = left
        if budget <= 0:
            break
    return snippets


def enclosing_block(document: Document, line: int) -> Span:
    """The lines of the innermost block around `line`, found by indentation: the less indented line above that
    opens it, and all that is indented deeper below, with a closing line of the opener's own depth."""
    line = min(line, len(document.lines) - 1)
    top = _opener(document, line)
    depth = _indent(document.body(top))
    end = top
    for number in range(top + 1, min(len(document.lines), top + _BLOCK_LINES)):
        body = document.body(number)
        if not body.strip():
            continue
        if _indent(body) <= depth:
            closes = _indent(body) == depth and body.strip()[0] in ")]}"
            if number > line and closes:
                end = number
            if number > line and not (closes and _opens(body)):
                break
        end = number
    return document.whole_lines(top, max(end, line))


def _opener(document: Document, line: int) -> int:
    body = document.body(line)
    if not body.strip():
        return line
    depth = _indent(body)
    if _opens(body) or depth == 0:
        return line
    for number in range(line - 1, max(-1, line - _BLOCK_LINES), -1):
        above = document.body(number)
        if above.strip() and _indent(above) < depth:
            return number
    return line


def _opens(body: str) -> bool:
    return body.rstrip()[-1:] in (":", "{", "(")


def _indent(body: str) -> int:
    return len(body) - len(body.lstrip())


def near(document: Document, position: Position, lines: int) -> Window:
    """The text around `position`, `lines` whole lines each way, whatever the size of the document."""
    first = max(0, position.line - lines)
    last = min(len(document.lines) - 1, position.line + lines)
    end = Position(last, len(document.lines[last]))
    return Window(document.slice(Span(Position(first, 0), position)), document.slice(Span(position, end)))


def line_prefix(document: Document, position: Position) -> str:
    """The part of the line that stands before `position`."""
    return document.lines[position.line][: position.column]


def line_rest(document: Document, position: Position) -> str:
    """The part of the line from `position` to its end, without the line end."""
    return document.body(position.line)[position.column :]
