"""Code, comments and imports in Markdown. Tables mark what should be found with ⟪ and ⟫."""

import re
import time

import pytest

from mm_lsp.rulebook.markup import Import, Range, code_ranges, import_refusal, imports_in, without_comments


def unmarked(marked: str) -> tuple[str, list[Range]]:
    text, ranges = "", list[Range]()
    for plain, inside in re.findall(r"([^⟪]*)(?:⟪([^⟫]*)⟫)?", marked):
        text += plain
        if inside:
            ranges.append((len(text), len(text) + len(inside)))
            text += inside
    return text, ranges


@pytest.mark.parametrize(
    "marked",
    [
        "no code",
        "a ⟪`b`⟫ c",
        "⟪``a ` b``⟫ ⟪`c`⟫",
        "`a\n\nb`",
        "⟪`a\nb`⟫",
        "``a`",
        r"\`a⟪` b`⟫",
        r"\\⟪`a`⟫",
        r"⟪`a\`⟫ b",
        r"\`⟪`a`⟫",
        "# `a\nb`",
        "a `b\n- c` d",
        "a `b\n> c` d",
        "a `b\n***\nc` d",
        "a `b\n===\nc` d",
        "a\n⟪```py\nb ` c\n```\n⟫d ⟪`e`⟫",
        "⟪~~~ `x`\nb\n~~~⟫",
        "⟪````\n```\n````\n⟫",
        "⟪```\n~~~\n``` x\n````\n⟫",
        "⟪   ```\n   ```\n⟫",
        "⟪```\n    ```\n```⟫",
        "a\n    ```\nb",
        "a\n\n    ```\nb",
        "⟪```\n@x.md\n\n# never closed⟫",
        "⟪``` a ```⟫ b",
        "⟪- ```\n  a\n  ```\n⟫b",
        "- a\n\n⟪  ```\n  b\n\n  c\n  ```\n⟫d",
        "- a\n\n⟪     ```\n     b\n     ```\n⟫",
        "1. a\n   - b\n⟪     ```\n     c\n     ```\n⟫d",
        "- a\n⟪  ```\n  b\n⟫c",
        "⟪> ```\n> a\n> ```\n⟫b",
        "⟪> ```\n> a\n⟫b",
        "> a\n⟪```\nb\n```⟫",
        "-\n\n⟪  ```\n  a⟫",
        "-\n\n    ```\n    a",
        "-      ```\n  a",
        "> a ⟪`b\nc`⟫ d",
        "- a ⟪`b\nc`⟫ d",
        "-\ta\n\n⟪\t```\n\tb\n\t```\n⟫c",
        "a\n2. b ⟪`c\nd`⟫",
        "<!-- ``` -->\n@a\n⟪```\nb⟫",
        "<!--\n```\n-->\na",
        "<!-- never closed\n⟪```\na⟫",
        "⟪```\r\na\r\n```\r\n⟫b",
    ],
)
def test_code(marked: str) -> None:
    text, ranges = unmarked(marked)
    assert code_ranges(text) == ranges


@pytest.mark.parametrize(
    "marked",
    [
        "a\n⟪<!-- b -->\n⟫c",
        "⟪<!-- a\n\nb -->  \n⟫c",
        "⟪  <!-- a -->⟫",
        "⟪<!-- a -->⟫ b\nc",
        "- ⟪<!-- a -->⟫\n- b",
        "⟪<!-->\n⟫a -->",
        "a <!-- b --> c",
        "a\n\n    <!-- b -->\n",
        "```\n<!-- a -->\n```\n⟪<!-- b -->\n⟫",
        "`<!-- a -->`",
        "<!-- a\nb",
        "⟪<!--->\n⟫b",
        "⟪<!-- a -->\r\n⟫b",
        "⟪<!-- a -->\n⟫⟪<!-- b -->\n⟫",
        "⟪<!-- a -->⟫ <!-- b --> c",
        "a --> b\n<!-- c",
    ],
)
def test_block_comments_are_taken_out(marked: str) -> None:
    text, ranges = unmarked(marked)
    assert without_comments(text) == (re.sub("⟪[^⟫]*⟫", "", marked), ranges)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("@a.md", ["a.md"]),
        (
            "see @docs/a.md, @./b.md. And (@../c.md) or @~/d.md! @/e/f",
            ["docs/a.md", "./b.md", "../c.md", "~/d.md", "/e/f"],
        ),
        ("@README.md#install.", ["README.md"]),
        ("@a\\ b.md c", ["a b.md"]),
        ("@a b", ["a"]),
        ("@a.\n@b:\n@c?!", ["a", "b", "c"]),
        ("me@example.org x@y", []),
        ("[@a](@b)", ["b"]),
        ("\"@a\" '@b' <@c>", []),
        ("@a> @b] @c) @d' @e`f`", ["a", "b", "c", "d", "e"]),
        ("@user and @scope/package", ["user", "scope/package"]),
        ("@ @# @@a @... @~user @\\server", []),
        ("@.hidden @-x @+y", [".hidden", "-x", "+y"]),
        ("@C:\\x @file:///a", ["C:\\x", "file:///a"]),
        ("`@a` @b\n```\n@c\n```\n@d", ["b", "d"]),
        ("<!-- @a\n@b -->\n@c <!-- @d -->", ["c", "d"]),
        ("```\n@a", []),
        ("- @a\n> @b\n# @c", ["a", "b", "c"]),
        ("@é.md @名.md", ["é.md", "名.md"]),
        ("no", []),
    ],
)
def test_imports(text: str, paths: list[str]) -> None:
    assert [found.path for found in imports_in(text)] == paths


def test_an_import_knows_its_place() -> None:
    assert imports_in("a (@b\\ c.md#d).") == [Import("b c.md", "@b\\ c.md#d", 3, 13)]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("", "names no file"), ("a\0b", "control"), ("a\nb", "control"), ("a\x85", "control"), ("a\ud800", "control"),
        ("http://x/y", "address"), ("file:///etc/passwd", "address"), ("mailto:x", "address"),
        ("a.md:stream", "address"),
        ("\\\\server\\share", "computer"), ("//server/share", "computer"), ("/\\server", "computer"),
        ("\\\\?\\C:\\x", "device"), ("\\\\.\\pipe\\x", "device"), ("\\??\\C:\\x", "device"), ("/??/C:/x", "device"),
        ("C:foo", "drive"), ("c:", "drive"), ("~user/x", "home"), ("~", "home"),
    ],
)  # fmt: skip
def test_paths_that_are_refused(path: str, part: str) -> None:
    assert part in (import_refusal(path) or "")


@pytest.mark.parametrize(
    "path", ["a", "a/b.md", "../a", "~/a", "/etc/x", "C:\\x", "C:/x", ".a", "a~b", "a b", "@x/y", "é", "a/b:c", "\\a"]
)
def test_paths_that_are_not(path: str) -> None:
    assert import_refusal(path) is None


SIZE = 32 * 1024
PARTS = [
    "\n", "a\n", "`", "` ", "``\n", "```\n", "> ", "> \n", "- ", "- a\n", "1. ", "\t", "\\`", "<!--\n", "<!-- -->\n",
    "-->", "@a ", "@a\\ ", "(@", "\\", "* * ", "#\n", "@" + "." * 50 + " ", "- - - - a\n", "`a``b```c````d\n",
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_large_texts_take_linear_time(part: str) -> None:
    for head in ("`<!--@", "- " * 60 + "> " * 60 + "@`<!--\n"):
        text = head + part * (SIZE // len(part))
        for function in (code_ranges, without_comments, imports_in):
            start = time.process_time()
            function(text)
            assert time.process_time() - start < 0.6, (head, function)
