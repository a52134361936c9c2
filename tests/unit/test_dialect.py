"""Payloads → events: what is odd, and what is no chat completion. The dialects have their own file."""

import json
from typing import Any

import pytest

from mm_lsp.llm.dialect import Dialect
from mm_lsp.llm.sse import SSEDecoder
from mm_lsp.messages import (
    BadReply,
    Event,
    Incomplete,
    ModelError,
    RateLimited,
    Reasoning,
    Stop,
    TextDelta,
    ThinkingDelta,
    Usage,
)


def played(stream: str) -> tuple[str, str, list[Event], Dialect]:
    """(thinking, text, the other events, the dialect) of a whole stream."""
    decoder, dialect = SSEDecoder(), Dialect()
    events = [event for data in decoder.feed(stream.encode()) + decoder.close() for event in dialect.read(data)]
    events += dialect.close()
    thinking = "".join(event.text for event in events if isinstance(event, ThinkingDelta))
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    others = [event for event in events if not isinstance(event, TextDelta | ThinkingDelta | Reasoning)]
    return thinking, text, others, dialect


def frame(delta: Any = None, reason: str | None = None, **extra: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "native_finish_reason": reason, "logprobs": None}
    return (
        "data: " + json.dumps({"id": "gen-1", "object": "chat.completion.chunk", "choices": [choice], **extra}) + "\n\n"
    )


def counts(**extra: Any) -> dict[str, Any]:
    details = {"prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0}}
    thought = {"completion_tokens_details": {"reasoning_tokens": 17, "image_tokens": 0}}
    return {"prompt_tokens": 54, "completion_tokens": 39, "total_tokens": 93, **details, **thought, **extra}


DONE = "data: [DONE]\n\n"
COMMENT = ": OPENROUTER PROCESSING\n\n"
DETAILS = [{"type": "reasoning.text", "text": "用户想要", "format": "unknown", "index": 0}]
USAGE_FRAME = 'data: {"choices":[],"usage":' + json.dumps(counts()) + "}\n\n"
T3B = "".join([
    COMMENT,
    frame({"role": "assistant", "content": "", "reasoning": "用户想要", "reasoning_details": DETAILS}, provider="M"),
    COMMENT,
    frame({"role": "assistant", "content": "", "reasoning": "一个求和函数。", "reasoning_details": DETAILS}),
    frame({"role": "assistant", "content": "\n\ndef add(a, b):"}),
    frame({"role": "assistant", "content": "\n    return a + b"}),
    frame({"role": "assistant", "content": ""}, "stop"),
    USAGE_FRAME,
    DONE,
])  # fmt: skip
T3C = "".join([
    frame({"role": "assistant", "content": "", "reasoning": "用户想要一个求和函数。"}),
    frame({"role": "assistant", "content": "\n\ndef add(a, b):\n    return a + b"}),
    frame({"role": "assistant", "content": ""}, "stop", usage=counts()),
    DONE,
])  # fmt: skip
WHOLE = 'data: {"choices":[{"message":{"content":"\\nall","reasoning":"r"},"finish_reason":"stop"}]}\n\n'
VLLM_USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":44,"total_tokens":60,"completion_tokens":16}}\n\n'
T5B = "".join([
    frame({"role": "assistant", "content": ""}),
    frame({"reasoning": "The user"}),
    frame({"content": "\n\nreturn"}),
    frame({"content": " a + b"}, "stop", stop_reason=None),
    VLLM_USAGE,
    DONE,
])  # fmt: skip
T6 = T5B.replace('{"reasoning": "The user"}', '{"reasoning_content": "The user", "content": null}')


@pytest.mark.parametrize(
    ("stream", "thinking", "text", "usage"),
    [
        (T3B, "用户想要一个求和函数。", "def add(a, b):\n    return a + b", Usage(54, 39, 17, 3)),
        (T3C, "用户想要一个求和函数。", "def add(a, b):\n    return a + b", Usage(54, 39, 17, 3)),
        (T5B, "The user", "return a + b", Usage(44, 16)),
        (T6, "The user", "return a + b", Usage(44, 16)),
    ],
    ids=["T3b", "T3c", "T5b", "T6"],
)
def test_transcripts(stream: str, thinking: str, text: str, usage: Usage) -> None:
    got_thinking, got_text, others, dialect = played(stream)
    assert (got_thinking, got_text, others) == (thinking, text, [Stop("stop"), usage])
    assert (dialect.is_done, dialect.is_closed) == (True, True)


@pytest.mark.parametrize(
    ("payload", "kind", "words"),
    [
        (
            frame({"content": ""}, "error", error={"code": 429, "message": "Rate limit exceeded"}),
            RateLimited,
            "Rate limit",
        ),
        (
            frame({"content": ""}, "error", error={"code": "server_error", "message": "Provider gone"}),
            Incomplete,
            "Provider gone",
        ),
        ('data: {"error":"overloaded"}\n\n', ModelError, "overloaded"),
        ('data: {"error":{"message":"no"},"choices":null}\n\n', ModelError, "no"),
    ],
    ids=["T7a", "T7b", "bare", "null choices"],
)
def test_an_error_inside_the_stream_is_raised(payload: str, kind: type[ModelError], words: str) -> None:
    with pytest.raises(kind, match=words):
        played(frame({"content": "half an ans"}) + payload)


@pytest.mark.parametrize(
    ("stream", "thinking", "text", "others", "done"),
    [
        ("", "", "", [], False),
        ("data:\n\n: keep alive\n\ndata: \n\n", "", "", [], False),
        (DONE, "", "", [], True),
        ("data: [DONE] \n\n", "", "", [], True),
        (frame({"content": "a"}), "", "a", [], False),
        (frame({"content": "a"}, "length"), "", "a", [Stop("length")], True),
        (frame({"content": "a"}, "stop") + frame({"content": ""}, "stop"), "", "a", [Stop("stop")], True),
        (frame(None, "stop"), "", "", [Stop("stop")], True),
        (frame({"role": "", "reasoning_content": "", "content": "a"}), "", "a", [], False),
        (frame({"role": "", "reasoning_content": ""}), "", "", [], False),
        (frame({"content": None}), "", "", [], False),
        (frame({"content": "\n"}) + frame({"content": "\n\r\n"}) + frame({"content": "\na\n"}), "", "a\n", [], False),
        (frame({"content": "  a"}), "", "  a", [], False),
        (frame({"reasoning": "x", "reasoning_content": "x", "reasoning_details": DETAILS}), "x", "", [], False),
        (frame({"reasoning": "", "reasoning_content": "y"}), "y", "", [], False),
        (
            frame({"content": "a", "name": "MiniMax AI", "audio_content": ""}, service_tier="standard"),
            "",
            "a",
            [],
            False,
        ),
        (frame({"content": "a"}, usage={"total_tokens": 0, "total_characters": 0}), "", "a", [], False),
        (frame({"content": "a"}, usage={"prompt_tokens": 0, "completion_tokens": 0}), "", "a", [], False),
        (frame({"content": "a"}, usage=None), "", "a", [], False),
        (frame({"content": "a"}, usage={"prompt_tokens": 5}), "", "a", [Usage(5)], False),
        (
            frame({}, usage=counts(prompt_tokens_details=None, completion_tokens_details=None)),
            "",
            "",
            [Usage(54, 39)],
            False,
        ),
        ('data: {"choices":null}\n\ndata: {"choices":[]}\n\ndata: {}\n\n', "", "", [], False),
        ('data: {"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]}\n\n', "", "", [], False),
        ('data: {"choices":[{"delta":{"content":"b"}}]}\n\n', "", "b", [], False),
        (
            'data: {"choices":[{"delta":{"content":5,"reasoning":{}},"finish_reason":[]}],"usage":7}\n\n',
            "",
            "",
            [],
            False,
        ),
        (WHOLE, "r", "all", [Stop("stop")], True),
    ],
)
def test_odd_payloads(stream: str, thinking: str, text: str, others: list[Event], done: bool) -> None:
    got_thinking, got_text, got_others, dialect = played(stream)
    assert (got_thinking, got_text, got_others) == (thinking, text, others)
    assert dialect.is_done is done


@pytest.mark.parametrize("data", ["hello", "null", "5", "[]", '{"choices":5}', '{"choices":[5]}', '{"choices":['])
def test_what_is_no_chat_completion_is_a_bad_reply(data: str) -> None:
    with pytest.raises(BadReply, match="not a chat completion"):
        Dialect().read(data)
