"""Settings out of their sources, and what is wrong with them: a wrong value or an unknown name never stops anything,
the next weaker value stands."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError

from mm_lsp.options.names import in_snake_case, overlaid
from mm_lsp.options.schema import Options, Table, setting_names
from mm_lsp.redact import MASK, mask
from mm_lsp.settings import (
    DEFAULT_BASE_URL,
    BudgetSettings,
    CompletionSettings,
    LogSettings,
    ModelSettings,
    RulesSettings,
    Settings,
)
from mm_lsp.untyped import table

SourceName = Literal["user file", "environment", "initializationOptions", "workspace/configuration"]

# A workspace's own files can fill workspace/configuration: nothing there may say where text or a key goes,
# what is private, what is trusted or what may be spent.
PROTECTED = (
    "model.base_url",
    "model.api_key",
    "model.api_key_command",
    "model.headers",
    "model.proxy",
    "model.ca_bundle",
    "trust",
    "privacy",
    "local",
    "log.prompts",
    "budget",
)
_KEYS = ("api_key", "api_key_command")
_SECRET = ("model.api_key", "model.headers", "model.proxy")


class Source(NamedTuple):
    """One place that settings come from; `values` nested, dotted or both, in snake_case or camelCase."""

    name: SourceName
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a setting that the user should mend; `str()` is the sentence to show."""

    setting: str
    source: SourceName
    what: str

    def __str__(self) -> str:
        return f"The setting {self.setting} ({self.source}) {self.what}"


class Resolved(NamedTuple):
    """`api_key_command` is to be run by whoever may run programs, if it is not None. `origins`: which source each
    setting that was written comes from."""

    settings: Settings
    api_key_command: str | None
    problems: list[Problem]
    origins: dict[str, SourceName]


def resolve(sources: Sequence[Source]) -> Resolved:
    """The settings in force out of `sources`, weakest first."""
    problems: list[Problem] = []
    accepted: list[Table] = []
    for source in sources:
        try:
            values = copy.deepcopy(in_snake_case(source.values, Options))
        except RecursionError:
            problems.append(Problem("*", source.name, "is nested too deeply and is left out."))
            accepted.append({})
            continue
        if source.name == "workspace/configuration":
            values, refused = _without_protected(values)
            problems += refused
        named = "base_url" in table(values.get("model"))
        values, wrong = _checked(values, source.name)
        problems += wrong
        if named and "base_url" not in table(values.get("model")):
            values = _without_key(values)
        accepted.append(values)
    merged: Table = {}
    for values in accepted:
        merged = overlaid(merged, values)
    options = Options.model_validate(merged)
    key, command = _key_beside_endpoint(accepted)
    origins: dict[str, SourceName] = {
        name: source.name
        for source, values in zip(sources, accepted, strict=False)
        for name in setting_names()
        if _is_written(values, name)
    }
    return Resolved(_settings(options, key), command, problems, origins)


def _is_written(values: Table, name: str) -> bool:
    *groups, last = name.split(".")
    for group in groups:
        values = table(values.get(group))
    return last in values and values[last] not in ({}, [])


def _without_key(values: Table) -> Table:
    """A key that was written beside an address which can't be used goes nowhere else."""
    model = {name: value for name, value in table(values.get("model")).items() if name not in _KEYS}
    return {**values, "model": model} if model or "model" in values else values


def _settings(options: Options, api_key: str | None) -> Settings:
    model, completion = options.model, options.completion
    debounce = completion.debounce_ms
    return Settings(
        model=ModelSettings(
            base_url=model.base_url.rstrip("/"),
            api_key=api_key,
            name=model.name,
            headers=model.headers,
            proxy=model.proxy or None,
            ca_bundle=model.ca_bundle or None,
            connect_timeout=model.timeout.connect,
            idle_timeout=model.timeout.idle,
            total_timeout=model.timeout.total,
            params=model.params.given(),
        ),
        completion=CompletionSettings(
            enabled=completion.enabled,
            automatic=completion.automatic,
            languages=completion.languages,
            model=completion.model or None,
            params=completion.params.given(),
            debounce_ms=None if debounce == "adaptive" else debounce,
            max_lines=completion.max_lines,
            max_tokens=completion.max_tokens,
            context_tokens=completion.context_tokens,
            automatic_budget_ms=completion.time_budget_ms.automatic,
            invoked_budget_ms=completion.time_budget_ms.invoked,
            fallback=completion.fallback,
        ),
        models={name: facts.model_dump(exclude_none=True) for name, facts in options.models.items()},
        budget=BudgetSettings(options.budget.daily, options.budget.currency),
        rules=RulesSettings(
            enabled=options.rules.enabled,
            max_bytes=options.rules.max_bytes,
            policy=options.rules.policy,
            families=options.rules.chosen_families(),
            in_completion=options.rules.in_completion,
        ),
        log=LogSettings(options.log.level, options.log.file or None, options.log.prompts),
        trust=options.trust,
        ignore=tuple(options.privacy.ignore),
        redact=options.privacy.redact,
        preview=options.privacy.preview,
        answers_language=options.answers.language,
    )


def _key_beside_endpoint(accepted: Sequence[Table]) -> tuple[str | None, str | None]:
    """The key and the command of the strongest source that has one, unless a still stronger source moved the
    endpoint: a key goes only where the one who wrote it could see that it would go."""
    key: str | None = None
    command: str | None = None
    endpoint = DEFAULT_BASE_URL
    for values in accepted:
        model = table(values.get("model"))
        named = str(model.get("base_url", endpoint)).rstrip("/")
        if named != endpoint:
            endpoint, key, command = named, None, None
        if model.get("api_key"):
            key, command = str(model["api_key"]).strip() or None, None
        elif model.get("api_key_command"):
            key, command = None, str(model["api_key_command"])
    return key, command


# ---------------------------------------------------------------- problems


def _without_protected(values: Table) -> tuple[Table, list[Problem]]:
    """`values` loses what only the user may decide."""
    problems: list[Problem] = []
    for name in PROTECTED:
        *groups, last = name.split(".")
        place = values
        for group in groups:
            place = table(place.get(group))
        if last not in place:
            continue
        value = place.pop(last)
        if value not in ("", {}, []) and not _is_default(value, _default(name)):
            what = (
                "is protected and was ignored: set it in the user file, the environment or your editor's own options."
            )
            problems.append(Problem(name, "workspace/configuration", what))
    return values, problems


def _is_default(value: Any, default: Any) -> bool:
    """Editors send what their own settings page shows: the defaults, or some of them."""
    if isinstance(value, dict) and isinstance(default, dict):
        given, known = table(value), table(default)
        return all(name in known and _is_default(given[name], known[name]) for name in given)
    return value == default


def _default(name: str) -> Any:
    value: Any = Options()
    for part in name.split("."):
        value = getattr(value, part)
    return value.model_dump() if isinstance(value, BaseModel) else value


def _checked(values: Table, source: SourceName) -> tuple[Table, list[Problem]]:
    """The values that the schema takes, and a problem for each that it doesn't."""
    problems: dict[str, Problem] = {}
    try:
        Options.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        paths = [_path_in(values, fault["loc"]) for fault in faults]
        for path, fault in zip(paths, faults, strict=True):
            name = ".".join(path)
            if name not in problems:  # a union complains once a branch
                problems[name] = Problem(name, source, _what(name, fault["type"], fault["msg"], fault["input"]))
                _remove(values, path)
    return values, list(problems.values())


def _path_in(values: Table, location: Sequence[int | str]) -> list[str]:
    """The part of pydantic's location that names a place in `values` (the rest names a branch of a union)."""
    path: list[str] = []
    place = values
    for part in location:
        if part not in place:
            break
        path.append(str(part))
        place = table(place[str(part)])
    return path or [str(location[0])]


def _remove(values: Table, path: Sequence[str]) -> None:
    place: Any = values
    for part in path[:-1]:
        place = place[part]
    place.pop(path[-1], None)


def _what(name: str, kind: str, message: str, value: Any) -> str:
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(name, setting_names(), n=1, cutoff=0.6)
        hint = f" Did you mean {close[0]}?" if close else ""
        return f"is not known.{hint}"
    is_secret = (name == "model" and isinstance(value, str)) or name.startswith(_SECRET)
    shown = MASK if is_secret else mask(json.dumps(value, default=str, ensure_ascii=False)[:80])
    if name == "model.base_url":
        return f"is {shown}, but must begin with http:// or https://. It is left out, with the key beside it."
    wanted = message[:1].lower() + message[1:]
    return f"is {shown}, but {wanted}. It is left out; the default or a weaker source stands."
