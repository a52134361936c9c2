"""The server object that handlers get: pygls' typed calls to the client, over our protocol and our session."""

from __future__ import annotations

import asyncio
from keyword import iskeyword
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from mm_lsp import __version__
from mm_lsp.server.processes import is_alive
from mm_lsp.server.protocol import INVALID_PARAMS, Protocol, ResponseError, strict_converter
from mm_lsp.server.session import Session, Snapshot
from mm_lsp.server.tasks import Tasks
from mm_lsp.untyped import table

Arguments = TypeVar("Arguments")


class MmLanguageServer(LanguageServer):
    """One connection to one client. `stop` ends it with an exit code."""

    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride]  it is what protocol_cls says

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  pygls' *args
            "mm-lsp", __version__, protocol_cls=Protocol, converter_factory=strict_converter
        )
        self.session = Session()
        self.exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.parent_id: int | None = None

    @property
    def tasks(self) -> Tasks:
        return self.protocol.tasks

    def follow(self, process_id: int | None) -> None:
        """Ends with this process, if it can be seen now: in a container, or from another machine, the number means
        nothing here."""
        if process_id is not None and process_id > 0 and is_alive(process_id):
            self.parent_id = process_id

    def stop(self, code: int) -> None:
        if not self.exit_code.done():
            self.exit_code.set_result(code)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """pygls would pop up a window; what fails is logged where it failed."""
        del error, source

    def tell(self, sentence: str, kind: types.MessageType = types.MessageType.Info) -> None:
        self.window_show_message(types.ShowMessageParams(type=kind, message=sentence))

    def warn(self, sentence: str) -> None:
        self.tell(sentence, types.MessageType.Warning)

    def complain(self, sentence: str) -> None:
        self.tell(sentence, types.MessageType.Error)

    def arguments(self, params: types.ExecuteCommandParams, kind: type[Arguments]) -> Arguments:
        """A command's one argument, an object, as `kind`. Raises ResponseError InvalidParams."""
        given: Any = params.arguments[0] if params.arguments else {}
        if isinstance(given, list | tuple) and given:  # some clients wrap the list of arguments once more
            given = given[0]  # pyright: ignore[reportUnknownVariableType]
        if given is None:
            given = {}
        if not isinstance(given, dict):
            raise ResponseError(INVALID_PARAMS, f"{params.command} takes one argument, an object.")
        named = {f"{name}_" if iskeyword(str(name)) else str(name): value for name, value in table(given).items()}
        return self.protocol.structure(named, kind)

    def snapshot(self, uri: str | None) -> Snapshot:
        """The snapshot of an open document; without a `uri` of the one touched last. Raises ResponseError."""
        uri = uri or self.session.touched_last
        if uri is None:
            raise ResponseError(INVALID_PARAMS, "No document is open: open the file in the editor first.")
        snapshot = self.session.snapshot(uri)
        if snapshot is None:
            name = uri.rpartition("/")[2]
            raise ResponseError(INVALID_PARAMS, f"{name} is not open: open the file in the editor first.")
        self.session.touch(uri)
        return snapshot
