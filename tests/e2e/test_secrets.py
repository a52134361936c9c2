"""No secret reaches the model, a log or the record, wherever it stands; edits give it back as it was."""

import json
import sqlite3

import pytest

from tests.e2e.harness import INVOKED
from tests.e2e.workspaces import explain, open_file, open_in, write
from tests.support.model_server import reply
from tests.support.secrets import TOKENS

PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join("MIIEpAIBAAKCAQEA7" + f"{n:02d}" + "x9Qk" * 10 for n in range(25))
    + "\n-----END RSA PRIVATE KEY-----"
)
PASSWORD = "q7$Lw9!zR2pX"
SECRETS = [
    *((kind, token, f'KEY = "{token}"') for kind, token in TOKENS),
    ("password", PASSWORD, f'db_password = "{PASSWORD}"'),
    ("url-password", "tr0ub4dor-and-3", 'url = "postgres://me:tr0ub4dor-and-3@db.internal/x"'),
    ("private-key", "x9Qk" * 5, f'"""\n{PEM}\n"""'),
]
_GROUPS = 8  # secrets are planted by many, since a server takes a while
TRUSTED = {"trust": "trusted", "log": {"level": "debug", "prompts": True}}


def leaked(secret: str, *texts: str) -> bool:
    """Whether twelve letters of it, or all of a shorter one, stand anywhere."""
    size = min(len(secret), 12)
    pieces = {secret[at : at + size] for at in range(len(secret) - size + 1)}
    return any(piece in text for piece in pieces for text in texts)


@pytest.mark.parametrize("group", range(_GROUPS))
def test_no_secret_survives_in_any_request(start, model, first, tmp_path, group):
    """In the open file, another open file, rule files, skills, commands, arguments, diagnostics, settings."""
    planted = SECRETS[group::_GROUPS]
    line = "\n".join(one for _, _, one in planted)
    first_line = line.partition("\n")[0]
    root = write(
        tmp_path / "w",
        {
            "AGENTS.md": f"Rules.\n{line}\n",
            "CLAUDE.md": "@more.md",
            "more.md": f"More.\n{line}\n",
            ".cursor/rules/agent.mdc": f"---\ndescription: when {first_line}\n---\n{line}",
            ".claude/skills/s/SKILL.md": f"---\nname: s\ndescription: A skill.\n---\n{line}\n",
            ".claude/commands/c.md": f"Do $ARGUMENTS with @data.txt\n{line}\n",
            "data.txt": f"Data.\n{line}\n",
            "a.py": "",
        },
    )
    editor = open_in(start, root, {**TRUSTED, "answers": {"language": first_line}, "rules": {"in_completion": True}})
    open_file(editor, root / "other.py", f"import os|\n{line}\n")
    at = open_file(editor, root / "a.py", f"import os\n{line}\ndef f():\n    return |1\n")
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    model.default = reply("<completion>x</completion>")
    editor.inline(at, INVOKED)
    explain(editor, at, question=f"What is {line}?")
    explain(editor, at, range=whole)
    editor.wait(editor.ask("mm-lsp.edit", {"uri": at.uri, "instruction": f"use {line}", "range": whole}))
    editor.wait(editor.ask("mm-lsp.command.run", {"name": "c", "arguments": line, "uri": at.uri, "range": whole}))
    editor.wait(editor.ask("mm-lsp.command.run", {"name": "s", "arguments": line, "uri": at.uri}))
    diagnostic = {"range": {"start": at.position, "end": at.position}, "message": f"bad {line}"}
    context = {"diagnostics": [diagnostic], "only": ["quickfix"]}
    (fix,) = editor.call(
        "textDocument/codeAction", {"textDocument": {"uri": at.uri}, "range": diagnostic["range"], "context": context}
    )
    editor.wait(editor.ask(fix["command"]["command"], fix["command"]["arguments"][0]))
    shown = json.dumps(editor.command("mm-lsp.context", {"uri": at.uri, "position": at.position, "for": "explain"}))
    bodies = [request.raw.decode() for request in model.requests[first:]]
    assert len(bodies) >= 7
    for _, secret, _ in planted:
        assert not leaked(secret, *bodies, shown, editor.stderr_text)
    assert all("<redacted:" in body for body in bodies)
    assert all(kind in shown for kind, _, _ in planted)
    assert editor.shutdown_and_exit() == 0
    for record in editor.home.rglob("usage.sqlite3"):
        dump = "\n".join(sqlite3.connect(record).iterdump())
        assert not any(leaked(secret, dump) for _, secret, _ in planted)


def test_a_private_key_leaks_no_part_where_the_window_cuts_it(start, model, first, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root, {"completion": {"debounce_ms": 0, "context_tokens": 200}})
    for above in (5, 12, 20):
        lines = PEM.split("\n")
        marked = "\n".join([*lines, *["x = 1"] * (30 - above), "y = |1"])
        editor.inline(open_file(editor, root / f"a{above}.py", marked), INVOKED)
    assert len(model.requests) == first + 3
    assert not leaked("x9Qk" * 5, *(request.raw.decode() for request in model.requests[first:]))


def test_an_edit_gives_secrets_back_as_they_were(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root)
    at = open_file(editor, root / "a.py", f'one = 1|\ndb_password = "{PASSWORD}"\n')
    model.default = lambda body: reply(
        "<rewrite>\n"
        + body["messages"][1]["content"]
        .split("<selection>\n")[1]
        .split("\n</selection>")[0]
        .replace("one = 1", "one = 2")
        + "\n</rewrite>"
    )
    assert editor.command("mm-lsp.edit", {"uri": at.uri, "instruction": "two"})["applied"] is True
    assert "<redacted:password>" in model.requests[-1].text
    assert editor.documents[at.uri] == f'one = 2\ndb_password = "{PASSWORD}"\n'


def test_a_suggestion_never_holds_a_placeholder_of_what_it_knows(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root)
    model.default = reply('<completion>"<redacted:password>"</completion>')
    at = open_file(editor, root / "a.py", f'db_password = "{PASSWORD}"\ncopy = |\n')
    (item,) = editor.inline(at, INVOKED)
    assert item["insertText"] == f'"{PASSWORD}"'


def test_the_second_of_a_kind_has_a_number_and_the_same_has_the_same(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root)
    lines = [f'a_password = "{PASSWORD}"', 'b_password = "Zr8#kQ2!vN5w"', f'c_password = "{PASSWORD}"']
    explain(editor, open_file(editor, root / "a.py", "|" + "\n".join(lines)))
    said = model.requests[-1].text
    assert 'a_password = "<redacted:password>"' in said
    assert 'b_password = "<redacted:password:2>"' in said
    assert 'c_password = "<redacted:password>"' in said


def test_who_switches_it_off_sends_what_is_there(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root, {"privacy": {"redact": False}})
    explain(editor, open_file(editor, root / "a.py", f'db_password = "{PASSWORD}"|'))
    assert model.requests[-1].contains(PASSWORD)


def test_the_users_own_key_is_never_part_of_a_prompt(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root, MM_LSP_API_KEY="a-plain-key-of-mine")
    explain(editor, open_file(editor, root / "a.py", "# a-plain-key-of-mine|\n"))
    assert not model.requests[-1].contains("a-plain-key-of-mine")


def test_the_middle_of_a_private_key_that_a_command_selects_stays_here(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": "", ".github/prompts/p.prompt.md": "Review ${selection}"})
    editor = open_in(start, root, {"trust": "trusted"})
    at = open_file(editor, root / "a.py", f'k = """|\n{PEM}\n"""\n')
    middle = {"start": {"line": 8, "character": 0}, "end": {"line": 10, "character": 0}}
    call = {"name": "p", "uri": at.uri, "range": middle}
    editor.command("mm-lsp.command.run", call)
    assert not leaked(
        "x9Qk" * 5, model.requests[-1].raw.decode(), json.dumps(editor.command("mm-lsp.command.preview", call))
    )


def test_a_secret_that_its_surroundings_give_away_is_one_elsewhere_too(start, model, tmp_path):
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root, TRUSTED)
    at = open_file(editor, root / "a.py", f'connect("{PASSWORD}")\ndb_password = "{PASSWORD}"|\n')
    explain(editor, at, question=f"Why does {PASSWORD} not work?")
    assert not leaked(PASSWORD, model.requests[-1].raw.decode(), editor.stderr_text)


def test_parameters_of_the_api_lose_theirs_too(start, model, tmp_path):
    token = dict(TOKENS)["github-token"]
    root = write(tmp_path / "w", {"a.py": ""})
    editor = open_in(start, root, {"model": {"params": {"user": token, "stop": [token]}}})
    explain(editor, open_file(editor, root / "a.py"))
    assert not leaked(token, model.requests[-1].raw.decode())


def test_a_token_is_not_cut_in_two(start, model, tmp_path):
    token = dict(TOKENS)["github-token"]
    root = write(tmp_path / "w", {"AGENTS.md": "words " * 5455 + token + " words" * 100, "a.py": ""})
    editor = open_in(start, root, {"trust": "trusted"})
    explain(editor, open_file(editor, root / "a.py"))
    assert not leaked(token, model.requests[-1].raw.decode())
