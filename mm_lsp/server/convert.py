"""Between LSP's values and ours: positions in the client's units, edits, marks of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.text import Document, Edit, Encoding, Position, Span


def position_from(position: types.Position, document: Document, encoding: Encoding) -> Position:
    return document.position(position.line, position.character, encoding)


def span_from(given: types.Range, document: Document, encoding: Encoding) -> Span:
    """A range whose ends came the wrong way round is put right."""
    start = position_from(given.start, document, encoding)
    end = position_from(given.end, document, encoding)
    return Span(min(start, end), max(start, end))


def position_to(position: Position, document: Document, encoding: Encoding) -> types.Position:
    return types.Position(position.line, document.units(position, encoding))


def range_to(span: Span, document: Document, encoding: Encoding) -> types.Range:
    return types.Range(position_to(span.start, document, encoding), position_to(span.end, document, encoding))


def range_to_json(span: Span, document: Document, encoding: Encoding) -> dict[str, Any]:
    given = range_to(span, document, encoding)
    return {
        "start": {"line": given.start.line, "character": given.start.character},
        "end": {"line": given.end.line, "character": given.end.character},
    }


def changed(
    document: Document,
    changes: Sequence[types.TextDocumentContentChangeEvent],
    version: int,
    encoding: Encoding,
) -> Document:
    """The document after the changes of one didChange, each of which speaks of the text after the one before it."""
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            document = document.replaced(span_from(change.range, document, encoding), change.text, version)
        else:
            document = document.with_text(change.text, version)
    return document


def workspace_edit(document: Document, edits: Sequence[Edit], profile: ClientProfile) -> types.WorkspaceEdit:
    """Versioned, where the client takes that: it then refuses an edit that was made for another text."""
    text_edits = [types.TextEdit(range_to(edit.span, document, profile.encoding), edit.text) for edit in edits]
    if not profile.document_changes:
        return types.WorkspaceEdit(changes={document.uri: text_edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=identifier, edits=text_edits)])
