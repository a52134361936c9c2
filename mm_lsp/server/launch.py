"""One server on one connection, from the first byte to the exit code."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.log import logger, where
from mm_lsp.server.previewing import Previews
from mm_lsp.server.processes import is_alive
from mm_lsp.server.protocol import MessageId
from mm_lsp.server.routes import METHODS
from mm_lsp.server.transport import End, FrameWriter, start_reader
from mm_lsp.untyped import table

_WATCH_SECONDS = 1.0


def serve(read: Callable[[int], bytes], write: Callable[[memoryview], int], parent_id: int | None = None) -> int:
    """Serves until the client has gone; the exit code that LSP asks for.

    The loop is not closed: that would wait for threads (a key command that hangs), and the process ends now.
    """
    return asyncio.new_event_loop().run_until_complete(_serve(read, write, parent_id))


async def _serve(read: Callable[[int], bytes], write: Callable[[memoryview], int], parent_id: int | None) -> int:
    loop = asyncio.get_running_loop()
    ls = MmLanguageServer()
    ls.follow(parent_id)
    ls.session.provider.permit = Previews(ls).permit
    ls.protocol.handlers = METHODS
    ls.protocol.frames = FrameWriter(write)
    pump = _Pump(ls)

    def deliver(message: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(pump.push, message)

    start_reader(read, deliver)
    _ParentWatch(ls)
    code = await ls.exit_code
    ls.protocol.is_shut_down = True
    ls.protocol.cancel_all()
    await ls.tasks.drain(1)
    await ls.session.aclose()
    ls.protocol.frames.close()
    return code


class _Pump:
    """Hands over one message a turn of the loop: what a request's task does first comes before the next message,
    so that it sees exactly the changes that were sent before it."""

    def __init__(self, ls: MmLanguageServer) -> None:
        self._ls = ls
        self._waiting: deque[Any] = deque()
        self._has_turn = False  # one is due: a cancel may empty the queue meanwhile

    def push(self, message: Any) -> None:
        if not self._cancels_unread(message):
            self._waiting.append(message)
            self._call_turn()

    def _call_turn(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._has_turn = False
        if not self._waiting:
            return
        message = self._waiting.popleft()
        try:
            if isinstance(message, End):
                self._ls.stop(0 if self._ls.protocol.is_shut_down else 1)
            else:
                self._ls.protocol.receive(message)
        except Exception as error:  # noqa: BLE001  one message must not end the service
            logger.error("a message could not be handled: %s", where(error))
        if self._waiting:
            self._call_turn()

    def _cancels_unread(self, message: Any) -> bool:
        """A cancel of a request that nobody has read yet takes it out of the queue."""
        given = table(message)
        if given.get("method") != types.CANCEL_REQUEST:
            return False
        message_id: MessageId = table(given.get("params")).get("id", "")
        for waiting in self._waiting:
            if _is_request(table(waiting), message_id):
                self._waiting.remove(waiting)
                self._ls.protocol.cancel_unread(message_id)
                return True
        return False


def _is_request(message: dict[str, Any], message_id: MessageId) -> bool:
    return "method" in message and message.get("id") == message_id and "id" in message


class _ParentWatch:
    """Ends the server when the client's process is gone."""

    def __init__(self, ls: MmLanguageServer) -> None:
        self._ls = ls
        self._look()

    def _look(self) -> None:
        parent = self._ls.parent_id
        if parent is not None and not is_alive(parent):
            logger.info("the client's process is gone")
            self._ls.stop(0 if self._ls.protocol.is_shut_down else 1)
            return
        asyncio.get_running_loop().call_later(_WATCH_SECONDS, self._look)
