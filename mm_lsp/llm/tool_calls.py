"""Tool calls put together out of what gateways send: by index, without ids, in pieces, whole, or as raw text."""

from __future__ import annotations

import json
import re
from typing import Any

from mm_lsp.llm.deltas import Deltas, Manner
from mm_lsp.llm.wire import ToolCallPayload
from mm_lsp.messages import ToolCall

_INVOKE = re.compile(r"<invoke\s+name=[\"']?([^\"'>]+)[\"']?\s*>(.*?)</invoke>", re.DOTALL)
_PARAMETER = re.compile(r"<parameter\s+name=[\"']?([^\"'>]+)[\"']?\s*>(.*?)</parameter>", re.DOTALL)


class _Call:
    def __init__(self, manner: Manner) -> None:
        self.id = ""
        self.name = ""
        self.arguments = Deltas(manner, sure=0)  # no JSON object goes on with its own beginning

    @property
    def is_complete(self) -> bool:
        return _is_json(self.arguments.text)


class ToolCalls:
    """`result` gives whole calls in the order in which they began."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._raw: list[ToolCall] = []

    def add(self, payload: ToolCallPayload) -> None:
        call = self._call_for(payload)
        function = payload.function
        call.id = call.id or payload.id or ""
        if function is None:
            return
        call.name = call.name or function.name or ""
        piece = _as_text(function.arguments)
        if piece != call.arguments.text or not call.is_complete:  # some send the whole of it once more
            call.arguments.add(piece)

    def add_raw(self, text: str) -> None:
        """The inside of `<minimax:tool_call>`: invokes with parameters, whose values are JSON or plain text."""
        for name, inside in _INVOKE.findall(text):
            values = {key: _value(value) for key, value in _PARAMETER.findall(inside)}
            number = len(self._raw) + 1
            self._raw.append(ToolCall(f"call_{number}", name.strip(), json.dumps(values, ensure_ascii=False)))

    @property
    def is_empty(self) -> bool:
        return not self._calls and not self._raw

    def result(self) -> list[ToolCall]:
        named = [call for call in self._calls if call.name]
        whole = [
            ToolCall(call.id or f"call_{number}", call.name, call.arguments.text.strip() or "{}")
            for number, call in enumerate(named, 1)
        ]
        return whole or self._raw

    def _call_for(self, payload: ToolCallPayload) -> _Call:
        index = payload.index
        known = self._by_index.get(index) if index is not None else self._without_index(payload)
        if known is not None and not self._is_another(known, payload):
            return known
        call = _Call(self._manner)
        self._calls.append(call)
        self._by_index[index if index is not None else len(self._calls) - 1] = call
        return call

    def _without_index(self, payload: ToolCallPayload) -> _Call | None:
        same = [call for call in self._calls if payload.id and call.id == payload.id]
        return same[0] if same else self._calls[-1] if self._calls else None

    def _is_another(self, known: _Call, payload: ToolCallPayload) -> bool:
        """A call that begins at a known one's place: servers number every call 0, or give neither numbers nor ids."""
        name = payload.function.name if payload.function is not None else None
        if not name or not known.name:
            return False
        if name != known.name or (payload.id and known.id and payload.id != known.id):
            return True
        arguments = _as_text(payload.function.arguments if payload.function else None)
        return known.is_complete and _is_json(arguments) and not arguments.startswith(known.arguments.text)


def _as_text(arguments: Any) -> str:
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


def _value(text: str) -> Any:
    text = text.strip("\r\n")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
