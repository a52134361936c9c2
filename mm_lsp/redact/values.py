"""Is a value that is assigned to a password, a token or a key a secret, or a word that stands in for one?"""

from __future__ import annotations

import re
from functools import cache
from math import log2
from operator import sub

LEAST_ENTROPY = 3.5  # bits a character (spec section 7); 12 different ones have it
LEAST_DISTINCT = 10  # characters of any secret; hexadecimal keys get by with less entropy
_HEXADECIMAL = 32  # characters
_WORDY = 0.75  # share of letters and digits that belong to words
_STEADY = 0.75  # share of characters that are their predecessor's successor
_REFERENCE = r"<.*>|\[.*\]|\$[{(].*|\$[a-z_]+"
_WORDY_STAND_IN = 0.4  # share of a value that such words make up
_STAND_INS = (
    "changeme|change_me|change-me|example|xxx|your|placeholder|dummy|sample|redacted|insert|replace|secret|passw"
    "|todo|fixme|test|fake|mock|foobar|lorem|default|undefined|\\*\\*\\*|\\.\\.\\."
)
# What is never a secret, however mixed its letters: blanks to be filled, and calls.
_TEMPLATE = r"[$%#][({]|\{\{|\}\}|<%|%>|%[sdr]\b|\w\(\w*\)|\w\(.*\)$|\w\[\w*\]|:\/\/|^(?:\.\.?|~|[A-Z]:)[\/\\]|<\/|\/>"
# Templates, patterns, markup, calls, paths, references.
_CODE = (
    r"[$%#][({]|\{\{|\}\}|<%|%>|%[sdr]\b|\(\?|\[\^?\w-\w|\\[A-Za-z.]|[)\]][*+?]|::|:\/\/|<\/|\/>|^[<{\[(]|[>}\])]$"
    r"|\w\(\w*\)|\w\[\w*\]|\w\(.*\)$|^(?:\.\.?|~|[A-Z]:)?[\/\\]|^\$[A-Za-z_]\w*$|,.*,.*,|^--?\w"
)
_BRACKETS = r"[()\[\]{}<>|\\,]"
_WORD = r"[A-Z]?[a-z]+|[A-Z]{2,}"
_PLAIN_WORDS = (
    "admin|bar|baz|credentials|foo|guest|key|letmein|login|pa|pass|passw0rd|passwd|password|passphrase|pw|pwd|root|secret"
    "|test|testing|token|user|username"
)


def entropy(value: str) -> float:
    """Shannon's, in bits a character."""
    counts = [value.count(char) for char in set(value)]
    return log2(len(value)) - sum(count * log2(count) for count in counts if count > 1) / len(value)


def is_secret(value: str, is_bare: bool = False) -> bool:
    """Whether `value` looks made by chance or by somebody who thinks up passwords. Without quotes around it
    (`is_bare`) it may as well be code."""
    return (
        len(set(value)) >= LEAST_DISTINCT
        and (entropy(value) >= LEAST_ENTROPY or _is_hexadecimal(value))
        and (not is_bare or _is_bare_secret(value))
        and not is_stand_in(value)
        and not (_compiled(_TEMPLATE).search(value) or (not _is_mixed(value) and _compiled(_CODE).search(value)))
        and not (_compiled(_BRACKETS).search(value) and not _is_mixed(value))
        and not _is_sequence(value)
        and not is_words(value)
    )


def _is_hexadecimal(value: str) -> bool:
    """A key in hexadecimal digits, which have less entropy (at most 4 bits) than their length makes up for."""
    return len(value) >= _HEXADECIMAL and _compiled("[0-9a-fA-F]+").fullmatch(value) is not None


def _is_bare_secret(value: str) -> bool:
    has_both = _compiled("[A-Za-z]").search(value) and _compiled("[0-9]").search(value)
    return bool(has_both) and not _compiled(_BRACKETS).search(value)


def _is_mixed(value: str) -> bool:
    return all(_compiled(letters).search(value) for letters in ("[a-z]", "[A-Z]", "[0-9]"))


def is_stand_in(value: str) -> bool:
    """A placeholder of documentation, or a reference to where the secret really is."""
    low = value.lower()
    return (
        len(set(low)) == 1
        or ("{" in low and "}" in low)
        or low.startswith(("%s", "%(", "%d"))
        or _compiled(_REFERENCE).fullmatch(low) is not None
        or _compiled(f"(?:{_STAND_INS})[-_. ]").match(low) is not None
        or sum(map(len, _compiled(_STAND_INS).findall(low))) >= _WORDY_STAND_IN * len(low)
        or _compiled(_PLAIN_WORDS).fullmatch(low) is not None
    )


def is_no_url_password(value: str) -> bool:
    """What stands in an address in a password's place: a reference, or a word of documentation and nothing else."""
    low = value.lower()
    return (
        low[0] in "<$["
        or len(set(low)) <= 2
        or low.startswith(("{", "%s", "%(", "%d"))
        or low.endswith("}")
        or _compiled(_PLAIN_WORDS).fullmatch(low) is not None
        or _compiled(f"(?:{_STAND_INS}|[0-9_.-])+").fullmatch(low) is not None
    )


def _is_sequence(value: str) -> bool:
    """`abcdefgh0123` is an alphabet."""
    codes = value.encode("utf-32-le", "surrogatepass")[::4]
    return list(map(sub, codes[1:], codes)).count(1) >= _STEADY * (len(value) - 1)


def is_words(value: str) -> bool:
    """Names, paths, dotted and hyphenated words. With digits and marks among them they may still be a password."""
    if _compiled("[0-9]").search(value) and _compiled(r"[!#$%^&*?~]").search(value):
        return False
    letters = sum(len(word) for word in _compiled(_WORD).findall(value) if _is_speakable(word.lower()))
    return letters >= _WORDY * sum(char.isalnum() for char in value)


def _is_speakable(word: str) -> bool:
    return (
        len(word) > 1 and _compiled("[aeiouy]").search(word) is not None and not _compiled("[^aeiouy]{5}").search(word)
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
