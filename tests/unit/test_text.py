"""Documents: lines, positions in three encodings, one change."""

import pytest

from mm_lsp.text import Document, Edit, Encoding, Position, Span, line_body, split_lines, to_column, to_units


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a\n", ""]),
        ("\n", ["\n", ""]),
        ("\n\n", ["\n", "\n", ""]),
        ("a\nb", ["a\n", "b"]),
        ("a\r\nb", ["a\r\n", "b"]),
        ("a\rb", ["a\r", "b"]),
        ("a\r", ["a\r", ""]),
        ("a\r\n", ["a\r\n", ""]),
        ("\r\n\r\n", ["\r\n", "\r\n", ""]),
        ("\n\r", ["\n", "\r", ""]),
        ("\r\r\n\n", ["\r", "\r\n", "\n", ""]),
        ("a\n\nb\n", ["a\n", "\n", "b\n", ""]),
        ("a\fb", ["a\fb"]),
        ("a\vb\nc", ["a\vb\n", "c"]),
        ("a\x85b\r\nc", ["a\x85b\r\n", "c"]),
        ("a\u2028b\rc", ["a\u2028b\r", "c"]),
        ("a\u2029\n", ["a\u2029\n", ""]),
        ("a\x1c\x1d\x1eb\n", ["a\x1c\x1d\x1eb\n", ""]),
        ("\f", ["\f"]),
        ("\u2028\n\f", ["\u2028\n", "\f"]),
        ("😀\n😀", ["😀\n", "😀"]),
        ("\ufeffa\n", ["\ufeffa\n", ""]),
        ("\0\n\0", ["\0\n", "\0"]),
    ],
)
def test_only_newline_return_and_both_end_a_line(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines
    assert "".join(split_lines(text)) == text


@pytest.mark.parametrize(
    ("line", "body"),
    [("", ""), ("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\r", "a"), ("\n", ""), ("a\f", "a\f"), ("a \n", "a ")],
)
def test_the_body_of_a_line_has_no_end(line: str, body: str) -> None:
    assert line_body(line) == body


# a: 1 unit in all; é: 2 bytes; 中: 3 bytes; 😀: 4 bytes and 2 UTF-16 units; e + U+0301: two code points.
@pytest.mark.parametrize(
    ("body", "encoding", "columns"),
    [
        ("abc", "utf-8", [0, 1, 2, 3, 3, 3]),
        ("abc", "utf-16", [0, 1, 2, 3, 3, 3]),
        ("abc", "utf-32", [0, 1, 2, 3, 3, 3]),
        ("", "utf-8", [0, 0]),
        ("", "utf-16", [0, 0]),
        ("aéb", "utf-8", [0, 1, 1, 2, 3, 3]),
        ("aéb", "utf-16", [0, 1, 2, 3, 3]),
        ("中文", "utf-8", [0, 0, 0, 1, 1, 1, 2, 2]),
        ("中文", "utf-16", [0, 1, 2, 2]),
        ("a😀b", "utf-8", [0, 1, 1, 1, 1, 2, 3, 3]),
        ("a😀b", "utf-16", [0, 1, 1, 2, 3, 3]),
        ("a😀b", "utf-32", [0, 1, 2, 3, 3]),
        ("😀😀", "utf-16", [0, 0, 1, 1, 2, 2]),
        ("😀😀", "utf-8", [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]),
        ("e\u0301x", "utf-8", [0, 1, 1, 2, 3]),
        ("e\u0301x", "utf-16", [0, 1, 2, 3, 3]),
        ("\ud83d", "utf-16", [0, 1, 1]),
        ("\ud83dx", "utf-16", [0, 1, 2, 2]),
        ("\ude00x", "utf-8", [0, 0, 0, 1, 2]),
        ("\U0010ffff", "utf-16", [0, 0, 1]),
    ],
)
def test_a_column_inside_a_character_is_before_it_and_past_the_end_is_the_end(
    body: str, encoding: Encoding, columns: list[int]
) -> None:
    assert [to_column(body, units, encoding) for units in range(len(columns))] == columns
    assert to_column(body, -1, encoding) == 0
    assert to_column(body, 2**31 - 1, encoding) == len(body)


@pytest.mark.parametrize(
    ("body", "encoding", "units"),
    [
        ("abc", "utf-8", [0, 1, 2, 3]),
        ("aé中😀", "utf-8", [0, 1, 3, 6, 10]),
        ("aé中😀", "utf-16", [0, 1, 2, 3, 5]),
        ("aé中😀", "utf-32", [0, 1, 2, 3, 4]),
        ("\ud83dx", "utf-16", [0, 1, 2]),
        ("", "utf-16", [0]),
    ],
)
def test_units_count_as_the_client_counts(body: str, encoding: Encoding, units: list[int]) -> None:
    assert [to_units(body, column, encoding) for column in range(len(units))] == units
    assert [to_column(body, count, encoding) for count in units] == list(range(len(units)))


@pytest.mark.parametrize(
    ("text", "line", "units", "expected"),
    [
        ("ab\ncd", 0, 1, (0, 1)),
        ("ab\ncd", 0, 2, (0, 2)),
        ("ab\ncd", 0, 3, (0, 2)),
        ("ab\r\ncd", 0, 3, (0, 2)),
        ("ab\r\ncd", 0, 4, (0, 2)),
        ("ab\rcd", 0, 9, (0, 2)),
        ("ab\ncd", 1, 9, (1, 2)),
        ("ab\ncd", 2, 0, (1, 2)),
        ("ab\ncd", 2**31 - 1, 2**31 - 1, (1, 2)),
        ("ab\n", 1, 0, (1, 0)),
        ("ab\n", 1, 5, (1, 0)),
        ("ab\n", 2, 0, (1, 0)),
        ("", 0, 0, (0, 0)),
        ("", 5, 5, (0, 0)),
        ("a😀\nb", 0, 2, (0, 1)),
        ("a😀\nb", 0, 3, (0, 2)),
        ("a😀\nb", 0, 4, (0, 2)),
    ],
)
def test_the_clients_position_is_clamped(text: str, line: int, units: int, expected: tuple[int, int]) -> None:
    assert Document.of(text).position(line, units, "utf-16") == expected


@pytest.mark.parametrize(
    ("position", "expected"),
    [((0, 0), (0, 0)), ((0, 9), (0, 2)), ((0, -1), (0, 0)), ((-1, 5), (0, 0)), ((1, 2), (1, 2)), ((7, 0), (1, 2))],
)
def test_clamp(position: tuple[int, int], expected: tuple[int, int]) -> None:
    assert Document.of("ab\r\ncd").clamp(Position(*position)) == expected


@pytest.mark.parametrize(
    ("text", "ending"),
    [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb", "\r"), ("\r\n", "\r\n")],
)
def test_the_line_ending_is_that_of_the_first_line(text: str, ending: str) -> None:
    assert Document.of(text).line_ending == ending


REPLACED = [
    # before, (start), (end), text, after
    ("abc", (0, 1), (0, 2), "X", "aXc"),
    ("abc", (0, 1), (0, 1), "X", "aXbc"),
    ("abc", (0, 0), (0, 3), "", ""),
    ("", (0, 0), (0, 0), "a\nb", "a\nb"),
    ("a\nb\nc", (0, 1), (1, 0), "", "ab\nc"),
    ("a\nb\nc", (1, 0), (2, 0), "", "a\nc"),
    ("a\nb\nc", (0, 0), (2, 1), "x", "x"),
    ("a\nb\n", (1, 1), (2, 0), "", "a\nb"),
    ("a\nb\n", (2, 0), (2, 0), "c", "a\nb\nc"),
    ("a\nb", (0, 1), (0, 1), "\n\n", "a\n\n\nb"),
    ("a\r\nb", (0, 1), (0, 1), "x", "ax\r\nb"),
    ("a\r\nb", (0, 1), (1, 0), "\n", "a\nb"),
    ("a\nb", (0, 1), (0, 1), "\r", "a\r\nb"),
    ("a\rb", (1, 0), (1, 0), "\n", "a\r\nb"),
    ("a\rx\nb", (1, 0), (1, 1), "", "a\r\nb"),
    ("a\rx\n\nb", (1, 0), (2, 0), "", "a\r\nb"),
    ("a\rxy", (1, 0), (1, 1), "\n", "a\r\ny"),
    ("a\rb\nc", (0, 1), (1, 1), "", "a\nc"),
    ("a\nb", (0, 1), (1, 0), "\r", "a\rb"),
    ("\n\n", (0, 0), (0, 0), "\r", "\r\n\n"),
    ("a\rb", (0, 1), (0, 1), "\r\n", "a\r\n\rb"),
    ("a\fb\nc", (1, 0), (1, 1), "d", "a\fb\nd"),
    ("a\u2028b\nc", (1, 1), (1, 1), "!", "a\u2028b\nc!"),
    ("a\ud83d", (0, 2), (0, 2), "\ude00b", "a😀b"),
    ("\ude00", (0, 0), (0, 0), "\ud83d", "😀"),
]


@pytest.mark.parametrize(("before", "start", "end", "text", "after"), REPLACED)
def test_one_change(before: str, start: tuple[int, int], end: tuple[int, int], text: str, after: str) -> None:
    old = Document.of(before, "file:///a", "python", 3)
    new = old.replaced(Span(Position(*start), Position(*end)), text, 4)
    assert (new.text, new.lines) == (after, tuple(split_lines(after)))
    assert (new.uri, new.language_id, new.version) == ("file:///a", "python", 4)
    assert (old.text, old.version) == (before, 3)


def test_a_change_without_a_version_keeps_it() -> None:
    assert Document.of("a", version=7).replaced(Span(Position(0, 0), Position(0, 1)), "b").version == 7


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ((0, 0), (0, 0), ""),
        ((0, 0), (1, 0), "a\r\n"),
        ((0, 1), (1, 1), "\r\nb"),
        ((0, 0), (2, 0), "a\r\nb\r\n"),
        ((1, 0), (2, 0), "b\r\n"),
    ],
)
def test_slice(start: tuple[int, int], end: tuple[int, int], text: str) -> None:
    document = Document.of("a\r\nb\r\n")
    span = Span(Position(*start), Position(*end))
    assert document.slice(span) == text
    assert document.before(span.start) + text + document.after(span.end) == document.text


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [(0, 0, "a\n"), (0, 1, "a\nb\n"), (1, 1, "b\n"), (1, 2, "b\nc"), (2, 2, "c"), (0, 99, "a\nb\nc")],
)
def test_whole_lines_have_their_ends(first: int, last: int, text: str) -> None:
    document = Document.of("a\nb\nc")
    assert document.slice(document.whole_lines(first, last)) == text


def _edit(start: tuple[int, int], end: tuple[int, int], text: str) -> Edit:
    return Edit(Span(Position(*start), Position(*end)), text)


def test_edits_are_applied_at_once() -> None:
    edits = [_edit((0, 0), (0, 1), "A\nA"), _edit((1, 0), (1, 0), ">"), _edit((0, 2), (1, 0), "\r\n")]
    assert Document.of("abc\ndef").apply(edits).text == "A\nAb\r\n>def"


@pytest.mark.parametrize(
    "edits",
    [
        [_edit((0, 0), (0, 2), "x"), _edit((0, 1), (0, 3), "y")],
        [_edit((0, 0), (1, 1), "x"), _edit((1, 0), (1, 2), "y")],
        [_edit((0, 0), (0, 3), "x"), _edit((0, 1), (0, 1), "y")],
        [_edit((1, 0), (1, 9), "x")],
    ],
)
def test_edits_that_overlap_or_leave_the_document_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlap"):
        Document.of("abc\ndef").apply(edits)
