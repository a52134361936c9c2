"""A request → the JSON that goes to `/chat/completions`, and what refusals teach about a model's endpoint. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mm_lsp.llm.reasoning import echoed, thinking_of
from mm_lsp.messages import Message, ModelError, ModelRequest, Refused, TooLong
from mm_lsp.settings import ModelFacts
from mm_lsp.tokens import Calibration, estimate_request

Json = dict[str, Any]

ESSENTIAL = frozenset(("model", "messages", "stream"))
_REASONING = ("reasoning", "reasoning_effort", "include_reasoning", "reasoning_split", "thinking", "enable_thinking")
_ECHOES = ("reasoning_details", "reasoning_content", "reasoning")
_SPARE = 1024  # tokens of the context that stay free
_LEAST_ANSWER = 256


@dataclass
class Learned:
    """What an endpoint has taught about one model, for as long as the process lives."""

    refused: set[str] = field(default_factory=set[str])
    echo: str | None = None
    unopened: int = 0  # answers in a row whose thinking had no opening tag
    says_max_completion_tokens: bool = False
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def thinks_at_once(self) -> bool:
        """Once may be a word in an answer; twice is a habit."""
        return self.unopened >= 2


def payload_of(request: ModelRequest, params: Json, facts: ModelFacts, learned: Learned) -> Json:
    """The minimal set (reference: minimax-api 5.2) and what the user configured. Raises TooLong, and Refused for tools
    that the model can't call."""
    if request.tools and not facts.supports_tools:
        raise Refused(f"{facts.name} can't call tools: choose another model (model.name).", "settings")
    echo = learned.echo or facts.reasoning_echo
    # The vendor's sampling, unless the user said something of it: temperature and top_p are not to be mixed.
    sampling: Mapping[str, float] = {} if {"temperature", "top_p"} & set(params) else facts.sampling
    optional: Json = {
        **({"stream_options": {"include_usage": True}} if facts.supports_stream_usage else {}),
        "max_tokens": request.max_tokens,
        **sampling,
        **params,
        **({"tools": [_tool(tool) for tool in request.tools]} if request.tools else {}),
    }
    limit = optional.pop("max_tokens")
    name = (
        "max_completion_tokens"
        if "max_completion_tokens" in params or learned.says_max_completion_tokens
        else "max_tokens"
    )
    optional[name] = _fitting(params.get("max_completion_tokens", limit), request, facts, learned)
    kept = {name: value for name, value in optional.items() if name not in learned.refused and name not in ESSENTIAL}
    return {
        "model": facts.name,
        "messages": [message_json(message, echo) for message in request.messages],
        "stream": True,
        **kept,
    }


def message_json(message: Message, echo: str) -> Json:
    """One message in the API's form; an assistant's thinking goes back where `echo` says (minimax-api 2.3)."""
    said: Json = {"content": message.content}
    if message.reasoning is not None and message.role == "assistant":
        said = echoed(message.reasoning, message.content, echo)
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.tool_calls
    ]
    return {
        "role": message.role,
        **({"tool_call_id": message.tool_call_id} if message.tool_call_id is not None else {}),
        **said,
        **({"tool_calls": calls} if calls else {}),
    }


def _tool(tool: Any) -> Json:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def estimated_prompt(request: ModelRequest, learned: Learned) -> int:
    """Tokens of the prompt, by our estimate and what we know of its error."""
    texts = (message.content + _beside(message) for message in request.messages)
    return learned.calibration.applied(estimate_request(texts, len(request.tools)))


def _beside(message: Message) -> str:
    """What a message sends beside its content."""
    thought = thinking_of(message.reasoning) if message.reasoning else ""
    return thought + "".join(call.name + call.arguments for call in message.tool_calls)


def _fitting(max_tokens: Any, request: ModelRequest, facts: ModelFacts, learned: Learned) -> int:
    """`max_tokens` as far as the context has room (minimax-api 7.3). Raises TooLong."""
    prompt = estimated_prompt(request, learned)
    room = facts.context_tokens - _SPARE - prompt
    if room < _LEAST_ANSWER:
        raise TooLong(
            f"The request is too long for the model: about {prompt:,} tokens, and {facts.name} takes "
            f'{facts.context_tokens:,}. Select less, or correct models."{facts.name}".context_tokens.',
            "context",
        )
    wanted = max_tokens if isinstance(max_tokens, int) else request.max_tokens
    return min(wanted, room, facts.max_output_tokens or wanted)


def sent_names(payload: Json) -> set[str]:
    """What a refusal may speak of: the optional parameters, and the fields of echoed thinking."""
    return {name for name in payload if name not in ESSENTIAL} | _echoes_in(payload)


def _echoes_in(payload: Json) -> set[str]:
    """The fields of echoed thinking; any of them, where it is echoed as tags in the text."""
    names = {name for message in payload["messages"] for name in _ECHOES if name in message}
    said = (message for message in payload["messages"] if message["role"] == "assistant")
    return set(_ECHOES) if any(message["content"].startswith("<think>") for message in said) else names


def lesson(error: ModelError, payload: Json, learned: Learned) -> str | None:
    """What the refusal teaches: learned, and told as a sentence; None if there is nothing that would make another
    try go better."""
    name, model = error.parameter, payload["model"]
    if error.fault == "reasoning_mandatory":
        given = [one for one in _REASONING if one in payload]
        learned.refused.update(given)
        return f"{model} can't do without thinking: {', '.join(given)} is left out from now on." if given else None
    if error.fault not in ("parameter", "bad_request") or name is None:
        return None
    if name not in payload:
        return _echo_less(payload, model, learned)
    if name == "max_tokens" and "max_completion_tokens" in str(error):
        learned.says_max_completion_tokens = True
        return f"{model} calls the limit of an answer max_completion_tokens: it gets that from now on."
    learned.refused.add(name)
    return f"{model} does not take the parameter {name}: it is left out from now on."


def _echo_less(payload: Json, model: str, learned: Learned) -> str | None:
    """The endpoint refuses the field of echoed thinking: as tags in the text, then not at all."""
    if not _echoes_in(payload):
        return None
    learned.echo = "think_tags" if learned.echo is None else "none"
    how = "as tags in the text" if learned.echo == "think_tags" else "not at all"
    return f"{model} does not take its earlier thinking back in a field: it gets it {how} from now on."
