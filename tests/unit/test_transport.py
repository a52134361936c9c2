"""Frames: bytes → bodies, and bodies → bytes."""

import json
import threading
from typing import Any

import pytest

from mm_lsp.server.transport import (
    MAX_MESSAGE,
    BrokenFrame,
    End,
    FrameDecoder,
    FrameWriter,
    Unreadable,
    encode_frame,
    parse_body,
    start_reader,
)


@pytest.mark.parametrize(
    ("data", "bodies"),
    [
        (b"", []),
        (b"Content-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"content-length: 2\r\n\r\n{}", [b"{}"]),
        (b"CONTENT-LENGTH:2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length :  2  \r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\n\n{}", [b"{}"]),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\r\nContent-Type: x\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]", [b"{}", b"[1]"]),
        (b"Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"", b"{}"]),
        (b"Content-Length: 4\r\n\r\n\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"\r\n\r\n", b"{}"]),
        ("Content-Length: 6\r\n\r\n中文".encode(), ["中文".encode()]),
        (b"Content-Length: 3\r\n\r\n{}", []),
        (b"Content-Length: 2\r\n", []),
        (b"X-Nothing: 1\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: many\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: -2\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\r\nX-Content-Length: 9\r\n\r\n{}", [b"{}"]),
        (b"X-Content-Length: 9\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
    ],
)
def test_bodies(data: bytes, bodies: list[bytes]) -> None:
    assert FrameDecoder().feed(data) == bodies
    decoder = FrameDecoder()
    assert [body for n in range(len(data)) for body in decoder.feed(data[n : n + 1])] == bodies


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 70_000,
        b"Content-Length: %d\r\n\r\n" % (MAX_MESSAGE + 1),
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    ],
    ids=["no header", "too large", "far too large", "no number"],
)
def test_bytes_that_are_no_frames_end_the_connection(data: bytes) -> None:
    with pytest.raises(BrokenFrame):
        FrameDecoder().feed(data)


@pytest.mark.parametrize(
    "message", [{}, {"a": "中文😀"}, {"a": "\u2028\r\n"}, [1, None, True], {"a": "\ud83d"}, {"a": {"b": "x" * 100_000}}]
)
def test_what_is_encoded_comes_back(message: Any) -> None:
    frame = encode_frame(message)
    (body,) = FrameDecoder().feed(frame)
    assert parse_body(body) == message
    assert frame.startswith(b"Content-Length: %d\r\n\r\n" % len(body))


@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000])
def test_a_body_that_is_no_json_is_unreadable(body: bytes) -> None:
    assert isinstance(parse_body(body), Unreadable)


def read_all(*parts: bytes) -> list[Any]:
    delivered: list[Any] = []
    ended = threading.Event()
    rest = list(parts)

    def deliver(message: Any) -> None:
        delivered.append(message)
        if isinstance(message, End):
            ended.set()

    start_reader(lambda _: rest.pop(0) if rest else b"", deliver)
    assert ended.wait(5)
    return delivered


def test_the_reader_delivers_each_message_and_the_end() -> None:
    frames = encode_frame({"a": 1}) + b"Content-Length: 1\r\n\r\n{" + encode_frame([2])
    first, second, third, end = read_all(frames[:30], frames[30:])
    assert (first, third) == ({"a": 1}, [2])
    assert isinstance(end, End)
    assert isinstance(second, Unreadable)


def test_the_reader_ends_at_a_broken_frame() -> None:
    first, end = read_all(encode_frame({"a": 1}), b"x" * 70_000, encode_frame({"b": 2}))
    assert first == {"a": 1}
    assert isinstance(end, End)


class Pipe:
    """Takes at most `size` bytes at a time, and none at all once it is broken."""

    def __init__(self, size: int) -> None:
        self.size, self.got, self.is_broken = size, b"", False

    def write(self, data: memoryview) -> int:
        if self.is_broken:
            raise BrokenPipeError
        self.got += bytes(data[: self.size])
        return min(self.size, len(data))


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_the_writer_writes_whole_frames_in_order(size: int) -> None:
    pipe = Pipe(size)
    writer = FrameWriter(pipe.write)
    for number in range(50):
        writer.send(encode_frame({"n": number}))
    writer.close()
    assert [json.loads(body)["n"] for body in FrameDecoder().feed(pipe.got)] == list(range(50))


def test_after_the_end_frames_are_dropped() -> None:
    pipe = Pipe(100)
    writer = FrameWriter(pipe.write)
    writer.close()
    writer.send(b"x")
    assert pipe.got == b""
    pipe.is_broken = True
    writer = FrameWriter(pipe.write)
    writer.send(b"x")
    writer.close()
    writer.send(b"y")


@pytest.mark.timeout(20)
def test_a_client_that_does_not_read_is_not_waited_for() -> None:
    reads = threading.Event()
    writer = FrameWriter(lambda data: len(data) if reads.wait(15) else 0)
    assert not writer.is_congested
    for _ in range(6):
        writer.send(b"x" * 1_000_000)
    assert writer.is_congested
    writer.close(0.1)
    reads.set()
