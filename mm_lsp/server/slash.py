"""Completion of `/commands` and `@files`, in comments and in documents that are prompts; nowhere else."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from lsprotocol import types

from mm_lsp.assist import comments
from mm_lsp.assist.context import line_prefix
from mm_lsp.rulebook.commands import Command, completion_prefix
from mm_lsp.server import convert, guiding, menus
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Position, Span
from mm_lsp.workspace.files import project_root
from mm_lsp.workspace.tree import SKIPPED, names_in

_FILE = re.compile(r"(?:^|(?<=[\s(]))@((?:[\w.+-]+/)*[\w.+-]*)$")
_LISTED = 100
_RUN = "mm-lsp.command.run"


async def items_at(ls: MmLanguageServer, snapshot: Snapshot, position: Position) -> list[types.CompletionItem] | None:
    """None where neither a command nor a file is being typed."""
    document = snapshot.document
    line = line_prefix(document, position)
    if "/" not in line and "@" not in line:
        return None
    in_comment = comments.is_comment(line, document.language_id)
    is_prompt = comments.is_prompt(document.uri, document.language_id)
    if not in_comment and not is_prompt:
        return None
    typed = completion_prefix(line, is_prompt, in_comment)
    if typed is not None:
        found = menus.known(ls, snapshot)
        return [_command_item(name, command, typed, snapshot, position) for name, command in found.items()]
    reference = _FILE.search(line)
    return None if reference is None else await _files(ls, snapshot, position, reference.group(1))


def is_trigger(context: types.CompletionContext | None) -> bool:
    """Whether only a typed `/` or `@` asks, which means nothing outside of comments and prompts."""
    return context is not None and context.trigger_kind == types.CompletionTriggerKind.TriggerCharacter


def _command_item(
    name: str, command: Command, typed: str, snapshot: Snapshot, position: Position
) -> types.CompletionItem:
    """Where the command takes no arguments, choosing it runs it; else they are typed first, and the comment's own code
    action runs it."""
    document, encoding = snapshot.document, snapshot.profile.encoding
    start = Position(position.line, position.column - len(typed))
    line = document.whole_lines(position.line, position.line)
    call = {
        "name": name,
        "arguments": "",
        "uri": document.uri,
        "range": convert.range_to_json(line, document, encoding),
    }
    runs = not command.argument_hint and "$" not in command.body and "{{args}}" not in command.body
    return types.CompletionItem(
        label=f"/{name}",
        label_details=types.CompletionItemLabelDetails(description=command.path),
        kind=types.CompletionItemKind.Function,
        detail=command.argument_hint or command.path,
        documentation=command.description,
        filter_text=f"/{name}",
        sort_text=name,
        text_edit=types.TextEdit(convert.range_to(Span(start, position), document, encoding), f"/{name}"),
        command=types.Command(f"/{name}", _RUN, arguments=[call]) if runs else None,
    )


async def _files(
    ls: MmLanguageServer, snapshot: Snapshot, position: Position, typed: str
) -> list[types.CompletionItem]:
    if snapshot.path is None:
        return []
    folder, _, begun = typed.rpartition("/")
    hold_back = guiding.holding_back(ls, snapshot.path)
    root = project_root(snapshot.path, snapshot.folders)
    names = await asyncio.to_thread(_names, root, folder, begun, hold_back)
    start = Position(position.line, position.column - len(begun))
    place = convert.range_to(Span(start, position), snapshot.document, snapshot.profile.encoding)
    return [
        types.CompletionItem(
            label=name,
            kind=types.CompletionItemKind.Folder if name.endswith("/") else types.CompletionItemKind.File,
            filter_text=name,
            text_edit=types.TextEdit(place, name),
        )
        for name in names
    ]


def _names(root: Path, folder: str, begun: str, hold_back: guiding.HoldBack) -> list[str]:
    """Of the folder's files and folders those that begin so and may be sent."""
    if ".." in folder.split("/"):
        return []
    directory = root / folder
    names = [name for name in names_in(directory, root) if name.lower().startswith(begun.lower())]
    names = [name for name in names if name.rstrip("/") not in SKIPPED][:_LISTED]
    return [name for name in names if hold_back(directory / name, False) is None]
