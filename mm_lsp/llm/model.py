"""What a feature may ask of a model, whoever answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from mm_lsp.messages import Bill, Event, ModelRequest


class Answering(Protocol):
    """The events of one answer; iterating raises ModelError."""

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def __anext__(self) -> Event: ...

    def enough(self) -> None:
        """To be called before leaving an answer that is all that was wanted: its end and its usage may then follow."""
        ...

    def bill(self) -> Bill:
        """What the call has cost so far; an estimate until the endpoint's own count is there."""
        ...


class LanguageModel(Protocol):
    """Leaving the context closes the stream at once, wherever it stands."""

    def stream(self, request: ModelRequest) -> AbstractAsyncContextManager[Answering]: ...

    async def aclose(self) -> None:
        """Closes what is open; takes a second at most."""
        ...
