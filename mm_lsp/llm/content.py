"""The visible text of an answer, out of what gateways put into `content`: thinking in tags, tool calls as text and
leaked special tokens are taken out. No I/O; a tag may be cut anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_OPENERS = ("<think>", "<thinking>")
_CLOSERS = ("</think>", "</thinking>")
_LEAKED = ("]~!b[", "]~b]", "[e~[", "]<]minimax[>[")
_INVOKE = "<invoke"
_CALL, _CALL_END = "<minimax:tool_call>", "</minimax:tool_call>"

Kind = Literal["text", "thinking", "call", "reclassify"]
_State = Literal["start", "think", "text", "call"]


@dataclass(frozen=True, slots=True)
class Piece:
    """`reclassify`: all text so far was thinking; `call`: the inside of a raw tool call."""

    kind: Kind
    text: str = ""


def _finder(*markers: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, markers)))


_MARKERS: dict[_State, tuple[str, ...]] = {
    "start": (),
    "think": _CLOSERS,
    "text": (*_OPENERS, *_CLOSERS, *_LEAKED, _CALL),
    "call": (_CALL_END,),
}
_FINDERS = {state: _finder(*markers) for state, markers in _MARKERS.items() if markers}
_QUOTES = ('"', "'", "`")  # a tag behind one of these is spoken of, not used
_SPECIAL = re.compile(r"[<\[\]]")
_LONGEST = max(len(marker) for markers in _MARKERS.values() for marker in markers)
_FIRST = frozenset(marker[0] for markers in _MARKERS.values() for marker in markers)


def held_back(text: str, markers: tuple[str, ...]) -> int:
    """How many characters at the end of `text` may be the beginning of a marker."""
    if _SPECIAL.search(text, max(0, len(text) - _LONGEST)) is None:
        return 0
    for size in range(min(len(text), _LONGEST - 1), 0, -1):
        if text[-size] in _FIRST and any(marker.startswith(text[-size:]) for marker in markers):
            return size
    return 0


class ContentReader:
    """Feed it the deltas of `content`; `thinks_at_once`: the answer begins inside of a thinking whose tag was not sent.

    Tags count at the beginning of an answer, and a closing tag without an opening one once; elsewhere they are the
    user's own text (reference: minimax-api 1.8, rule 7).
    """

    def __init__(self, thinks_at_once: bool = False) -> None:
        self._is_implicit = thinks_at_once
        self._state: _State = "start"
        self.never_thought = False
        self._buffer = ""
        self._last = ""  # the last visible character
        self._tags_count = True
        self._drops_newlines = True  # before the first character of what follows
        self._unclosed: list[str] = []  # thinking whose opening tag was not sent, until its end is seen

    def has_own_thinking(self) -> None:
        """The endpoint sends thinking in a field of its own: tags in `content` are text."""
        self._tags_count = self._is_implicit = False

    def feed(self, content: str) -> list[Piece]:
        if self._state == "text" and not self._buffer and _SPECIAL.search(content) is None:  # nearly always
            return self._said(content)
        self._buffer += content
        pieces: list[Piece] = []
        while self._buffer:
            before = (self._state, len(self._buffer))
            pieces += self._begin() if self._state == "start" else self._step()
            if (self._state, len(self._buffer)) == before:
                break
        return pieces

    def close(self, was_cut: bool = False) -> list[Piece]:
        """What is held back. `was_cut`: the answer ended for want of tokens."""
        rest, self._buffer = self._buffer, ""
        state, self._state = self._state, "text"
        if state == "call":
            return self._called(rest, "")
        if state != "think":
            return self._said(rest)
        pieces = self._thought(rest.rstrip("\r\n"))
        if self._is_implicit and not was_cut:
            self.never_thought = True
            self._drops_newlines = True
            pieces += self._said("".join(self._unclosed))
        return pieces

    def _begin(self) -> list[Piece]:
        """Waits for the first word: a tag, or text."""
        text = self._buffer.lstrip()
        for marker in (*_OPENERS, *_CLOSERS):
            if text.startswith(marker):
                return self._begin_with(marker, text)
        if text and not any(marker.startswith(text) for marker in (*_OPENERS, *_CLOSERS)):
            self._state = "think" if self._is_implicit else "text"
        return []

    def _begin_with(self, marker: str, text: str) -> list[Piece]:
        if marker in _OPENERS and not self._tags_count:
            self._state = "text"
            return []
        self._buffer = text[len(marker) :]
        self._state = "think" if marker in _OPENERS else "text"  # a closing tag first: the end of nothing
        self._is_implicit = self._tags_count = False
        return []

    def _step(self) -> list[Piece]:
        found = _FINDERS[self._state].search(self._buffer)
        if found is None:
            return self._take(self._consume(len(self._buffer) - self._held()), "")
        taken = self._consume(found.end())[: found.start()]
        return self._take(taken, found.group())

    def _held(self) -> int:
        if self._state == "call":
            return len(self._buffer)
        held = held_back(self._buffer, _MARKERS[self._state])
        if self._state == "think":  # line ends before the closing tag are no thought
            body = self._buffer[: len(self._buffer) - held]
            held += len(body) - len(body.rstrip("\r\n"))
        return held

    def _consume(self, size: int) -> str:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _take(self, taken: str, marker: str) -> list[Piece]:
        if self._state == "text":
            return self._said(taken) + self._marked(marker)
        if not marker:
            return self._thought(taken)
        was, self._state = self._state, "text"
        if was == "call":
            return self._called(taken, marker)
        pieces = self._thought(taken.rstrip("\r\n"))
        self._is_implicit, self._tags_count, self._drops_newlines = False, False, True
        return pieces

    def _called(self, inside: str, end: str) -> list[Piece]:
        """A block without any call in it is text that speaks of such blocks."""
        return [Piece("call", inside)] if _INVOKE in inside else self._said(_CALL + inside + end)

    def _marked(self, marker: str) -> list[Piece]:
        """What a marker in visible text means."""
        if marker == _CALL and self._last not in _QUOTES:
            self._state = "call"
            return []
        if not marker or marker in _LEAKED:
            return []
        if marker == _CALL:
            return self._said(marker)
        if marker in _CLOSERS and self._tags_count and self._last not in _QUOTES:
            self._tags_count, self._drops_newlines = False, True
            return [Piece("reclassify")]
        self._tags_count = False  # an opening tag in the text is the user's own, and so is what closes it
        return self._said(marker)

    def _thought(self, text: str) -> list[Piece]:
        text = self._without_newlines(text)
        if self._is_implicit:
            self._unclosed.append(text)
        return [Piece("thinking", text)] if text else []

    def _said(self, text: str) -> list[Piece]:
        text = self._without_newlines(text)
        if not text:
            return []
        self._last = text[-1]
        return [Piece("text", text)]

    def _without_newlines(self, text: str) -> str:
        """A thinking, and an answer, begins with its first character that is no line end."""
        if self._drops_newlines:
            text = text.lstrip("\r\n")
            self._drops_newlines = not text
        return text
