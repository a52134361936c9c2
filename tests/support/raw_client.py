"""A language client that speaks the protocol by hand, for tests of framing, exit codes and end of input.

It checks what a library would forgive: anything but whole frames on the server's output is an error.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self, cast

Json = dict[str, Any]
Id = int | str

_INTERNAL_ERROR = -32603
_LINE_END = re.compile(r"\r\n|\n|\r")


class ResponseError(Exception):
    """An error response. Raised in an answer function, it is sent to the server."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


def frame(message: Json, header: str = "Content-Length") -> bytes:
    """The bytes of one message on the wire, with the length under a header of this name."""
    body = json.dumps(message, ensure_ascii=False).encode()
    return f"{header}: {len(body)}\r\n\r\n".encode() + body


def read_frame(stream: IO[bytes]) -> Json | None:
    """The next message, or None at the end; ValueError for anything that is not a whole frame."""
    length: int | None = None
    first = line = stream.readline()
    while line not in (b"\r\n", b""):
        name, colon, value = line.partition(b":")
        if not colon or not line.endswith(b"\r\n"):
            raise ValueError(f"not a header line: {line!r}")
        if name.lower() == b"content-length":
            length = int(value)
        line = stream.readline()
    if not first:
        return None
    if length is None:
        raise ValueError(f"no Content-Length before {first!r}")
    body = stream.read(length)
    if len(body) < length:
        raise ValueError(f"output ends {length - len(body)} bytes before the end of a frame")
    message = json.loads(body)
    if not isinstance(message, dict):
        raise ValueError(f"not a message: {message!r}")
    return cast("Json", message)


def _width(character: str, encoding: str) -> int:
    match encoding:
        case "utf-8":
            return len(character.encode())
        case "utf-16":
            return 2 if ord(character) > 0xFFFF else 1
        case _:
            return 1


def offset_at(text: str, position: Mapping[str, int], encoding: str) -> int:
    """The index of an LSP position in `text`; ValueError if it is inside a character.

    Beyond the end of a line or of the text, the end is meant.
    """
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    if position["line"] >= len(starts):
        return len(text)
    at = starts[position["line"]]
    units = 0
    while units < position["character"] and at < len(text) and text[at] not in "\r\n":
        units += _width(text[at], encoding)
        at += 1
    if units > position["character"]:
        raise ValueError(f"{position} is inside a character")
    return at


def apply_edits(text: str, edits: Iterable[Json], encoding: str) -> str:
    """Apply TextEdits, all in terms of the original text; ValueError if two overlap."""

    def span(edit: Json) -> tuple[int, int, str]:
        start, end = (offset_at(text, edit["range"][side], encoding) for side in ("start", "end"))
        return start, end, edit["newText"]

    pieces: list[str] = []
    done = 0
    # The sort is stable: insertions at one place keep their order, as the protocol demands.
    for start, end, new_text in sorted(map(span, edits), key=lambda item: item[:2]):
        if start < done or end < start:
            raise ValueError(f"overlapping or reversed edit at offset {start}")
        pieces += [text[done:start], new_text]
        done = end
    return "".join([*pieces, text[done:]])


def _uri(root: str | Path) -> str:
    return root if isinstance(root, str) and "://" in root else Path(root).resolve().as_uri()


class RawClient:
    """The server's process and a client to it. The process is killed at the end of the `with` block.

    A reader thread answers the server's requests from `answers`: a missing method gets null, and one
    whose answer is None gets no response until the test calls `respond`.
    """

    def __init__(
        self,
        args: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        command: Sequence[str] = (sys.executable, "-m", "mm_lsp"),
    ) -> None:
        self.received: list[Json] = []
        self.times: list[float] = []
        """When each of `received` arrived, in time.monotonic()."""
        self.documents: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.configuration: Any = None
        self.encoding = "utf-16"
        self.sync_edits = False
        """Whether an applied edit is followed by didChange, as in an editor."""
        self.protocol_error = ""
        """What was wrong with the server's output, after which nothing more is read from it."""
        self.answer_errors: list[Exception] = []
        """Exceptions of answer functions, such as edits that can't be applied."""
        self.answers: dict[str, Callable[[Any], Any] | None] = {
            "window/workDoneProgress/create": lambda _: None,
            "workspace/configuration": lambda params: [self.configuration for _ in params["items"]],
            "workspace/applyEdit": self._apply_edit,
            "window/showDocument": lambda _: {"success": True},
            "window/showMessageRequest": lambda _: None,
            "client/registerCapability": lambda _: None,
        }
        self._next_id = 0
        self._taken: set[int] = set()
        self._at_end = False
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._stderr = bytearray()
        self.process = subprocess.Popen(
            [*command, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ if env is None else env,
            cwd=cwd,
        )
        self._threads = [self._start(self._read), self._start(self._read_stderr)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def stderr_text(self) -> str:
        return bytes(self._stderr).decode(errors="replace")

    # Sending

    def send_bytes(self, data: bytes) -> None:
        stdin = self.process.stdin
        assert stdin
        with self._sending:
            stdin.write(data)
            stdin.flush()

    def send(self, message: Json) -> None:
        """Send a message; `jsonrpc` is added if it is missing."""
        self.send_bytes(frame({"jsonrpc": "2.0", **message}))

    def request(self, method: str, params: Any = None, request_id: Id | None = None) -> Id:
        """Send a request without waiting; `wait` takes the returned id."""
        if request_id is None:
            self._next_id += 1
            request_id = self._next_id
        self.send({"id": request_id, **_call(method, params)})
        return request_id

    def notify(self, method: str, params: Any = None) -> None:
        self.send(_call(method, params))

    def respond(self, request_id: Id, result: Any) -> None:
        """Answer a request of the server that was left open."""
        self.send({"id": request_id, "result": result})

    def call(self, method: str, params: Any = None, timeout: float = 10) -> Any:
        """The result of a request; raises ResponseError."""
        response = self.wait(self.request(method, params), timeout)
        if "error" in response:
            error = response["error"]
            raise ResponseError(error["code"], error["message"], error.get("data"))
        return response["result"]

    # Waiting. Every wait fails with AssertionError, at once when the server's output has ended.

    def wait(self, request_id: Id, timeout: float = 10) -> Json:
        """The response to this request, result or error."""

        def is_response(message: Json) -> bool:
            return "method" not in message and message.get("id") == request_id

        return self._take(is_response, timeout, f"response to {request_id}")

    def wait_notification(self, method: str, timeout: float = 10, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """The params of the first such notification that no wait has returned before."""

        def matches(message: Json) -> bool:
            return message.get("method") == method and "id" not in message and where(message.get("params"))

        return self._take(matches, timeout, method).get("params")

    def wait_request(self, method: str, timeout: float = 10, where: Callable[[Any], bool] = lambda _: True) -> Json:
        """The first such request of the server that no wait has returned before."""

        def matches(message: Json) -> bool:
            return message.get("method") == method and "id" in message and where(message.get("params"))

        return self._take(matches, timeout, method)

    def _take(self, matches: Callable[[Json], bool], timeout: float, what: str) -> Json:
        found = -1

        def look() -> bool:
            nonlocal found
            open_messages = (i for i in range(len(self.received)) if i not in self._taken)
            found = next((i for i in open_messages if matches(self.received[i])), -1)
            return found >= 0 or self._at_end

        with self._changed:
            self._changed.wait_for(look, timeout)
            assert found >= 0, f"no {what} within {timeout} s{self._situation()}"
            self._taken.add(found)
            return self.received[found]

    def _situation(self) -> str:
        """What a failed wait tells about the server."""
        got = [message.get("method") or f"response to {message.get('id')}" for message in self.received]
        end = "; the server's output has ended" if self._at_end else ""
        return f"{end} {self.protocol_error}\nreceived: {got}\nstderr: {self.stderr_text[-3000:]}"

    # Life of a session

    def initialize(
        self,
        capabilities: Json | None = None,
        options: Any = None,
        root: str | Path | None = None,
        **extra: Any,
    ) -> Any:
        """The handshake; `root` is a path or a URI, and `extra` overrides any of the params."""
        uri = None if root is None else _uri(root)
        params: Json = {
            "processId": os.getpid(),
            "rootUri": uri,
            "workspaceFolders": [{"uri": uri, "name": "root"}] if uri else None,
            "capabilities": capabilities or {},
        }
        if options is not None:
            params["initializationOptions"] = options
        result = self.call("initialize", params | extra)
        self.encoding = result["capabilities"].get("positionEncoding") or "utf-16"
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        self.documents[uri] = text
        self.versions[uri] = version
        document = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, changes: Sequence[Json]) -> None:
        """Send didChange and do the same to `documents`, one change after another."""
        for change in changes:
            edit = {"range": change.get("range"), "newText": change["text"]}
            text = self.documents[uri]
            whole = edit["range"] is None
            self.documents[uri] = change["text"] if whole else apply_edits(text, [edit], self.encoding)
        self.versions[uri] = version
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def shutdown_and_exit(self, timeout: float = 10) -> int:
        self.call("shutdown", timeout=timeout)
        self.notify("exit")
        return self.wait_exit(timeout)

    def close_stdin(self) -> None:
        assert self.process.stdin
        with self._sending, contextlib.suppress(OSError):
            self.process.stdin.close()

    def wait_exit(self, timeout: float = 10) -> int:
        """The return code; by then all output has been read."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s{self._situation()}") from None
        self._join()
        return code

    def kill(self) -> None:
        """End the process, if it runs, and close the pipes."""
        self.process.kill()
        self.process.wait()
        self.close_stdin()
        self._join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream and not any(thread.is_alive() for thread in self._threads):
                stream.close()

    def _join(self) -> None:
        # With a limit, since a child of the server may keep the pipes open.
        for thread in self._threads:
            thread.join(2)

    # Reading

    def _start(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"raw-client{target.__name__}", daemon=True)
        thread.start()
        return thread

    def _read_stderr(self) -> None:
        assert self.process.stderr
        while data := os.read(self.process.stderr.fileno(), 65536):
            self._stderr += data

    def _read(self) -> None:
        assert self.process.stdout
        try:
            while (message := read_frame(self.process.stdout)) is not None:
                self._handle(message, time.monotonic())
        except ValueError as error:
            self.protocol_error = str(error)
        with self._changed:
            self._at_end = True
            self._changed.notify_all()

    def _handle(self, message: Json, at: float) -> None:
        # The answer comes first: a test that waits for an edit then finds it in `documents`.
        response = self._answer(message) if "method" in message and "id" in message else None
        with self._changed:
            self.received.append(message)
            self.times.append(at)
            self._changed.notify_all()
        if response:
            with contextlib.suppress(OSError, ValueError):
                self.send(response)

    def _answer(self, message: Json) -> Json | None:
        answer = self.answers.get(message["method"], lambda _: None)
        if answer is None:
            return None
        try:
            return {"id": message["id"], "result": answer(message.get("params"))}
        except ResponseError as error:
            details = {"code": error.code, "message": error.message, "data": error.data}
        except Exception as error:  # noqa: BLE001 - the reader thread must go on
            self.answer_errors.append(error)
            details = {"code": _INTERNAL_ERROR, "message": repr(error)}
        return {"id": message["id"], "error": details}

    def _apply_edit(self, params: Json) -> Json:
        """Apply a workspace edit to all documents or, as editors do for a stale version, to none."""
        changed: dict[str, str] = {}
        for uri, version, edits in _document_edits(params["edit"]):
            if uri not in self.documents:
                return {"applied": False, "failureReason": f"{uri} is not open"}
            if version not in (None, self.versions[uri]):
                reason = f"{uri} is at version {self.versions[uri]}, not {version}"
                return {"applied": False, "failureReason": reason}
            changed[uri] = apply_edits(changed.get(uri, self.documents[uri]), edits, self.encoding)
        self.documents |= changed
        if self.sync_edits:
            for uri, text in changed.items():
                self.change(uri, self.versions[uri] + 1, [{"text": text}])
        return {"applied": True}


def _call(method: str, params: Any) -> Json:
    return {"method": method} if params is None else {"method": method, "params": params}


def _document_edits(edit: Json) -> list[tuple[str, int | None, list[Json]]]:
    """URI, version and text edits of each document in a WorkspaceEdit."""
    if "documentChanges" not in edit:
        return [(uri, None, edits) for uri, edits in edit.get("changes", {}).items()]
    changes: list[Json] = edit["documentChanges"]
    kinds = [change["kind"] for change in changes if "kind" in change]
    if kinds:
        raise ValueError(f"this client can't do file operations: {kinds}")
    documents = [(change["textDocument"], change["edits"]) for change in changes]
    return [(document["uri"], document.get("version"), edits) for document, edits in documents]
