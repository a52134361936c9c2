"""Characters that people do not see and models read: made visible, named, and kept out of comparisons (section 8)."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u3164\uffa0\ufeff"
    "\ufe00-\ufe0f\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_RUN = re.compile(rf"(?:[{_UNSEEN}{_CONTROL}]|\r(?!\n))+")
_INVISIBLE = re.compile(f"[{_UNSEEN}{_CONTROL}\r\n\t]")
_LINE_END = re.compile("\r\n|\n|\r")
_TAGS = re.compile("[\U000e0000-\U000e007f]")

# Emoji as far as they are joined or take a presentation selector: pictographs, symbols, dingbats, arrows, skin tones.
_EMOJI = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
# Blocks of the scripts whose spelling needs joiners: Arabic (Persian too) and Syriac, and those of India.
_JOINING = re.compile("[\u0600-\u077f\u08a0-\u0dff\ufb50-\ufdff\ufe70-\ufefc]")
_KEYCAP_BASES = frozenset("0123456789#*")
_KEYCAP, _PRESENTATION, _NON_JOINER, _JOINER = "\u20e3", "\ufe0f", "\u200c", "\u200d"
_NAMES = {
    0x00AD: "soft hyphen",
    0x200B: "zero-width space",
    0x200C: "zero-width non-joiner",
    0x200D: "zero-width joiner",
    0xFEFF: "zero-width no-break space (byte order mark)",
}
_MESSAGE_SHOWN = 80
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Hidden(NamedTuple):
    """A run of hidden characters in the text as given, without a byte order mark at its very start: `line` and
    `column` count from 0, `column` and `length` in code points; `name` says what it is."""

    line: int
    column: int
    length: int
    codepoints: tuple[int, ...]
    name: str


def cleaned(text: str) -> tuple[str, tuple[Hidden, ...]]:
    """The text with each hidden character written as ⟦U+200B⟧, and the runs of them. What the spelling of emoji and
    of words in joining scripts needs stays; a byte order mark at the start is dropped; CRLF stays a line end."""
    text = text.removeprefix("\ufeff")
    if _RUN.search(text) is None:
        return text, ()
    parts: list[str] = []
    found: list[Hidden] = []
    done = counted = line = line_start = 0
    for start, end in _hidden_runs(text):
        for line_end in _LINE_END.finditer(text, counted, start):
            line, line_start = line + 1, line_end.end()
        codepoints = tuple(map(ord, text[start:end]))
        found.append(Hidden(line, start - line_start, end - start, codepoints, _name(text[start:end])))
        parts += [text[done:start], *(f"⟦U+{codepoint:04X}⟧" for codepoint in codepoints)]
        counted, done = start, end
    return "".join((*parts, text[done:])), tuple(found)


def _hidden_runs(text: str) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(text):
        start = run.start()
        for place in range(*run.span()):
            if _is_needed(text, place):
                if start < place:
                    yield start, place
                start = place + 1
        if start < run.end():
            yield start, run.end()


def _is_needed(text: str, place: int) -> bool:
    """Whether the emoji or the word around this character is not spelled right without it."""
    letter, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if letter == _PRESENTATION:
        return _EMOJI.match(before) is not None or (before in _KEYCAP_BASES and after == _KEYCAP)
    if letter == _JOINER and _EMOJI.match(after):
        base = text[place - 2 : place - 1] if before == _PRESENTATION else before
        return _EMOJI.match(base) is not None
    return letter in (_JOINER, _NON_JOINER) and _joins(before) and _joins(after)


def _joins(letter: str) -> bool:
    return _JOINING.match(letter) is not None and unicodedata.category(letter)[0] in "LM"


def _name(run: str) -> str:
    tags = "".join(chr(ord(tag) & 0x7F) for tag in _TAGS.findall(run))
    message = "".join(filter(str.isprintable, tags))
    if message:
        shown = message if len(message) <= _MESSAGE_SHOWN else message[: _MESSAGE_SHOWN - 1] + "…"
        return f"tag characters spelling “{shown}”"
    names = {_one_name(letter) for letter in run}
    if len(names) > 1:
        return f"{len(run)} hidden characters"
    return names.pop() if len(run) == 1 else f"{len(run)} × {names.pop()}"


@lru_cache(maxsize=512)
def _one_name(letter: str) -> str:
    kind = "control" if unicodedata.category(letter) == "Cc" else "hidden"
    name = unicodedata.name(letter, "").lower() or f"{kind} character U+{ord(letter):04X}"
    return _NAMES.get(ord(letter), name)


def mixed_scripts(word: str) -> bool:
    """Whether Latin letters stand beside Cyrillic or Greek ones, many of which look the same: `pаypal`."""
    scripts = {name.split(" ", 1)[0] for name in (unicodedata.name(letter, "") for letter in word)}
    return "LATIN" in scripts and bool(scripts & {"CYRILLIC", "GREEK"})


def comparable(name: str) -> str:
    """What two names have in common that people take for one: compatibility forms, case and hidden characters aside."""
    visible = unicodedata.normalize("NFD", _INVISIBLE.sub("", name))
    for _ in range(2):  # folding may undo the normal form, and the other way round (Unicode, D145)
        visible = unicodedata.normalize("NFKC", visible.casefold())
    return visible


def decoded(data: bytes) -> tuple[str, bool]:
    """The text of a file, without its byte order mark, and whether something of it was lost. UTF-8, or UTF-16 where a
    byte order mark says so."""
    mark = next((mark for mark in _BYTE_ORDER_MARKS if data.startswith(mark)), b"")
    encoding = _BYTE_ORDER_MARKS.get(mark, "utf-8")
    try:
        return data[len(mark) :].decode(encoding), False
    except UnicodeDecodeError:
        return data[len(mark) :].decode(encoding, "replace"), True
