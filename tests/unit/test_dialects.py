"""Every dialect that MiniMax M2.x is served in gives the same events, wherever its stream is cut.

The streams in `tests/support/streams` are those of the API reference (section 1.10), recorded or put together there.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mm_lsp.llm.dialect import Dialect
from mm_lsp.llm.sse import SSEDecoder
from mm_lsp.messages import (
    Event,
    ModelError,
    Reasoning,
    Stop,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
    ToolCall,
    Usage,
)

STREAMS = Path(__file__).parents[1] / "support" / "streams"


@dataclass
class Answer:
    """What a feature would have seen in the end."""

    thinking: str = ""
    text: str = ""
    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    reasoning: Reasoning | None = None
    usage: Usage | None = None
    stop: str | None = None

    def take(self, event: Event) -> None:
        match event:
            case TextDelta(text):
                self.text += text
            case ThinkingDelta(text):
                self.thinking += text
            case TextWasThinking():
                self.thinking, self.text = self.thinking + self.text.strip("\n"), ""
            case ToolCall():
                self.calls.append(event)
            case Reasoning():
                self.reasoning = event
            case Usage():
                self.usage = event
            case Stop(reason):
                assert self.stop is None, "one stop an answer"
                self.stop = reason
            case _:
                raise AssertionError(event)


def answered(pieces: Iterable[bytes], thinks_at_once: bool = False, expected: str = "auto") -> Answer:
    decoder, dialect, answer = SSEDecoder(), Dialect(thinks_at_once, expected), Answer()
    for piece in (*pieces, None):
        for data in decoder.close() if piece is None else decoder.feed(piece):
            for event in dialect.read(data):
                answer.take(event)
    for event in dialect.close():
        answer.take(event)
    return answer


def stream(name: str) -> bytes:
    return (STREAMS / f"{name}.sse").read_bytes()


def frame(delta: Any = None, reason: str | None = None, **extra: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **extra}).encode() + b"\n\n"  # fmt: skip


def frames(*contents: str, reason: str = "stop") -> bytes:
    """A stream whose deltas have only content."""
    return b"".join(frame({"content": content}) for content in contents) + frame({}, reason)


DONE = b"data: [DONE]\n\n"
SUM = "return a + b"
NATIVE = {"type": "reasoning.text", "id": "reasoning-text-1", "format": "MiniMax-response-v1", "index": 0}
GREETING = "The user wants a greeting in a friendly manner."
T3C = (
    stream("t3b")
    .replace(b'"provider":"Minimax",', b"")
    .replace(b'"id":"gen-1766480860-abc"', b'"id":"chatcmpl-t1766s5"')
)
T5A = stream("t5a") + frames(" user.", "\n</think>", "\n\nreturn", " a + b") + DONE
T6 = stream("t5b").replace(b'{"reasoning":"The user"}', b'{"reasoning_content":"The user","content":null}')
CALL = {"id": "call_function_a1nrtksph4pi_1", "type": "function", "function": {"name": "read_file"}}
RAW_CALL = '<minimax:tool_call>\n<invoke name="f">\n<parameter name="x">1</parameter>\n<parameter name="y">a b</parameter>\n</invoke>\n</minimax:tool_call>'  # fmt: skip
READS = [
    ToolCall("call_function_a1nrtksph4pi_1", "read_file", '{"path": "a.py"}'),
    ToolCall("call_function_a1nrtksph4pi_2", "read_file", '{"path": "b.py"}'),
]


def is_proof(answer: Answer) -> None:
    assert answer.thinking.startswith("The user wants a proof")
    assert answer.thinking.endswith("and concise.")
    assert answer.text.startswith("**Proof.** An integer is odd")
    assert answer.text.endswith("it is even.\n\n∎")
    assert (answer.usage, answer.stop) == (Usage(767, 172, 25, 443), "stop")
    assert answer.reasoning == Reasoning("think_tags", answer.thinking)


CASES: dict[str, tuple[bytes, Answer | Callable[[Answer], None]]] = {
    "T1": (stream("t1"), is_proof),
    "T2a": (
        b"data: " + stream("t2a"),
        Answer(
            "用户问我是什么模型。…", "我是 MiniMax-M2.5…", [],
            Reasoning("reasoning_content", "用户问我是什么模型。…", ({**NATIVE, "text": "用户问我是什么模型。…"},)),
            Usage(44, 43, 20), "stop",
        ),
    ),
    "T2b": (
        stream("t2b"),
        Answer(
            GREETING, "Hi there!", [],
            Reasoning("reasoning_details", "", ({"index": 0, **{k: NATIVE[k] for k in ("type", "id", "format")}, "text": f"{GREETING}\n</think>"},)),
            None, "stop",
        ),
    ),
    "T2c": (
        stream("t2c"),
        Answer(
            "The user wants a sum function. Keep it short.", SUM, [],
            Reasoning("reasoning_details", "", ({**NATIVE, "text": "The user wants a sum function. Keep it short."},)),
            Usage(44, 16, 11), "stop",
        ),
    ),
    "T3b": (
        stream("t3b"),
        Answer(
            "用户想要一个求和函数。", "def add(a, b):\n    return a + b", [],
            Reasoning("reasoning", "用户想要一个求和函数。", ({"type": "reasoning.text", "text": "用户想要一个求和函数。", "format": "unknown", "index": 0},)),
            Usage(54, 39, 17), "stop",
        ),
    ),
    "T4a": (stream("t4a"), Answer()),
    "T4b": (
        stream("t4b"),
        Answer("Need both files.", "", READS, Reasoning("reasoning", "Need both files."), None, "tool_calls"),
    ),
    "T5a": (T5A, Answer("The user.", SUM, [], Reasoning("think_tags", "The user."), None, "stop")),
    "T5b": (stream("t5b"), Answer("The user", SUM, [], Reasoning("reasoning", "The user"), Usage(44, 16), "stop")),
    "T6": (T6, Answer("The user", SUM, [], Reasoning("reasoning_content", "The user"), Usage(44, 16), "stop")),
    # The quirks of 1.9, by their numbers; those of the bytes (Q14, Q18, Q19) are in test_sse.
    "Q1 no [DONE]": (frames("a"), Answer("", "a", stop="stop")),
    "Q2 usage beside a choice": (
        frame({"content": "a"}, "stop", usage={"prompt_tokens": 5, "completion_tokens": 2}) + DONE,
        Answer("", "a", usage=Usage(5, 2), stop="stop"),
    ),
    "Q2 zeros on every chunk": (
        frame({"content": "a"}, usage={"total_tokens": 0, "prompt_tokens": 0}) + frames("b"),
        Answer("", "ab", stop="stop"),
    ),
    "Q2 DeepSeek's words for a cache": (
        frame({"content": "a"}, "stop", usage={"prompt_tokens": 5, "prompt_cache_hit_tokens": 3}),
        Answer("", "a", usage=Usage(5, 0, 0, 3), stop="stop"),
    ),
    "Q3 an empty role": (frame({"role": "", "reasoning_content": ""}) + frames("a"), Answer("", "a", stop="stop")),
    "Q4 delta null": (frame({"content": "a"}) + frame(None, "stop"), Answer("", "a", stop="stop")),
    "Q5 a whole message at the end": (
        frame({"content": "ret"})
        + b'data: {"object":"chat.completion","choices":[{"index":0,"message":{"content":"return a + b"},"finish_reason":"stop"}]}\n\n',
        Answer("", SUM, stop="stop"),
    ),
    "Q5 after the finish": (
        frame({"content": "ret"}, "stop") + b'data: {"choices":[{"message":{"content":"return a + b"}}]}\n\n' + DONE,
        Answer("", SUM, stop="stop"),
    ),
    "Q6 a text that grows": (
        frames("def add(a, b):\n   ", "def add(a, b):\n    return", "def add(a, b):\n    return a + b"),
        Answer("", "def add(a, b):\n    return a + b", stop="stop"),
    ),
    "Q6 short repetitions are the model's own": (frames("=", "==", "==", "  ", "  "), Answer("", "=====    ", stop="stop")),
    "Q7 a closing tag in the details": (
        frame({"reasoning_details": [{"text": "a\n</thi"}]}) + frame({"reasoning_details": [{"text": "nk>\n"}]}) + frames("b"),
        Answer("a", "b", [], Reasoning("reasoning_details", "", ({"text": "a\n</think>\n"},)), None, "stop"),
    ),
    "Q8 a split tag": (
        frames("<th", "ink>\nth", "ink\n</", "think>", "\n\n", "\nb"),
        Answer("think", "b", [], Reasoning("think_tags", "think"), None, "stop"),
    ),
    "Q8 no opening tag": (
        frames("so th", "ink\n</thi", "nk>\n\nb"),
        Answer("so think", "b", [], Reasoning("think_tags", "so think"), None, "stop"),
    ),
    "Q8 no closing tag": (
        frames("<think>\nso", " on", reason="length"),
        Answer("so on", "", [], Reasoning("think_tags", "so on"), None, "length"),
    ),
    "Q8 no tags": (frames("a", "b"), Answer("", "ab", stop="stop")),
    "Q8 the longer tag": (
        frames("<thinking>a</thinking>b"),
        Answer("a", "b", [], Reasoning("think_tags", "a"), None, "stop"),
    ),
    "Q9 line ends first": (frames("\n", "\r\n\na"), Answer("", "a", stop="stop")),
    "Q10 a tool call as text": (
        frames("I look.\n", RAW_CALL[:30], RAW_CALL[30:90], RAW_CALL[90:]),
        Answer("", "I look.\n", [ToolCall("call_1", "f", '{"x": 1, "y": "a b"}')], stop="stop"),
    ),
    "Q10 a tool call that is cut off": (frames("<minimax:tool_call><invoke name='f'>"), Answer(stop="stop")),
    "Q11 leaked tokens": (frames("a]~!b[b]~b]c[e~[d]<]minim", "ax[>[e"), Answer("", "abcde", stop="stop")),
    "Q11 what only begins like one": (frames("a[", "e]", "~", "x]<"), Answer("", "a[e]~x]<", stop="stop")),
    "Q16 deltas of a call without an id": (
        frame({"tool_calls": [{**CALL, "index": 0}]})
        + frame({"tool_calls": [{"index": 0, "function": {"arguments": '{"path": '}}]})
        + frame({"tool_calls": [{"function": {"arguments": '"a.py"}'}}]}, "tool_calls"),
        Answer(calls=READS[:1], stop="tool_calls"),
    ),
    "Q17 a whole call": (
        frame({"tool_calls": [{"id": "1", "function": {"name": "f", "arguments": '{"x": 1}'}}]}, "tool_calls"),
        Answer(calls=[ToolCall("1", "f", '{"x": 1}')], stop="tool_calls"),
    ),
    "calls that are all numbered 0": (
        b"".join(
            frame({"tool_calls": [{"index": 0, "id": number, "function": {"name": "f", "arguments": "{}"}}]})
            for number in "12"
        )
        + frame({}, "tool_calls"),
        Answer(calls=[ToolCall("1", "f", "{}"), ToolCall("2", "f", "{}")], stop="tool_calls"),
    ),
    "a call whose arguments grow": (
        b"".join(
            frame({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": text}}]})
            for text in ('{"path": "some/file', '{"path": "some/file.py"}', '{"path": "some/file.py"}')
        )
        + frame({}, "tool_calls"),
        Answer(calls=[ToolCall("1", "f", '{"path": "some/file.py"}')], stop="tool_calls"),
    ),
    "a call whose arguments grow from the first letter on": (
        b"".join(
            frame({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": text}}]})
            for text in ("{", '{"p', '{"p": 1', '{"p": 1}')
        )
        + frame({}, "tool_calls"),
        Answer(calls=[ToolCall("1", "f", '{"p": 1}')], stop="tool_calls"),
    ),
    "arguments as an object, null or nothing": (
        frame({"tool_calls": [
            {"index": 0, "id": "1", "function": {"name": "f", "arguments": {"x": 1}}},
            {"index": 1, "id": "2", "function": {"name": "g", "arguments": None}},
            {"index": 2, "id": "3", "function": {"name": "h"}},
            {"index": 3, "id": "4"},
        ]}, "tool_calls"),
        Answer(
            calls=[ToolCall("1", "f", '{"x": 1}'), ToolCall("2", "g", "{}"), ToolCall("3", "h", "{}")],
            stop="tool_calls",
        ),
    ),
    "whole calls without numbers and ids": (
        frame({"tool_calls": [
            {"function": {"name": "a", "arguments": '{"x": 1}'}}, {"function": {"name": "b", "arguments": '{"y": 2}'}},
        ]}) + frame({"tool_calls": [{"function": {"name": "b", "arguments": '{"y": 3}'}}]}, "tool_calls"),
        Answer(calls=[ToolCall("call_1", "a", '{"x": 1}'), ToolCall("call_2", "b", '{"y": 2}'), ToolCall("call_3", "b", '{"y": 3}')], stop="tool_calls"),
    ),
    "calls that are all numbered 0, without ids or arguments": (
        frame({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "a", "arguments": ""}}]})
        + frame({"tool_calls": [{"index": 0, "id": "2", "function": {"name": "b", "arguments": "{}"}}]}, "tool_calls"),
        Answer(calls=[ToolCall("1", "a", "{}"), ToolCall("2", "b", "{}")], stop="tool_calls"),
    ),
    "half a character in each of two deltas": (
        b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\ndata: {"choices":[{"delta":{"content":"\\ude00b"}}]}\n\n' + frame({}, "stop"),
        Answer("", "a\ufffd\ufffdb", stop="stop"),
    ),
    "a choice that is none": (b'data: {"choices":[null]}\n\n' + frames("a"), Answer("", "a", stop="stop")),
    "a tool call that the text only speaks of": (
        frames('x = "<minimax:tool_call>"\ny = 2\n'), Answer("", 'x = "<minimax:tool_call>"\ny = 2\n', stop="stop"),
    ),
    "a block without a call": (
        frames("Say <minimax:tool_call> and </minimax:tool_call>."), Answer("", "Say <minimax:tool_call> and </minimax:tool_call>.", stop="stop"),
    ),
    "calls in a whole message": (
        b'data: {"choices":[{"message":{"content":"","tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}\n\n',
        Answer(calls=[ToolCall("1", "f", "{}")], stop="tool_calls"),
    ),
    "content in parts": (
        frame({"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}, "stop"),
        Answer("", "ab", stop="stop"),
    ),
    "thinking cut off, its tag closed by the server": (
        frames("<think>\nThen we\n</think>\n", reason="length"),
        Answer("Then we", "", [], Reasoning("think_tags", "Then we"), None, "length"),
    ),
    "nested": (
        frames("<think>\ninner\n</think>\n\ninner"),
        Answer("inner", "inner", [], Reasoning("think_tags", "inner"), None, "stop"),
    ),
    # A literal tag in the user's own text survives.
    "a tag in the code": (frames('s = "<thi', 'nk>" + x', ' + "</think>"'), Answer("", 's = "<think>" + x + "</think>"', stop="stop")),
    "a quoted closing tag": (frames('if "</think>" in s:'), Answer("", 'if "</think>" in s:', stop="stop")),
    "tags after the thinking": (
        frames("<think>a</think>x = '<think>b</think>'"),
        Answer("a", "x = '<think>b</think>'", [], Reasoning("think_tags", "a"), None, "stop"),
    ),
    "tags where thinking has its own field": (
        frame({"reasoning": "a"}) + frames("<think>b\n</think>c"),
        Answer("a", "<think>b\n</think>c", [], Reasoning("reasoning", "a"), None, "stop"),
    ),
    "a leaked closing tag where thinking has its own field": (
        frame({"reasoning": "a"}) + frames("\n</think>\n\nc"),
        Answer("a", "c", [], Reasoning("reasoning", "a"), None, "stop"),
    ),
}  # fmt: skip


def check(name: str, got: Answer) -> None:
    expected = CASES[name][1]
    if isinstance(expected, Answer):
        assert got == expected
    else:
        expected(got)


@pytest.mark.parametrize("name", CASES)
def test_every_dialect_says_the_same(name: str) -> None:
    check(name, answered([CASES[name][0]]))


@pytest.mark.parametrize("name", CASES)
def test_it_may_be_cut_at_every_byte(name: str) -> None:
    data = CASES[name][0]
    for at in range(1, len(data)):
        check(name, answered([data[:at], data[at:]]))
    check(name, answered(bytes([byte]) for byte in data))


@pytest.mark.parametrize(
    ("contents", "reason", "thinking", "text"),
    [
        (("so\n", "</think>\n\nb"), "stop", "so", "b"),
        (("<think>so</think>b",), "stop", "so", "b"),
        (("</think>\n\nb",), "stop", "", "b"),
        (("only ", "text"), "stop", "only text", "only text"),
        (("only ", "thought"), "length", "only thought", ""),
    ],
)
def test_an_endpoint_that_is_known_to_leave_out_the_opening_tag(
    contents: tuple[str, ...], reason: str, thinking: str, text: str
) -> None:
    got = answered([frames(*contents, reason=reason)], thinks_at_once=True)
    assert (got.thinking, got.text) == (thinking, text)


TAGGED = frames("<think>a\n</think>b")
UNOPENED = frames("a\n</think>\nb")


@pytest.mark.parametrize(
    ("expected", "stream", "text"),
    [
        ("auto", TAGGED, "b"),
        ("think_tags", TAGGED, "b"),
        ("none", TAGGED, "<think>a\n</think>b"),
        ("reasoning", TAGGED, "<think>a\n</think>b"),
        ("auto", UNOPENED, "b"),
        ("none", UNOPENED, "a\n</think>\nb"),
        ("auto", frame({"reasoning": "x"}) + TAGGED, "<think>a\n</think>b"),
        ("think_tags", frame({"reasoning": "x"}) + TAGGED, "b"),
    ],
)
def test_an_endpoint_whose_dialect_is_known(expected: str, stream: bytes, text: str) -> None:
    assert answered([stream], expected=expected).text == text


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ('{"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"code":429,"message":"Rate limit exceeded","metadata":{"error_type":"rate_limit_exceeded"}}}', "rate_limit"),
        ('{"error":{"code":"server_error","message":"Provider disconnected unexpectedly"},"choices":[]}', "server"),
        ('{"id":"","choices":null,"usage":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}}', "rate_limit"),
        ('{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}', "balance"),
        ('{"object":"error","message":"bad","type":"BadRequestError","param":null,"code":400}', "bad_request"),
        ('{"error":{"message":"bad","type":"BadRequestError","param":null,"code":400}}', "bad_request"),
        ('{"type":"error","error":{"type":"x","message":"output new_sensitive (1027)","http_code":"200"}}', "filter"),
        ('{"message":"login fail (1004)"}', "key"),
        ('{"detail":"out of order"}', "server"),
        ('{"choices":[{"delta":{},"finish_reason":"error"}]}', "server"),
        ('{"error":"overloaded"}', "server"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [b"", frame({"content": "half an ans"})])
def test_errors_inside_a_stream_have_their_fault(payload: str, fault: str, before: bytes) -> None:
    data = before + f"data: {payload}\n\n".encode() + DONE
    for at in range(1, len(data)):
        with pytest.raises(ModelError) as raised:
            answered([data[:at], data[at:]])
        assert raised.value.fault == fault


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ('{"code":1002,"msg":"rate limit"}', "rate_limit"),
        ("upstream overloaded, too many requests", "rate_limit"),
        ('{"error":{"message":"insufficient balance"}}', "balance"),
        ("oops", "server"),
    ],
)
def test_an_error_event_is_an_error_whatever_it_holds(data: str, fault: str) -> None:
    with pytest.raises(ModelError) as raised:
        answered([frame({"content": "a"}), f"event: error\ndata: {data}\n\n".encode(), DONE])
    assert raised.value.fault == fault


def test_which_dialect_it_was() -> None:
    names: dict[str, str] = {}
    for case in ("T1", "T2b", "T3b", "T5a", "T6", "Q8 no opening tag", "Q8 no tags"):
        decoder, dialect = SSEDecoder(), Dialect()
        for data in decoder.feed(CASES[case][0]):
            dialect.read(data)
        names[case] = dialect.name
    assert names == {
        "T1": "think_tags", "T2b": "reasoning_details", "T3b": "reasoning", "T5a": "think_tags",
        "T6": "reasoning_content", "Q8 no opening tag": "think_tags", "Q8 no tags": "plain",
    }  # fmt: skip
