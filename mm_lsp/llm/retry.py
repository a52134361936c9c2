"""When a failed request is made again, and for how long automatic ones pause (reference: minimax-api 6.4). Pure."""

from __future__ import annotations

from typing import NamedTuple

from mm_lsp.llm.faults import PASSING
from mm_lsp.messages import Fault, ModelError

_TRIES = 3
_TWO: frozenset[Fault] = frozenset(("connect", "pool", "stalled"))  # patience has been spent already, or helps little
_FIRST, _LONGEST = 0.5, 8.0  # seconds before the second try, and at most
_LONGEST_ASKED = 60.0  # a longer Retry-After is the person's to decide about
_AT_ONCE = 0.2

_COOL_DOWN = 30.0  # seconds, where the endpoint did not say
_UNTIL_MENDED = 600.0
_TO_MEND: frozenset[Fault] = frozenset(("key", "balance", "quota", "permission", "model"))


def pause_before_next(error: ModelError, tries: int, is_automatic: bool, luck: float) -> float | None:
    """Seconds until the next try, or None for none. `tries` have been made; `luck` is a random number from 0 to 1."""
    if error.fault not in PASSING:
        return None
    if is_automatic:  # a pause for all automatic requests comes instead, see below
        return _AT_ONCE if error.fault in ("connect", "pool") and tries == 1 else None
    if tries >= (2 if error.fault in _TWO else _TRIES):
        return None
    wait = error.after or 0.0
    if wait > _LONGEST_ASKED:
        return None
    longest = min(_LONGEST, _FIRST * 2 ** (tries - 1))
    return max(longest * (0.5 + luck / 2), wait + luck * 0.1 if wait else 0.0)


class Pause(NamedTuple):
    """Automatic requests rest until `until` (seconds of the clock that was asked)."""

    until: float
    fault: Fault
    reason: str


def pause_after(error: ModelError, now: float) -> Pause | None:
    """The rest that automatic requests take after `error`: it would only come again."""
    if error.fault == "rate_limit" or (error.fault in PASSING and error.after):
        return Pause(now + (error.after or _COOL_DOWN), error.fault, str(error))
    if error.fault in _TO_MEND:
        return Pause(now + (error.after or _UNTIL_MENDED), error.fault, str(error))
    return None
