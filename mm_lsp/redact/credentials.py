"""Secrets that are known by what stands around them: in headers and the files where tools keep their logins."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mm_lsp.redact.finding import Finding
from mm_lsp.redact.kinds import compiled, is_worth_a_search
from mm_lsp.redact.values import is_stand_in

_JOIN = r"""\\?["'`]?\]?[ \t]{0,8}(?::=|=>|={1,3}|:|,|[ \t])[ \t]{0,8}\\?["'`]?"""  # between a name and its value


class _Place(NamedTuple):
    """The groups of `pattern` are secrets if `judge` says so of them. `pattern` begins with a literal, `hint`, and
    reads lower-case text."""

    kind: str
    hint: str
    pattern: str
    judge: Callable[[str], bool]


def _is_real(value: str) -> bool:
    return not is_stand_in(value)


def _is_token(value: str) -> bool:
    """What follows `Bearer` in prose has no digits."""
    return not is_stand_in(value) and compiled("[0-9]").search(value) is not None


def _is_login(value: str) -> bool:
    """`Basic` and a login in base64, but not the `user:password` of a manual."""
    try:
        name, colon, password = binascii.a2b_base64(value + "=" * (-len(value) % 4)).decode().partition(":")
    except ValueError:
        return False
    return bool(colon and name and password) and not is_stand_in(password) and name.isprintable()


_PLACES = (
    _Place(
        "bearer-token", "bearer", r"""bearer(?:[ \t]|%20|\\?["'],[ \t]?\\?["']){1,3}([\w.~+/=-]{16,}+)""", _is_token
    ),
    _Place("basic-auth", "basic", r"basic[ \t]{1,3}([a-z0-9+/]{8,}={0,2})", _is_login),
    _Place(
        "aws-secret-key", "secret", rf"secret[_ .-]?(?:access[_ .-]?)?key{_JOIN}([a-z0-9/+]{{40}})(?![\w/+=])", bool
    ),
    _Place("azure-storage-key", "key=", r"key=(?:(?<=accountkey=)|(?<=accesskey=))([a-z0-9+/]{40,}={0,2})", bool),
    _Place(
        "npm-token",
        "_auth",
        r"""_auth(?:token|(?<=:_auth))[ \t]{0,4}=[ \t]{0,4}["']?([^\s"']{16,}+)""",
        _is_real,
    ),
    _Place(
        "password",
        "machine",
        r"machine\s{1,20}\S{1,253}+(?:\s{1,20}(?:login|account|user)\s{1,20}\S{1,128}+){1,2}\s{1,20}password\s{1,20}(\S{1,128})",
        _is_real,
    ),
)


def find_credentials(text: str, low: str) -> Iterator[Finding]:
    """In ASCII `text`, in no order. `low` is the same in lower case, what is found already blotted out."""
    for kind, hint, pattern, judge in _PLACES:
        if is_worth_a_search(hint, low):
            for found in compiled(pattern).finditer(low):
                start, end = found.span(1)
                if judge(text[start:end]):
                    yield Finding(start, end, kind)
