"""Every message gets its answer, whatever it holds and however its bytes arrive."""

import json
import time

import pytest

from tests.e2e.harness import NO_ITEMS
from tests.support.model_server import Reply, Stall, reply
from tests.support.raw_client import frame

URI = "file:///project/protocol.py"
START = {"line": 0, "character": 0}
HERE = {"textDocument": {"uri": URI}, "position": START}
INVOKED = {"context": {"triggerKind": 1}}
INLINE = "textDocument/inlineCompletion"
COMMAND = "workspace/executeCommand"


@pytest.fixture
def editor(shared):
    editor = shared(options={"longRequests": True})
    if URI not in editor.documents:
        editor.open(URI, "value = 1\n")
    return editor


def request_bytes(number: int, end: str = "\r\n\r\n", header: str = "Content-Length: {}") -> bytes:
    """A request that is answered at once, in a frame with these headers."""
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": COMMAND, "params": {"command": "mm-lsp.jobs"}})
    return (header.format(len(body)) + end + body).encode()


# What a message holds


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        (INLINE, None, ""),
        (INLINE, [], "context"),
        (INLINE, "text", "context"),
        (INLINE, {}, "context"),
        (INLINE, HERE, "context"),
        (INLINE, {**HERE, "context": {"triggerKind": 0}}, "triggerKind"),
        (INLINE, {**HERE, "context": {"triggerKind": 7}}, "triggerKind"),
        (INLINE, {**HERE, "context": {"triggerKind": "soon"}}, "triggerKind"),
        (INLINE, {**HERE, "context": []}, "context"),
        (INLINE, {**HERE, **INVOKED, "position": "there"}, "position"),
        (INLINE, {**HERE, **INVOKED, "position": {"line": 0}}, "position.character"),
        (INLINE, {**HERE, **INVOKED, "position": {"line": -1, "character": 0}}, "position"),
        (INLINE, {**HERE, **INVOKED, "position": {"line": "first", "character": 0}}, "position.line"),
        (INLINE, {**HERE, **INVOKED, "position": {"line": 2**40, "character": 0}}, "position"),
        (INLINE, {**HERE, **INVOKED, "textDocument": None}, "textDocument"),
        ("textDocument/completion", {**HERE, "context": {"triggerKind": 7}}, "context"),
        ("textDocument/codeAction", {"textDocument": {"uri": URI}, "range": [], "context": {}}, "range"),
        ("codeAction/resolve", {"title": "x", "data": {"id": "fix"}}, "uri"),
        (COMMAND, {}, "command"),
        (COMMAND, {"command": "mm-lsp.unheard-of"}, "mm-lsp.unheard-of"),
        (COMMAND, {"command": "mm-lsp.explain", "arguments": ["text"]}, "object"),
        (COMMAND, {"command": "mm-lsp.edit", "arguments": [{}]}, "instruction"),
        (COMMAND, {"command": "mm-lsp.edit", "arguments": [{"instruction": " "}]}, "instruction"),
        (COMMAND, {"command": "mm-lsp.explain", "arguments": [{"uri": URI, "range": {"start": 1}}]}, "range"),
        (COMMAND, {"command": "mm-lsp.trust", "arguments": [{}]}, "trusted"),
    ],
)
def test_wrong_parameters_are_refused_by_the_name_of_the_field(editor, method, params, field):
    error = editor.refusal(editor.request(method, params))
    assert error["code"] == -32602
    assert field in error["message"]
    assert "\n" not in error["message"]
    assert set(error) == {"code", "message"}, "no traceback in data"


@pytest.mark.parametrize(
    ("field", "value"),
    [("line", "0"), ("line", 1.5), ("line", True), ("line", None), ("character", [])],
)
def test_a_number_must_be_a_whole_number(editor, field, value):
    params = {**HERE, **INVOKED, "position": {**START, field: value}}
    error = editor.refusal(editor.request(INLINE, params))
    assert (error["code"], field in error["message"]) == (-32602, True)


def test_unknown_methods_are_refused_and_unknown_notifications_passed_over(editor):
    editor.notify("$/unheardOf", {"a": 1})
    editor.notify("textDocument/unheardOf", None)
    assert editor.refusal(editor.request("textDocument/unheardOf", HERE))["code"] == -32601
    assert editor.refusal(editor.request("$/unheardOf"))["code"] == -32601


@pytest.mark.parametrize(
    "params",
    [None, [], {"textDocument": {"uri": "file:///not/open.py", "version": 1}, "contentChanges": [{"text": ""}]}],
)
def test_a_wrong_notification_is_silent_and_harmless(editor, params):
    said = editor.messages()
    for method in ("textDocument/didChange", "textDocument/didOpen", "textDocument/didClose", "$/cancelRequest"):
        editor.notify(method, params)
    assert editor.messages() == said


def test_initialize_with_values_that_we_do_not_know_is_answered(start):
    editor = start(initialize=False)
    capabilities = {
        "general": {"positionEncodings": ["utf-64", 8, "utf-8"]},
        "textDocument": {"codeAction": {"tagSupport": {"valueSet": [1, 9]}, "codeActionLiteralSupport": 7}},
        "workspace": {"workspaceEdit": {"failureHandling": "hope", "resourceOperations": ["melt"]}},
        "window": None,
    }
    result = editor.initialize(capabilities, options=["odd"], trace="loud", processId="x", workspaceFolders={"a": 1})
    assert result["capabilities"]["positionEncoding"] == "utf-8"
    assert "inlineCompletionProvider" in result["capabilities"]
    assert result["serverInfo"]["name"] == "mm-lsp"
    assert editor.command("mm-lsp.jobs") == []


def test_requests_out_of_season_are_refused(start):
    editor = start(initialize=False)
    assert editor.refusal(editor.request(INLINE, {**HERE, **INVOKED}))["code"] == -32002
    assert editor.refusal(editor.request("shutdown"))["code"] == -32002
    assert editor.refusal(editor.request("initialize", None))["code"] == -32602
    assert editor.refusal(editor.request("initialize", {"capabilities": 3}))["code"] == -32602
    editor.initialize()
    assert editor.refusal(editor.request("initialize", {"capabilities": {}}))["code"] == -32600
    editor.open(URI, "")
    assert editor.call("shutdown") is None
    for method in (INLINE, COMMAND, "shutdown", "initialize", "unheardOf"):
        assert editor.refusal(editor.request(method, {}))["code"] == -32600, method


@pytest.mark.parametrize("number", [None, 1.5, True, [], {}])
def test_an_id_that_is_no_id_gets_an_error_without_one(editor, number):
    editor.send({"id": number, "method": COMMAND, "params": {"command": "mm-lsp.jobs"}})
    assert editor.refusal(None)["code"] == -32600


def test_an_id_that_is_in_use_is_refused_and_its_first_owner_served(editor, model, first):
    model.default = Reply((Stall(),))
    at = editor.open_at("x = |")
    owner = editor.ask_inline(at)
    model.wait_for(first + 1)
    editor.request(COMMAND, {"command": "mm-lsp.jobs"}, owner)
    assert editor.refusal(None)["code"] == -32600
    editor.close(at)
    assert editor.wait(owner)["result"] == NO_ITEMS


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]', -32600),
        (b'"text"', -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b"{", -32700),
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
    ],
)
def test_a_body_that_is_no_message_gets_an_error_without_an_id(editor, body, code):
    editor.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    assert editor.refusal(None)["code"] == code
    assert editor.command("mm-lsp.jobs") == []


def test_arguments_may_hold_messages_of_their_own(editor, model, first):
    model.default = reply("an answer")
    question = '{"jsonrpc": "2.0", "method": "exit"}'
    argument = {"uri": URI, "question": question, "jsonrpc": "2.0", "id": 5, "nested": [{"jsonrpc": "2.0"}]}
    assert editor.command("mm-lsp.explain", argument)["markdown"] == "an answer"
    assert model.requests[first].contains(question)


# How its bytes arrive


@pytest.mark.parametrize(
    "bytes_of",
    [
        lambda number: request_bytes(number, header="content-length: {}"),
        lambda number: request_bytes(number, header="CONTENT-LENGTH:{}"),
        lambda number: request_bytes(number, header="Content-Length : {} "),
        lambda number: request_bytes(number, header="Content-Type: application/vscode-jsonrpc\r\nContent-Length: {}"),
        lambda number: request_bytes(number, header="Content-Length: {}\r\ncontent-type: x; charset=utf-8"),
        lambda number: request_bytes(number, end="\n\n"),
        lambda number: request_bytes(number, header="Content-Type: x\nContent-Length: {}", end="\n\n"),
    ],
)
def test_headers_are_read_in_every_spelling(editor, bytes_of):
    editor.send_bytes(bytes_of(70_001) + bytes_of(70_002))
    assert editor.wait(70_001)["result"] == editor.wait(70_002)["result"] == []


def test_frames_are_read_byte_by_byte_and_merged(editor):
    for byte in request_bytes(71_001) + request_bytes(71_002, end="\n\n"):
        editor.send_bytes(bytes([byte]))
        time.sleep(0.0005)
    editor.send_bytes(b"".join(request_bytes(number) for number in range(71_003, 71_103)))
    for number in range(71_001, 71_103):
        assert editor.wait(number)["result"] == []


@pytest.mark.parametrize(
    "noise",
    [
        b"Content-Type: x\r\n\r\n",
        b"\r\n\r\n",
        b"\n\n\n\n",
        b'Foo: bar\r\n\r\n{"a": 1}',
        b"Content-Length: many\r\n\r\n{}",
    ],
)
def test_a_header_without_a_length_costs_no_more_than_its_own_frame(editor, noise):
    editor.send_bytes(noise + request_bytes(72_001) + request_bytes(72_002))
    assert editor.wait(72_002, 3)["result"] == []


@pytest.mark.parametrize("is_sync", [True, False])
def test_cancels_that_queue_up_are_each_answered_once(editor, model, is_sync):
    model.default = Reply((Stall(),))
    numbers = range(73_000, 73_040) if is_sync else range(74_000, 74_040)
    if is_sync:
        context = {"diagnostics": []}
        call = ("textDocument/codeAction", {**HERE, "range": {"start": START, "end": START}, "context": context})
    else:
        call = (COMMAND, {"command": "mm-lsp.explain", "arguments": [{"uri": URI}]})
    requests = [{"jsonrpc": "2.0", "id": number, "method": call[0], "params": call[1]} for number in numbers]
    cancels = [{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}} for number in numbers]
    editor.send_bytes(b"".join(map(frame, [*requests, *cancels, *cancels])))
    responses = [editor.wait(number, 3) for number in numbers]
    editor.messages()
    assert sum(message.get("id") in numbers for message in editor.received) == len(numbers)
    codes = {response.get("error", {}).get("code") for response in responses}
    assert codes <= ({None, -32800} if is_sync else {-32800})


def test_a_request_after_a_cancelled_one_sees_only_the_changes_before_it(editor, model, first):
    """All in one write: the cancelled request is still unread when its cancel comes."""
    model.default = reply("<completion>1</completion>")
    at = editor.open_at("x = |\n")
    change = {"range": {"start": START, "end": START}, "text": "y0 = 1\n"}
    version = {"uri": at.uri, "version": 2}
    ask = ("textDocument/inlineCompletion", {**at.params, "context": {"triggerKind": 1}})
    messages = [
        {"id": 75_001, "method": "textDocument/completion", "params": at.params},
        {"method": "$/cancelRequest", "params": {"id": 75_001}},
        {"id": 75_002, "method": ask[0], "params": ask[1]},
        {"method": "textDocument/didChange", "params": {"textDocument": version, "contentChanges": [change]}},
    ]
    editor.send_bytes(b"".join(frame({"jsonrpc": "2.0", **message}) for message in messages))
    editor.wait(75_002, 5)
    assert "y0" not in model.wait_for(first + 1)[first].text
    assert "IndexError" not in editor.stderr_text


@pytest.mark.parametrize("range_", [{}, {"range": None}])
def test_a_change_without_a_range_is_the_whole_text(editor, model, first, range_):
    at = editor.open_at("x = |\n")
    editor.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": at.uri, "version": 2}, "contentChanges": [{**range_, "text": "new text = \n"}]},
    )
    editor.inline(at)
    assert "new " in model.requests[first].text


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_large_messages_pass_both_ways(start, model, unbuffered):
    question, answer = "é漢😀" * 60_000, "".join(f"{number}ж" for number in range(50_000))
    model.default = reply(*(answer[at : at + 5000] for at in range(0, len(answer), 5000)))
    editor = start(options={"longRequests": True, "streamText": True}, PYTHONUNBUFFERED=unbuffered)
    at = editor.open_at("x = 1\n" * 50_000)
    result = editor.command("mm-lsp.explain", {"uri": at.uri, "question": question})
    assert result["markdown"] == answer
    assert model.requests[-1].contains(question)
    assert editor.protocol_error == ""
