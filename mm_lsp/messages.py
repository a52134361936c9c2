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

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mm_lsp.redact import Redactor

Role = Literal["system", "user", "assistant", "tool"]
Feature = Literal["completion", "explain", "edit", "command", "doctor"]

# Where an endpoint puts the model's thinking, and wants it back.
ReasoningField = Literal["reasoning", "reasoning_content", "reasoning_details", "think_tags"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The thinking of one answer, whole, as it is to go back with the answer in a later request. As an event it comes
    once, before Stop. `details` are OpenRouter's and MiniMax's items, exactly as received."""

    field: ReasoningField
    text: str
    details: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `reasoning` and `tool_calls` are an assistant's; `tool_call_id` names the call that a tool answers."""

    role: Role
    content: str
    reasoning: Reasoning | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


PartKind = Literal["instructions", "rule", "skills", "file", "open file", "question", "command", "reference"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a request: where it came from, why, and how many tokens it takes by our estimate. `file`: the path or
    address of the file on this machine of which it holds text, or ""."""

    kind: PartKind
    source: str
    tokens: int
    reason: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model. `max_tokens` limits thinking and answer together. Nobody asked for an automatic one.
    `redactor` knows the secrets that were replaced while it was put together."""

    messages: tuple[Message, ...]
    feature: Feature
    max_tokens: int
    tools: tuple[Tool, ...] = ()
    is_automatic: bool = False
    parts: tuple[Part, ...] = ()
    redactor: Redactor | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files of which it holds text, each once."""
        return tuple(dict.fromkeys(part.file for part in self.parts if part.file))


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TextWasThinking:
    """All text up to here was thinking: the endpoint sent no opening tag."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the user about this request, such as a parameter that the endpoint does not take."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counted them, or `estimated`; `completion_tokens` include `reasoning_tokens`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """What a call cost; None where the price is not known."""

    usage: Usage
    cost: float | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer is complete. `reason` as the endpoint gave it: stop, length, content_filter, …"""

    reason: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The request failed before any text and is made once more in `seconds`; what it said counts no longer."""

    sentence: str
    seconds: float


Event = TextDelta | ThinkingDelta | TextWasThinking | ToolCall | Reasoning | Usage | Stop | Notice | TryAgain

# Why it went wrong, finer than the classes below: what decides about another try, a pause, a parameter to drop.
Fault = Literal[
    "key", "balance", "quota", "permission", "model", "redirect", "parameter", "reasoning_mandatory",
    "rate_limit", "server", "timeout", "connect", "network", "pool", "context", "filter", "bad_request", "bad_reply",
    "incomplete", "stalled", "settings", "budget", "",
]  # fmt: skip


class ModelError(Exception):
    """The base of all that can go wrong between a request and its answer.

    `after`: seconds that the endpoint asks to wait. `parameter`: the name in the request that it refuses.
    """

    def __init__(
        self, sentence: str, fault: Fault = "", *, after: float | None = None, parameter: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.fault: Fault = fault
        self.after = after
        self.parameter = parameter


class Unreachable(ModelError):
    pass


class RateLimited(ModelError):
    pass


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
