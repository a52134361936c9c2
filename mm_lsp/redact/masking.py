"""What must not be read by others: keys, masked in every text that is logged or shown."""

from __future__ import annotations

import re

from mm_lsp.redact.search import scrub

MASK = "***"
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_KEY_LIKE = re.compile(r"\b(?:sk|pk|key|api)[-_][A-Za-z0-9_-]{12,}\b")
_IN_URL = re.compile(r"(?<=://)[^/\s]+@")


def mask(text: str, *secrets: str | None) -> str:
    """`text` without the given secrets, without anything that looks like a key, without passwords in URLs, and
    with `<redacted:KIND>` for every other secret that `scrub` knows."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _KEY_LIKE.sub(MASK, text)
    text = _IN_URL.sub(f"{MASK}@", text)
    return scrub(text)
