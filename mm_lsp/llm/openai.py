"""The adapter to OpenAI-compatible endpoints, and the owner task that makes every stream cancellable.

httpcore 1.0.9 loses a connection slot when a task is cancelled while it waits for a connection, and when it is
cancelled twice. So no caller's cancel ever reaches it: a task of our own owns each stream, callers only ask it to
stop, and it cancels the exchange exactly once, and only after the request's headers have begun to go out.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from mm_lsp.llm.dialect import Dialect
from mm_lsp.llm.errors import from_body, from_status
from mm_lsp.llm.sse import EventTooLarge, SSEDecoder
from mm_lsp.messages import BadReply, Event, Incomplete, ModelError, ModelRequest, Refused, Stop, Unreachable
from mm_lsp.redact import mask
from mm_lsp.settings import ModelSettings, Settings

_USAGE_GRACE = 2.0  # seconds that a stream may go on after its finish reason, for the usage
_DRAIN = 0.1  # seconds that the end of a body may take after [DONE]
_BODY_LIMIT = 64 * 1024  # bytes of an error's body that are read
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")  # never through a proxy


class _Alive:
    """Data came that says nothing to a reader, but that the model is at work."""


class OpenAIModel:
    """A LanguageModel behind `POST {base_url}/chat/completions`. One for the process; made outside or inside a loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = _client(settings.model)
        self._owners: set[asyncio.Task[None]] = set()
        self._calls: set[_Call] = set()

    @asynccontextmanager
    async def stream(self, request: ModelRequest) -> AsyncGenerator[AsyncIterator[Event]]:
        call = _Call(self._client, self._settings.model, self._payload(request))
        owner = asyncio.create_task(call.own(), name="model stream")
        self._owners.add(owner)
        self._calls.add(call)
        owner.add_done_callback(self._owners.discard)
        owner.add_done_callback(lambda _: self._calls.discard(call))
        try:
            yield call.events()
        finally:
            call.stop()

    async def retire(self) -> None:
        """Closes the client once all that is under way has ended by itself."""
        while self._owners:
            await asyncio.wait(self._owners)
        await self._client.aclose()

    async def aclose(self) -> None:
        for call in self._calls:
            call.stop()
        if self._owners:
            await asyncio.wait(self._owners, timeout=1)
        await self._client.aclose()

    def _payload(self, request: ModelRequest) -> bytes:
        settings = self._settings
        for_completion = request.feature == "completion"
        payload: dict[str, Any] = {
            "stream_options": {"include_usage": True},
            "max_tokens": request.max_tokens,
            **settings.model.params,
            **(settings.completion.params if for_completion else {}),
            # What this program decides: whom it asks, what, and how it reads the answer.
            "model": settings.completion_model if for_completion else settings.model.name,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "stream": True,
        }
        # "replace": a lone surrogate in someone's file is no reason to fail.
        return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")


class _Call:
    """One exchange: `own` runs it to its end or to `stop`; `events` is read by whoever asked."""

    def __init__(self, client: httpx.AsyncClient, settings: ModelSettings, payload: bytes) -> None:
        self._client = client
        self._settings = settings
        self._payload = payload
        self._stop = asyncio.Event()
        self._sending = asyncio.Event()
        self._is_closing = False  # the connection goes back to the pool: a cancel now would lose it
        self._dialect = Dialect()
        self._queue: asyncio.Queue[Event | ModelError | _Alive | None] = asyncio.Queue()

    def stop(self) -> None:
        self._stop.set()

    async def own(self) -> None:
        exchange = asyncio.create_task(self._exchange(), name="model exchange")
        await _either(exchange, self._stop)
        if self._dialect.is_done:  # only the end of the body is missing: the connection can serve again
            await asyncio.wait({exchange}, timeout=_DRAIN)
        if not exchange.done():
            await _either(exchange, self._sending)  # bounded by the connect and pool timeouts
            if not self._is_closing:
                exchange.cancel()
        await asyncio.wait({exchange})

    async def events(self) -> AsyncIterator[Event]:
        """Raises ModelError; ends after the last event of a complete answer."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.total_timeout
        stopped = False
        while True:
            is_over = stopped or self._dialect.is_closed
            patience = self._settings.idle_timeout
            if is_over:
                patience = _DRAIN if self._dialect.is_closed else _USAGE_GRACE
            try:
                async with asyncio.timeout_at(min(deadline, loop.time() + patience)):
                    item = await self._queue.get()
            except TimeoutError:
                if is_over:
                    return
                raise self._stalled(loop.time() >= deadline) from None
            if item is None:
                return
            if isinstance(item, ModelError):
                raise item
            if not isinstance(item, _Alive):
                stopped = stopped or isinstance(item, Stop)
                yield item

    def _stalled(self, is_total: bool) -> Incomplete:
        limit = self._settings.total_timeout if is_total else self._settings.idle_timeout
        what = "has not finished within" if is_total else "has sent nothing for"
        return Incomplete(f"The model {what} {limit:g} s (model.timeout). Try again.")

    async def _exchange(self) -> None:
        try:
            async with self._client.stream(
                "POST",
                f"{self._settings.base_url}/chat/completions",
                content=self._payload,
                extensions={"trace": self._trace},
            ) as response:
                await self._read(response)
        except Exception as error:  # noqa: BLE001  whatever the network throws is one sentence for the reader
            if not self._dialect.is_done:  # what comes after the answer's end can't spoil it
                self._queue.put_nowait(error if isinstance(error, ModelError) else self._network_error(error))
        finally:
            self._queue.put_nowait(None)

    async def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        del info
        if name.endswith("send_request_headers.started"):
            self._sending.set()
        elif name.endswith("response_closed.started"):
            self._is_closing = True

    async def _read(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            body = await _body(response)
            raise from_status(response.status_code, body, _retry_after(response), self._settings.api_key)
        content_type = response.headers.get("content-type", "").lower()
        if "json" in content_type or "html" in content_type:
            await self._read_whole(response)
        else:
            await self._read_stream(response)

    async def _read_whole(self, response: httpx.Response) -> None:
        """An answer that came in one piece though a stream was asked for."""
        body = await response.aread()
        if error := from_body(body, self._settings.api_key):
            raise error
        for event in self._dialect.read(body.decode("utf-8", "replace")):
            self._queue.put_nowait(event)

    async def _read_stream(self, response: httpx.Response) -> None:
        decoder = SSEDecoder()
        async for data in response.aiter_bytes():
            self._pass_on(decoder.feed(data))
        self._pass_on(decoder.close())
        if not self._dialect.is_done:
            raise Incomplete("The model's answer broke off before its end. Try again.")

    def _pass_on(self, payloads: list[str]) -> None:
        for payload in payloads:
            if self._dialect.is_closed:
                return
            events = self._dialect.read(payload)
            for event in events or (_Alive(),):
                self._queue.put_nowait(event)

    def _network_error(self, error: Exception) -> ModelError:
        host = _host(self._settings.base_url)
        detail = mask(_innermost(error), self._settings.api_key)
        if isinstance(error, EventTooLarge):
            return BadReply(f"The model's endpoint sent too much at once: {detail}.")
        if isinstance(error, httpx.LocalProtocolError):
            return Refused("The key or a header can't be sent as it is: check MM_LSP_API_KEY and model.headers.")
        if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
            return Refused(f"model.base_url is not an address that can be called: {detail}")
        if isinstance(error, httpx.ReadTimeout):
            return self._stalled(is_total=False)
        if isinstance(error, httpx.PoolTimeout):
            return Unreachable("Too many requests to the model are under way. Try again.")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            reason = "no answer in time" if isinstance(error, httpx.ConnectTimeout) else detail
            return Unreachable(
                f"Can't reach the model's endpoint {host}: {reason}. Check the network and model.base_url."
            )
        return Incomplete(f"The connection to the model's endpoint {host} broke: {detail}. Try again.")


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return mask(url)


async def _either(task: asyncio.Task[None], event: asyncio.Event) -> None:
    """Waits for the task's end or the event, whichever is first."""
    waiter = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()


def _client(settings: ModelSettings) -> httpx.AsyncClient:
    headers = {
        "Content-Type": "application/json",
        "Accept": "text/event-stream",
        "Accept-Encoding": "identity",
    }
    if settings.api_key:
        headers["Authorization"] = f"Bearer {settings.api_key}"
    verify = ssl.create_default_context(cafile=settings.ca_bundle) if settings.ca_bundle else True
    return httpx.AsyncClient(
        headers={**headers, **settings.headers},
        # HTTP/2 would not tell the server that a stream was left (no RST_STREAM in httpcore).
        http2=False,
        follow_redirects=False,
        verify=verify,
        proxy=settings.proxy,
        mounts={} if settings.proxy else dict.fromkeys(_LOOPBACK),
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=30),
        timeout=httpx.Timeout(
            connect=settings.connect_timeout,
            read=settings.idle_timeout,
            write=30,
            pool=settings.connect_timeout,
        ),
    )


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for data in response.aiter_bytes():
        body += data
        if len(body) >= _BODY_LIMIT:
            break
    return body


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers.get("retry-after", ""))
    except ValueError:
        return None


def _innermost(error: BaseException) -> str:
    """The words of the first cause: httpx says "All connection attempts failed", the cause says which way."""
    while (cause := error.__cause__ or error.__context__) is not None:
        if isinstance(cause, ConnectionError) and cause.errno:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        error = cause
    return str(error) or type(error).__name__
