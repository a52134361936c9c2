"""Which rules count for a file, in which order, within which budget; and why the others don't.

The order (reference: rules-and-skills 0.1): what holds everywhere first, then from the root to the file's own
directory, so that the most specific is read last. The budget is spent the other way round, so that the nearest stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mm_lsp.globs import matching
from mm_lsp.rulebook.rules.families import FIRST_ORDER
from mm_lsp.rulebook.rules.rule import Identity, Rule, adds_nothing, composed
from mm_lsp.tokens import cut_at_line, estimate

_WORTH_CUTTING = 256  # bytes: less of a file says too little
_UNKNOWN: Identity = (0, 0)
_SCOPES = {"managed": 0, "user": 1, "project": 2, "nested": 2}
_MENTION = re.compile(r"(?<![\w@/.-])@([\w][\w./-]*)")


class Applied(NamedTuple):
    """`text` as the model reads it; `reason` why it counts, as the end of a sentence."""

    rule: Rule
    text: str
    tokens: int
    reason: str


class Skipped(NamedTuple):
    """`reason` as the end of a sentence about the file."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """`applied` in the order in which they are read out; `offered`: rules that the model may load by description."""

    applied: tuple[Applied, ...] = ()
    offered: tuple[Rule, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class Wishes(NamedTuple):
    """What the settings say: `families` None = all; `policy` for the root's whole files."""

    max_bytes: int = 32768
    policy: str = "merge"
    families: frozenset[str] | None = None


class _Choice(NamedTuple):
    rule: Rule
    reason: str


Withheld = Callable[[Rule], str | None]


def _nothing(rule: Rule) -> None:
    del rule


def assemble(
    rules: Iterable[Rule],
    target: str | None,
    wishes: Wishes,
    words: str = "",
    withheld: Withheld = _nothing,
) -> Assembly:
    """`rules` in the order in which their directories are read out; `target`: the file's path relative to the root;
    `words`: what the user wrote, in which `@name` asks for a rule; `withheld`: why nothing of a rule may be sent."""
    skipped: list[Skipped] = []
    chosen: list[_Choice] = []
    offered: list[Rule] = []
    known = [rule for rule in rules if _is_wanted(rule, wishes, skipped)]
    first = _first(known) if wishes.policy == "first" else None
    named = mentioned(words)
    for rule in known:
        if first is not None and rule is not first and _is_whole_of_root(rule):
            skipped.append(Skipped(rule.path, f'rules.policy is "first", and {first.path} comes before it'))
        elif (reason := _reason_for(rule, target, named)) is None and rule.activation != "agent":
            skipped.append(Skipped(rule.path, _reason_against(rule, target)))
        elif reason is not None:
            chosen.append(_Choice(rule, reason))
        elif refusal := withheld(rule):
            skipped.append(Skipped(rule.path, refusal))
        else:
            offered.append(rule)
    applied = _composed(_without_twins(sorted(chosen, key=_rank), skipped), wishes.max_bytes, skipped, withheld)
    return Assembly(tuple(applied), tuple(offered), tuple(skipped))


def mentioned(words: str) -> frozenset[str]:
    """The names that the user wrote with an `@` before them."""
    return frozenset(found.group(1).rstrip(".-/").casefold() for found in _MENTION.finditer(words))


def _is_wanted(rule: Rule, wishes: Wishes, skipped: list[Skipped]) -> bool:
    if wishes.families is not None and rule.family not in wishes.families:
        skipped.append(Skipped(rule.path, f"the family {rule.family} is switched off (rules.families)"))
        return False
    return True


def _is_whole_of_root(rule: Rule) -> bool:
    return rule.scope == "project" and rule.activation == "always" and "/rules/" not in f"/{rule.path}"


def _first(rules: Sequence[Rule]) -> Rule | None:
    by_path = {rule.path.casefold(): rule for rule in reversed(rules) if rule.scope == "project" and rule.body.strip()}
    return next((by_path[path.casefold()] for path in FIRST_ORDER if path.casefold() in by_path), None)


def _reason_for(rule: Rule, target: str | None, named: frozenset[str]) -> str | None:
    if rule.activation in ("agent", "manual") and not named.isdisjoint(_calls(rule)):
        return f"you named it with @{_typed_name(rule)}"
    if rule.activation == "always":
        return "it holds for every file" if not rule.base else f"it holds for every file in {rule.base}"
    if rule.activation == "glob" and target is not None:
        glob = glob_for(rule, target)
        return None if glob is None else f"{glob} matches"
    return None


def glob_for(rule: Rule, target: str) -> str | None:
    """The rule's glob that names `target` (relative to the root); None if none does."""
    inside = target if not rule.base else target.removeprefix(f"{rule.base}/")
    if rule.base and inside == target:
        return None
    return matching(
        inside, rule.globs, negation=rule.family == "continue", anywhere=rule.is_anywhere, ignore_case=rule.is_anywhere
    )


def _reason_against(rule: Rule, target: str | None) -> str:
    if rule.reason:
        return rule.reason
    if rule.activation == "glob":
        globs = ", ".join(rule.globs)
        return f"none of its globs ({globs}) matches" if target is not None else f"it holds for {globs}"
    return f"it counts only where it is named: @{_typed_name(rule)}"


def _typed_name(rule: Rule) -> str:
    """The rule's name as it can be written behind an `@`."""
    return "-".join(rule.name.split()) or _stem(rule)


def _calls(rule: Rule) -> set[str]:
    return {_typed_name(rule).casefold(), _stem(rule).casefold()}


def _stem(rule: Rule) -> str:
    return rule.path.rpartition("/")[2].removesuffix(".instructions.md").rsplit(".", 1)[0]


def _rank(choice: _Choice) -> tuple[int, int, int]:
    """Sorting keeps the order of the places where these agree."""
    rule = choice.rule
    return (_SCOPES[rule.scope], rule.depth, 0 if rule.activation == "always" else 1)


def _composed(chosen: Sequence[_Choice], max_bytes: int, skipped: list[Skipped], withheld: Withheld) -> list[Applied]:
    """Imports put in, same texts once, the budget spent from the nearest on. A rule that only names a file which the
    budget then has no room for takes it in after all."""
    whole = {choice.rule.identity for choice in chosen} - {_UNKNOWN}
    left_out: list[Skipped] = []
    applied = _within(_distinct(_texts(chosen, whole, left_out), left_out), max_bytes, left_out, withheld)
    kept = {one.rule.identity for one in applied}
    skipped += left_out
    if whole <= kept or not any(one.rule.imports for one in applied):
        return applied
    paths = {one.rule.path for one in applied}
    chosen = [choice for choice in chosen if choice.rule.path in paths]
    return _within(_distinct(_texts(chosen, kept - {_UNKNOWN}, skipped), skipped), max_bytes, skipped, withheld)


def _texts(chosen: Sequence[_Choice], whole: set[Identity], skipped: list[Skipped]) -> list[tuple[_Choice, str]]:
    """`whole`: the files that stand in the prompt by themselves."""
    seen = set(whole)
    texts: list[tuple[_Choice, str]] = []
    for choice in chosen:
        if adds_nothing(choice.rule, seen):
            skipped.append(Skipped(choice.rule.path, "the files that it takes in are here already"))
        else:
            texts.append((choice, composed(choice.rule.body, choice.rule.imports, seen).strip()))
    return texts


def _without_twins(chosen: Sequence[_Choice], skipped: list[Skipped]) -> list[_Choice]:
    """Of two names of one file the first stays."""
    kept: list[_Choice] = []
    paths: dict[Identity, str] = {}
    for choice in chosen:
        rule = choice.rule
        if rule.identity != _UNKNOWN and rule.identity in paths:
            skipped.append(Skipped(rule.path, f"it is the same file as {paths[rule.identity]}"))
        else:
            paths[rule.identity] = rule.path
            kept.append(choice)
    return kept


def _distinct(texts: Sequence[tuple[_Choice, str]], skipped: list[Skipped]) -> list[tuple[_Choice, str]]:
    """Of files with the same words the last one stays: it stands nearest."""
    kept: list[tuple[_Choice, str]] = []
    seen: dict[str, str] = {}
    for choice, text in reversed(texts):
        words = " ".join(text.split())
        if not words:
            skipped.append(Skipped(choice.rule.path, "it is empty"))
        elif words in seen:
            skipped.append(Skipped(choice.rule.path, f"it says the same as {seen[words]}"))
        else:
            seen[words] = choice.rule.path
            kept.append((choice, text))
    return kept[::-1]


def _within(
    texts: Sequence[tuple[_Choice, str]], max_bytes: int, skipped: list[Skipped], withheld: Withheld
) -> list[Applied]:
    """Whether a rule may be sent is asked only of those that there is room for: that looks at the disk."""
    kept: dict[int, Applied] = {}
    left = max_bytes
    for number in sorted(range(len(texts)), key=lambda at: (*_nearness(texts[at][0].rule), at), reverse=True):
        choice, text = texts[number]
        size = len(text.encode("utf-8", "replace"))
        if size > left and left < _WORTH_CUTTING:
            skipped.append(Skipped(choice.rule.path, f"the budget of {max_bytes} bytes (rules.max_bytes) is spent"))
            continue
        if refusal := withheld(choice.rule):
            skipped.append(Skipped(choice.rule.path, refusal))
            continue
        if size > left:
            text = cut_at_line(text, left)
        kept[number] = Applied(choice.rule, text, estimate(text), choice.reason)
        left -= min(size, left)
    return [kept[number] for number in sorted(kept)]


def _nearness(rule: Rule) -> tuple[int, int, int]:
    """Who gets of the budget first: the nearest directory, then what a glob chose, then the root, then the user's."""
    is_nested = rule.scope == "nested" and rule.activation == "always"
    return (_SCOPES[rule.scope], rule.depth if is_nested else 0, 0 if rule.activation == "always" else 1)
