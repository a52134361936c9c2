"""Prompts are documents: one `.md` a task, the system message above a line `=== user ===`, the user's below it.

Blanks are `{{name}}`. Filling in is strict (a blank without a value, or a value without a blank, is an error) and
happens once: text that is filled in is never looked through for blanks.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mm_lsp.messages import Message

_BLANK = re.compile(r"\{\{(\w+)\}\}")
_DIVIDER = "\n=== user ===\n"


def render(name: str, **blanks: str) -> tuple[Message, Message]:
    """The system and the user message of the prompt `name`. Raises KeyError if names and blanks differ."""
    system, user = _template(name)
    wanted = set(_BLANK.findall(system + user))
    if wanted != set(blanks):
        raise KeyError(f"prompt {name}: blanks {sorted(wanted)}, values {sorted(blanks)}")
    return Message("system", _filled(system, blanks)), Message("user", _filled(user, blanks))


def _filled(template: str, blanks: dict[str, str]) -> str:
    return _BLANK.sub(lambda blank: blanks[blank.group(1)], template)


@lru_cache
def _template(name: str) -> tuple[str, str]:
    from importlib import resources  # slow to import, and not needed before the first question

    text = resources.files(__name__).joinpath(f"{name}.md").read_text("utf-8")
    system, _, user = text.partition(_DIVIDER)
    return system.strip(), user.strip()
