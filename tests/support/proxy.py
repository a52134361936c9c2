"""Go-betweens on loopback, each in a thread of its own: a forwarding HTTP proxy, and a relay that holds clients up."""

import asyncio
import base64
import contextlib
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Listener:
    """Accepts connections between the start and the end of its `with` block."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    @property
    def open_connections(self) -> int:
        return len(self._open)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._socket)
        await self._stop.wait()
        server.close()
        await asyncio.sleep(0)
        while self._open:
            for task in self._open:
                task.cancel()
            await asyncio.wait(self._open)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        await _close(writer)
        self._open.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def _join(client: _Streams, server: _Streams) -> None:
    """Passes bytes on, both ways, until either side closes."""
    ways = {asyncio.create_task(_pipe(client[0], server[1])), asyncio.create_task(_pipe(server[0], client[1]))}
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
        await _close(server[1])


@dataclass(frozen=True)
class Asked:
    """What a client asked the proxy for; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def authorization(self) -> str | None:
        return self.headers.get("proxy-authorization")


class Proxy(_Listener):
    """Forwards plain requests and tunnels CONNECT, for the `hosts` it knows: names, which need not exist, and the ports
    on loopback where they are served.

    `credentials` ("user:password") are demanded; `delay` is the time in seconds that it thinks about each request.
    """

    def __init__(self, hosts: Mapping[str, int], credentials: str | None = None, delay: float = 0.0) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self._hosts = hosts
        self._delay = delay
        self._expected = None if credentials is None else _basic(credentials)

    def url(self, credentials: str = "") -> str:
        return f"http://{credentials and credentials + '@'}127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: _Streams | None = None
        answers: asyncio.Task[None] | None = None
        try:
            while True:
                asked, body = await self._read(reader)
                await self._think(reader)
                parts = urlsplit(f"//{asked.target}" if asked.method == "CONNECT" else asked.target)
                port = self._hosts.get(parts.hostname or "")
                if self._expected not in (None, asked.authorization):
                    return await _refuse(writer, 407, {"Proxy-Authenticate": 'Basic realm="test"'})
                if port is None:
                    return await _refuse(writer, 502)
                if asked.method == "CONNECT":
                    return await self._tunnel(reader, writer, port)
                if upstream is None:
                    upstream = await asyncio.open_connection("127.0.0.1", port)
                    answers = asyncio.create_task(_pipe(upstream[0], writer))
                    answers.add_done_callback(lambda _: writer.close())
                upstream[1].write(_origin_form(asked, parts.path) + body)
                await upstream[1].drain()
        finally:
            if upstream is not None and answers is not None:
                answers.cancel()
                await _close(upstream[1])

    async def _read(self, reader: asyncio.StreamReader) -> tuple[Asked, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.strip().split("\r\n")
        method, target, _version = line.split(" ")
        pairs = (line.partition(":") for line in lines)
        asked = Asked(method, target, {name.lower(): value.strip() for name, _, value in pairs})
        self.asked.append(asked)
        return asked, await reader.readexactly(int(asked.headers.get("content-length", "0")))

    async def _think(self, reader: asyncio.StreamReader) -> None:
        until = self._loop.time() + self._delay
        while self._loop.time() < until and not reader.at_eof():
            await asyncio.sleep(min(0.01, self._delay))

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        upstream = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join((reader, writer), upstream)


def _basic(credentials: str) -> str:
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


def _origin_form(asked: Asked, path: str) -> bytes:
    headers = {name: value for name, value in asked.headers.items() if not name.startswith("proxy-")}
    lines = [f"{asked.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _refuse(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str] | None = None) -> None:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Content-Length: 0", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()


class Relay(_Listener):
    """Passes the first `passing` connections on to a port on loopback as they are; the others it accepts, and says
    nothing to them."""

    def __init__(self, port: int, passing: int) -> None:
        super().__init__()
        self.accepted = 0
        self.passing = passing
        self._to = port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.accepted > self.passing:
            while await reader.read(65536):
                pass
        else:
            await _join((reader, writer), await asyncio.open_connection("127.0.0.1", self._to))
