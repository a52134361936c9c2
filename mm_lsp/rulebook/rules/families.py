"""Which files are rule files: a row for every place where some tool keeps its own.

The order of the rows is the order in which texts of one directory are read out: later ones are more specific.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Family = Literal[
    "agents", "claude", "cursor", "copilot", "windsurf", "cline", "roo", "gemini", "qwen", "continue", "junie", "zed",
    "aider", "crush",
]  # fmt: skip
Scope = Literal["managed", "user", "project", "nested"]
Activation = Literal["always", "glob", "agent", "manual", "never"]

# How a file's own words are read: see `reading`.
Manner = Literal["plain", "claude", "mdc", "copilot", "windsurf", "cline", "continue", "mode"]

FAMILIES: tuple[Family, ...] = (
    "agents", "claude", "cursor", "copilot", "windsurf", "cline", "roo", "gemini", "qwen", "continue", "junie", "zed",
    "aider", "crush",
)  # fmt: skip


class Place(NamedTuple):
    """Where a family's files lie, below a directory of the chain from the root to the edited file.

    `path`: a file's name, or a folder's if `suffixes` says which files in it count (() = a file, ("",) = any text
    file). `is_nested`: looked for in every directory of the chain, else in the root alone. `stands_in_for`: an earlier
    place that is preferred: this one counts only where that is missing. `depth`: of folders below the folder.
    """

    family: Family
    path: str
    manner: Manner = "plain"
    suffixes: tuple[str, ...] = ()
    is_nested: bool = False
    stands_in_for: str | None = None
    depth: int = 0
    but: tuple[str, ...] = ()  # folders inside it that hold something else


_DEEP = 5

PLACES: tuple[Place, ...] = (
    Place("zed", ".rules"),
    Place("cursor", ".cursorrules"),
    Place("windsurf", ".windsurfrules"),
    Place("cline", ".clinerules"),
    Place("cline", ".clinerules", "cline", (".md", ".txt"), depth=_DEEP, but=("skills", "workflows", "hooks")),
    Place("roo", ".roo/rules", suffixes=("",), depth=_DEEP),
    Place("roo", ".roorules", stands_in_for=".roo/rules"),
    Place("copilot", ".github/copilot-instructions.md", "copilot"),
    Place("junie", ".junie/guidelines.md"),
    Place("junie", ".junie/AGENTS.md"),
    Place("crush", "CRUSH.md"),
    Place("crush", "CRUSH.local.md"),
    Place("gemini", "GEMINI.md", is_nested=True),
    Place("qwen", "QWEN.md", is_nested=True),
    Place("agents", "AGENTS.override.md", is_nested=True),
    Place("agents", "AGENTS.md", is_nested=True, stands_in_for="AGENTS.override.md"),
    Place("agents", "AGENT.md", is_nested=True, stands_in_for="AGENTS.md"),
    Place("agents", "AGENTS.local.md", is_nested=True),
    Place("claude", "CLAUDE.md", is_nested=True),
    Place("claude", ".claude/CLAUDE.md", is_nested=True),
    Place("claude", "CLAUDE.local.md", is_nested=True),
    Place("claude", ".claude/rules", "claude", (".md",), is_nested=True, depth=_DEEP),
    Place("cursor", ".cursor/rules", "mdc", (".mdc", ".md"), is_nested=True, depth=_DEEP),
    Place("copilot", ".github/instructions", "copilot", (".instructions.md",), depth=_DEEP),
    Place("windsurf", ".windsurf/rules", "windsurf", (".md",), is_nested=True, depth=_DEEP),
    Place("windsurf", ".devin/rules", "windsurf", (".md",), is_nested=True, depth=_DEEP),
    Place("continue", ".continue/rules", "continue", (".md",), depth=_DEEP),
)

# Rules of one of Roo's modes: `.roo/rules-code/…`. There are no modes here, so they are used where they are named.
MODE_FOLDER = ".roo/rules-"

# What the user keeps for all projects, below the home directory.
USER_PLACES: tuple[Place, ...] = (
    Place("zed", ".config/zed/AGENTS.md"),
    Place("windsurf", ".codeium/windsurf/memories/global_rules.md"),
    Place("cline", "Documents/Cline/Rules", "cline", (".md", ".txt"), depth=_DEEP),
    Place("cline", ".agents/AGENTS.md"),
    Place("roo", ".roo/rules", suffixes=("",), depth=_DEEP),
    Place("copilot", ".copilot/instructions", "copilot", (".instructions.md",), depth=_DEEP),
    Place("continue", ".continue/rules", "continue", (".md",), depth=_DEEP),
    Place("crush", ".config/crush/CRUSH.md"),
    Place("gemini", ".gemini/GEMINI.md"),
    Place("qwen", ".qwen/QWEN.md"),
    Place("agents", ".config/AGENTS.md"),
    Place("agents", ".config/opencode/AGENTS.md"),
    Place("agents", ".codex/AGENTS.override.md"),
    Place("agents", ".codex/AGENTS.md", stands_in_for=".codex/AGENTS.override.md"),
    Place("claude", ".claude/CLAUDE.md"),
    Place("claude", ".claude/rules", "claude", (".md",), depth=_DEEP),
)

# `rules.policy = "first"`: of the root's whole files only the first of these (Zed's order) counts.
FIRST_ORDER = (
    ".rules", ".cursorrules", ".windsurfrules", ".clinerules", ".github/copilot-instructions.md",
    "AGENTS.override.md", "AGENT.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md",
)  # fmt: skip

# Names that may be spelled in any case, and only in a root: elsewhere `agents.md` is a page about agents.
ANY_CASE = frozenset(place.path for place in PLACES if "/" not in place.path and place.path.endswith(".md"))

IMPORTING: frozenset[Family] = frozenset(("claude", "gemini", "qwen", "cursor"))  # whose `@path` takes a file in


def import_depth(family: Family) -> int:
    """How many files deep `@path` is followed; 0 = it is only text."""
    if family not in IMPORTING:
        return 0
    return 1 if family == "cursor" else 4


def names_in_root() -> tuple[str, ...]:
    return tuple(place.path for place in PLACES)
