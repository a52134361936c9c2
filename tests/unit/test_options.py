"""Settings: what is taken, from where, and the sentence for what is not."""

from typing import Any

import pytest

from mm_lsp.options import Options, Problem, Resolved, Source, resolve, setting_names
from mm_lsp.options.sources import SourceName
from mm_lsp.settings import DEFAULT_BASE_URL, DEFAULT_MODEL, Settings

USER: SourceName = "user file"
ENVIRONMENT: SourceName = "environment"
EDITOR: SourceName = "initializationOptions"
WORKSPACE: SourceName = "workspace/configuration"
ORDER = (USER, ENVIRONMENT, EDITOR, WORKSPACE)


def resolved(*values: dict[str, Any], name: SourceName = USER) -> Resolved:
    return resolve([Source(name, value) for value in values])


def test_without_sources_the_defaults_of_settings_and_options_agree() -> None:
    assert resolve([]) == (Settings(), None, [], {})
    assert (Options().model.base_url, Options().model.name) == (DEFAULT_BASE_URL, DEFAULT_MODEL)


# Section 2 of the contract: every name of its table, and its default.
CONTRACT = {
    "model.base_url": "https://wcode.net/api/gpt/v1", "model.api_key": None, "model.api_key_command": None,
    "model.name": "minimax/minimax-m2.1", "model.headers": {}, "model.proxy": None, "model.ca_bundle": None,
    "model.timeout.connect": 10, "model.timeout.idle": 60, "model.timeout.total": 600, "model.params": {}, "models": {},
    "completion.enabled": True, "completion.automatic": True, "completion.languages": {}, "completion.model": None,
    "completion.params": {}, "completion.lanes": ["instant", "model"], "completion.instant_confidence": 0.7,
    "completion.instant_min_chars": 4, "completion.debounce_ms": "adaptive", "completion.max_lines": 30,
    "completion.max_tokens": 2048, "completion.context_tokens": 4000, "completion.candidates": 1,
    "completion.time_budget_ms.automatic": 8000, "completion.time_budget_ms.invoked": 30000,
    "completion.fallback": "auto", "context.workspace": True, "context.max_files": 20000, "rules.enabled": True,
    "rules.policy": "merge", "rules.families": "all", "rules.max_bytes": 32768, "rules.in_completion": False,
    "privacy.redact": True, "privacy.ignore": [], "privacy.preview": False, "trust": "ask", "budget.daily": 5,
    "budget.currency": "CNY", "local.model": "qwen2.5-coder-0.5b", "local.idle_minutes": 15, "local.threads": None,
    "local.on_battery": False, "actions": {}, "answers.language": "auto", "log.level": "info", "log.file": None,
    "log.prompts": False,
}  # fmt: skip


def test_every_name_of_the_contract_is_known_and_no_other() -> None:
    assert sorted(setting_names()) == sorted(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_defaults_are_those_of_the_contract(name: str) -> None:
    value: Any = Options()
    for part in name.split("."):
        value = getattr(value, part)
    assert (value.given() if name.endswith(".params") else value) == CONTRACT[name]


@pytest.mark.parametrize("name", [name for name, default in CONTRACT.items() if default is not None])
def test_every_default_may_be_written_out_in_every_spelling(name: str) -> None:
    nested: Any = CONTRACT[name]
    for part in reversed(name.split(".")):
        nested = {part: nested}
    for values in (nested, {name: CONTRACT[name]}, {camel(name): CONTRACT[name]}):
        assert resolved(values)[:3] == (Settings(), None, [])
        assert resolved(values, name=WORKSPACE)[:3] == (Settings(), None, [])


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


@pytest.mark.parametrize(
    "values",
    [
        {"model": {"timeout": {"idle": 5}}, "completion": {"max_lines": 7}},
        {"model.timeout.idle": 5, "completion.max_lines": 7},
        {"model": {"timeout.idle": 5}, "completion.maxLines": 7},
        {"model.timeout": {"idle": 5}, "completion": {"maxLines": 7}},
        {"model": {"timeout": {"idle": "5"}}, "completion": {"max_lines": "7"}},
        {"model": {"timeout": {"idle": 5}}, "model.timeout.connect": 10, "completion": {"maxLines": 7, "model": None}},
    ],
)
def test_names_nested_dotted_and_in_camel_case_are_the_same(values: dict[str, Any]) -> None:
    settings, _, problems, _ = resolved(values)
    assert (settings.model.idle_timeout, settings.completion.max_lines, problems) == (5, 7, [])


def test_keys_of_tables_are_not_renamed() -> None:
    values = {
        "completion": {
            "languages": {"plainText": False, "objective-c": True},
            "params": {"topP": 1, "aB": {"cD": 2}, "e": None},
        },
        "model.headers": {"X-Team": "a"},
        "model": {"params": {"logit_bias": {"5": 1}}},
    }
    settings, _, problems, _ = resolved(values)
    assert problems == []
    assert settings.completion.languages == {"plainText": False, "objective-c": True}
    assert settings.completion.params == {"top_p": 1, "aB": {"cD": 2}}
    assert (settings.model.headers, settings.model.params) == ({"X-Team": "a"}, {"logit_bias": {"5": 1}})


@pytest.mark.parametrize(
    "values",
    [
        {"model": None},
        {"model": {"name": None}},
        {"model.name": None},
        {"completion": {"time_budget_ms": None, "maxLines": None}},
        {"completion.time_budget_ms.automatic": None},
        {"nonsense": None},
    ],
)
def test_null_means_unset(values: dict[str, Any]) -> None:
    assert resolved(values)[:3] == (Settings(), None, [])
    assert resolved({"model.name": "mine"}, values).settings.model.name == "mine"


@pytest.mark.parametrize("strongest", range(4))
def test_the_strongest_source_that_says_something_wins(strongest: int) -> None:
    sources = [Source(name, {"completion.max_lines": 10 + n}) for n, name in enumerate(ORDER[: strongest + 1])]
    silent = [Source(name, {"completion.automatic": False}) for name in ORDER[strongest + 1 :]]
    settings = resolve(sources + silent).settings
    assert (settings.completion.max_lines, settings.completion.automatic) == (10 + strongest, strongest == 3)


def test_tables_of_several_sources_are_merged_and_lists_are_not() -> None:
    settings = resolved(
        {"completion.languages": {"python": False, "c": False}, "privacy.ignore": ["a", "b"]},
        {"completion.languages": {"c": True}, "privacy.ignore": ["c"]},
    ).settings
    assert settings.completion.languages == {"python": False, "c": True}
    assert settings.ignore == ("c",)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://example.org/v1", "https://example.org/v1"),
        ("https://example.org/v1/", "https://example.org/v1"),
        (" http://localhost:8000 ", "http://localhost:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("example.org", None),
        ("ftp://example.org", None),
        ("https://", None),
        ("https:///v1", None),
        ("", None),
        (5, None),
    ],
)
def test_a_base_url_is_an_address(url: Any, taken: str | None) -> None:
    settings, _, problems, _ = resolved({"model.base_url": url})
    assert settings.model.base_url == (taken or DEFAULT_BASE_URL)
    assert [problem.setting for problem in problems] == ([] if taken else ["model.base_url"])


@pytest.mark.parametrize(
    ("values", "setting", "words"),
    [
        ({"model": 5}, "model", "is 5, but"),
        ({"model": []}, "model", "is [], but"),
        ({"completion": "on"}, "completion", 'is "on", but'),
        ({"completion.enabled": "perhaps"}, "completion.enabled", 'is "perhaps", but input should be a valid boolean'),
        ({"completion.maxLines": 0}, "completion.max_lines", "is 0, but input should be greater than or equal to 1"),
        ({"completion.max_lines": 501}, "completion.max_lines", "less than or equal to 500"),
        ({"completion.fallback": "yes"}, "completion.fallback", "'auto', 'always' or 'never'"),
        ({"completion.lanes": ["fast"]}, "completion.lanes", "'instant' or 'model'"),
        ({"completion.languages": {"c": "never"}}, "completion.languages.c", "valid boolean"),
        ({"completion.debounce_ms": "fast"}, "completion.debounce_ms", 'is "fast", but'),
        ({"completion.debounce_ms": -1}, "completion.debounce_ms", "is -1, but"),
        ({"rules.families": {"claude": "x"}}, "rules.families", "but"),
        ({"rules.families": 5}, "rules.families", "is 5, but"),
        ({"model.timeout.idle": 0}, "model.timeout.idle", "greater than 0"),
        ({"model.timeout": 5}, "model.timeout", "is 5, but"),
        ({"model.name": ""}, "model.name", 'is "", but'),
        ({"model.headers": {"X": 5}}, "model.headers.X", "is ***, but"),
        ({"model.api_key": {"a": "secret"}}, "model.api_key", "is ***, but"),
        ({"trust": "yes"}, "trust", "'trusted', 'restricted' or 'ask'"),
        ({"privacy.ignore": "*.sql"}, "privacy.ignore", "valid list"),
        ({"privacy.ignore": ["a", 5]}, "privacy.ignore", "valid string"),
        ({"log.level": "loud"}, "log.level", "'debug', 'info', 'warning' or 'error'"),
        ({"local.threads": 0}, "local.threads", "is 0, but"),
        ({"models": {"m": 5}}, "models.m", "is 5, but"),
        ({"completion.maxline": 5}, "completion.maxline", "is not known. Did you mean completion.max_lines?"),
        ({"model.key": "x"}, "model.key", "is not known."),
        ({"temperature": 1}, "temperature", "is not known."),
        ({"": 1}, "", "is not known."),
        ({"completion.max_lines.x": 1}, "completion.max_lines", "but"),
    ],
)
def test_a_wrong_value_or_name_is_told_in_one_sentence_and_the_rest_stands(
    values: dict[str, Any], setting: str, words: str
) -> None:
    beside = {"completion": {"max_tokens": 99}, "rules": {"max_bytes": 77}, "log": {"file": "/f"}}
    settings, _, problems, _ = resolved(
        {**values, **{name: value for name, value in beside.items() if name not in values}}
    )
    assert [(problem.setting, problem.source) for problem in problems] == [(setting, USER)]
    assert words in problems[0].what
    assert str(problems[0]).startswith(f"The setting {setting} (user file) is ")
    assert settings.completion.max_tokens in (99, 2048 if "completion" in values else 99)
    assert settings.rules.max_bytes == 77
    assert settings.log.file == "/f"


@pytest.mark.parametrize(
    ("group", "wrong", "right"),
    [
        ("completion", {"debounce_ms": "fast"}, {"max_lines": 7}),
        ("completion", {"enabled": "perhaps"}, {"max_lines": 7}),
        ("completion", {"lanes": ["a", "b", 5]}, {"max_lines": 7}),
        ("completion", {"languages": {"c": "x", "d": "y"}}, {"max_lines": 7}),
        ("completion", {"debounce_ms": [], "lanes": 5, "nonsense": 1}, {"max_lines": 7}),
        ("rules", {"families": {"a": "x"}}, {"max_bytes": 7}),
        ("rules", {"families": ["a", 5]}, {"max_bytes": 7}),
    ],
)
def test_one_wrong_value_takes_no_other_with_it(group: str, wrong: dict[str, Any], right: dict[str, Any]) -> None:
    settings, _, problems, _ = resolved({group: {**wrong, **right}})
    assert {name: getattr(getattr(settings, group), name) for name in right} == right
    assert {problem.setting.split(".")[1] for problem in problems} == set(wrong)


def test_of_a_wrong_value_the_weaker_one_stands() -> None:
    settings, _, problems, _ = resolved({"completion.max_lines": 7}, {"completion.max_lines": "many"})
    assert settings.completion.max_lines == 7
    assert [problem.setting for problem in problems] == ["completion.max_lines"]


def test_a_problem_never_shows_a_long_value() -> None:
    (problem,) = resolved({"completion.fallback": "x" * 10_000}).problems
    assert isinstance(problem, Problem)
    assert len(str(problem)) < 300


@pytest.mark.parametrize("name", ORDER)
def test_what_was_given_is_not_changed(name: SourceName) -> None:
    values = {"models": {"m": 5}, "completion": {"languages": {"c": "x"}, "max_lines": 0}, "privacy": {"preview": True}}
    resolve([Source(name, values)])
    assert values == {
        "models": {"m": 5},
        "completion": {"languages": {"c": "x"}, "max_lines": 0},
        "privacy": {"preview": True},
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", True), ("temperature", "1"), ("temperature", 2.1), ("top_p", -0.1), ("top_k", "40"),
        ("top_k", 1.5), ("top_k", -1), ("frequency_penalty", 3), ("presence_penalty", -3), ("repetition_penalty", 2.5),
        ("min_p", 2),
        ("top_a", 2), ("seed", "5"), ("max_tokens", 0), ("logit_bias", {"5": 101}), ("logprobs", "yes"),
        ("top_logprobs", 21), ("response_format", "json"), ("structured_outputs", 1), ("stop", 5), ("tools", {}),
        ("tool_choice", 5), ("parallel_tool_calls", "no"), ("verbosity", "loud"),
    ],
)  # fmt: skip
def test_each_parameter_has_its_type_and_range(name: str, value: Any) -> None:
    settings, _, problems, _ = resolved({"model.params": {name: value, "other": 1}})
    assert problems
    assert all(problem.setting.startswith(f"model.params.{name}") for problem in problems)
    assert {key: given for key, given in settings.model.params.items() if given != {}} == {"other": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0), ("temperature", 1.5), ("top_k", 40), ("seed", -5), ("logit_bias", {"5": -100}),
        ("logprobs", True), ("stop", "x"), ("stop", ["x", "y"]), ("tool_choice", "auto"),
        ("tool_choice", {"type": "f"}),
        ("tools", [{"type": "function"}]), ("response_format", {"type": "json_object"}), ("verbosity", "low"),
    ],
)  # fmt: skip
def test_a_parameter_as_it_should_be_is_taken(name: str, value: Any) -> None:
    settings, _, problems, _ = resolved({"model.params": {name: value}})
    assert (settings.model.params, problems) == ({name: value}, [])
