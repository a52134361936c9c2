"""What each recorded editor can do, and what we say that we can."""

import dataclasses
from typing import Any

import pytest

from mm_lsp.server.capabilities import ClientProfile, server_capabilities
from mm_lsp.server.configuration import client_options
from tests.support.caps import CAPS

# What all of them can, unless a row says otherwise.
COMMON = {
    "name": "", "locale": "", "encoding": "utf-8", "document_changes": True, "apply_edit": True,
    "action_literals": True, "resolves_edits": True, "tags_generated": False, "reads_markdown": True,
    "hovers_markdown": True,
    "work_done_progress": True, "show_document": True, "configuration": True,
    "declares_inline_completion": False, "inline_newlines_only": False, "long_requests": False, "stream_text": False,
}  # fmt: skip
EDITORS: dict[str, dict[str, Any]] = {
    "emacs-28.2-eglot-1.9": {
        "encoding": "utf-16", "resolves_edits": False, "reads_markdown": False, "hovers_markdown": False,
        "work_done_progress": False, "show_document": False,
    },
    "emacs-28.2-lsp-mode-8.0.0": {"name": "emacs", "encoding": "utf-16", "show_document": False},
    "emacs-30.2-eglot-1.17.30": {
        "name": "Eglot", "encoding": "utf-32", "reads_markdown": False, "hovers_markdown": False,
    },
    "emacs-30.2-lsp-mode-10.0.0": {"name": "emacs", "encoding": "utf-32", "declares_inline_completion": True},
    "helix-25.07.1-20260723": {"name": "helix", "reads_markdown": False},
    "neovim-0.11.4": {"name": "Neovim", "inline_newlines_only": True},
    "neovim-0.12.4": {"name": "Neovim", "inline_newlines_only": True, "declares_inline_completion": True},
    "vscode-1.139.1-languageclient-11.0.0": {
        "name": "code-server", "locale": "en", "encoding": "utf-16", "tags_generated": True,
        "declares_inline_completion": True,
    },
}  # fmt: skip


def test_the_table_below_knows_every_recorded_editor_and_every_field() -> None:
    assert set(EDITORS) == set(CAPS)
    assert set(COMMON) == {field.name for field in dataclasses.fields(ClientProfile)}


@pytest.mark.parametrize("editor", EDITORS)
def test_recorded_editors(editor: str) -> None:
    options, _ = client_options(CAPS[editor].get("initializationOptions"))
    profile = ClientProfile.of(CAPS[editor], options)
    assert dataclasses.asdict(profile) == {**COMMON, **EDITORS[editor]}


@pytest.mark.parametrize(
    ("offered", "encoding"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-16"], "utf-16"),
        (["utf-32", "utf-8"], "utf-32"),
        (["utf-7", "utf-8", "utf-16"], "utf-8"),
        (["utf-7"], "utf-16"),
        ([None, 5, [], {}, "utf-8"], "utf-8"),
        ("utf-8", "utf-16"),
        ({"utf-8": True}, "utf-16"),
        (["UTF-8"], "utf-16"),
    ],
)
def test_the_clients_first_encoding_that_we_know(offered: Any, encoding: str) -> None:
    assert ClientProfile.of({"capabilities": {"general": {"positionEncodings": offered}}}, {}).encoding == encoding


ODD = [None, True, 0, 5, -1.5, "", "edit", [], ["edit"], [[]], [None], {}, {"a": 1}]


def paths(value: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = (
        [path for name, below in value.items() for path in paths(below, (*prefix, name))]
        if isinstance(value, dict)
        else []
    )
    return [prefix, *inner] if prefix else inner


def replaced(value: dict[str, Any], path: tuple[str, ...], odd: Any) -> dict[str, Any]:
    head, *rest = path
    return {**value, head: replaced(value[head], tuple(rest), odd) if rest else odd}


READ = {
    "clientInfo": {"name": "x"},
    "locale": "en",
    "capabilities": {
        "general": {"positionEncodings": ["utf-8"]},
        "window": {"workDoneProgress": True, "showDocument": {"support": True}},
        "workspace": {"applyEdit": True, "configuration": True, "workspaceEdit": {"documentChanges": True}},
        "textDocument": {
            "inlineCompletion": {},
            "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
            "hover": {"contentFormat": ["markdown"]},
            "codeAction": {
                "dataSupport": True, "resolveSupport": {"properties": ["edit"]}, "tagSupport": {"valueSet": [1]},
                "codeActionLiteralSupport": {},
            },
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("path", paths(READ), ids=".".join)
def test_odd_values_anywhere_are_no_reason_to_fail(path: tuple[str, ...]) -> None:
    usual = dataclasses.asdict(ClientProfile.of(READ, {}))
    for odd in ODD:
        profile = dataclasses.asdict(ClientProfile.of(replaced(READ, path, odd), {}))
        assert {name: type(value) for name, value in profile.items()} == {name: type(usual[name]) for name in usual}
        assert path[0] == "clientInfo" or profile["name"] == "x"


@pytest.mark.parametrize("value", ODD)
def test_odd_client_options_are_off(value: Any) -> None:
    options, _ = client_options({"longRequests": value, "streamText": value})
    profile = ClientProfile.of({}, options)
    assert profile.long_requests is profile.stream_text is (value is True)
    client_options(value)


@pytest.mark.parametrize(
    ("given", "options", "settings"),
    [
        (None, {}, {}),
        ({}, {}, {}),
        ({"longRequests": True, "trust": "ask"}, {"longRequests": True}, {"trust": "ask"}),
        ({"mm-lsp": {"trust": "ask"}}, {}, {"trust": "ask"}),
        ({"mm-lsp": {"trust": "ask"}, "streamText": False, "a": 1}, {"streamText": False}, {"a": 1, "trust": "ask"}),
        ({"mm-lsp": None}, {}, {}),
    ],
)
def test_client_options_are_told_from_settings(given: Any, options: dict[str, Any], settings: dict[str, Any]) -> None:
    assert client_options(given) == (options, settings)


@pytest.mark.parametrize("long_requests", [True, False])
def test_what_we_say_that_we_can(long_requests: bool) -> None:
    profile = ClientProfile(encoding="utf-32", long_requests=long_requests)
    said = server_capabilities(profile, ["mm-lsp.explain"], ["quickfix"])
    assert said["positionEncoding"] == "utf-32"
    assert said["textDocumentSync"] == {"openClose": True, "change": 2, "save": False}
    assert said["inlineCompletionProvider"] == {}
    assert said["completionProvider"] == {"triggerCharacters": ["/", "@"]}
    assert said["codeActionProvider"] == {"codeActionKinds": ["quickfix"], "resolveProvider": long_requests}
    assert said["hoverProvider"] is said["definitionProvider"] is True
    assert said["documentLinkProvider"] == {}
    assert said["executeCommandProvider"]["commands"] == ["mm-lsp.explain"]
