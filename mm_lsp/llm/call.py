"""One question to an endpoint: its tries, its stream, what refusals teach. `owner` makes it cancellable."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from mm_lsp.llm.dialect import Dialect
from mm_lsp.llm.endpoint import Endpoint
from mm_lsp.llm.errors import from_body, from_status
from mm_lsp.llm.network import Client, Response, authorization, error_of, retry_after, stalled
from mm_lsp.llm.owner import own
from mm_lsp.llm.payload import estimated_prompt, lesson, payload_of, sent_names
from mm_lsp.llm.registry import facts_of
from mm_lsp.llm.retry import pause_after, pause_before_next
from mm_lsp.llm.sse import SSEDecoder, is_whole, kind_of
from mm_lsp.llm.veil import veiled_values
from mm_lsp.messages import (
    Event,
    Incomplete,
    ModelError,
    ModelRequest,
    Notice,
    Stop,
    TextDelta,
    ToolCall,
    TryAgain,
    Usage,
)
from mm_lsp.redact import mask
from mm_lsp.settings import ModelFacts

_USAGE_GRACE = 2.0  # seconds that a stream may go on after its finish reason, for the usage
_COUNT = 0.5  # that a stream whose answer was enough may go on, for its end and the usage
_DRAIN = 0.1  # seconds that the end of a body may take after [DONE]
_BODY_LIMIT = 64 * 1024  # bytes of an error's body that are read
_LESSONS = 4  # tries that refusals may teach us to make


class Call:
    """One question: `own` runs its exchanges to the end or to `stop`; who asked iterates, and may get ModelError."""

    def __init__(self, endpoint: Endpoint, request: ModelRequest) -> None:
        self._endpoint = endpoint
        self._request = request
        self._name = endpoint.settings.model_for(request.feature)
        self._learned = endpoint.learned[self._name]
        self._facts: ModelFacts = facts_of(self._name, endpoint.settings)
        self._payload: dict[str, Any] = {}
        self._stop = asyncio.Event()
        self._may_cancel = asyncio.Event()  # httpcore is neither fetching a connection nor giving one back
        self.usage: Usage | None = None
        self._has_enough = False
        self._has_shown = False
        self._dialect = Dialect()
        self._tries = self._lessons = 0
        self._key = endpoint.key
        self._has_reread = self._has_lost_tunnel = False
        self._socket: Any = None
        self._arrived: list[Event | ModelError | None] = []
        self._has_arrived = asyncio.Event()
        self._events = self._read_events()

    def __aiter__(self) -> Call:
        return self

    async def __anext__(self) -> Event:
        return await anext(self._events)

    def enough(self) -> None:
        """The answer is all that was wanted: when the context is left, the stream may go on for its end and usage."""
        self._has_enough = True

    def stop(self) -> None:
        self._stop.set()

    async def abandon(self) -> None:
        """Ends it wherever it stands: the client is thrown away, so that a lost connection matters no longer. A cancel
        in the middle of a TLS handshake would leave the socket open (httpcore 1.0.9)."""
        self._may_cancel.set()
        if self._socket is not None:
            await self._socket.aclose()

    async def own(self) -> None:
        await own(self._exchange(), self._stop, self._may_cancel, self._patience)

    def _patience(self) -> float:
        if self._dialect.is_done:  # only the end of the body is missing: the connection can serve again
            return _DRAIN
        return _COUNT if self._has_enough else 0.0

    async def _read_events(self) -> AsyncGenerator[Event]:
        """Raises ModelError; ends after the last event of a complete answer."""
        loop = asyncio.get_running_loop()
        total = self._endpoint.settings.model.total_timeout
        deadline = loop.time() + total
        has_stopped = False
        while True:
            until = min(deadline, loop.time() + _USAGE_GRACE) if has_stopped else deadline
            try:
                if not self._arrived:
                    async with asyncio.timeout_at(until):
                        await self._has_arrived.wait()
            except TimeoutError:
                if has_stopped:
                    return
                raise stalled(total, is_total=True) from None
            arrived, self._arrived = self._arrived, []
            self._has_arrived.clear()
            for item in arrived:
                if item is None:
                    return
                if isinstance(item, ModelError):
                    raise item
                has_stopped = has_stopped or isinstance(item, Stop)
                yield item

    def _deliver(self, *items: Event | ModelError | None) -> None:
        """To the reader; None is the end."""
        self._arrived += items
        self._has_arrived.set()

    async def _exchange(self) -> None:
        try:
            while not await self._try():
                pass
        except Exception as error:  # noqa: BLE001  nobody awaits this task: the reader gets it all
            self._deliver(error_of(error, self._endpoint.settings.model))
        finally:
            self._deliver(None)

    async def _try(self) -> bool:
        """Whether the answer is there; False if it is to be tried again. Raises what can't be mended."""
        self._tries += 1
        client = self._endpoint.client
        try:
            async with self._endpoint.lent(client):
                await self._post(client)
        except Exception as error:
            if self._dialect.is_done:  # what comes after the answer's end can't spoil it
                return True
            failure = error_of(error, self._endpoint.settings.model)
            failure.args = (mask(str(failure), self._key),)  # what stands in a stream may repeat it too
            if failure.fault == "pool" or self._has_lost_tunnel:
                self._endpoint.renew(client)
            if self._has_shown or not await self._can_try_again(failure):
                self._endpoint.pause = pause_after(failure, time.time()) or self._endpoint.pause
                raise failure from error
            return False
        return True

    async def _can_try_again(self, failure: ModelError) -> bool:
        """Waits as long as it takes until another try makes sense; False if none does."""
        self._may_cancel.set()
        if self._stop.is_set():
            return False
        if failure.fault == "key" and await self._has_new_key():
            return True
        if self._lessons < _LESSONS and (learned := lesson(failure, self._payload, self._learned)):
            self._lessons += 1
            self._tries -= 1
            self._deliver(Notice(learned))
            return True
        pause = pause_before_next(failure, self._tries, self._request.is_automatic, random.random())
        if pause is None:
            return False
        self._endpoint.pause = pause_after(failure, time.time()) or self._endpoint.pause
        self._deliver(TryAgain(str(failure), pause))
        await asyncio.sleep(pause)
        return not self._stop.is_set()

    async def _has_new_key(self) -> bool:
        """Another than that which was refused: written newly, or read by another call meanwhile."""
        if self._has_reread or self._endpoint.reread_key is None:
            return False
        self._has_reread = True
        self._endpoint.key = await self._endpoint.reread_key() or self._endpoint.key
        return self._endpoint.key != self._key

    async def _post(self, client: Client) -> None:
        settings = self._endpoint.settings
        params = settings.params_for(self._request.feature)
        if self._request.redactor is not None:
            params = veiled_values(params, self._request.redactor)
        self._payload = payload_of(self._request, params, self._facts, self._learned)
        # "replace": a lone surrogate in someone's file is no reason to fail.
        content = json.dumps(self._payload, ensure_ascii=False).encode("utf-8", "replace")
        expected = "none" if self._facts.reasoning == "none" else self._facts.dialect
        at_once = self._facts.thinks_at_once or self._learned.thinks_at_once
        self._dialect = Dialect(at_once, expected, sent_names(self._payload))
        self._key = self._endpoint.key
        self._may_cancel.clear()
        async with client.stream(
            "POST",
            f"{settings.model.base_url}/chat/completions",
            content=content,
            headers=authorization(settings.model, self._key),
            extensions={"trace": self._trace},
        ) as response:
            await self._read(response)

    async def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        if name.endswith("connect_tcp.complete"):
            self._socket = info.get("return_value")
        elif name.endswith("send_request_headers.started"):
            self._may_cancel.set()
        elif name.endswith(("start_tls.started", "response_closed.started")):  # in a proxy's tunnel; at the end
            self._may_cancel.clear()
        elif name.endswith("start_tls.failed"):  # httpcore 1.0.9 keeps the connection of such a tunnel for good
            self._has_lost_tunnel = True

    async def _read(self, response: Response) -> None:
        key, sent = self._key, sent_names(self._payload)
        if response.status_code != 200:
            body = await self._body(response)
            wait = retry_after(response.headers, time.time())
            raise from_status(response.status_code, body, wait, key, sent=sent)
        body = await self._read_stream(response)
        if body is not None:
            if error := from_body(body, key, sent=sent):
                raise error
            self._pass_on(self._dialect.read(body.decode("utf-8", "replace")))
        self._pass_on(self._dialect.close())
        if not self._dialect.is_done:
            raise Incomplete("The model's answer broke off before its end. Try again.", "incomplete")
        if self._dialect.was_reclassified:
            self._learned.unopened += 1
        elif not self._learned.thinks_at_once or self._dialect.was_plain:
            self._learned.unopened = 0

    async def _read_stream(self, response: Response) -> bytes | None:
        """Passes on what a stream says; the body, where it is none. Comments keep a connection alive, but not the
        patience with a model that says nothing."""
        loop = asyncio.get_running_loop()
        decoder, idle = SSEDecoder(), self._endpoint.settings.model.idle_timeout
        content_type = response.headers.get("content-type", "").lower()
        head, kind, last = b"", "", loop.time()
        async for data in response.aiter_bytes():
            self._tapped(data)
            if kind != "stream":
                head += data
                kind = kind_of(head, content_type)
                if kind != "stream":
                    continue
                data, head = head, b""
            payloads = decoder.feed(data)
            last = loop.time() if payloads else last
            if loop.time() - last > idle:
                raise stalled(idle, is_total=False)
            self._read_payloads(payloads)
        if kind == "whole" or (not kind and is_whole(content_type)):
            return head
        self._read_payloads(decoder.feed(head) + decoder.close())
        return None

    def _read_payloads(self, payloads: list[str]) -> None:
        for payload in payloads:
            if not self._dialect.is_closed:
                self._pass_on(self._dialect.read(payload))
                if self._dialect.is_closed:
                    self._deliver(None)  # nobody need wait for the end of the body

    def _pass_on(self, events: list[Event]) -> None:
        if self._dialect.is_done:
            self._endpoint.pause = None
            self._endpoint.dialect_seen = self._dialect.name
        for event in events:
            if isinstance(event, TextDelta | ToolCall):
                self._has_shown = True
            elif isinstance(event, Usage):
                plain = round(estimated_prompt(self._request, self._learned) / self._learned.calibration.factor)
                self._learned.calibration.learn(plain, event.prompt_tokens)
                self.usage = event
        self._deliver(*events)

    async def _body(self, response: Response) -> bytes:
        body = b""
        async for data in response.aiter_bytes():
            self._tapped(data)
            body += data
            if len(body) >= _BODY_LIMIT:
                break
        return body

    def _tapped(self, data: bytes) -> None:
        if self._endpoint.tap is not None:
            self._endpoint.tap(data)
