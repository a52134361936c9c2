"""The adapter to OpenAI-compatible endpoints: every call gets a task that owns it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from mm_lsp.llm.call import Call
from mm_lsp.llm.endpoint import Endpoint
from mm_lsp.messages import ModelRequest, Usage
from mm_lsp.settings import Settings

Ended = Callable[[Usage | None], object]


class OpenAIModel(Endpoint):
    """A LanguageModel behind `POST {base_url}/chat/completions`. One for the process; made outside or inside a loop."""

    def __init__(
        self,
        settings: Settings,
        reread_key: Callable[[], Awaitable[str | None]] | None = None,
        tap: Callable[[bytes], object] | None = None,
    ) -> None:
        super().__init__(settings, reread_key, tap)
        self._owners: set[asyncio.Task[None]] = set()
        self._calls: set[Call] = set()

    @asynccontextmanager
    async def stream(self, request: ModelRequest, ended: Ended = lambda _: None) -> AsyncGenerator[Call]:
        """`ended` is told the endpoint's count, if it gave one, when all is over; that may be after the context."""
        call = Call(self, request)
        owner = asyncio.create_task(call.own(), name="model stream")
        self._owners.add(owner)
        self._calls.add(call)
        owner.add_done_callback(self._owners.discard)
        owner.add_done_callback(lambda _: self._calls.discard(call))
        try:
            yield call
        finally:
            call.stop()
            owner.add_done_callback(lambda _: ended(call.usage))

    async def quiet(self) -> None:
        """Until all that is under way has ended by itself."""
        while self._owners:
            await asyncio.wait(self._owners)

    async def retire(self) -> None:
        await self.quiet()
        await self.close_clients()

    async def aclose(self) -> None:
        for call in self._calls:
            call.stop()
        if self._owners:
            await asyncio.wait(self._owners, timeout=1)
        for call in list(self._calls):
            await call.abandon()
        if self._owners:
            await asyncio.wait(self._owners, timeout=1)
        await self.close_clients()
