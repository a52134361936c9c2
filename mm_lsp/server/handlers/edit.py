"""`mm-lsp.edit`: an instruction in the user's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from mm_lsp.assist.rewrite import lines_of
from mm_lsp.server import convert, editing, jobs
from mm_lsp.server.jobs import Work
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.protocol import invalid_params


@dataclass(frozen=True, slots=True)
class EditArguments:
    instruction: str
    uri: str | None = None
    range: types.Range | None = None


async def edit(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    given = ls.arguments(params, EditArguments)
    if not given.instruction.strip():
        raise invalid_params("the instruction is empty: say what to change.")
    snapshot = ls.snapshot(given.uri)
    document = snapshot.document
    span = document.whole_lines(0, len(document.lines) - 1)
    if given.range is not None:
        span = lines_of(document, convert.span_from(given.range, document, snapshot.profile.encoding))
    title = f"Edit {snapshot.name}"
    work = Work(title, lambda progress: editing.apply(ls, snapshot, span, given.instruction, title, progress))
    return await jobs.take(ls, work, params.work_done_token)
