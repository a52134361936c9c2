"""Hover, links and definitions, in rule files, skills and commands alone; elsewhere null and empty lists, at once."""

from __future__ import annotations

from lsprotocol import types

from mm_lsp.server import convert, rule_help
from mm_lsp.server.language_server import MmLanguageServer


async def hover(ls: MmLanguageServer, params: types.HoverParams) -> types.Hover | None:
    snapshot = ls.session.snapshot(params.text_document.uri)
    if snapshot is None:
        return None
    position = convert.position_from(params.position, snapshot.document, snapshot.profile.encoding)
    return await rule_help.hover_at(ls, snapshot, position)


async def document_link(ls: MmLanguageServer, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    snapshot = ls.session.snapshot(params.text_document.uri)
    return [] if snapshot is None else await rule_help.links_in(ls, snapshot)


async def definition(ls: MmLanguageServer, params: types.DefinitionParams) -> list[types.Location]:
    snapshot = ls.session.snapshot(params.text_document.uri)
    if snapshot is None:
        return []
    position = convert.position_from(params.position, snapshot.document, snapshot.profile.encoding)
    return await rule_help.targets_at(ls, snapshot, position)
