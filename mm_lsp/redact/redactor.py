"""The secrets of one request: replaced by placeholders on the way out, put back on the way home."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mm_lsp.redact.finding import COVER, Finding, Replacement, covered, merged, replaced
from mm_lsp.redact.search import find_beside
from mm_lsp.redact.window import Window, lines_around, moved, positions
from mm_lsp.text import Document, Span

MARGIN = 64 * 1024  # characters beyond what is shown, in which secrets that lie across its edge are found
_LONGEST_KNOWN = 512  # characters
LEAST_KNOWN = 8  # characters: a shorter secret would be found inside of common words
_PLACEHOLDER = re.compile(
    r"<\s{0,4}redacted\s{0,4}:\s{0,4}([a-z0-9-]{1,40})\s{0,4}(?::\s{0,4}([0-9]{1,6})\s{0,4})?>",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Redaction:
    """One secret and what stands for it. `count`: how often it was replaced."""

    kind: str
    placeholder: str
    count: int
    secret: str = field(repr=False)


class Redactor:
    """Not thread-safe. `known` are secrets that nothing about them gives away, each with its kind."""

    __slots__ = ("_counts", "_given", "_known", "_originals", "_taken", "is_on")

    def __init__(self, is_on: bool = True, known: Iterable[tuple[str, str]] = ()) -> None:
        self.is_on = is_on
        self._known = tuple((kind, secret) for kind, secret in known if len(secret) >= LEAST_KNOWN)
        self._given: dict[str, tuple[str, str]] = {}  # secret → kind, placeholder
        self._originals: dict[str, str] = {}  # placeholder → secret
        self._taken: dict[str, int] = {}  # kind → how many of its numbers are taken
        self._counts: dict[str, int] = {}  # secret → replacements; not of what only looked like a placeholder

    def text(self, text: str) -> str:
        """With placeholders for the secrets. Those that this Redactor has given out stay as they are."""
        if not self.is_on:
            return text
        spelt = _spelt(text)
        foreign = [finding for finding, placeholder in spelt if placeholder not in self._originals]
        secrets = self._secrets(text, [finding for finding, _ in spelt])
        return replaced(text, self._instead(text, secrets, foreign))

    def document(self, document: Document, place: Span, reach: int) -> tuple[Document, Span]:
        """What surrounds `place`: whole lines, about `reach` characters on each side and all of a secret across the
        edge, without its secrets; and where `place` stands in it. Lines above it may be missing. `document` is what
        people wrote: what looks like a placeholder there is replaced too, and so comes back as it was."""
        shown = lines_around(document, place, reach)
        window = Window.of(document, lines_around(document, place, reach + MARGIN) if self.is_on else shown)
        secrets, foreign = self._of_people(window.text) if self.is_on else ([], [])
        start, end = window.range_of(shown, sorted(secrets + foreign))
        secrets, foreign = ([one for one in kind if start <= one.start < end] for kind in (secrets, foreign))
        if not secrets and not foreign and shown == (0, len(document.lines)):
            return document, place
        instead = self._instead(window.text, secrets, foreign)
        shown_document = document.with_text(replaced(window.text[:end], instead)[start:])
        new_start, new_end = moved((window.offset(place.start), window.offset(place.end)), instead)
        return shown_document, positions(shown_document, (new_start - start, new_end - start))

    def restored(self, text: str) -> str:
        """The placeholders of this request back to what they stand for, also if they were spelt with blanks or
        capitals. Others stay."""
        if not self._originals:
            return text
        return _PLACEHOLDER.sub(lambda found: self._originals.get(_canonical(found), found[0]), text)

    @property
    def found(self) -> tuple[Redaction, ...]:
        """In the order in which they were met first."""
        return tuple(Redaction(*self._given[secret], count, secret) for secret, count in self._counts.items())

    def _of_people(self, text: str) -> tuple[list[Finding], list[Finding]]:
        """The secrets in what somebody wrote, and what only looks like a placeholder there."""
        foreign = [finding for finding, _ in _spelt(text)]
        return self._secrets(text, foreign), foreign

    def _secrets(self, text: str, placeholders: list[Finding]) -> list[Finding]:
        rest = covered(text, placeholders)
        met = [(kind, secret) for secret, (kind, _) in self._given.items() if _is_known_by_itself(secret)]
        known = [finding for kind, secret in (*self._known, *met) for finding in _occurrences(rest, secret, kind)]
        found = find_beside(rest, known)
        others = {
            rest[one.start : one.end]: one.kind for one in found if _is_known_by_itself(rest[one.start : one.end])
        }
        again = [one for secret, kind in others.items() for one in _occurrences(rest, secret, kind)]
        found = merged((*found, *again)) if len(again) > len(others) else found
        return [one for one in found if not _PLACEHOLDER.search(text, one.start, one.end)] if placeholders else found

    def _instead(self, text: str, secrets: list[Finding], foreign: list[Finding]) -> list[Replacement]:
        """What goes in the place of each, in order."""
        for start, end, _ in secrets:
            self._counts[text[start:end]] = self._counts.get(text[start:end], 0) + 1
        findings = sorted(secrets + foreign)
        return [(finding, self._placeholder(text[finding.start : finding.end], finding.kind)) for finding in findings]

    def _placeholder(self, secret: str, kind: str) -> str:
        if secret not in self._given:
            number = self._taken[kind] = self._taken.get(kind, 0) + 1
            placeholder = _written(kind, number)
            self._given[secret] = kind, placeholder
            self._originals[placeholder] = secret
        return self._given[secret][1]


def _is_known_by_itself(secret: str) -> bool:
    """Whether it is a secret wherever it stands, also where nothing around it says so."""
    return LEAST_KNOWN <= len(secret) <= _LONGEST_KNOWN and COVER * 4 not in secret and not _PLACEHOLDER.search(secret)


def _written(kind: str, number: int) -> str:
    return f"<redacted:{kind}:{number}>" if number > 1 else f"<redacted:{kind}>"


def _canonical(found: re.Match[str]) -> str:
    return _written(found[1].lower(), int(found[2] or 1))


def _spelt(text: str) -> list[tuple[Finding, str]]:
    """What looks like a placeholder in `text`, and how we would write it."""
    return [(Finding(*found.span(), found[1].lower()), _canonical(found)) for found in _PLACEHOLDER.finditer(text)]


def _occurrences(text: str, secret: str, kind: str) -> Iterator[Finding]:
    start = text.find(secret)
    while start >= 0:
        yield Finding(start, start + len(secret), kind)
        start = text.find(secret, start + len(secret))
