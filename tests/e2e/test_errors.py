"""What goes wrong between the server and the model: silence where nobody asked, one sentence where somebody did."""

import socket
from dataclasses import dataclass

import pytest

from tests.e2e.harness import AUTOMATIC, INVOKED, until
from tests.support.model_server import (
    Answer,
    Comment,
    Cut,
    Done,
    Finish,
    Raw,
    Reply,
    Text,
    Thinking,
    error_reply,
    reply,
)

PAGE = b"<!DOCTYPE html>\n<html><body>Welcome to nginx!</body></html>"
HTML = {"content-type": "text/html"}
START = Text("<completion>the beginning")


def refusing_port() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/v1"


@dataclass(frozen=True)
class Fault:
    """`words` stand in the sentence that a person reads. `where`: "unreachable", "default" or the scripted model."""

    name: str
    words: tuple[str, ...]
    answer: Answer | None = None
    where: str = "model"

    def __str__(self) -> str:
        return self.name


FAULTS = [
    Fault("nobody listens", ("reach", "127.0.0.1", "connection refused", "model.base_url"), where="unreachable"),
    Fault("no key", ("MM_LSP_API_KEY", "config.toml"), where="default"),
    Fault("401", ("key", "401", "MM_LSP_API_KEY"), error_reply(401, "invalid api key")),
    Fault("402", ("balance", "402"), error_reply(402, "pay first")),
    Fault("403", ("permit", "403"), error_reply(403, "not for you")),
    Fault("404", ("exist", "404", "model.name"), error_reply(404, "no such model")),
    Fault("413", ("too long",), error_reply(413, "the maximum context length is exceeded")),
    Fault("429 with retry-after", ("slow down", "61 s"), error_reply(429, "too many", {"retry-after": "61"})),
    Fault("429", ("slow down", "in a while"), error_reply(429, "too many")),
    Fault("500", ("problem of its own", "500"), error_reply(500, "oh")),
    Fault("302", ("moved", "model.base_url"), Reply(status=302, headers={"location": "http://192.0.2.1/"}, body=b"")),
    Fault("HTML 200", ("web page", "model.base_url"), Reply(headers=HTML, body=PAGE)),
    Fault("HTML 502", ("web page", "502"), Reply(status=502, headers=HTML, body=PAGE)),
    Fault("plain text 200", ("Try again",), Reply(headers={"content-type": "text/plain"}, body=b"hello")),
    Fault("JSON without choices", ("not a chat completion",), Reply(body=b'{"hello": "world"}')),
    Fault("JSON that is none", ("not JSON",), Reply(body=b"{")),
    Fault("an error in a 200", ("balance",), Reply(body=b'{"error": {"message": "insufficient balance"}}')),
    Fault("cut before the headers", ("connection",), Reply()),
    Fault("cut after the headers", ("connection",), Reply((Comment(), Cut()))),
    Fault("cut", ("connection",), Reply((START, Cut()))),
    Fault("reset", ("connection",), Reply((START, Cut(reset=True)))),
    Fault("end without a finish", ("broke off",), Reply((START,))),
    Fault("a broken frame", ("not a chat completion",), Reply((START, Raw(b'data: {"choices": [\n\n'), Done()))),
    Fault(
        "error frame",
        ("slow down", "slow, please"),
        Reply((START, Raw(b'data: {"error": {"code": 429, "message": "slow, please"}}\n\n'))),
    ),
    Fault("error frame without a code", ("overloaded",), Reply((Raw(b'data: {"error": "overloaded"}\n\n'),))),
    Fault("empty answer", ("empty answer",), reply()),
    Fault("blank answer", ("empty answer",), reply(" ", "\n")),
    Fault("only thinking", ("thinking", "max_tokens"), Reply((Thinking("Hm"), Finish("length"), Done()))),
    Fault("filtered", ("filter",), Reply((Finish("content_filter"), Done()))),
]  # fmt: skip

faulty = pytest.mark.parametrize("fault", FAULTS, ids=str)


@pytest.fixture
def editor_with(shared, model):
    """An editor whose model has this fault."""
    unreachable = refusing_port()

    def editor(fault: Fault, **options):
        if fault.answer is not None:
            model.default = fault.answer
        urls = {"model": model.url, "unreachable": unreachable, "default": None}
        editor = shared(options={"completion": {"debounce_ms": 0}, **options}, url=urls[fault.where])
        editor.before = len(editor.said())
        return editor

    return editor


def said(editor) -> list[dict]:
    """What window/showMessage has said in this test."""
    return editor.said()[editor.before :]


def check_sentence(sentence: str, fault: Fault) -> None:
    for words in fault.words:
        assert words in sentence
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert sentence[0].isupper()
    assert sentence.partition(" It says:")[0][-1] in ".!?"
    for mark in ("Traceback", 'File "', "Error(", "httpx", "None", "mistake"):
        assert mark not in sentence


@faulty
def test_an_automatic_suggestion_fails_in_silence(editor_with, fault):
    editor = editor_with(fault)
    at = editor.open_at("x = |\n")
    assert editor.inline(at, AUTOMATIC) == []
    assert said(editor) == []
    told = editor.command("mm-lsp.why", {"uri": at.uri})
    assert told["outcome"] in ("error", "nothing")
    assert told["reason"]


@faulty
def test_a_long_request_fails_with_one_sentence(editor_with, fault):
    editor = editor_with(fault, longRequests=True)
    error = editor.refusal(editor.ask("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri}))
    assert error["code"] == -32803
    check_sentence(error["message"], fault)
    assert "data" not in error
    assert said(editor) == [], "it is said once"
    assert editor.command("mm-lsp.jobs") == []


@faulty
def test_a_job_fails_with_one_message(editor_with, fault):
    editor = editor_with(fault)
    assert list(editor.command("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})) == ["job"]
    (message,) = until(lambda: said(editor))
    assert message["type"] == 1
    check_sentence(message["message"], fault)
    assert until(lambda: editor.command("mm-lsp.jobs") == [])
    assert said(editor) == [message]


@pytest.mark.parametrize("fault", FAULTS[:4], ids=str)
def test_a_suggestion_that_was_asked_for_fails_with_one_message(editor_with, fault):
    editor = editor_with(fault)
    assert editor.inline(editor.open_at("x = |\n"), INVOKED) == []
    (message,) = said(editor)
    check_sentence(message["message"], fault)


def test_after_a_failure_the_next_answer_is_as_ever(editor_with, model):
    editor = editor_with(FAULTS[9], longRequests=True)
    at = editor.open_at("x = |\n")
    assert editor.inline(at, AUTOMATIC) == []
    model.default = reply("<completion>1</completion>")
    assert len(editor.inline(at, AUTOMATIC)) == 1
    assert editor.command("mm-lsp.explain", {"uri": at.uri})["markdown"]


@pytest.mark.parametrize(
    ("argument", "words"),
    [({}, "No document is open"), ({"uri": "file:///project/gone.py"}, "gone.py is not open")],
)
def test_asking_about_what_is_not_open_says_so(start, argument, words):
    editor = start(options={"longRequests": True})
    error = editor.refusal(editor.ask("mm-lsp.explain", argument))
    assert (error["code"], words in error["message"]) == (-32602, True)


def test_the_usage_is_told_with_the_answer(editor_with, model):
    model.default = reply("It adds.")
    editor = editor_with(Fault("none", ()), longRequests=True)
    at = editor.open_at("x = 1|\n")
    usage = editor.command("mm-lsp.explain", {"uri": at.uri})["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["estimated"]) == (100, 20, False)
    model.default = reply("It adds.", usage=None)
    usage = editor.command("mm-lsp.explain", {"uri": at.uri})["usage"]
    assert usage["estimated"] is True
    assert usage["prompt_tokens"] > 10
