"""How many tokens a text will cost, without a tokenizer: a little too many rather than too few."""

from __future__ import annotations

import math

# Characters a token, measured on M2.1's and o200k's counts: code 4.0 to 4.5, prose 5.8, Han 1.5 to 1.9.
_ASCII_PER_TOKEN = 3.5
_OTHER_TOKENS = 0.75
_SAFETY = 1.1


def estimate(text: str) -> int:
    """Estimated tokens of `text`; 0 for the empty text."""
    ascii_length = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    others = len(text) - ascii_length
    return math.ceil((ascii_length / _ASCII_PER_TOKEN + others * _OTHER_TOKENS) * _SAFETY)
