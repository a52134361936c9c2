"""The ignore files that are known. Each kind is a union of its own: what one excludes no other takes back in."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """`negation`: whether `!` takes back. `binds_open`: whether it binds a document that is open in the editor.
    `blank_excludes`: whether a file without any text excludes all below it. `personal`: the user's own file of this
    kind, below the home directory."""

    name: str
    negation: bool = True
    binds_open: bool = True
    blank_excludes: bool = False
    personal: str = ""


GIT = Kind(".gitignore", binds_open=False)
SWITCH = ".noai"  # that it is there is all that it says
AI = (
    Kind(".cursorignore"),
    Kind(".cursorindexingignore", binds_open=False),
    Kind(".codeiumignore", personal=".codeium/.codeiumignore"),
    Kind(".aiignore"),
    Kind(".aiexclude", negation=False, blank_excludes=True),
    Kind(".geminiignore"),
    Kind(".qwenignore"),
    Kind(".clineignore"),
    Kind(".rooignore"),
    Kind(".aiderignore"),
    Kind(".continueignore", personal=".continue/.continueignore"),
    Kind(".crushignore"),
    Kind(".copilotignore"),
    Kind(".augmentignore"),
    Kind(".llmignore"),
)
