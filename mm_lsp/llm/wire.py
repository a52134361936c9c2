"""The payloads of `/chat/completions` as they come over the wire. Unknown keys are ignored, known ones are optional,
and a value of a type that nobody expects counts as left out: one odd field is no reason to lose an answer."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from mm_lsp.untyped import table

T = TypeVar("T")


class _OrNone:
    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None, on_error="default")


Maybe = Annotated[T | None, _OrNone()]


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore")


class CompletionDetails(_Payload):
    reasoning_tokens: Maybe[int] = None


class PromptDetails(_Payload):
    cached_tokens: Maybe[int] = None


class UsagePayload(_Payload):
    prompt_tokens: Maybe[int] = None
    completion_tokens: Maybe[int] = None
    completion_tokens_details: Maybe[CompletionDetails] = None
    prompt_tokens_details: Maybe[PromptDetails] = None
    prompt_cache_hit_tokens: Maybe[int] = None  # DeepSeek's word for cached tokens


class FunctionPayload(_Payload):
    name: Maybe[str] = None
    arguments: Any = None


class ToolCallPayload(_Payload):
    index: Maybe[int] = None
    id: Maybe[str] = None
    function: Maybe[FunctionPayload] = None


def _joined(content: Any) -> Any:
    """The text of a content that is a list of parts."""
    if not isinstance(content, list):
        return content
    texts = [table(part).get("text") for part in cast("list[Any]", content)]
    return "".join(text for text in texts if isinstance(text, str))


class DeltaPayload(_Payload):
    """A `delta` of a stream, or the `message` of an answer that came whole."""

    content: Maybe[Annotated[str, BeforeValidator(_joined)]] = None
    reasoning: Maybe[str] = None
    reasoning_content: Maybe[str] = None
    reasoning_details: Maybe[list[dict[str, Any]]] = None
    tool_calls: Maybe[list[ToolCallPayload]] = None


class ChoicePayload(_Payload):
    index: Maybe[int] = None
    delta: Maybe[DeltaPayload] = None
    message: Maybe[DeltaPayload] = None
    finish_reason: Maybe[str] = None


class BaseResponse(_Payload):
    """MiniMax's own status, beside an HTTP 200."""

    status_code: Maybe[int] = None
    status_msg: Maybe[str] = None


class ChunkPayload(_Payload):
    id: Maybe[str] = None
    object: Maybe[str] = None
    choices: list[ChoicePayload] | None = None  # what is no list here is no chat completion at all
    usage: Maybe[UsagePayload] = None
    error: Any = None
    base_resp: Maybe[BaseResponse] = None
    message: Any = None  # these two: an error without a key of its own
    detail: Any = None
    code: Any = None


def parse_chunk(data: str | bytes) -> ChunkPayload | None:
    """None if `data` is not the JSON that a chat completion is made of."""
    try:
        return ChunkPayload.model_validate_json(data)
    except ValidationError:
        return _mended(data)


_HALF = re.compile("[\ud800-\udfff]")


def _mended(data: str | bytes) -> ChunkPayload | None:
    """Half a character, or a choice that is none, is no reason to lose the rest."""
    try:
        value: Any = json.loads(data, object_hook=_without_halves)
        choices = table(value).get("choices")
        if isinstance(choices, list):
            value["choices"] = [choice for choice in cast("list[Any]", choices) if choice is not None]
        return ChunkPayload.model_validate(value)
    except (ValueError, RecursionError):  # a ValidationError is one too
        return None


def _without_halves(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _HALF.sub("\ufffd", text) if isinstance(text, str) else text for key, text in value.items()}
