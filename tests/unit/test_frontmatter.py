"""The head of rules and skills, as people write it."""

import subprocess
import sys
import time
from typing import Any

import pytest

from mm_lsp.rulebook import frontmatter
from mm_lsp.rulebook.frontmatter import KeyPlace, read, texts, tools, truth

BAD, TAGGED = "bad-yaml", '!!python/object/apply:os.system ["id"]'

# The samples of the spec (section 9.2) by number: frontmatter, level, values, codes of the problems.
SAMPLES: list[tuple[int, str, str, dict[str, Any], list[str]]] = [
    (1, "description: TS style\nglobs: *.ts\nalwaysApply: false", "repaired",
     {"description": "TS style", "globs": "*.ts", "alwaysApply": False}, [BAD]),
    (2, "description:\nglobs: **/*.ts, **/*.tsx,src/{a,b}/*.js\nalwaysApply: false", "repaired",
     {"description": None, "globs": "**/*.ts, **/*.tsx,src/{a,b}/*.js", "alwaysApply": False}, [BAD]),
    (3, "globs: {src,lib}/**/*.py", "repaired", {"globs": "{src,lib}/**/*.py"}, [BAD]),
    (4, "description: \nglobs: \nalwaysApply: true", "strict",
     {"description": None, "globs": None, "alwaysApply": True}, []),
    (5, "globs: [\"*.ts\", '**/*.js']\nalwaysApply: \"true\"", "strict",
     {"globs": ["*.ts", "**/*.js"], "alwaysApply": "true"}, ["string-boolean"]),
    (6, "globs: [*.ts, *.tsx]", "repaired", {"globs": "[*.ts, *.tsx]"}, [BAD]),
    (7, "name: pdf-tools\ndescription: Use when: the user asks about PDFs. Triggers: pdf, form", "repaired",
     {"name": "pdf-tools", "description": "Use when: the user asks about PDFs. Triggers: pdf, form"}, [BAD]),
    (8, "argument-hint: [issue] [priority]\nallowed-tools: Bash(git add:*), Bash(git status:*)", "repaired",
     {"argument-hint": "[issue] [priority]", "allowed-tools": "Bash(git add:*), Bash(git status:*)"}, [BAD]),
    (9, "description: 'Don't do that'", "repaired", {"description": "Don't do that"}, [BAD]),
    (10, "description: Use C# and F# # not VB", "strict", {"description": "Use C# and F#"}, ["truncated-by-comment"]),
    (14, "description: a --- b", "strict", {"description": "a --- b"}, []),
    (15, "name: 3000\ndescription: yes\nversion: 1.10\nmetadata:\n  since: 2024-01-01", "strict",
     {"name": 3000, "description": "yes", "version": 1.1, "metadata": {"since": "2024-01-01"}}, []),
    (16, "a: &a [x,x]\nb: &b [*a,*a]\ndescription: hi", "repaired",
     {"a": "&a [x,x]", "b": "&b [*a,*a]", "description": "hi"}, ["anchors", "anchors"]),
    (17, f"name: x\ndescription: {TAGGED}", "strict", {"name": "x", "description": TAGGED}, []),
    (18, "paths: src/**/*.ts, tests/**", "strict", {"paths": "src/**/*.ts, tests/**"}, []),
    (19, "description: Use when done. Examples:\nuser: hi\nassistant: ok\nmodel: opus", "repaired",
     {"description": "Use when done. Examples:", "user": "hi", "assistant": "ok", "model": "opus"}, [BAD]),
    (20, "globs:\n\t- a.ts\n\t- b.ts", "repaired", {"globs": ["a.ts", "b.ts"]}, ["tabs", "tabs"]),
    (21, "description: >-\n  first: line\n  second *.ts", "strict", {"description": "first: line second *.ts"}, []),
    (22, "description: @deprecated use `x`\nname: `y`", "repaired",
     {"description": "@deprecated use `x`", "name": "`y`"}, [BAD, BAD]),
    (23, "", "strict", {}, []),
    (24, "paths:\n- *.ts\n- **/*.py", "repaired", {"paths": ["*.ts", "**/*.py"]}, [BAD, BAD]),
    (25, "name: {{name}}", "repaired", {"name": "{{name}}"}, [BAD]),
]  # fmt: skip
# More of the same kind.
MORE: list[tuple[int, str, str, dict[str, Any], list[str]]] = [
    (101, "paths: []", "strict", {"paths": []}, []),
    (102, "name: a\nname: b", "strict", {"name": "b"}, ["duplicate-key"]),
    (103, "just words", "strict", {}, ["not-a-mapping"]),
    (104, "- a\n- b", "strict", {}, ["not-a-mapping"]),
    (105, "# nothing\n\n", "strict", {}, []),
    (106, "alwaysApply: yes", "strict", {"alwaysApply": "yes"}, ["string-boolean"]),
    (107, "alwaysApply: true # always", "strict", {"alwaysApply": True}, []),
    (108, 'description: "a # b"', "strict", {"description": "a # b"}, []),
    (109, "globs: # none", "strict", {"globs": None}, []),
    (110, "tools: [\n  a,\n  b\n]\nglobs: *.ts", "repaired", {"tools": ["a", "b"], "globs": "*.ts"}, [BAD]),
    (111, "description: |\n  a: *b\nglobs: *.ts", "repaired", {"description": "a: *b\n", "globs": "*.ts"}, [BAD]),
    (112, "paths:\n- a: b\n  c: d\n- *.ts", "repaired", {"paths": [{"a": "b", "c": "d"}, "*.ts"]}, [BAD]),
    (113, "description: a\tb\nglobs: *.ts", "repaired", {"description": "a\tb", "globs": "*.ts"}, [BAD, BAD]),
    (114, "a: 0755\nb: 12:30\nc: 1e5\nd: 1_000\ne: -7\nf: ~\ng: 1234567890123456", "strict",
     {"a": "0755", "b": "12:30", "c": "1e5", "d": "1_000", "e": -7, "f": None, "g": "1234567890123456"}, []),
    (124, "a: true \nb: x y  \nc: 'q' ", "strict", {"a": True, "b": "x y", "c": "q"}, []),
    (125, "description: |\n  - *a\n  b: c: d\nname: @x", "repaired",
     {"description": "- *a\nb: c: d\n", "name": "@x"}, [BAD]),
    (115, "yes: a\n1: b", "strict", {"yes": "a", "1": "b"}, []),
    (116, "a: !!str 3\nb: !!binary aGk=", "strict", {"a": "3", "b": "!!binary aGk="}, []),
    (117, "a: " + "[" * 21 + "]" * 21, "repaired", {"a": "[" * 21 + "]" * 21}, [BAD]),
    (118, "a: [" + "x," * 5000 + "]", "repaired", {"a": "[" + "x," * 5000 + "]"}, [BAD]),
    (119, 'a: "\\UFFFFFFFF"', "repaired", {"a": "\\UFFFFFFFF"}, [BAD]),
    (120, "description: Do. Examples:\n<example>\nuser: \"x\"\n</example>\nmodel: opus\nalwaysApply: true", "keys",
     {"description": 'Do. Examples: <example> user: "x" </example>', "model": "opus", "alwaysApply": True}, [BAD]),
    (121, "globs:\n- 'a'\n- *b c\nfoo", "keys", {"globs": ["a", "*b c foo"]}, ["anchors"]),
    (122, "name: a\0b\nother: x", "keys", {"name": "a\0b other: x"}, [BAD]),
    (123, "[a\nb", "none", {}, [BAD]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "level", "values", "codes"), [row[1:] for row in SAMPLES + MORE], ids=[row[0] for row in SAMPLES + MORE]
)
def test_what_is_between_the_lines(inside: str, level: str, values: dict[str, Any], codes: list[str]) -> None:
    found = read(f"---\n{inside}\n---\nbody\n---\nmore\n" if inside else "---\n---\nbody\n---\nmore\n")
    assert (found.level, found.values, [problem.code for problem in found.problems]) == (level, values, codes)
    last = inside.count("\n") + 2 if inside else 1
    assert (found.body, found.body_line, found.span) == ("body\n---\nmore\n", last + 1, (0, last))


@pytest.mark.parametrize(
    ("text", "body", "span", "codes"),
    [
        ("\ufeff---\r\nname: x\r\n---\r\nbody\r\n", "body\n", (0, 2), ["bom", "carriage-returns"]),  # sample 11
        ("---\rname: x\r---\rbody", "body", (0, 2), ["carriage-returns"]),
        ("\n \t\n---\nname: x\n---", "", (2, 4), ["leading-blank-lines"]),
        ("--- \t\nname: x\n...\nbody", "body", (0, 2), []),
        ("---\nname: x\n----\n--- #\n ---\n---\nbody", "body", (0, 5), ["bad-yaml"]),
        ("# Title\n\n---\nfoo: bar\n---\ntext", "# Title\n\n---\nfoo: bar\n---\ntext", None, []),  # sample 12
        ("---\nname: a\nno end\n", "---\nname: a\nno end\n", None, ["unclosed-frontmatter"]),  # sample 13
        ("---", "---", None, ["unclosed-frontmatter"]),
        ("----\na: b\n----\n", "----\na: b\n----\n", None, []),
        (" ---\na: b\n---\n", " ---\na: b\n---\n", None, []),
        ("a\r\nb", "a\nb", None, []),
        ("", "", None, []),
    ],
)
def test_where_it_begins_and_ends(text: str, body: str, span: tuple[int, int] | None, codes: list[str]) -> None:
    found = read(text)
    assert (found.body, found.span, [problem.code for problem in found.problems]) == (body, span, codes)
    assert found.body_line == (span[1] + 1 if span else 0)


@pytest.mark.parametrize(
    ("lines", "level"),
    [(["a: b"] + ["#"] * 299, "strict"), (["a: b"] + ["#"] * 300, "none"), ([f"a: {'é' * 8190}"], "strict"),
     ([f"a: {'é' * 8191}"], "none")],
    ids=["300 lines", "301 lines", "16 KiB", "more than 16 KiB"],
)  # fmt: skip
def test_one_that_is_too_large_is_left_out(lines: list[str], level: str) -> None:
    found = read("\n".join(["---", *lines, "---", "body"]))
    assert (found.level, found.body, found.values.keys()) == (level, "body", {"a"} if level == "strict" else set())
    assert [problem.code for problem in found.problems] == ([] if level == "strict" else ["too-large"])


@pytest.mark.parametrize(
    ("text", "line", "columns", "severity"),
    [
        ("---\nname: x\nglobs:  *.ts \n---", 2, (8, 12), "hint"),
        ("---\ndescription: a: b\n---", 1, (13, 17), "warning"),
        ("---\r\npaths:\r\n  - *.ts\r\n---", 2, (4, 8), "warning"),
        ("\n---\ndescription: a # b\n---", 2, (14, 18), "warning"),
        ("---\nalwaysApply: 'true'\n---", 1, (13, 19), "warning"),
        ("---\nname: a\nb\nc: d\n---", 3, (0, 1 << 30), "error"),
        ("---\nname: a\nname: b\n---", 2, (0, 1 << 30), "warning"),
    ],
)
def test_problems_speak_of_the_file(text: str, line: int, columns: tuple[int, int], severity: str) -> None:
    problem = read(text).problems[-1]
    assert (problem.line, (problem.start, problem.end), problem.severity) == (line, columns, severity)


def test_people_are_told_what_is_wrong_and_what_to_do() -> None:
    (problem,) = read("---\ndescription: Use when: asked\n---").problems
    assert problem.message == (
        "YAML cannot read this value as it stands (mapping values are not allowed here); it was taken as written. "
        "Put it in quotes."
    )
    (problem,) = read("---\nglobs: *.ts\n---").problems  # quotes would break it in Cursor
    assert problem.message.endswith("Cursor wants it so, other programs in quotes.")


def test_places_and_raw_values() -> None:
    found = read('\n---\n"name" :  3000 # x\nglobs: *.ts\nmetadata:\n  a: b\n? odd\n: x\n---\n')
    assert found.keys == {
        "name": KeyPlace(2, 0, 6, 10, 18),
        "globs": KeyPlace(3, 0, 5, 7, 11),
        "metadata": KeyPlace(4, 0, 8, 9, 9),
    }
    assert found.raw == {"name": "3000 # x", "globs": "*.ts", "metadata": ""}
    assert found.values["odd"] == "x"
    assert read("---\n{a: 1, b: 2}\n---").keys == {}
    assert read("---\nname: x \n---").keys == {"name": KeyPlace(1, 0, 4, 6, 7)}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("k: words", "words"), ("k: 3000", "3000"), ("k: 1.10", "1.10"), ("k: 1.10 # x", "1.10"), ("k: True", "True"),
        ("k: [a]", "[a]"), ("k: [a, b] # x", "[a, b]"), ("k: ['a #b']", "['a #b']"), ("k: [a] [b]", "[a] [b]"),
        ("k:\n- a\n- b", "a, b"), ("k: [a,\n b]", "a, b"), ("k: {a: b}", "{a: b}"), ("k:\n  1.10", "1.1"), ("k:", ""),
        ("k:\n  a: true", "a: true"), ("other: x", ""),
    ],
)  # fmt: skip
def test_a_value_as_text(line: str, text: str) -> None:
    assert frontmatter.text(read(f"---\n{line}\n---\n"), "k") == text


@pytest.mark.parametrize(
    ("value", "meant"),
    [(True, True), (False, False), ("TRUE", True), (" on ", True), ("Yes", True), (1, True), ("1", True), ("no", False),
     ("Off", False), (0, False), ("false", False), (2, None), ("", None), (None, None), ("maybe", None), (1.0, None),
     ([True], None)],
)  # fmt: skip
def test_truth(value: Any, meant: bool | None) -> None:
    assert truth(value) is meant


@pytest.mark.parametrize(
    ("value", "items"),
    [(None, []), ("", []), ("a b", ["a b"]), (["a", 1, None, "", True], ["a", "1", "true"]), (3, ["3"]),
     ("[@a, 'b']", ["@a", "b"]), ("[a] [b]", ["[a] [b]"]), ("[", ["["]),
     ([["a"], {"Bash(x": "y)"}], ["a", "Bash(x: y)"])],
)  # fmt: skip
def test_texts(value: Any, items: list[str]) -> None:
    assert texts(value) == items


@pytest.mark.parametrize(
    ("value", "names"),
    [("Read, Write Bash(git add:*, x)", ["Read", "Write", "Bash(git add:*, x)"]), (["a", "Bash(b c)"],
     ["a", "Bash(b c)"]), ("a,,b\tc", ["a", "b", "c"]), ("Bash(a (b c) d) e", ["Bash(a (b c) d)", "e"]),
     ("a) b", ["a)", "b"]), ("Bash(a b", ["Bash(a b"]), ("['a', \"b\"]", ["a", "b"]), (None, []),
     ("[Bash(a, b), c]", ["Bash(a, b)", "c"])],
)  # fmt: skip
def test_tools(value: Any, names: list[str]) -> None:
    assert tools(value) == names


COMMON = (
    "---\nname: pdf-tools\ndescription: Use when the user asks about PDFs, forms or scans.\n# a note\n"
    "globs: src/**/*.ts\nalwaysApply: false\nversion: 1.10\nlicense: \"MIT\"\nmodel: 'opus'\npaths:\n---\n"
    "# Title\n\nText\n"
)


def test_the_common_form_is_read_without_pyyaml() -> None:
    look = f"print(read({COMMON!r}).values, 'yaml' in sys.modules)"
    code = f"import sys; from mm_lsp.rulebook.frontmatter import read; {look}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == (
        "{'name': 'pdf-tools', 'description': 'Use when the user asks about PDFs, forms or scans.', "
        "'globs': 'src/**/*.ts', 'alwaysApply': False, 'version': 1.1, 'license': 'MIT', "
        "'model': 'opus', 'paths': None} False"
    )


def test_a_thousand_small_files_take_no_time() -> None:
    spent: list[float] = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(1000):
            read(COMMON)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.15


@pytest.mark.parametrize(
    "inside",
    ["a: " + "[" * 16_000, "a: [" + "[]," * 5_200 + "]", "a: *b\nc: [" + "a," * 7_000 + "]", "a: &a [x]\n" * 290,
     "a:\n" + " - - - - - - - - a\n" * 290, "a: x" + " #" * 8_000, "a: *b" + "\t" * 16_000, "a:\n" + "- *b\n" * 298],
    ids=["deep", "wide", "bad and wide", "anchors", "nested", "comments", "tabs", "items"],
)  # fmt: skip
def test_the_worst_that_fits_is_read_in_good_time(inside: str) -> None:
    start = time.process_time()
    read(f"---\n{inside}\n---\n")
    assert time.process_time() - start < 2.5
