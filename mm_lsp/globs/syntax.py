"""How a pattern is written: from its characters to the tokens that the automaton reads.

Globs and ignore files share one grammar, that of git's wildmatch.
"""

from __future__ import annotations

from mm_lsp.globs.automaton import CharClass, Token, Wild

_SPECIAL = frozenset("*?[\\")
_PUNCTUATION = (("!", "/"), (":", "@"), ("[", "`"), ("{", "~"))
_POSIX = {
    "alnum": (("0", "9"), ("A", "Z"), ("a", "z")),
    "alpha": (("A", "Z"), ("a", "z")),
    "blank": ((" ", " "), ("\t", "\t")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": (("0", "9"),),
    "graph": (("!", "~"),),
    "lower": (("a", "z"),),
    "print": ((" ", "~"),),
    "punct": _PUNCTUATION,
    "space": ((" ", " "), ("\t", "\n"), ("\r", "\r")),
    "upper": (("A", "Z"),),
    "xdigit": (("0", "9"), ("A", "F"), ("a", "f")),
}
_Item = tuple[tuple[tuple[str, str], ...], str, int]


def tokens_of(pattern: str) -> list[Token] | None:
    r"""None if the pattern is none: a `[` without its `]`, an unknown `[:class:]`, a `\` at the end."""
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char not in _SPECIAL:
            tokens.append(char)
            at += 1
            continue
        read = _special(pattern, at)
        if read is None:
            return None
        token, at = read
        if not (token is Wild.FOLDERS and tokens[-1:] == [Wild.FOLDERS]):
            tokens.append(token)
    return tokens


def plain_length(pattern: str) -> int:
    """How many characters at the beginning stand for themselves."""
    return next((at for at, char in enumerate(pattern) if char in _SPECIAL), len(pattern))


def _special(pattern: str, at: int) -> tuple[Token, int] | None:
    """The token that the special character at `at` begins, and where the next begins."""
    char = pattern[at]
    if char == "*":
        return _stars(pattern, at)
    if char == "?":
        return Wild.ONE, at + 1
    if char == "[":
        return _char_class(pattern, at + 1)
    return (pattern[at + 1], at + 2) if at + 1 < len(pattern) else None


def _stars(pattern: str, at: int) -> tuple[Token, int]:
    """Two stars or more cross slashes only where they are a whole segment."""
    end = at + 1
    while pattern[end : end + 1] == "*":
        end += 1
    if end == at + 1:
        return Wild.NAME, end
    begins = at == 0 or pattern[at - 1] == "/"
    ends = end == len(pattern) or pattern.startswith(("/", "\\/"), end)
    if not (begins and ends):
        return Wild.NAME, end
    return (Wild.FOLDERS, end + 1) if pattern.startswith("/", end) else (Wild.PATH, end)


def _char_class(pattern: str, at: int) -> tuple[CharClass, int] | None:
    """The class whose `[` stands before `at`."""
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    ranges: list[tuple[str, str]] = []
    previous = ""  # the character that a range may begin with
    is_first = True
    while at < len(pattern):
        if pattern[at] == "]" and not is_first:
            return CharClass(tuple(ranges), negated), at + 1
        item = _item(pattern, at, previous)
        if item is None:
            return None
        held, previous, at = item
        ranges.extend(held)
        is_first = False
    return None


def _item(pattern: str, at: int, previous: str) -> _Item | None:
    """What one item of a class holds, which character a range may begin with now, and where the next item begins."""
    if pattern.startswith("[:", at):
        return _posix(pattern, at)
    if previous and pattern[at] == "-" and pattern[at + 1 : at + 2] not in ("", "]"):
        last = _character(pattern, at + 1)
        return last and (((previous, last[0]),), "", last[1])
    single = _character(pattern, at)
    return single and (((single[0], single[0]),), single[0], single[1])


def _character(pattern: str, at: int) -> tuple[str, int] | None:
    at += pattern[at] == "\\"
    return (pattern[at], at + 1) if at < len(pattern) else None


def _posix(pattern: str, at: int) -> _Item | None:
    """`[:alpha:]`; a `[:` that no `:]` closes is a `[` like any other character."""
    end = pattern.find("]", at + 2)
    if end < 0:
        return None
    if end == at + 2 or pattern[end - 1] != ":":
        return (("[", "["),), "[", at + 1
    held = _POSIX.get(pattern[at + 2 : end - 1])
    return held and (held, "", end + 1)
