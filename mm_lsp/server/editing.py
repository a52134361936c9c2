"""From an instruction to an edit that fits the document as it stands when the answer is there."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from mm_lsp.assist import rewrite
from mm_lsp.llm.veil import redactor_for
from mm_lsp.messages import ModelRequest
from mm_lsp.server import asking, convert
from mm_lsp.server.guiding import Guide, guide_for
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.progress import Progress
from mm_lsp.server.protocol import CONTENT_MODIFIED, ResponseError
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Document, Edit, Position, Span, moved_span


async def edit_for(
    ls: MmLanguageServer, snapshot: Snapshot, span: Span, instruction: str, progress: Progress
) -> tuple[types.WorkspaceEdit | None, dict[str, Any], str]:
    """(the edit, None if nothing is to change; usage; summary). Raises ModelError, and ResponseError ContentModified
    where someone has touched the lines meanwhile."""
    snapshot = await asking.sendable(ls, snapshot)
    guide = await guide_for(ls, snapshot, instruction)
    request = request_for(snapshot, span, instruction, guide)
    answer = await asking.ask(ls, request, progress, rewrite.is_enough, guide.answer)
    edit, summary = workspace_edit(ls, snapshot, span, asking.restored(answer.text, request))
    return edit, answer.usage, summary


def workspace_edit(
    ls: MmLanguageServer, snapshot: Snapshot, span: Span, answer: str
) -> tuple[types.WorkspaceEdit | None, str]:
    """(the edit that the answer means, None if nothing is to change; summary). Raises as `edit_for`."""
    edits = rewrite.edits_from(answer, snapshot.document, span)
    if not edits:
        return None, f"Nothing to change in {snapshot.name}."
    document, edits = _rebased(ls, snapshot, span, edits)
    summary = f"{len(edits)} {'place' if len(edits) == 1 else 'places'} changed in {snapshot.name}."
    return convert.workspace_edit(document, edits, snapshot.profile), summary


def request_for(snapshot: Snapshot, span: Span, instruction: str, guide: Guide) -> ModelRequest:
    redactor = redactor_for(snapshot.settings)
    return rewrite.request_for(snapshot.document, snapshot.name, span, instruction, guide.guidance, redactor)


def _rebased(ls: MmLanguageServer, snapshot: Snapshot, span: Span, edits: list[Edit]) -> tuple[Document, list[Edit]]:
    current = ls.session.documents.get(snapshot.document.uri)
    if current is None:
        raise ResponseError(CONTENT_MODIFIED, f"{snapshot.name} was closed meanwhile; nothing was changed.")
    moved = moved_span(span, snapshot.document, current)
    if moved is None:
        raise ResponseError(
            CONTENT_MODIFIED, f"These lines of {snapshot.name} were changed meanwhile; the edit was dropped. Try again."
        )
    shift = moved.start.line - span.start.line
    return current, [
        Edit(Span(*(Position(at.line + shift, at.column) for at in edit.span)), edit.text) for edit in edits
    ]


async def apply(
    ls: MmLanguageServer, snapshot: Snapshot, span: Span, instruction: str, label: str, progress: Progress
) -> tuple[dict[str, Any], str]:
    """Makes the edit and has the client apply it: (the command's result, a sentence)."""
    edit, usage, summary = await edit_for(ls, snapshot, span, instruction, progress)
    result, sentence = await hand_over(ls, snapshot, edit, summary, label)
    return {**result, "usage": usage}, sentence


async def hand_over(
    ls: MmLanguageServer, snapshot: Snapshot, edit: types.WorkspaceEdit | None, summary: str, label: str
) -> tuple[dict[str, Any], str]:
    """Has the client apply the edit: (what became of it, a sentence)."""
    if edit is None:
        return {"applied": False, "summary": summary}, summary
    if not snapshot.profile.apply_edit:
        sentence = "This editor can't be given edits (no workspace/applyEdit); nothing was changed."
        return {"applied": False, "edit": edit, "summary": summary}, sentence
    answer = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=label))
    if not answer.applied:
        reason = answer.failure_reason or "it gave no reason"
        raise ResponseError(CONTENT_MODIFIED, f"The editor did not take the edit: {reason}. Nothing was changed.")
    return {"applied": True, "summary": summary}, summary


def refuse_moved(ls: MmLanguageServer, snapshot: Snapshot, version: int) -> None:
    """Raises ResponseError ContentModified, with a message, if the offer was made for another text."""
    if snapshot.document.version != version:
        sentence = f"{snapshot.name} has changed since this was offered; nothing was done. Ask again."
        ls.complain(sentence)
        raise ResponseError(CONTENT_MODIFIED, sentence)
