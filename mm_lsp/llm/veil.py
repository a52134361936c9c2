"""A request without its secrets. Pure: `guarded` sees to it that nothing goes out any other way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mm_lsp.messages import Message, ModelRequest, Tool
from mm_lsp.redact import Redactor
from mm_lsp.settings import Settings


def redactor_for(settings: Settings) -> Redactor:
    """One request's: it knows the user's own key too, and does nothing where `privacy.redact` is off."""
    key = settings.model.api_key
    return Redactor(settings.redact, [("api-key", key)] if key else [])


def veiled(request: ModelRequest, settings: Settings) -> ModelRequest:
    """The request as it may leave the process: every text of it without secrets."""
    redactor = request.redactor or redactor_for(settings)
    messages = tuple(_message(message, redactor) for message in request.messages)
    return replace(
        request,
        # Once more: what was found in a later message may stand in an earlier one.
        messages=tuple(_message(message, redactor) for message in messages),
        tools=tuple(_tool(tool, redactor) for tool in request.tools),
        redactor=redactor,
    )


def _message(message: Message, redactor: Redactor) -> Message:
    calls = tuple(replace(call, arguments=redactor.text(call.arguments)) for call in message.tool_calls)
    return replace(message, content=redactor.text(message.content), tool_calls=calls)


def _tool(tool: Tool, redactor: Redactor) -> Tool:
    return Tool(tool.name, redactor.text(tool.description), veiled_values(tool.parameters, redactor))


def veiled_values(value: Any, redactor: Redactor) -> Any:
    """JSON without the secrets in its texts."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, Mapping):
        return {key: veiled_values(inner, redactor) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [veiled_values(inner, redactor) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value
