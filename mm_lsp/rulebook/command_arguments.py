"""What people type behind a command's name → words and inputs (reference: rules-and-skills 6.1)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

_NAMED_VALUE = re.compile(r"([^\s=]{1,100})=(.*)", re.DOTALL)


def split_arguments(text: str) -> list[str]:
    """As a shell splits; at blanks where its quotes don't match ("don't")."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


class Inputs(NamedTuple):
    """Values by the inputs' names; `surplus` is what no input took."""

    values: dict[str, str]
    surplus: str = ""


def assigned(names: Sequence[str], typed: str) -> Inputs:
    """`name=value` goes by name, the other words in order; the last input takes all that remains."""
    values: dict[str, str] = {}
    rest: list[str] = []
    for word in split_arguments(typed):
        named = _NAMED_VALUE.fullmatch(word)
        if named and named.group(1) in names and named.group(1) not in values:
            values[named.group(1)] = named.group(2)
        else:
            rest.append(word)
    open_names = [name for name in names if name not in values]
    if not open_names:
        return Inputs(values, " ".join(rest))
    if len(names) == 1 and rest:
        return Inputs({names[0]: typed})  # quotes and all
    values.update(zip(open_names[:-1], rest, strict=False))
    if remaining := rest[len(open_names) - 1 :]:
        values[open_names[-1]] = " ".join(remaining)
    return Inputs(values)
