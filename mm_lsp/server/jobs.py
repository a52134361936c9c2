"""The one journey of every asked-for call: a long request for clients that can wait, a background job for the rest.

Helix stands still and Emacs gives up on a slow request, so a job's request is answered at once with `{job}`, and the
outcome comes by applyEdit, showDocument or a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pygls.exceptions import JsonRpcException

from mm_lsp.messages import ModelError
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.log import logger, where
from mm_lsp.server.progress import Progress
from mm_lsp.server.protocol import CONTENT_MODIFIED, REQUEST_FAILED, ResponseError
from mm_lsp.server.session import Job


@dataclass(frozen=True, slots=True)
class Work:
    """What a call does. `run` gives the result and, if there is something to announce, a sentence for it."""

    title: str
    run: Callable[[Progress], Awaitable[tuple[Any, str | None]]]
    streams_text: bool = False


async def take(ls: MmLanguageServer, work: Work, token: str | int | None) -> Any:
    """The work's result (the client waits: `longRequests`), or `{job}` at once."""
    waits = ls.session.profile.long_requests
    job = _begin(ls, work, token, waits)
    return await job.task if waits and job.task else {"job": job.id}


async def wait_for(ls: MmLanguageServer, work: Work, token: str | int | None) -> Any:
    """The work's result; the request's cancel reaches the work."""
    job = _begin(ls, work, token, waits=True)
    return await job.task if job.task else None


def _begin(ls: MmLanguageServer, work: Work, token: str | int | None, waits: bool) -> Job:
    job = Job(ls.session.next_id(), work.title, asyncio.get_running_loop().time())
    job.task = ls.tasks.spawn(_journey(ls, job, work, token, waits), work.title)
    ls.session.jobs[job.id] = job
    return job


async def _journey(ls: MmLanguageServer, job: Job, work: Work, token: str | int | None, waits: bool) -> Any:
    progress = Progress(ls, job, work.streams_text, token)
    said: str | None = None
    complaint: str | None = None
    try:
        result, said = await work.run(progress)
    except Exception as error:
        code, sentence = _sentence(error)
        complaint = sentence if not waits or code == CONTENT_MODIFIED else None
        if waits:
            raise ResponseError(code, sentence) from error
        return None
    else:
        return result
    finally:
        ls.session.jobs.pop(job.id, None)
        await progress.end(said)
        # Helix clears its status line at the end of a progress: what is to be read comes after it.
        if complaint:
            ls.complain(complaint)
        elif said and not waits:
            ls.tell(said)


def _sentence(error: Exception) -> tuple[int, str]:
    if isinstance(error, ResponseError | ModelError):
        return getattr(error, "code", REQUEST_FAILED), str(error)
    if isinstance(error, JsonRpcException):
        return REQUEST_FAILED, f"The editor refused: {error.message[:200]}. Nothing was changed."
    logger.error("a job failed: %s", where(error))
    return REQUEST_FAILED, "mm-lsp made a mistake; its log tells where. Please report it."


def cancel(ls: MmLanguageServer, job_id: str | None) -> str | None:
    """Ends a job, or the newest; its id, or None if there was none."""
    if job_id is None:
        job_id = next(reversed(ls.session.jobs), None)
    job = ls.session.jobs.get(job_id) if job_id is not None else None
    if job is None or job.task is None:
        return None
    job.task.cancel()
    return job.id
