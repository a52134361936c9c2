"""Server-sent events: bytes → payloads."""

import time

import pytest

from mm_lsp.llm.sse import MAX_EVENT_BYTES, EventTooLarge, SSEDecoder


def decoded(*parts: bytes) -> list[str]:
    decoder = SSEDecoder()
    return [payload for part in parts for payload in decoder.feed(part)] + decoder.close()


@pytest.mark.parametrize(
    ("stream", "payloads"),
    [
        (b"", []),
        (b"\n\n\n", []),
        (b"data: a\n\n", ["a"]),
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a \n\n", [" a "]),
        (b"data: a: b\n\n", ["a: b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\n\r\ndata: b\r\n\n", ["a", "b"]),
        (b": comment\n\ndata: a\n\n", ["a"]),
        (b": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n", []),
        (b"data: a\n: comment\n\n", ["a"]),
        (b":\n:data: no\n\n", []),
        (b"event: message\nid: 7\nretry: 10\ndata: a\n\n", ["a"]),
        (b"event: ping\n\n", []),
        (b"Data: a\n\ndataset: b\n\n data: c\n\n", []),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: \xef\xbb\xbfa\n\n", ["\ufeffa"]),
        ("data: a\u2028b\u2029c\x85d\x0be\x0cf\n\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf"]),
        ("data: 中😀é\n\n".encode(), ["中😀é"]),
        (b"data: a\xff\xfeb\n\n", ["a\ufffd\ufffdb"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b'data: {"a":\ndata: 1}\n\n', ['{"a":\n1}']),
        (b'data: {"a": 1}\ndata: {"a": 2}\n\n', ['{"a": 1}', '{"a": 2}']),
        (b'data: {"a": 1}\ndata: [DONE]\n\n', ['{"a": 1}', "[DONE]"]),
        (b'data: {"a": 1}\ndata: {"a": 2}', ['{"a": 1}', '{"a": 2}']),
        (b"data: a", ["a"]),
        (b"data: a\n", ["a"]),
        (b"data: a\r", ["a"]),
        (b"data: a\r\n\r", ["a"]),
        (b"data: a\n\ndata: b", ["a", "b"]),
        (b"data: \xe4\xb8", ["\ufffd"]),
        (b'{"error": "no stream"}', []),
        (b"<html>\n<body>\n", []),
    ],
)
def test_events(stream: bytes, payloads: list[str]) -> None:
    assert decoded(stream) == payloads
    assert decoded(*(stream[n : n + 1] for n in range(len(stream)))) == payloads


def test_an_event_comes_with_its_blank_line_and_not_later() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\n") == ["a"]
    assert decoder.feed(b"data: b\r\n\r\n") == ["b"]
    assert decoder.feed(b"data: [DONE]\n\n") == ["[DONE]"]
    assert decoder.close() == []


@pytest.mark.parametrize("line", [b"data: ", b": ", b""])
def test_an_endless_line_is_refused(line: bytes) -> None:
    decoder = SSEDecoder()
    with pytest.raises(EventTooLarge, match="larger than"):
        decoder.feed(line + b"x" * (MAX_EVENT_BYTES + 10))


def test_an_endless_event_is_refused() -> None:
    line = b"data: " + b"x" * (1024 * 1024) + b"\n"
    with pytest.raises(EventTooLarge):
        decoded(*([line] * (MAX_EVENT_BYTES // (1024 * 1024) + 1)))


def test_many_events_may_be_larger_together() -> None:
    decoder, event = SSEDecoder(), b"data: " + b"x" * (1024 * 1024) + b"\n\n"
    assert sum(len(decoder.feed(event)) for _ in range(12)) == 12


def test_a_long_line_in_small_pieces_takes_no_longer_than_in_one() -> None:
    decoder = SSEDecoder()
    start = time.perf_counter()
    for piece in [b"data: ", *([b"x" * 4096] * 1000), b"\n"]:
        assert decoder.feed(piece) == []
    assert len(decoder.feed(b"\n")[0]) == 4096 * 1000
    assert time.perf_counter() - start < 0.5
