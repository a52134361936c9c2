"""What would be sent and what was; ignore files; the look before anything goes out."""

from pathlib import Path

import pytest

from tests.e2e.harness import AUTOMATIC, INVOKED, until
from tests.e2e.workspaces import explain, open_file, open_in, write
from tests.support.model_server import reply

SECRET = "held_back_text"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "w", {"a.py": "x = 1\n", ".git/HEAD": ""})


# mm-lsp.context


@pytest.mark.parametrize("purpose", ["complete", "explain", "edit"])
def test_the_context_is_exactly_what_is_sent(start, model, first, root, purpose):
    write(root, {"AGENTS.md": "agents-root"})
    editor = open_in(start, root, {"trust": "trusted"})
    open_file(editor, root / "other.py", "other = 1|\n")
    at = open_file(editor, root / "a.py", "def f():\n    return |1\n")
    argument = {"uri": at.uri, "position": at.position, "for": purpose, "instruction": "two"}
    found = editor.command("mm-lsp.context", argument)
    assert len(model.requests) == first
    block = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    if purpose == "complete":
        editor.inline(at, INVOKED)
    elif purpose == "explain":
        explain(editor, at, range=block)
    else:
        editor.wait(editor.ask("mm-lsp.edit", {"uri": at.uri, "instruction": "two", "range": block}))
    sent = model.requests[-1].body["messages"]
    assert found["messages"] == [{"role": one["role"], "content": one["content"]} for one in sent]
    assert found["tokens"] > 0
    assert all(set(part) == {"kind", "source", "tokens", "reason"} for part in found["parts"])
    sources = [part["source"] for part in found["parts"]]
    assert "a.py" in sources
    assert ("AGENTS.md" in sources) is (purpose != "complete")
    assert ("other.py" in sources) is (purpose == "complete")
    assert found["redactions"] == []


def test_a_wrong_purpose_is_refused(start, root):
    editor = open_in(start, root)
    at = open_file(editor, root / "a.py")
    error = editor.refusal(editor.ask("mm-lsp.context", {"uri": at.uri, "position": at.position, "for": "fun"}))
    assert error["code"] == -32602


# Ignore files


IGNORED = [
    {".cursorignore": "a.py\n"},
    {".aiignore": "*.py\n"},
    {".codeiumignore": "/a.py"},
    {".aiexclude": ""},
    {".geminiignore": "a.*"},
    {".noai": ""},
    {".clineignore": "**/*.py"},
    {"pkg/.aiexclude": ""},
    {"pkg/.cursorignore": "a.py"},
]


@pytest.mark.parametrize("files", IGNORED, ids=lambda files: next(iter(files)))
def test_an_ai_ignore_file_binds_the_open_document_and_the_others(start, model, first, root, files):
    folder = "pkg/" if next(iter(files)).startswith("pkg") else ""
    write(root, files)
    editor = open_in(start, root)
    held = open_file(editor, root / f"{folder}a.py", f"{SECRET} = |\n")
    other = open_file(editor, root.parent / "elsewhere.py", "x = |\n")
    assert editor.inline(held, INVOKED) == editor.inline(held, AUTOMATIC) == []
    assert "is sent to a model" in explain(editor, held)["error"]["message"]
    assert next(iter(files)).rpartition("/")[2] in editor.command("mm-lsp.why", {"uri": held.uri})["reason"]
    assert len(model.requests) == first
    editor.inline(other, INVOKED)
    explain(editor, other)
    assert not any(request.contains(SECRET) for request in model.requests[first:])


def test_gitignore_binds_only_what_is_not_open(start, model, root):
    write(root, {".gitignore": "a.py\ndata.txt\n", "data.txt": SECRET, ".claude/commands/c.md": "See @data.txt"})
    editor = open_in(start, root, {"trust": "trusted"})
    at = open_file(editor, root / "a.py", "open_text = |\n")
    explain(editor, at)
    assert model.requests[-1].contains("open_text")
    editor.command("mm-lsp.command.run", {"name": "c", "uri": at.uri})
    assert not model.requests[-1].contains(SECRET)


def test_an_ignore_file_that_comes_later_counts_at_once(start, model, first, root):
    editor = open_in(start, root)
    at = open_file(editor, root / "a.py", f"{SECRET} = |\n")
    assert editor.inline(at, INVOKED)
    write(root, {".cursorignore": "a.py"})
    assert "error" in explain(editor, at)
    assert len(model.requests) == first + 1


def test_an_unsaved_ignore_file_counts_too(start, model, first, root):
    editor = open_in(start, root)
    open_file(editor, root / ".cursorignore", "a.py|\n", "ignore")
    at = open_file(editor, root / "a.py", f"{SECRET} = |\n")
    assert "error" in explain(editor, at)
    assert len(model.requests) == first


def test_a_link_to_an_ignored_file_is_held_back(start, model, first, root):
    write(root, {".cursorignore": "private/\n", "private/p.py": "p"})
    (root / "link.py").symlink_to("private/p.py")
    (root / "key.py").symlink_to(".env")
    write(root, {".env": "x"})
    editor = open_in(start, root)
    for name in ("link.py", "key.py"):
        assert "error" in explain(editor, open_file(editor, root / name, f"{SECRET} = |\n"))
    assert len(model.requests) == first


def test_a_rule_file_that_is_ignored_does_not_steer(start, model, root):
    write(
        root,
        {".cursorignore": "AGENTS.md\nmore.md\n", "AGENTS.md": SECRET, "CLAUDE.md": "@more.md x", "more.md": SECRET},
    )
    editor = open_in(start, root, {"trust": "trusted"})
    explain(editor, open_file(editor, root / "a.py"))
    assert not model.requests[-1].contains(SECRET)


# privacy.preview


def questions(editor) -> list[dict]:
    return [one["params"] for one in editor.received if one.get("method") == "window/showMessageRequest"]


def test_a_look_before_the_first_request_of_each_feature(start, model, first, root):
    answers = {"window/showMessageRequest": lambda params: params["actions"][0]}
    editor = open_in(start, root, {"privacy": {"preview": True}}, answers=answers)
    at = open_file(editor, root / "a.py", 'mark = 1|\nx_password = "q7$Lw9!zR2pX"\n')
    assert "result" in explain(editor, at)
    assert "result" in explain(editor, at)
    editor.inline(at, INVOKED)
    assert [("explain" in one["message"], "completion" in one["message"]) for one in questions(editor)] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert len(model.requests) == first + 3
    pages = [page.read_text() for page in editor.home.rglob("preview-*.md")]
    assert any(model.requests[first].body["messages"][1]["content"] in page for page in pages)
    assert all("q7$Lw9" not in page for page in pages)


def test_who_says_no_sends_nothing(start, model, first, root):
    answers = {"window/showMessageRequest": lambda params: params["actions"][-1]}
    editor = open_in(start, root, {"privacy": {"preview": True}}, answers=answers)
    at = open_file(editor, root / "a.py")
    for _ in range(2):
        assert "privacy.preview" in explain(editor, at)["error"]["message"]
    assert len(questions(editor)) == 1
    assert len(model.requests) == first


def test_an_automatic_request_does_not_wait_for_the_word(start, model, first, root):
    editor = open_in(start, root, {"privacy": {"preview": True}}, answers={"window/showMessageRequest": None})
    at = open_file(editor, root / "a.py", "x = |\n")
    assert editor.inline(at, AUTOMATIC) == []
    question = editor.wait_request("window/showMessageRequest")
    assert editor.inline(at, AUTOMATIC) == []
    assert len(model.requests) == first
    editor.respond(question["id"], question["params"]["actions"][0])
    model.default = reply("<completion>1</completion>")
    until(lambda: editor.inline(at, AUTOMATIC))
    assert len(questions(editor)) == 1


# The audit


def test_the_record_tells_of_which_files_text_was_sent(start, model, root):
    write(root, {"AGENTS.md": "rules", ".claude/commands/c.md": "See @data.txt", "data.txt": "data"})
    editor = open_in(start, root, {"trust": "trusted"})
    at = open_file(editor, root / "a.py")
    editor.command("mm-lsp.command.run", {"name": "c", "uri": at.uri})
    explain(editor, at)

    def sent() -> dict[str, dict]:
        rows = editor.command("mm-lsp.usage", {"files": True})["files"]
        return {str(Path(row["path"]).relative_to(root)): row for row in rows}

    assert until(lambda: len(sent()) == 3)
    assert sent()["a.py"]["calls"] == 2
    assert set(sent()["a.py"]["features"].split(",")) == {"command", "explain"}
    assert sent()["AGENTS.md"]["calls"] == 2
    assert sent()["data.txt"]["calls"] == 1
    assert "files" not in editor.command("mm-lsp.usage")


def test_the_record_tells_of_imports_and_skills_and_not_of_what_was_held_back(start, model, root):
    write(root, {"CLAUDE.md": "See @docs/x.md", "docs/x.md": "x-text", ".env": "A=1", ".claude/commands/c.md": "@.env"})
    editor = open_in(start, root, {"trust": "trusted"})
    at = open_file(editor, root / "a.py")
    editor.command("mm-lsp.command.run", {"name": "c", "uri": at.uri})
    rows = until(lambda: editor.command("mm-lsp.usage", {"files": True})["files"])
    assert {str(Path(row["path"]).relative_to(root)) for row in rows} == {"a.py", "CLAUDE.md", "docs/x.md"}


def test_a_document_that_is_opened_in_between_is_not_sent_unasked(start, model, first, root):
    write(root, {".cursorignore": "hid/\n"})
    editor = open_in(start, root)
    for number in range(60):
        open_file(editor, root / f"f{number}.py", f"x{number} = 1|\n")
    at = open_file(editor, root / "a.py", "y = |\n")
    numbers = []
    for number in range(8):
        numbers.append(editor.ask_inline(at, INVOKED))
        open_file(editor, root / f"hid/s{number}.py", f"{SECRET} = 1|\n")
    for number in numbers:
        editor.wait(number)
    assert not any(request.contains(SECRET) for request in model.requests[first:])


@pytest.mark.parametrize("scheme", ["vscode-notebook-cell:{}#c1", "git:{}?ref=HEAD"])
def test_documents_of_other_schemes_are_bound_by_their_paths(start, model, first, root, scheme):
    write(root, {".cursorignore": "hid/\n", "hid/n.ipynb": ""})
    editor = open_in(start, root)
    held = editor.open_at(f"{SECRET} = |\n", "python", scheme.format(root / "hid/n.ipynb"))
    assert "error" in explain(editor, held)
    assert editor.inline(held, INVOKED) == []
    assert len(model.requests) == first


def test_a_link_into_another_folder_is_bound_by_that_folders_ignore_files(start, model, first, root, tmp_path):
    other = write(tmp_path / "other", {".cursorignore": "secret/", "secret/s.py": ""})
    (root / "l.py").symlink_to(other / "secret/s.py")
    folders = {"workspaceFolders": [{"uri": place.as_uri(), "name": place.name} for place in (root, other)]}
    editor = start({}, {"longRequests": True}, params=folders)
    assert "error" in explain(editor, open_file(editor, root / "l.py", f"{SECRET} = |\n"))
    assert len(model.requests) == first


def test_a_question_that_was_dismissed_does_not_come_back_by_itself(start, model, root):
    editor = open_in(start, root, {"privacy": {"preview": True}}, answers={"window/showMessageRequest": lambda _: None})
    at = open_file(editor, root / "a.py", "x = |\n")
    for _ in range(4):
        assert editor.inline(at, AUTOMATIC) == []
    assert len(questions(editor)) == 1
