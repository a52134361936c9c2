"""Globs as rule files and settings write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from mm_lsp.globs.automaton import Automaton, Token
from mm_lsp.globs.braces import MAX_LENGTH, expand_braces
from mm_lsp.globs.syntax import tokens_of


@dataclass(frozen=True, slots=True, eq=False)
class Glob:
    r"""One glob. `*` and `?` stay inside a name, `**` stands for any number of whole folders, `[a-z]`, `[!a]` and
    `{a,b}` are known, `\` escapes, names that begin with a dot are names like any other, `dir/` means `dir/**`."""

    pattern: str
    is_valid: bool
    _ignore_case: bool
    _automaton: Automaton
    _any: int

    @staticmethod
    def of(pattern: str, *, anywhere: bool = False, ignore_case: bool = False) -> Glob:
        """`anywhere`: as VS Code reads `applyTo`, a pattern that begins neither with `/` nor with `**/` may match below
        any folder. A pattern that is not valid, or longer than 1,024 characters, matches nothing; where a brace makes
        several, the valid ones match."""
        return _compiled(pattern, anywhere, ignore_case)

    def matches(self, path: str) -> bool:
        """`path`: with `/`, relative to the directory that the glob speaks of."""
        return self._automaton.last_match(path.lower() if self._ignore_case else path, self._any) is not None


_PLAIN = re.compile(r"[^*?\[\]{}!\\]+(?=[*?]|\Z)")  # before the first sign of more
_ENDING = re.compile(r"\.[\w-]+\Z")


@lru_cache(maxsize=4096)
def _compiled(pattern: str, anywhere: bool, ignore_case: bool) -> Glob:
    written = pattern.lower() if ignore_case else pattern
    alternatives = expand_braces(written) if len(written) <= MAX_LENGTH else []
    parsed = [_tokens(alternative, anywhere) for alternative in alternatives if alternative]
    automaton = Automaton.of(parsed)
    is_valid = bool(parsed) and None not in parsed
    return Glob(pattern, is_valid, ignore_case, automaton, automaton.mask(range(len(parsed))))


def matching(
    path: str,
    patterns: Iterable[str],
    *,
    anywhere: bool = False,
    ignore_case: bool = False,
    negation: bool = False,
) -> str | None:
    """The first pattern that matches. With `negation` a pattern that begins with `!` takes back what those before it
    matched."""
    found: str | None = None
    for pattern in patterns:
        takes_back = negation and pattern.startswith("!")
        if takes_back == (found is None):
            continue
        if not takes_back and not (anywhere or ignore_case) and _is_out_of_question(pattern, path):
            continue
        glob = Glob.of(pattern[takes_back:], anywhere=anywhere, ignore_case=ignore_case)
        if glob.matches(path):
            found = None if takes_back else pattern
    return found


def _is_out_of_question(pattern: str, path: str) -> bool:
    """Whether the letters that a glob begins and ends with already say no: most globs of a workspace, which then need
    not be compiled."""
    plain = _PLAIN.match(pattern.removeprefix("./").lstrip("/"))
    if plain is not None and not path.startswith(plain[0].rstrip("/")):
        return True
    ending = _ENDING.search(pattern)
    return ending is not None and not path.endswith(ending[0])


def _tokens(pattern: str, anywhere: bool) -> list[Token] | None:
    pattern = pattern.removeprefix("./")
    if anywhere and not pattern.startswith(("/", "**/")):
        pattern = f"**/{pattern}"
    pattern = pattern.lstrip("/")
    if pattern.endswith("/"):
        pattern += "**"
    return tokens_of(pattern) or None
