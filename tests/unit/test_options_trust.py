"""Settings that say where text and keys go: protected, and a key only beside its endpoint."""

from typing import Any

import pytest

from mm_lsp.options import PROTECTED, Options, Source, resolve
from mm_lsp.options.sources import SourceName
from mm_lsp.settings import DEFAULT_BASE_URL

from .test_options import EDITOR, ENVIRONMENT, ORDER, USER, WORKSPACE, camel, resolved

PROTECTED_VALUES: dict[str, Any] = {
    "model.base_url": "https://evil.example", "model.api_key": "stolen", "model.api_key_command": "cat ~/.ssh/id_rsa",
    "model.headers": {"X": "y"}, "model.proxy": "http://evil.example", "model.ca_bundle": "evil.pem",
    "trust": "trusted", "privacy.redact": False, "privacy.ignore": ["x"], "privacy.preview": True,
    "local.model": "evil", "local.idle_minutes": 1, "local.threads": 1, "local.on_battery": True, "log.prompts": True,
    "budget.daily": 1000, "budget.currency": "EUR",
}  # fmt: skip


def test_the_table_below_names_every_protected_setting() -> None:
    named = {next(p for p in PROTECTED if name == p or name.startswith(f"{p}.")) for name in PROTECTED_VALUES}
    assert named == set(PROTECTED)


@pytest.mark.parametrize("name", PROTECTED_VALUES)
@pytest.mark.parametrize("spelling", ["nested", "dotted", "camel"])
def test_a_workspace_cannot_say_a_protected_setting(name: str, spelling: str) -> None:
    value = PROTECTED_VALUES[name]
    if spelling == "nested":
        for part in reversed(name.split(".")):
            value = {part: value}
        values: dict[str, Any] = value
    else:
        values = {camel(name) if spelling == "camel" else name: value}
    got = resolved(values, {"completion.max_lines": 7}, name=WORKSPACE)
    assert got.settings == resolved({"completion.max_lines": 7}).settings
    assert got.api_key_command is None
    (problem,) = got.problems
    assert name.startswith(problem.setting)
    assert "protected" in str(problem)
    assert str(PROTECTED_VALUES[name]) not in str(problem)


@pytest.mark.parametrize("name", PROTECTED_VALUES)
@pytest.mark.parametrize("source", [USER, ENVIRONMENT, EDITOR])
def test_every_other_source_can(name: str, source: SourceName) -> None:
    got = resolved({name: PROTECTED_VALUES[name]}, name=source)
    assert got.problems == []


def test_an_editor_that_echoes_all_defaults_from_the_workspace_is_left_in_peace() -> None:
    assert resolved(Options().model_dump(), name=WORKSPACE).problems == []


@pytest.mark.parametrize("name", ["params", "timeout.idle", "name"])
def test_the_rest_of_the_model_is_the_workspaces_to_say(name: str) -> None:
    value: Any = {"params": {"seed": 1}, "timeout.idle": 5, "name": "other"}[name]
    assert resolved({f"model.{name}": value}, name=WORKSPACE).problems == []


# Which key goes out, for every way in which two or three sources can name keys and endpoints.
@pytest.mark.parametrize(
    ("sources", "key"),
    [
        ([{"key": "a"}], "a"),
        ([{"url": "x", "key": "a"}], "a"),
        ([{"key": "a"}, {"url": "x"}], None),
        ([{"url": "x"}, {"key": "a"}], "a"),
        ([{"url": "x", "key": "a"}, {"url": "y"}], None),
        ([{"url": "x", "key": "a"}, {"url": "y", "key": "b"}], "b"),
        ([{"url": "x", "key": "a"}, {"key": "b"}], "b"),
        ([{"key": "a"}, {"url": "x"}, {"key": "b"}], "b"),
        ([{"key": "a"}, {"key": "b"}, {"url": "x"}], None),
        ([{"key": "a"}, {"key": ""}], "a"),
        ([{"key": "a"}, {"key": None}], "a"),
        ([{"key": "a"}, {"url": None}], "a"),
        ([{"key": "a"}, {"url": "not an address"}], "a"),
        # The same endpoint named again is no other endpoint: editors send the default along.
        ([{"key": "a"}, {"url": DEFAULT_BASE_URL}], "a"),
        ([{"key": "a"}, {"url": DEFAULT_BASE_URL + "/"}], "a"),
        ([{"url": "https://x", "key": "a"}, {"url": "https://x/"}], "a"),
        ([{"url": "https://x", "key": "a"}, {"url": "https://y"}, {"url": "https://x"}], None),
    ],
)
def test_a_key_goes_only_to_the_endpoint_it_was_written_beside(sources: list[dict[str, Any]], key: str | None) -> None:
    names = {"url": "model.base_url", "key": "model.api_key", "command": "model.api_key_command"}
    given = [{names[name]: _address(name, value) for name, value in source.items()} for source in sources]
    got = resolve([Source(name, values) for name, values in zip(ORDER, given, strict=False)])
    assert got.settings.model.api_key == key
    commands = [{names["command"] if name == names["key"] else name: value for name, value in s.items()} for s in given]
    got = resolve([Source(name, values) for name, values in zip(ORDER, commands, strict=False)])
    assert (got.settings.model.api_key, got.api_key_command) == (None, key)


def _address(name: str, value: Any) -> Any:
    return f"https://{value}.example" if name == "url" and value in ("x", "y") else value


@pytest.mark.parametrize(
    ("weak", "strong", "expected"),
    [
        ({"model.api_key": "a"}, {"model.api_key_command": "c"}, (None, "c")),
        ({"model.api_key_command": "c"}, {"model.api_key": "a"}, ("a", None)),
        ({"model.api_key": "a", "model.api_key_command": "c"}, {}, ("a", None)),
        ({"model.api_key_command": "c"}, {"model.api_key_command": "d"}, (None, "d")),
    ],
)
def test_of_a_key_and_a_command_the_stronger_source_wins(
    weak: dict[str, Any], strong: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    got = resolved(weak, strong)
    assert (got.settings.model.api_key, got.api_key_command) == expected


@pytest.mark.parametrize("what", ["model.api_key", "model.api_key_command", "model.base_url"])
def test_a_workspace_can_neither_give_nor_take_a_key(what: str) -> None:
    workspace = Source(WORKSPACE, {what: "https://evil.example"})
    got = resolve([Source(ENVIRONMENT, {"model.api_key": "a"}), workspace])
    assert (got.settings.model.api_key, got.settings.model.base_url) == ("a", DEFAULT_BASE_URL)
    assert got.api_key_command is None


@pytest.mark.parametrize(
    ("values", "has"),
    [
        ({}, False),
        ({"model.api_key": "a"}, True),
        ({"model.base_url": "http://localhost:1"}, True),
        ({"model.base_url": DEFAULT_BASE_URL}, False),
        ({"model.base_url": DEFAULT_BASE_URL + "/"}, False),
    ],
)
def test_only_the_default_endpoint_needs_a_key(values: dict[str, Any], has: bool) -> None:
    assert resolved(values).settings.has_model is has


def test_secrets_are_not_in_the_settings_own_words() -> None:
    values = {"api_key": "hunter2", "headers": {"X": "hunter3"}, "proxy": "http://hunter4@h"}
    assert "hunter" not in repr(resolved({"model": values}).settings)


@pytest.mark.parametrize(
    ("weaker", "stronger", "endpoint", "key"),
    [
        ({}, {"model.base_url": "localhost:1/v1", "model.api_key": "k"}, DEFAULT_BASE_URL, None),
        ({"model.base_url": "localhost:1/v1", "model.api_key": "k"}, {}, DEFAULT_BASE_URL, None),
        ({"model.api_key": "k"}, {"model.base_url": "ftp://h"}, DEFAULT_BASE_URL, "k"),
        ({"model.api_key": "k"}, {"model.base_url": "ftp://h", "model.api_key": "l"}, DEFAULT_BASE_URL, "k"),
        ({"model.base_url": "x", "model.api_key": "k"}, {"model.base_url": "http://h/v1"}, "http://h/v1", None),
        ({"model.base_url": "x"}, {"model.base_url": "http://h", "model.api_key": "k"}, "http://h", "k"),
        ({"model.base_url": "x", "model.api_key_command": "c"}, {}, DEFAULT_BASE_URL, None),
    ],
)
def test_a_key_beside_an_address_that_cannot_be_used_goes_nowhere(
    weaker: dict[str, Any], stronger: dict[str, Any], endpoint: str, key: str | None
) -> None:
    got = resolve([Source(USER, weaker), Source(EDITOR, stronger)])
    assert (got.settings.model.base_url, got.settings.model.api_key, got.api_key_command) == (endpoint, key, None)
    assert any("must begin with http:// or https://" in str(problem) for problem in got.problems)


@pytest.mark.parametrize(
    ("values", "secret"),
    [({"model": "sk-verysecretkey123456"}, "verysecret"), ({"model.base_url": "ftp://u:pw123@h/x"}, "pw123")],
)
def test_what_may_be_a_secret_is_not_shown(values: dict[str, Any], secret: str) -> None:
    problems = resolve([Source(USER, values)]).problems
    assert problems
    assert not any(secret in str(problem) for problem in problems)
