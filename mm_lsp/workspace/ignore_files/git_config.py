"""What git's own configuration files say of ignoring (git-config(1), "Syntax"). Files that they include don't count."""

from __future__ import annotations

import re

_SECTION = re.compile(r"""\[\s*([\w.-]+)\s*("(?:[^"\\]|\\.)*")?\s*\]""")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def excludes_file(text: str) -> str | None:
    """The last value of `core.excludesFile`, as it is written; None if there is none."""
    found: str | None = None
    is_core = False
    for line in re.sub(r"\\\r?\n", "", text).splitlines():
        line = line.strip()
        section = _SECTION.match(line)
        if section:
            is_core = section[1].lower() == "core" and section[2] is None
            line = line[section.end() :].strip()
        name, equals, value = line.partition("=")
        if is_core and equals and name.strip().lower() == "excludesfile":
            found = _value(value.strip())
    return found


def _value(written: str) -> str:
    """Without quotes, escapes and the comment at its end."""
    value, kept = "", 0  # `kept`: up to here blanks at the end belong to it
    is_quoted = False
    characters = iter(written)
    for char in characters:
        if char == '"':
            is_quoted = not is_quoted
        elif char in "#;" and not is_quoted:
            break
        else:
            escaped = next(characters, "") if char == "\\" else ""
            value += _ESCAPES.get(escaped, escaped) or char
        if is_quoted or not char.isspace():
            kept = len(value)
    return value[:kept]
