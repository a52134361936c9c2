"""Command files, the names they are reached by, and where a slash offers them."""

import hashlib

import pytest

from mm_lsp.rulebook.commands import Command, command_from, completion_prefix, visible_names

FRONT = "---\n{}\n---\nBody here.\n"


def made(style="claude", text="Do it.", parts=("fix",), path=".claude/commands/fix.md", scope="project") -> Command:
    command, problems = command_from(style, path, scope, text, parts)
    assert command is not None, problems
    return command


def named(name, scope="project", style="claude", path="", label="", **fields) -> Command:
    return Command(name, label or name, style, path or f"{scope == 'project'}/{style}/{name}.md", scope, **fields)


@pytest.mark.parametrize(
    ("style", "parts", "front", "name", "label"),
    [
        ("claude", ("fix-issue",), "", "fix-issue", "fix-issue"),
        ("claude", ("frontend", "component"), "", "component", "frontend:component"),
        ("claude", ("a", "b", "c"), "", "c", "a:b:c"),
        ("claude", ("fix",), "name: other", "fix", "fix"),
        ("skill", ("pdf-tools",), "name: pdf", "pdf", "pdf"),
        ("skill", ("pdf-tools",), "", "pdf-tools", "pdf-tools"),
        ("skill", ("pdf",), "name: 3000", "3000", "3000"),
        ("opencode", ("sub", "test"), "", "test", "sub:test"),
        ("cursor", ("review",), "name: other", "review", "review"),
        ("copilot", ("new-form.prompt",), "", "new-form", "new-form"),
        ("copilot", ("new-form",), "name: form", "form", "form"),
        ("copilot", ("my form",), "", "my-form", "my-form"),
        ("roo", ("deploy",), "name: other", "deploy", "deploy"),
        ("windsurf", ("release",), "name: other", "release", "release"),
        ("claude", ("v1.2",), "", "v1.2", "v1.2"),
        ("claude", ("fi\u200bx",), "", "fix", "fix"),
        ("claude", ("größe",), "", "größe", "größe"),
    ],
)
def test_names(style, parts, front, name, label) -> None:
    command = made(style, FRONT.format(front) if front else "Body here.", parts)
    assert (command.name, command.label) == (name, label)


def test_geminis_names_hold_the_path() -> None:
    command = made("gemini", 'prompt = "x"', ("git", "commit"))
    assert (command.name, command.label, command.body) == ("git:commit", "git:commit", "x")


@pytest.mark.parametrize(
    ("style", "parts", "front", "code"),
    [
        ("claude", (), "", "unusable-name"),
        ("claude", ("",), "", "unusable-name"),
        ("claude", (" \u200b ",), "", "unusable-name"),
        ("claude", ("a/b",), "", "unusable-name"),
        ("claude", ("a\\b",), "", "unusable-name"),
        ("claude", ("x" * 129,), "", "unusable-name"),
        ("claude", ("", "fix"), "", "unusable-name"),
        ("copilot", (".prompt",), "", "unusable-name"),
        ("copilot", ("",), "name: fine", "unusable-name"),
    ],
)
def test_names_that_are_none(style, parts, front, code) -> None:
    command, problems = command_from(style, "p", "project", FRONT.format(front) if front else "x", parts)
    assert command is None
    assert [(problem.code, problem.severity) for problem in problems] == [(code, "error")]


@pytest.mark.parametrize(
    ("parts", "front", "name", "code", "line"),
    [
        (("fi\u200bx",), "", "fix", "hidden-characters", 0),
        (("p\u0430y",), "", "p\u0430y", "mixed-scripts", 0),
        (("x",), "description: d\nname: a/b", "x", "unusable-name", 2),
        (("x",), f"name: {'y' * 129}", "x", "unusable-name", 1),
    ],
)
def test_doubtful_names_are_told(parts, front, name, code, line) -> None:
    command = made("skill", FRONT.format(front) if front else "x", parts)
    assert command.name == name
    assert (code, line, "warning") in [(one.code, one.line, one.severity) for one in command.problems]


@pytest.mark.parametrize(
    ("style", "front", "expected"),
    [
        ("claude", "description: Fix it", "Fix it"),
        ("claude", "argument-hint: x", "Body here."),
        ("claude", "description: 'a\n\n  b'", "a b"),
        ("claude", f"description: {'x' * 300}", "x" * 199 + "…"),
        ("opencode", "description: Fix it", "Fix it"),
        ("cursor", "description: Fix it", "Body here."),
        ("copilot", "description: Fix it", "Fix it"),
        ("roo", "description: Fix it", "Fix it"),
        ("windsurf", "description: Fix it", "Fix it"),
        ("skill", "description: Use when: asked", "Use when: asked"),
    ],
)
def test_descriptions(style, front, expected) -> None:
    assert made(style, FRONT.format(front)).description == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("# Title\n\nFirst words.\nSecond.", "First words."),
        ("<!-- note -->\n---\n```\n- item one\n", "- item one"),
        ("# Only a title\n", "Only a title"),
        ("", ""),
        ("\n \n", ""),
        ("a" * 201, "a" * 199 + "…"),
        ("a" * 200, "a" * 200),
    ],
)
def test_descriptions_from_the_body(body, expected) -> None:
    assert made(text=body).description == expected


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("[issue] [priority]", "[issue] [priority]"),
        ("[issue]", "[issue]"),
        ("<file> [--fast]", "<file> [--fast]"),
        ('"[a] | [b]"', "[a] | [b]"),
    ],
)
@pytest.mark.parametrize("style", ["claude", "skill", "copilot", "roo"])
def test_hints(style, written, hint) -> None:
    assert made(style, FRONT.format(f"argument-hint: {written}")).argument_hint == hint


@pytest.mark.parametrize("style", ["opencode", "cursor", "windsurf"])
def test_tools_without_hints_have_none(style) -> None:
    assert made(style, FRONT.format("argument-hint: x")).argument_hint == ""


@pytest.mark.parametrize(
    ("front", "user", "model"),
    [
        ("description: x", True, True),
        ("disable-model-invocation: true", True, False),
        ("disable-model-invocation: yes", True, False),
        ("disable-model-invocation: false", True, True),
        ("user-invocable: false", False, True),
        ("user-invokable: no", False, True),
        ("user-invocable: true", True, True),
        ("user-invocable: perhaps", True, True),
    ],
)
@pytest.mark.parametrize("style", ["claude", "skill"])
def test_who_may_call_it(style, front, user, model) -> None:
    command = made(style, FRONT.format(front))
    assert (command.is_user_invocable, command.is_model_invocable) == (user, model)


@pytest.mark.parametrize("style", ["opencode", "cursor", "copilot", "roo", "windsurf"])
def test_the_other_styles_are_for_people_only(style) -> None:
    command = made(style, FRONT.format("user-invocable: false"))
    assert (command.is_user_invocable, command.is_model_invocable) == (True, False)


@pytest.mark.parametrize(
    ("front", "names", "codes"),
    [
        ("arguments: [issue, branch]", ("issue", "branch"), []),
        ("arguments: issue branch", ("issue", "branch"), []),
        ("arguments: issue, branch", ("issue", "branch"), []),
        ("arguments:\n- issue\n- new-branch", ("issue", "new-branch"), []),
        ("arguments: [ok, 1st]", ("ok", "1st"), ["bad-argument-name"]),
        ("arguments: ARGUMENTS", ("ARGUMENTS",), ["bad-argument-name"]),
        ("arguments:", (), []),
        ("description: x", (), []),
    ],
)
def test_argument_names(front, names, codes) -> None:
    command = made(text=FRONT.format(front))
    assert command.argument_names == names
    assert [problem.code for problem in command.problems] == codes


def test_tools_are_shown() -> None:
    front = "allowed-tools: Bash(git add:*), Bash(git status:*)"
    assert made(text=FRONT.format(front)).allowed_tools == ("Bash(git add:*)", "Bash(git status:*)")
    assert made("copilot", FRONT.format("tools: [a, b]")).allowed_tools == ("a", "b")
    assert made("cursor", FRONT.format(front)).allowed_tools == ()


def test_the_template_is_the_file_without_its_head() -> None:
    assert made(text="---\ndescription: x\n---\n\n  $1\n\n").body == "  $1"
    assert made("cursor", "---\r\ndescription: x\r\n---\r\nGo").body == "---\ndescription: x\n---\nGo"
    assert made("cursor", "---\ndescription: [x\n---\nGo").problems == ()


def test_hidden_characters_are_spelled_out_and_told_at_their_line() -> None:
    command = made(text="---\ndescription: x\n---\none\nt\u200bwo")
    assert command.body == "one\nt⟦U+200B⟧wo"
    assert [(one.code, one.line, one.start) for one in command.problems] == [("hidden-characters", 4, 1)]


def test_many_hidden_characters_are_not_all_told() -> None:
    assert len(made(text="a\u200b" * 500).problems) == 20


def test_the_digest_is_of_the_whole_text() -> None:
    text = FRONT.format("description: é\u200b")
    assert made(text=text).digest == hashlib.sha256(text.encode()).hexdigest()
    assert len(made(text="\ud800").digest) == 64


def test_a_skill_has_a_directory() -> None:
    assert made("skill", "x", ("pdf",), ".claude/skills/pdf/SKILL.md").directory == ".claude/skills/pdf"
    assert made("claude", "x").directory == ""


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('prompt = "x', "bad-toml", 0),
        ("a = 1\nb = = 2\n", "bad-toml", 1),
        ("x = " + "[" * 5000, "bad-toml", 0),
        ('description = "x"', "no-prompt", 0),
        ('prompt = ""', "no-prompt", 0),
        ("prompt = 3", "no-prompt", 0),
    ],
)
def test_toml_that_is_no_command(text, code, line) -> None:
    command, problems = command_from("gemini", "p", "project", text, ("x",))
    assert command is None
    assert [(problem.code, problem.line, problem.severity) for problem in problems] == [(code, line, "error")]


def test_toml() -> None:
    text = 'description = "Does\\n it"\r\nprompt = """\r\nUse {{args}}\r\nnow\u200b\r\n"""\r\n'
    command = made("gemini", text)
    assert (command.description, command.body) == ("Does it", "Use {{args}}\nnow⟦U+200B⟧")
    assert [problem.code for problem in command.problems] == ["hidden-characters"]
    assert made("gemini", 'description = 3\nprompt = "Do this"').description == "Do this"


USER, PROJECT = named("fix", "user"), named("fix")
SKILL = named("fix", style="skill")
FRONTEND = named("component", label="frontend:component", path=".claude/commands/frontend/component.md")
BACKEND = named("component", label="backend:component", path=".claude/commands/backend/component.md")


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([PROJECT], {"fix": PROJECT}),
        ([USER, PROJECT], {"fix": PROJECT, "project:fix": PROJECT, "user:fix": USER}),
        ([PROJECT, SKILL], {"fix": SKILL, "project:fix": SKILL, "claude:fix": PROJECT}),
        (
            [USER, PROJECT, SKILL],
            {"fix": SKILL, "project:fix": SKILL, "claude:fix": PROJECT, "user:fix": USER},
        ),
        (
            [FRONTEND, BACKEND],
            {
                "component": BACKEND,
                "backend:component": BACKEND,
                "project:component": BACKEND,
                "frontend:component": FRONTEND,
            },
        ),
        ([FRONTEND], {"component": FRONTEND, "frontend:component": FRONTEND}),
        ([named("a", is_user_invocable=False)], {}),
        ([], {}),
    ],
)
def test_collisions(commands, expected) -> None:
    for given in (commands, commands[::-1]):
        found = visible_names(given)
        assert {name: command.path for name, command in found.items()} == {
            name: command.path for name, command in expected.items()
        }
        assert list(found) == sorted(found)


@pytest.mark.parametrize("other", ["FIX", "ｆｉｘ", "fi\u200bx"])
def test_names_that_look_alike_collide(other) -> None:
    found = visible_names([PROJECT, named(other, "user")])
    assert found["fix"].scope == "project"
    assert found[f"user:{other}"].scope == "user"
    assert other not in found


def test_the_loser_is_told_and_the_winner_is_not() -> None:
    found = visible_names([USER, PROJECT])
    assert found["fix"].problems == ()
    (problem,) = found["user:fix"].problems
    assert (problem.code, problem.severity) == ("shadowed-name", "warning")
    assert PROJECT.path in problem.message
    assert "/user:fix" in problem.message


def test_a_name_of_its_own_makes_it_a_hint() -> None:
    (problem,) = visible_names([FRONTEND, BACKEND])["frontend:component"].problems
    assert problem.severity == "hint"


def test_the_same_name_in_several_places_of_the_tree() -> None:
    places = [named("fix", path=f"{place}.claude/commands/fix.md") for place in ("", "a/", "b/")]
    found = visible_names(places)
    assert {name: command.path for name, command in found.items()} == {
        "fix": ".claude/commands/fix.md",
        "project:fix": ".claude/commands/fix.md",
        "claude:fix": "a/.claude/commands/fix.md",
        "b:fix": "b/.claude/commands/fix.md",
    }


def test_a_real_name_is_not_lost_to_a_qualified_one() -> None:
    real = named("user:fix", style="gemini")
    found = visible_names([USER, PROJECT, real])
    assert found["user:fix"] is real
    assert found["claude:fix"].path == USER.path


def test_the_same_file_twice_is_one() -> None:
    assert visible_names([PROJECT, PROJECT]) == {"fix": PROJECT}


def test_what_has_no_other_name_is_reached_by_its_path() -> None:
    found = visible_names([named(name, path=f".claude/commands/{name}.md") for name in ("fix", "Fix", "FIX")])
    assert set(found) == {"FIX", "project:FIX", "claude:Fix", ".claude/commands/fix.md"}


OFFERED = [
    ("/", "/"), ("/fi", "/fi"), ("  /fix-issue", "/fix-issue"), ("\t/a:b", "/a:b"), ("# /fi", "/fi"),
    ("// /fi", "/fi"), ("    // /", "/"), (" * /fi", "/fi"), ("; /fi", "/fi"), ("-- /fi", "/fi"),
    ("<!-- /fi", "/fi"), ("/größe", "/größe"),
]  # fmt: skip
SILENT = [
    "", " ", "a / b", "a /b", "x = a/b", "/usr/", "/usr/bin", "src/main", "./a", "../a", "http://", "https://x", "</",
    "</div", "//", "///", "// ", "/*", "/**", "*/", " */", "#/", "--/", ";/", "/a b", "/a.b", "/ab+/", "/[a-z]/", "/^a",
    "return /x/", "- /fix", "// see /fix", "# // /fix", "/fix/", "~/x", "\\/x", "@/x", "#!/bin", "<!--/x",
    " " * 400 + "/fix",
]  # fmt: skip


@pytest.mark.parametrize(("line", "prefix"), OFFERED)
def test_commands_are_offered(line, prefix) -> None:
    assert completion_prefix(line, True, False) == prefix
    assert completion_prefix(line, False, True) == prefix


@pytest.mark.parametrize("line", SILENT)
def test_slashes_that_are_none(line) -> None:
    assert completion_prefix(line, True, True) is None


@pytest.mark.parametrize(("line", "prefix"), OFFERED)
def test_never_in_code(line, prefix) -> None:
    assert completion_prefix(line, False, False) is None
