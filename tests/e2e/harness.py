"""An editor for tests: a RawClient with a home of its own and the calls that tests make over and over."""

import itertools
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.raw_client import Id, Json, RawClient, apply_edits

INVOKED, AUTOMATIC = 1, 2
NO_ITEMS: Json = {"items": []}
DECLARES_INLINE: Json = {"textDocument": {"inlineCompletion": {}}}

_LINE_END = re.compile(r"\r\n|\n|\r")


class At(NamedTuple):
    """A cursor in an open document."""

    uri: str
    position: Json

    @property
    def params(self) -> Json:
        return {"textDocument": {"uri": self.uri}, "position": self.position}


def isolated(home: Path, model_url: str | None, extra: Mapping[str, str]) -> dict[str, str]:
    """An environment in which nothing of the machine's user is seen: no settings, no key, no proxy."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MM_LSP_", "PYTHON")) and not name.lower().endswith("_proxy")
    }
    home.mkdir(parents=True, exist_ok=True)
    places = {"HOME": home, "USERPROFILE": home} | {
        name: home / name for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")
    }
    kept |= {name: str(place) for name, place in places.items()} | {"LC_ALL": "C.UTF-8"}
    if model_url is not None:
        kept["MM_LSP_BASE_URL"] = model_url
    return kept | extra


def units(text: str, encoding: str) -> int:
    """The length of `text` as a client with this position encoding counts it."""
    if encoding == "utf-32":
        return len(text)
    return len(text.encode()) if encoding == "utf-8" else len(text.encode("utf-16-le")) // 2


def until(what: Callable[[], Any], seconds: float = 5) -> Any:
    """The first true value of `what()`."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return found


class Editor(RawClient):
    """`home` holds the directories of the server's user."""

    def __init__(
        self, home: Path, model_url: str | None = None, args: tuple[str, ...] = (), **environment: str
    ) -> None:
        super().__init__(args, env=isolated(home, model_url, environment))
        self.home = home
        self._names = itertools.count(1)

    def send(self, message: Json) -> None:
        try:
            super().send(message)
        except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            self.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def open_at(self, marked: str, language: str = "python", uri: str = "") -> At:
        """Opens `marked` without its `|`, which is where the cursor stands."""
        before, _, after = marked.partition("|")
        uri = uri or f"file:///project/file{next(self._names)}.py"
        self.open(uri, before + after, language)
        *above, line = _LINE_END.split(before)
        return At(uri, {"line": len(above), "character": units(line, self.encoding)})

    def type(self, at: At, text: str) -> At:
        """Inserts `text`, which has no line end, at the cursor."""
        change = {"range": {"start": at.position, "end": at.position}, "text": text}
        self.change(at.uri, self.versions[at.uri] + 1, [change])
        character = at.position["character"] + units(text, self.encoding)
        return At(at.uri, {**at.position, "character": character})

    def close(self, at: At) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": at.uri}})

    def cancel(self, request_id: Id) -> None:
        self.notify("$/cancelRequest", {"id": request_id})

    # Suggestions

    def ask_inline(self, at: At, kind: int = INVOKED, **context: Any) -> Id:
        params = {**at.params, "context": {"triggerKind": kind, **context}}
        return self.request("textDocument/inlineCompletion", params)

    def inline(self, at: At, kind: int = INVOKED, **context: Any) -> list[Json]:
        """The items of the answer, whose form is checked."""
        response = self.wait(self.ask_inline(at, kind, **context))
        assert list(response.get("result", {})) == ["items"], response
        return response["result"]["items"]

    def complete(self, at: At) -> Json:
        return self.call("textDocument/completion", at.params)

    def accepted(self, at: At, item: Json) -> str:
        """The document's text after taking a suggestion of either kind."""
        edit = item.get("textEdit") or {"range": item["range"], "newText": item["insertText"]}
        return apply_edits(self.documents[at.uri], [edit], self.encoding)

    # Commands and what the server says

    def ask(self, command: str, argument: Any = None, token: str | None = None) -> Id:
        params: Json = {"command": command, "arguments": [] if argument is None else [argument]}
        if token is not None:
            params["workDoneToken"] = token
        return self.request("workspace/executeCommand", params)

    def command(self, command: str, argument: Any = None) -> Any:
        response = self.wait(self.ask(command, argument))
        assert "error" not in response, response
        return response["result"]

    def refusal(self, request_id: Id, timeout: float = 10) -> Json:
        """The error that answers this request."""
        response = self.wait(request_id, timeout)
        assert "error" in response, response
        return response["error"]

    def seconds_until(self, request_id: Id, since: float) -> float:
        """How long after `since` the answer to this request came."""
        return next(
            at - since
            for message, at in zip(self.received, self.times, strict=True)
            if "method" not in message and message.get("id") == request_id
        )

    def said(self) -> list[Json]:
        """The params of every window/showMessage by now; the round trip lets everything before it arrive."""
        self.command("mm-lsp.jobs")
        return [message["params"] for message in self.received if message.get("method") == "window/showMessage"]

    def messages(self) -> list[str]:
        return [params["message"] for params in self.said()]
