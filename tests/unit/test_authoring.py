"""What people who write rule files, skills and commands are told, and what quick fixes make of their files."""

import pytest

from mm_lsp.assist.authoring import hover
from mm_lsp.assist.authoring.findings import findings, glob_fault, not_taken_in, over_budget, unmatched
from mm_lsp.assist.authoring.fixes import fixes_for
from mm_lsp.assist.authoring.hover import Count, Taken, matcher
from mm_lsp.assist.authoring.keys import closest_key, help_for, known_keys
from mm_lsp.assist.authoring.kinds import Folders, kind_anywhere, kind_of
from mm_lsp.assist.authoring.manuscript import Manuscript, manuscript_of
from mm_lsp.assist.authoring.offers import offers_at
from mm_lsp.assist.authoring.references import is_surely_a_path, references
from mm_lsp.assist.authoring.subjects import subject_at
from mm_lsp.text import Document
from mm_lsp.workspace import command_files, skill_files

FOLDERS = Folders(skill_files.FOLDERS, command_files.FOLDERS, skill_files.USER_FOLDERS, command_files.USER_FOLDERS)
MDC, CLAUDE, SKILL = ".cursor/rules/a.mdc", ".claude/rules/a.md", ".claude/skills/pdf/SKILL.md"
COPILOT, WINDSURF, CLINE = ".github/instructions/a.instructions.md", ".windsurf/rules/a.md", ".clinerules/a.md"
COMMAND, OPENCODE, GEMINI = ".claude/commands/fix.md", ".opencode/command/fix.md", ".gemini/commands/fix.toml"
PROMPT = ".github/prompts/fix.prompt.md"
LIMIT = 256 * 1024


def written(path: str, text: str) -> Manuscript:
    kind = kind_of(path, FOLDERS)
    assert kind is not None
    return manuscript_of(Document.of(text), kind)


def at_bar(path: str, text: str):
    """The manuscript without the `|`, and where that stood."""
    before, _, after = text.partition("|")
    return written(path, before + after), Document.of(before).end


def codes(path: str, text: str) -> list[str]:
    return [problem.code for problem in findings(written(path, text), LIMIT)]


# Kinds


@pytest.mark.parametrize(
    ("path", "sort", "base", "title"),
    [
        ("AGENTS.md", "rule", "", "such files"),
        ("agents.md", "rule", "", "such files"),
        ("pkg/CLAUDE.md", "rule", "pkg", "such files"),
        ("pkg/.claude/CLAUDE.md", "rule", "pkg", "such files"),
        (MDC, "rule", "", "Cursor's rules"),
        ("a/b/.cursor/rules/sub/x.mdc", "rule", "a/b", "Cursor's rules"),
        (".cursorrules", "rule", "", "such files"),
        (".clinerules", "rule", "", "such files"),
        (CLINE, "rule", "", "Cline's rules"),
        (COPILOT, "rule", "", "Copilot's instructions"),
        (".github/copilot-instructions.md", "rule", "", "Copilot's instructions"),
        (".continue/rules/a.md", "rule", "", "Continue's rules"),
        (".roo/rules/any.txt", "rule", "", "such files"),
        (".roo/rules-code/a.md", "rule", "", "such files"),
        (".clinerules/skills/x/SKILL.md", "skill", "", "skills"),
        (SKILL, "skill", "", "skills"),
        ("pkg/.agents/skills/x/skill.md", "skill", "pkg", "skills"),
        (COMMAND, "command", "", "Claude Code's commands"),
        ("pkg/.claude/commands/a/b.md", "command", "pkg", "Claude Code's commands"),
        (GEMINI, "command", "", "Gemini's commands"),
        (PROMPT, "command", "", "Copilot's prompts"),
        (".windsurf/workflows/a.md", "command", "", "Windsurf's workflows"),
    ],
)
def test_kinds_by_path(path, sort, base, title) -> None:
    kind = kind_of(path, FOLDERS)
    assert kind is not None
    assert (kind.sort, kind.base, kind.title, kind.path) == (sort, base, title, path)
    loose = kind_anywhere(f"/home/me/project/{path}", FOLDERS)
    assert loose is not None
    assert loose.sort == sort


@pytest.mark.parametrize(
    "path",
    [
        "main.py", "README.md", "docs/agents.md", "agent/x.md", "pkg/.cursorrules", "pkg/.clinerules/a.md",
        ".cursor/rules/a.txt", ".cursor/rules.mdc", "x.mdc", ".clinerules/workflows/a.md", "SKILL.md", "x/SKILL.md",
        ".claude/settings.json", ".claude/skills/pdf/notes.md", ".github/prompts/a.md", "pkg/.gemini/commands/a.toml",
        ".claude/rules/1/2/3/4/5/6/a.md", "MYAGENTS.md", "my.cursor/rules/a.mdc", "",
    ],
)  # fmt: skip
def test_other_files_are_of_no_kind(path) -> None:
    assert kind_of(path, FOLDERS) is None


@pytest.mark.parametrize("path", ["main.py", "docs/guide.md", "x.mdc", "a/SKILL.md", ""])
def test_most_files_are_told_by_their_path_alone(path) -> None:
    assert kind_anywhere(f"/home/me/{path}", FOLDERS) is None


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (".claude/CLAUDE.md", "~/.claude/CLAUDE.md"),
        (".config/opencode/command/a.md", "~/.config/opencode/command/a.md"),
        (".copilot/skills/x/SKILL.md", "~/.copilot/skills/x/SKILL.md"),
        ("project/.claude/CLAUDE.md", None),
        ("AGENTS.md", None),
    ],
)
def test_the_users_own(path, shown) -> None:
    kind = kind_of(path, FOLDERS, is_user=True)
    assert (kind and kind.path) == shown


@pytest.mark.parametrize("path", [MDC, CLAUDE, SKILL, COPILOT, WINDSURF, CLINE, COMMAND, OPENCODE, GEMINI, PROMPT])
def test_every_key_that_is_known_has_a_meaning(path) -> None:
    kind = kind_of(path, FOLDERS)
    assert kind is not None
    assert known_keys(kind)
    assert all(help_for(kind, key) for key in known_keys(kind))


# Findings


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (MDC, "---\nglobs: **/*.ts\n---\nDo.\n", []),
        (CLAUDE, "---\npaths: **/*.ts\n---\nDo.\n", ["bad-yaml"]),
        (".continue/rules/a.md", "---\nglobs: **/*.ts\n---\nDo.\n", ["bad-yaml"]),
        (MDC, "---\nglob: **/*.ts\nalwaysApply: true\n---\nDo.\n", ["unknown-key"]),
        (CLAUDE, "---\npaths: [src/**, tests/**]\n---\nDo.\n", []),
        (MDC, '---\nalwaysApply: "true"\n---\nDo.\n', ["string-boolean"]),
        (MDC, "---\ndescription: a\nDo.\n", ["unclosed-frontmatter"]),
        (MDC, "---\nglobs: photos[2024/**\n---\nDo.\n", ["bad-glob"]),
        (MDC, "---\nglobs: {src,lib/**\n---\nDo.\n", ["bad-glob"]),
        (MDC, "---\ndescription: a\u200bb\n---\nDo\u200b.\n", ["hidden-characters", "hidden-characters"]),
        (MDC, "---\ndescription: a\n---\n", ["empty"]),
        (CLAUDE, "---\npaths: a\n---\n<!-- nothing -->\n", ["empty"]),
        ("AGENTS.md", "", ["empty"]),
        ("AGENTS.md", "---\nname: x\n---\nDo.\n", []),
        ("AGENTS.md", "a\u200db", ["hidden-characters"]),
        ("AGENTS.md", "👩‍💻 works", []),
        (SKILL, "---\nname: pdf\ndescription: Reads PDFs.\nrequires: x\n---\nDo.\n", ["unknown-key"]),
        (SKILL, "---\nname: other\ndescription: Reads PDFs.\n---\nDo.\n", ["other-name"]),
        (SKILL, "---\nname: pdf\n---\nDo.\n", ["no-description"]),
        (SKILL, "Do.\n", ["no-description", "no-name"]),
        (COMMAND, "---\npaths: a\n---\nDo.\n", ["unknown-key"]),
        (COMMAND, "Do.\n", []),
        (GEMINI, 'promt = "x"\n', ["unknown-key", "no-prompt"]),
        (GEMINI, "prompt = \n", ["bad-toml"]),
        (WINDSURF, "---\ntrigger: always\n---\nDo.\n", ["unknown-value"]),
        (CLINE, "---\npaths: []\n---\nDo.\n", []),
    ],
)
def test_what_is_found(path, text, expected) -> None:
    assert codes(path, text) == expected


def test_each_finding_stands_where_it_belongs() -> None:
    text = "---\nname: pdf\naplyTo: x\ndescription: d\n---\nü👩‍💻 a\u200bb\n"
    found = {one.code: (one.line, one.start, one.end) for one in findings(written(COPILOT, text), LIMIT)}
    assert found == {"unknown-key": (2, 0, 6), "hidden-characters": (5, 6, 7)}


def test_hidden_characters_count_without_the_byte_order_mark_that_the_document_has() -> None:
    manuscript = written("AGENTS.md", "\ufeffa\u200bb")
    (found,) = findings(manuscript, LIMIT)
    assert (found.line, found.start) == (0, 1)
    assert manuscript.position(0, 1).column == 2


@pytest.mark.parametrize(
    ("path", "key", "meant"),
    [
        (COPILOT, "aplyTo", "applyTo"),
        (COPILOT, "apply-to", "applyTo"),
        (COPILOT, "globs", "applyTo"),
        (CLAUDE, "globs", "paths"),
        (MDC, "glob", "globs"),
        (MDC, "always_apply", "alwaysApply"),
        (MDC, "colour", ""),
        (SKILL, "allowed_tools", "allowed-tools"),
        (COMMAND, "globs", ""),
    ],
)
def test_the_key_that_was_meant(path, key, meant) -> None:
    kind = kind_of(path, FOLDERS)
    assert kind is not None
    assert closest_key(kind, key) == meant


@pytest.mark.parametrize(
    ("glob", "is_bad"),
    [
        ("**/*.ts", False), ("{a,b}/*.ts", False), ("[ab].ts", False), (r"photos \[2024/**", False), ("!a/**", False),
        ("[ab.ts", True), ("{a,b", True), ("a}b", True), ("a\\", True), ("[[:nope:]]", True),
    ],
)  # fmt: skip
def test_globs_that_are_none(glob, is_bad) -> None:
    assert bool(glob_fault(glob)) is is_bad


@pytest.mark.parametrize(
    ("path", "front", "globs"),
    [
        (MDC, "globs: *.tsx, **/*.ts,*.ts", ["*.tsx", "**/*.ts", "*.ts"]),
        (CLAUDE, 'paths:\n  - "*.ts"\n  - src/{a,b}/**\nname: *.ts', ["*.ts", "src/{a,b}/**"]),
        (CLAUDE, "paths: ['a', \"b\"]", ["a", "b"]),
        (COPILOT, "applyTo: '**'", ["**"]),
        (MDC, "globs:", []),
        (MDC, "globs: a, a", ["a", "a"]),
        (CLAUDE, "paths: # not a.md\n  - .md", [".md"]),
    ],
)
def test_globs_and_their_places(path, front, globs) -> None:
    manuscript = written(path, f"---\n{front}\n---\nDo.\n")
    assert [manuscript.text[glob.start : glob.end] for glob in manuscript.globs] == globs
    assert [glob.pattern for glob in manuscript.globs] == globs
    starts = [glob.start for glob in manuscript.globs]
    assert sorted(set(starts)) == starts
    assert all(manuscript.text[start - 1] in " ,\"'" for start in starts)


def test_globs_that_match_nothing_are_marked_one_by_one() -> None:
    manuscript = written(MDC, "---\nglobs: *.a, *.b\n---\nDo.\n")
    (found,) = unmatched(manuscript, {"*.b"})
    assert (found.line, found.start, found.end) == (1, 12, 15)
    assert "**/*.b" in found.message


def test_what_is_too_large_begins_where_reading_ends() -> None:
    (found,) = [one for one in findings(written("AGENTS.md", "ab\ncd\nef\n"), 7) if one.code == "too-large"]
    assert (found.line, found.start) == (2, 1)
    assert "too-large" not in [one.code for one in findings(written("AGENTS.md", "ab\ncd\n"), 6)]


@pytest.mark.parametrize(("size", "place"), [(5, None), (11, (4, 1)), (12, (4, 1))])
def test_what_is_too_long_for_the_budget(size, place) -> None:
    manuscript = written(CLAUDE, "---\npaths: a\n---\nabcde\nfgh\n")
    found = [(one.line, one.start) for one in over_budget(manuscript, size, 7)]
    assert found == ([place] if place else [])


# References


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        ("CLAUDE.md", "See @docs/a.md, `@b.md` and <!-- @c.md -->.\n<!-- @d.md -->\n", ["@docs/a.md", "@c.md"]),
        ("AGENTS.md", "See @docs/a.md", []),
        (MDC, "---\nglobs: *.a\n---\n@x.ts", ["@x.ts"]),
        (COMMAND, "Look at @a.md and @$1", ["@a.md"]),
        (GEMINI, 'prompt = "@{a/b.md} {{args}}"', ["@{a/b.md}"]),
        (PROMPT, "[x](docs/a.md) [y](https://x.y)", ["docs/a.md"]),
        (SKILL, "---\nname: pdf\n---\n[x](scripts/a.py) @b.md", ["scripts/a.py", "@b.md"]),
    ],
)
def test_references(path, text, named) -> None:
    manuscript = written(path, text)
    found = references(manuscript)
    assert [one.written for one in found] == named
    assert all(manuscript.text[one.start : one.end] == one.written for one in found)


@pytest.mark.parametrize(
    ("name", "is_path"),
    [
        ("../x", True), ("~/notes", True),
        ("src/a.TS", True),
        ("scope/pkg", False), ("cline/llms", False), ("user", False), ("john.doe", False), ("example.com", False),
        ("components/x", False), ("types/node@1.2.3", False),
    ],
)  # fmt: skip
def test_what_can_only_be_a_path(name, is_path) -> None:
    (reference,) = references(written("CLAUDE.md", f"@{name}"))
    assert is_surely_a_path(reference) is is_path


def test_a_reference_is_marked_as_it_is_written() -> None:
    manuscript = written("CLAUDE.md", "a\nsee @x.md#top.")
    (reference,) = references(manuscript)
    found = not_taken_in(manuscript, reference, "missing-file", "gone")
    assert (found.line, found.start, found.end, found.severity) == (1, 4, 13, "hint")


# Quick fixes


def fixed(path: str, text: str, title: str = "") -> list[str]:
    """The text after each fix, or after that with the title."""
    manuscript = written(path, text)
    fixes = [fix for problem in findings(manuscript, LIMIT) for fix in fixes_for(manuscript, problem)]
    return [manuscript.document.apply(list(fix.edits)).text for fix in fixes if title in fix.title]


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("AGENTS.md", "a\u200bb\r\nc", "ab\r\nc"),
        (MDC, '---\nalwaysApply: "true"\n---\nDo.\n', "---\nalwaysApply: true\n---\nDo.\n"),
        (MDC, "---\nalwaysApply: 'no'\n---\nDo.\n", "---\nalwaysApply: false\n---\nDo.\n"),
        (CLAUDE, "---\npaths: *.ts\n---\nDo.\n", "---\npaths: '*.ts'\n---\nDo.\n"),
        (CLAUDE, "---\npaths:\n  - *.ts\n---\nDo.\n", "---\npaths:\n  - '*.ts'\n---\nDo.\n"),
        (COMMAND, "---\ndescription: 'Don't'\n---\nDo.\n", "---\ndescription: 'Don''t'\n---\nDo.\n"),
        (COMMAND, "---\ndescription: C# # x\n---\nDo.\n", "---\ndescription: 'C# # x'\n---\nDo.\n"),
        (MDC, "---\r\ndescription: a\r\nglobs: b\r\nDo.\r\n", "---\r\ndescription: a\r\nglobs: b\r\n---\r\nDo.\r\n"),
        (MDC, "---\ndescription: a", "---\ndescription: a\n---\n"),
        (COPILOT, "---\naplyTo: x\n---\nDo.\n", "---\napplyTo: x\n---\nDo.\n"),
        (GEMINI, 'prompt = "x"\ndescripton = "y"\n', 'prompt = "x"\ndescription = "y"\n'),
        (SKILL, "---\nname: PDF x\ndescription: d\n---\nDo.\n", "---\nname: pdf\ndescription: d\n---\nDo.\n"),
        (SKILL, "---\nname: pdf\n---\nDo: it.\n", "---\nname: pdf\ndescription: 'Do: it.'\n---\nDo: it.\n"),
        (SKILL, "---\r\ndescription: d\r\n---\r\nDo.\r\n", "---\r\nname: pdf\r\ndescription: d\r\n---\r\nDo.\r\n"),
        (SKILL, "---\nname:\ndescription: d\n---\nDo.\n", "---\nname: pdf\ndescription: d\n---\nDo.\n"),
        (MDC, "\ufeff---\nglobs: a\n---\nDo.\n", "---\nglobs: a\n---\nDo.\n"),
        (MDC, "\n\n---\nglobs: a\n---\nDo.\n", "---\nglobs: a\n---\nDo.\n"),
        (WINDSURF, "---\ntrigger: always-onn\n---\nDo.\n", "---\ntrigger: always_on\n---\nDo.\n"),
        (CLAUDE, "---\npaths:\n\t- a.ts\n---\nDo.\n", "---\npaths:\n  - a.ts\n---\nDo.\n"),
    ],
)
def test_fixes(path, before, after) -> None:
    assert fixed(path, before) == [after]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("---\nglobs: *.ts, {a,b}/**\n---\nDo.\n", MDC),
        ("---\ndescription: Use when: now\nglobs: *.ts\n---\nDo.\n", MDC),
        ("---\ndescription: C# # x\nglobs: *.ts\n---\nDo.\n", MDC),
        ("---\nglobs: *.a\nglob: b\n---\nDo.\n", MDC),
    ],
)
def test_cursors_values_are_never_put_in_quotes(text, path) -> None:
    assert fixed(path, text) == []


def test_all_hidden_characters_at_once() -> None:
    text = "---\npaths: a\u200b\n---\n👩‍💻 b\u2060c\u200b\u200b\n"
    clean = "---\npaths: a\n---\n👩‍💻 bc\n"
    assert fixed(CLAUDE, text, "all hidden") == [clean] * 3
    assert fixed(CLAUDE, text, "here")[1] == text.replace("\u2060", "")


def test_a_skill_without_frontmatter_gets_one() -> None:
    assert fixed(SKILL, "Reads files.\n") == [
        "---\ndescription: Reads files.\n---\nReads files.\n",
        "---\nname: pdf\n---\nReads files.\n",
    ]


# Completion


@pytest.mark.parametrize(
    ("path", "text", "labels"),
    [
        (MDC, "---\n|\n---\n", ["description", "globs", "alwaysApply"]),
        (MDC, "---\nglobs: a\n|\n---\n", ["description", "alwaysApply"]),
        (MDC, "---\nde|\n", ["description", "globs", "alwaysApply"]),
        (MDC, "---\nglobs: a\nde|", ["description", "alwaysApply"]),
        (MDC, "---\nalwaysApply: |\n---\n", ["true", "false"]),
        (MDC, "---\nalwaysApply:t|\n---\n", ["true", "false"]),
        (WINDSURF, "---\ntrigger: gl|\n---\n", ["always_on", "model_decision", "glob", "manual"]),
        (COPILOT, "---\nexcludeAgent: |\n---\n", ["code-review", "coding-agent", "cloud-agent"]),
        (MDC, "---\n---\n|", None),
        (MDC, "---\n  de|\n---\n", None),
        (MDC, "---\nglobs: |\n---\n", None),
        (MDC, "---\nText with\n\nde|", None),
        (MDC, "de|", None),
        (MDC, "|---\n", None),
        ("AGENTS.md", "---\n|\n---\n", None),
        (GEMINI, "---\n|\n---\n", None),
    ],
)
def test_what_is_offered(path, text, labels) -> None:
    manuscript, position = at_bar(path, text)
    offers = offers_at(manuscript, position)
    assert (offers and [offer.label for offer in offers]) == labels
    assert all(offer.meaning for offer in offers or [])


@pytest.mark.parametrize(
    ("text", "label", "after"),
    [
        ("---\nde|\n---\n", "description", "---\ndescription: \n---\n"),
        ("---\nde|sc\n---\n", "description", "---\ndescription: \n---\n"),
        ("---\nde|sc: x\n---\n", "description", "---\ndescription: x\n---\n"),
        ("---\r\nalw|\r\n", "alwaysApply", "---\r\nalwaysApply: \r\n"),
        ("---\nalwaysApply: t|\n---\n", "true", "---\nalwaysApply: true\n---\n"),
        ("---\nalwaysApply:|\n---\n", "true", "---\nalwaysApply: true\n---\n"),
    ],
)
def test_what_taking_an_offer_makes(text, label, after) -> None:
    manuscript, position = at_bar(MDC, text)
    (offer,) = [offer for offer in offers_at(manuscript, position) or [] if offer.label == label]
    assert manuscript.document.replaced(offer.span, offer.text).text == after


# Hover


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (MDC, "---\nalways|Apply: true\n---\n", "every file"),
        (SKILL, "---\nna|me: pdf\n---\n", "its folder's"),
        (COMMAND, "Fix $|1 and $2", "first argument behind the command's name. This command counts from 1"),
        (COMMAND, "Fix $|1 and $0", "second argument behind the command's name. This command counts from 0"),
        (OPENCODE, "Fix $1 and $|2", "second argument"),
        (COMMAND, "Fix $ARG|UMENTS", "all that is typed"),
        (COMMAND, "---\narguments: issue\n---\nFix $iss|ue", "first argument"),
        (COMMAND, "Run !`rm |-rf x` now", "never run"),
        (COMMAND, "Run !`rm $|1` now", "first argument"),
        (COMMAND, "<!-- a| -->\nx", "does see"),
        (GEMINI, 'prompt = "do {{ar|gs}}"', "all that is typed"),
        (GEMINI, 'prompt = "do !{ls| -l}"', "never run"),
        (GEMINI, 'pro|mpt = "do"', "asked"),
        (PROMPT, "${sel|ection}", "selected text"),
        (PROMPT, "${input:n|ame}", "`name=…`"),
        ("AGENTS.md", "<!-- a| -->\nx", "does not see"),
        ("AGENTS.md", "a|\u200bb", "zero-width space"),
        ("AGENTS.md", "a\U000e0068\U000e0069|b", "spelling “hi”"),
    ],
)
def test_hover(path, text, said) -> None:
    manuscript, position = at_bar(path, text)
    found = subject_at(manuscript, position)
    assert found is not None
    assert said in (hover.without_facts(manuscript, found.subject) or "")
    assert found.span.start <= position <= found.span.end


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (MDC, "---\nglobs: a\n---\nDo| it"),
        ("AGENTS.md", "Pay $|1"),
        (MDC, "---\ncolour|: a\n---\n"),
        (COMMAND, "`<!-- a| -->`"),
        ("CLAUDE.md", "`@a|.md`"),
    ],
)
def test_no_hover(path, text) -> None:
    manuscript, position = at_bar(path, text)
    assert subject_at(manuscript, position) is None


@pytest.mark.parametrize(
    ("path", "front", "pattern", "matched"),
    [
        (MDC, "globs: *.ts", "", ["a.ts"]),
        (MDC, "globs: *.ts, **/*.py", "**/*.py", ["p/b.py"]),
        ("p/.cursor/rules/a.mdc", "globs: *.py", "", ["p/b.py"]),
        ("p/.cursor/rules/a.mdc", "globs: *.py", "*.py", ["p/b.py"]),
        (COPILOT, "applyTo: '*.PY'", "*.PY", ["p/b.py"]),
        (COPILOT, "applyTo: '*.PY'", "", ["p/b.py"]),
        (SKILL, "name: pdf\ndescription: d\npaths: p/**", "", ["p/b.py"]),
        (MDC, "globs: *.ts\nalwaysApply: true", "", None),
        (CLAUDE, "description: a", "", None),
    ],
)
def test_which_files_are_named(path, front, pattern, matched) -> None:
    matches = matcher(written(path, f"---\n{front}\n---\nDo.\n"), pattern)
    assert (matches and [name for name in ("a.ts", "p/b.py", "q") if matches(name)]) == matched


def test_globs_of_a_folder_name_no_file_beside_it() -> None:
    manuscript = written("p/.cursor/rules/a.mdc", "---\nglobs: *.py\n---\nDo.\n")
    for matches in (matcher(manuscript, "*.py"), matcher(manuscript)):
        assert matches is not None
        assert not matches("q/b.py")


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Count(0, (), True), "Applies to no file of the workspace."),
        (Count(0, (), False), "Applies to no file that was found in time."),
        (Count(1, ("a",), True), "Applies to 1 file:\n\n- `a`"),
        (Count(1234, ("a", "b"), False), "Applies to at least 1,234 files:\n\n- `a`\n- `b`\n- …"),
    ],
)
def test_counts_in_words(count, said) -> None:
    assert hover.about_count(count) == said


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (Taken("a.md", 1200), "Takes in `a.md`, about 1,200 tokens."),
        (Taken(reason="it is too far"), "`@a.md` is not taken in: it is too far."),
        (Taken(), "There is no such file; `@a.md` stays as text."),
    ],
)
def test_references_in_words(taken, said) -> None:
    (reference,) = references(written("CLAUDE.md", "@a.md"))
    assert hover.about_reference(reference, taken) == said


def test_what_others_wrote_does_not_act_as_markdown() -> None:
    assert hover.code("![x](https://evil)`\n\u200bb") == "`![x](https://evil)' ⟦U+200B⟧b`"
    assert len(hover.code("a" * 999)) == 302
