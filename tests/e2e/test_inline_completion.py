"""The life of a suggestion: when the model is asked, what ends a request, and what is remembered."""

import time

import pytest

from tests.e2e.harness import AUTOMATIC, DECLARES_INLINE, INVOKED, NO_ITEMS, At, until
from tests.support.model_server import Reply, Sleep, Stall, Text, reply

ANSWER = reply("<completion>41 + 1</completion>")
STALL = Reply((Text("<completion>the beginning"), Stall()))
NO_DEBOUNCE = {"completion": {"debounce_ms": 0}}


@pytest.fixture
def editor(shared):
    return shared(options=NO_DEBOUNCE)


def why(editor, at):
    return editor.command("mm-lsp.why", {"uri": at.uri})


# When the model is asked


@pytest.mark.parametrize(
    ("options", "kind", "shortest", "longest"),
    [
        (None, INVOKED, 0, 0.4),
        (None, AUTOMATIC, 0.55, 1.5),
        (NO_DEBOUNCE, AUTOMATIC, 0, 0.4),
        ({"completion.debounceMs": 300}, AUTOMATIC, 0.25, 0.7),
        ({"completion": {"debounce_ms": 5000}}, INVOKED, 0, 0.4),
    ],
)
def test_only_an_automatic_request_waits_for_a_pause(shared, model, first, options, kind, shortest, longest):
    model.default = ANSWER
    editor = shared(options=options)
    editor.inline(editor.open_at("warm = |\n"))
    at = editor.open_at("x = |\n")
    asked = time.monotonic()
    assert [item["insertText"] for item in editor.inline(at, kind)] == ["41 + 1"]
    assert shortest <= model.requests[first + 1].at - asked < longest


@pytest.mark.parametrize(
    ("options", "language", "kind", "speaks"),
    [
        ({"completion.enabled": False}, "python", INVOKED, False),
        ({"completion.enabled": False}, "python", AUTOMATIC, False),
        ({"completion": {"automatic": False, "debounce_ms": 0}}, "python", AUTOMATIC, False),
        ({"completion": {"automatic": False, "debounce_ms": 0}}, "python", INVOKED, True),
        ({"completion": {"languages": {"python": False}}}, "python", INVOKED, False),
        ({"completion": {"languages": {"python": False}}}, "lua", INVOKED, True),
        ({"completion.languages.python": False}, "python", INVOKED, False),
    ],
)
def test_completion_can_be_switched_off(shared, model, first, options, language, kind, speaks):
    editor = shared(options=options)
    at = editor.open_at("x = |\n", language)
    assert bool(editor.inline(at, kind)) is speaks
    assert len(model.requests) - first == speaks
    assert speaks or "completion." in why(editor, at)["reason"]


def test_a_document_that_is_not_open_gets_an_empty_list(editor, model, first):
    at = At("file:///project/never-opened.py", {"line": 0, "character": 0})
    began = time.monotonic()
    assert editor.inline(at) == editor.inline(at, AUTOMATIC) == []
    assert time.monotonic() - began < 0.3
    assert len(model.requests) == first


def test_a_position_past_the_end_is_the_end(editor, model):
    model.default = reply("<completion>2</completion>")
    at = editor.open_at("x = 1\ny = |")
    past = At(at.uri, {"line": 900, "character": 900})
    (item,) = editor.inline(past)
    assert editor.accepted(at, item) == "x = 1\ny = 2"


# What ends a request


@pytest.mark.parametrize("kind", [INVOKED, AUTOMATIC])
def test_a_newer_request_ends_the_older_one_with_an_empty_list(editor, model, first, kind):
    model.default = STALL
    at = editor.open_at("x = |\n")
    older = editor.ask_inline(at, kind)
    model.wait_for(first + 1)
    model.default = ANSWER
    began = time.monotonic()
    newer = editor.ask_inline(editor.type(at, "4"), kind)
    assert editor.wait(older)["result"] == NO_ITEMS
    assert editor.seconds_until(older, began) < 0.1
    assert model.wait_closed(first) - began < 0.5
    assert len(editor.wait(newer)["result"]["items"]) == 1


def test_a_newer_request_that_is_answered_from_memory_ends_the_older_one_too(editor, model, first):
    model.default = ANSWER
    at = editor.open_at("x = |\ny = 2")
    assert len(editor.inline(at)) == 1
    model.default = STALL
    older = editor.ask_inline(At(at.uri, {"line": 1, "character": 5}))
    model.wait_for(first + 2)
    assert len(editor.inline(at)) == 1
    assert editor.wait(older, 0.5)["result"] == NO_ITEMS
    model.wait_closed(first + 1, 0.5)


def test_other_documents_do_not_end_a_request(editor, model, first):
    model.default = Reply((Text("<completion>1"), Sleep(0.3), *ANSWER.steps[1:]))
    slow = editor.ask_inline(editor.open_at("x = |\n"))
    model.wait_for(first + 1)
    model.default = ANSWER
    assert len(editor.inline(editor.open_at("y = |\n"))) == 1
    assert len(editor.wait(slow)["result"]["items"]) == 1


@pytest.mark.parametrize("debounce", [0, 5000])
def test_a_cancelled_request_is_answered_at_once(shared, model, first, debounce):
    model.default = STALL
    editor = shared(options={"completion": {"debounce_ms": debounce}})
    at = editor.open_at("x = |\n")
    number = editor.ask_inline(at, AUTOMATIC)
    if not debounce:
        model.wait_for(first + 1)
    editor.messages()
    began = time.monotonic()
    editor.cancel(number)
    assert editor.refusal(number)["code"] == -32800
    assert editor.seconds_until(number, began) < 0.1
    if not debounce:
        assert model.wait_closed(first) - began < 0.5
    else:
        assert len(model.requests) == first


def test_closing_the_document_ends_its_request(editor, model, first):
    model.default = STALL
    at = editor.open_at("x = |\n")
    number = editor.ask_inline(at)
    model.wait_for(first + 1)
    began = time.monotonic()
    editor.close(at)
    assert editor.wait(number)["result"] == NO_ITEMS
    assert editor.seconds_until(number, began) < 0.1
    assert model.wait_closed(first) - began < 0.5


def test_when_the_time_is_up_what_has_come_is_shown(shared, model, first):
    editor = shared(options={"completion.time_budget_ms.invoked": 300, "completion.time_budget_ms.automatic": 60_000})
    editor.inline(editor.open_at("warm = |\n"))
    model.default = Reply((Text("<completion>the "), Text("beginning"), Stall()))
    at = editor.open_at("x = |\n")
    began = time.monotonic()
    (item,) = editor.inline(at)
    assert 0.25 < time.monotonic() - began < 1
    assert editor.accepted(at, item) == "x = the beginning\n"
    model.wait_closed(first + 1)


def test_a_suggestion_for_an_older_text_is_not_shown_but_kept(editor, model, first):
    model.default = Reply((Text("<completion>41 +"), Sleep(0.3), *reply(" 1</completion>").steps))
    at = editor.open_at("x = |\n")
    number = editor.ask_inline(at)
    model.wait_for(first + 1)
    typed = editor.type(at, "4")
    assert editor.wait(number)["result"] == NO_ITEMS
    (item,) = editor.inline(typed)
    assert editor.accepted(typed, item) == "x = 41 + 1\n"
    assert len(model.requests) == first + 1


# What is remembered


@pytest.mark.parametrize("kind", [INVOKED, AUTOMATIC])
def test_typing_along_a_suggestion_asks_no_model(editor, model, first, kind):
    model.default = reply("<completion>computed</completion>")
    at = editor.open_at("print(|)\n")
    assert len(editor.inline(at, kind)) == 1
    for character in "compute":
        at = editor.type(at, character)
        (item,) = editor.inline(at, kind)
        assert editor.accepted(at, item) == "print(computed)\n"
    assert len(model.requests) == first + 1
    assert why(editor, at)["lane"] == "memory"


def test_typing_something_else_asks_again(editor, model, first):
    model.default = ANSWER
    at = editor.open_at("x = |\n")
    editor.inline(at)
    model.default = reply("<completion>7</completion>")
    typed = editor.type(at, "9")
    (item,) = editor.inline(typed)
    assert editor.accepted(typed, item) == "x = 97\n"
    assert len(model.requests) == first + 2


def test_a_change_elsewhere_asks_again(editor, model, first):
    model.default = ANSWER
    at = editor.open_at("x = |\n")
    editor.inline(at)
    editor.type(At(at.uri, {"line": 1, "character": 0}), "y")
    editor.inline(at)
    assert len(model.requests) == first + 2


def test_taking_a_suggestion_is_counted_and_answers_null(editor, model):
    model.default = ANSWER
    (item,) = editor.inline(editor.open_at("x = |\n"))
    assert item["command"]["command"] == "mm-lsp.accepted"
    assert editor.command(item["command"]["command"], item["command"]["arguments"][0]) is None


def test_why_tells_what_became_of_the_last_suggestion(editor, model):
    at = editor.open_at("x = |\n")
    assert why(editor, at)["outcome"] == "nothing"
    for answer, outcome, reason in [
        (ANSWER, "shown", ""),
        (reply("<completion></completion>"), "nothing", "nothing to add"),
        (Reply(status=500, body=b"{}"), "error", "HTTP 500"),
    ]:
        model.default = answer
        at = editor.open_at("x = |\n")
        editor.inline(at, AUTOMATIC)
        told = why(editor, at)
        assert set(told) == {"outcome", "lane", "reason", "timings"}
        assert (told["outcome"], reason in told["reason"]) == (outcome, True)
    assert editor.command("mm-lsp.why")["outcome"] == "error", "without a uri: the document touched last"


# textDocument/completion, for editors without inline completion


def test_completion_answers_from_memory_and_asks_behind_it(editor, model, first):
    model.default = Reply((Sleep(0.3), *reply("<completion>cond</completion>").steps))
    at = editor.open_at("x = 1\nprint(se|)\n")
    began = time.monotonic()
    assert editor.complete(at) == {"isIncomplete": True, "items": []}
    assert time.monotonic() - began < 0.05
    editor.complete(at)
    (item,) = until(lambda: editor.complete(at)["items"])
    assert len(model.requests) == first + 1, "the same question is put once"
    assert item["label"] == item["textEdit"]["newText"] == "second"
    assert editor.accepted(at, item) == "x = 1\nprint(second)\n"
    span = item["textEdit"]["range"]
    assert span["start"]["line"] == span["end"]["line"] == 1, "LSP 3.17: one line, and the cursor in it"
    assert item["command"]["command"] == "mm-lsp.accepted"


@pytest.mark.parametrize(
    ("capabilities", "options", "speaks"),
    [
        (None, NO_DEBOUNCE, True),
        ({"textDocument": {"completion": {}}}, NO_DEBOUNCE, True),
        (DECLARES_INLINE, NO_DEBOUNCE, False),
        ({"textDocument": {"inlineCompletion": None}}, NO_DEBOUNCE, False),
        (DECLARES_INLINE, {"completion": {"fallback": "always", "debounce_ms": 0}}, True),
        (None, {"completion": {"fallback": "never", "debounce_ms": 0}}, False),
    ],
)
def test_completion_speaks_only_to_who_has_no_inline_completion(shared, model, first, capabilities, options, speaks):
    model.default = ANSWER
    editor = shared(capabilities, options)
    editor.inline(editor.open_at("warm = |\n"))
    at = editor.open_at("x = |\n")
    answer = editor.complete(at)
    assert answer == {"isIncomplete": speaks, "items": []}
    if speaks:
        assert until(lambda: editor.complete(at)["items"])
    else:
        time.sleep(0.3)
        assert editor.complete(at)["items"] == []
        assert len(model.requests) == first + 1


def test_completion_of_what_is_not_open_or_fails_is_empty(editor, model):
    nowhere = At("file:///project/never-opened.py", {"line": 0, "character": 0})
    assert editor.complete(nowhere)["items"] == []
    model.default = Reply(status=500, body=b"{}")
    at = editor.open_at("x = |\n")
    said = editor.messages()
    assert editor.complete(at)["items"] == []
    until(lambda: why(editor, at)["outcome"] == "error")
    assert editor.messages() == said
