"""A small LSP client of our own server: what an editor does, for a terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from mm_lsp.cli.place import File
from mm_lsp.text import Document, Edit, Span
from mm_lsp.untyped import rows, table

_CANCELLED = -32800
_END_SECONDS = 3


class Failed(Exception):
    """The server refused; `str()` is its sentence."""


class Cancelled(Exception):
    """The user pressed Ctrl-C."""


class Client:
    """One server process. `said` gets the server's messages, `streamed` the text of an answer as it comes."""

    def __init__(self, process: asyncio.subprocess.Process, said: Callable[[str], None]) -> None:
        self._process = process
        self._said = said
        self.streamed: Callable[[str], object] = lambda _: None
        self.edited: Document | None = None
        self.choose: Callable[[str, list[str]], str | None] | None = None  # blocks until the user has chosen
        self._questions: list[asyncio.Task[None]] = []
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._next = 0

    async def call(self, method: str, params: Any) -> Any:
        """The result. Raises Failed; Ctrl-C cancels the request and raises Cancelled."""
        self._next += 1
        number = self._next
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        with _interrupts(lambda: self._send({"method": "$/cancelRequest", "params": {"id": number}})):
            return await answer

    async def command(self, name: str, argument: Any, token: str | None = None) -> Any:
        params = {"command": name, "arguments": [argument], **({"workDoneToken": token} if token else {})}
        return await self.call("workspace/executeCommand", params)

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    async def open(self, file: File) -> None:
        document = file.document
        await self.begin(file.path.parent)
        item = {"uri": document.uri, "languageId": document.language_id, "version": 1, "text": document.text}
        self.edited = document
        self.notify("textDocument/didOpen", {"textDocument": item})

    async def begin(self, directory: Path) -> None:
        """Initializes the server for the workspace that holds `directory`."""
        root = next((place for place in (directory, *directory.parents) if (place / ".git").exists()), directory)
        await self.call(
            "initialize",
            {
                "processId": os.getpid(),
                "clientInfo": {"name": "mm-lsp terminal"},
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "initializationOptions": {"longRequests": True, "streamText": True, "completion.automatic": False},
                "capabilities": {
                    "general": {"positionEncodings": ["utf-32"]},
                    "textDocument": {"inlineCompletion": {}},
                    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
                },
            },
        )
        self.notify("initialized", {})

    async def end(self) -> None:
        """Shutdown and exit; a server that does not follow is ended."""
        with suppress(Exception):
            await asyncio.wait_for(self.call("shutdown", None), _END_SECONDS)
            self.notify("exit", None)
            await asyncio.wait_for(self._process.wait(), _END_SECONDS)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    # ---------------------------------------------------------------- wire

    def _send(self, message: dict[str, Any]) -> None:
        from mm_lsp.server.transport import encode_frame

        assert self._process.stdin is not None
        self._process.stdin.write(encode_frame({"jsonrpc": "2.0", **message}))

    async def listen(self) -> None:
        """Until the server has ended, which fails whatever is still unanswered."""
        from mm_lsp.server.transport import FrameDecoder, parse_body

        assert self._process.stdout is not None
        decoder = FrameDecoder()
        reason: Exception = Failed("The server ended unexpectedly. Run `mm-lsp serve` to see why.")
        try:
            while data := await self._process.stdout.read(65536):
                for body in decoder.feed(data):
                    self._receive(table(parse_body(body)))
        except BrokenPipeError as error:  # whoever read our output has had enough
            reason = error
        for question in self._questions:
            question.cancel()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(reason)

    def _receive(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            self._answer(message)
        elif method == "window/showMessageRequest":
            question = self._question(message["id"], table(message.get("params")))
            self._questions.append(asyncio.get_running_loop().create_task(question))
        elif "id" in message:
            self._send({"id": message["id"], "result": self._request(method, table(message.get("params")))})
        else:
            self._notification(method, table(message.get("params")))

    def _answer(self, message: dict[str, Any]) -> None:
        answer = self._answers.pop(message.get("id", 0), None)
        if answer is None or answer.done():
            return
        error = table(message.get("error"))
        if not error:
            answer.set_result(message.get("result"))
        elif error.get("code") == _CANCELLED:
            answer.set_exception(Cancelled())
        else:
            answer.set_exception(Failed(str(error.get("message"))))

    def _request(self, method: str, params: dict[str, Any]) -> Any:
        if method != "workspace/applyEdit" or self.edited is None:
            return None
        edits = [
            Edit(_span(change["range"], self.edited), change["newText"])
            for part in rows(table(params.get("edit")).get("documentChanges"))
            for change in rows(table(part).get("edits"))
        ]
        self.edited = self.edited.apply(edits)
        return {"applied": True}

    async def _question(self, number: int | str, params: dict[str, Any]) -> None:
        """The user's choice, where there is a terminal to ask on; else the question is told as it is."""
        titles = [str(table(action).get("title")) for action in rows(params.get("actions"))]
        chosen: str | None = None
        if self.choose is not None and sys.stdin.isatty() and sys.stderr.isatty():
            chosen = await asyncio.to_thread(self.choose, str(params.get("message")), titles)
        else:
            self._said(str(params.get("message")))
        self._send({"id": number, "result": {"title": chosen} if chosen else None})

    def _notification(self, method: str, params: dict[str, Any]) -> None:
        if method == "window/showMessage":
            self._said(str(params.get("message")))
        elif method == "$/progress":
            value = table(params.get("value"))
            if value.get("kind") == "report" and isinstance(value.get("message"), str):
                self.streamed(value["message"])


def _span(given: Any, document: Document) -> Span:
    start, end = (
        document.position(given[name]["line"], given[name]["character"], "utf-32") for name in ("start", "end")
    )
    return Span(start, end)


@asynccontextmanager
async def connected(said: Callable[[str], None]) -> AsyncGenerator[Client]:
    """A server of our own and a client of it; the server is gone when the context is left."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mm_lsp", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is for us to pass on
    )
    client = Client(process, said)
    listening = asyncio.get_running_loop().create_task(client.listen())
    try:
        yield client
    finally:
        await client.end()
        await listening


class _interrupts:  # noqa: N801  reads as a word of the with statement
    """While inside, Ctrl-C calls `cancel` instead of raising KeyboardInterrupt; a second one is as ever."""

    def __init__(self, cancel: Callable[[], None]) -> None:
        self._cancel = cancel

    def __enter__(self) -> None:
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupted)

    def __exit__(self, *_: object) -> None:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def _interrupted(self) -> None:
        self.__exit__()
        self._cancel()
