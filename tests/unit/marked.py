"""Documents written with marks: `‸` is the cursor, `«` and `»` enclose a selection."""

from mm_lsp.text import Document, Position, Span


def cursor(marked: str, language_id: str = "python") -> tuple[Document, Position]:
    before, after = marked.split("‸")
    return Document.of(before + after, "file:///w/a.py", language_id, 1), place_after(before)


def selection(marked: str, language_id: str = "python") -> tuple[Document, Span]:
    before, rest = marked.split("«")
    inside, after = rest.split("»")
    document = Document.of(before + inside + after, "file:///w/a.py", language_id, 1)
    return document, Span(place_after(before), place_after(before + inside))


def place_after(text: str) -> Position:
    lines = Document.of(text).lines
    return Position(len(lines) - 1, len(lines[-1]))


def accepted(document: Document, span: Span, text: str) -> str:
    """What an editor holds after it put `text` in the place of `span`."""
    return document.replaced(span, text).text
