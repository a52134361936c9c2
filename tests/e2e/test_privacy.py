"""What must not leave the machine does not reach the model, and what must not be read stands in no log and no error."""

import json
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.harness import AUTOMATIC, INVOKED, until
from tests.support.model_server import Cut, Raw, Reply, Text, error_reply, reply
from tests.support.raw_client import ResponseError

KEY = "sk-test-0123456789abcdefghij"
SOURCE = "very_private_source_text"
SECRET = "hunter2_do_not_send"
LONG = {"longRequests": True, "completion": {"debounce_ms": 0}}
EDITS = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
}
ECHO = f"the key {KEY} is wrong; the request was {SOURCE}"


def explain(editor, uri: str, **more) -> dict:
    return editor.wait(editor.ask("mm-lsp.explain", {"uri": uri, **more}))


def edit(editor, uri: str) -> dict:
    return editor.wait(editor.ask("mm-lsp.edit", {"uri": uri, "instruction": "tidy up"}))


# Logs and errors


def refusals(editor, model, uri: str) -> None:
    """Every way in which the model's endpoint can fail, some of which repeat the request and the key."""
    echo = json.dumps({"error": ECHO})
    for answer in (
        error_reply(401, ECHO),
        error_reply(400, ECHO, {"x-request": KEY}),
        Reply(status=500, body=ECHO.encode()),
        Reply(body=echo.encode()),
        Reply((Raw(f"data: {echo}\n\n".encode()),)),
        Reply((Raw(f"data: {ECHO}\n\n".encode()),)),
        Reply((Text(SOURCE), Cut(reset=True))),
        Reply(headers={"content-encoding": "gzip"}, body=ECHO.encode()),
        Reply(headers={"content-type": "text/event-stream; charset=nonsense"}, body=b"\xff\xfe"),
    ):
        model.default = answer
        explain(editor, uri)
        edit(editor, uri)
        editor.inline_outcome(uri, INVOKED)
        editor.inline_outcome(uri, AUTOMATIC)


def oddities(editor, model, uri: str) -> None:
    """Messages that nobody sends, holding the source."""
    model.default = reply(f"<rewrite>{SOURCE} = 2</rewrite>")
    for answer in (lambda _: SOURCE, lambda _: {"applied": SOURCE}, lambda _: None, lambda _: {"applied": False}):
        editor.answers["workspace/applyEdit"] = answer
        edit(editor, uri)
    for strange in (f"file://[{SOURCE}", f"file:///{SOURCE}\0", f"{SOURCE}:", f"file:///a/%00/{SOURCE}", "", "\ud800"):
        editor.open(strange, SOURCE)
        editor.inline_outcome(strange, INVOKED)
        explain(editor, strange)
        editor.notify("textDocument/didClose", {"textDocument": {"uri": strange}})
    backwards = {"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}}
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"range": backwards, "text": SOURCE}]}
    editor.notify("textDocument/didChange", change)
    editor.notify("textDocument/didChange", {**change, "contentChanges": SOURCE})
    editor.notify("textDocument/didOpen", {"textDocument": {"uri": SOURCE, "text": 3}})
    explain(editor, uri, range=backwards, question=f"{SOURCE} \ud800")
    explain(editor, uri, range=SOURCE)
    editor.wait(editor.request("codeAction/resolve", {"title": SOURCE, "data": {"id": SOURCE, "uri": [SOURCE]}}))
    editor.wait(editor.request("workspace/executeCommand", {"command": "mm-lsp.apply", "arguments": [{"id": SOURCE}]}))
    editor.send({"id": 90_001, "result": SOURCE})
    editor.send({"id": 90_002, "error": SOURCE})
    body = SOURCE.encode()
    editor.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    editor.messages()


@pytest.mark.parametrize("trouble", [refusals, oddities])
def test_failures_tell_neither_source_nor_key_nor_local_paths(start, model, tmp_path, trouble):
    options = {**LONG, "log": {"level": "debug"}}
    log = tmp_path / "log.txt"
    editor = start(EDITS, {**options, "log.file": str(log)}, MM_LSP_API_KEY=KEY)

    def inline_outcome(uri, kind):
        start_of_it = {"line": 0, "character": 0}
        params = {"textDocument": {"uri": uri}, "position": start_of_it, "context": {"triggerKind": kind}}
        return editor.wait(editor.request("textDocument/inlineCompletion", params))

    editor.inline_outcome = inline_outcome
    at = editor.open_at(f"{SOURCE} = |1\n")
    trouble(editor, model, at.uri)
    assert model.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    errors = [message for message in editor.received if "error" in message]
    assert errors
    logs = editor.stderr_text + log.read_text("utf-8")
    told = json.dumps([errors, editor.said()])
    assert KEY not in logs + told
    for private in ("Traceback", 'File "', str(tmp_path), sys.prefix, str(Path(__file__).parents[2])):
        assert private not in logs + told
    assert SOURCE not in logs
    if trouble is oddities:  # an endpoint's own words are shown
        assert SOURCE not in told
    assert editor.shutdown_and_exit() == 0


def test_a_header_that_is_out_of_all_measure_ends_the_server_without_a_traceback(start):
    for length in ("9" * 12, "9" * 5000):
        editor = start()
        editor.send_bytes(f"Content-Length: {length}\r\n\r\n".encode())
        assert editor.wait_exit(3) == 1
        assert "Traceback" not in editor.stderr_text
        assert 'File "' not in editor.stderr_text


@pytest.mark.parametrize("prompts", [True, False])
def test_prompts_are_logged_only_on_request(start, model, prompts):
    model.default = reply("<completion>answered</completion>")
    editor = start(options={**LONG, "log": {"level": "debug", "prompts": prompts}})
    at = editor.open_at(f"{SOURCE} = |\n")
    explain(editor, at.uri)
    editor.inline(at)
    assert model.requests[-1].contains(SOURCE)
    assert (SOURCE in editor.stderr_text) is prompts


# Documents of which nothing is sent


HELD_BACK = [
    "file:///project/.env",
    "file:///project/.env.local",
    "file:///project/.ENV",
    "file:///project/%2Eenv",
    "file:///project/deploy/id_rsa",
    "file:///project/server.pem",
    "file:///home/me/.aws/credentials",
    "untitled:.env",
    "git:/project/.env?%7B%22ref%22%3A%22HEAD%22%7D",
    "vscode-remote://ssh-remote%2Bhost/project/.env",
    "file:///project/.env#fragment",
    "file:///home/c#/project/.env",
    "file:///project/.envrc",
]


@pytest.mark.parametrize("uri", HELD_BACK)
def test_a_file_that_holds_secrets_is_never_sent(shared, model, first, uri):
    model.default = reply("<completion>answered</completion>")
    editor = shared(options=LONG)
    before = len(editor.said())
    other = editor.open_at("x = |\n")
    held = editor.open_at(f"PASSWORD={SECRET}\nNEXT=|\n", "dotenv", uri)
    try:
        assert editor.inline(held, INVOKED) == editor.inline(held, AUTOMATIC) == []
        (told,) = editor.said()[before:]
        assert "hold" in told["message"]
        assert editor.complete(held)["items"] == []
        for response in (explain(editor, uri), edit(editor, uri)):
            assert response["error"]["code"] == -32803
            assert "is sent to a model" in response["error"]["message"]
        span = {"start": held.position, "end": held.position}
        context = {"context": {"diagnostics": []}, "range": span, "textDocument": {"uri": uri}}
        assert editor.call("textDocument/codeAction", context) == []
        assert len(model.requests) == first
        assert "secrets" in editor.command("mm-lsp.why", {"uri": uri})["reason"]
        assert len(editor.inline(other)) == 1
        explain(editor, other.uri)
        edit(editor, other.uri)
        assert len(model.requests) == first + 3
        assert not any(request.contains(SECRET) for request in model.requests[first:])
    finally:
        editor.close(held)
    assert editor.said()[before:] == [told]


@pytest.mark.parametrize("name", [".env.example", ".env.sample", "settings.py", "environment.ts"])
def test_a_file_without_secrets_is_sent_along(shared, model, first, name):
    editor = shared(options=LONG)
    editor.open_at(f"PASSWORD={SECRET}|\n", "dotenv", f"file:///project/{name}")
    other = editor.open_at("x = |\n")
    editor.inline(other)
    assert model.requests[first].contains(SECRET)
    assert model.requests[first].contains(name)


def test_a_closed_file_is_not_sent_along(shared, model, first):
    editor = shared(options=LONG)
    editor.close(editor.open_at(f"closed_{SECRET}|\n"))
    editor.inline(editor.open_at("x = |\n"))
    assert not model.requests[first].contains(f"closed_{SECRET}")


@pytest.mark.parametrize("pattern", ["private.py", "*.priv", "vault", "vault/*.py"])
def test_what_the_user_ignores_is_not_sent(start, model, first, pattern):
    name = {"*.priv": "a.priv", "vault": "vault/a.py", "vault/*.py": "vault/a.py"}.get(pattern, pattern)
    editor = start(options={**LONG, "privacy": {"ignore": [pattern]}})
    uri = f"file:///project/{name}"
    # At once, before the server can have read its settings.
    held = editor.open_at(f"{SECRET} = |\n", uri=uri)
    other = editor.open_at("x = |\n")
    numbers = [editor.ask_inline(held), editor.ask_inline(other), editor.ask("mm-lsp.explain", {"uri": uri})]
    responses = [editor.wait(number) for number in numbers]
    assert responses[0]["result"] == {"items": []}
    assert responses[2]["error"]["code"] == -32803
    assert "privacy.ignore" in responses[2]["error"]["message"]
    assert not any(request.contains(SECRET) for request in model.requests[first:])
    assert len(editor.inline(other)) == 1
    assert editor.inline(held) == []


# Documents with odd addresses


@pytest.mark.parametrize("uri", ["file://[odd", "file:///odd%00name", "", "odd:", "odd://[", "\ud800", "file:"])
def test_one_document_with_an_odd_address_does_not_spoil_the_others(shared, model, uri):
    model.default = reply("<completion>answered</completion>")
    editor = shared(options=LONG)
    odd = editor.open_at("odd = |\n", uri=uri) if uri else None
    at = editor.open_at("x = |\n")
    try:
        assert len(editor.inline(at)) == 1
        assert "markdown" in explain(editor, at.uri)["result"]
        if odd:
            assert len(editor.inline(odd)) == 1
    finally:
        if odd:
            editor.close(odd)


# What stays on the machine


def test_answers_are_written_where_only_the_user_reads_them(start, model):
    model.default = reply("It adds.")
    shown = []
    editor = start({"window": {"showDocument": {"support": True}}})
    editor.answers["window/showDocument"] = lambda params: shown.append(params) or {"success": True}
    editor.command("mm-lsp.explain", {"uri": editor.open_at(f"{SOURCE} = 1|\n").uri})
    (params,) = until(lambda: shown)
    assert params["takeFocus"] is False
    (answer,) = editor.home.rglob("*.md")
    assert params["uri"] == answer.as_uri()
    assert answer.read_text() == "It adds."
    assert answer.stat().st_mode & 0o077 == 0


def test_a_refused_edit_is_told_without_the_text(start, model):
    def refuse(_):
        raise ResponseError(-32603, f"can't edit {SOURCE}")

    model.default = reply(f"<rewrite>{SOURCE} = 2</rewrite>")
    editor = start(EDITS, LONG, answers={"workspace/applyEdit": refuse})
    began = time.monotonic()
    error = edit(editor, editor.open_at(f"{SOURCE} = 1|\n").uri)["error"]
    assert error["message"].startswith("The editor refused: can't edit")
    assert SOURCE not in editor.stderr_text
    assert time.monotonic() - began < 5
