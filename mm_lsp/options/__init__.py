"""What people write: the settings as they come from files, the environment and editors.

`resolve` turns the sources, weakest first, into `Settings`, which is what code reads, and a list of `Problem`s.
"""

from __future__ import annotations

from mm_lsp.options.schema import Options, setting_names
from mm_lsp.options.sources import PROTECTED, Problem, Resolved, Source, resolve

__all__ = ["PROTECTED", "Options", "Problem", "Resolved", "Source", "resolve", "setting_names"]
