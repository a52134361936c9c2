"""How a job ends for who reads a status line: Helix wipes it when the progress ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.model_server import ModelServer, error_reply, reply
from tests.support.raw_client import RawClient

from .test_terminal import environment

URI = "file:///project/a.py"
TEXT = "x = 1\n"


def ends(received: list[dict]) -> list[str]:
    """The kinds of what a job's end consists of, in the order of their arrival."""
    kinds = []
    for message in received:
        value = (message.get("params") or {}).get("value") or {}
        if message.get("method") == "$/progress" and value.get("kind") == "end":
            kinds.append("end")
        elif message.get("method") == "window/showMessage":
            kinds.append("message")
    return kinds


@pytest.mark.parametrize(
    ("answer", "command"),
    [
        (error_reply(401, "no such key"), "mm-lsp.explain"),
        (reply(f"<rewrite>{TEXT}</rewrite>"), "mm-lsp.edit"),
        (reply("<rewrite>x = 2\n</rewrite>"), "mm-lsp.edit"),
    ],
    ids=["refused", "nothing to change", "changed"],
)
def test_what_is_to_be_read_comes_after_the_progress_has_ended(tmp_path: Path, answer, command: str):
    with ModelServer() as model, RawClient(env=environment(tmp_path, model.url), cwd=str(tmp_path)) as editor:
        model.script(answer)
        editor.initialize({"window": {"workDoneProgress": True}, "workspace": {"applyEdit": True}})
        editor.open(URI, TEXT)
        argument = {"uri": URI, "instruction": "two"}
        editor.call("workspace/executeCommand", {"command": command, "arguments": [argument]})
        editor.wait_notification("window/showMessage")
        assert ends(editor.received) == ["end", "message"]
        assert editor.shutdown_and_exit() == 0


def test_an_editor_that_takes_no_edits_is_told_so_once(tmp_path: Path):
    with ModelServer() as model, RawClient(env=environment(tmp_path, model.url), cwd=str(tmp_path)) as editor:
        model.script(reply("<rewrite>x = 2\n</rewrite>"))
        editor.initialize({})
        editor.open(URI, TEXT)
        argument = {"uri": URI, "instruction": "two"}
        editor.call("workspace/executeCommand", {"command": "mm-lsp.edit", "arguments": [argument]})
        editor.wait_notification("window/showMessage")
        assert editor.shutdown_and_exit() == 0
        assert ends(editor.received) == ["message"]
