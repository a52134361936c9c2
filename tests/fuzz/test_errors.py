"""Refusals of any shape are a ModelError with one line for people, without the key."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mm_lsp.llm.errors import from_body, from_error_object, from_status
from mm_lsp.messages import ModelError

from .pieces import json_values

KEY = "Kq7-secret-Zx9"
NAMES = ("error", "message", "msg", "detail", "code", "type", "choices", "metadata")
WORDS = st.sampled_from(
    ["", "insufficient balance", "flagged", "context length", f"key {KEY}", "<html>", " <!doctype", "余额"]
)
VALUES = st.one_of(
    json_values(*NAMES), WORDS, st.dictionaries(st.sampled_from(NAMES), st.one_of(WORDS, json_values(*NAMES)))
)
BODIES = st.one_of(st.binary(max_size=40), WORDS.map(str.encode), VALUES.map(lambda value: json.dumps(value).encode()))


def check(error: Any) -> None:
    assert isinstance(error, ModelError)
    sentence = str(error)
    assert sentence[:1].isupper()
    assert "\n" not in sentence
    assert KEY not in sentence
    assert len(sentence) < 500


@given(st.integers(-1, 1000), BODIES, st.one_of(st.none(), st.floats()))
def test_any_status_and_body(status: int, body: bytes, retry_after: float | None) -> None:
    check(from_status(status, body, retry_after, KEY, None))


@given(BODIES)
def test_any_body_of_a_success(body: bytes) -> None:
    error = from_body(body, KEY)
    if error is not None:
        check(error)


@given(VALUES)
def test_any_error_object(value: Any) -> None:
    check(from_error_object(value, KEY))
