"""Slash commands and skills by name: listed, previewed, run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from mm_lsp.assist.rewrite import lines_of
from mm_lsp.rulebook.commands import Command
from mm_lsp.server import commanding, convert, guiding, jobs
from mm_lsp.server.jobs import Work
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.protocol import invalid_params
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Span
from mm_lsp.workspace.files import path_of


@dataclass(frozen=True, slots=True)
class ListArguments:
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class CallArguments:
    name: str
    arguments: str = ""
    uri: str | None = None
    range: types.Range | None = None


async def list_commands(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """Everything that `/` can call for a file, open or not; also what waits for the user's trust."""
    uri = ls.arguments(params, ListArguments).uri or ls.session.touched_last or ""
    await ls.session.is_loaded.wait()
    look = await asyncio.to_thread(ls.session.library.look, ls.session.wanted(path_of(uri)))
    commands = commanding.commands_of(look)
    return [
        {"name": name, **_described(command), "trusted": look.is_allowed(command)} for name, command in commands.items()
    ]


def _described(command: Command) -> dict[str, Any]:
    return {
        "description": command.description,
        "argumentHint": command.argument_hint,
        "source": command.path,
        "scope": command.scope,
        "kind": "skill" if command.style == "skill" else "command",
        "allowedTools": list(command.allowed_tools),  # shown, never granted
        "problems": [problem.message for problem in command.problems],
    }


async def run(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    given, snapshot, span = _call(ls, params)
    work = Work(
        title=f"/{given.name.removeprefix('/')} {snapshot.name}",
        run=lambda progress: commanding.run(ls, snapshot, given.name, given.arguments, span, progress),
        streams_text=True,
    )
    return await jobs.take(ls, work, params.work_done_token)


async def preview(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """What the command would ask, as it would leave the machine; nothing is sent. Shell parts are named, never run."""
    given, snapshot, span = _call(ls, params)
    snapshot = await ls.session.loaded(snapshot)
    look = await guiding.look_at(ls, snapshot)
    command = commanding.command_named(look, given.name)
    call = commanding.call_of(ls, look, command, given.arguments, snapshot, span)
    what = await asyncio.to_thread(commanding.called, call)
    return {
        "name": command.name,
        **_described(command),
        "trusted": look.is_allowed(command),
        "text": call.redactor.text(what.text),
        "files": [part.source for part in what.references],
        "shell": list(what.expansion.shell),
        "missing": list(what.expansion.inputs),
    }


def _call(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> tuple[CallArguments, Snapshot, Span]:
    """Without a range the whole document is meant."""
    given = ls.arguments(params, CallArguments)
    if not given.name.strip().removeprefix("/"):
        raise invalid_params("the name is empty: say which command.")
    snapshot = ls.snapshot(given.uri)
    document = snapshot.document
    if given.range is None:
        return given, snapshot, document.whole_lines(0, len(document.lines) - 1)
    span = convert.span_from(given.range, document, snapshot.profile.encoding)
    return given, snapshot, lines_of(document, span)
