"""Every task of the server: kept, logged when it fails, cancelled in one way, drained at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, TypeVar

from mm_lsp.server.log import logger, where

Result = TypeVar("Result")


class Superseded(Exception):
    """A newer request of the same key took this one's place."""


class Tasks:
    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._latest: dict[Hashable, tuple[Hashable, asyncio.Task[Any]]] = {}

    def spawn(self, work: Coroutine[Any, Any, Result], name: str) -> asyncio.Task[Result]:
        """A task whose failure is logged, if nobody awaits it, by its kind and place alone."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.debug("%s ended with %s", task.get_name(), where(error))

    async def latest(self, key: Hashable, work: Coroutine[Any, Any, Result], about: Hashable = None) -> Result:
        """Runs `work` unless or until a newer one comes for `key`: then raises Superseded, at once.

        `about` tells what the work answers (see `runs`). The caller's own cancel reaches the work.
        """
        self.supersede(key)
        task = self.spawn(work, f"latest {key}")
        self._latest[key] = (about, task)
        task.add_done_callback(lambda _: self._forget(key, task))
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            raise Superseded from None

    def runs(self, key: Hashable, about: Hashable) -> bool:
        """Whether the work under way for `key` answers just this."""
        return key in self._latest and self._latest[key][0] == about

    def supersede(self, key: Hashable) -> None:
        if entry := self._latest.pop(key, None):
            entry[1].cancel()

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if key in self._latest and self._latest[key][1] is task:
            del self._latest[key]

    async def drain(self, seconds: float) -> None:
        """Cancels everything and waits for its end, not longer than `seconds`."""
        current = asyncio.current_task()
        others = [task for task in self._running if task is not current]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=seconds)
