"""What calls cost: told with each answer, summed up, and limited by the day."""

import time

import pytest

from mm_lsp.llm.ledger import today
from tests.e2e.harness import AUTOMATIC, INVOKED, until
from tests.support.model_server import Done, Finish, Reply, Stall, Text, Thinking, Usage, error_reply, reply

ANSWER = reply("<completion>1</completion>", usage=Usage(1_000_000, 100_000, 50_000, 0))  # 5.25 CNY
LONG = {"longRequests": True, "completion": {"debounce_ms": 0}}
FIELDS = {
    "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens", "cost", "currency", "estimated",
}  # fmt: skip


def usage(editor, days: int = 1) -> dict:
    return editor.command("mm-lsp.usage", {"days": days})


def why(editor, at) -> dict:
    return editor.command("mm-lsp.why", {"uri": at.uri})


def test_every_result_tells_what_it_cost(start, model):
    editor = start(options=LONG)
    at = editor.open_at("x = 1|\n")
    model.default = reply("It adds.", usage=Usage(3000, 400, 250, 0))
    explained = editor.command("mm-lsp.explain", {"uri": at.uri})["usage"]
    assert explained == {
        "prompt_tokens": 3000, "completion_tokens": 400, "reasoning_tokens": 250, "cached_tokens": 0,
        "cost": 0.01725, "currency": "CNY", "estimated": False,
    }  # fmt: skip
    model.default = reply("<rewrite>x = 2</rewrite>", usage=None)
    edited = editor.command("mm-lsp.edit", {"uri": at.uri, "instruction": "two"})["usage"]
    assert set(edited) == FIELDS
    assert edited["estimated"] is True
    assert edited["cost"] > 0


def test_without_a_price_there_is_no_cost(start, model):
    editor = start(options={**LONG, "model": {"name": "nobody/knows"}})
    at = editor.open_at("x = 1|\n")
    told = editor.command("mm-lsp.explain", {"uri": at.uri})["usage"]
    assert (told["cost"], told["currency"]) == (None, None)


def test_a_price_of_the_settings_counts(start, model):
    prices = {"priceIn": 1000, "price_out": 0, "currency": "EUR"}
    editor = start(options={**LONG, "model": {"name": "nobody/knows"}, "models": {"nobody/knows": prices}})
    model.default = reply("a", usage=Usage(2000, 10))
    told = editor.command("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})["usage"]
    assert (told["cost"], told["currency"]) == (2.0, "EUR")


def test_the_record_has_every_call_and_its_outcome(start, model):
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    model.default = reply("<completion>1</completion>", usage=Usage(100, 10, 5, 3))
    editor.inline(at, INVOKED)
    editor.command("mm-lsp.explain", {"uri": at.uri})
    editor.command("mm-lsp.explain", {"uri": at.uri})
    model.default = error_reply(400, "no")
    editor.refusal(editor.ask("mm-lsp.explain", {"uri": at.uri}))
    model.default = Reply((Thinking("hm"), Stall()))
    asked = len(model.requests)
    number = editor.ask("mm-lsp.explain", {"uri": at.uri})
    model.wait_for(asked + 1)
    time.sleep(0.2)
    editor.cancel(number)
    model.wait_closed(asked)
    found = until(lambda: (found := usage(editor))["total"]["calls"] == 5 and found)
    completed, explained = sorted(found["days"], key=lambda row: row["feature"])
    assert (completed["day"], completed["feature"], completed["calls"]) == (today(), "completion", 1)
    assert [explained[name] for name in ("calls", "done", "failed", "cancelled")] == [4, 2, 1, 1]
    assert explained["completion_tokens"] >= 20 + 10, "a cancelled call is billed as an answer of the usual length"
    assert found["budget"] == {"daily": 5, "currency": "CNY"}
    assert found["today"]["cost"] == pytest.approx(found["total"]["cost"]["CNY"])


def test_the_record_outlives_the_server(start, model):
    editor = start(options=LONG)
    editor.command("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})
    assert editor.shutdown_and_exit() == 0
    (ledger,) = editor.home.rglob("usage.sqlite3")
    assert b"x = 1" not in ledger.read_bytes()


@pytest.mark.parametrize("days", [0, -1, "x", 100_000])
def test_days_that_are_none_are_refused(start, days):
    editor = start()
    assert editor.refusal(editor.ask("mm-lsp.usage", {"days": days}))["code"] == -32602


def test_a_spent_budget_stops_automatic_requests_with_one_message(start, model, first):
    model.default = ANSWER
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    assert editor.inline(at, AUTOMATIC)
    for text in ("y = |\n", "z = |\n"):
        at = editor.open_at(text)
        assert editor.inline(at, AUTOMATIC) == []
    assert "budget of 5 CNY for today is spent (5." in why(editor, at)["reason"]
    assert len(model.requests) == first + 1
    (message,) = editor.messages()
    assert message.startswith("Automatic suggestions rest until tomorrow: the budget of 5 CNY")


def test_a_spent_budget_warns_who_asks_and_goes_on(start, model):
    model.default = ANSWER
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    editor.inline(at, AUTOMATIC)
    for _ in range(2):
        assert editor.command("mm-lsp.explain", {"uri": at.uri})["markdown"]
    assert editor.inline(editor.open_at("y = |\n"), INVOKED)
    (message,) = editor.messages()
    assert "What you ask for goes on" in message


@pytest.mark.parametrize(
    ("budget", "asks"), [({"daily": 100}, True), ({"daily": 0}, False), ({"currency": "EUR"}, True)]
)
def test_the_budget_is_a_setting(start, model, budget, asks):
    model.default = ANSWER
    editor = start(options={**LONG, "budget": budget})
    editor.inline(editor.open_at("x = |\n"), AUTOMATIC)
    assert bool(editor.inline(editor.open_at("y = |\n"), AUTOMATIC)) is asks


# After a failure that would only come again, automatic requests rest


@pytest.mark.parametrize(
    "answer",
    [
        error_reply(401, "no such key"),
        error_reply(402, "pay first"),
        error_reply(429, "slow down", {"retry-after": "60"}),
        error_reply(400, "unknown model x"),
    ],
    ids=["key", "balance", "rate", "model"],
)
def test_automatic_requests_rest_after_a_refusal(start, model, first, answer):
    model.default = answer
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    assert editor.inline(at, AUTOMATIC) == []
    asked = len(model.requests)
    at = editor.open_at("y = |\n")
    assert editor.inline(at, AUTOMATIC) == []
    assert len(model.requests) == asked
    assert why(editor, at)["reason"].startswith("automatic suggestions rest until ")
    assert editor.messages() == [], "nobody asked"
    model.default = reply("<completion>1</completion>")
    assert editor.inline(at, INVOKED), "what is asked for is tried"
    assert editor.inline(editor.open_at("z = |\n"), AUTOMATIC), "and its success ends the rest"


def test_who_asks_is_told_that_automatic_suggestions_rest(start, model):
    model.default = error_reply(401, "no such key")
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    editor.inline(at, AUTOMATIC)
    error = editor.refusal(editor.ask("mm-lsp.explain", {"uri": at.uri}))
    assert "refuses the key" in error["message"]
    assert "Automatic suggestions rest until " in error["message"]


def test_a_key_that_was_mended_is_read_again(start, model):
    editor = start(url=None, config=f'[model]\nbase_url = "{model.url}"\napi_key = "old"\n', options=LONG)
    model.default = lambda body: error_reply(401, "no such key")
    at = editor.open_at("x = 1|\n")
    editor.refusal(editor.ask("mm-lsp.explain", {"uri": at.uri}))
    (file,) = editor.home.rglob("config.toml")
    file.write_text(file.read_text().replace("old", "new"))
    model.script(error_reply(401, "no such key"), reply("It adds."))
    assert editor.command("mm-lsp.explain", {"uri": at.uri})["markdown"] == "It adds."
    assert [request.headers["authorization"] for request in model.requests[-2:]] == ["Bearer old", "Bearer new"]


def test_a_key_that_was_mended_ends_the_rest_of_automatic_requests(start, model):
    model.default = lambda body: error_reply(401, "no such key")
    editor = start(url=None, config=f'[model]\nbase_url = "{model.url}"\napi_key = "old"\n', options=LONG)
    at = editor.open_at("x = |\n")
    assert editor.inline(at, AUTOMATIC) == []
    assert why(editor, at)["outcome"] == "error"
    (file,) = editor.home.rglob("config.toml")
    file.write_text(file.read_text().replace("old", "new"))
    model.default = reply("<completion>1</completion>")
    assert editor.inline(editor.open_at("y = |\n"), AUTOMATIC)
    assert model.requests[-1].headers["authorization"] == "Bearer new"


def test_a_parameter_that_is_refused_is_dropped_and_told_once(start, model):
    def answer(body):
        if "top_k" in body:
            return error_reply(400, "Unknown parameter: top_k")
        return reply("<completion>1</completion>")

    model.default = answer
    editor = start(options={**LONG, "model": {"params": {"top_k": 40}}})
    assert editor.inline(editor.open_at("x = |\n"), AUTOMATIC)
    assert editor.inline(editor.open_at("y = |\n"), AUTOMATIC)
    (message,) = editor.messages()
    assert "does not take the parameter top_k" in message


def test_thinking_without_an_opening_tag_is_no_suggestion(start, model):
    model.default = Reply((Text("so it is 1\n"), Text("</think>\n\n<completion>1</completion>"), Finish(), Done()))
    editor = start(options=LONG)
    (item,) = editor.inline(editor.open_at("x = |\n"))
    assert item["insertText"] == "1"


def test_a_call_that_was_left_early_counts_as_a_whole_answer(start, model):
    """The answer is enough after its closing tag, but the model goes on and is billed for it."""
    model.default = Reply((Text("<completion>1</completion>"), Stall()))
    editor = start(options=LONG)
    assert editor.inline(editor.open_at("x = |\n"), INVOKED)
    (row,) = until(lambda: usage(editor)["days"])
    assert (row["done"], row["estimated"], row["completion_tokens"] >= 100) == (1, 1, True)


def test_an_edit_that_was_cut_off_is_not_made(start, model):
    model.default = Reply((Text("```python\ny = [1,\n     2,"), Finish("length"), Done()))
    editor = start({"workspace": {"applyEdit": True}}, LONG)
    at = editor.open_at("x = 1|\n")
    error = editor.refusal(editor.ask("mm-lsp.edit", {"uri": at.uri, "instruction": "two"}))
    assert "broke off at max_tokens; nothing was changed" in error["message"]
    assert editor.documents[at.uri] == "x = 1\n"


def test_an_explanation_that_was_cut_off_is_told(start, model):
    model.default = Reply((Text("It adds and"), Finish("length"), Done()))
    editor = start(options=LONG)
    assert editor.command("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})["markdown"] == "It adds and"
    assert editor.messages() == ["The model's answer broke off at max_tokens (model.params)."]


def test_a_suggestion_that_was_asked_for_tells_of_rest_budget_and_thinking_without_end(start, model):
    model.default = error_reply(429, "slow down", {"retry-after": "100"})
    editor = start(options={**LONG, "budget": {"daily": 0}})
    at = editor.open_at("x = |\n")
    assert editor.inline(at, INVOKED) == []
    model.default = Reply((Thinking("hm"), Finish("length"), Done()))
    assert editor.inline(at, INVOKED) == []
    budget, slow, thought = editor.messages()
    assert "What you ask for goes on" in budget
    assert "Automatic suggestions rest until " in slow
    assert "max_tokens" in thought


def test_automatic_requests_rest_while_an_asked_one_waits(start, model, first):
    model.script(error_reply(429, "slow down", {"retry-after": "2"}))
    editor = start(options=LONG)
    at = editor.open_at("x = |\n")
    number = editor.ask("mm-lsp.explain", {"uri": at.uri})
    model.wait_for(first + 1)
    until(lambda: "rest until" in (editor.inline(at, AUTOMATIC), why(editor, at))[1]["reason"])
    assert editor.wait(number)["result"]["markdown"]
