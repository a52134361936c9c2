"""A scripted, OpenAI-compatible chat-completions server on loopback.

It runs in a thread of its own, so synchronous and asynchronous tests can both use it, and it reads
from every connection all the time, so it knows at once when the client closes one in mid-reply.

`python -m tests.support.model_server` runs it in the foreground, to try an editor by hand.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Self, cast

Json = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """A delta of the answer."""

    text: str


@dataclass(frozen=True)
class Thinking:
    """A delta of the model's reasoning."""

    text: str


@dataclass(frozen=True)
class Comment:
    """An SSE comment, which gateways send to keep the connection alive."""

    text: str = "OPENROUTER PROCESSING"


@dataclass(frozen=True)
class Finish:
    """The frame that carries the finish reason."""

    reason: str = "stop"


@dataclass(frozen=True)
class Usage:
    """The last frame, with token counts and no choices."""

    prompt: int = 100
    completion: int = 20
    reasoning: int = 5
    cached: int = 0


@dataclass(frozen=True)
class Done:
    """The [DONE] frame."""


@dataclass(frozen=True)
class Raw:
    """Bytes of the response body as they are: broken frames, split characters and so on."""

    data: bytes


@dataclass(frozen=True)
class Sleep:
    """A pause, which ends early when the client closes the connection."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """The server closes the connection in mid-reply, with a TCP reset if `reset`."""

    reset: bool = False


@dataclass(frozen=True)
class Stall:
    """Nothing more is sent, and the connection stays open until the client closes it."""


Frame = Text | Thinking | Comment | Finish | Usage | Done | Raw
Step = Frame | Sleep | Cut | Stall


@dataclass(frozen=True)
class Reply:
    """One HTTP response: streamed `steps`, or a plain `body`, or (with neither) a cut connection.

    `header_delay` is the time in seconds before the first byte of the response.
    """

    steps: tuple[Step, ...] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    header_delay: float = 0.0


Answer = Reply | Callable[[Json], Reply]
"""A reply, or a function that makes one from the request's body. It runs on the server's event loop."""

_USAGE = Usage()


def reply(
    *text_pieces: str,
    thinking: str = "",
    delay: float = 0.0,
    usage: Usage | None = _USAGE,
    reason: str = "stop",
) -> Reply:
    """A complete streamed reply: thinking in up to three pieces, then `delay`, then the text."""
    steps: list[Step] = [Thinking(piece) for piece in _split(thinking, -(-len(thinking) // 3))]
    if delay:
        steps.append(Sleep(delay))
    steps += [Text(piece) for piece in text_pieces]
    steps.append(Finish(reason))
    if usage:
        steps.append(usage)
    return Reply((*steps, Done()))


def error_reply(status: int, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal with the JSON error body of the gateway."""
    body = json.dumps({"error": {"code": status, "message": message}}).encode()
    return Reply(status=status, headers=headers or {}, body=body)


def encode(frame: Frame, model: str = "test-model") -> bytes:
    """The bytes of one frame in an event stream."""
    match frame:
        case Raw(data):
            return data
        case Comment(text):
            return f": {text}\n\n".encode()
        case Done():
            return b"data: [DONE]\n\n"
        case Text(text):
            return _chunk_event(model, [_choice({"content": text})])
        case Thinking(text):
            return _chunk_event(model, [_choice({"content": "", "reasoning": text})])
        case Finish(reason):
            return _chunk_event(model, [_choice({"content": ""}, reason)])
        case Usage():
            return _chunk_event(model, [], usage=_token_counts(frame))


def _choice(delta: Json, finish_reason: str | None = None) -> Json:
    return {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}


def _chunk_event(model: str, choices: list[Json], **extra: Json) -> bytes:
    head = {"id": "gen-1", "object": "chat.completion.chunk", "created": int(time.time()), "model": model}
    return b"data: " + json.dumps({**head, "choices": choices, **extra}).encode() + b"\n\n"


def _token_counts(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _split(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), max(size, 1))]


class Event(NamedTuple):
    """Something that happened to a request: "received", "headers", "body", a step's name in lower case,
    "closed" or "finished". A step is noted once it is done, `at` that time.monotonic().
    """

    name: str
    at: float


@dataclass(eq=False)
class Recorded:
    """One request and what became of it. All times are time.monotonic()."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: Json
    at: float
    events: list[Event] = field(default_factory=list[Event])
    closed_at: float | None = None
    """When the client's close was seen; stays None if the reply was complete by then."""
    finished_at: float | None = None
    """When the last byte was sent, or when a Cut ended the reply."""

    @property
    def text(self) -> str:
        """The contents of all messages, one after another."""
        return "\n".join(_message_text(message) for message in self.body.get("messages", []))

    @property
    def ended(self) -> bool:
        return self.closed_at is not None or self.finished_at is not None

    def note(self, name: str, at: float | None = None) -> None:
        self.events.append(Event(name, time.monotonic() if at is None else at))

    def contains(self, substring: str) -> bool:
        """Whether the messages contain it, as plain text or in their JSON form."""
        as_json = json.dumps(self.body.get("messages", []), ensure_ascii=False)
        return substring in self.text or substring in as_json


def _message_text(message: Json) -> str:
    content: str | list[Json] | None = message.get("content")
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content)
    return content or ""


class _ClosedError(Exception):
    """The connection is closed, by either side."""


class _Connection:
    """One client connection, with a pump that reads even while a reply is being sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.closed_at = 0.0
        self.ended = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._closed = asyncio.Event()
        # With no buffer of our own, drain() returns when the kernel has taken every byte. asyncio's TLS would pause for
        # good at 0.
        writer.transport.set_write_buffer_limits(high=1 if writer.get_extra_info("sslcontext") else 0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def _socket(self) -> socket.socket:
        return self._writer.get_extra_info("socket")

    async def pump(self) -> None:
        with contextlib.suppress(OSError):
            while data := await self._reader.read(65536):
                self._buffer += data
                self._arrived.set()
        self.closed_at = time.monotonic()
        self._closed.set()
        self._arrived.set()

    async def take_until(self, end: bytes) -> bytes:
        """The bytes up to and including `end`."""
        while (found := self._buffer.find(end)) < 0:
            await self._more()
        return await self.take(found + len(end))

    async def take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            await self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _more(self) -> None:
        self.check()
        self._arrived.clear()
        await self._arrived.wait()

    async def send(self, data: bytes) -> None:
        self.check()
        self._writer.write(data)
        try:
            await self._writer.drain()
        except OSError:
            await self.wait_closed()
        # drain() need not yield, and the pump must get its turn between two frames.
        await asyncio.sleep(0)

    async def pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wait_closed()

    async def wait_closed(self) -> NoReturn:
        await self._closed.wait()
        raise _ClosedError

    def check(self) -> None:
        if self._closed.is_set():
            raise _ClosedError

    def close(self) -> None:
        self._writer.close()

    def cut(self, reset: bool = False) -> None:
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(AttributeError):  # Python 3.11.2: a TLS transport that has been closed already
            self._writer.transport.abort()


async def _read_request(connection: _Connection) -> Recorded:
    head = (await connection.take_until(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.strip().split("\r\n")
    method, path, _version = request_line.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    raw = await connection.take(int(headers.get("content-length", "0")))
    return Recorded(method, path, headers, raw, _parse(raw), time.monotonic())


def _parse(raw: bytes) -> Json:
    with contextlib.suppress(ValueError):
        value = json.loads(raw)
        if isinstance(value, dict):
            return cast("Json", value)
    return {}


def _head(answer: Reply, defaults: dict[str, str]) -> bytes:
    headers = defaults | {name.lower(): value for name, value in answer.headers.items()}
    phrase = HTTPStatus(answer.status).phrase if answer.status in list(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _http_chunk(data: bytes) -> bytes:
    # An empty chunk would end the response.
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


class ModelServer:
    """The server, running between `with ModelServer() as server:` and the end of the block.

    A request is answered by the first `when` rule that fits it, or else by the next scripted reply,
    or else by `default`. With `tls` it speaks HTTPS.
    """

    def __init__(
        self, default: Answer | None = None, port: int = 0, log: Path | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.default: Answer = default or reply("ok")
        self.requests: list[Recorded] = []
        self.open_streams = 0
        """How many requests are being answered now."""
        self.peak_streams = 0
        self._queue: deque[Answer] = deque()
        self._rules: list[tuple[str, Answer]] = []
        self._changed = threading.Condition()
        self._port = port
        self._log_path = log
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._connections: set[_Connection] = set()
        self._thread = threading.Thread(target=self._run, name="model-server", daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/v1"

    @property
    def port(self) -> int:
        return self._port

    @property
    def open_connections(self) -> int:
        """How many clients are connected, at work or idle; under TLS from the end of the handshake on."""
        return len(self._connections)

    def script(self, *replies: Answer) -> None:
        """Queue replies, to be used in order and once each."""
        self._queue.extend(replies)

    def when(self, substring: str, answer: Answer) -> None:
        """Give this answer to every request whose messages contain `substring`."""
        self._rules.append((substring, answer))

    def wait_for(self, n_requests: int, timeout: float = 5) -> list[Recorded]:
        """All requests, once there are at least `n_requests`."""
        self._wait(lambda: len(self.requests) >= n_requests, timeout, f"{n_requests} requests")
        return self.requests

    def wait_closed(self, index: int, timeout: float = 5) -> float:
        """When the client closed the connection of request `index` before its reply was complete."""
        self._wait(lambda: len(self.requests) > index and self.requests[index].ended, timeout, "a close")
        closed_at = self.requests[index].closed_at
        assert closed_at is not None, f"request {index} was answered completely, not closed"
        return closed_at

    def wait_idle(self, timeout: float = 5) -> None:
        """Wait until no request is being answered."""
        self._wait(lambda: self.open_streams == 0, timeout, "the end of all replies")

    def _wait(self, predicate: Callable[[], bool], timeout: float, what: str) -> None:
        with self._changed:
            happened = self._changed.wait_for(predicate, timeout)
            counts = f"{len(self.requests)} requests, {self.open_streams} being answered"
        assert happened, f"no {what} within {timeout} s ({counts})"

    def __enter__(self) -> Self:
        # Bound here and not in the thread: the port is known and accepts connections from now on.
        self._socket = socket.create_server(("127.0.0.1", self._port))
        self._port = self._socket.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._socket, ssl=self._tls)
        await self._stop.wait()
        server.close()
        # Lets the handler of a connection that was accepted just now start, and so be ended below.
        await asyncio.sleep(0)
        for connection in list(self._connections):
            connection.cut()
            await connection.ended.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(reader, writer)
        self._connections.add(connection)
        pump = asyncio.create_task(connection.pump())
        with contextlib.suppress(_ClosedError):
            while await self._exchange(connection):
                pass
        connection.close()
        await pump
        self._connections.discard(connection)
        connection.ended.set()

    async def _exchange(self, connection: _Connection) -> bool:
        """Answer one request, and tell whether the connection is to be kept for another."""
        record = await _read_request(connection)
        self._begin(record)
        answer = self._choose(record)
        try:
            await self._answer(connection, record, answer)
        except _ClosedError:
            # Not when the reply was over already, nor when it is this server that is stopping.
            if not record.ended and not self._stop.is_set():
                self._end(record, "closed", connection.closed_at)
            raise
        asked = (record.headers.get("connection", ""), answer.headers.get("connection", ""))
        return "close" not in asked

    def _choose(self, record: Recorded) -> Reply:
        answer = next((answer for substring, answer in self._rules if record.contains(substring)), None)
        if answer is None:
            answer = self._queue.popleft() if self._queue else self.default
        if isinstance(answer, Reply):
            return answer
        try:
            return answer(record.body)
        except Exception as error:  # noqa: BLE001 - the test must see any of them
            return error_reply(500, f"the test's own reply function failed: {error!r}")

    async def _answer(self, connection: _Connection, record: Recorded, answer: Reply) -> None:
        await connection.pause(answer.header_delay)
        if answer.body is not None:
            await self._send_body(connection, record, answer, answer.body)
        elif answer.steps is not None:
            await self._stream(connection, record, answer, answer.steps)
        else:
            self._cut(connection, record, Cut())

    async def _send_body(self, connection: _Connection, record: Recorded, answer: Reply, body: bytes) -> None:
        head = _head(answer, {"content-type": "application/json", "content-length": str(len(body))})
        await self._send_last(connection, record, "body", head + body)

    async def _stream(self, connection: _Connection, record: Recorded, answer: Reply, steps: Sequence[Step]) -> None:
        defaults = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        await connection.send(_head(answer, defaults))
        record.note("headers")
        *most, last = steps or (Raw(b""),)
        for step in most:
            await self._play(connection, record, step)
        if not isinstance(last, Frame):
            await self._play(connection, record, last)
            last = Raw(b"")
        # In one write, so that a client that closes as soon as it has read [DONE] got all of the reply.
        data = _http_chunk(encode(last, record.body.get("model", ""))) + b"0\r\n\r\n"
        await self._send_last(connection, record, type(last).__name__.lower(), data)

    async def _play(self, connection: _Connection, record: Recorded, step: Step) -> None:
        match step:
            case Sleep(seconds):
                await connection.pause(seconds)
            case Stall():
                await connection.wait_closed()
            case Cut():
                self._cut(connection, record, step)
            case _:
                await connection.send(_http_chunk(encode(step, record.body.get("model", ""))))
        record.note(type(step).__name__.lower())

    def _cut(self, connection: _Connection, record: Recorded, step: Cut) -> NoReturn:
        record.note("cut")
        self._end(record, "finished", time.monotonic())
        connection.cut(step.reset)
        raise _ClosedError

    async def _send_last(self, connection: _Connection, record: Recorded, name: str, data: bytes) -> None:
        # A long body may be refused in the middle; only what surely fits is sent in one go.
        await connection.send(data[:-1024])
        connection.check()
        record.note(name)
        # Before the write: whoever has read the whole reply must find it finished here.
        self._end(record, "finished", time.monotonic())
        await connection.send(data[-1024:])

    def _begin(self, record: Recorded) -> None:
        with self._changed:
            self.requests.append(record)
            self.open_streams += 1
            self.peak_streams = max(self.peak_streams, self.open_streams)
            record.note("received", record.at)
            self._log(record)
            self._changed.notify_all()

    def _end(self, record: Recorded, name: str, at: float) -> None:
        with self._changed:
            self.open_streams -= 1
            if name == "closed":
                record.closed_at = at
            else:
                record.finished_at = at
            record.note(name, at)
            self._log(record)
            self._changed.notify_all()

    def _log(self, record: Recorded) -> None:
        """Write the latest event of a request to the log file, if there is one."""
        if self._log_path is None:
            return
        event = record.events[-1]
        line = {
            "event": event.name,
            "request": self.requests.index(record),
            "time": round(time.time(), 3),
            "seconds": round(event.at - record.at, 3),
            "path": record.path,
            "model": record.body.get("model"),
        }
        with self._log_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _slow_reply(text: str, delay: float) -> Reply:
    """Thinking every half second for `delay` seconds, then the text in small pieces, as a model does."""
    steps: list[Step] = [step for _ in range(int(delay / 0.5)) for step in (Thinking("Hmm. "), Sleep(0.5))]
    steps.append(Sleep(delay % 0.5))
    steps += [step for piece in _split(text, 4) for step in (Text(piece), Sleep(0.04))]
    return Reply((*steps, Finish(), Usage(), Done()))


def main() -> None:
    parser = argparse.ArgumentParser(description="A model server that gives every request the same reply.")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--delay", type=float, default=6.0, help="seconds of thinking before the text")
    parser.add_argument("--text", default="print('hello from the model')", help="what is streamed")
    parser.add_argument("--log", type=Path, help="file for a JSON line per start, close and finish")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    answer = _slow_reply(options.text, options.delay)
    with ModelServer(answer, options.port, options.log) as server, contextlib.suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
