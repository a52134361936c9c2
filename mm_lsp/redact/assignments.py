"""Values that are assigned to a name such as DB_PASSWORD, apiKey or "client-secret"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mm_lsp.redact.finding import COVER, Finding
from mm_lsp.redact.kinds import compiled, is_worth_a_search
from mm_lsp.redact.values import LEAST_DISTINCT, is_secret

_NAME_LIMIT = 64
_NAME_LETTERS = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_KEYS = (
    "api", "access", "private", "encryption", "encrypt", "signing", "account", "master", "auth", "shared", "secret",
    "client", "app", "service",
)  # fmt: skip
_AFTER_KEY = "(?<=[isentgrhdp_. -]key)(?:" + "|".join(rf"(?<={word}[_. -]key)|(?<={word}key)" for word in _KEYS) + ")"

# The last part of a name, in lower case: a literal to look for, what may follow it, and the kind.
_NAMES = (
    ("pass", r"(?:word|wd|phrase|code)?", "password"),
    ("pwd", "", "password"),
    ("secret", r"(?:[_. -]?key(?:[_.-]?base)?)?", "secret"),
    ("token", "", "token"),
    ("credential", "s?", "credential"),
    ("key", _AFTER_KEY, "key"),
)
_SIGN = (
    r"(?::[ \t]?&?[\w.]{1,24}(?:[\[<][\w., ]{0,24}[\]>])?\??[ \t]?=(?!=)"  # with a type: `token: str = `
    r"""|:=|=>|[!=]?={1,2}|::?|>|\(|["'][ \t]{1,4}value[ \t]?=)"""
)
_QUOTED = r"""[@brfu]{0,2}\\?(?:"([^"\s]{8,256}+)"|'([^'\s]{8,256}+)'|`([^`\s]{8,256}+)`)"""
_BARE = r"""([^\s"'`]{8,128}+)"""
_ASSIGNED = rf"""[0-9]{{0,2}}(?:\\?["'`])?\]?[ \t]{{0,16}}{_SIGN}[ \t]{{0,16}}(?:{_QUOTED}|{_BARE})"""
_BARE_GROUP = 4
_LINE_HEAD = r"""[ \t]*(?:#[ \t]*)?(?:(?:export|set|setx|env|arg|declare -x)[ \t]+|-[ \t]+)?["']?\Z"""
_LINE_REST = r"[ \t]*(?:[#;].*)?(?:[\r\n]|\Z)"
_SHORT_NAME = r"pass(?!w|phrase|code)|pwd"


def find_assignments(text: str, low: str) -> Iterator[Finding]:
    """In ASCII `text`, in no order. `low` is the same in lower case, what is found already blotted out."""
    judged: dict[tuple[str, bool], bool] = {}  # a text may hold one value a thousand times
    for literal, rest, kind in _NAMES:
        if is_worth_a_search(literal, low):
            for found in compiled(f"{literal}{rest}{_ASSIGNED}").finditer(low):
                value = found[found.lastindex or 0]
                if COVER * 8 in value and found.lastindex != _BARE_GROUP:  # a secret with something around it
                    yield Finding(*found.span(found.lastindex or 0), kind)
                elif len(set(value)) >= LEAST_DISTINCT:
                    yield from _judged(text, found, kind, judged)


def _judged(text: str, found: re.Match[str], kind: str, judged: dict[tuple[str, bool], bool]) -> Iterator[Finding]:
    if _is_inside_a_word(text, found):
        return
    start, end = found.span(found.lastindex or 0)
    is_bare = found.lastindex == _BARE_GROUP
    end = _end_of_bare(text, found, start, end) if is_bare else end - (text[end - 1] == "\\")
    value = text[start:end]
    if (value, is_bare) not in judged:
        judged[value, is_bare] = is_secret(value, is_bare)
    if judged[value, is_bare]:
        yield Finding(start, end, kind)


def _is_inside_a_word(text: str, found: re.Match[str]) -> bool:
    """`bypass` is no password; `dbPass` is one."""
    at = found.start()
    if not at or not text[at - 1].isalpha() or not compiled(_SHORT_NAME).match(found.string, at):
        return False
    return not (text[at].isupper() and text[at - 1].islower())


def _end_of_bare(text: str, found: re.Match[str], start: int, end: int) -> int:
    """Where a value without quotes ends, or `start` where it may as well be code: it is taken in a line of an
    environment, YAML or properties file, in a query or connection string, in an option and in an XML element."""
    window = text[max(0, found.start() - _NAME_LIMIT) : found.start()]
    head = window.rstrip(_NAME_LETTERS)
    inner = compiled("[;&<]").search(text, start, end)
    inner_end = inner.start() if inner else end
    sign = text[found.start() : start].rstrip()[-1]
    if sign == ">":
        return inner_end if text.startswith("</", inner_end) else start
    if sign == "=" and (head[-1:] in tuple(";&?\"'") or window[len(head) :].startswith("--")):
        return inner_end
    return end if sign in "=:" and _is_line(text, found.start(), head, len(window)) and _ends_line(text, end) else start


def _is_line(text: str, name: int, head: str, reach: int) -> bool:
    """Whether nothing but the name's own beginnings stands before it in its line."""
    line = head[max(head.rfind("\n"), head.rfind("\r")) + 1 :]
    return (len(line) < len(head) or name == reach) and compiled(_LINE_HEAD).match(line.lower()) is not None


def _ends_line(text: str, end: int) -> bool:
    return compiled(_LINE_REST).match(text, end) is not None
