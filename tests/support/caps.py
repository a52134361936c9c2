"""What real editors send in `initialize`, recorded once and kept next to this file."""

import copy
import json
from pathlib import Path
from typing import Any


def _recorded() -> dict[str, dict[str, Any]]:
    paths = sorted(Path(__file__).parent.glob("caps-*.json"))
    return {path.stem.removeprefix("caps-"): json.loads(path.read_text("utf-8")) for path in paths}


CAPS: dict[str, dict[str, Any]] = _recorded()
"""Editor name and version, such as "neovim-0.12.4", to its whole recorded InitializeParams."""


def capabilities(name: str) -> dict[str, Any]:
    """The ClientCapabilities of one recorded editor, as a copy that a test may change."""
    return copy.deepcopy(CAPS[name]["capabilities"])
