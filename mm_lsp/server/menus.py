"""The slash commands that a menu may offer at once: known from an earlier look at the disk; another follows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from mm_lsp.rulebook.commands import Command
from mm_lsp.server import commanding, guiding
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Menu, Snapshot

_FRESH_SECONDS = 2.0


def known(ls: MmLanguageServer, snapshot: Snapshot) -> Mapping[str, Command]:
    """What may be called for this document, as far as is known; no disk is touched here."""
    uri = snapshot.document.uri
    menu = ls.session.menus.get(uri)
    if menu is None or asyncio.get_running_loop().time() - menu.looked > _FRESH_SECONDS:
        look_again(ls, snapshot)
    return menu.commands if menu is not None else {}


def look_again(ls: MmLanguageServer, snapshot: Snapshot) -> None:
    uri = snapshot.document.uri
    if uri not in ls.session.looking:
        ls.session.looking.add(uri)
        ls.tasks.spawn(_look(ls, snapshot), "commands")


async def _look(ls: MmLanguageServer, snapshot: Snapshot) -> None:
    uri = snapshot.document.uri
    try:
        await ls.session.is_loaded.wait()
        if uri not in ls.session.documents:
            return
        look = await guiding.look_at(ls, snapshot)
        commands = {name: command for name, command in commanding.commands_of(look).items() if look.is_allowed(command)}
        if uri in ls.session.documents:
            ls.session.menus[uri] = Menu(commands, asyncio.get_running_loop().time())
    finally:
        ls.session.looking.discard(uri)
