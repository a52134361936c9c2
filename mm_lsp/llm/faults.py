"""The faults: which status, code and words mean which, and what a person is told (reference: minimax-api 6)."""

from __future__ import annotations

import re
from typing import NamedTuple

from mm_lsp.messages import (
    BadReply,
    Fault,
    Filtered,
    ModelError,
    RateLimited,
    Refused,
    TooLong,
    Unreachable,
)


class Row(NamedTuple):
    """`text` has the blanks {number} (of the status), {wait} and {parameter}."""

    kind: type[ModelError]
    text: str


SENTENCES: dict[Fault, Row] = {
    "key": Row(Refused, "The model's endpoint refuses the key{number}: check MM_LSP_API_KEY or model.api_key."),
    "balance": Row(Refused, "The model's endpoint refuses for want of balance or quota{number}."),
    "quota": Row(Refused, "The plan's usage limit is reached{number}: it ends by itself when the endpoint says so."),
    "permission": Row(Refused, "The model's endpoint does not permit this{number}."),
    "model": Row(
        Refused, "The model or the endpoint does not exist{number}: change model.name or check model.base_url."
    ),
    "redirect": Row(
        Refused, "The model's endpoint has moved{number}: correct model.base_url (the key is not sent on)."
    ),
    "settings": Row(
        Refused, "The proxy on the way asks for other credentials{number}: check model.proxy or HTTPS_PROXY."
    ),
    "parameter": Row(
        BadReply, "The model's endpoint refuses the parameter {parameter}{number}: check model.params."
    ),
    "reasoning_mandatory": Row(
        BadReply, "This model can't do without thinking{number}: take the reasoning parameters out of model.params."
    ),
    "rate_limit": Row(RateLimited, "The model's endpoint asks to slow down{number}.{wait}"),
    "server": Row(Unreachable, "The model's endpoint has a problem of its own{number}. Try again."),
    "timeout": Row(Unreachable, "The model's endpoint did not finish in its own time{number}. Try again."),
    "context": Row(TooLong, "The request is too long for the model{number}: select less."),
    "filter": Row(Filtered, "The model's endpoint filtered this request{number}."),
    "bad_request": Row(BadReply, "The model's endpoint refuses the request{number}."),
}  # fmt: skip

# Where another try may help: not at once, and never after text was shown.
PASSING: frozenset[Fault] = frozenset(
    ("rate_limit", "server", "timeout", "connect", "network", "pool", "incomplete", "stalled")
)

# MiniMax's own codes (6.2); 2013 says only that some parameter is wrong, so the words decide.
_MINIMAX: dict[str, Fault] = {
    "1000": "server", "1001": "timeout", "1002": "rate_limit", "1004": "key", "1008": "balance", "1013": "server",
    "1024": "server", "1026": "filter", "1027": "filter", "1033": "server", "1039": "rate_limit",
    "1041": "rate_limit", "1042": "bad_request", "2045": "rate_limit", "2049": "key", "2056": "quota",
    "2061": "permission",
}  # fmt: skip
# The words that OpenRouter, OpenAI, vLLM and the relays have for kinds of errors (6.3, 1.6).
_CODES: dict[str, Fault] = {
    "context_length_exceeded": "context", "max_tokens_exceeded": "context", "token_limit_exceeded": "context",
    "exceed_context_size_error": "context", "string_too_long": "context", "payload_too_large": "context",
    "authentication": "key", "invalid_api_key": "key", "authorized_error": "key",
    "permission_denied": "permission", "region_restricted": "permission",
    "payment_required": "balance", "insufficient_quota": "balance", "insufficient_user_quota": "balance",
    "rate_limit_exceeded": "rate_limit", "capacity_exhausted": "rate_limit",
    "provider_overloaded": "server", "provider_unavailable": "server", "temporarily_unavailable": "server",
    "server": "server", "server_error": "server", "timeout": "timeout",
    "not_found": "model", "model_not_found": "model", "no_endpoints": "model", "model_deprecated": "model",
    "model_unavailable_upstream": "model", "wrong_endpoint": "model", "privacy_restricted": "model",
    "constraint_filtered": "model", "free_variant_ended": "model",
    "content_policy_violation": "filter", "content_filter": "filter", "refusal": "filter",
    "sensitive_words_detected": "filter", "local:sensitive_words": "filter", "moderation": "filter",
}  # fmt: skip

# Kinds that say no more than that the request was wrong; what the words say is the surer sign.
_VAGUE = frozenset((
    "2013", "invalid_request", "invalid_request_error", "invalid_prompt", "invalid_image", "precondition_failed",
    "unprocessable", "bad_request_error", "BadRequestError",
))  # fmt: skip

_BALANCE = re.compile(
    r"insufficient[_ ](?:\w+[_ ])?(?:balance|quota|credit|funds)|(?<!load )balance(?!r)|\bquota|billing|credits"
    r"|余额|欠费"
)
_EMPTY = re.compile(r"insufficient|(?<!load )balance(?!r)|\bquota|余额|欠费")
# In this order: what stands further up is the surer sign.
_WORDS: tuple[tuple[Fault, re.Pattern[str]], ...] = (
    ("reasoning_mandatory", re.compile(r"reasoning is mandatory|thinking\b.{0,40}cannot be disabled")),
    ("quota", re.compile(r"usage limit")),
    ("balance", _BALANCE),
    ("key", re.compile(r"api[_ ]key provided|invalid[_ ]api[_ ]key|login fail|incorrect api key")),
    (
        "filter",
        re.compile(r"content_filter|content policy|new_sensitive|sensitive[ _](?:content|words)|moderation|flagged"),
    ),
    (
        "context",
        re.compile(
            r"context[_ ](?:length|window|size)|prompt is too long|maximum context"
            r"|\b(?:request|body|prompt|input|file)\b[^.;:]{0,40}too large|input length and .?max_tokens"
        ),
    ),
    (
        "model",
        re.compile(
            r"(?:unknown|invalid|no such|unsupported) model|model_not_found|not a valid model"
            r"|\bmodel\b[^.;]{0,80}(?:not found|not exist|not supported|unavailable|does not have access)"
        ),
    ),
    ("rate_limit", re.compile(r"rate[_ ]limit|too many requests")),
)


def fault_of(status: int, words: str, codes: tuple[str, ...], names_parameter: bool) -> Fault:
    """Words for want of money come first, since they hide behind 429 and 500; then the codes, the words, the status."""
    lower = words.lower()
    coded: Fault | None = next((fault for code in codes if (fault := _MINIMAX.get(code) or _CODES.get(code))), None)
    said: Fault | None = next((fault for fault, pattern in _WORDS if pattern.search(lower)), None)
    if said == "model" and (names_parameter or status >= 429):  # "the model is overloaded"
        said = None
    if said == "balance" and coded == "rate_limit" and not _EMPTY.search(lower):  # "… add a way to pay: billing"
        said = None
    if said in ("balance", "quota", "reasoning_mandatory") and coded not in ("quota", "filter", "key"):
        return said
    if status == 402:
        return "balance"
    if coded and (coded != "server" or said not in ("context", "filter", "rate_limit", "key")):
        return coded
    if said:
        return said
    if names_parameter:
        return "parameter"
    fault = _by_status(status)
    return "bad_request" if fault == "server" and _VAGUE.intersection(codes) else fault


def _by_status(status: int) -> Fault:
    known: dict[int, Fault] = {
        401: "key", 402: "balance", 403: "permission", 404: "model", 407: "settings", 408: "timeout", 409: "server",
        413: "context", 425: "rate_limit", 429: "rate_limit", 504: "timeout", 524: "timeout", 0: "server",
    }  # fmt: skip
    if status in known:
        return known[status]
    if 300 <= status < 400:
        return "redirect"
    return "server" if status >= 500 else "bad_request"
