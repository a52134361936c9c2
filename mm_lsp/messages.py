"""What features and model providers say to each other: requests, events, errors. Plain frozen values.

The errors, by who can act on them:

    ModelError                 something between us and the answer; `str(error)` is the sentence a person reads
    ├── Unreachable            the network or the endpoint: nothing answered
    ├── RateLimited            wait; `after` seconds if the endpoint said how long
    ├── Refused                the key, the balance, the permission, the model's name: the user's to mend
    ├── TooLong                the request does not fit the model
    ├── Filtered               a content filter said no
    ├── BadReply               what came back is not what the API promises
    └── Incomplete             the stream ended, or fell silent, before its end
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
Feature = Literal["completion", "explain", "edit"]


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. `max_tokens` limits thinking and answer together."""

    messages: tuple[Message, ...]
    feature: Feature
    max_tokens: int


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counted them; `completion_tokens` include `reasoning_tokens`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer is complete. `reason` as the endpoint gave it: stop, length, content_filter, …"""

    reason: str


Event = TextDelta | ThinkingDelta | Usage | Stop


class ModelError(Exception):
    """The base of all that can go wrong between a request and its answer."""


class Unreachable(ModelError):
    pass


class RateLimited(ModelError):
    def __init__(self, sentence: str, after: float | None = None) -> None:
        super().__init__(sentence)
        self.after = after


class Refused(ModelError):
    pass


class TooLong(ModelError):
    pass


class Filtered(ModelError):
    pass


class BadReply(ModelError):
    pass


class Incomplete(ModelError):
    pass
