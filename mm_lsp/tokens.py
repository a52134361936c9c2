"""How many tokens a text will cost, without a tokenizer: a little too many rather than too few."""

from __future__ import annotations

import math
from collections.abc import Iterable

# Characters a token, measured on M2.1's and o200k's counts: code 4.0 to 4.5, prose 5.8, Han 1.5 to 1.9.
_ASCII_PER_TOKEN = 3.5
_OTHER_TOKENS = 0.75
_SAFETY = 1.1
_PER_MESSAGE = 4
_PER_REQUEST = 22  # what the server's template adds
_PER_TOOL = 200
CUT = "\n[cut here: the file is longer]"
_STEP = 0.2  # how far one count moves the factor
_LEAST, _MOST = 0.7, 1.5


def estimate(text: str) -> int:
    """Estimated tokens of `text`; 0 for the empty text."""
    ascii_length = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    others = len(text) - ascii_length
    return math.ceil((ascii_length / _ASCII_PER_TOKEN + others * _OTHER_TOKENS) * _SAFETY)


def cut_at_line(text: str, max_bytes: int) -> str:
    """`text` within `max_bytes`, cut at the end of a line, else before the last run of letters: half a secret would no
    longer be known for one. With a note where anything was cut."""
    data = text.encode("utf-8", "replace")
    if len(data) <= max_bytes:
        return text
    kept = data[: max(max_bytes, 0)].decode("utf-8", "ignore")
    at = kept.rfind("\n") if "\n" in kept else kept.rstrip().rfind(" ")
    return kept[: max(at, 0)] + CUT


def estimate_request(texts: Iterable[str], tools: int = 0) -> int:
    """Estimated tokens of a prompt out of the texts of its messages (reference: minimax-api 7.3)."""
    return sum(estimate(text) + _PER_MESSAGE for text in texts) + _PER_REQUEST + _PER_TOOL * tools


class Calibration:
    """A model's true counts against our estimates: `factor` follows them slowly."""

    def __init__(self) -> None:
        self.factor = 1.0

    def learn(self, estimated: int, counted: int) -> None:
        if estimated > 0 and counted > 0:
            seen = min(_MOST, max(_LEAST, counted / estimated))
            self.factor += _STEP * (seen - self.factor)

    def applied(self, estimated: int) -> int:
        return math.ceil(estimated * self.factor)
