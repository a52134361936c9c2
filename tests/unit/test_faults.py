"""Refusals → faults: the tables of status, codes and words, in every shape that bodies have."""

import json
from typing import Any, NamedTuple

import pytest

from mm_lsp.llm.errors import from_base_response, from_body, from_error_object, from_status
from mm_lsp.llm.faults import PASSING, SENTENCES
from mm_lsp.messages import (
    BadReply,
    Fault,
    Filtered,
    Incomplete,
    ModelError,
    RateLimited,
    Refused,
    TooLong,
    Unreachable,
)

KINDS: dict[str, type[ModelError]] = {
    "key": Refused,
    "balance": Refused,
    "quota": Refused,
    "permission": Refused,
    "model": Refused,
    "redirect": Refused,
    "parameter": BadReply,
    "reasoning_mandatory": BadReply,
    "bad_request": BadReply,
    "rate_limit": RateLimited,
    "server": Unreachable,
    "timeout": Unreachable,
    "context": TooLong,
    "filter": Filtered,
}


def check(error: ModelError | None, fault: str, kind: type[ModelError] | None = None) -> None:
    assert error is not None
    assert (error.fault, type(error)) == (fault, kind or KINDS[fault])


def in_stream(fault: str) -> type[ModelError]:
    """The class of an error that came where an answer had begun: the endpoint's own trouble broke that off."""
    return Incomplete if fault == "server" else KINDS[fault]


def body(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def openai(message: str, **extra: Any) -> bytes:
    return body({"error": {"message": message, "type": None, "code": None, **extra}})


def test_only_what_may_help_itself_is_passing() -> None:
    assert {
        "rate_limit",
        "server",
        "timeout",
        "connect",
        "network",
        "pool",
        "incomplete",
        "stalled",
    } == PASSING


@pytest.mark.parametrize("fault", KINDS)
def test_every_fault_has_a_sentence_that_says_what_it_is(fault: Fault) -> None:
    row = SENTENCES[fault]
    sentence = row.text.format(number=" (HTTP 4)", wait=" Wait.", parameter="top_k")
    assert " (HTTP 4)" in sentence
    assert sentence.endswith(".")
    assert row.kind is KINDS.get(fault, BadReply)


# ---------------------------------------------------------------- MiniMax's codes


class Code(NamedTuple):
    code: int
    words: str
    statuses: tuple[int, ...]
    fault: str


CODES = (
    Code(1000, "unknown error", (500,), "server"),
    Code(1001, "timeout", (408, 504), "timeout"),
    Code(1002, "rate limit", (429,), "rate_limit"),
    Code(1004, "login fail: Please carry the API secret key in the 'Authorization' field", (401,), "key"),
    Code(1004, "authentication failed", (401,), "key"),
    Code(1008, "insufficient balance", (429, 500, 402), "balance"),
    Code(1013, "internal error", (500,), "server"),
    Code(1024, "internal error", (500,), "server"),
    Code(1026, "input new_sensitive", (422,), "filter"),
    Code(1027, "output new_sensitive", (422, 500), "filter"),
    Code(1033, "downstream service error", (500, 502, 503), "server"),
    Code(1033, "mysql error", (500,), "server"),
    Code(1039, "token rate limit", (429,), "rate_limit"),
    Code(1041, "conn limit", (429,), "rate_limit"),
    Code(1042, "invisible character ratio limit", (400,), "bad_request"),
    Code(2013, "invalid params, context window exceeds limit", (400,), "context"),
    Code(2013, "invalid params, unknown model 'minimax-m2.11'", (400,), "model"),
    Code(2013, "invalid params, invalid chat setting", (400,), "bad_request"),
    Code(2045, "rate growth limit", (429,), "rate_limit"),
    Code(2049, "invalid api key", (401,), "key"),
    Code(2056, "usage limit exceeded, 5-hour usage limit reached, resets at 18:00", (429,), "quota"),
    Code(2061, "your current token plan not support model, MiniMax-M2.1", (400, 403, 404), "permission"),
)
SEEN = [
    pytest.param(row, status, id=f"{row.code}-{status}-{row.words[:20]}") for row in CODES for status in row.statuses
]
ROWS = [pytest.param(row, id=f"{row.code}-{row.words[:20]}") for row in CODES]


@pytest.mark.parametrize(("row", "status"), SEEN)
def test_minimax_codes_with_the_status_they_come_with(row: Code, status: int) -> None:
    error = {"type": "some_error", "message": f"{row.words} ({row.code})", "http_code": str(status)}
    said = body({"type": "error", "error": error, "request_id": "0640ba83"})
    check(from_status(status, said, None), row.fault)


@pytest.mark.parametrize(("row", "status"), SEEN)
def test_minimax_codes_passed_on_by_a_gateway(row: Code, status: int) -> None:
    check(from_status(status, openai(f"{row.words} ({row.code})", code=status), None), row.fault)


@pytest.mark.parametrize("row", ROWS)
def test_minimax_codes_beside_a_success(row: Code) -> None:
    said = body({"choices": None, "base_resp": {"status_code": row.code, "status_msg": row.words}})
    check(from_body(said), row.fault, in_stream(row.fault))
    check(from_base_response(row.code, row.words), row.fault, in_stream(row.fault))


@pytest.mark.parametrize("row", [row for row in CODES if row.code != 2013])
def test_minimax_codes_without_words(row: Code) -> None:
    """Of all codes only 2013 needs its words."""
    check(from_base_response(row.code, ""), row.fault, in_stream(row.fault))


@pytest.mark.parametrize("row", ROWS)
def test_minimax_codes_inside_of_a_stream(row: Code) -> None:
    error = {"type": "x", "message": f"{row.words} ({row.code})", "http_code": str(row.statuses[0])}
    assert from_error_object(error).fault == row.fault


def test_a_number_in_brackets_that_is_no_code_decides_nothing() -> None:
    check(from_status(400, openai("the limit is (1008) tokens, you know"), None), "bad_request")
    check(from_status(400, openai("request 1008 refused"), None), "bad_request")


# ---------------------------------------------------------------- the status alone


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (301, "redirect"),
        (302, "redirect"),
        (307, "redirect"),
        (308, "redirect"),
        (400, "bad_request"),
        (401, "key"),
        (402, "balance"),
        (403, "permission"),
        (404, "model"),
        (408, "timeout"),
        (409, "server"),
        (412, "bad_request"),
        (413, "context"),
        (422, "bad_request"),
        (425, "rate_limit"),
        (429, "rate_limit"),
        (500, "server"),
        (502, "server"),
        (503, "server"),
        (504, "timeout"),
        (520, "server"),
        (521, "server"),
        (522, "server"),
        (523, "server"),
        (524, "timeout"),
        (529, "server"),
    ],
)
@pytest.mark.parametrize(
    "said",
    [b"", b"oops", b"{}", b"null", openai("Oops."), openai("Oops.", code=""), b'{"error":null}'],
    ids=["empty", "words", "{}", "null", "openai", "no code", "no error"],
)
def test_the_status_decides_where_nothing_else_does(status: int, fault: str, said: bytes) -> None:
    check(from_status(status, said, None), fault)


@pytest.mark.parametrize(
    ("status", "fault"), [(301, "redirect"), (413, "context"), (429, "rate_limit"), (502, "server"), (504, "server")]
)
def test_a_web_page_hides_neither_what_the_status_says_nor_the_time_to_wait(status: int, fault: str) -> None:
    error = from_status(status, b"<html>\r\n<head><title>nginx</title></head></html>", 30)
    if status == 504:
        assert error.fault in ("server", "timeout")
    else:
        check(error, fault)
    if fault in PASSING:
        assert error.after == 30


@pytest.mark.parametrize("status", [408, 429, 500, 503, 529])
def test_the_time_to_wait_is_kept(status: int) -> None:
    assert from_status(status, openai("later"), 17.5).after == 17.5


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        (400, "context_length_exceeded", "context"),
        (400, "This endpoint's maximum context length is 196608 tokens. However, you requested 200000", "context"),
        (400, "invalid params, context window exceeds limit", "context"),
        (400, "prompt is too long: 250000 tokens > 200000 maximum", "context"),
        (400, "input length and max_tokens exceed context limit", "context"),
        (400, "input length and `max_tokens` exceed the limit", "context"),
        (400, "Reasoning is mandatory for this endpoint and cannot be disabled.", "reasoning_mandatory"),
        (400, "For M2.x models, thinking cannot be disabled", "reasoning_mandatory"),
        (422, "thinking mode of this model cannot be disabled", "reasoning_mandatory"),
        (400, "minimax/minimax-m9 is not a valid model ID", "model"),
        (400, "Unknown model: m9", "model"),
        (404, "The model `m9` does not exist or you do not have access to it.", "model"),
        (404, "No endpoints found for minimax/minimax-m2.1.", "model"),
        (400, "The request was blocked by our content policy", "filter"),
        (403, 'Your chosen model requires moderation and your input was flagged for "violence"', "filter"),
        (403, "Access denied by guardrail", "permission"),
        (429, "Rate limit exceeded: free-models-per-min", "rate_limit"),
        (500, "Too many requests", "rate_limit"),
        (429, "Insufficient credits", "balance"),
        (429, "insufficient_quota", "balance"),
        (429, "insufficient balance", "balance"),
        (429, "Insufficient account balance", "balance"),
        (429, "Your balance is used up", "balance"),
        (429, "You exceeded your current quota, please check your plan and billing details", "balance"),
        (429, "Please check your billing", "balance"),
        (429, "余额不足", "balance"),
        (429, "账户已欠费", "balance"),
        (403, "账户余额不足", "balance"),
        (500, "insufficient balance", "balance"),
        (402, "This request requires more credits, or fewer max_tokens", "balance"),
        (402, "Oops", "balance"),
        (429, "usage limit exceeded", "quota"),
        (429, "You have hit your usage limit, try again later", "quota"),
        (429, "The load balancer is busy", "rate_limit"),
        (503, "no load balancer took it", "server"),
        (503, "The model is temporarily unavailable, try again later", "server"),
        (529, "The model is overloaded", "server"),
        (502, "Provider returned error", "server"),
    ],
)
def test_words_decide_where_the_status_says_too_little(status: int, words: str, fault: str) -> None:
    check(from_status(status, openai(words, code=status), None), fault)


GATEWAY = [
    ("API_KEY exceeded the current quota, please check your plan and billing details", "balance"),
    ("Incorrect API_KEY provided", "key"),
    ("No API_KEY provided, please check the Authorization header", "key"),
    ("Rate limit exceeded, please try again later or reduce your request frequency", "rate_limit"),
    ("The request body (or file) is too large", "context"),
]


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500])
@pytest.mark.parametrize("change", [str, str.lower, str.upper])
@pytest.mark.parametrize(("words", "fault"), GATEWAY)
def test_the_default_gateways_messages_whatever_their_status(words: str, fault: str, change: Any, status: int) -> None:
    """It names no status for them."""
    said = openai(change(words))
    check(from_body(said) if status == 200 else from_status(status, said, None), fault)


# ---------------------------------------------------------------- codes that are words

ERROR_TYPES = [
    ("context_length_exceeded", 400, "context"),
    ("max_tokens_exceeded", 400, "context"),
    ("token_limit_exceeded", 400, "context"),
    ("string_too_long", 400, "context"),
    ("authentication", 401, "key"),
    ("permission_denied", 403, "permission"),
    ("payment_required", 402, "balance"),
    ("rate_limit_exceeded", 429, "rate_limit"),
    ("provider_overloaded", 503, "server"),
    ("provider_unavailable", 502, "server"),
    ("invalid_request", 400, "bad_request"),
    ("invalid_prompt", 400, "bad_request"),
    ("not_found", 404, "model"),
    ("precondition_failed", 412, "bad_request"),
    ("payload_too_large", 413, "context"),
    ("unprocessable", 422, "bad_request"),
    ("content_policy_violation", 400, "filter"),
    ("refusal", 400, "filter"),
    ("invalid_image", 400, "bad_request"),
    ("server", 500, "server"),
    ("timeout", 504, "timeout"),
    ("unmapped", 500, "server"),
]


def openrouter(code: Any, words: str = "Oops.", **metadata: Any) -> dict[str, Any]:
    return {"code": code, "message": words, "metadata": metadata}


@pytest.mark.parametrize(("error_type", "status", "fault"), ERROR_TYPES)
def test_openrouters_error_types_with_their_status(error_type: str, status: int, fault: str) -> None:
    check(from_status(status, body({"error": openrouter(status, error_type=error_type)}), None), fault)


@pytest.mark.parametrize(("error_type", "status", "fault"), ERROR_TYPES)
def test_openrouters_error_types_inside_of_a_stream(error_type: str, status: int, fault: str) -> None:
    error = from_error_object(openrouter(status, error_type=error_type))
    assert error.fault == fault


@pytest.mark.parametrize(("error_type", "status", "fault"), [row for row in ERROR_TYPES if row[0] != "unmapped"])
def test_openrouters_error_types_where_the_code_is_no_status(error_type: str, status: int, fault: str) -> None:
    del status
    check(from_error_object(openrouter(None, error_type=error_type)), fault, in_stream(fault))


@pytest.mark.parametrize(
    ("error_type", "status", "fault"),
    [
        ("rate_limit_exceeded", 500, "rate_limit"),
        ("authentication", 400, "key"),
        ("context_length_exceeded", 422, "context"),
        ("provider_overloaded", 429, "server"),
        ("timeout", 500, "timeout"),
        ("invalid_request", 500, "bad_request"),
        ("not_found", 400, "model"),
    ],
)
def test_openrouters_error_type_goes_before_the_status(error_type: str, status: int, fault: str) -> None:
    check(from_status(status, body({"error": openrouter(status, error_type=error_type)}), None), fault)


@pytest.mark.parametrize("words", ["Oops.", "The model is currently unavailable."])
@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        ("model_not_found", 400, "model"),
        ("wrong_endpoint", 400, "model"),
        ("no_endpoints", 404, "model"),
        ("model_deprecated", 404, "model"),
        ("model_unavailable_upstream", 404, "model"),
        ("privacy_restricted", 404, "model"),
        ("constraint_filtered", 404, "model"),
        ("free_variant_ended", 404, "model"),
        ("region_restricted", 403, "permission"),
        ("capacity_exhausted", 429, "rate_limit"),
        ("temporarily_unavailable", 503, "server"),
    ],
)
def test_openrouters_availability(code: str, status: int, fault: str, words: str) -> None:
    said = body({"error": openrouter(status, words, availability={"code": code})})
    check(from_status(status, said, None), fault)


def test_moderation_is_a_filter_even_if_only_the_metadata_say_so() -> None:
    said = {"error": openrouter(403, "Forbidden", reasons=["violence"], flagged_input="how to kill a process")}
    check(from_status(403, body(said), None), "filter")


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    "shape",
    [
        lambda words: {"error": {"code": 400, "message": words}},
        lambda words: {"error": {"code": None, "message": words, "type": None, "param": None, "metadata": {}}},
        lambda words: {"error": {"code": "invalid", "message": words, "type": "invalid_request_error"}},
        lambda words: {"type": "error", "error": {"type": "bad_request_error", "message": words, "http_code": "400"}},
        lambda words: {"base_resp": {"status_code": 2013, "status_msg": words}},
        lambda words: {"object": "error", "message": words, "type": "BadRequestError", "param": None, "code": 400},
        lambda words: {"error": {"message": words, "type": "BadRequestError", "param": None, "code": 400}},
        lambda words: {"detail": words},
        lambda words: {"detail": [{"loc": ["body", "messages"], "msg": words, "type": "value_error"}]},
        lambda words: {"error": {"message": f"{words} (request id: 2026)", "type": "new_api_error"}},
        lambda words: {"error": {"message": words, "type": "one_api_error", "code": "bad_response_status_code"}},
        lambda words: {"error": words},
        lambda words: {"message": words},
        lambda words: {"msg": words, "code": 17},
        lambda words: {"error": {"message": {"message": words}}},
        lambda words: words,
    ],
)
@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("prompt is too long", "context"),
        ("insufficient balance", "balance"),
        ("unknown model: m9", "model"),
        ("Reasoning is mandatory for this endpoint and cannot be disabled.", "reasoning_mandatory"),
        ("Something else is wrong", "bad_request"),
    ],
)
def test_the_words_are_found_in_every_shape(shape: Any, words: str, fault: str) -> None:
    error = from_status(400, body(shape(words)), None)
    check(error, fault)
    assert words in str(error)


@pytest.mark.parametrize(
    ("status", "said", "fault"),
    [
        (404, {"object": "error", "message": "The model `m` does not exist.", "type": "NotFoundError"}, "model"),
        (400, {"message": "This model's maximum context length is 8 tokens.", "type": "BadRequestError"}, "context"),
        (401, {"error": "Unauthorized"}, "key"),
        (401, {"detail": "Not authenticated"}, "key"),
        (403, {"detail": "Forbidden"}, "permission"),
        (500, {"object": "error", "message": "Internal", "type": "InternalServerError", "code": 500}, "server"),
    ],
)
def test_self_hosted_servers(status: int, said: Any, fault: str) -> None:
    check(from_status(status, body(said), None), fault)


@pytest.mark.parametrize(
    ("status", "code", "words", "fault"),
    [
        (429, "", "当前分组上游负载已饱和，请稍后再试 (request id: 20261122)", "rate_limit"),
        (403, "insufficient_user_quota", "用户额度不足, 剩余额度: ¥0.01", "balance"),
        (429, "insufficient_user_quota", "预扣费额度失败", "balance"),
        (503, "model_not_found", "当前分组 default 下对于模型 m 无可用渠道 (request id: 20261122)", "model"),
        (500, "sensitive_words_detected", "用户输入含敏感词", "filter"),
        (400, "local:sensitive_words", "用户输入含敏感词", "filter"),
        (401, "", "无效的令牌", "key"),
        (429, "", "余额不足，请充值", "balance"),
        (400, "", "账户欠费", "balance"),
    ],
)
@pytest.mark.parametrize("kind", ["new_api_error", "one_api_error"])
def test_relays_and_their_chinese_words(kind: str, status: int, code: str, words: str, fault: str) -> None:
    error = from_status(status, openai(words, type=kind, code=code), None)
    check(error, fault)
    assert words in str(error)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (
            {"code": 429, "message": "Rate limit exceeded", "metadata": {"error_type": "rate_limit_exceeded"}},
            "rate_limit",
        ),
        ({"code": "server_error", "message": "Provider disconnected unexpectedly"}, "server"),
        ({"type": "x", "message": "output new_sensitive (1027)", "http_code": "200"}, "filter"),
        ({"message": "Bad", "type": "BadRequestError", "param": None, "code": 400}, "bad_request"),
        ({"message": "Bad", "type": "BadRequestError", "param": None, "code": "400"}, "bad_request"),
        ("insufficient balance", "balance"),
        ("gone", "server"),
        (True, "server"),
        ({"code": 402, "message": "no"}, "balance"),
        ({"code": "insufficient_quota", "message": "no"}, "balance"),
    ],
)
def test_errors_inside_of_a_stream(said: Any, fault: str) -> None:
    check(from_error_object(said), fault, in_stream(fault))


# ---------------------------------------------------------------- parameters

OPENAI = {"message": "Unrecognized request argument supplied: top_k", "param": None}


@pytest.mark.parametrize(
    ("status", "said", "sent", "parameter"),
    [
        (400, {"error": OPENAI}, {"top_k", "top_p"}, "top_k"),
        (400, {"error": {"message": "Unsupported parameter", "param": "top_k"}}, {"top_k", "top_p"}, "top_k"),
        (400, {"error": {"message": "Unknown parameter: 'stream_options'."}}, {"stream_options"}, "stream_options"),
        (422, {"error": "`tool_choice` is not supported"}, {"tool_choice", "tools"}, "tool_choice"),
        (400, {"error": "parallel_tool_calls is not supported"}, {"parallel_tool_calls"}, "parallel_tool_calls"),
        (400, {"error": "unknown field reasoning_effort"}, {"reasoning", "reasoning_effort"}, "reasoning_effort"),
        (400, {"error": "unknown field `reasoning`"}, {"reasoning", "reasoning_effort"}, "reasoning"),
        (400, {"error": "unknown field 'reasoning_details'"}, {"reasoning", "reasoning_details"}, "reasoning_details"),
        (400, {"error": 'response_format: "json_schema" not supported'}, {"response_format"}, "response_format"),
        (400, {"error": "invalid params, unknown field 'top_k' (2013)"}, {"top_k"}, "top_k"),
        (
            400,
            {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'top_a'), 'msg': 'Extra'}]"},
            {"top_a"},
            "top_a",
        ),
        (422, {"detail": "Unknown field top_k"}, {"top_k"}, "top_k"),
        (422, {"detail": [{"loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]}, {"top_k"}, "top_k"),
        (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, {"seed"}, "seed"),
        (
            422,
            {
                "detail": [
                    {"loc": ["body", "messages", 1, "reasoning_content"], "msg": "Extra inputs are not permitted"}
                ]
            },
            {"reasoning_content"},
            "reasoning_content",
        ),
        (
            400,
            {"error": "messages.1.assistant.reasoning_details: Extra inputs are not permitted"},
            {"reasoning_details", "reasoning"},
            "reasoning_details",
        ),
        (400, {"error": "messages[1].reasoning: unknown field"}, {"reasoning"}, "reasoning"),
        (400, {"error": "Unsupported parameter: 'stop'"}, {"stop"}, "stop"),
        (400, {"error": "Unknown parameter: seed"}, {"seed"}, "seed"),
        (400, {"error": "Model glm-4: the parameter 'top_k' is not supported"}, {"top_k"}, "top_k"),
        (
            400,
            {"error": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'x' instead."},
            {"max_tokens"},
            "max_tokens",
        ),
    ],
)
def test_the_parameter_that_a_message_names(status: int, said: Any, sent: set[str], parameter: str) -> None:
    error = from_status(status, body(said), None, sent=sent | {"max_tokens", "temperature"})
    check(error, "parameter")
    assert error.parameter == parameter
    assert f"the parameter {parameter} (HTTP {status})" in str(error)


@pytest.mark.parametrize("sent", [set(), {"top_p"}, {"top"}, {"top_k_"}, {"k"}])
def test_a_parameter_that_was_not_sent_is_not_found(sent: set[str]) -> None:
    for said in (openai("Unknown parameter: top_k"), openai("Unknown parameter", param="top_k")):
        error = from_status(400, said, None, sent=sent)
        check(error, "bad_request")
        assert error.parameter is None


@pytest.mark.parametrize(
    "words",
    [
        "Please stop sending this",
        "Stop sequences are fine, but we had to stop here",
        "The seed investors left",
        "Messages must alternate between user and assistant",
        "The last user message is empty",
        "The tools of the trade are missing",
        "thinking about it did not help",
        "No reasoning was possible about verbosity",
    ],
)
def test_plain_words_are_not_taken_for_parameters(words: str) -> None:
    sent = {"stop", "seed", "user", "tools", "thinking", "reasoning", "verbosity"}
    error = from_status(400, openai(words), None, sent=sent)
    check(error, "bad_request")
    assert error.parameter is None


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 503])
def test_a_name_in_other_refusals_is_no_refused_parameter(status: int) -> None:
    error = from_status(status, openai("temperature too high in the server room"), None, sent={"temperature"})
    assert error.parameter is None
    assert error.fault != "parameter"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("This model's maximum context length is 8192 tokens. Reduce max_tokens.", "context"),
        ("input length and `max_tokens` exceed context limit", "context"),
        ("Reasoning is mandatory: remove 'reasoning'", "reasoning_mandatory"),
        ("insufficient balance for max_tokens", "balance"),
    ],
)
def test_what_a_message_says_of_the_whole_goes_before_the_name_in_it(words: str, fault: str) -> None:
    check(from_status(400, openai(words), None, sent={"max_tokens", "reasoning"}), fault)


def test_a_limit_that_is_too_large_is_a_parameter_and_no_context() -> None:
    said = b'{"error":{"message":"max_tokens is too large: 16384. This model supports at most 8192 completion tokens"}}'
    error = from_status(400, said, None, sent={"max_tokens"})
    assert (error.fault, error.parameter) == ("parameter", "max_tokens")


def test_a_rate_limit_that_speaks_of_billing_is_a_rate_limit() -> None:
    words = "Rate limit reached. Add a payment method: https://model.test/account/billing"
    said = json.dumps({"error": {"message": words, "code": "rate_limit_exceeded"}}).encode()
    assert from_status(429, said, None).fault == "rate_limit"


@pytest.mark.parametrize(
    ("status", "fault"), [(413, "context"), (401, "key"), (429, "rate_limit"), (400, "bad_request")]
)
def test_a_vague_kind_does_not_hide_what_the_status_says(status: int, fault: str) -> None:
    said = b'{"error":{"message":"no","type":"invalid_request_error"}}'
    assert from_status(status, said, None).fault == fault
