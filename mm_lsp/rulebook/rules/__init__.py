"""The project's rule files: what each says, which of them count for a file, and how the model gets to read them."""

from __future__ import annotations

from mm_lsp.rulebook.rules.assembly import Assembly, assemble
from mm_lsp.rulebook.rules.families import FAMILIES, Activation, Family, Scope
from mm_lsp.rulebook.rules.reading import rule_from
from mm_lsp.rulebook.rules.rendering import render
from mm_lsp.rulebook.rules.rule import Import, Rule

__all__ = [
    "FAMILIES",
    "Activation",
    "Assembly",
    "Family",
    "Import",
    "Rule",
    "Scope",
    "assemble",
    "render",
    "rule_from",
]
