"""What an endpoint's refusal means: status and body → one ModelError whose text is a sentence for people."""

from __future__ import annotations

import json
from typing import Any, cast

from mm_lsp.messages import (
    BadReply,
    Filtered,
    Incomplete,
    ModelError,
    RateLimited,
    Refused,
    TooLong,
    Unreachable,
)
from mm_lsp.redact import mask

_SHOWN = 200  # characters of an endpoint's own words that a person gets to see

_STATUSES = frozenset(str(number) for number in range(300, 600))
_BALANCE = ("insufficient", "balance", "quota", "billing", "credits", "余额", "欠费")
_KEY = ("api_key provided", "api key provided", "invalid api key", "invalid_api_key", "login fail")
_RATE = ("rate limit", "rate_limit", "too many requests")
_TOO_LONG = (
    "context length",
    "context window",
    "context_length",
    "prompt is too long",
    "maximum context",
    "too large",
)
_FILTER = (
    "content_filter",
    "content policy",
    "new_sensitive",
    "sensitive content",
    "sensitive_words",
    "moderation",
    "flagged",
)


def from_status(status: int, body: bytes, retry_after: float | None, *secrets: str | None) -> ModelError:
    """The error of an HTTP answer that is not a 200."""
    text = body.decode("utf-8", "replace")
    if _is_page(text):
        return BadReply(
            f"The model's endpoint answered with a web page (HTTP {status}) instead of JSON: check model.base_url."
        )
    words = mask(_message(_json(text)) or text, *secrets)
    return _classified(status, words, retry_after)


def from_body(body: bytes, *secrets: str | None) -> ModelError | None:
    """The error in an answer with status 200 that is no stream; None if it is a chat completion."""
    text = body.decode("utf-8", "replace")
    if _is_page(text):
        return BadReply("The model's endpoint answered with a web page instead of JSON: check model.base_url.")
    parsed = _json(text)
    if not isinstance(parsed, dict):
        return BadReply("The model's endpoint answered with something that is not JSON: check model.base_url.")
    payload = cast("dict[str, Any]", parsed)
    if payload.get("error"):
        return from_error_object(payload["error"], *secrets)
    if "choices" not in payload:
        return BadReply("The model's endpoint answered with JSON that is not a chat completion: check model.base_url.")
    return None


def from_error_object(error: Any, *secrets: str | None) -> ModelError:
    """The error that an `error` key holds, in a body or inside a stream; its code may be a number or a word."""
    code: Any = cast("dict[str, Any]", error).get("code") if isinstance(error, dict) else None
    is_status = str(code) in _STATUSES if isinstance(code, int | str) else False
    status = int(code) if is_status else 0
    return _classified(status, mask(_message({"error": error}), *secrets), None)


def _classified(status: int, words: str, retry_after: float | None) -> ModelError:
    lower = words.lower()
    said = f" It says: {_short(words)}" if words.strip() else ""
    number = f" (HTTP {status})" if status else ""
    if status == 402 or any(word in lower for word in _BALANCE):
        return Refused(f"The model's endpoint refuses for want of balance or quota{number}.{said}")
    if status == 401 or any(word in lower for word in _KEY):
        return Refused(f"The model's endpoint refuses the key{number}: check MM_LSP_API_KEY or model.api_key.{said}")
    if any(word in lower for word in _FILTER):
        return Filtered(f"The model's endpoint filtered this request{number}.{said}")
    if status == 413 or any(word in lower for word in _TOO_LONG):
        return TooLong(f"The request is too long for the model{number}: select less.{said}")
    if status == 429 or any(word in lower for word in _RATE):
        wait = f" Try again in {retry_after:.0f} s." if retry_after else " Try again in a while."
        return RateLimited(f"The model's endpoint asks to slow down{number}.{wait}{said}", retry_after)
    return _by_status(status, number, said)


def _by_status(status: int, number: str, said: str) -> ModelError:
    if status == 403:
        return Refused(f"The model's endpoint does not permit this{number}.{said}")
    if status == 404:
        return Refused(f"The model or the endpoint does not exist{number}: check model.name and model.base_url.{said}")
    if 300 <= status < 400:
        return Refused(f"The model's endpoint has moved{number}: correct model.base_url (the key is not sent on).")
    if status >= 500 or status == 408:
        return Unreachable(f"The model's endpoint has a problem of its own{number}. Try again.{said}")
    if status == 0:
        return Incomplete(f"The model's endpoint broke off.{said}")
    return BadReply(f"The model's endpoint refuses the request{number}.{said}")


def _is_page(text: str) -> bool:
    return text.lstrip()[:15].lower().startswith(("<!doctype", "<html"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _message(body: Any) -> str:
    """The words of an error body, whatever its shape: OpenAI, FastAPI, one-api, a bare string."""
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    fields = cast("dict[str, Any]", body)
    for name in ("message", "error", "msg", "detail"):
        if fields.get(name):
            return _message(fields[name])
    return ""


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
