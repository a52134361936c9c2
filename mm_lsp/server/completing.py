"""From a place in a document to the question for its completion."""

from __future__ import annotations

from mm_lsp.assist import completion as thought
from mm_lsp.assist.completion import Place
from mm_lsp.llm.veil import redactor_for
from mm_lsp.messages import ModelRequest
from mm_lsp.server.guiding import guide_for
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Snapshot


async def request_for(ls: MmLanguageServer, snapshot: Snapshot, place: Place) -> ModelRequest:
    guide = await guide_for(ls, snapshot, is_asked_for=False)
    redactor = redactor_for(snapshot.settings)
    return thought.request_for(
        place, snapshot.name, snapshot.others, snapshot.settings.completion, redactor, guide.guidance
    )
