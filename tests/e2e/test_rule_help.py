"""Help in rule files, skills and commands: diagnostics, quick fixes, hover, links, keys; and nothing in other files."""

import pytest

from tests.e2e.harness import At, until
from tests.support.raw_client import apply_edits

CAPABILITIES = {
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "hover": {"contentFormat": ["markdown"]},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}
DIAGNOSTICS = "textDocument/publishDiagnostics"


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    for name in ("a.ts", "src/b.ts", "src/c.ts", "node_modules/d.ts"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("x", "utf-8")
    return root


@pytest.fixture
def editor(start, project):
    folders = [{"uri": project.as_uri(), "name": "project"}]
    return start(CAPABILITIES, params={"workspaceFolders": folders})


def opened(editor, project, path: str, marked: str) -> At:
    """Writes the file without its `|`, and opens it."""
    file = project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(marked.replace("|", ""), "utf-8", newline="")
    return editor.open_at(marked, "markdown", file.as_uri())


def published(editor, at: At, version: int | None = 1) -> list[dict]:
    def is_it(params) -> bool:
        return params["uri"] == at.uri and params.get("version") == version

    return editor.wait_notification(DIAGNOSTICS, where=is_it)["diagnostics"]


def codes(found: list[dict]) -> list[str]:
    return [one["code"] for one in found]


def actions(editor, at: At, diagnostics=(), only=None) -> list[dict]:
    context = {"diagnostics": list(diagnostics)} | ({"only": only} if only else {})
    place = {"start": at.position, "end": at.position}
    return editor.call("textDocument/codeAction", {"textDocument": {"uri": at.uri}, "range": place, "context": context})


def hover(editor, at: At) -> str:
    found = editor.call("textDocument/hover", at.params)
    return found["contents"]["value"] if found else ""


def test_a_finding_stands_at_its_place_and_its_fix_does_just_that(editor, project):
    text = "---\nglobs: **/*.ts\n---\n👩‍💻 🙂 zero|\u200bwidth\n"
    at = opened(editor, project, ".cursor/rules/a.mdc", text)
    (found,) = published(editor, at)
    assert (found["source"], found["code"]) == ("mm-lsp", "hidden-characters")
    assert found["range"] == {"start": {"line": 3, "character": 13}, "end": {"line": 3, "character": 14}}
    fix, *_ = actions(editor, at, [found])
    assert (fix["kind"], fix["diagnostics"]) == ("quickfix", [found])
    (change,) = fix["edit"]["documentChanges"]
    assert change["textDocument"]["version"] == 1
    assert apply_edits(editor.documents[at.uri], change["edits"], editor.encoding) == text.replace("|\u200b", "")
    assert "zero-width space" in hover(editor, at)


def test_a_broken_rule_yields_a_diagnostic_and_the_others_work(editor, project):
    opened(editor, project, ".cursor/rules/good.mdc", "---\nalwaysApply: true\n---\nGood rule.\n")
    bad = opened(editor, project, ".cursor/rules/bad.mdc", "---\nglobs: [*.ts\ndescription: a\nBody\n")
    assert codes(published(editor, bad)) == ["unclosed-frontmatter"]
    code = editor.open_at("x|", uri=(project / "a.ts").as_uri())
    told = editor.command("mm-lsp.rules", {"uri": code.uri})
    assert ".cursor/rules/good.mdc" in str(told)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (".cursor/rules/a.mdc", "---\nglobs: *.py, *.ts\n---\nDo.\n", ["unmatched-glob"]),
        (".cursor/rules/a.mdc", "---\nglobs: node_modules/**\n---\nDo.\n", []),
        (".claude/rules/a.md", "---\npath: '*.ts'\n---\nDo.\n", ["unknown-key"]),
        ("CLAUDE.md", "See @docs/gone.md, @scope/pkg and @a.ts.\n", ["missing-file"]),
        ("CLAUDE.md", "See @../outside.md.\n", ["import"]),
        ("CLAUDE.md", "See @loop.md.\n", ["import"]),
        ("CLAUDE.md", "See @d1.md.\n", ["import"]),
        ("CLAUDE.md", "See @d2.md.\n", []),
        ("CLAUDE.md", "See @CLAUDE.md.\n", ["import"]),
        ("CLAUDE.md", "a\n" * 17000, ["too-long"]),
        (".claude/commands/fix.md", "See @a.ts and @gone.md\n", ["missing-file"]),
        (".opencode/command/same.md", "Do it.\n", ["shadowed-name"]),
        (".claude/skills/one/SKILL.md", "---\nname: one\ndescription: d\n---\n[x](gone.md)\n", []),
    ],
)
def test_what_the_disk_tells(editor, project, path, text, expected):
    (project.parent / "outside.md").write_text("secret", "utf-8")
    (project / "loop.md").write_text("@CLAUDE.md", "utf-8")
    for number in range(1, 6):
        (project / f"d{number}.md").write_text(f"@d{number + 1}.md", "utf-8")
    (project / "d5.md").write_text("The end.", "utf-8")
    (project / ".claude/commands").mkdir(parents=True)
    (project / ".claude/commands/same.md").write_text("Do it.", "utf-8")
    at = opened(editor, project, path, text)
    assert codes(published(editor, at)) == expected


def test_unsaved_edits_count_and_closing_clears(editor, project):
    at = opened(editor, project, "CLAUDE.md", "See @a.ts|\n")
    assert published(editor, at) == []
    at = editor.type(at, "x")
    editor.type(at, "y")
    assert codes(published(editor, at, 3)) == []  # .tsxy is no ending that is known
    editor.change(at.uri, 4, [{"text": "See @gone.md\n"}])
    assert codes(published(editor, at, 4)) == ["missing-file"]
    assert not [one for one in editor.received if one.get("params", {}).get("version") == 2]  # it was already gone
    editor.close(at)
    assert published(editor, at, None) == []


def test_the_last_text_counts_when_many_come(editor, project):
    at = opened(editor, project, "CLAUDE.md", "|\n")
    for _ in range(30):
        at = editor.type(at, "\u200b")
    assert codes(published(editor, at, 31)) == ["hidden-characters"]


def test_hover_counts_files(editor, project):
    at = opened(editor, project, ".cursor/rules/a.mdc", "---\nglobs: **/*.ts, *.t|s\n---\nDo.\n")
    said = hover(editor, at)
    assert said.startswith("Applies to 1 file:\n\n- `a.ts`")
    key = At(at.uri, {"line": 1, "character": 2})
    assert hover(editor, key).startswith("Applies to 3 files:\n\n- `a.ts`\n- `src/b.ts`\n- `src/c.ts`")
    assert "node_modules" not in hover(editor, key)
    assert "bare and divided by commas" in hover(editor, key)


def test_imports_lead_to_their_files(editor, project):
    (project.parent / "outside.md").write_text("secret", "utf-8")
    at = opened(editor, project, "CLAUDE.md", "🙂 See @src/|b.ts#top and @../outside.md and `@a.ts` and @gone.md.\n")
    (link,) = editor.call("textDocument/documentLink", {"textDocument": {"uri": at.uri}})
    assert link["target"] == (project / "src/b.ts").as_uri()
    assert link["range"] == {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 20}}
    (place,) = editor.call("textDocument/definition", at.params)
    assert place["uri"] == (project / "src/b.ts").as_uri()
    assert hover(editor, at) == "Takes in `src/b.ts`, about 1 tokens."
    outside = At(at.uri, {"line": 0, "character": 28})
    assert editor.call("textDocument/definition", outside.params) == []
    assert "lies outside of the workspace" in hover(editor, outside)
    assert "secret" not in str(editor.received)


@pytest.mark.parametrize(
    ("path", "text", "target"),
    [
        (".claude/skills/x/SKILL.md", "[a](scripts/r|un.py)", ".claude/skills/x/scripts/run.py"),
        (".claude/skills/x/SKILL.md", "[a](../../../src/|b.ts)", None),
        (".github/prompts/x.prompt.md", "[a](src/|b.ts)", "src/b.ts"),
        (".github/prompts/x.prompt.md", "[a](../../src/|b.ts)", "src/b.ts"),
        (".claude/commands/x.md", "@src/|b.ts", "src/b.ts"),
        ("AGENTS.md", "@src/|b.ts", None),
    ],
)
def test_other_files_that_are_named(editor, project, path, text, target):
    script = project / ".claude/skills/x/scripts/run.py"
    script.parent.mkdir(parents=True)
    script.write_text("x", "utf-8")
    at = opened(editor, project, path, text)
    found = editor.call("textDocument/definition", at.params)
    assert [one["uri"] for one in found] == ([(project / target).as_uri()] if target else [])


def test_keys_and_values(editor, project):
    at = opened(editor, project, ".cursor/rules/a.mdc", "---\nglobs: a\nalw|\n---\nDo.\n")
    answer = editor.complete(at)
    assert [item["label"] for item in answer["items"]] == ["description", "alwaysApply"]
    assert editor.accepted(at, answer["items"][1]) == "---\nglobs: a\nalwaysApply: \n---\nDo.\n"
    assert answer["items"][1]["documentation"]
    value = opened(editor, project, ".cursor/rules/b.mdc", "---\nalwaysApply: f|\n---\nDo.\n")
    answer = editor.complete(value)
    assert [item["label"] for item in answer["items"]] == ["true", "false"]
    assert editor.accepted(value, answer["items"][1]) == "---\nalwaysApply: false\n---\nDo.\n"


def test_fixes_come_first_and_only_where_they_are_asked_for(editor, project):
    at = opened(editor, project, ".cursor/rules/a.mdc", '---\nalwaysApply: "tr|ue"\n---\nDo.\n')
    (found,) = published(editor, at)
    first, *others = actions(editor, at, [found])
    assert first["title"] == "Write true"
    assert others
    assert actions(editor, at, [found], ["quickfix"])[0]["title"] == "Write true"
    assert all("Write true" not in one["title"] for one in actions(editor, at, [found], ["refactor"]))


@pytest.mark.parametrize("path", ["README.md", "docs/agents.md", "main.py", ".claude/settings.json"])
def test_nothing_in_ordinary_files(editor, project, path):
    at = opened(editor, project, path, "---\nglo|bs: **/*.py\n---\n@gone.md a\u200bb\n")
    assert editor.call("textDocument/hover", at.params) is None
    assert editor.call("textDocument/documentLink", {"textDocument": {"uri": at.uri}}) == []
    assert editor.call("textDocument/definition", at.params) == []
    assert not [one for one in actions(editor, at) if "edit" in one]
    rule = opened(editor, project, "CLAUDE.md", "Do.\n")
    published(editor, rule)
    editor.close(at)
    editor.close(rule)
    published(editor, rule, None)
    assert {one["params"]["uri"] for one in editor.received if one.get("method") == DIAGNOSTICS} == {rule.uri}


def test_the_users_own_rules_may_name_files_of_the_home_directory(editor, project):
    home = editor.home
    (home / "notes.md").write_text("Be brief.", "utf-8")
    at = opened(editor, home, ".claude/CLAUDE.md", "See @~/no|tes.md\n")
    assert published(editor, at) == []
    (place,) = editor.call("textDocument/definition", at.params)
    assert place["uri"] == (home / "notes.md").as_uri()
    at = opened(editor, project, "CLAUDE.md", "See @~/no|tes.md\n")
    assert codes(published(editor, at)) == ["import"]
    assert editor.call("textDocument/definition", at.params) == []


def test_a_file_that_is_kept_from_models_says_so(start, project):
    folders = [{"uri": project.as_uri(), "name": "project"}]
    editor = start(CAPABILITIES, {"privacy": {"ignore": ["CLAUDE.md"]}}, params={"workspaceFolders": folders})
    at = opened(editor, project, "CLAUDE.md", "|a\u200bb\n")
    assert codes(published(editor, at)) == ["held-back", "hidden-characters"]
    here = At(at.uri, {"line": 0, "character": 1})
    until(lambda: actions(editor, here))
    assert [one["title"] for one in actions(editor, here)] == ["Delete the hidden characters here"]
