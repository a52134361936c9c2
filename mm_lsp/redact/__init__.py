"""Secrets: found in any text, replaced before it leaves the process, put back in what comes home."""

from __future__ import annotations

from mm_lsp.redact.finding import Finding
from mm_lsp.redact.masking import MASK, mask
from mm_lsp.redact.redactor import Redaction, Redactor
from mm_lsp.redact.search import find, scrub

__all__ = ["MASK", "Finding", "Redaction", "Redactor", "find", "mask", "scrub"]
