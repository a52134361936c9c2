"""Private keys in PEM armour, whole or cut: in files, in strings with escapes, in quoted or commented lines."""

from __future__ import annotations

from typing import NamedTuple

from mm_lsp.redact.finding import Finding
from mm_lsp.redact.kinds import compiled
from mm_lsp.redact.values import is_words

KIND = "private-key"
_NAME = r"(?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)? ?-{4,5}"  # five dashes; SSH2's format has four and blanks
_BEGIN = rf"BEGIN (?:(?<=-----BEGIN )|(?<=---- BEGIN )){_NAME}"
_END = rf"END (?:(?<=-----END )|(?<=---- END )){_NAME}"
_PUTTY = r"Private-Lines: [0-9]{1,4}"
_DASHES = 5  # before BEGIN or END, a blank included

_WRAPPING = r"""(?:\\+[nrt]|[bBrRuUfF]{1,2}(?=["'])|[\s"'`+,.\\#*/>|;%()&$])"""  # around a key's lines
_HEADER = r"(?:(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash|Subject): ?[^\r\n\\]{0,200}+)"
_LINE, _FULL_LINE, _LETTERS = r"[A-Za-z0-9+/]{16,}+={0,2}", 40, r"[A-Za-z0-9+/]{1,}+={0,2}"
_LAST = rf"""{_LETTERS}(?=["'`,;+\\ \t]{{0,6}}(?:[\r\n]|\\[nr]|\Z))"""
_FORWARD = (
    rf"(?:{_WRAPPING}*+(?:{_HEADER}|{_LINE}))*+"  # lines that can be nothing else,
    rf"(?:{_WRAPPING}*+{_LAST})?+"  # a shorter one below them
)
# The same read from right to left. Headers can't be told from there; the lines below them are enough.
_BACKWARD = r"""(?:[nrt]\\+|["'][bBrRuUfF]{1,2}(?=[\s(])|[\s"'`+,.\\#*/>|;%()&$=-])*+"""
_LINES_BACKWARD = rf"(?:{_BACKWARD}[A-Za-z0-9+/]{{1,}}+)?+(?:{_BACKWARD}[A-Za-z0-9+/]{{16,}}+)*+"


class _Mark(NamedTuple):
    start: int
    end: int
    is_end: bool


def find_private_keys(text: str) -> list[Finding]:
    """In no order; they may overlap. Linear: what lies between two marks is looked at twice at most."""
    if not compiled("P(?:RIVATE KEY|rivate-Lines: )").search(text):
        return []
    findings: list[Finding | None] = []
    marks = _marks(text)
    for number, mark in enumerate(marks):
        if mark.is_end:
            findings.append(_unopened(text, marks[number - 1].end if number else 0, mark))
        else:
            findings.append(_opened(text, mark, marks[number + 1] if number + 1 < len(marks) else None))
    putty = compiled(_PUTTY).finditer(text)
    findings += [_unclosed(text, found.start(), found.end(), len(text)) for found in putty]
    return [finding for finding in findings if finding]


def _marks(text: str) -> list[_Mark]:
    begins = [_Mark(found.start() - _DASHES, found.end(), False) for found in compiled(_BEGIN).finditer(text)]
    ends = [_Mark(found.start() - _DASHES, found.end(), True) for found in compiled(_END).finditer(text)]
    return sorted(begins + ends)


def _opened(text: str, mark: _Mark, following: _Mark | None) -> Finding | None:
    if following and following.is_end and _is_body(text[mark.end : following.start]):
        return Finding(mark.start, following.end, KIND)
    return _unclosed(text, mark.start, mark.end, following.start if following else len(text))


def _is_body(text: str) -> bool:
    """Whether a key's lines stand between its marks, and not the code of somebody who looks for such marks."""
    words = [word.strip("+/") for word in compiled(rf"{_WRAPPING}+").split(compiled(_HEADER).sub("", text))]
    words = [word for word in words if word.strip("=") and (len(set(word)) > 1 or len(word) >= 16)]
    letters = sum(map(len, words))
    if not words or not all(compiled(r"[A-Za-z0-9+/=]+\Z").match(word) for word in words):
        return False
    if all(len(word) < _FULL_LINE and is_words(word) for word in words):
        return False
    long = sum(len(word) for word in words if len(word) >= 16)
    return 2 * long >= letters or (letters >= 8 and len(words) <= _line_count(text) and "=" not in "".join(words))


def _line_count(text: str) -> int:
    return len(compiled(r"\n|\\n").findall(text))


def _unclosed(text: str, start: int, body: int, limit: int) -> Finding | None:
    """A key without its end: the lines below `body` that can be nothing else."""
    is_last = limit == len(text)
    if not is_last and limit - body < _FULL_LINE:
        return None
    found = compiled(_FORWARD).match(text, body, limit)
    if found and _has_key_lines(found[0], is_last and not text[found.end() :].strip()):
        return Finding(start, found.end(), KIND)
    return None


def _unopened(text: str, before: int, mark: _Mark) -> Finding | None:
    """A key without its beginning: the lines above."""
    if before and mark.start - before < _FULL_LINE:
        return None
    found = compiled(_LINES_BACKWARD).match(text[before : mark.start][::-1])
    if found and _has_key_lines(found[0], before == 0 and found.end() == mark.start):
        return Finding(mark.start - found.end(), mark.end, KIND)
    return None


def _has_key_lines(run: str, is_cut: bool) -> bool:
    """A full line of a key, or less where the text's end has cut it."""
    least = 1 if is_cut else _FULL_LINE
    return compiled(rf"[A-Za-z0-9+/]{{{least}}}").search(run) is not None
