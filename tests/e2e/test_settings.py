"""Settings: from where they are taken, and what a wrong one does (one message, nothing worse)."""

import sys
import time

import pytest

from tests.e2e.harness import AUTOMATIC, INVOKED, until
from tests.support.model_server import Reply, Stall, reply
from tests.support.raw_client import ResponseError

PULLS = {"workspace": {"configuration": True}}
OFF = {"completion": {"enabled": False}}
ON = {"completion": {"enabled": True}}


def answering(value):
    """What an editor says to workspace/configuration."""
    return {"workspace/configuration": lambda params: [value for _ in params["items"]]}


def speaks(editor) -> bool:
    at = editor.open_at("x = |\n")
    return bool(editor.inline(at, INVOKED))


def push(editor, settings) -> None:
    editor.notify("workspace/didChangeConfiguration", {"settings": settings})


# A wrong setting

WRONG = [
    ({"completion": {"debounce": 1}}, "completion.debounce", "Did you mean completion.debounce_ms?"),
    ({"completion.max_line": 3}, "completion.max_line", "Did you mean completion.max_lines?"),
    ({"modle": {"name": "x"}}, "modle", "not known"),
    ({"completion": {"enabled": "perhaps"}}, "completion.enabled", '"perhaps"'),
    ({"completion": {"maxLines": 0}}, "completion.max_lines", "0"),
    ({"completion": 3}, "completion", "3"),
    ({"completion": {"debounce_ms": "long"}}, "completion.debounce_ms", "long"),
    ({"completion": {"languages": {"python": "no thanks"}}}, "completion.languages.python", "no thanks"),
    ({"completion": {"lanes": ["fast"]}}, "completion.lanes", "fast"),
    ({"rules": {"families": {"cursor": "yes, please"}}}, "rules.families", "yes, please"),
    ({"log": {"level": "loud"}}, "log.level", "loud"),
    ({"model": {"timeout": {"idle": -1}}}, "model.timeout.idle", "-1"),
    ({"completion": {"x": {"y": [1]}}}, "completion.x", "not known"),
]


@pytest.mark.parametrize(("settings", "name", "words"), WRONG)
def test_a_wrong_setting_is_named_once_and_the_rest_works(shared, settings, name, words):
    editor = shared()
    before = len(editor.said())
    for again in range(2):
        push(editor, {"mm-lsp": {**settings, "context.maxFiles": 100 + again}})
        (message,) = until(lambda: editor.said()[before:])
        assert speaks(editor)
    assert message["type"] == 2
    assert f"The setting {name} (" in message["message"]
    assert words in message["message"]


def test_several_wrong_settings_make_one_message(start):
    settings = {"completion": {"debounce": 1, "max_lines": "many"}, "trust": "all", "model.headers": {"X-Key": 5}}
    editor = start(options={**settings, "": 1})
    assert speaks(editor)
    (message,) = editor.messages()
    for name in ("completion.debounce", "completion.max_lines", "trust", "model.headers.X-Key", ""):
        assert f"The setting {name} (initializationOptions)" in message


@pytest.mark.parametrize("options", [7, [1], {"mm-lsp": 3}, {"longRequests": "yes"}])
def test_options_that_are_none_are_the_defaults(start, options):
    assert speaks(start(params={"initializationOptions": options}))


@pytest.mark.parametrize("text", ["model = {", "\x00", "[completion]\nenabled = maybe", b"caf\xe9 = 1"])
def test_a_broken_user_file_is_named_and_left_out(start, text):
    editor = start(config=text)
    assert speaks(editor)
    (message,) = editor.said()
    assert message["type"] == 2
    assert str(editor.home / "XDG_CONFIG_HOME" / "mm-lsp" / "config.toml") in message["message"]
    assert "\n" not in message["message"]


def test_a_user_file_that_is_no_file_is_named_and_left_out(start, tmp_path):
    (tmp_path / "home1" / "XDG_CONFIG_HOME" / "mm-lsp" / "config.toml").mkdir(parents=True)
    editor = start()
    assert speaks(editor)
    assert "config.toml" in editor.messages()[0]


# Where they come from, weakest first


@pytest.mark.parametrize(
    ("file", "options", "pulled", "lines"),
    [
        ("[completion]\nmax_lines = 1", None, None, 1),
        ("[completion]\nmax_lines = 1", {"completion.maxLines": 2}, {"completion": {"maxLines": 3}}, 3),
        ("completion.max_lines = 1", {"mm-lsp": {"completion": {"max_lines": 2}}}, {}, 2),
        ("", {"completion": {"maxLines": 2}}, {"completion": {"max_lines": None}}, 2),
        ("", {"completion.max_lines": 2}, {"completion": {"max_lines": "x"}}, 2),
        ("", {"completion": {"maxLines": 2}}, "odd", 2),
        ("", {"completion": {"maxLines": 2}}, ResponseError(-32603, "no"), 2),
    ],
)
def test_the_stronger_source_wins(start, model, file, options, pulled, lines):
    model.default = reply("<completion>1\n2\n3\n4\n5</completion>")

    def answer(params):
        if isinstance(pulled, Exception):
            raise pulled
        return [pulled for _ in params["items"]]

    editor = start(PULLS, options, config=file, answers={"workspace/configuration": answer})
    at = editor.open_at("|\n")
    (item,) = editor.inline(at)
    assert item["insertText"].count("\n") + 1 == lines


def test_the_environment_is_stronger_than_the_user_file(start, model):
    file = '[model]\nname = "from-file"\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "file-key"'
    editor = start(config=file, MM_LSP_MODEL="from-environment")
    assert speaks(editor)
    assert model.requests[-1].body["model"] == "from-environment"
    assert "authorization" not in model.requests[-1].headers, "a key goes only to the endpoint it stands beside"


def test_a_key_command_gives_the_key(start, model, tmp_path):
    program = tmp_path / "key.py"
    program.write_text("import sys; print('noise', file=sys.stderr); print('the-key')")
    file = f'[model]\nbase_url = "{model.url}"\napi_key_command = "{sys.executable} {program}"\n'
    assert speaks(start(url=None, config=file))
    assert model.requests[-1].headers["authorization"] == "Bearer the-key"


@pytest.mark.parametrize("command", ["false", "/no/such/program", "'"])
def test_a_key_command_that_fails_is_named(start, model, command):
    editor = start(url=None, config=f'[model]\nbase_url = "{model.url}"\napi_key_command = "{command}"\n')
    assert speaks(editor)
    (message,) = editor.messages()
    assert "model.api_key_command" in message


# Changes while the server runs


def test_a_pull_follows_every_change(start):
    editor = start(PULLS, answers=answering(OFF))
    assert not speaks(editor)
    editor.answers |= answering(ON)
    push(editor, None)
    assert until(lambda: speaks(editor))
    asked = editor.wait_request("workspace/configuration")["params"]
    assert [item["section"] for item in asked["items"]] == ["mm-lsp"]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_client_that_cannot_be_asked_pushes(shared, wrapped):
    editor = shared()
    for settings, is_on in ((OFF, False), (ON, True)):
        push(editor, {"mm-lsp": settings} if wrapped else settings)
        until(lambda: speaks(editor) is is_on)  # noqa: B023  called at once
    assert not [message for message in editor.received if message.get("method") == "workspace/configuration"]


@pytest.mark.parametrize("settings", [None, 3, [], "x", {"mm-lsp": None}, {"mm-lsp": 3}, {"other-server": {"a": 1}}])
def test_a_push_of_nothing_for_us_changes_nothing(shared, settings):
    editor = shared()
    before = editor.messages()
    push(editor, settings)
    assert speaks(editor)
    assert editor.messages() == before


def test_an_editor_that_never_answers_costs_no_more_than_a_second_or_so(start):
    editor = start(PULLS, answers={"workspace/configuration": None})
    at = editor.open_at("x = |\n")
    number = editor.ask_inline(at, AUTOMATIC)
    assert len(editor.wait(number, 4)["result"]["items"]) == 1


def test_a_push_while_the_model_client_is_being_made_is_not_lost(start, model):
    editor = start()
    push(editor, {"mm-lsp": {"model": {"name": "pushed"}}})
    until(lambda: speaks(editor) and model.requests[-1].body["model"] == "pushed")
    time.sleep(1)
    assert speaks(editor)
    assert model.requests[-1].body["model"] == "pushed"


def test_a_key_beside_an_address_that_cannot_be_used_goes_nowhere(start):
    editor = start(url="127.0.0.1:1/v1", MM_LSP_API_KEY="sk-of-the-other-one", options={"longRequests": True})
    sentence = until(lambda: editor.messages() and editor.messages()[0])
    assert "must begin with http:// or https://" in sentence
    error = editor.refusal(editor.ask("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri}))
    assert error["message"].startswith("No API key.")


def test_what_was_switched_off_does_not_speak_from_memory(start):
    editor = start()
    at = editor.open_at("x = |\n")
    assert editor.inline(at)
    push(editor, {"mm-lsp": {"completion": {"enabled": False}}})
    until(lambda: not editor.inline(at))
    assert "switched off" in editor.messages()[-1]


def test_a_change_does_not_end_what_is_under_way(start, model, first):
    model.default = Reply((Stall(),))
    editor = start(options={"longRequests": True})
    number = editor.ask("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri})
    model.wait_for(first + 1)
    push(editor, {"completion": {"params": {"temperature": 0.1}}})
    model.default = reply("<completion>1</completion>")
    until(lambda: speaks(editor) and model.requests[-1].body.get("temperature") == 0.1)
    assert model.requests[first].closed_at is None
    editor.cancel(number)
    model.wait_closed(first)


# Settings that a workspace's own files must not decide


PROTECTED = [
    ("model.base_url", "http://192.0.2.1/v1"),
    ("model.api_key", "sk-from-the-workspace"),
    ("model.api_key_command", "touch owned"),
    ("model.headers", {"X-Leak": "1"}),
    ("model.proxy", "http://192.0.2.1:3128"),
    ("model.ca_bundle", "/workspace/ca.pem"),
    ("trust", "trusted"),
    ("privacy.ignore", ["*.nothing"]),
    ("privacy.redact", False),
    ("local.model", "other"),
    ("log.prompts", True),
    ("budget.daily", 1000),
]


def nested(name: str, value):
    head, _, rest = name.partition(".")
    return {head: nested(rest, value) if rest else value}


@pytest.mark.parametrize(("by_pull", "spelling"), [(True, "nested"), (False, "dotted"), (False, "camelCase")])
def test_protected_settings_from_the_workspace_are_named_and_ignored(start, model, by_pull, spelling):
    everything = {}
    for name, value in PROTECTED:
        group, _, last = name.partition(".")
        words = last.split("_")
        camel = ".".join(filter(None, [group, words[0] + "".join(map(str.title, words[1:]))]))
        here = nested(name, value) if spelling == "nested" else {name if spelling == "dotted" else camel: value}
        for key, inner in here.items():
            everything[key] = {**everything[key], **inner} if isinstance(inner, dict) and key in everything else inner
    editor = start(PULLS if by_pull else None, answers=answering(everything))
    if not by_pull:
        push(editor, {"mm-lsp": everything})
    (message,) = until(editor.messages)
    for name, _ in PROTECTED:
        shown = name if name.startswith(("model", "log", "trust")) else name.partition(".")[0]
        assert f"The setting {shown} (workspace/configuration) is protected" in message
    assert "sk-from-the-workspace" not in message
    assert speaks(editor)
    headers = model.requests[-1].headers
    assert "authorization" not in headers
    assert "x-leak" not in headers


def test_the_endpoint_cannot_be_changed_by_the_workspace(start, model):
    editor = start(options={"longRequests": True})
    push(editor, {"mm-lsp": {"model": {"base_url": "http://192.0.2.1/v1"}}})
    (message,) = until(editor.messages)
    assert "model.base_url" in message
    before = len(model.requests)
    assert speaks(editor)
    assert len(model.requests) == before + 1
