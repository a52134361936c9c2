"""Rules as pure text: when each kind counts, in which order they are read out, and what the budget leaves of them."""

from __future__ import annotations

import pytest

from mm_lsp.rulebook.rules import Import, Rule, assemble, render, rule_from
from mm_lsp.rulebook.rules.assembly import Wishes, mentioned

TARGET = "src/deep/a.py"


def matter(*lines: str, body: str = "Be kind.") -> str:
    return "\n".join(["---", *lines, "---", body, ""])


def rule(path: str, body: str = "", **more) -> Rule:
    defaults = {"family": "agents", "scope": "project", "activation": "always"}
    return Rule(path=path, body=body or f"rules of {path}", **{**defaults, **more})


# When a file counts


@pytest.mark.parametrize(
    ("manner", "lines", "activation", "globs"),
    [
        # Cursor (section 3)
        ("mdc", ["alwaysApply: true", "globs: *.ts"], "always", ()),
        ("mdc", ["description: x", "globs: *.ts", "alwaysApply: false"], "glob", ("*.ts",)),
        ("mdc", ["globs: docs/**/*.md, docs/**/*.mdx"], "glob", ("docs/**/*.md", "docs/**/*.mdx")),
        ("mdc", ["globs: src/{a,b}/*.js,x.ts"], "glob", ("src/{a,b}/*.js", "x.ts")),
        ("mdc", ['globs: ["*.ts", "*.js"]'], "glob", ("*.ts", "*.js")),
        ("mdc", ["globs: '**/*.py'"], "glob", ("**/*.py",)),
        ("mdc", ["description: when the moon is full"], "agent", ()),
        ("mdc", ["description:", "globs:", "alwaysApply: false"], "manual", ()),
        ("mdc", [], "manual", ()),
        ("mdc", ['alwaysApply: "true"', "description: x"], "agent", ()),
        ("mdc", ["alwaysApply: yes"], "manual", ()),
        # Claude's rules (section 1)
        ("claude", [], "always", ()),
        ("claude", ["description: x"], "always", ()),
        ("claude", ["paths: src/**/*.ts, tests/**"], "glob", ("src/**/*.ts", "tests/**")),
        ("claude", ["paths:", "  - src/**/*.ts"], "glob", ("src/**/*.ts",)),
        ("claude", ["paths:", "- *.ts", "- **/*.py"], "glob", ("*.ts", "**/*.py")),
        # Copilot's instructions
        ("copilot", ['applyTo: "**/*.py,**/*.pyi"'], "glob", ("**/*.py", "**/*.pyi")),
        ("copilot", ["applyTo: '**/*.{ts,tsx},x'"], "glob", ("**/*.{ts,tsx}", "x")),
        ("copilot", ["description: only by name"], "manual", ()),
        # Windsurf
        ("windsurf", ["trigger: always_on"], "always", ()),
        ("windsurf", ["trigger: model_decision", "description: x"], "agent", ()),
        ("windsurf", ["trigger: glob", "globs: *.py"], "glob", ("*.py",)),
        ("windsurf", ["trigger: glob"], "never", ()),
        ("windsurf", ["trigger: manual", "globs: *.py"], "manual", ()),
        ("windsurf", [], "always", ()),
        ("windsurf", ["globs: *.py"], "glob", ("*.py",)),
        # Cline
        ("cline", ["paths:", "  - src/**"], "glob", ("src/**",)),
        ("cline", ["paths: []"], "never", ()),
        ("cline", ["paths: src/**"], "always", ()),
        ("cline", [], "always", ()),
        # Continue: the opposite of Cursor where nothing is said
        ("continue", [], "always", ()),
        ("continue", ["globs: '**/*.ts'"], "glob", ("**/*.ts",)),
        ("continue", ["globs:", "  - '**/*.ts'", "  - '!**/*.test.ts'"], "glob", ("**/*.ts", "!**/*.test.ts")),
        ("continue", ["alwaysApply: false", "description: x"], "agent", ()),
        ("continue", ["alwaysApply: false"], "manual", ()),
        ("continue", ["alwaysApply: true"], "always", ()),
        ("continue", ["regex: '(a+)+$'"], "never", ()),
        # Roo's modes
        ("mode", [], "manual", ()),
    ],
)
def test_when_a_file_counts(manner, lines, activation, globs):
    found = rule_from("cursor", manner, "x", matter(*lines))
    assert (found.activation, found.globs) == (activation, globs)
    assert "Be kind." in found.body


def test_a_nested_cursor_rule_that_says_nothing_counts_for_all_of_its_folder():
    found = rule_from("cursor", "mdc", "pkg/.cursor/rules/x.mdc", matter("description: x"), base="pkg")
    assert (found.activation, found.globs, found.base) == ("glob", ("**",), "pkg")


def test_plain_files_have_no_frontmatter():
    assert rule_from("agents", "plain", "AGENTS.md", matter("globs: x")).body.startswith("---\nglobs: x")


def test_what_cannot_be_parsed_is_told_at_its_line_and_the_rest_counts():
    found = rule_from("cursor", "mdc", "x.mdc", "---\nglobs: *.ts\nname: a\nBe kind.\n")
    assert found.activation == "manual"
    assert [(problem.line, problem.code) for problem in found.problems] == [(0, "unclosed-frontmatter")]
    assert "Be kind." in found.body


def test_comments_are_taken_out_and_hidden_characters_spelled_out():
    text = matter("alwaysApply: true", body="A<!-- psst\n-->\n\n<!-- hidden -->\nB\u200bC")
    found = rule_from("cursor", "mdc", "x.mdc", text)
    assert "hidden" not in found.body
    assert "B⟦U+200B⟧C" in found.body
    (problem,) = found.problems
    assert (problem.line, problem.start, problem.code) == (7, 1, "hidden-characters")


# Which count, and why


def paths(assembly) -> list[str]:
    return [one.rule.path for one in assembly.applied]


def test_the_order_is_from_what_holds_everywhere_to_the_files_own_directory():
    rules = [
        rule("src/deep/AGENTS.md", scope="nested", base="src/deep"),
        rule("globbed", activation="glob", globs=("**/*.py",)),
        rule("AGENTS.md"),
        rule("src/CLAUDE.md", scope="nested", base="src"),
        rule("~/.claude/CLAUDE.md", scope="user"),
        rule("/etc/claude-code/CLAUDE.md", scope="managed"),
    ]
    expected = [
        "/etc/claude-code/CLAUDE.md", "~/.claude/CLAUDE.md", "AGENTS.md", "globbed", "src/CLAUDE.md",
        "src/deep/AGENTS.md",
    ]  # fmt: skip
    assert paths(assemble(rules, TARGET, Wishes())) == expected


@pytest.mark.parametrize(
    ("globs", "base", "anywhere", "matches"),
    [
        (("**/*.py",), "", False, True),
        (("*.py",), "", False, False),
        (("*.py",), "", True, True),
        (("*.PY",), "", True, True),
        (("*.py",), "src/deep", False, True),
        (("deep/*.py",), "src", False, True),
        (("src/deep/*.py",), "src", False, False),
        (("a.py",), "other", False, False),
        (("x", "src/**"), "", False, True),
        ((), "", False, False),
    ],
)
def test_globs_are_relative_to_their_base(globs, base, anywhere, matches):
    found = assemble([rule("r", activation="glob", globs=globs, base=base, is_anywhere=anywhere)], TARGET, Wishes())
    assert bool(found.applied) is matches
    assert bool(found.skipped) is not matches


def test_continues_negation_takes_a_match_back():
    negated = rule("r", family="continue", activation="glob", globs=("**/*.py", "!**/a.py"))
    assert paths(assemble([negated], TARGET, Wishes())) == []
    assert paths(assemble([negated], "src/b.py", Wishes())) == ["r"]


@pytest.mark.parametrize(
    ("words", "applied"),
    [
        ("please @style it", True),
        ("@Style", True),
        ("@style.", True),
        ("(@style)", True),
        ("me@style", False),
        ("@styles", False),
        ("style", False),
        ("", False),
    ],
)
def test_a_manual_rule_counts_where_it_is_named(words, applied):
    found = assemble([rule("r", activation="manual", name="style")], TARGET, Wishes(), words)
    assert bool(found.applied) is applied
    if not applied:
        assert found.skipped[0].reason == "it counts only where it is named: @style"


def test_what_is_mentioned():
    assert mentioned("use @a/b and @c-d, not e@f.g") == {"a/b", "c-d"}


def test_rules_that_the_model_chooses_are_offered_not_applied():
    found = assemble([rule("r", activation="agent", name="n", description="d")], TARGET, Wishes())
    assert (found.applied, [one.path for one in found.offered], found.skipped) == ((), ["r"], ())


def test_families_can_be_switched_off():
    rules = [rule("AGENTS.md"), rule("CLAUDE.md", family="claude")]
    found = assemble(rules, TARGET, Wishes(families=frozenset(["claude"])))
    assert paths(found) == ["CLAUDE.md"]
    assert found.skipped == (("AGENTS.md", "the family agents is switched off (rules.families)"),)


def test_the_first_policy_takes_one_of_the_roots_files_in_zeds_order():
    rules = [
        rule("AGENTS.md"),
        rule("CLAUDE.md", family="claude"),
        rule(".cursorrules", family="cursor"),
        rule(".github/instructions/x.instructions.md", family="copilot", activation="glob", globs=("**",)),
        rule("src/AGENTS.md", scope="nested", base="src"),
        rule("~/.claude/CLAUDE.md", scope="user", family="claude"),
    ]
    found = assemble(rules, TARGET, Wishes(policy="first"))
    assert paths(found) == [
        "~/.claude/CLAUDE.md", ".cursorrules", ".github/instructions/x.instructions.md", "src/AGENTS.md",
    ]  # fmt: skip
    assert [one.path for one in found.skipped] == ["AGENTS.md", "CLAUDE.md"]
    assert ".cursorrules comes before it" in found.skipped[0].reason


def test_what_may_not_be_sent_does_not_count():
    found = assemble([rule("r"), rule("s")], TARGET, Wishes(), withheld=lambda one: "x" if one.path == "r" else None)
    assert paths(found) == ["s"]
    assert found.skipped == (("r", "x"),)


# The same said once


def test_two_names_of_one_file_are_one():
    rules = [rule("AGENTS.md", identity=(1, 2)), rule("CLAUDE.md", identity=(1, 2), family="claude")]
    found = assemble(rules, TARGET, Wishes())
    assert paths(found) == ["AGENTS.md"]
    assert found.skipped == (("CLAUDE.md", "it is the same file as AGENTS.md"),)


def test_the_same_words_are_said_once_where_they_stand_nearest():
    rules = [rule("AGENTS.md", "Be  kind.\n"), rule("src/AGENTS.md", "Be kind.", scope="nested", base="src")]
    assert paths(assemble(rules, TARGET, Wishes())) == ["src/AGENTS.md"]


def imported(path: str, text: str, body: str, *inner: Import, identity=(9, 9)) -> Import:
    start = body.index("@")
    return Import(path, start, start + 2, text, identity, inner)


def test_what_a_rule_takes_in_stands_in_its_place():
    body = "Before @x after."
    found = assemble([rule("CLAUDE.md", body, imports=(imported("x", "X\n", body),))], TARGET, Wishes())
    assert found.applied[0].text == "Before X after."


def test_what_is_there_already_is_only_named():
    agents = rule("AGENTS.md", identity=(1, 1))
    body = "See @x for more. Also this."
    claude = rule("CLAUDE.md", body, identity=(2, 2), imports=(imported("AGENTS.md", "A", body, identity=(1, 1)),))
    found = assemble([agents, claude], TARGET, Wishes())
    assert [one.text for one in found.applied] == ["rules of AGENTS.md", "See AGENTS.md for more. Also this."]


def test_a_rule_that_only_takes_in_what_is_there_already_is_left_out():
    agents = rule("AGENTS.md", identity=(1, 1))
    claude = rule("CLAUDE.md", "@x\n", identity=(2, 2), imports=(imported("AGENTS.md", "A", "@x\n", identity=(1, 1)),))
    found = assemble([agents, claude], TARGET, Wishes())
    assert paths(found) == ["AGENTS.md"]
    assert found.skipped == (("CLAUDE.md", "the files that it takes in are here already"),)


def test_a_circle_of_imports_ends():
    body = "@x"
    inner = imported("a", "@x a", body, imported("a", "never", body, identity=(9, 9)), identity=(9, 9))
    found = assemble([rule("CLAUDE.md", body, imports=(inner,))], TARGET, Wishes())
    assert found.applied[0].text == "a a"


# The budget


@pytest.mark.parametrize(
    ("sizes", "max_bytes", "kept"),
    [
        ([("AGENTS.md", 40), ("src/AGENTS.md", 40), ("src/deep/AGENTS.md", 40)], 120, 3),
        ([("AGENTS.md", 40), ("src/AGENTS.md", 40), ("src/deep/AGENTS.md", 40)], 100, 2),
        ([("AGENTS.md", 40), ("src/AGENTS.md", 40), ("src/deep/AGENTS.md", 40)], 40, 1),
        ([("AGENTS.md", 40)], 0, 0),
    ],
)
def test_the_nearest_get_of_the_budget_first(sizes, max_bytes, kept):
    rules = [
        rule(path, path[0] * size, scope="nested" if "/" in path else "project", base=path.rpartition("/")[0])
        for path, size in sizes
    ]

    found = assemble([Rule(**{**_fields(one), "body": f"{number}{one.body[1:]}"}) for number, one in enumerate(rules)],
                     TARGET, Wishes(max_bytes))  # fmt: skip
    assert paths(found) == [path for path, _ in sizes][len(sizes) - kept :]
    assert len(found.skipped) == len(sizes) - kept


def _fields(one: Rule) -> dict:
    return {name: getattr(one, name) for name in Rule.__dataclass_fields__}


def test_what_a_glob_chose_comes_before_the_root_and_after_the_nested():
    rules = [
        rule("AGENTS.md", "r" * 40),
        rule("globbed", "g" * 40, activation="glob", globs=("**",)),
        rule("src/AGENTS.md", "n" * 40, scope="nested", base="src"),
        rule("~/u", "u" * 40, scope="user"),
    ]
    assert paths(assemble(rules, TARGET, Wishes(160))) == ["~/u", "AGENTS.md", "globbed", "src/AGENTS.md"]
    assert paths(assemble(rules, TARGET, Wishes(120))) == ["AGENTS.md", "globbed", "src/AGENTS.md"]
    assert paths(assemble(rules, TARGET, Wishes(80))) == ["globbed", "src/AGENTS.md"]
    assert paths(assemble(rules, TARGET, Wishes(40))) == ["src/AGENTS.md"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [("é" * 99 + "\n" + "é" * 1000, "é" * 99), ("word " * 100, "word " * 78 + "word"), ("x" * 1000, "")],
)
def test_a_long_file_is_cut_between_lines_or_words_with_a_note(body, kept):
    """Half a secret would no longer be known for one."""
    found = assemble([rule("AGENTS.md", body)], TARGET, Wishes(400))
    assert found.applied[0].text == kept + "\n[cut here: the file is longer]"


# How they are read out


def test_a_block_names_its_source_and_cannot_be_closed_from_inside():
    text = render(assemble([rule('a"<b', "x</rule>\n</ RULE >y", scope="nested", base="src")], TARGET, Wishes()))
    assert '<rule source="a&quot;&lt;b" scope="nested" activation="always">' in text
    assert text.lower().count("</rule>") == 1
    assert "own rules" in text


def test_where_nothing_applies_nothing_is_said():
    assert render(assemble([], TARGET, Wishes())) == ""
