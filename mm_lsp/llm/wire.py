"""The payloads of `/chat/completions` as they come over the wire; unknown keys are ignored, all are optional."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")


class CompletionDetails(_Payload):
    reasoning_tokens: int | None = None


class PromptDetails(_Payload):
    cached_tokens: int | None = None


class UsagePayload(_Payload):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_tokens_details: PromptDetails | None = None


class DeltaPayload(_Payload):
    """A `delta` of a stream, or the `message` of an answer that came whole."""

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class ChoicePayload(_Payload):
    index: int | None = None
    delta: DeltaPayload | None = None
    message: DeltaPayload | None = None
    finish_reason: str | None = None


class ChunkPayload(_Payload):
    choices: list[ChoicePayload] | None = None
    usage: UsagePayload | None = None
    error: Any = None


def parse_chunk(data: str | bytes) -> ChunkPayload | None:
    """None if `data` is not the JSON that a chat completion is made of."""
    try:
        return ChunkPayload.model_validate_json(data)
    except ValidationError:
        return None
