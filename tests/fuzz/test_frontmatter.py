"""Whatever stands in a rule file: no exception, quick ways agree with thorough ones, positions are in the file."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mm_lsp.rulebook import frontmatter
from mm_lsp.rulebook.frontmatter import read, texts, tools, truth
from mm_lsp.rulebook.hygiene import cleaned, comparable, decoded, mixed_scripts
from mm_lsp.rulebook.markup import code_ranges, import_refusal, imports_in, without_comments
from mm_lsp.rulebook.yaml_repair import complaint
from mm_lsp.rulebook.yaml_subset import is_plain, load, plain, quick
from mm_lsp.text import split_lines

from .pieces import HALVES
from .pieces import texts as any_texts

KEYS = ["name: ", "globs: ", "description:", "alwaysApply: ", "metadata:\n  ", "tools: ", "a: ", "yes: ", "k-1.2_x: "]
VALUES = [
    "x", "two words", "*.ts", "**/*.py, b", "true", "False", "yes", "null", "~", "3000", "1.10", "-1", "0755", "1e5",
    "12:30", "2024-01-01", "[a, b]", "{a: b}", '"q"', "'q'", "'Don't'", "C# # x", "a: b", "a:", "!x y", "&a b", "*a",
    "|\n", ">-\n  ", "@x", "`x`", "%", "-", "?", "é", "=", "<<", "\\", "\xa0", "~x", "+5", ".5", "5.", "9" * 20,
]  # fmt: skip
MARKS = [
    "---",
    "...",
    ":",
    "#",
    " #",
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "- ",
    "? ",
    "|",
    ">",
    "&",
    "*",
    "!",
    "%YAML 1.1",
]
ESCAPES = ["\\", "\\U99999999", "\\ud800", "\\x4", *HALVES]


def insides() -> st.SearchStrategy[str]:
    """Lines that are YAML more often than not."""
    line = st.builds(str.__add__, st.sampled_from(KEYS), st.sampled_from(VALUES))
    odd = st.sampled_from(["", "# note", "  - x", "- *.ts", "\t- y", "stray", "  more: x", *MARKS])
    return st.lists(st.one_of(line, line, line, odd), max_size=7).map("\n".join)


def files() -> st.SearchStrategy[str]:
    wild = any_texts(*KEYS, *VALUES, *MARKS, *ESCAPES, "---\n", size=30)
    head = st.sampled_from(["---\n", "---\n", "\ufeff---\r\n", "\n---\n", ""])
    end = st.sampled_from(["\n---\n", "\n---\nbody", "\r\n---\r\n", "\n...\n", ""])
    return st.builds(lambda *parts: "".join(parts), head, st.one_of(insides(), wild), end)


@given(files())
def test_a_file_is_read_whatever_it_holds(text: str) -> None:
    found = read(text)
    lines = [line.rstrip("\r\n") for line in split_lines(text)]
    for problem in found.problems:
        assert 0 <= problem.line < len(lines)
        assert 0 <= problem.start < problem.end
        assert problem.end in (1 << 30, min(problem.end, len(lines[problem.line])))
    for key, place in found.keys.items():
        assert key in lines[place.line][place.start : place.end]
        assert lines[place.line][place.value_start : place.value_end] == found.raw[key]
    assert set(found.raw) == set(found.keys) <= set(found.values)
    rest = "\n".join(lines[found.body_line :])
    assert found.body.removeprefix("\ufeff") == rest.removeprefix("\ufeff")


@given(files())
def test_values_can_be_asked_for_in_every_form(text: str) -> None:
    found = read(text)
    for key, value in found.values.items():
        assert isinstance(frontmatter.text(found, key), str)
        assert truth(value) in (True, False, None)
        assert all(isinstance(item, str) and item for item in texts(value) + tools(value))


def common() -> st.SearchStrategy[str]:
    """Lines `key: value`, no key twice."""
    values = st.lists(st.one_of(st.sampled_from(VALUES), any_texts(*VALUES, *MARKS, size=3)), max_size=4)
    return values.map(lambda rows: "\n".join(f"k{number}: {value}" for number, value in enumerate(rows)))


@given(st.one_of(common(), insides(), any_texts(*KEYS, *VALUES, *MARKS, *ESCAPES)))
def test_the_quick_way_agrees_with_pyyaml(text: str) -> None:
    shortly = quick(text)
    if shortly is not None:
        assert repr(shortly) == repr(load(text))


@given(st.one_of(st.sampled_from(VALUES), any_texts(*VALUES, *MARKS)))
def test_plain_values_are_plain_for_pyyaml(value: str) -> None:
    if is_plain(value):
        assert repr(load(f"k: {value}\nl: x").values) == repr({"k": plain(value.rstrip(" ")), "l": "x"})


@given(any_texts(*KEYS, *VALUES, *MARKS, *ESCAPES, size=30))
def test_the_loader_raises_one_thing_only(text: str) -> None:
    error = complaint(text)
    assert error is None or 0 <= error.offset <= len(text)


HIDDEN = [
    "\u200b",
    "\u200c",
    "\u202e",
    "\ufe0f",
    "\u20e3",
    "❤",
    "1",
    "م",
    "क",
    "\U000e0041",
    "\U000e007f",
    "\x07",
    *HALVES,
]


@given(any_texts(*HIDDEN))
def test_cleaned_text_shows_all_and_is_clean(text: str) -> None:
    shown, found = cleaned(text)
    assert cleaned(shown) == (shown, ())
    given_lines = split_lines(text.removeprefix("\ufeff"))
    for hidden in found:
        if 0x0D not in hidden.codepoints:
            run = given_lines[hidden.line][hidden.column : hidden.column + hidden.length]
            assert tuple(map(ord, run)) == hidden.codepoints
    assert len(shown) - sum(len(f"⟦U+{point:04X}⟧") - 1 for hidden in found for point in hidden.codepoints) == len(
        text.removeprefix("\ufeff")
    )


@given(st.one_of(st.text(), any_texts(*HIDDEN, "ß", "ﬁ", "\u0345", "İ", "Σ")))
def test_comparable_names_are_settled(name: str) -> None:
    assert comparable(comparable(name)) == comparable(name)
    assert mixed_scripts(name) in (True, False)


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "replace"))))
def test_bytes_are_decoded_whatever_they_are(data: bytes) -> None:
    text, lossy = decoded(data)
    assert lossy or not data.startswith(b"\xef\xbb\xbf") or text.encode() == data[3:]


MARKUP = [
    "```", "~~~", "````", "``", "`", "- ", "* ", "1. ", "2. ", "> ", "   ", "    ", "\n", "\n", "\n\n", "# ", "---",
    "===", "\\", "x", "@y",
]  # fmt: skip


@pytest.mark.parametrize("comments", [False, True])
@given(st.data())
def test_code_is_where_commonmark_says(comments: bool, data: st.DataObject) -> None:
    """markdown-it is the judge; of unclosed comments it thinks otherwise, in indented code it looks for no spans."""
    pieces = [*MARKUP, "<!-- x -->", "<!--\n"] if comments else MARKUP
    text = "".join(data.draw(st.lists(st.sampled_from(pieces), max_size=25))) + ("\n-->\n" if comments else "\nend\n")
    tokens = MarkdownIt("commonmark").parse(text)
    kinds = {token.type for token in tokens}
    assume(not comments or not kinds & {"blockquote_open", "bullet_list_open", "ordered_list_open"})
    fences = [tuple(token.map or ()) for token in tokens if token.type == "fence"]
    found = [(text.count("\n", 0, start), text.count("\n", 0, end)) for start, end in code_ranges(text)]
    assert [lines for lines in found if lines in fences] == fences
    spans = [child for token in tokens for child in token.children or () if child.type == "code_inline"]
    if not comments and "code_block" not in kinds:
        assert len(found) == len(fences) + len(spans)


@given(any_texts(*MARKUP, "<!--", "-->", "@a.md", "@~/x\\ y#z", "(@b", "\\ ", "#", "C:", *HALVES, size=25))
def test_imports_lie_in_the_text_outside_of_code_and_comments(text: str) -> None:
    shorter, comments = without_comments(text)
    assert len(shorter) + sum(end - start for start, end in comments) == len(text)
    hidden = sorted(code_ranges(text) + comments)
    edges = [edge for extent in hidden for edge in extent]
    assert edges == sorted(edges)
    assert edges[-1:] <= [len(text)]
    for found in imports_in(text):
        assert text[found.start : found.end] == found.written
        assert found.path
        assert not any(start <= found.start < end for start, end in hidden)
        assert import_refusal(found.path) is None or isinstance(import_refusal(found.path), str)
