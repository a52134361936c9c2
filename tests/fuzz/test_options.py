"""Settings of any shape never raise, and never weaken what is protected."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mm_lsp.options import Source, resolve, setting_names
from mm_lsp.options.sources import SourceName
from mm_lsp.redact import mask
from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.server.configuration import client_options
from mm_lsp.settings import Settings

from .pieces import json_values

SOURCES: list[SourceName] = ["user file", "environment", "initializationOptions", "workspace/configuration"]
DOTTED = setting_names()
PARTS = sorted({part for name in DOTTED for part in name.split(".")})
NAMES = [
    *DOTTED,
    *PARTS,
    "maxLines",
    "model.apiKey",
    "baseUrl",
    "completion.maxLines",
    ".",
    "..",
    "model.",
    ".model",
    "a.b",
]


def settings() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(NAMES), json_values(*NAMES), max_size=6)


def deep(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@given(st.lists(st.tuples(st.sampled_from(SOURCES), settings()), max_size=4))
@example([("user file", {"model": 5, "model.name": "x"})])
@example([("user file", {"model.name": "x", "model": 5})])
def test_any_values_give_settings_and_sentences(sources: list[tuple[SourceName, dict[str, Any]]]) -> None:
    before = json.dumps([values for _, values in sources])
    resolved = resolve([Source(name, values) for name, values in sources])
    assert isinstance(resolved.settings, Settings)
    assert all(str(problem).startswith("The setting ") for problem in resolved.problems)
    assert json.dumps([values for _, values in sources]) == before
    hash((resolved.settings.model.base_url, resolved.settings.model.api_key, resolved.settings.ignore))


@pytest.mark.parametrize("name", ["actions.x", "model.params", "completion", "nonsense", "privacy", "model.api_key"])
@pytest.mark.parametrize("source", SOURCES)
def test_values_nested_as_deep_as_json_can_be_are_read_too(name: str, source: SourceName) -> None:
    resolved = resolve([Source("user file", {name: deep(800)}), Source(source, {name: deep(800)})])
    assert isinstance(resolved.settings, Settings)


@given(settings(), settings())
def test_a_workspace_changes_nothing_that_is_protected(user: dict[str, Any], workspace: dict[str, Any]) -> None:
    alone = resolve([Source("user file", user)])
    both = resolve([Source("user file", user), Source("workspace/configuration", workspace)])
    for name in ("base_url", "api_key", "headers", "proxy", "ca_bundle"):
        assert repr(getattr(both.settings.model, name)) == repr(getattr(alone.settings.model, name))
    assert both.api_key_command == alone.api_key_command
    assert (both.settings.trust, both.settings.ignore) == (alone.settings.trust, alone.settings.ignore)
    assert both.settings.log.prompts == alone.settings.log.prompts


@given(settings())
def test_what_was_taken_once_is_taken_again_without_a_problem(values: dict[str, Any]) -> None:
    source = Source("user file", values)
    assert repr(resolve([source, source]).settings) == repr(resolve([source]).settings)


CAPABILITIES = (
    "capabilities", "textDocument", "workspace", "window", "general", "positionEncodings", "codeAction", "completion",
    "resolveSupport", "properties", "tagSupport", "valueSet", "completionItem", "documentationFormat", "showDocument",
    "support", "workspaceEdit", "documentChanges", "inlineCompletion", "clientInfo", "name", "locale", "longRequests",
    "mm-lsp",
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(CAPABILITIES), json_values(*CAPABILITIES), max_size=6), json_values(*CAPABILITIES)
)
def test_any_capabilities_give_a_profile(params: dict[str, Any], initialization: Any) -> None:
    options, values = client_options(initialization)
    profile = ClientProfile.of(params, options)
    assert profile.encoding in ("utf-8", "utf-16", "utf-32")
    assert isinstance(values, dict)
    hash(profile)


@given(st.text(), st.lists(st.one_of(st.none(), st.text(max_size=3))))
def test_masking_never_shows_a_secret(text: str, secrets: list[str | None]) -> None:
    masked = mask(text, *secrets)
    assert all(not secret or secret not in masked or secret in "***" for secret in secrets if secret != "*")
