"""Diagnostics of open rule files, published a moment after the last key; never of a text that is gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable

from lsprotocol import types

from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.rule_help.diagnosing import diagnostic, problems_of
from mm_lsp.server.rule_help.here import Eyes, eyes_for, here_of, may_be_ours
from mm_lsp.server.tasks import Superseded
from mm_lsp.workspace.files import path_of

_PAUSE_SECONDS = 0.3


def look_later(ls: MmLanguageServer, uri: str) -> None:
    """After each change of a document."""
    if may_be_ours(path_of(uri)):
        ls.tasks.spawn(_looked(ls, uri), "rule help")


def forget(ls: MmLanguageServer, uri: str) -> None:
    """When a document is closed."""
    ls.tasks.supersede(_key(uri))
    if here_of(path_of(uri), ls.session.folders) is not None:
        _publish(ls, uri, None, [])


def _key(uri: str) -> Hashable:
    return ("rule help", uri)


async def _looked(ls: MmLanguageServer, uri: str) -> None:
    with contextlib.suppress(Superseded):
        await ls.tasks.latest(_key(uri), _look(ls, uri))


async def _look(ls: MmLanguageServer, uri: str) -> None:
    await asyncio.sleep(_PAUSE_SECONDS)
    await ls.session.is_loaded.wait()
    snapshot = ls.session.snapshot(uri)
    here = await asyncio.to_thread(here_of, snapshot.path, snapshot.folders) if snapshot is not None else None
    if snapshot is None or here is None:
        return
    diagnostics = await asyncio.to_thread(_diagnostics, eyes_for(ls, snapshot, here))
    if ls.session.documents.get(uri) is snapshot.document:
        _publish(ls, uri, snapshot.document.version, diagnostics)


def _diagnostics(eyes: Eyes) -> list[types.Diagnostic]:
    return [diagnostic(eyes.manuscript, problem, eyes.profile) for problem in problems_of(eyes)]


def _publish(ls: MmLanguageServer, uri: str, version: int | None, diagnostics: list[types.Diagnostic]) -> None:
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))
