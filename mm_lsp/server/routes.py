"""Every method and command on one page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lsprotocol import types

from mm_lsp.server.handlers import (
    code_action,
    command,
    completion,
    context,
    control,
    edit,
    explain,
    lifecycle,
    rule_help,
    text_sync,
)
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.protocol import Handler, invalid_params

Command = Callable[[MmLanguageServer, types.ExecuteCommandParams], Awaitable[Any]]

COMMANDS: Mapping[str, Command] = {
    "mm-lsp.explain": explain.explain,
    "mm-lsp.edit": edit.edit,
    "mm-lsp.apply": code_action.apply,
    "mm-lsp.command.list": command.list_commands,
    "mm-lsp.command.run": command.run,
    "mm-lsp.command.preview": command.preview,
    "mm-lsp.context": context.context,
    "mm-lsp.rules": context.rules,
    "mm-lsp.jobs": control.jobs,
    "mm-lsp.cancel": control.cancel,
    "mm-lsp.usage": control.usage,
    "mm-lsp.why": control.why,
    "mm-lsp.trust": control.trust,
    "mm-lsp.accepted": control.accepted,
}


def initialize(ls: MmLanguageServer, params: Any) -> dict[str, Any]:
    return lifecycle.initialize(ls, params, list(COMMANDS), list(code_action.KINDS))


async def execute_command(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    command = COMMANDS.get(params.command)
    if command is None:
        raise invalid_params(f"mm-lsp has no command {params.command[:80]}.")
    return await command(ls, params)


METHODS: Mapping[str, Handler] = {
    # plain functions: done before the next message is read
    types.INITIALIZE: initialize,
    types.INITIALIZED: lifecycle.initialized,
    types.EXIT: lifecycle.exit_,
    types.CANCEL_REQUEST: lifecycle.cancel_request,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: lifecycle.cancel_progress,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: lifecycle.did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: lifecycle.did_change_workspace_folders,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: lifecycle.ignore,
    types.SET_TRACE: lifecycle.ignore,
    types.TEXT_DOCUMENT_DID_OPEN: text_sync.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: text_sync.did_change,
    types.TEXT_DOCUMENT_DID_SAVE: lifecycle.ignore,
    types.TEXT_DOCUMENT_DID_CLOSE: text_sync.did_close,
    types.TEXT_DOCUMENT_CODE_ACTION: code_action.code_action,
    # coroutine functions: tasks, which `$/cancelRequest` ends
    types.TEXT_DOCUMENT_COMPLETION: completion.completion,
    types.TEXT_DOCUMENT_HOVER: rule_help.hover,
    types.TEXT_DOCUMENT_DOCUMENT_LINK: rule_help.document_link,
    types.TEXT_DOCUMENT_DEFINITION: rule_help.definition,
    types.SHUTDOWN: lifecycle.shutdown,
    types.TEXT_DOCUMENT_INLINE_COMPLETION: completion.inline_completion,
    types.CODE_ACTION_RESOLVE: code_action.resolve,
    types.WORKSPACE_EXECUTE_COMMAND: execute_command,
}
