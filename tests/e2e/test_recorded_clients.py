"""The whole path, with the capabilities that eight real editors were seen to send."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import pytest_lsp
from lsprotocol import converters, types
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.support.caps import CAPS, capabilities
from tests.support.model_server import ModelServer, reply
from tests.support.raw_client import apply_edits

URI = "file:///workspace/sum.py"
TEXT = "def add(a, b):\n    retrun '😀', a + b\n"
FIXED = "def add(a, b):\n    return '😀', a + b\n"
DOCUMENT = types.TextDocumentIdentifier(URI)
DECLARES_INLINE = {"neovim-0.12.4", "vscode-1.139.1-languageclient-11.0.0", "emacs-30.2-lsp-mode-10.0.0"}
ENCODING = {"neovim": "utf-8", "helix": "utf-8", "emacs-30": "utf-32", "emacs-28": "utf-16", "vscode": "utf-16"}
HOME = tempfile.mkdtemp(prefix="mm-lsp-test-")
HOMES = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), HOME)
CONVERTER = converters.get_converter()
MODEL = ModelServer()
REWRITE = reply("<rewrite>\n", FIXED, "</rewrite>", thinking="a typo")


@pytest.fixture(scope="module", autouse=True)
def model():
    with MODEL:
        yield MODEL


def start(name: str, **options: bool) -> types.InitializeParams:
    given = CAPS[name]
    settings = {"model": {"baseUrl": MODEL.url}, "completion": {"debounceMs": 0}, **options}
    return CONVERTER.structure(
        {**given, "processId": os.getpid(), "initializationOptions": settings}, types.InitializeParams
    )


CONFIG = ClientServerConfig(server_command=[sys.executable, "-m", "mm_lsp"], server_env={**os.environ, **HOMES})


def structure_action(value: dict, _: object) -> types.Command | types.CodeAction:
    """lsprotocol takes every code action that has a command for a bare command."""
    is_bare = isinstance(value.get("command"), str)
    return CONVERTER.structure(value, types.Command if is_bare else types.CodeAction)


async def prepare(client: LanguageClient, name: str, **options: bool) -> None:
    client.recorded, client.applied = name, []
    client.protocol._converter.register_structure_hook(types.Command | types.CodeAction, structure_action)

    @client.feature(types.WORKSPACE_APPLY_EDIT)
    def _(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        client.applied.append(params.edit)
        return types.ApplyWorkspaceEditResult(applied=True)

    client.started = await client.initialize_session(start(name, **options))
    item = types.TextDocumentItem(URI, "python", 1, TEXT)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))


@pytest_lsp.fixture(params=sorted(CAPS), config=CONFIG)
async def client(lsp_client: LanguageClient, request: pytest.FixtureRequest):
    """An editor as it is: what takes long is a job."""
    await prepare(lsp_client, request.param)
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(params=sorted(CAPS), config=CONFIG)
async def patient(lsp_client: LanguageClient, request: pytest.FixtureRequest):
    """The same editor with a plugin of ours, which waits for long requests."""
    await prepare(lsp_client, request.param, longRequests=True, streamText=True)
    yield
    await lsp_client.shutdown_session()


def expected_encoding(name: str) -> str:
    return next(encoding for prefix, encoding in ENCODING.items() if name.startswith(prefix))


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def edited(edit: types.WorkspaceEdit, client: LanguageClient) -> str:
    """TEXT after the edit, in whichever of the two forms it came."""
    if edit.document_changes:
        (change,) = edit.document_changes
        assert change.text_document.version == 1
        edits = change.edits
    else:
        edits = edit.changes[URI]
    encoding = client.started.capabilities.position_encoding
    return apply_edits(TEXT, [CONVERTER.unstructure(one) for one in edits], encoding)


async def actions(client: LanguageClient) -> list[types.CodeAction]:
    place = types.Range(types.Position(1, 4), types.Position(1, 10))
    context = types.CodeActionContext([types.Diagnostic(place, "invalid syntax")])
    return list(await client.text_document_code_action_async(types.CodeActionParams(DOCUMENT, place, context)))


def invoked(line: int, character: int) -> types.InlineCompletionParams:
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    return types.InlineCompletionParams(context, DOCUMENT, types.Position(line, character))


async def command(client: LanguageClient, name: str, **argument: object) -> dict:
    result = await client.workspace_execute_command_async(types.ExecuteCommandParams(name, [argument]))
    return CONVERTER.unstructure(result)


@pytest.mark.asyncio
async def test_the_server_says_what_it_can(client: LanguageClient):
    can = client.started.capabilities
    assert client.started.server_info.name == "mm-lsp"
    assert can.position_encoding == expected_encoding(client.recorded)
    assert can.inline_completion_provider is not None
    assert can.text_document_sync.change == types.TextDocumentSyncKind.Incremental
    assert not can.code_action_provider.resolve_provider
    assert "mm-lsp.explain" in can.execute_command_provider.commands


@pytest.mark.asyncio
async def test_an_inline_completion_fits_after_an_emoji_on_its_line(client: LanguageClient):
    MODEL.script(reply("<completion> + 1</completion>"))
    units = {"utf-8": 20, "utf-16": 18, "utf-32": 17}[client.started.capabilities.position_encoding]
    # the place after "    retrun '😀', a" in the client's own units
    result = await client.text_document_inline_completion_async(invoked(1, units))
    (item,) = result.items
    assert item.insert_text == " + 1"
    assert item.range.start == item.range.end == types.Position(1, units)


@pytest.mark.asyncio
async def test_a_fix_arrives_as_an_edit_of_just_what_is_wrong(client: LanguageClient):
    MODEL.script(REWRITE)
    (fix, *_) = await actions(client)
    assert fix.title == "Fix: invalid syntax"
    assert fix.edit is None
    result = await command(client, fix.command.command, **fix.command.arguments[0])
    assert set(result) == {"job"}
    await until(lambda: client.applied)
    assert edited(client.applied[0], client) == FIXED


@pytest.mark.asyncio
async def test_an_explanation_is_shown_or_said(client: LanguageClient):
    MODEL.script(reply("It adds **two** numbers."))
    shows = capabilities(client.recorded).get("window") or {}
    result = await command(client, "mm-lsp.explain", uri=URI)
    assert set(result) == {"job"}
    if (shows.get("showDocument") or {}).get("support"):
        await until(lambda: client.shown_documents)
        shown = client.shown_documents[0]
        assert not shown.take_focus
        assert Path(unquote(urlsplit(shown.uri).path)).read_text() == "It adds **two** numbers."
    else:
        await until(lambda: client.messages)
        assert "The explanation is in" in client.messages[0].message


@pytest.mark.asyncio
async def test_completion_answers_from_memory_where_there_is_no_inline_completion(client: LanguageClient):
    if client.recorded not in DECLARES_INLINE:
        MODEL.script(reply("<completion>c = add(1, 2)</completion>"))
    asked = len(MODEL.requests)
    params = types.CompletionParams(DOCUMENT, types.Position(2, 0))
    first = await client.text_document_completion_async(params)
    assert not first.items
    if client.recorded in DECLARES_INLINE:
        assert len(MODEL.requests) == asked
        return
    await until(lambda: len(MODEL.requests) > asked and MODEL.requests[-1].ended)
    second = await client.text_document_completion_async(params)
    for _ in range(50):
        if second.items:
            break
        await asyncio.sleep(0.02)
        second = await client.text_document_completion_async(params)
    (item,) = second.items
    assert item.text_edit.new_text == "c = add(1, 2)"


@pytest.mark.asyncio
async def test_with_long_requests_resolve_brings_the_edit(patient: LanguageClient):
    MODEL.script(REWRITE)
    (fix, *_) = await actions(patient)
    if fix.command is None:
        resolved = await patient.code_action_resolve_async(fix)
        assert edited(resolved.edit, patient) == FIXED
    else:  # this editor can't resolve: the command does it
        result = await command(patient, fix.command.command, **fix.command.arguments[0])
        assert result["applied"]
        assert edited(patient.applied[0], patient) == FIXED
    assert (fix.command is None) == (patient.recorded != "emacs-28.2-eglot-1.9")


@pytest.mark.filterwarnings("ignore:Unknown progress token")  # a request's own token is never "created"
@pytest.mark.asyncio
async def test_with_long_requests_explain_streams_what_it_returns(patient: LanguageClient):
    MODEL.script(reply("It adds ", "**two** ", "numbers.", thinking="well"))
    given = types.ExecuteCommandParams("mm-lsp.explain", [{"uri": URI}], work_done_token="t")
    result = CONVERTER.unstructure(await patient.workspace_execute_command_async(given))
    assert result["markdown"] == "It adds **two** numbers."
    assert result["usage"]["completion_tokens"] == 20
    begin, *reports, end = patient.progress_reports["t"]
    assert (begin.kind, end.kind) == ("begin", "end")
    assert "".join(report.message for report in reports) == result["markdown"]
