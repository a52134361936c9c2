"""Servers and a scripted model for the end-to-end tests."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Editor
from tests.support.model_server import ModelServer, reply
from tests.support.raw_client import Json

Start = Callable[..., Editor]


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(model_server: ModelServer) -> ModelServer:
    """The module's model server, which has forgotten what other tests made it say."""
    model_server.default = reply("<completion>unscripted</completion>")
    return model_server


@pytest.fixture
def first(model: ModelServer) -> int:
    """The number that the test's first request to the model gets."""
    return len(model.requests)


@contextmanager
def _starting(directory: Path, model: ModelServer) -> Iterator[Start]:
    numbers = itertools.count(1)
    with ExitStack() as running:

        def start(
            capabilities: Json | None = None,
            options: Any = None,
            *,
            url: str | None = model.url,
            args: tuple[str, ...] = (),
            config: str | bytes = "",
            initialize: bool = True,
            params: Json | None = None,
            answers: Json | None = None,
            **environment: str,
        ) -> Editor:
            """A server and its editor; `config` is the user's settings file, `answers` those of the editor."""
            home = directory / f"home{next(numbers)}"
            if config:
                file = home / "XDG_CONFIG_HOME" / "mm-lsp" / "config.toml"
                file.parent.mkdir(parents=True)
                file.write_bytes(config if isinstance(config, bytes) else config.encode())
            editor = running.enter_context(Editor(home, url, args, **environment))
            editor.answers |= answers or {}
            if initialize:
                editor.initialize(capabilities, options, **(params or {}))
            return editor

        yield start


@pytest.fixture
def start(tmp_path: Path, model: ModelServer) -> Iterator[Start]:
    """Starts servers that end with the test."""
    with _starting(tmp_path, model) as starting:
        yield starting


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, model_server: ModelServer) -> Iterator[Start]:
    """As `start`, but the same call gives the same server, as long as it lives, to all tests of the module."""
    running: dict[str, Editor] = {}
    with _starting(tmp_path_factory.mktemp("homes"), model_server) as starting:

        def start(*args: Any, **options: Any) -> Editor:
            key = repr((args, options))
            if key not in running or running[key].process.poll() is not None:
                running[key] = starting(*args, **options)
            return running[key]

        yield start
