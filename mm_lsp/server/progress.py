"""What the user sees of a call while it runs: LSP work done progress."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from lsprotocol import types

from mm_lsp.server.language_server import MmLanguageServer

if TYPE_CHECKING:
    from mm_lsp.server.session import Job

_REPORT_SECONDS = 1.0  # between two short messages
_TEXT_SECONDS = 0.1  # between two pieces of streamed text
_OPENING_SECONDS = 0.2  # that a finished call waits for a client which has not yet made the token


class Progress:
    """Begin, reports, end for one job: with the request's own token, or one that the client is asked to make, or
    none. With `streams_text` the reports' messages are the answer's text and nothing else."""

    def __init__(self, ls: MmLanguageServer, job: Job, streams_text: bool, token: str | int | None) -> None:
        self._ls = ls
        self._title = job.title
        self._streams_text = streams_text and ls.session.profile.stream_text
        self._token = token if token is not None else f"mm-lsp/{job.id}"
        self._opening: asyncio.Task[None] | None = None
        self._is_open = False
        self._pending = ""
        self._timer: asyncio.TimerHandle | None = None
        self._reported = 0.0
        job.tokens.add(self._token)
        if token is not None:
            self._begin()
        elif ls.session.profile.work_done_progress:
            self._opening = ls.tasks.spawn(self._open(), "progress")

    async def _open(self) -> None:
        await self._ls.protocol.send_request_async(
            types.WINDOW_WORK_DONE_PROGRESS_CREATE, types.WorkDoneProgressCreateParams(token=self._token)
        )
        self._begin()

    def _begin(self) -> None:
        self._is_open = True
        self._send(types.WorkDoneProgressBegin(title=self._title, cancellable=True))
        if self._pending:
            self._flush()

    def text(self, delta: str, length: int) -> None:
        """`delta` of an answer that is `length` characters long so far."""
        if not self._streams_text:
            self.say(f"writing… {length} characters")
            return
        self._pending += delta
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TEXT_SECONDS, self._flush)

    async def end(self, message: str | None = None) -> None:
        if self._opening is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._opening, _OPENING_SECONDS)
        if self._timer is not None:
            self._timer.cancel()
        if self._is_open:
            self._flush()
            self._send(types.WorkDoneProgressEnd(message=None if self._streams_text else message))
            self._is_open = False

    def say(self, message: str) -> None:
        now = asyncio.get_running_loop().time()
        if self._streams_text or not self._is_open or now - self._reported < _REPORT_SECONDS or self._is_held_up:
            return
        self._reported = now
        self._send(types.WorkDoneProgressReport(message=message, cancellable=True))

    @property
    def _is_held_up(self) -> bool:
        frames = self._ls.protocol.frames
        return frames is not None and frames.is_congested

    def _flush(self) -> None:
        self._timer = None
        if self._is_open and self._pending:
            text, self._pending = self._pending, ""
            self._send(types.WorkDoneProgressReport(message=text, cancellable=True))

    def _send(
        self, value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd
    ) -> None:
        self._ls.progress(types.ProgressParams(token=self._token, value=value))
