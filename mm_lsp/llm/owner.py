"""The task that owns a stream, so that no caller's cancel ever reaches httpcore.

httpcore 1.0.9 loses a connection slot for good when a task is cancelled while it waits for a connection or gives one
back, and when it is cancelled twice. So callers only ask to stop; the owner cancels the exchange exactly once, and only
where nothing can be lost (reference: minimax-api, section 9).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


async def own(
    work: Coroutine[Any, Any, None], stop: asyncio.Event, may_cancel: asyncio.Event, patience: Callable[[], float]
) -> None:
    """Runs `work` to its end or to `stop`, whatever `work` raises. After `stop` it has `patience()` seconds to end by
    itself; then it is cancelled as soon as `may_cancel` is set, which its connect and pool timeouts bound."""
    exchange = asyncio.create_task(work, name="model exchange")
    await _either(exchange, stop)
    if not exchange.done() and (seconds := patience()):
        await asyncio.wait({exchange}, timeout=seconds)
    while not exchange.done():
        await _either(exchange, may_cancel)
        if may_cancel.is_set():
            exchange.cancel()
            break
    await asyncio.wait({exchange})


async def _either(task: asyncio.Task[None], event: asyncio.Event) -> None:
    """Waits for the task's end or the event, whichever is first."""
    waiter = asyncio.create_task(event.wait(), name="model stop")
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
