"""How the tests in this folder ask."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

from mm_lsp.llm.network import client_for, tls_context
from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import Event, Feature, Message, ModelRequest, TextDelta
from mm_lsp.settings import CompletionSettings, ModelSettings, Settings
from tests.support.model_server import ModelServer


def request(text: str = "hello", feature: Feature = "explain", max_tokens: int = 77) -> ModelRequest:
    return ModelRequest((Message("system", "be brief"), Message("user", text)), feature, max_tokens)


def settings_for(url: str, completion: dict[str, Any] | None = None, **model: Any) -> Settings:
    return Settings(ModelSettings(base_url=url, **model), CompletionSettings(**(completion or {})))


@asynccontextmanager
async def model_at(server: ModelServer, connections: int | None = None, **model: Any):
    """A model client for the server; with a pool of its own size, if `connections` says so."""
    client = OpenAIModel(settings_for(server.url, **model))
    if connections is not None:
        await client.client.aclose()
        client.client = client_for(client.settings.model, tls_context(client.settings.model), connections)
    try:
        yield client
    finally:
        await client.aclose()


async def events_of(client: OpenAIModel, asked: ModelRequest | None = None) -> list[Event]:
    async with client.stream(asked or request()) as events:
        return [event async for event in events]


async def text_of(client: OpenAIModel, asked: ModelRequest | None = None) -> str:
    return "".join(event.text for event in await events_of(client, asked) if isinstance(event, TextDelta))


def pool(client: OpenAIModel) -> list[Any]:
    """The connections of httpcore's pools: the client's own, and that of a proxy."""
    transports = [client.client._transport, *client.client._mounts.values()]
    return [connection for one in transports if one is not None for connection in one._pool.connections]  # type: ignore[attr-defined]


def busy(client: OpenAIModel) -> list[str]:
    return [repr(connection) for connection in pool(client) if not connection.is_idle()]


async def until(true: Any, seconds: float = 5) -> None:
    """Waits until `true()`; the assertion that follows tells what was not."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def tasks() -> set[str]:
    """The names of the tasks that run, but for the test's own."""
    current = asyncio.current_task()
    return {task.get_name() for task in asyncio.all_tasks() if task is not current and not task.done()}
