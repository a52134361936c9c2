"""What an endpoint's refusal means: status, body, MiniMax code and words → one ModelError whose text is a sentence for
people (reference: minimax-api, section 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from mm_lsp.llm.faults import SENTENCES, fault_of
from mm_lsp.messages import BadReply, Incomplete, ModelError
from mm_lsp.redact import mask

_SHOWN = 200  # characters of an endpoint's own words that a person gets to see
_READ = 4000  # and that are looked at
_STATUSES = frozenset(str(number) for number in range(300, 600))
_MINIMAX_CODE = re.compile(r"\((\d{4})\)\s*$")
# Names that are also words: they count only where the message means them as names.
_PLAIN_WORDS = frozenset(("stop", "seed", "tools", "user", "thinking", "reasoning", "verbosity"))


@dataclass(frozen=True, slots=True)
class Said:
    """What an endpoint said of its refusal. `status` 0: inside of a stream that began well."""

    status: int
    words: str
    codes: tuple[str, ...] = ()  # its own words for the kind of error, the most telling first
    parameter: str | None = None


def from_status(
    status: int,
    body: bytes,
    retry_after: float | None,
    *secrets: str | None,
    sent: Collection[str] = (),
) -> ModelError:
    """The error of an HTTP answer that is not a 200. `sent`: the optional parameters of the request."""
    text = body.decode("utf-8", "replace")
    if _is_page(text):
        return _page_error(status, retry_after)
    parsed = _json(text)
    said = _said(parsed, status) if parsed is not None else Said(status, text[:_READ])
    return _error(said, retry_after, secrets, sent)


def _page_error(status: int, retry_after: float | None) -> ModelError:
    """A web page instead of JSON: a proxy on the way speaks, or the address is wrong."""
    fault = fault_of(status, "", (), names_parameter=False)
    page = f"The model's endpoint answered with a web page (HTTP {status}) instead of JSON"
    if fault in ("bad_request", "model"):
        return BadReply(f"{page}: check model.base_url.", "bad_reply")
    row = SENTENCES[fault]
    return row.kind(f"{_filled(row.text, '', retry_after, None)} {page}.", fault, after=retry_after)


def _filled(text: str, number: str, retry_after: float | None, parameter: str | None) -> str:
    wait = f" Try again in {retry_after:.0f} s." if retry_after else " Try again in a while."
    return text.format(number=number, wait=wait, parameter=parameter)


def from_body(body: bytes, *secrets: str | None, sent: Collection[str] = ()) -> ModelError | None:
    """The error in an answer with status 200 that is no stream; None if it is a chat completion."""
    text = body.decode("utf-8", "replace")
    if _is_page(text):
        return BadReply(
            "The model's endpoint answered with a web page instead of JSON: check model.base_url.", "bad_reply"
        )
    parsed = _json(text)
    if not isinstance(parsed, dict):
        return BadReply(
            "The model's endpoint answered with something that is not JSON: check model.base_url.", "bad_reply"
        )
    payload = cast("dict[str, Any]", parsed)
    base = payload.get("base_resp")
    if payload.get("error") or payload.get("object") == "error":
        return _error(_said(payload, 0), None, secrets, sent)
    if isinstance(base, dict) and cast("dict[str, Any]", base).get("status_code"):
        return _error(_said(payload, 0), None, secrets, sent)
    if "choices" not in payload:
        return BadReply(
            "The model's endpoint answered with JSON that is not a chat completion: check model.base_url.", "bad_reply"
        )
    return None


def from_error_object(error: Any, *secrets: str | None, sent: Collection[str] = ()) -> ModelError:
    """The error that an `error` key holds, in a body or inside a stream; its code may be a number or a word."""
    return _error(_said({"error": error}, 0), None, secrets, sent)


def from_base_response(code: int, words: str, *secrets: str | None) -> ModelError:
    """MiniMax's own status inside of an answer that is otherwise a success."""
    return _error(Said(0, words, (str(code),)), None, secrets)


def _error(
    said: Said, retry_after: float | None, secrets: tuple[str | None, ...], sent: Collection[str] = ()
) -> ModelError:
    words = mask(said.words, *secrets)
    parameter = _parameter(said, sent) if said.status in (0, 400, 404, 415, 422) else None
    fault = fault_of(said.status, words, said.codes, parameter is not None)
    quoted = f" It says: {_short(words)}" if words.strip() else ""
    number = f" (HTTP {said.status})" if said.status else ""
    if fault == "server" and not said.status:
        return Incomplete(f"The model's endpoint broke off.{quoted}", fault)
    row = SENTENCES[fault]
    sentence = _filled(row.text, number, retry_after, parameter) + quoted
    return row.kind(sentence, fault, after=retry_after, parameter=parameter)


def _parameter(said: Said, sent: Collection[str]) -> str | None:
    """The one of the parameters sent that the message speaks of."""
    if said.parameter in sent:
        return said.parameter
    named = [name for name in sent if _names(said.words, name)]
    return max(named, key=len, default=None)  # reasoning_effort, not reasoning


def _names(words: str, name: str) -> bool:
    pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
    if name in _PLAIN_WORDS:
        pattern = rf"[\"'`.]{re.escape(name)}\b|parameters?:? {re.escape(name)}\b|\b{re.escape(name)}:"
    return re.search(pattern, words) is not None


# ---------------------------------------------------------------- bodies


def _said(body: Any, status: int) -> Said:
    """Reads any of the shapes: OpenAI and OpenRouter, MiniMax's two, vLLM, FastAPI, one-api, a bare string."""
    fields = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    error = fields.get("error")
    inner = cast("dict[str, Any]", error) if isinstance(error, dict) else fields
    base = fields.get("base_resp")
    base_fields = cast("dict[str, Any]", base) if isinstance(base, dict) else {}
    words = _message(body) or str(base_fields.get("status_msg") or "")
    metadata = inner.get("metadata")
    told = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    availability = told.get("availability")
    available = cast("dict[str, Any]", availability) if isinstance(availability, dict) else {}
    minimax = _MINIMAX_CODE.search(words)
    codes = (
        "moderation" if told.get("flagged_input") or told.get("reasons") else None,
        told.get("error_type"),
        available.get("code"),
        minimax and minimax.group(1),
        base_fields.get("status_code"),
        inner.get("code"),
        inner.get("type"),
    )
    given = tuple(str(code) for code in codes if isinstance(code, int | str) and code)
    if not status:
        numbers = (str(inner.get(name)) for name in ("code", "http_code", "status"))
        status = next((int(number) for number in numbers if number in _STATUSES), 0)
    parameter = inner.get("param")
    return Said(status, words[:_READ], given, parameter if isinstance(parameter, str) else None)


def _message(body: Any) -> str:
    """The words of an error body, whatever its shape."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return "; ".join(filter(None, (_validation_error(item) for item in cast("list[Any]", body))))
    if not isinstance(body, dict):
        return ""
    fields = cast("dict[str, Any]", body)
    for name in ("message", "error", "msg", "detail"):
        if fields.get(name):
            return _message(fields[name])
    return ""


def _validation_error(item: Any) -> str:
    """FastAPI's `{loc, msg}` as "body.top_k: Extra inputs are not permitted"."""
    if not isinstance(item, dict):
        return _message(item)
    fields = cast("dict[str, Any]", item)
    place = fields.get("loc")
    where = ".".join(map(str, cast("list[Any]", place))) if isinstance(place, list) else ""
    return f"{where}: {_message(fields)}" if where else _message(fields)


def _is_page(text: str) -> bool:
    return text.lstrip()[:15].lower().startswith(("<!doctype", "<html"))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
