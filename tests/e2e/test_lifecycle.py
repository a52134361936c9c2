"""How a server ends, that it ends with its client, and what it costs while it lives."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.harness import NO_ITEMS, isolated
from tests.support.model_server import Reply, Stall, Text
from tests.support.raw_client import frame, read_frame

LONG = {"longRequests": True}


def sleeper() -> subprocess.Popen[bytes]:
    """Someone who can play the editor's process."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.DEVNULL)


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def busy_editor(start, model):
    """An editor with a suggestion and a command that the model does not finish: (editor, ids of both)."""
    model.default = Reply((Text("<completion>the beginning"), Stall()))
    asked = len(model.requests)
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    ids = [editor.ask_inline(at), editor.ask("mm-lsp.explain", {"uri": at.uri})]
    model.wait_for(asked + 2)
    return editor, ids


# The end


@pytest.mark.parametrize(
    ("steps", "code"),
    [(("shutdown", "exit"), 0), (("exit",), 1), (("end of input",), 1), (("shutdown", "end of input"), 0)],
)
def test_the_exit_code_is_the_protocols_with_requests_in_flight(start, model, steps, code):
    editor, _ = busy_editor(start, model)
    began = time.monotonic()
    for step in steps:
        if step == "shutdown":
            assert editor.call("shutdown") is None
        elif step == "exit":
            editor.notify("exit")
        else:
            editor.close_stdin()
    assert editor.wait_exit(3) == code
    assert time.monotonic() - began < 3
    assert editor.protocol_error == ""
    assert "Traceback" not in editor.stderr_text
    model.wait_idle(1)


def test_the_exit_code_without_a_session(start):
    for is_polite in (True, False):
        editor = start(initialize=False)
        if is_polite:
            editor.notify("exit")
        else:
            editor.close_stdin()
        assert editor.wait_exit(3) == 1
        assert "Traceback" not in editor.stderr_text


def test_shutdown_answers_everything_in_flight_and_then_itself(start, model):
    model.default = Reply((Stall(),))
    editor = start(options=LONG)
    places = [editor.open_at("x = |\n") for _ in range(4)]
    ids = [editor.ask_inline(at) for at in places]
    ids += [editor.ask("mm-lsp.explain", {"uri": at.uri}) for at in places]
    ids.append(editor.ask("mm-lsp.edit", {"uri": places[0].uri, "instruction": "better"}))
    model.wait_for(len(ids))
    last = editor.request("shutdown")
    assert editor.wait(last, 3)["result"] is None
    order = [message["id"] for message in editor.received if "method" not in message]
    assert sorted(order[-len(ids) - 1 : -1]) == ids, "one reply each, before that of shutdown"
    assert order[-1] == last
    for number in ids:
        response = editor.wait(number)
        assert response.get("result") == NO_ITEMS or response["error"]["code"] == -32800
    model.wait_idle(1)
    editor.notify("exit")
    assert editor.wait_exit(3) == 0


def test_background_jobs_end_with_shutdown(start, model, first):
    model.default = Reply((Stall(),))
    editor = start()
    for _ in range(3):
        assert "job" in editor.command("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})
    model.wait_for(first + 3)
    assert editor.shutdown_and_exit(3) == 0
    model.wait_idle(1)


# The client's process


def started_by(start, process: subprocess.Popen[bytes]) -> list:
    """Two servers, one of which hears of `process` on its command line, the other from `initialize`."""
    argument = (f"--clientProcessId={process.pid}",)
    return [start(args=argument, params={"processId": None}), start(params={"processId": process.pid})]


@pytest.mark.parametrize("seconds", [0.0, 1.5])
def test_the_server_ends_when_the_clients_process_has_died(start, seconds):
    parent = sleeper()
    try:
        editors = started_by(start, parent)
        time.sleep(seconds)
        assert [editor.process.poll() for editor in editors] == [None, None]
    finally:
        end(parent)
    assert [editor.wait_exit(3) for editor in editors] == [1, 1], "their stdin was open all the time"


def test_the_server_ends_when_the_clients_process_dies_after_shutdown(start):
    parent = sleeper()
    try:
        editors = started_by(start, parent)
        time.sleep(1.5)
        for editor in editors:
            editor.call("shutdown")
    finally:
        end(parent)
    assert [editor.wait_exit(3) for editor in editors] == [0, 0]


def test_a_process_that_was_never_seen_does_not_end_the_server(start):
    gone = sleeper()
    end(gone)
    editors = started_by(start, gone)
    time.sleep(2.2)
    assert [editor.command("mm-lsp.jobs") for editor in editors] == [[], []]


def test_a_client_that_does_not_read_cannot_keep_the_server(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "mm_lsp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=isolated(tmp_path, None, {}),
    )
    assert process.stdin
    assert process.stdout
    try:
        call = {"jsonrpc": "2.0", "method": "unheardOf"}
        process.stdin.write(b"".join(frame({**call, "id": number}) for number in range(5000)))
        process.stdin.close()
        assert process.wait(5) == 1
    finally:
        end(process)
        process.stdout.close()


# What it costs


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_changes_and_cancelled_requests_leave_nothing_behind(start, model):
    editor = start()
    at = editor.open_at("x = |\n" + "line = 1\n" * 500)
    assert editor.inline(at), "all that is loaded late is loaded now"
    model.default = Reply((Stall(),))

    def rounds(count: int) -> None:
        for number in range(count):
            typed = at
            for _ in range(10):
                typed = editor.type(typed, "a")
            ids = [editor.ask_inline(at)]
            if number % 2:
                editor.messages()  # time to reach the model before it is cancelled
            editor.cancel(ids[0])
            assert editor.refusal(ids[0])["code"] == -32800

    def resident() -> int:
        status = Path(f"/proc/{editor.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    rounds(150)
    before = resident()
    rounds(300)
    model.wait_idle(2)
    assert resident() - before < 4 * 1024, "2 KB a message, as pygls leaks them, would be 6 MB"


# --tcp


def test_tcp_serves_one_client_on_loopback(start):
    editor = start(initialize=False, args=("--tcp", "127.0.0.1:0"))
    announcement = "mm-lsp listens on 127.0.0.1:"
    deadline = time.monotonic() + 5
    while "\n" not in editor.stderr_text.partition(announcement)[2]:
        assert time.monotonic() < deadline, editor.stderr_text
        time.sleep(0.02)
    port = int(editor.stderr_text.partition(announcement)[2].split()[0])
    with socket.create_connection(("127.0.0.1", port), 5) as connection, connection.makefile("rb") as stream:
        for number, method in enumerate(("initialize", "workspace/executeCommand", "shutdown")):
            params = {"capabilities": {}, "command": "mm-lsp.jobs", "processId": os.getpid()}
            call = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            connection.sendall(frame(call))
            response = read_frame(stream)
            assert response is not None
            assert (response["id"], "error" in response) == (number, False), json.dumps(response)
        connection.sendall(frame({"jsonrpc": "2.0", "method": "exit"}))
        assert editor.wait_exit(3) == 0
        assert stream.read() == b""


@pytest.mark.parametrize("address", ["0.0.0.0:0", "example.org:80", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ""])
def test_tcp_takes_a_loopback_address_only(start, address):
    editor = start(initialize=False, args=("--tcp", address))
    assert editor.wait_exit(5) == 2
    assert "--tcp takes HOST:PORT" in editor.stderr_text
    assert "Traceback" not in editor.stderr_text
