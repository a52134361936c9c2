"""Gathering the settings from all their sources. Blocks (disk, a key command, heavy imports): call it in a thread."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from mm_lsp.redact import mask
from mm_lsp.settings import Settings
from mm_lsp.untyped import table
from mm_lsp.workspace.user_dirs import read_config

_ENVIRONMENT = {"MM_LSP_BASE_URL": "model.base_url", "MM_LSP_API_KEY": "model.api_key", "MM_LSP_MODEL": "model.name"}
_GROUPS = frozenset(
    (
        "model",
        "models",
        "completion",
        "context",
        "rules",
        "privacy",
        "trust",
        "budget",
        "local",
        "actions",
        "answers",
        "log",
    )
)
_COMMAND_SECONDS = 20

# Client options, which are no settings: what the client is, not what the user wishes.
CLIENT_OPTIONS = ("longRequests", "streamText", "statusNotifications", "suggestionNotifications")


class Loaded(NamedTuple):
    """`problems`: sentences for the user; `origins`: which source each setting that was written comes from."""

    settings: Settings
    problems: list[str]
    origins: Mapping[str, str]


def client_options(initialization_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(client options, settings) out of `initializationOptions`; settings may stand in a section `mm-lsp`."""
    given = dict(table(initialization_options))
    options = {name: given.pop(name) for name in CLIENT_OPTIONS if name in given}
    section = table(given.pop("mm-lsp", None))
    return options, {**given, **section}


def pushed_settings(pushed: Any) -> dict[str, Any]:
    """Ours out of a didChangeConfiguration: the section `mm-lsp`, or what stands beside it under names of ours; other
    servers' settings may lie in the same push."""
    given = table(pushed)
    if "mm-lsp" in given:
        return table(given["mm-lsp"])
    return {name: value for name, value in given.items() if name.partition(".")[0] in _GROUPS}


def load(initialization: Mapping[str, Any], workspace: Mapping[str, Any]) -> Loaded:
    """The settings in force, from the user file, the environment and what the client said."""
    from mm_lsp.options import Source, resolve  # pydantic: only after `initialize` has been answered

    user, fault = read_config()
    environment = {name: os.environ[variable] for variable, name in _ENVIRONMENT.items() if os.environ.get(variable)}
    resolved = resolve(
        [
            Source("user file", user),
            Source("environment", environment),
            Source("initializationOptions", initialization),
            Source("workspace/configuration", workspace),
        ]
    )
    problems = ([fault] if fault else []) + [str(problem) for problem in resolved.problems]
    settings = resolved.settings
    if resolved.api_key_command:
        key, fault = _key_from(resolved.api_key_command)
        settings = replace(settings, model=replace(settings.model, api_key=key))
        problems += [fault] if fault else []
    return Loaded(settings, problems, resolved.origins)


def _key_from(command: str) -> tuple[str | None, str | None]:
    """(key, None) or (None, what went wrong): what the program printed is never repeated."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, capture_output=True, timeout=_COMMAND_SECONDS, check=False, text=True)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return None, f"model.api_key_command could not be run ({type(error).__name__}): check {mask(command)[:80]}."
    key = done.stdout.strip()
    if done.returncode or not key:
        return None, f"model.api_key_command gave no key (exit code {done.returncode})."
    return key, None
