"""The only door to a model: whatever goes out loses its secrets first, and goes out only if the user permits it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from mm_lsp.llm.metering import Call, Metered
from mm_lsp.llm.veil import veiled
from mm_lsp.messages import ModelRequest
from mm_lsp.settings import Settings

_logger = logging.getLogger("mm_lsp")

Permit = Callable[[ModelRequest], Awaitable[None]]


class Guarded:
    """A LanguageModel over `inner`. `permit` raises ModelError where a request may not be sent."""

    def __init__(self, inner: Metered, settings: Callable[[], Settings], permit: Permit) -> None:
        self._inner = inner
        self._settings = settings
        self._permit = permit

    @asynccontextmanager
    async def stream(self, request: ModelRequest) -> AsyncGenerator[Call]:
        request = veiled(request, self._settings())
        await self._permit(request)
        if self._settings().log.prompts:
            _logger.info("prompt:\n%s", "\n".join(message.content for message in request.messages))
        async with self._inner.stream(request) as call:
            yield call

    @property
    def dialect_seen(self) -> str:
        """Where the endpoint's answers have put their thinking."""
        return self._inner.inner.dialect_seen

    async def quiet(self) -> None:
        """Until all that is under way has ended by itself."""
        await self._inner.inner.quiet()

    async def aclose(self) -> None:
        await self._inner.aclose()
