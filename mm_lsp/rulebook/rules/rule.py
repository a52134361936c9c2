"""One rule file as it counts here, whatever tool it was written for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mm_lsp.rulebook.frontmatter import Problem
from mm_lsp.rulebook.rules.families import Activation, Family, Scope

Identity = tuple[int, int]  # device and inode: two names of one file are one


@dataclass(frozen=True, slots=True)
class Import:
    """A file that a rule takes in with `@path`, which stands at `start` to `end` of the text around it. `file`: where
    it lies on this machine."""

    path: str
    start: int
    end: int
    text: str
    identity: Identity
    imports: tuple[Import, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """`path` as it is shown: relative to the root, or `~/…`. `base`: the directory that its globs are relative to,
    itself relative to the root ("" = the root). `body`: what the model is to read, before imports are put in."""

    path: str
    family: Family
    scope: Scope
    activation: Activation
    body: str
    name: str = ""
    description: str = ""
    globs: tuple[str, ...] = ()
    base: str = ""
    is_anywhere: bool = False  # its globs are Copilot's, which match at any depth and in any case
    reason: str = ""  # why it is never used, where that is so
    identity: Identity = (0, 0)
    imports: tuple[Import, ...] = ()
    problems: tuple[Problem, ...] = field(default=(), repr=False)

    @property
    def depth(self) -> int:
        return self.base.count("/") + 1 if self.base else 0


def composed(text: str, imports: Sequence[Import], already: set[Identity]) -> str:
    """`text` with the files that it takes in put in their places. One that the prompt holds `already` is only named;
    what is put in is added to `already`."""
    pieces: list[str] = []
    at = 0
    for one in sorted(imports, key=lambda found: found.start):
        pieces.append(text[at : one.start])
        at = one.end
        if one.identity in already:
            pieces.append(one.path)
            continue
        already.add(one.identity)
        pieces.append(composed(one.text, one.imports, already).strip("\n"))
    return "".join([*pieces, text[at:]])


def adds_nothing(rule: Rule, already: set[Identity]) -> bool:
    """Whether all that the rule does is to take in files that the prompt holds `already`."""
    if not rule.imports or any(one.identity not in already for one in rule.imports):
        return False
    rest, at = "", 0
    for one in sorted(rule.imports, key=lambda found: found.start):
        rest += rule.body[at : one.start]
        at = one.end
    return not (rest + rule.body[at:]).strip()
