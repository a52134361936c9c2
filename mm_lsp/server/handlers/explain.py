"""`mm-lsp.explain`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from mm_lsp.server import convert, explaining, jobs
from mm_lsp.server.jobs import Work
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.text import Position, Span


@dataclass(frozen=True, slots=True)
class ExplainArguments:
    uri: str | None = None
    range: types.Range | None = None
    question: str | None = None


async def explain(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    given = ls.arguments(params, ExplainArguments)
    snapshot = ls.snapshot(given.uri)
    document = snapshot.document
    span = Span(Position(0, 0), Position(0, 0))  # empty: the whole document
    if given.range is not None:
        span = convert.span_from(given.range, document, snapshot.profile.encoding)
    work = Work(
        title=f"Explain {snapshot.name}",
        run=lambda progress: explaining.explain(ls, snapshot, span, given.question, progress),
        streams_text=True,
    )
    return await jobs.take(ls, work, params.work_done_token)
