"""aider's conventions: files that its configuration names are rules, no others (reference: rules-and-skills 4.1)."""

from __future__ import annotations

from pathlib import Path

from mm_lsp.rulebook import frontmatter
from mm_lsp.workspace.files import read_text

_CONFIGURATION = ".aider.conf.yml"
_MAX_BYTES = 256 * 1024
_MAX_FILES = 20


def conventions(root: Path) -> list[str]:
    """The Markdown files below the root that `read:` lists, relative to it."""
    written = read_text(root / _CONFIGURATION, root, _MAX_BYTES)
    if not written:
        return []
    lines = [line for line in written.split("\n") if line.strip() and not line.lstrip().startswith(("#", "---"))]
    values = frontmatter.read("\n".join(("---", *lines, "---", ""))).values
    names = [name.strip().removeprefix("./") for name in frontmatter.texts(values.get("read"))]
    kept = [name for name in names if name.lower().endswith((".md", ".txt")) and not name.startswith(("/", "~"))]
    return [name for name in kept if ".." not in name.split("/")][:_MAX_FILES]
