"""Rule files, skills and trust, from a workspace on the disk to what the model reads."""

import json
import os
from pathlib import Path

import pytest

from tests.e2e.harness import INVOKED, until
from tests.e2e.workspaces import EDITS, explain, open_file, open_in, system, write
from tests.support.model_server import Done, Finish, Raw, Reply, Text, reply

TRUSTED = {"trust": "trusted"}
RULES = {
    "CLAUDE.md": "claude-root",
    "AGENTS.md": "agents-root",
    "src/AGENTS.md": "agents-src",
    "src/deep/CLAUDE.md": "claude-deep",
    "other/AGENTS.md": "agents-other",
    ".cursorrules": "cursor-legacy",
    ".cursor/rules/py.mdc": "---\nglobs: **/*.py\n---\ncursor-python",
    ".cursor/rules/ts.mdc": "---\nglobs: **/*.ts\n---\ncursor-typescript",
    ".cursor/rules/always.mdc": "---\nalwaysApply: true\n---\ncursor-always",
    ".cursor/rules/style.mdc": "---\nalwaysApply: false\n---\ncursor-manual",
    ".claude/rules/tests.md": "---\npaths: tests/**\n---\nclaude-tests",
    ".claude/rules/all.md": "claude-all",
    ".github/copilot-instructions.md": "---\napplyTo: '**'\n---\ncopilot-root",
    ".github/instructions/py.instructions.md": "---\napplyTo: '*.py'\n---\ncopilot-python",
    ".windsurfrules": "windsurf-legacy",
    ".windsurf/rules/w.md": "---\ntrigger: always_on\n---\nwindsurf-always",
    ".clinerules/c.md": "cline-always",
    ".roo/rules/r.md": "roo-always",
    ".roorules": "roo-legacy",
    "GEMINI.md": "gemini-root",
    "QWEN.md": "qwen-root",
    ".continue/rules/c.md": "continue-always",
    ".junie/guidelines.md": "junie",
    ".rules": "zed",
    "CRUSH.md": "crush",
    "CONVENTIONS.md": "aider-conventions",
    ".aider.conf.yml": "read: [CONVENTIONS.md]\n",
}
APPLIED = {
    "claude-root", "agents-root", "agents-src", "claude-deep", "cursor-legacy", "cursor-python", "cursor-always",
    "claude-all", "copilot-root", "copilot-python", "windsurf-legacy", "windsurf-always", "cline-always", "roo-always",
    "gemini-root", "qwen-root", "continue-always", "junie", "zed", "crush", "aider-conventions",
}  # fmt: skip
NOT_APPLIED = {"agents-other", "cursor-typescript", "cursor-manual", "claude-tests", "roo-legacy"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "w", {"src/deep/a.py": "x = 1\n"})


def test_every_family_reaches_the_model_in_order_and_what_does_not_apply_stays_away(start, model, first, root):
    write(root, RULES)
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    explain(editor, at)
    said = system(model.requests[first])
    assert {text for text in APPLIED if text in said} == APPLIED
    assert not {text for text in NOT_APPLIED if text in said}
    nearest = [said.index(text) for text in ("agents-root", "agents-src", "claude-deep")]
    assert nearest == sorted(nearest)
    found = editor.command("mm-lsp.rules", {"uri": at.uri})
    order = [rule["path"] for rule in found["applied"]]
    assert order[-1] == "src/deep/CLAUDE.md"
    assert [said.index(f'source="{path}"') for path in order] == sorted(
        said.index(f'source="{path}"') for path in order
    )
    reasons = {one["path"]: one["reason"] for one in found["skipped"]}
    assert "none of its globs (**/*.ts) matches" in reasons[".cursor/rules/ts.mdc"]
    assert "@style" in reasons[".cursor/rules/style.mdc"]
    assert all(rule["tokens"] > 0 and rule["family"] and rule["reason"] for rule in found["applied"])


def test_completion_gets_none_of_them_unless_it_is_asked_for(start, model, first, root):
    write(root, {"AGENTS.md": "agents-root"})
    editor = open_in(start, root, TRUSTED)
    editor.inline(open_file(editor, root / "src/deep/a.py"))
    assert "agents-root" not in system(model.requests[first])
    other = open_in(start, root, {**TRUSTED, "rules": {"in_completion": True}})
    other.inline(open_file(other, root / "src/deep/a.py"))
    assert "agents-root" in system(model.requests[-1])


def test_a_manual_rule_comes_where_it_is_named(start, model, root):
    write(root, {".cursor/rules/style.mdc": "---\nalwaysApply: false\n---\ncursor-manual"})
    editor = open_in(start, root, TRUSTED)
    explain(editor, open_file(editor, root / "src/deep/a.py"), question="Does it follow @style?")
    assert "cursor-manual" in system(model.requests[-1])


@pytest.mark.parametrize(
    ("rules", "gone", "there"),
    [
        ({"enabled": False}, {"agents-root", "claude-root"}, set()),
        ({"families": ["claude"]}, {"agents-root"}, {"claude-root"}),
        ({"families": {"claude": False}}, {"claude-root"}, {"agents-root"}),
        ({"policy": "first"}, {"claude-root"}, {"agents-root"}),
        ({"max_bytes": 0}, {"agents-root", "claude-root"}, set()),
    ],
)
def test_the_settings(start, model, root, rules, gone, there):
    write(root, {"AGENTS.md": "agents-root", "CLAUDE.md": "claude-root"})
    editor = open_in(start, root, {**TRUSTED, "rules": rules})
    explain(editor, open_file(editor, root / "src/deep/a.py"))
    said = system(model.requests[-1])
    assert not {text for text in gone if text in said}
    assert {text for text in there if text in said} == there


def test_unsaved_edits_of_an_open_rule_file_count(start, model, root):
    write(root, {"AGENTS.md": "as it is on the disk"})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    rules = open_file(editor, root / "AGENTS.md", "as it is| in the editor", "markdown")
    explain(editor, at)
    assert "as it is in the editor" in system(model.requests[-1])
    editor.type(rules, " NOW")
    explain(editor, at)
    assert "as it is NOW in the editor" in system(model.requests[-1])
    editor.close(rules)
    explain(editor, at)
    assert "as it is on the disk" in system(model.requests[-1])


def test_a_change_on_the_disk_counts_at_once(start, model, root):
    write(root, {"AGENTS.md": "one"})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    explain(editor, at)
    write(root, {"AGENTS.md": "two-two"})
    explain(editor, at)
    assert "two-two" in system(model.requests[-1])


def test_imports_and_links_count_once(start, model, root):
    write(root, {"AGENTS.md": "agents-root", "docs/more.md": "more-text"})
    (root / "CLAUDE.md").symlink_to("AGENTS.md")
    write(root, {"src/CLAUDE.md": "See @../docs/more.md and @../AGENTS.md and @someone and `@docs/more.md`."})
    editor = open_in(start, root, TRUSTED)
    explain(editor, open_file(editor, root / "src/deep/a.py"))
    said = system(model.requests[-1])
    assert said.count("agents-root") == 1
    assert said.count("more-text") == 1
    assert "@someone and `@docs/more.md`" in said


def test_nothing_comes_from_outside_of_the_workspace(start, model, root, tmp_path):
    write(tmp_path, {"outside.md": "outside-text", "home.md": "home-text"})
    (root / "AGENTS.md").symlink_to("../outside.md")
    write(root, {"CLAUDE.md": f"@../outside.md @{tmp_path}/outside.md @~/home.md @deep/../../outside.md end"})
    (root / "src/link").symlink_to(tmp_path)
    write(root, {"src/CLAUDE.md": "@link/outside.md"})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    explain(editor, at)
    assert not model.requests[-1].contains("outside-text")
    skipped = {one["path"]: one["reason"] for one in editor.command("mm-lsp.rules", {"uri": at.uri})["skipped"]}
    assert skipped["AGENTS.md"] == "it lies outside of the workspace"


def test_a_broken_rule_file_does_not_spoil_the_others(start, model, root):
    write(
        root,
        {
            "AGENTS.md": "agents-root",
            ".cursor/rules/broken.mdc": "---\nglobs: [*.py\n: : :\n\t- &a *a\n---\ncursor-broken",
            ".cursor/rules/bytes.mdc": b"---\nalwaysApply: true\n---\n\xff\xfe\x00 bytes",
            ".clinerules/x.md": "---\n{{{\n---\ncline-text",
        },
    )
    editor = open_in(start, root, TRUSTED)
    explain(editor, open_file(editor, root / "src/deep/a.py"))
    assert "agents-root" in system(model.requests[-1])
    assert "cline-text" in system(model.requests[-1])


def test_the_users_own_rules_count_everywhere_and_are_read_first(start, model, root, tmp_path):
    home = tmp_path / "home1"
    write(home, {".claude/CLAUDE.md": "my-own-rules @~/more.md", "more.md": "my-more"})
    write(root, {"AGENTS.md": "agents-root"})
    editor = open_in(start, root)
    explain(editor, open_file(editor, root / "src/deep/a.py"))
    said = system(model.requests[-1])
    assert "my-own-rules my-more" in said
    assert "agents-root" not in said


# Trust


def questions(editor) -> list[dict]:
    return [one["params"] for one in editor.received if one.get("method") == "window/showMessageRequest"]


def test_an_untrusted_workspace_contributes_nothing_and_is_asked_about_once(start, model, root):
    write(root, {"AGENTS.md": "agents-root\u200b", ".claude/commands/c.md": "do it"})
    write(root, {".claude/skills/s/SKILL.md": "---\nname: s\ndescription: skill-text\n---\nx"})
    editor = open_in(start, root)
    at = open_file(editor, root / "src/deep/a.py")
    assert questions(editor) == []
    explain(editor, at)
    (question,) = until(lambda: questions(editor))
    for found in ("AGENTS.md", "c.md", "SKILL.md", "hidden characters"):
        assert found in question["message"]
    explain(editor, at)
    edited = editor.wait(editor.ask("mm-lsp.edit", {"uri": at.uri, "instruction": "tidy"}))
    assert "error" in edited or edited["result"]
    for request in model.requests[-3:]:
        assert not request.contains("agents-root")
        assert not request.contains("skill-text")
        assert "tools" not in request.body
    assert len(questions(editor)) == 1
    assert editor.command("mm-lsp.rules", {"uri": at.uri})["applied"] == []


def test_the_answer_is_kept_by_the_real_path(start, model, root, tmp_path):
    write(root, {"AGENTS.md": "agents-root"})
    home = {"HOME": str(tmp_path / "one"), "XDG_DATA_HOME": str(tmp_path / "one/data")}
    trusting = {"window/showMessageRequest": lambda params: params["actions"][0]}
    editor = open_in(start, root, answers=trusting, **home)
    at = open_file(editor, root / "src/deep/a.py")
    explain(editor, at)
    assert "agents-root" not in system(model.requests[-1])
    until(lambda: editor.command("mm-lsp.rules", {"uri": at.uri})["trust"] == "trusted")
    explain(editor, at)
    assert "agents-root" in system(model.requests[-1])
    link = tmp_path / "link"
    link.symlink_to(root)
    again = open_in(start, link, **home)
    explain(again, open_file(again, link / "src/deep/a.py"))
    assert "agents-root" in system(model.requests[-1])
    assert questions(again) == []


def test_only_changed_commands_and_skills_are_asked_about_again(start, model, root):
    write(root, {"AGENTS.md": "one", ".claude/commands/c.md": "do one", ".claude/commands/d.md": "do it"})
    editor = open_in(start, root)
    at = open_file(editor, root / "src/deep/a.py")
    editor.command("mm-lsp.trust", {"trusted": True})
    write(root, {"AGENTS.md": "another-rule", ".claude/commands/c.md": "do another thing"})
    explain(editor, at)
    assert "another-rule" in system(model.requests[-1])
    (question,) = until(lambda: questions(editor))
    assert "c.md" in question["message"]
    assert "d.md" not in question["message"]
    assert "AGENTS.md" not in question["message"]
    trusted = {one["name"]: one["trusted"] for one in editor.command("mm-lsp.command.list", {"uri": at.uri})}
    assert (trusted["c"], trusted["d"]) == (False, True)
    error = editor.refusal(editor.ask("mm-lsp.command.run", {"name": "c", "uri": at.uri}))
    assert "changed" in error["message"]
    editor.command("mm-lsp.trust", {"trusted": True})
    assert all(one["trusted"] for one in editor.command("mm-lsp.command.list", {"uri": at.uri}))


@pytest.mark.parametrize(("setting", "is_there"), [("trusted", True), ("restricted", False)])
def test_the_setting_asks_nothing(start, model, root, setting, is_there):
    write(root, {"AGENTS.md": "agents-root"})
    editor = open_in(start, root, {"trust": setting})
    explain(editor, open_file(editor, root / "src/deep/a.py"))
    assert ("agents-root" in system(model.requests[-1])) is is_there
    assert questions(editor) == []


def test_an_editors_own_trust_that_is_granted_later_wins_over_its_restricted_start(start, model, root):
    write(root, {"AGENTS.md": "agents-root"})
    editor = open_in(start, root, {"trust": "restricted"})
    at = open_file(editor, root / "src/deep/a.py")
    editor.command("mm-lsp.trust", {"trusted": True})
    explain(editor, at)
    assert "agents-root" in system(model.requests[-1])
    editor.command("mm-lsp.trust", {"trusted": False})
    explain(editor, at)
    assert "agents-root" not in system(model.requests[-1])


def test_a_workspaces_own_settings_cannot_make_it_trusted(start, model, root):
    write(root, {"AGENTS.md": "agents-root"})
    capabilities = {**EDITS, "workspace": {**EDITS["workspace"], "configuration": True}}
    answers = {"workspace/configuration": lambda _: [{"trust": "trusted"}]}
    editor = open_in(start, root, capabilities=capabilities, answers=answers)
    explain(editor, open_file(editor, root / "src/deep/a.py"))
    assert "agents-root" not in system(model.requests[-1])


# Skills

SKILL = "---\nname: pdf-tools\ndescription: Use for PDFs.\nallowed-tools: Bash(rm:*)\n---\nThe skill's own body.\n"


def called(function: str, /, **arguments: str) -> Reply:
    call = {"index": 0, "id": "call_1", "type": "function"}
    call["function"] = {"name": function, "arguments": json.dumps(arguments)}
    chunk = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
    return Reply((Raw(f"data: {json.dumps(chunk)}\n\n".encode()), Finish("tool_calls"), Done()))


def skilled(*calls: Reply, answer: str = "It is done."):
    """A model that calls first and then answers."""
    waiting = [*calls, reply(answer)]
    return lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def test_a_skill_is_offered_by_name_and_loaded_by_the_model(start, model, first, root):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL, ".claude/skills/pdf-tools/scripts/run.sh": "echo hi"})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    model.default = skilled(
        called("load_skill", name="pdf-tools"), called("load_skill", name="pdf-tools", file="scripts/run.sh")
    )
    assert explain(editor, at)["result"]["markdown"] == "It is done."
    asked, loaded, with_file = model.requests[first:]
    assert "pdf-tools: Use for PDFs." in system(asked)
    assert "own body" not in system(asked)
    (tool,) = asked.body["tools"]
    assert tool["function"]["parameters"]["properties"]["name"]["enum"] == ["pdf-tools"]
    assert [message["role"] for message in loaded.body["messages"]] == ["system", "user", "assistant", "tool"]
    given = loaded.body["messages"][-1]["content"]
    assert "The skill's own body." in given
    assert "scripts/run.sh" in given
    assert with_file.body["messages"][-1]["content"] == "echo hi"


def test_a_model_that_never_stops_calling_is_made_to_answer(start, model, first, root):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    model.default = lambda body: called("load_skill", name="pdf-tools") if body.get("tools") else reply("At last.")
    assert explain(editor, at)["result"]["markdown"] == "At last."
    assert len(model.requests) - first < 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "nothing"}, "There is no skill nothing"),
        ({"name": "pdf-tools", "file": "../../../AGENTS.md"}, "can't be given"),
        ({"name": "pdf-tools", "file": "leak"}, "can't be given"),
        ({}, "There is no skill"),
    ],
)
def test_what_may_not_be_loaded_is_told_to_the_model(start, model, first, root, arguments, said):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL, "AGENTS.md": "x"})
    write(root.parent, {"secret.md": "outside-text"})
    (root / ".claude/skills/pdf-tools/leak").symlink_to(root.parent / "secret.md")
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    model.default = skilled(called("load_skill", **arguments))
    assert explain(editor, at)["result"]["markdown"] == "It is done."
    assert said in model.requests[-1].body["messages"][-1]["content"]
    assert not model.requests[-1].contains("outside-text")


def test_a_skill_that_the_model_may_not_choose_is_not_in_the_catalogue(start, model, root):
    hidden = SKILL.replace("name: pdf-tools", "name: pdf-tools\ndisable-model-invocation: true")
    write(root, {".claude/skills/pdf-tools/SKILL.md": hidden})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    explain(editor, at)
    assert "tools" not in model.requests[-1].body
    assert "pdf-tools" in [one["name"] for one in editor.command("mm-lsp.command.list", {"uri": at.uri})]


def test_an_edit_may_load_a_skill_too(start, model, first, root):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    model.default = skilled(called("load_skill", name="pdf-tools"), answer="<rewrite>\nx = 2\n</rewrite>")
    assert editor.command("mm-lsp.edit", {"uri": at.uri, "instruction": "two"})["applied"] is True
    assert editor.documents[at.uri] == "x = 2\n"


def test_completion_has_no_tools(start, model, root):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL})
    editor = open_in(start, root, TRUSTED)
    editor.inline(open_file(editor, root / "src/deep/a.py"), INVOKED)
    assert "tools" not in model.requests[-1].body


def test_text_before_a_call_and_after_it_is_one_answer(start, model, root):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL})
    editor = open_in(start, root, {**TRUSTED, "streamText": True})
    at = open_file(editor, root / "src/deep/a.py")
    talking = called("load_skill", name="pdf-tools")
    model.default = skilled(Reply((Text("Let me see. "), *(talking.steps or ()))))
    result = editor.wait(editor.ask("mm-lsp.explain", {"uri": at.uri}, token="t"))["result"]
    assert result["markdown"] == "Let me see. It is done."
    texts = [
        one["params"]["value"].get("message", "")
        for one in editor.received
        if one.get("method") == "$/progress" and one["params"]["value"]["kind"] == "report"
    ]
    assert "".join(texts) == result["markdown"]


# Several files and roots at once


def test_each_question_is_about_the_file_that_was_asked_about(start, model, tmp_path):
    one = write(tmp_path / "one", {"AGENTS.md": "rules-of-one", "a.py": "", ".git/HEAD": ""})
    two = write(tmp_path / "two", {"AGENTS.md": "rules-of-two", "b.py": "", "src/AGENTS.md": "deep", ".git/HEAD": ""})
    folders = {"workspaceFolders": [{"uri": root.as_uri(), "name": root.name} for root in (one, two)]}
    editor = start(EDITS, {"longRequests": True}, params=folders)
    first = open_file(editor, one / "a.py")
    second = open_file(editor, two / "b.py")
    assert editor.command("mm-lsp.trust", {"trusted": True, "uri": first.uri})["workspace"] == str(one)
    explain(editor, first)
    assert "rules-of-one" in system(model.requests[-1])
    explain(editor, second)
    assert "rules-of" not in system(model.requests[-1])
    editor.command("mm-lsp.trust", {"trusted": True, "uri": second.uri})
    explain(editor, second)
    assert "rules-of-two" in system(model.requests[-1])
    assert "deep" not in system(model.requests[-1])
    assert editor.command("mm-lsp.rules", {"uri": first.uri})["file"] == "a.py"
    assert editor.command("mm-lsp.rules", {"uri": (two / "src/c.py").as_uri()})["file"] == "src/c.py"


def test_what_was_approved_in_one_folder_stays_so_when_another_is(start, model, tmp_path):
    folders = {f"{name}/.claude/skills/s{name}/SKILL.md": SKILL.replace("pdf-tools", f"s{name}") for name in "ab"}
    root = write(tmp_path / "w", {**folders, "a/x.py": "", "b/y.py": "", "AGENTS.md": "r"})
    editor = open_in(start, root)
    first, second = (open_file(editor, root / name) for name in ("a/x.py", "b/y.py"))
    for at in (first, second):
        editor.command("mm-lsp.trust", {"trusted": True, "uri": at.uri})
    for at in (first, second):
        (skill,) = editor.command("mm-lsp.rules", {"uri": at.uri})["skills"]
        assert skill["trusted"] is True
    write(root, {"a/.claude/skills/sa/script.sh": "new"})
    (skill,) = editor.command("mm-lsp.rules", {"uri": first.uri})["skills"]
    assert skill["trusted"] is False


def test_a_projects_folder_called_home_is_not_the_users(start, model, first, root, tmp_path):
    write(tmp_path, {"outside.md": "outside-text"})
    write(root, {"~/.claude/commands/evil.md": "evil-text", "~/a.py": ""})
    (root / "~/.claude/commands/leak.md").symlink_to(tmp_path / "outside.md")
    editor = open_in(start, root)
    at = open_file(editor, root / "~/a.py")
    for name in ("evil", "leak"):
        assert "error" in editor.wait(editor.ask("mm-lsp.command.run", {"name": name, "uri": at.uri}))
    assert len(model.requests) == first


def test_an_untrusted_workspace_takes_no_command_from_the_user(start, model, root, tmp_path):
    write(tmp_path / "home1", {".claude/commands/fix.md": "my-own-fix"})
    write(root, {".claude/commands/fix.md": "a-strangers-fix"})
    editor = open_in(start, root, {"trust": "restricted"})
    at = open_file(editor, root / "src/deep/a.py")
    editor.command("mm-lsp.command.run", {"name": "fix", "uri": at.uri})
    assert model.requests[-1].contains("my-own-fix")
    assert not model.requests[-1].contains("a-strangers-fix")


def test_what_is_no_text_is_no_rule(start, model, root):
    write(root, {".roo/rules/.DS_Store": b"\0\1\2", ".roo/rules/p.png": b"\x89PNG\0", ".roo/rules/r.md": "roo-text"})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    found = editor.command("mm-lsp.rules", {"uri": at.uri})
    assert [rule["path"] for rule in found["applied"]] == [".roo/rules/r.md"]
    assert {"path": ".roo/rules/p.png", "reason": "it is no text file"} in found["skipped"]


def test_what_another_file_stands_in_for_and_what_is_empty_is_told(start, root):
    write(root, {"AGENTS.override.md": "o", "AGENTS.md": "a", ".cursor/rules/e.mdc": "---\nalwaysApply: true\n---\n"})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    skipped = {one["path"]: one["reason"] for one in editor.command("mm-lsp.rules", {"uri": at.uri})["skipped"]}
    assert skipped["AGENTS.md"] == "AGENTS.override.md stands in for it"
    assert skipped[".cursor/rules/e.mdc"] == "it is empty"


@pytest.mark.timeout(30)
def test_nobody_waits_for_a_pipe_among_a_skills_files(start, model, root, tmp_path):
    write(root, {".claude/skills/pdf-tools/SKILL.md": SKILL})
    os.mkfifo(root / ".claude/skills/pdf-tools/pipe")
    (root / ".claude/skills/pdf-tools/endless").symlink_to("/dev/zero")
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "src/deep/a.py")
    assert "result" in explain(editor, at)
    assert [one["name"] for one in editor.command("mm-lsp.rules", {"uri": at.uri})["skills"]] == ["pdf-tools"]
