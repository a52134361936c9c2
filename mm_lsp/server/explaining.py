"""From a place in the code to an explanation of it, and to where the user can read it."""

from __future__ import annotations

import asyncio
import os
import re
from typing import Any

from lsprotocol import types

from mm_lsp.assist import explain as thought
from mm_lsp.llm.veil import redactor_for
from mm_lsp.messages import ModelRequest
from mm_lsp.server import asking
from mm_lsp.server.guiding import Guide, guide_for
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.progress import Progress
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Span
from mm_lsp.workspace.user_dirs import write_answer


async def explain(
    ls: MmLanguageServer, snapshot: Snapshot, span: Span, question: str | None, progress: Progress
) -> tuple[dict[str, Any], str | None]:
    """(the command's result, a sentence). Raises ModelError."""
    snapshot = await asking.sendable(ls, snapshot)
    guide = await guide_for(ls, snapshot, question or "")
    request = request_for(snapshot, span, question, guide)
    answer = await asking.ask(ls, request, progress, answer_tool=guide.answer)
    said = None if snapshot.profile.stream_text else await show(ls, snapshot, answer.text)
    model = snapshot.settings.model.name
    return {"markdown": answer.text, "model": model, "usage": answer.usage}, said


def request_for(snapshot: Snapshot, span: Span, question: str | None, guide: Guide) -> ModelRequest:
    settings = snapshot.settings
    language = language_of_answers(settings.answers_language, question, snapshot.profile.locale)
    redactor = redactor_for(settings)
    return thought.request_for(snapshot.document, snapshot.name, span, question, language, guide.guidance, redactor)


def language_of_answers(wanted: str, question: str | None, locale: str) -> str:
    """In English, for the prompt."""
    if wanted != "auto":
        return wanted
    locale = locale or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    code = re.split(r"[._@]", locale)[0]
    spoken = (
        "English" if code.lower() in ("", "c", "posix") or code.startswith("en") else f"the language of locale {code}"
    )
    return f"the language of the question (if that is unclear, {spoken})" if question else spoken


async def show(ls: MmLanguageServer, snapshot: Snapshot, markdown: str) -> str | None:
    """Opens the answer beside the code without taking the focus; else a sentence says where it is."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", snapshot.name.rpartition("/")[2]) or "answer"
    try:
        path = await asyncio.to_thread(write_answer, name, markdown)
    except OSError as error:
        return f"The answer can't be written to the cache directory ({error.strerror}):\n{markdown}"
    if not snapshot.profile.show_document:
        return f"The explanation is in {path}"
    # Nobody waits for a client that never answers.
    ls.window_show_document(types.ShowDocumentParams(uri=path.as_uri(), take_focus=False))
    return None
