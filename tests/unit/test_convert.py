"""LSP's values and ours."""

import pytest
from lsprotocol import types

from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.server.convert import changed, position_to, range_to_json, span_from, workspace_edit
from mm_lsp.text import Document, Edit, Encoding, Position, Span

ENCODINGS: list[tuple[Encoding, int]] = [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)]


def lsp_range(first: int, start: int, last: int, end: int) -> types.Range:
    return types.Range(types.Position(first, start), types.Position(last, end))


@pytest.mark.parametrize(("encoding", "units"), ENCODINGS)
def test_positions_are_in_the_clients_units(encoding: Encoding, units: int) -> None:
    document = Document.of("x\n😀y\n")
    span = Span(Position(1, 1), Position(1, 2))
    assert span_from(lsp_range(1, units, 1, units + 1), document, encoding) == span
    assert position_to(Position(1, 1), document, encoding) == types.Position(1, units)
    assert range_to_json(span, document, encoding) == {
        "start": {"line": 1, "character": units},
        "end": {"line": 1, "character": units + 1},
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((0, 2, 0, 1), ((0, 1), (0, 2))),
        ((1, 0, 0, 1), ((0, 1), (1, 0))),
        ((0, 0, 99, 99), ((0, 0), (1, 2))),
        ((0, 99, 1, 99), ((0, 3), (1, 2))),
    ],
)
def test_a_range_is_put_right(given: tuple[int, int, int, int], expected: tuple[tuple[int, int], ...]) -> None:
    assert span_from(lsp_range(*given), Document.of("abc\nde"), "utf-16") == expected


@pytest.mark.parametrize(("encoding", "units"), ENCODINGS)
def test_each_change_speaks_of_the_text_after_the_one_before(encoding: Encoding, units: int) -> None:
    changes: list[types.TextDocumentContentChangeEvent] = [
        types.TextDocumentContentChangeWholeDocument("😀b\n"),
        types.TextDocumentContentChangePartial(range=lsp_range(0, units, 0, units + 1), text="😀c"),
        types.TextDocumentContentChangePartial(range=lsp_range(0, 2 * units, 0, 2 * units + 1), text="d\r\n"),
    ]
    document = changed(Document.of("old", "file:///a", "python", 1), changes, 2, encoding)
    assert (document.text, document.version, document.uri) == ("😀😀d\r\n\n", 2, "file:///a")
    assert changed(document, [], 3, encoding) is document


@pytest.mark.parametrize(("encoding", "units"), ENCODINGS)
@pytest.mark.parametrize("versioned", [True, False])
def test_an_edit_names_its_version_where_the_client_takes_that(encoding: Encoding, units: int, versioned: bool) -> None:
    document = Document.of("😀b", "file:///a", version=7)
    edit = Edit(Span(Position(0, 1), Position(0, 2)), "c")
    profile = ClientProfile(encoding=encoding, document_changes=versioned)
    wanted = [types.TextEdit(lsp_range(0, units, 0, units + 1), "c")]
    given = workspace_edit(document, [edit], profile)
    if not versioned:
        assert (given.changes, given.document_changes) == ({"file:///a": wanted}, None)
        return
    assert given.changes is None
    (change,) = given.document_changes or []
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.version, change.edits) == (7, wanted)
