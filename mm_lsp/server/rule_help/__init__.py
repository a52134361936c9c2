"""Help in rule files, skills and commands alone: diagnostics, quick fixes, hover, links, keys. Other files cost a look
at their path, in memory."""

from __future__ import annotations

from mm_lsp.server.rule_help.answers import fixes_at, hover_at, keys_at, links_in, targets_at
from mm_lsp.server.rule_help.publishing import forget, look_later

__all__ = ["fixes_at", "forget", "hover_at", "keys_at", "links_in", "look_later", "targets_at"]
