"""Slash commands: listed, offered, previewed, run."""

from pathlib import Path

import pytest

from tests.e2e.harness import until
from tests.e2e.workspaces import EDITS, open_file, open_in, write
from tests.support.model_server import reply

TRUSTED = {"trust": "trusted"}
COMMANDS = {
    ".claude/commands/fix.md": "---\ndescription: Fixes it\nargument-hint: [issue]\n---\n"
    "Fix $1, all: $ARGUMENTS. !`rm -rf /`\n",
    ".claude/commands/web/component.md": "Make a component.",
    ".cursor/commands/tidy.md": "Tidy it up.",
    ".github/prompts/ask.prompt.md": "---\ndescription: Asks\n---\nAbout ${file}: ${selection}",
    ".opencode/command/oc.md": "Do $1 and $2.",
    ".gemini/commands/git/commit.toml": 'prompt = "Commit {{args}} !{git diff {{args}}}"\ndescription = "Commits"\n',
    ".gemini/commands/broken.toml": "prompt = ",
    ".roo/commands/roo.md": "Roo it.",
    ".windsurf/workflows/flow.md": "Flow.",
    ".claude/skills/pdf/SKILL.md": "---\nname: pdf\ndescription: PDFs.\n---\nRead the PDF.\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "w", {**COMMANDS, "a.py": "x = 1\n", "src/b.py": "bee = 2\n"})


@pytest.fixture
def editor(start, root):
    return open_in(start, root, TRUSTED)


def whole(lines: int = 1) -> dict:
    return {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}


def test_every_tools_commands_are_listed(editor, root):
    at = open_file(editor, root / "a.py")
    listed = {one["name"]: one for one in editor.command("mm-lsp.command.list", {"uri": at.uri})}
    assert {"fix", "component", "tidy", "ask", "oc", "git:commit", "roo", "flow", "pdf"} <= set(listed)
    assert listed["fix"]["description"] == "Fixes it"
    assert listed["fix"]["argumentHint"] == "[issue]"
    assert listed["fix"]["source"] == ".claude/commands/fix.md"
    assert listed["fix"]["trusted"] is True
    assert listed["pdf"]["kind"] == "skill"
    skipped = editor.command("mm-lsp.rules", {"uri": at.uri})["skipped"]
    assert any(one["path"] == ".gemini/commands/broken.toml" for one in skipped)


def test_an_answer_in_words_is_shown(editor, model, root):
    at = open_file(editor, root / "a.py")
    model.default = reply("It is **fine**.")
    result = editor.command(
        "mm-lsp.command.run", {"name": "/fix", "arguments": "12 now", "uri": at.uri, "range": whole()}
    )
    assert result["markdown"] == "It is **fine**."
    assert result["usage"]["prompt_tokens"] == 100
    said = model.requests[-1].text
    assert "Fix 12, all: 12 now. [shell command execution disabled by policy]" in said
    assert "rm -rf" not in said


def test_a_new_text_is_applied_and_only_the_words_are_shown(start, model, root):
    editor = open_in(start, root, {**TRUSTED, "streamText": True})
    at = open_file(editor, root / "a.py")
    model.default = reply("Two is ", "better.\n<rew", "rite>\nx = 2\n</rewrite> and more")
    number = editor.ask("mm-lsp.command.run", {"name": "tidy", "uri": at.uri}, token="t")
    result = editor.wait(number)["result"]
    assert result["applied"] is True
    assert result["markdown"] == "Two is better.\n"
    assert editor.documents[at.uri] == "x = 2\n"
    texts = [
        one["params"]["value"].get("message", "")
        for one in editor.received
        if one.get("method") == "$/progress" and one["params"]["value"]["kind"] == "report"
    ]
    assert "".join(texts) == result["markdown"]


def test_without_long_requests_it_is_a_job(start, model, root):
    shown = []
    capabilities = {**EDITS, "window": {"showDocument": {"support": True}}}
    editor = open_in(start, root, {**TRUSTED, "longRequests": False}, capabilities=capabilities)
    editor.answers["window/showDocument"] = lambda params: shown.append(params) or {"success": True}
    at = open_file(editor, root / "a.py")
    model.default = reply("Words.", delay=1)
    assert set(editor.command("mm-lsp.command.run", {"name": "tidy", "uri": at.uri})) == {"job"}
    assert until(lambda: shown)[0]["takeFocus"] is False


def test_files_that_a_command_names_are_read_from_the_workspace_alone(start, model, root, tmp_path):
    write(tmp_path, {"outside.txt": "outside-text"})
    write(
        root,
        {".env": "DB=1", ".claude/commands/look.md": "See @src/b.py and @../outside.txt and @.env and @nothing.py"},
    )
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "a.py")
    editor.command("mm-lsp.command.run", {"name": "look", "uri": at.uri})
    said = model.requests[-1].text
    assert "bee = 2" in said
    assert "outside-text" not in said
    assert "DB=1" not in said
    assert "@nothing.py" in said


def test_what_is_put_in_is_not_looked_through_again(editor, model, root):
    at = open_file(editor, root / "a.py")
    editor.command("mm-lsp.command.run", {"name": "oc", "arguments": "'$2 @src/b.py' '!`id`'", "uri": at.uri})
    assert "Do $2 @src/b.py and !`id`." in model.requests[-1].text
    assert "bee = 2" not in model.requests[-1].text


def test_a_preview_sends_nothing(editor, model, first, root):
    at = open_file(editor, root / "a.py")
    shown = editor.command("mm-lsp.command.preview", {"name": "fix", "arguments": "7", "uri": at.uri})
    assert shown["text"].startswith("Fix 7, all: 7.")
    assert shown["shell"] == ["rm -rf /"]
    assert len(model.requests) == first


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"name": "fxi"}, "Did you mean /fix"),
        ({"name": ""}, "name is empty"),
        ({"name": "/"}, "name is empty"),
        ({}, "name"),
        ({"name": 3}, "name"),
    ],
)
def test_what_cannot_be_called_is_told(editor, root, argument, words):
    at = open_file(editor, root / "a.py")
    assert words in editor.refusal(editor.ask("mm-lsp.command.run", {"uri": at.uri, **argument}))["message"]


def test_an_untrusted_workspaces_command_is_refused_and_not_offered(start, model, first, root):
    editor = open_in(start, root)
    at = open_file(editor, root / "a.py")
    error = editor.refusal(editor.ask("mm-lsp.command.run", {"name": "tidy", "uri": at.uri}))
    assert "not trusted" in error["message"]
    assert len(model.requests) == first
    assert not any(one["trusted"] for one in editor.command("mm-lsp.command.list", {"uri": at.uri}))
    params = {"textDocument": {"uri": at.uri}, "range": whole(), "context": {"diagnostics": [], "only": ["refactor"]}}
    assert not any("/tidy" in one["title"] for one in editor.call("textDocument/codeAction", params))


def offered(editor, at, **context) -> list[dict]:
    params = {"textDocument": {"uri": at.uri}, "range": whole(), "context": {"diagnostics": [], **context}}
    return editor.call("textDocument/codeAction", params)


def test_commands_stand_in_the_menu_and_run_from_it(editor, model, root):
    at = open_file(editor, root / "a.py")
    actions = until(lambda: [one for one in offered(editor, at, only=["refactor"]) if one["title"].startswith("/")])
    (tidy,) = [one for one in actions if one["title"].startswith("/tidy")]
    assert tidy["kind"] == "refactor.rewrite.mm-lsp.tidy"
    assert not any("isPreferred" in one for one in actions)
    titles = [one["title"] for one in offered(editor, at)]
    assert len([title for title in titles if title != "mm-lsp…"]) <= 3
    model.default = reply("<rewrite>\nx = 3\n</rewrite>")
    editor.command(tidy["command"]["command"], tidy["command"]["arguments"][0])
    assert editor.documents[at.uri] == "x = 3\n"


def test_a_comment_calls_a_command(editor, root):
    at = open_file(editor, root / "a.py", "# /fix 12|\ndef f():\n    pass\n")
    until(lambda: any(one["title"].startswith("/") for one in offered(editor, at, only=["refactor"])))
    place = {"start": at.position, "end": at.position}
    params = {"textDocument": {"uri": at.uri}, "range": place, "context": {"diagnostics": []}}
    first = editor.call("textDocument/codeAction", params)[0]
    assert first["title"] == "/fix 12"
    assert first["command"]["arguments"][0]["arguments"] == "12"


@pytest.mark.parametrize(
    ("marked", "language", "labels"),
    [
        ("# /|\n", "python", {"/fix", "/tidy"}),
        ("# /fi|\n", "python", {"/fix"}),
        ("// /|\n", "typescript", {"/fix"}),
        ("x = 4 /|\n", "python", set()),
        ("path = 'a/|'\n", "python", set()),
        ("</|\n", "html", set()),
        ("# a/|\n", "python", set()),
        ("# see @src/|\n", "python", {"b.py"}),
        ("# me@src/|\n", "python", set()),
        ("x = @src/|\n", "python", set()),
    ],
)
def test_completion_offers_them_in_comments_alone(start, model, first, root, marked, language, labels):
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "c.x", marked, language)
    trigger = {"context": {"triggerKind": 2, "triggerCharacter": "/"}}

    def found() -> set[str]:
        return {item["label"] for item in editor.call("textDocument/completion", {**at.params, **trigger})["items"]}

    if labels:
        assert until(lambda: labels <= found() and found())
    else:
        assert found() == set()
    assert len(model.requests) == first
