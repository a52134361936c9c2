"""What a feature may ask of a model, whoever answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mm_lsp.messages import Event, ModelRequest


class LanguageModel(Protocol):
    """Leaving the context closes the stream at once, wherever it stands; iterating raises ModelError."""

    def stream(self, request: ModelRequest) -> AbstractAsyncContextManager[AsyncIterator[Event]]: ...

    async def aclose(self) -> None:
        """Closes what is open; takes a second at most."""
        ...
