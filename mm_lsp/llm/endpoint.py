"""What all calls to one endpoint share: its client, its key, what it has taught, the pause that it asked for."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from mm_lsp.llm.network import Client, client_for, tls_context
from mm_lsp.llm.payload import Learned
from mm_lsp.llm.retry import Pause
from mm_lsp.settings import Settings


class Endpoint:
    """`reread_key` is asked for the key when the endpoint refuses it; `tap` gets
    the bytes of every answer. Reads certificates. Raises Refused."""

    def __init__(
        self,
        settings: Settings,
        reread_key: Callable[[], Awaitable[str | None]] | None = None,
        tap: Callable[[bytes], object] | None = None,
    ) -> None:
        self.settings = settings
        self.key = settings.model.api_key
        self._tls = tls_context(settings.model)
        self.client = client_for(settings.model, self._tls)
        self.reread_key = reread_key
        self.tap = tap
        self.pause: Pause | None = None
        self.dialect_seen = ""
        self.learned: defaultdict[str, Learned] = defaultdict(Learned)  # by the model's name
        self._uses: Counter[Client] = Counter()

    def rests(self) -> Pause | None:
        """The pause that automatic requests keep now."""
        return self.pause if self.pause is not None and self.pause.until > time.time() else None

    def renew(self, worn: Client) -> None:
        """A pool that has lost connections is left behind; it is closed when nobody uses it any more."""
        if self.client is worn:
            self.client = client_for(self.settings.model, self._tls)

    @asynccontextmanager
    async def lent(self, client: Client) -> AsyncGenerator[None]:
        """`client` stays open for one try at least."""
        self._uses[client] += 1
        try:
            yield
        finally:
            self._uses[client] -= 1
            if client is not self.client and not self._uses[client]:
                del self._uses[client]
                await client.aclose()

    async def close_clients(self) -> None:
        for client in {*self._uses, self.client}:
            await client.aclose()
