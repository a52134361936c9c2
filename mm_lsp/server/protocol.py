"""JSON-RPC our way on pygls' types: every request gets exactly one reply, whatever it holds and whatever happens.

pygls' own dispatch loses replies, futures and cancels (its built-in handlers are generators with tables of their own);
here a request is either answered by a plain function at once, or is one task that `$/cancelRequest` ends.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, default_converter

from mm_lsp.messages import ModelError
from mm_lsp.server.log import logger, where
from mm_lsp.server.tasks import Tasks
from mm_lsp.server.transport import FrameWriter, Unreadable, encode_frame
from mm_lsp.untyped import table

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
NOT_INITIALIZED, REQUEST_CANCELLED, CONTENT_MODIFIED, REQUEST_FAILED = -32002, -32800, -32801, -32803

MessageId = str | int
Handler = Callable[[Any, Any], Any]


class ResponseError(Exception):
    """What a handler raises to refuse: `code` of LSP 3.17 "ErrorCodes", and a sentence for people."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def invalid_params(what: str) -> ResponseError:
    return ResponseError(INVALID_PARAMS, f"Invalid parameters: {what}")


class Protocol(LanguageServerProtocol):
    """`handlers`: method → plain function (answered before the next message is read) or coroutine function."""

    def __init__(self, server: LanguageServer, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self.handlers: Mapping[str, Handler] = {}
        self.tasks = Tasks()
        self.frames: FrameWriter | None = None
        self.is_initialized = False
        self.is_shut_down = False
        self._in_flight: dict[MessageId, asyncio.Task[Any]] = {}

    def _register_builtin_features(self) -> None:
        """None: pygls' built-in handlers keep a second, mutable world of documents."""

    # ---------------------------------------------------------------- in

    def receive(self, message: Any) -> None:
        """One message as it came from the wire."""
        if isinstance(message, Unreadable):
            self._refuse(None, ResponseError(PARSE_ERROR, f"The message is not JSON ({message.reason})."))
        elif not isinstance(message, dict):
            self._refuse(None, ResponseError(INVALID_REQUEST, "A message must be one JSON object."))
        else:
            self._receive_object(cast("dict[str, Any]", message))

    def _receive_object(self, message: dict[str, Any]) -> None:
        method, message_id = message.get("method"), message.get("id")
        if not isinstance(method, str):
            if "method" in message or "id" not in message:
                self._refuse(None, ResponseError(INVALID_REQUEST, "The message has no method."))
            else:
                self._response(message)
        elif "id" not in message:
            self._notification(method, message.get("params"))
        elif isinstance(message_id, bool) or not isinstance(message_id, str | int) or message_id in self._in_flight:
            self._refuse(None, ResponseError(INVALID_REQUEST, "A request's id must be a new number or string."))
        else:
            self._request(message_id, method, message.get("params"))

    def cancel_unread(self, message_id: MessageId) -> None:
        """The client cancelled a request that still waits to be read."""
        self._refuse(message_id, ResponseError(REQUEST_CANCELLED, "Cancelled."))

    def _request(self, message_id: MessageId, method: str, params: Any) -> None:
        try:
            handler = self._handler_for(method)
            structured = self._structured(method, params)
            if inspect.iscoroutinefunction(handler):
                self._begin(message_id, method, handler(self._server, structured))
            else:
                self._reply(message_id, handler(self._server, structured))
        except Exception as error:  # noqa: BLE001  promise 1: one reply to every request
            self._refuse(message_id, error)

    def _handler_for(self, method: str) -> Handler:
        if self.is_shut_down:
            raise ResponseError(INVALID_REQUEST, "The server has been shut down.")
        if not self.is_initialized and method != types.INITIALIZE:
            raise ResponseError(NOT_INITIALIZED, "The server has not been initialized.")
        handler = self.handlers.get(method)
        if handler is None:
            raise ResponseError(METHOD_NOT_FOUND, f"mm-lsp does not know the method {method[:80]}.")
        return handler

    def _begin(self, message_id: MessageId, method: str, work: Any) -> None:
        task = self.tasks.spawn(work, method)
        self._in_flight[message_id] = task
        task.add_done_callback(partial(self._finish, message_id))

    def _finish(self, message_id: MessageId, task: asyncio.Task[Any]) -> None:
        if self._in_flight.get(message_id) is not task:  # cancelled, and answered then
            return
        del self._in_flight[message_id]
        if task.cancelled():
            self._refuse(message_id, ResponseError(REQUEST_CANCELLED, "Cancelled."))
        elif (error := task.exception()) is not None:
            self._refuse(message_id, error)
        else:
            self._reply(message_id, task.result())

    def cancel(self, message_id: MessageId) -> None:
        """Answers a request in flight with RequestCancelled now, and ends its task."""
        task = self._in_flight.pop(message_id, None)
        if task is not None:
            self.cancel_unread(message_id)
            task.cancel()

    def cancel_all(self, but: asyncio.Task[Any] | None = None) -> None:
        for message_id, task in list(self._in_flight.items()):
            if task is not but:
                self.cancel(message_id)

    def _notification(self, method: str, params: Any) -> None:
        handler = self.handlers.get(method)
        if handler is None or (method != types.EXIT and (self.is_shut_down or not self.is_initialized)):
            return
        try:
            handler(self._server, self._structured(method, params))
        except ResponseError as error:
            logger.warning("%s: %s", method, error)
        except Exception as error:  # noqa: BLE001  a notification has no reply to carry it
            logger.error("%s failed: %s", method, where(error))

    def _structured(self, method: str, params: Any) -> Any:
        """The typed parameters; `initialize` stays as it came, since a client may declare what we don't know."""
        kind = None if method == types.INITIALIZE else types.METHOD_TO_TYPES.get(method, (None, None, None))[2]
        if kind is None:
            return params
        return self.structure(params, kind)

    def structure(self, value: Any, kind: Any) -> Any:
        """Raises ResponseError InvalidParams that names the field."""
        try:
            return self._converter.structure(value, kind)
        except Exception as error:
            raise invalid_params(_fault_in(error)) from error

    def _response(self, message: dict[str, Any]) -> None:
        message_id = message["id"]
        if not isinstance(message_id, str | int):
            return
        future: Future[Any] | None = self._request_futures.pop(message_id, None)
        kind = self._result_types.pop(message_id, None)
        if future is None or future.done():
            return
        error = message.get("error")
        if error is not None:
            words = str(table(error).get("message") or "the client refused")
            future.set_exception(JsonRpcException(words))
            return
        try:
            result = self._converter.structure(message, kind).result if kind else message.get("result")
        except Exception as fault:  # noqa: BLE001  a client's odd answer is no answer
            future.set_exception(JsonRpcException(f"the client's answer can't be read: {_fault_in(fault)}"))
        else:
            future.set_result(result)

    # ---------------------------------------------------------------- out

    def _reply(self, message_id: MessageId, result: Any) -> None:
        self.send({"jsonrpc": "2.0", "id": message_id, "result": self._converter.unstructure(result)})

    def _refuse(self, message_id: MessageId | None, error: BaseException) -> None:
        code, sentence = INTERNAL_ERROR, "mm-lsp made a mistake; its log tells where. Please report it."
        if isinstance(error, ResponseError):
            code, sentence = error.code, str(error)
        elif isinstance(error, ModelError):
            code, sentence = REQUEST_FAILED, str(error)
        else:
            logger.error("a request failed: %s", where(error))
        self.send({"jsonrpc": "2.0", "id": message_id, "error": {"code": code, "message": sentence}})

    def send(self, message: Any) -> None:
        if self.frames is not None:
            self.frames.send(encode_frame(message))

    def _send_data(self, data: Any) -> None:
        """pygls' way out, for requests and notifications of ours."""
        self.send(self._converter.unstructure(data))


def strict_converter() -> cattrs.Converter:
    """pygls' converter, but a number is a number and a text a text: cattrs would make "1" of 1 and 1 of 1.5."""
    converter = default_converter()
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook(types.TextDocumentContentChangeEvent, lambda value, _: _change(converter, value))
    return converter


def _change(converter: cattrs.Converter, value: Any) -> types.TextDocumentContentChangeEvent:
    """A change without a range, or with null for one, is the whole text."""
    is_whole = table(value).get("range") is None
    kind = types.TextDocumentContentChangeWholeDocument if is_whole else types.TextDocumentContentChangePartial
    return converter.structure(value, kind)


def _strict(value: Any, kind: type) -> Any:
    if kind not in (int, str, bool):  # an enum of numbers or texts
        return kind(value)
    if type(value) is kind:
        return value
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(f"expected {kind.__name__}")


def _fault_in(error: Exception) -> str:
    """What is wrong where, without the value: `expected int at position.line`."""
    faults = cattrs.transform_error(error, path="") if isinstance(error, cattrs.BaseValidationError) else []
    if not faults:
        return "not of the form that the specification gives."
    what, _, place = faults[0].rpartition(" @ ")
    place = re.sub(r"_([a-z])", lambda letter: letter.group(1).upper(), place.lstrip("."))
    return f"{what or faults[0]} at {place or 'the top'}."
