"""Frames on a pair of byte streams: a reader and a writer on threads of their own, so that neither a client that
stops reading nor a busy loop can hold the other up."""

from __future__ import annotations

import json
import os
import queue
import re
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from mm_lsp.server.log import logger

MAX_MESSAGE = 512 * 1024 * 1024
_DIGITS = 12  # of a length that can be meant
_MAX_HEADER = 64 * 1024
_LENGTH = re.compile(rb"(?<![\w-])content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


class BrokenFrame(ValueError):
    """The bytes are no LSP frames: nothing that follows can be understood."""


class FrameDecoder:
    """Bytes as they come → message bodies. Header names in any case; frames split and merged anywhere. A header
    without a length is passed over: the next one that has it puts the stream right again."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Raises BrokenFrame."""
        self._buffer += data
        bodies: list[bytes] = []
        while self._length is not None or self._read_header():
            if self._length is None:
                continue
            if len(self._buffer) < self._length:
                break
            bodies.append(bytes(self._buffer[: self._length]))
            del self._buffer[: self._length]
            self._length = None
        return bodies

    def _read_header(self) -> bool:
        end = _HEADER_END.search(self._buffer)
        if end is None:
            if len(self._buffer) > _MAX_HEADER:
                raise BrokenFrame("no header in the first 64 KiB")
            return False
        lengths = _LENGTH.findall(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        if lengths:
            self._length = int(lengths[-1][:_DIGITS])
            if self._length > MAX_MESSAGE:
                raise BrokenFrame("a message of more than half a gigabyte")
        return True


class End:
    """What comes after the last message."""


class Unreadable(NamedTuple):
    """A frame whose body is not JSON."""

    reason: str


def encode_frame(message: Any) -> bytes:
    try:
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate in a document
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def start_reader(read: Callable[[int], bytes], deliver: Callable[[Any], None]) -> None:
    """Reads until the end on a thread of its own; `deliver` gets each message (a JSON value, or Unreadable), at the
    end End. It is called on that thread."""

    def run() -> None:
        decoder = FrameDecoder()
        try:
            while data := read(65536):
                for body in decoder.feed(data):
                    deliver(parse_body(body))
        except (OSError, BrokenFrame) as error:
            logger.warning("the connection is at its end: %s", error)
        finally:
            deliver(End())

    threading.Thread(target=run, name="reader", daemon=True).start()


def parse_body(body: bytes) -> Any:
    """The JSON value, or Unreadable."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        return Unreadable(type(error).__name__)


class FrameWriter:
    """Whole frames in the order they were given, from any thread; never blocks, drops everything once closed."""

    def __init__(self, write: Callable[[memoryview], int]) -> None:
        self._write = write
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting = 0
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def is_congested(self) -> bool:
        """The client has not read for a while: what can be left out should be."""
        return self._waiting > 4 * 1024 * 1024

    def send(self, frame: bytes) -> None:
        if self._is_open:
            self._waiting += len(frame)
            self._queue.put(frame)

    def close(self, seconds: float = 2) -> None:
        """Writes what is left, but does not wait longer than `seconds` for the client to read it."""
        self._is_open = False
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while (frame := self._queue.get()) is not None:
                rest = memoryview(frame)
                while rest:
                    rest = rest[self._write(rest) :]
                self._waiting -= len(frame)
        except (OSError, ValueError):
            self._is_open = False


def stdio() -> tuple[Callable[[int], bytes], Callable[[memoryview], int]]:
    """Read and write of the wire, which from now on nothing else in the process can touch: a stray `print`, also of
    a child or of C code, goes to stderr."""
    wire_in, wire_out = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if os.name == "nt":
        import msvcrt

        for handle in (wire_in, wire_out):
            msvcrt.setmode(handle, os.O_BINARY)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    return lambda size: os.read(wire_in, size), lambda data: os.write(wire_out, data)


def accept_tcp(host: str, port: int) -> tuple[Callable[[int], bytes], Callable[[memoryview], int]]:
    """Waits for one client on a loopback address. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as server:
        print(f"mm-lsp listens on {host}:{server.getsockname()[1]}", file=sys.stderr, flush=True)  # noqa: T201
        connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection.recv, connection.send
