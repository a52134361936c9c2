"""Open documents: plain functions, finished before the next message is read."""

from __future__ import annotations

from lsprotocol import types

from mm_lsp.server import convert, menus, rule_help
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.log import logger
from mm_lsp.text import Document


def did_open(ls: MmLanguageServer, params: types.DidOpenTextDocumentParams) -> None:
    item = params.text_document
    ls.session.put(Document.of(item.text, item.uri, item.language_id, item.version))
    if snapshot := ls.session.snapshot(item.uri):
        menus.look_again(ls, snapshot)
        rule_help.look_later(ls, item.uri)


def did_change(ls: MmLanguageServer, params: types.DidChangeTextDocumentParams) -> None:
    identifier = params.text_document
    document = ls.session.documents.get(identifier.uri)
    if document is None:
        logger.warning("didChange for a document that is not open")
        return
    encoding = ls.session.profile.encoding
    ls.session.put(convert.changed(document, params.content_changes, identifier.version, encoding))
    rule_help.look_later(ls, identifier.uri)


def did_close(ls: MmLanguageServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.tasks.supersede(("completion", params.text_document.uri))
    ls.session.close(params.text_document.uri)
    rule_help.forget(ls, params.text_document.uri)
