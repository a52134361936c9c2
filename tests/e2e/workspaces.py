"""Workspaces for tests: files by their paths, an editor that has one open, what the model was asked."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.harness import At, Editor

LONG = {"longRequests": True, "completion": {"debounce_ms": 0}}
EDITS = {
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
    "window": {"workDoneProgress": True},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
}
Start = Callable[..., Editor]


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def open_in(start: Start, root: Path, options: Any = None, **more: Any) -> Editor:
    """A server whose workspace is `root`."""
    folders = [{"uri": root.as_uri(), "name": root.name}]
    params = {"workspaceFolders": folders}
    return start(more.pop("capabilities", EDITS), {**LONG, **(options or {})}, params=params, **more)


def open_file(editor: Editor, path: Path, marked: str = "x = |1\n", language: str = "python") -> At:
    return editor.open_at(marked, language, path.as_uri())


def explain(editor: Editor, at: At, **more: Any) -> Any:
    return editor.wait(editor.ask("mm-lsp.explain", {"uri": at.uri, **more}))


def system(request: Any) -> str:
    """The system message of a request to the model."""
    return request.body["messages"][0]["content"]
