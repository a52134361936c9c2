"""Bytes of a `text/event-stream` → the data of its events. No I/O: feed bytes, take payloads.

Follows the WHATWG specification of server-sent events, with two mercies that real gateways need: an event
at the end of the stream counts without its blank line, and two JSON payloads with only one line end between
them are two events, not one broken one.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Literal

MAX_EVENT_BYTES = 8 * 1024 * 1024

# Only these end a line: U+2028 and U+0085 are text in a JSON string.
_LINE = re.compile("\r\n|\n|\r")


_FIELDS = (b"data:", b"event:", b"retry:", b"id:", b":")
Kind = Literal["", "stream", "whole"]


def is_whole(content_type: str) -> bool:
    return "json" in content_type or "html" in content_type


def kind_of(head: bytes, content_type: str) -> Kind:
    """Whether a body is a stream or comes whole, by its first bytes: gateways err in their headers. "" = too early to
    say. Raises EventTooLarge for a whole that has no end."""
    if len(head) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"one answer is larger than {MAX_EVENT_BYTES} bytes")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(_FIELDS):
        return "stream"
    if start.startswith((b"{", b"<")):
        return "whole"
    if any(field.startswith(start) for field in _FIELDS):
        return ""
    return "whole" if is_whole(content_type) else "stream"


class EventTooLarge(ValueError):
    """One event holds more than `MAX_EVENT_BYTES`."""


class SSEDecoder:
    """Feed it bytes as they come; cut anywhere, the events are the same."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest: list[str] = []
        self._rest_size = 0
        self._has_return = False  # the rest ends with a \r
        self._data: list[str] = []
        self._event = ""
        self._size = 0
        self._at_start = True

    def feed(self, data: bytes) -> list[str]:
        """The data of the events that `data` completes. Raises EventTooLarge."""
        return self._take(self._utf8.decode(data))

    def close(self) -> list[str]:
        """The data of what the end of the stream left unfinished."""
        payloads = self._take(self._utf8.decode(b"", final=True) + "\n")
        return payloads + self._dispatch()

    def _take(self, text: str) -> list[str]:
        if self._at_start and text:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        self._rest.append(text)
        self._rest_size += len(text)
        self._guard(self._rest_size)
        if not self._has_return and "\n" not in text and "\r" not in text:
            return []  # a long line in small pieces is put together once
        text = "".join(self._rest)
        lines, rest = _split(text)
        payloads: list[str] = []
        for line in lines:
            if not line:
                payloads += self._dispatch()
            elif line.startswith("data:"):
                self._keep(line[6:] if line.startswith(" ", 5) else line[5:])
            elif line.startswith("event:"):
                self._event = line[6:].strip()
            elif line == "data":
                self._keep("")
        self._guard(0)
        self._rest, self._rest_size, self._has_return = [rest], len(rest), rest.endswith("\r")
        return payloads

    def _keep(self, value: str) -> None:
        self._data.append(value)
        self._size += len(value)

    def _guard(self, more: int) -> None:
        if self._size + more > MAX_EVENT_BYTES:
            raise EventTooLarge(f"one event is larger than {MAX_EVENT_BYTES} bytes")

    def _dispatch(self) -> list[str]:
        lines, self._data, self._size = self._data, [], 0
        event, self._event = self._event, ""
        if event == "error" and lines:
            return [_as_error("\n".join(lines))]
        if len(lines) < 2 or all(map(_is_whole, lines)):
            return lines
        return ["\n".join(lines)]


def _split(text: str) -> tuple[list[str], str]:
    """Whole lines, and the rest: also a \\r at the end, whose \\n may still come."""
    if "\r" not in text:
        *lines, rest = text.split("\n")
        return lines, rest
    held = "\r" if text.endswith("\r") else ""
    *lines, rest = _LINE.split(text.removesuffix(held) if held else text)
    return lines, rest + held


def _is_whole(line: str) -> bool:
    """A payload of its own: `[DONE]` or complete JSON."""
    if line == "[DONE]":
        return True
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _as_error(data: str) -> str:
    """The data of an `event: error`, which may be plain words, as the error payload that other gateways send."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = data
    return data if isinstance(value, dict) and "error" in value else json.dumps({"error": value or data})
