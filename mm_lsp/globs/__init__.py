"""Which paths a pattern names: globs of rule files, rules of ignore files. Linear time: a pattern is never made a
regular expression."""

from __future__ import annotations

from mm_lsp.globs.braces import expand_braces, split_globs
from mm_lsp.globs.gitignore import Gitignore, Rule, deciding_rule, excluded_by
from mm_lsp.globs.glob import Glob, matching

__all__ = ["Gitignore", "Glob", "Rule", "deciding_rule", "excluded_by", "expand_braces", "matching", "split_globs"]
