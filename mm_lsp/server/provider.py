"""The one model client of the process: made from the settings in force, made anew when they change, and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mm_lsp.messages import ModelRequest, Refused
from mm_lsp.settings import Settings
from mm_lsp.workspace.user_dirs import config_file, data_dir

if TYPE_CHECKING:
    from mm_lsp.llm.guarded import Guarded, Permit
    from mm_lsp.llm.ledger import Ledger
    from mm_lsp.llm.metering import Metered

_LOOK_SECONDS = 5.0  # between two looks for another key
_LEDGER = "usage.sqlite3"
Tap = Callable[[bytes], object]


class Provider:
    """`settings` gives those in force; `reread` reads them again from where they are written, when a key is refused;
    `tap` gets the bytes of every answer."""

    def __init__(
        self, settings: Callable[[], Settings], reread: Callable[[], Awaitable[Settings]], tap: Tap | None = None
    ) -> None:
        self._settings = settings
        self._reread = reread
        self._tap = tap
        self._model: Metered | None = None
        self._ledger: Ledger | None = None
        self._building = asyncio.Lock()
        self._looked = 0.0  # for another key, at this time
        self.permit: Permit = _permitted

    async def model(self) -> Guarded:
        """The client for the settings in force, through which nothing secret goes out. Raises Refused where a key is
        missing."""
        from mm_lsp.llm.guarded import Guarded

        return Guarded(await self._metered(), self._settings, self.permit)

    async def _metered(self) -> Metered:
        if not self._settings().has_model:
            raise Refused(
                f'No API key. Set the environment variable MM_LSP_API_KEY, or write [model] api_key = "…" into '
                f"{config_file()}, or point model.base_url to an endpoint that needs none."
            )
        ledger = await self.ledger()
        async with self._building:
            while self._model is None:
                settings = self._settings()
                model = await asyncio.to_thread(_build, settings, ledger, self._new_key, self._tap)
                if fits(settings, self._settings()):
                    self._model = model
                else:  # the settings changed meanwhile
                    await model.aclose()
            return self._model

    async def ledger(self) -> Ledger:
        if self._ledger is None:
            from mm_lsp.llm.ledger import Ledger

            self._ledger = Ledger(data_dir() / _LEDGER)
            await asyncio.wrap_future(self._ledger.is_ready)
        return self._ledger

    def outdated(self, old: Settings) -> Metered | None:
        """The client, if it was made for `old` and serves no longer: what it has under way may end, then it is to be
        closed."""
        if self._model is None or fits(old, self._settings()):
            return None
        model, self._model = self._model, None
        return model

    def spent(self) -> str | None:
        """That the day's budget is spent, as a sentence without its end."""
        budget = self._settings().budget
        spent = self._ledger.spent_today(budget.currency) if self._ledger is not None else 0.0
        if spent < budget.daily:
            return None
        return f"the budget of {budget.daily:g} {budget.currency} for today is spent ({spent:.2f}, budget.daily)"

    async def look_for_key(self) -> None:
        """Ends a rest that a refused key began, once another key is written: who mended it should not have to wait."""
        model, now = self._model, time.monotonic()
        pause = model.inner.rests() if model is not None else None
        if model is None or pause is None or pause.fault != "key" or now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        key = await self._new_key()
        if key is not None and key != model.inner.key:
            model.inner.key, model.inner.pause = key, None

    def rests(self) -> str | None:
        """Why, and until when, automatic requests rest after a failure."""
        pause = self._model.inner.rests() if self._model is not None else None
        if pause is None:
            return None
        return f"automatic suggestions rest until {clock(pause.until)} ({pause.reason.rstrip('.')})"

    async def aclose(self) -> None:
        if self._model is not None:
            await self._model.aclose()
        if self._ledger is not None:
            await asyncio.to_thread(self._ledger.close)

    async def _new_key(self) -> str | None:
        """The key as it is written now, beside the same endpoint."""
        settings = await self._reread()
        same = settings.model.base_url == self._settings().model.base_url
        return settings.model.api_key if same else None


async def _permitted(request: ModelRequest) -> None:
    """Where nobody asks the user first."""
    del request


def fits(old: Settings, new: Settings) -> bool:
    """Whether a client that was made for `old` serves `new`."""
    return (old.model, old.models, old.completion.model, old.completion.params) == (
        new.model,
        new.models,
        new.completion.model,
        new.completion.params,
    )


def clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _build(
    settings: Settings, ledger: Ledger, new_key: Callable[[], Awaitable[str | None]], tap: Tap | None
) -> Metered:
    """Imports httpx and reads certificates: not for the loop's thread. Raises Refused."""
    from mm_lsp.llm.metering import Metered
    from mm_lsp.llm.openai import OpenAIModel

    try:
        return Metered(OpenAIModel(settings, new_key, tap), ledger)
    except (ValueError, TypeError) as error:
        raise Refused("The model can't be called: check model.headers, which may hold ASCII text only.") from error
