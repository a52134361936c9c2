"""A secret's place in a text, and what several searches found put together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

COVER = "<"  # stands for text that is spoken for: no value that is looked for may hold it


class Finding(NamedTuple):
    """`text[start:end]` is a secret. `kind` is lower-case with hyphens, as it stands in the placeholder."""

    start: int
    end: int
    kind: str


Replacement = tuple[Finding, str]  # what stands in its place


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """In order and apart. Findings that overlap become one, so that no rest of either stays; the first one's kind
    counts, of two with the same start the longer one's."""
    result: list[Finding] = []
    for finding in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
        if result and finding.start < result[-1].end:
            last = result[-1]
            if finding.end > last.end:
                result[-1] = last._replace(end=finding.end)
        else:
            result.append(finding)
    return result


def covered(text: str, findings: Iterable[Finding]) -> str:
    """`text` with every finding (in order and apart) blotted out. All offsets stay."""
    return replaced(text, ((finding, COVER * (finding.end - finding.start)) for finding in findings))


def replaced(text: str, instead: Iterable[Replacement]) -> str:
    """`text` with another text in the place of every finding; these in order and apart."""
    pieces: list[str] = []
    reached = 0
    for finding, words in instead:
        pieces += text[reached : finding.start], words
        reached = finding.end
    return "".join((*pieces, text[reached:])) if pieces else text
