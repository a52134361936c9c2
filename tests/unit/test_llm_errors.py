"""Refusals: status and body → a class, and a sentence that says what to do."""

import json
from typing import Any

import pytest

from mm_lsp.llm.errors import from_body, from_error_object, from_status
from mm_lsp.messages import BadReply, Filtered, Incomplete, ModelError, RateLimited, Refused, TooLong, Unreachable

KEY = "wk-4711-secret"


def openai(message: str, **extra: Any) -> bytes:
    return json.dumps({"error": {"message": message, "type": None, "code": None, **extra}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, openai("Invalid key"), Refused, "check MM_LSP_API_KEY or model.api_key. It says: Invalid key"),
        (401, b"", Refused, "check MM_LSP_API_KEY"),
        (401, b'{"type":"error","error":{"message":"login fail (1004)","http_code":"401"}}', Refused, "login fail"),
        (402, openai("Payment required"), Refused, "want of balance"),
        (402, b"", Refused, "want of balance"),
        (429, openai("insufficient balance (1008)"), Refused, "want of balance"),
        (500, openai("insufficient balance (1008)"), Refused, "want of balance"),
        (403, openai("您的账户余额不足", code="insufficient_user_quota"), Refused, "want of balance"),
        (403, openai("You exceeded your current quota"), Refused, "want of balance"),
        (403, openai("Not in your plan"), Refused, "does not permit"),
        (404, openai("No such model"), Refused, "change model.name or check model.base_url"),
        (404, b"404 page not found", Refused, "change model.name or check model.base_url"),
        (301, b"", Refused, "correct model.base_url"),
        (308, b"", Refused, "correct model.base_url"),
        (413, b"", TooLong, "select less"),
        (400, openai("This model's maximum context length is 196608 tokens"), TooLong, "select less"),
        (400, openai("context_length_exceeded"), TooLong, "select less"),
        (400, openai("invalid params, context window exceeds limit (2013)"), TooLong, "select less"),
        (400, openai("prompt is too long: 300000 tokens"), TooLong, "select less"),
        (422, openai("input new_sensitive (1026)"), Filtered, "filtered"),
        (400, openai("Blocked by content policy"), Filtered, "filtered"),
        (403, openai("Your input was flagged"), Filtered, "filtered"),
        (429, openai("Too many requests"), RateLimited, "slow down"),
        (429, b"", RateLimited, "slow down"),
        (429, '{"error":{"message":"当前分组上游负载已饱和，请稍后再试"}}'.encode(), RateLimited, "负载已饱和"),
        (408, b"", Unreachable, "Try again"),
        (500, openai("oops"), Unreachable, "Try again. It says: oops"),
        (502, b"", Unreachable, "Try again"),
        (503, openai("overloaded"), Unreachable, "Try again"),
        (529, b"overloaded", Unreachable, "Try again"),
        (500, openai("code: 'sensitive_words_detected'"), Filtered, "filtered"),
        (400, openai("model names are case-sensitive"), BadReply, "It says: model names"),
        (400, openai("Unknown parameter: stream_options"), BadReply, "It says: Unknown parameter"),
        (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', BadReply, "field required"),
        (422, b'{"detail":"Not valid"}', BadReply, "It says: Not valid"),
        (400, b'{"error":"bare words"}', BadReply, "It says: bare words"),
        (400, b'{"message":"words"}', BadReply, "It says: words"),
        (400, b'{"msg":"words","code":5}', BadReply, "It says: words"),
        (400, b'"words"', BadReply, "It says: words"),
        (409, b"\xff\xfe", Unreachable, "HTTP 409"),
        (204, b"", BadReply, "HTTP 204"),
        (502, b"<html><body>502 Bad Gateway</body></html>", Unreachable, "a web page (HTTP 502) instead of JSON"),
        (404, b"\n <!DOCTYPE html><html>", BadReply, "check model.base_url"),
        # The default endpoint's own words; it names no status for them.
        (
            400,
            openai("API_KEY exceeded the current quota, please check your plan and billing"),
            Refused,
            "want of balance",
        ),
        (400, openai("Incorrect API_KEY provided"), Refused, "check MM_LSP_API_KEY"),
        (403, openai("No API_KEY provided, please check the Authorization header"), Refused, "check MM_LSP_API_KEY"),
        (
            400,
            openai("Rate limit exceeded, please try again later or reduce your request frequency"),
            RateLimited,
            "slow down",
        ),
        (400, openai("The request body (or file) is too large"), TooLong, "select less"),
    ],
)
def test_a_refusal_has_its_class_and_says_what_to_do(
    status: int, body: bytes, kind: type[ModelError], words: str
) -> None:
    error = from_status(status, body, None)
    assert type(error) is kind
    assert words in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"choices":[]}', None, ""),
        (b'{"choices":[{"message":{"content":"a"}}],"error":null}', None, ""),
        (openai("no", code=401), Refused, "check MM_LSP_API_KEY"),
        (openai("no", code="429"), RateLimited, "slow down"),
        (openai("no", code=503), Unreachable, "Try again"),
        (openai("provider gone"), Incomplete, "provider gone"),
        (b'{"error":"insufficient balance"}', Refused, "balance"),
        (b'{"error":true}', Incomplete, "broke off"),
        (b"<!doctype html>", BadReply, "a web page instead of JSON: check model.base_url"),
        (b"", BadReply, "not JSON: check model.base_url"),
        (b"hello", BadReply, "not JSON: check model.base_url"),
        (b"[1]", BadReply, "not JSON: check model.base_url"),
        (b'{"hello":1}', BadReply, "not a chat completion: check model.base_url"),
        (b'{"base_resp":{"status_code":1004}}', Refused, "check MM_LSP_API_KEY"),
        (b'{"base_resp":{"status_code":0},"choices":[]}', None, ""),
        (b'{"object":"error","message":"no such parameter","code":400}', BadReply, "no such parameter"),
    ],
)
def test_an_answer_that_is_no_stream(body: bytes, kind: type[ModelError] | None, words: str) -> None:
    error = from_body(body)
    assert (type(error) if error else None) is kind
    assert words in str(error or "")


@pytest.mark.parametrize(
    ("after", "words"),
    [(None, "Try again in a while."), (7, "Try again in 7 s."), (0.4, "Try again in"), (0, "in a while")],
)
def test_how_long_to_wait_is_said_and_kept(after: float | None, words: str) -> None:
    error = from_status(429, b"", after)
    assert isinstance(error, RateLimited)
    assert words in str(error)
    assert error.after == after


@pytest.mark.parametrize(
    "body",
    [
        openai(f"Incorrect API key provided: {KEY}"),
        f"key {KEY} unknown".encode(),
        openai("Incorrect API key provided: sk-proj-0123456789abcdef"),
        openai("Authorization: Bearer abcdef0123456789"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_a_key_is_never_repeated(status: int, body: bytes) -> None:
    error = from_body(body, KEY) if status == 200 else from_status(status, body, None, KEY)
    said = str(error)
    assert "***" in said or "not JSON" in said
    assert not any(secret in said for secret in (KEY, "0123456789abcdef", "abcdef0123456789"))


def test_long_words_are_cut() -> None:
    assert len(str(from_status(400, openai("x" * 100_000), None))) < 400


@pytest.mark.parametrize("code", [None, True, 0, -1, 1.5, "", "x", "²", "9" * 5000, [], {}, 10**30])
def test_any_code_of_an_error_gives_an_error(code: Any) -> None:
    assert isinstance(from_error_object({"code": code, "message": "no"}), ModelError)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"error":' * 100_000, b'{"error":' * 900 + b"1" + b"}" * 900])
def test_a_body_nested_without_end_is_an_error_like_any_other(body: bytes) -> None:
    assert isinstance(from_status(400, body, None), ModelError)
    assert isinstance(from_body(body), ModelError)
