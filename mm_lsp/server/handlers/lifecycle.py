"""The beginning and the end of a connection, and the settings in between."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types

from mm_lsp import __version__
from mm_lsp.messages import ModelError
from mm_lsp.server import configuration, log
from mm_lsp.server.capabilities import ClientProfile, server_capabilities
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.protocol import INVALID_REQUEST, ResponseError, invalid_params
from mm_lsp.untyped import rows, table
from mm_lsp.workspace.files import path_of

_ANSWER_SECONDS = 1.0  # that the first request waits for the client's configuration
_SECTION = "mm-lsp"


def initialize(ls: MmLanguageServer, params: Any, commands: list[str], kinds: list[str]) -> dict[str, Any]:
    """Answers from what is at hand; settings and the heavy imports follow behind it."""
    if ls.protocol.is_initialized:
        raise ResponseError(INVALID_REQUEST, "The server has been initialized already.")
    given = _checked(params)
    options, ls.session.initialization = configuration.client_options(given.get("initializationOptions"))
    ls.session.profile = ClientProfile.of(given, options)
    ls.session.folders = _folders(given)
    process_id = given.get("processId")
    ls.follow(process_id if isinstance(process_id, int) else None)
    ls.protocol.is_initialized = True
    ls.tasks.spawn(_load_first(ls), "first settings")
    return {
        "capabilities": server_capabilities(ls.session.profile, commands, kinds),
        "serverInfo": {"name": "mm-lsp", "version": __version__},
    }


def _checked(params: Any) -> Mapping[str, Any]:
    if not isinstance(params, dict):
        raise invalid_params("initialize takes an object.")
    given = table(params)
    if not isinstance(given.get("capabilities", {}), dict):
        raise invalid_params("expected an object at capabilities.")
    return given


def _folders(params: Mapping[str, Any]) -> tuple[Path, ...]:
    uris = [table(folder).get("uri") for folder in rows(params.get("workspaceFolders"))] or [params.get("rootUri")]
    paths = [path_of(uri) for uri in uris if isinstance(uri, str)]
    root_path = params.get("rootPath")
    if not any(paths) and isinstance(root_path, str) and root_path:
        paths = [Path(root_path)]
    return tuple(path for path in paths if path is not None)


async def _load_first(ls: MmLanguageServer) -> None:
    """Without the client's configuration at first: a client that never gives it costs a second, not the service."""
    session = ls.session
    try:
        await _load(ls)
        if session.profile.configuration:
            await asyncio.wait_for(session.pulled.wait(), _ANSWER_SECONDS)
    except TimeoutError:
        log.logger.info("the client gave no configuration in time")
    finally:
        session.is_loaded.set()
        gc.freeze()
        gc.enable()
    if session.settings.has_model:
        with contextlib.suppress(ModelError):
            await session.model()  # imports and certificates are ready before the first question


def initialized(ls: MmLanguageServer, params: Any) -> None:
    del params
    if ls.session.profile.configuration:
        ls.tasks.spawn(_pull(ls), "configuration")


def did_change_configuration(ls: MmLanguageServer, params: types.DidChangeConfigurationParams) -> None:
    """Pull again; a client that can't be asked has pushed what it has."""
    if ls.session.profile.configuration:
        ls.tasks.spawn(_pull(ls), "configuration")
        return
    ls.session.workspace_values = configuration.pushed_settings(params.settings)
    ls.tasks.spawn(_load(ls), "settings")


async def _pull(ls: MmLanguageServer) -> None:
    item = types.ConfigurationItem(section=_SECTION)
    try:
        answer: Any = await ls.protocol.send_request_async(
            types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items=[item])
        )
        ls.session.workspace_values = table(next(iter(rows(answer)), None))
        await _load(ls)
    finally:
        ls.session.pulled.set()


async def _load(ls: MmLanguageServer) -> None:
    session = ls.session
    async with session.loading:
        loaded = await asyncio.to_thread(configuration.load, session.initialization, session.workspace_values)
        unfit = session.adopt(loaded.settings)
    if unfit is not None:
        ls.tasks.spawn(unfit.retire(), "old model client")
    fault = log.follow(loaded.settings.log.level, loaded.settings.log.file)
    problems = [problem for problem in [*loaded.problems, *([fault] if fault else [])] if problem not in session.told]
    if problems:
        session.told.update(problems)
        ls.warn("\n".join(problems))


async def shutdown(ls: MmLanguageServer, params: Any) -> None:
    del params
    ls.protocol.is_shut_down = True
    ls.protocol.cancel_all(but=asyncio.current_task())
    await ls.tasks.drain(1)
    await ls.session.aclose()


def exit_(ls: MmLanguageServer, params: Any) -> None:
    """Exit code 0 after a shutdown, 1 without (LSP 3.17 "exit")."""
    del params
    ls.stop(0 if ls.protocol.is_shut_down else 1)


def cancel_request(ls: MmLanguageServer, params: types.CancelParams) -> None:
    ls.protocol.cancel(params.id)


def cancel_progress(ls: MmLanguageServer, params: types.WorkDoneProgressCancelParams) -> None:
    for job in list(ls.session.jobs.values()):
        if params.token in job.tokens and job.task is not None:
            job.task.cancel()


def did_change_workspace_folders(ls: MmLanguageServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    removed = {path_of(folder.uri) for folder in params.event.removed}
    added = [path_of(folder.uri) for folder in params.event.added]
    kept = [folder for folder in ls.session.folders if folder not in removed]
    ls.session.folders = tuple(dict.fromkeys([*kept, *(path for path in added if path is not None)]))


def ignore(ls: MmLanguageServer, params: Any) -> None:
    """Notifications that are understood and need no answer."""
    del ls, params
