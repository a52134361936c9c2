"""Templates filled in, style by style (section 6.1 of the reference), and the traps."""

import pytest

from mm_lsp.rulebook.commands import Command
from mm_lsp.rulebook.expansion import (
    ARGUMENTS_LIMIT,
    EXPANSION_LIMIT,
    FILES_LIMIT,
    SHELL_DISABLED,
    Expansion,
    FileReference,
    Surroundings,
    expand,
    index_base,
)

HERE = Surroundings(
    file="src/app.test.ts",
    file_path="/home/me/project/src/app.test.ts",
    selection="let $1 = `x`;",
    language_id="typescript",
    workspace_folder="/home/me/project",
)
OFF = SHELL_DISABLED
ALL = ["claude", "skill", "opencode", "cursor", "copilot", "gemini", "roo", "windsurf"]


def command(style, body, names=()) -> Command:
    return Command("fix", "fix", style, "p", "project", body=body, argument_names=names)


def expanded(style, body, arguments="", names=(), here=HERE) -> Expansion:
    return expand(command(style, body, names), arguments, here)


def text(style, body, arguments="", names=()) -> str:
    return expanded(style, body, arguments, names).joined(lambda reference: None)


@pytest.mark.parametrize(
    ("body", "arguments", "expected"),
    [
        ("Fix $ARGUMENTS.", "a b", "Fix a b."),
        ("Fix $ARGUMENTS.", "say 'a  b'", "Fix say 'a  b'."),
        ("Fix $ARGUMENTS.", "", "Fix ."),
        ("$ARGUMENTS and $ARGUMENTS", "x", "x and x"),
        ("$ARGUMENTSX", "", "$ARGUMENTSX"),
        ("$ARGUMENTS中", "x", "x中"),
        # counted from 1, unless a 0 tells
        ("$1-$2", "a b", "a-b"),
        ("$0-$1", "a b", "a-b"),
        ("$1 $ARGUMENTS[0]", "a b", "b a"),
        ("$ARGUMENTS[0] $ARGUMENTS[1]", "a b", "a b"),
        ("$ARGUMENTS[1]", "a b", "a"),
        ("$1", "'a b' c", "a b"),
        ("$1 $2", "don't stop", "don't stop"),
        ("$12", " ".join("abcdefghijkl"), "l"),
        # missing
        ("$1 $2", "a", "a $2"),
        ("$0 $5", "a", "a $5"),
        ("$ARGUMENTS[0] $ARGUMENTS[7]", "a", "a $ARGUMENTS[7]"),
        ("$1", "", "$1"),
        # no arguments at all: money, shells, escapes
        ("costs $1.00", "", "costs $1.00"),
        ("costs $1.00, $1", "a", "costs $1.00, a"),
        ("costs $0.50, $1", "a b", "costs $0.50, a"),
        ("costs $1,000 and $10,000.50 $1", "a", "costs $1,000 and $10,000.50 a"),
        ("$5k $1st $1_x $1", "a", "$5k $1st $1_x a"),
        ("Is it $1.", "a", "Is it a."),
        ("$1, $2", "a b", "a, b"),
        (r"\$1 $1", "a", "$1 a"),
        (r"\$1.00 $1", "a", "$1.00 a"),
        (r"\$0 $1", "a b", "$0 a"),
        (r"\$ARGUMENTS $ARGUMENTS", "a", "$ARGUMENTS a"),
        (r"\$ARGUMENTS[0] $1", "a b", "$ARGUMENTS[0] a"),
        (r"\\$1", "a", "\\$1\n\nARGUMENTS: a"),
        (r"\$HOME $1", "a", r"\$HOME a"),
        ("$HOME $x $1", "a", "$HOME $x a"),
        ("$12345 $1", "a", "$12345 a"),
        ("$ARGUMENTS[12345]", "a", "a[12345]"),
        ("$ARGUMENTS[x]", "a", "a[x]"),
        ("$", "", "$"),
        # nowhere to put them
        ("Fix it.", "a b", "Fix it.\n\nARGUMENTS: a b"),
        ("Fix it.", "  ", "Fix it."),
        ("Fix it.", "", "Fix it."),
        (r"Fix \$1.", "a", "Fix $1.\n\nARGUMENTS: a"),
        ("costs $1.00", "a", "costs $1.00\n\nARGUMENTS: a"),
        # not theirs
        ("{{args}} ${file} !{ls} @{x} ${input:a}", "", "{{args}} ${file} !{ls} @{x} ${input:a}"),
    ],
)
@pytest.mark.parametrize("style", ["claude", "skill"])
def test_claude(style, body, arguments, expected) -> None:
    assert text(style, body, arguments) == expected


@pytest.mark.parametrize(
    ("body", "arguments", "expected"),
    [
        ("#$issue on $branch", "12 main", "#12 on main"),
        ("#$issue on $branch.", "12", "#12 on ."),
        ("#$issue", "", "#"),
        ("$new-name", "a b c", "c"),
        ("$issue-$branch", "a b", "a-b"),
        ("$issue-more", "a", "a-more"),
        ("$issues $Issue", "a", "$issues $Issue\n\nARGUMENTS: a"),
        (r"\$issue $issue", "a", "$issue a"),
        (r"\$issue-x $issue", "a", "$issue-x a"),
        ("$branch $1", "a b", "b a"),
        ("$issue", "'a b'", "a b"),
    ],
)
def test_named_arguments(body, arguments, expected) -> None:
    assert text("claude", body, arguments, ("issue", "branch", "new-name")) == expected


def test_odd_names_do_no_harm() -> None:
    assert text("claude", "$ $a $1st", "x", ("", "1st", "a")) == "$  $1st"


@pytest.mark.parametrize(
    ("body", "arguments", "expected"),
    [
        ("$1", "a b c", "a b c"),
        ("$1 | $2", "a b c", "a | b c"),
        ("$2 | $1", "a b c", "b c | a"),
        ("$1 | $3", "a b c d", "a | c d"),
        ("$1 | $2", "a", "a | "),
        ("$1 | $1", "a b", "a b | a b"),
        ("$0 $1", "a b", "$0 a b"),
        ("$ARGUMENTS[0]", "a", "a[0]"),
        ("$ARGUMENTS $1", "a b", "a b a b"),
        ("$ARGUMENTSX", "a", "aX"),
        ("costs $1.00 $1", "a", "costs $1.00 a"),
        (r"\$1", "a", r"\a"),
        ("$issue", "a", "$issue\n\na"),
        ("Fix it.", "a b", "Fix it.\n\na b"),
        ("Fix it.", "", "Fix it."),
    ],
)
def test_opencode(body, arguments, expected) -> None:
    assert text("opencode", body, arguments, ("issue",)) == expected


@pytest.mark.parametrize("style", ["cursor", "roo", "windsurf"])
def test_tools_that_fill_in_nothing(style) -> None:
    body = "$ARGUMENTS $1 {{args}} ${file} @src/a.py !`ls` !{ls} @{b} [x](c.md) ${input:n}"
    made = expanded(style, body, "a b")
    assert made == Expansion((f"{body}\n\na b",))
    assert expanded(style, body) == Expansion((body,))


@pytest.mark.parametrize(
    ("body", "arguments", "expected"),
    [
        ("Do {{args}}.", "a  'b'", "Do a  'b'."),
        ("Do {{args}}{{args}}.", "", "Do ."),
        ("Do it.", "a b", "Do it.\n\n/fix a b"),
        ("Do it.", "", "Do it."),
        ("!{ls {{args}}}", "a; b", OFF),
        ("!{unclosed {{args}}", "a", "!{unclosed a"),
        ("!{} @{} @{ }", "", "!{} @{} @{ }"),
        ("{{ args }} {{args}", "a", "{{ args }} {{args}\n\n/fix a"),
        ("$ARGUMENTS $1 {{args}}", "a", "$ARGUMENTS $1 a"),
        ("!{ a !{b} x", "", f"!{{ a {OFF} x"),
        ("}}} !{a}", "", f"}}}}}} {OFF}"),
    ],
)
def test_gemini(body, arguments, expected) -> None:
    assert text("gemini", body, arguments) == expected


@pytest.mark.parametrize(
    ("body", "arguments", "shell"),
    [
        ("!{ls {{args}}}", "a b", ("ls 'a b'",)),
        ("!{ls {{args}}}", "x; rm -rf '$HOME'", ("ls 'x; rm -rf '\"'\"'$HOME'\"'\"''",)),
        ("!{ls {{args}}}", "", ("ls ''",)),
        ("!{awk '{print $1}'} then !{ ls }", "", ("awk '{print $1}'", "ls")),
        ("!{cat @{a.py}}", "", ("cat @{a.py}",)),
        ("!{a\nb}", "", ("a\nb",)),
    ],
)
def test_geminis_shell_parts(body, arguments, shell) -> None:
    made = expanded("gemini", body, arguments)
    assert made.shell == shell
    assert not any(isinstance(piece, FileReference) for piece in made.pieces)


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [
        ("src/a.py", True), ("./a", True), ("a/../b", True), ("a b.md", True), ("a{b}c", True), ("..a", True),
        ("/home/me/project/x.md", True), ("/home/me/project", False), ("/etc/passwd", False), ("../x", False),
        ("a/../../x", False), ("/home/me/project/../x", False), ("~/x", False), ("C:/x", False), ("C:x", False),
        ("..\\x", False), ("\\\\server\\x", False), ("/home/me/project2/x", False),
    ],
)  # fmt: skip
def test_geminis_files_stay_in_the_workspace(path, is_taken) -> None:
    made = expanded("gemini", f"See @{{{path}}} now")
    reference = FileReference(path, f"@{{{path}}}")
    assert made.pieces == (("See ", reference, " now") if is_taken else (f"See @{{{path}}} now",))


def test_geminis_files_come_before_its_arguments() -> None:
    assert expanded("gemini", "@{{{args}}}", "a.py").pieces == ("@{a.py}",)


def test_geminis_files_without_a_workspace() -> None:
    made = expanded("gemini", "@{a} @{/b}", here=Surroundings())
    assert made.pieces == (FileReference("a", "@{a}"), " @{/b}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("file", "/home/me/project/src/app.test.ts"),
        ("fileBasename", "app.test.ts"),
        ("fileBasenameNoExtension", "app.test"),
        ("fileDirname", "/home/me/project/src"),
        ("relativeFile", "src/app.test.ts"),
        ("selection", "let $1 = `x`;"),
        ("selectedText", "let $1 = `x`;"),
        ("workspaceFolder", "/home/me/project"),
        ("workspaceFolderBasename", "project"),
        ("unknown", "${unknown}"),
        ("env:HOME", "${env:HOME}"),
        ("input:", "${input:}"),
    ],
)
def test_copilots_variables(name, value) -> None:
    assert text("copilot", f"<${{{name}}}>") == f"<{value}>"


def test_variables_of_windows_and_of_nothing() -> None:
    here = Surroundings("a\\.env", "C:\\w\\a\\.env", "", "", "C:\\w\\")
    names = ("fileBasename", "fileBasenameNoExtension", "fileDirname", "workspaceFolderBasename")
    assert [here.variables()[name] for name in names] == [".env", ".env", "C:\\w\\a", "w"]
    assert set(Surroundings().variables().values()) == {""}


@pytest.mark.parametrize(
    ("body", "arguments", "expected", "inputs"),
    [
        ("<${input:name}>", "a", "<a>", ()),
        ("<${input:name:which one?}>", "a", "<a>", ()),
        ("<${input:name}>", 'say "a  b" don\'t', '<say "a  b" don\'t>', ()),
        ("<${input:name}>", "name='a b'", "<a b>", ()),
        ("<${input:a}><${input:b}>", "1 2 3", "<1><2 3>", ()),
        ("<${input:a}><${input:b}>", "b=2 1", "<1><2>", ()),
        ("<${input:a}><${input:b}><${input:a}>", "1", "<1><${input:b}><1>", ("b",)),
        ("<${input:a}><${input:b:hint}>", "b=2", "<${input:a}><2>", ("a",)),
        ("<${input:a:x}>", "", "<${input:a:x}>", ("a",)),
        ("<${input:a}>", "a=", "<>", ()),
        ("<${input:a}>", "a=1 more words", "<1>\n\nmore words", ()),
        ("<${input:a}>", "other=1", "<other=1>", ()),
        ("<${input:a}>", "a=1 a=2", "<1>\n\na=2", ()),
        ("Fix ${file}", "a b", "Fix /home/me/project/src/app.test.ts\n\na b", ()),
        ("Fix.", "a b", "Fix.\n\na b", ()),
        ("Use #tool:githubRepo.", "", "Use #tool:githubRepo.", ()),
        ("$1 $ARGUMENTS !`ls` @a.py", "", "$1 $ARGUMENTS !`ls` @a.py", ()),
    ],
)
def test_copilots_inputs(body, arguments, expected, inputs) -> None:
    made = expanded("copilot", body, arguments)
    assert made.joined(lambda reference: None) == expected
    assert made.inputs == inputs


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("../docs/a.md", "../docs/a.md"),
        ("a.md#part", "a.md"),
        ("my%20file.md", "my file.md"),
        ("<my file.md>", "my file.md"),
        ("${workspaceFolder}/a.md", "/home/me/project/a.md"),
        ("https://example.org/a", None),
        ("mailto:a@b.c", None),
        ("//host/a", None),
        ("#part", None),
        ("", None),
    ],
)
def test_copilots_links(target, path) -> None:
    pieces = expanded("copilot", f"See [it]({target}).").pieces
    references = [piece for piece in pieces if isinstance(piece, FileReference)]
    assert references == ([FileReference(path, references[0].written)] if path else [])
    if path:
        assert pieces[0] == "See [it]("
        assert pieces[2] == ")."


@pytest.mark.parametrize("body", ["`[a](b.md)`", "```\n[a](b.md)\n```", "![a](b.png)", "[a] (b.md)", "[a](b c.md)"])
def test_what_is_no_link(body) -> None:
    assert expanded("copilot", body).pieces == (body,)


def test_a_link_with_a_title() -> None:
    assert FileReference("b.md", "b.md") in expanded("copilot", '[a](b.md "t")').pieces


@pytest.mark.parametrize("style", ["claude", "skill", "opencode"])
@pytest.mark.parametrize(
    ("body", "arguments", "pieces"),
    [
        ("See @src/a.py, now", "", ("See ", FileReference("src/a.py", "@src/a.py"), ", now")),
        ("@./a.md", "", (FileReference("./a.md", "@./a.md"),)),
        ("See `@a.md`", "", ("See `@a.md`",)),
        ("```\n@a.md\n```", "", ("```\n@a.md\n```",)),
        ("me@example.org", "", ("me@example.org",)),
        ("Review @$1", "src/a.py", ("Review ", FileReference("src/a.py", "@src/a.py"))),
        ("Review @$1.", "src/a.py", ("Review ", FileReference("src/a.py", "@src/a.py"), ".")),
        ("Review @$1/b.py", "src", ("Review ", FileReference("src/b.py", "@src/b.py"))),
        ("Review @src/$1.py", "a", ("Review ", FileReference("src/a.py", "@src/a.py"))),
        ("Review @$ARGUMENTS", "a b.md", ("Review ", FileReference("a b.md", "@a b.md"))),
        ("```\n@$1\n```", "a", ("```\n@a\n```",)),
        ("Review @$ARGUMENTS", "", ("Review @",)),
    ],
)
def test_files(style, body, arguments, pieces) -> None:
    assert expanded(style, body, arguments).pieces == pieces


SHELL = [
    ("!`ls`", OFF, ("ls",)),
    ("a !`ls -l` b", f"a {OFF} b", ("ls -l",)),
    ("a\n!`ls`", f"a\n{OFF}", ("ls",)),
    ("KEY=!`ls`", "KEY=!`ls`", ()),
    ("(!`ls`)", "(!`ls`)", ()),
    ("!`a\nb`", "!`a\nb`", ()),
    ("!``", "!``", ()),
    ("!`ls", "!`ls", ()),
    ("! `ls`", "! `ls`", ()),
    ("```!\nls\npwd\n```\nx", f"{OFF}\nx", ("ls\npwd",)),
    ("```!\n```", OFF, ("",)),
    ("```!\nls\n", "```!\nls\n", ()),
    ("x ```!\nls\n```", "x ```!\nls\n```", ()),
    ("```! bash\nls\n```", OFF, ("ls",)),
    ("```!\n@a.md !`b`\n```", OFF, ("@a.md !`b`",)),
]


@pytest.mark.parametrize("style", ["claude", "skill", "opencode"])
@pytest.mark.parametrize(("body", "expected", "shell"), SHELL)
def test_shell_parts_are_found_and_never_run(style, body, expected, shell) -> None:
    made = expanded(style, body)
    assert (made.joined(lambda reference: "read"), made.shell) == (expected, shell)


def test_shell_parts_hold_their_arguments() -> None:
    made = expanded("claude", "!`gh issue view $1`", "12; ls")
    assert made == Expansion((OFF,), ("gh issue view 12;",))


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("claude", "<$ARGUMENTS>"),
        ("skill", "<$ARGUMENTS>"),
        ("opencode", "<$ARGUMENTS>"),
        ("gemini", "<{{args}}>"),
        ("copilot", "<${input:x}>"),
        ("cursor", "<"),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        "$ARGUMENTS",
        "$1 $0",
        "!`ls`",
        "@a.md",
        "{{args}}",
        "!{ls}",
        "@{a.md}",
        "${file}",
        "${input:x}",
        "[a](b.md)",
        r"\$1",
    ],
)
def test_what_is_put_in_is_not_read_again(style, body, arguments) -> None:
    made = expanded(style, body, arguments)
    assert made.shell == ()
    assert len(made.pieces) == 1
    assert arguments in made.pieces[0]


def test_a_selection_is_not_read_again() -> None:
    here = Surroundings(selection="${file} ${input:x} [a](b.md)")
    assert expanded("copilot", "<${selection}>", here=here).pieces == ("<${file} ${input:x} [a](b.md)>",)


def test_read_files_are_not_read_again() -> None:
    made = expanded("claude", "@a.md $1", "x")
    asked = []
    joined = made.joined(lambda reference: asked.append(reference.path) or "@b.md $1 !`ls`")
    assert (joined, asked) == ("@b.md $1 !`ls` x", ["a.md"])


def test_an_empty_file_is_not_an_unread_one() -> None:
    assert expanded("claude", "<@a.md").joined(lambda reference: "") == "<@a.md"
    assert expanded("claude", "< @a.md").joined(lambda reference: "") == "< "


@pytest.mark.parametrize(
    ("style", "body", "base"),
    [
        ("claude", "$1", 1), ("claude", "$0", 0), ("claude", "$1 $0", 0), ("claude", "$ARGUMENTS[0]", 0),
        ("claude", "$ARGUMENTS", None), ("claude", "$1.00", None), ("claude", r"\$0 $1", 1), ("claude", "", None),
        ("opencode", "$0 $1", 1), ("cursor", "$1", None), ("gemini", "$1", None),
    ],
)  # fmt: skip
def test_how_the_template_counts(style, body, base) -> None:
    assert index_base(command(style, body)) == base


@pytest.mark.parametrize("style", ALL)
def test_long_arguments_are_cut(style) -> None:
    joined = text(style, "Fix.", "x" + "é" * ARGUMENTS_LIMIT)
    assert joined.count("é") == ARGUMENTS_LIMIT // 2 - 1
    assert joined.endswith("\n[cut here: the arguments are longer than 64 KiB]")
    assert "cut here" not in text(style, "Fix.", "x" * ARGUMENTS_LIMIT)


@pytest.mark.parametrize(
    ("style", "unit"),
    [("claude", "$ARGUMENTS "), ("opencode", "$1 "), ("gemini", "{{args}}"), ("copilot", "${input:x}")],
)
def test_long_texts_are_cut(style, unit) -> None:
    joined = text(style, unit * 5000, "x" * ARGUMENTS_LIMIT)
    assert len(joined) == EXPANSION_LIMIT + len("\n[cut here: the text is longer than 256 KiB]")
    assert joined.endswith("\n[cut here: the text is longer than 256 KiB]")


@pytest.mark.parametrize("style", ALL)
def test_a_text_of_just_the_limit_is_whole(style) -> None:
    assert text(style, "x" * EXPANSION_LIMIT) == "x" * EXPANSION_LIMIT


def test_long_shell_parts_are_cut() -> None:
    made = expanded("claude", "!`$ARGUMENTS $ARGUMENTS $ARGUMENTS` " * 100, "x" * ARGUMENTS_LIMIT)
    assert sum(map(len, made.shell)) < EXPANSION_LIMIT + 200
    assert expanded("gemini", "!{{{args}}}" * 100, "'" * ARGUMENTS_LIMIT).shell[0].endswith("256 KiB]")


def test_files_are_cut_too() -> None:
    joined = expanded("claude", "@a.md " * 30).joined(lambda reference: "y" * 100_000)
    assert len(joined) < EXPANSION_LIMIT + 100
    assert "cut here" in joined


def test_a_template_of_files_is_cut() -> None:
    pieces = expanded("gemini", f"@{{{'x/' * 2000}}}" * 100).pieces
    assert sum(len(piece) if isinstance(piece, str) else len(piece.written) for piece in pieces) < EXPANSION_LIMIT + 100


def test_a_reference_at_the_limit_is_cut_off() -> None:
    made = expanded("claude", "x" * (EXPANSION_LIMIT - 4) + " @a.md and more")
    assert len(made.pieces) == 1
    assert made.pieces[0].endswith("x \n[cut here: the text is longer than 256 KiB]")


def test_not_all_of_very_many_files() -> None:
    pieces = expanded("claude", "@a.md " * 80).pieces
    assert sum(isinstance(piece, FileReference) for piece in pieces) == FILES_LIMIT
    assert expanded("claude", "@$1", "x" * 5000).pieces == ("@" + "x" * 5000,)
