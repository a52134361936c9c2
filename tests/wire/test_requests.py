"""What goes out."""

from typing import Any

import pytest

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import Refused
from tests.support.model_server import ModelServer, Reply, reply

from .calls import events_of, model_at, pool, request, settings_for, tasks, text_of, until

pytestmark = pytest.mark.asyncio


async def test_the_body_is_a_streamed_chat_completion(server: ModelServer) -> None:
    async with model_at(server) as model:
        await events_of(model, request("Größe 😀"))
    (sent,) = server.requests
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.body == {
        "model": "minimax/minimax-m2.1",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "Größe 😀"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 77,
        "temperature": 1.0,
        "top_p": 0.95,
    }
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["accept"] == "text/event-stream"
    assert sent.headers["accept-encoding"] == "identity"
    assert "authorization" not in sent.headers


async def test_a_key_is_sent_as_a_bearer_and_headers_are_added(server: ModelServer) -> None:
    async with model_at(server, api_key="k1", headers={"X-Team": "a", "User-Agent": "me"}) as model:
        await events_of(model)
    headers = server.requests[0].headers
    assert (headers["authorization"], headers["x-team"], headers["user-agent"]) == ("Bearer k1", "a", "me")


@pytest.mark.parametrize(
    ("feature", "completion", "params", "expected"),
    [
        ("explain", {"model": "small"}, {}, {"model": "big"}),
        ("edit", {"model": "small"}, {}, {"model": "big"}),
        ("completion", {"model": "small"}, {}, {"model": "small"}),
        ("completion", {}, {}, {"model": "big"}),
        ("explain", {"params": {"top_p": 0.5}}, {"seed": 1}, {"seed": 1, "top_p": None}),
        ("completion", {"params": {"top_p": 0.5}}, {"seed": 1}, {"seed": 1, "top_p": 0.5}),
        ("completion", {"params": {"seed": 2}}, {"seed": 1}, {"seed": 2}),
        ("explain", {}, {"logit_bias": {"5": -1}, "stop": ["x"]}, {"logit_bias": {"5": -1}, "stop": ["x"]}),
        ("explain", {}, {"max_tokens": 5}, {"max_tokens": 5}),
        ("explain", {}, {"model": "x", "stream": False, "messages": []}, {"model": "big", "stream": True}),
        ("completion", {"params": {"model": "x"}}, {}, {"model": "big"}),
    ],
)
async def test_model_and_parameters_of_each_feature(
    server: ModelServer, feature: Any, completion: dict[str, Any], params: dict[str, Any], expected: dict[str, Any]
) -> None:
    async with model_at(server, completion=completion, name="big", params=params) as model:
        await events_of(model, request(feature=feature))
    assert {name: server.requests[0].body.get(name) for name in expected} == expected


async def test_half_a_character_in_a_file_is_no_reason_to_fail(server: ModelServer) -> None:
    async with model_at(server) as model:
        assert await text_of(model, request("a\ud83db")) == "ok"
    assert server.requests[0].body["messages"][1]["content"] == "a?b"


async def test_two_questions_one_after_the_other_share_a_connection(server: ModelServer) -> None:
    async with model_at(server) as model:
        await events_of(model)
        await until(lambda: not tasks())
        first = pool(model)
        await events_of(model)
        await until(lambda: not tasks())
        assert pool(model) == first
        assert len(first) == 1
        assert first[0].is_idle()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_loopback_is_never_asked_through_a_proxy(
    server: ModelServer, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv(variable.lower(), "http://127.0.0.1:9")
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
        model = OpenAIModel(settings_for(url))
        assert await text_of(model) == "ok"
        await model.aclose()


async def test_a_proxy_that_is_set_is_used(server: ModelServer) -> None:
    with ModelServer(reply("by proxy")) as proxy:
        async with model_at(server, proxy=proxy.url.removesuffix("/v1")) as model:
            assert await text_of(model) == "by proxy"
    assert server.requests == []


async def test_redirects_are_not_followed_and_the_key_stays_here(server: ModelServer) -> None:
    with ModelServer() as elsewhere:
        server.script(Reply(status=307, headers={"location": f"{elsewhere.url}/chat/completions"}, body=b""))
        async with model_at(server, api_key="k1") as model:
            with pytest.raises(Refused, match=r"correct model\.base_url"):
                await events_of(model)
        assert elsewhere.requests == []
