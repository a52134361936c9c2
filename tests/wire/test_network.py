"""The way to the endpoint: certificates, proxies, headers, and the sentences about what stands in it."""

import asyncio
import base64
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from mm_lsp.llm.openai import OpenAIModel
from mm_lsp.messages import ModelError, Refused, TryAgain, Unreachable
from tests.e2e.harness import Editor
from tests.support.model_server import ModelServer, error_reply
from tests.support.proxy import Proxy, Relay

from .calls import model_at, pool, request, settings_for, tasks, text_of, until
from .conftest import certified

pytestmark = pytest.mark.asyncio

PASSWORD = "hunter2"
CREDENTIALS = f"user:{PASSWORD}"
BASIC = f"Basic {base64.b64encode(CREDENTIALS.encode()).decode()}"
ODD = (PASSWORD, BASIC, "\n", "Traceback", "Error", "httpx", "None", "_ssl.c", "EndOfStream", "mistake")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificates of the machine's user."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """model.test is on loopback, and no other name but localhost is anywhere; the names that were looked up."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        looked_up.append(name)
        if name == "model.test":
            return real("127.0.0.1", *args, **options)
        if name == "localhost" or name.replace(".", "").isdigit():
            return real(host, *args, **options)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return looked_up


@pytest.fixture
def proxy(server: ModelServer, tls_server: ModelServer) -> Iterator[Proxy]:
    """Knows model.test for plain requests and tls.test for tunnels."""
    with Proxy({"model.test": server.port, "tls.test": tls_server.port}) as running:
        yield running


@pytest.fixture
def strict_proxy(server: ModelServer, tls_server: ModelServer) -> Iterator[Proxy]:
    with Proxy({"model.test": server.port, "tls.test": tls_server.port}, CREDENTIALS) as running:
        yield running


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[ModelServer]:
    names = ("127.0.0.1", "localhost", "model.test", "tls.test")
    with ModelServer(tls=certified(authority, *names)) as running:
        yield running


PLAIN, SECURE = "http://model.test/v1", "https://tls.test/v1"
both_schemes = pytest.mark.parametrize("url", [PLAIN, SECURE], ids=["http", "https"])


@asynccontextmanager
async def model_for(url: str, **settings: Any):
    model = OpenAIModel(settings_for(url, **settings))
    try:
        yield model
    finally:
        await model.aclose()


async def failure(model: OpenAIModel) -> tuple[ModelError, int]:
    """The error that a question ends with, which is a sentence, and how many tries there were."""
    tries = 1
    try:
        async with model.stream(request()) as events:
            async for event in events:
                tries += isinstance(event, TryAgain)
    except ModelError as error:
        check(str(error))
        return error, tries
    raise AssertionError("it was answered")


def check(sentence: str) -> None:
    assert [words for words in ODD if words in sentence] == [], sentence
    assert sentence[0].isupper(), sentence
    assert sentence.partition(" It says:")[0][-1] in ".!?", sentence
    assert len(sentence) < 400


def nobody() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


# Certificates


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "model.test"])
async def test_a_bundle_in_the_settings_is_trusted(tls_server: ModelServer, ca_bundle: str, host: str) -> None:
    async with model_for(f"https://{host}:{tls_server.port}/v1", ca_bundle=ca_bundle) as model:
        assert await text_of(model) == "ok"


async def test_a_bundle_in_the_environment_is_trusted(
    tls_server: ModelServer, ca_bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_bundle)
    async with model_at(tls_server) as model:
        assert await text_of(model) == "ok"


async def test_a_bundle_in_the_settings_adds_to_that_of_the_environment(
    tls_server: ModelServer, ca_bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    for environment, settings in ((str(other), ca_bundle), (ca_bundle, str(other))):
        monkeypatch.setenv("SSL_CERT_FILE", environment)
        async with model_at(tls_server, ca_bundle=settings) as model:
            assert await text_of(model) == "ok"


async def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(tls_server: ModelServer) -> None:
    async with model_at(tls_server, api_key="k1") as model:
        error, tries = await failure(model)
        assert (type(error), error.fault, tries) == (Refused, "settings", 1)
        for words in ("certificate", f"127.0.0.1:{tls_server.port}", "model.ca_bundle", "SSL_CERT_FILE"):
            assert words in str(error)
        assert tls_server.requests == []
        await until(lambda: not tasks())
        assert pool(model) == []


async def test_a_certificate_for_another_host_is_refused_at_once(authority: trustme.CA, ca_bundle: str) -> None:
    with ModelServer(tls=certified(authority, "other.test")) as server:
        for host in ("127.0.0.1", "model.test"):
            async with model_for(f"https://{host}:{server.port}/v1", ca_bundle=ca_bundle) as model:
                error, tries = await failure(model)
            assert (type(error), error.fault, tries) == (Refused, "settings", 1)
            assert host in str(error)
            assert "mismatch" in str(error)
        assert server.requests == []


async def test_a_bad_certificate_behind_a_proxy_gets_the_same_sentence(proxy: Proxy) -> None:
    async with model_for(SECURE, proxy=proxy.url()) as model:
        error, tries = await failure(model)
    assert (type(error), error.fault, tries) == (Refused, "settings", 1)
    assert "tls.test" in str(error)
    assert "model.ca_bundle" in str(error)


# Proxies


@both_schemes
async def test_a_proxy_of_the_settings_is_used(
    proxy: Proxy, names: list[str], server: ModelServer, tls_server: ModelServer, ca_bundle: str, url: str
) -> None:
    async with model_for(url, proxy=proxy.url(), ca_bundle=ca_bundle, api_key="k1") as model:
        assert await text_of(model) == "ok"
        assert await text_of(model) == "ok"
    if url == PLAIN:
        expected = [("POST", "http://model.test/v1/chat/completions")] * 2
    else:
        expected = [("CONNECT", "tls.test:443")]
    assert [(asked.method, asked.target) for asked in proxy.asked] == expected
    assert {asked.authorization for asked in proxy.asked} == {None}
    reached = server if url == PLAIN else tls_server
    assert [sent.headers["authorization"] for sent in reached.requests] == ["Bearer k1"] * 2
    assert [sent.path for sent in reached.requests] == ["/v1/chat/completions"] * 2
    assert not {"model.test", "tls.test"} & set(names), "the proxy looks names up"


@both_schemes
async def test_credentials_of_the_proxys_address_are_sent_to_it_alone(
    strict_proxy: Proxy, server: ModelServer, tls_server: ModelServer, ca_bundle: str, url: str
) -> None:
    async with model_for(url, proxy=strict_proxy.url(CREDENTIALS), ca_bundle=ca_bundle) as model:
        assert await text_of(model) == "ok"
    assert [asked.authorization for asked in strict_proxy.asked] == [BASIC]
    (sent,) = (*server.requests, *tls_server.requests)
    assert "proxy-authorization" not in sent.headers


@pytest.mark.parametrize("credentials", ["", "user:wrong", CREDENTIALS], ids=["none", "wrong", "refused"])
@both_schemes
async def test_a_proxy_that_demands_other_credentials_is_named(
    server: ModelServer, tls_server: ModelServer, ca_bundle: str, url: str, credentials: str
) -> None:
    hosts = {"model.test": server.port, "tls.test": tls_server.port}
    with Proxy(hosts, "someone:else") as proxy:
        async with model_for(url, proxy=proxy.url(credentials), ca_bundle=ca_bundle) as model:
            error, _ = await failure(model)
    for words in ("proxy", "model.proxy", "407"):
        assert words in str(error)
    assert "wrong" not in str(error)
    assert server.requests == tls_server.requests == []


@both_schemes
async def test_a_proxy_that_is_not_there_is_named(ca_bundle: str, url: str) -> None:
    address = f"http://{CREDENTIALS}@127.0.0.1:{nobody()}"
    async with model_for(url, proxy=address, ca_bundle=ca_bundle) as model:
        error, tries = await failure(model)
    assert (type(error), error.fault, tries) == (Unreachable, "connect", 2)
    assert "proxy" in str(error)
    assert "connection refused" in str(error)


@both_schemes
async def test_a_proxy_of_the_environment_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://{CREDENTIALS}@127.0.0.1:{nobody()}")
    async with model_for(url) as model:
        error, _ = await failure(model)
    assert "proxy" in str(error).lower()


async def test_a_proxy_that_does_not_know_the_way_to_an_https_endpoint_is_named(proxy: Proxy) -> None:
    async with model_for("https://unknown.test/v1", proxy=proxy.url(CREDENTIALS)) as model:
        error, _ = await failure(model)
    assert type(error) is Unreachable
    for words in ("proxy", "unknown.test", "502"):
        assert words in str(error)


@pytest.mark.parametrize(
    ("variable", "url", "is_used"),
    [
        ("HTTP_PROXY", PLAIN, True),
        ("http_proxy", PLAIN, True),
        ("HTTPS_PROXY", SECURE, True),
        ("https_proxy", SECURE, True),
        ("ALL_PROXY", PLAIN, True),
        ("ALL_PROXY", SECURE, True),
        ("HTTPS_PROXY", PLAIN, False),
        ("HTTP_PROXY", SECURE, False),
    ],
)
async def test_a_proxy_of_the_environment_is_used_for_its_scheme(
    strict_proxy: Proxy, ca_bundle: str, monkeypatch: pytest.MonkeyPatch, variable: str, url: str, is_used: bool
) -> None:
    monkeypatch.setenv(variable, strict_proxy.url(CREDENTIALS))
    async with model_for(url.replace("model.test", "model.test:9"), ca_bundle=ca_bundle) as model:
        if is_used:
            assert await text_of(model) == "ok"
            assert [asked.authorization for asked in strict_proxy.asked] == [BASIC]
        else:
            await failure(model)
            assert strict_proxy.asked == []


@pytest.mark.parametrize("exempt", ["model.test", ".test", "example.com, model.test", "MODEL.TEST", "*"])
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
async def test_names_that_need_no_proxy_are_reached_without_it(
    proxy: Proxy, server: ModelServer, monkeypatch: pytest.MonkeyPatch, variable: str, exempt: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url())
    monkeypatch.setenv(variable, exempt)
    async with model_for(f"http://model.test:{server.port}/v1") as model:
        assert await text_of(model) == "ok"
    assert proxy.asked == []


@pytest.mark.parametrize("exempt", ["other.test", "nomodel.test", "test.model"])
async def test_other_names_still_need_the_proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch, exempt: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url())
    monkeypatch.setenv("NO_PROXY", exempt)
    async with model_for(PLAIN) as model:
        assert await text_of(model) == "ok"
    assert len(proxy.asked) == 1


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_no_proxy_of_the_environment_stands_before_loopback(
    server: ModelServer,
    tls_server: ModelServer,
    ca_bundle: str,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    host: str,
) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{nobody()}")
    for url in (f"http://{host}:{server.port}/v1", f"https://{host}:{tls_server.port}/v1"):
        async with model_for(url, ca_bundle=ca_bundle) as model:
            assert await text_of(model) == "ok"


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:9", "http://[::1:3128", "ftp://127.0.0.1:9"])
async def test_loopback_needs_no_proxy_of_the_environment_that_could_be_used(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", address)
    async with model_for(server.url) as model:
        assert await text_of(model) == "ok"


async def test_the_settings_proxy_comes_before_the_environments(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{nobody()}")
    monkeypatch.setenv("NO_PROXY", "model.test")
    async with model_for(PLAIN, proxy=proxy.url()) as model:
        assert await text_of(model) == "ok"
    assert len(proxy.asked) == 1


# Headers and connections


async def test_headers_of_the_settings_are_sent_to_the_endpoint(tls_server: ModelServer, ca_bundle: str) -> None:
    headers = {"X-Team": "a", "authorization": "Token t"}
    async with model_at(tls_server, ca_bundle=ca_bundle, headers=headers, api_key="k1") as model:
        assert await text_of(model) == "ok"
    (sent,) = tls_server.requests
    assert (sent.headers["x-team"], sent.headers["authorization"]) == ("a", "Token t")


async def test_headers_and_the_key_are_not_shown_to_a_tunnel(
    proxy: Proxy, tls_server: ModelServer, ca_bundle: str
) -> None:
    async with model_for(
        SECURE, proxy=proxy.url(), ca_bundle=ca_bundle, headers={"X-Team": "a"}, api_key="k1"
    ) as model:
        assert await text_of(model) == "ok"
    assert tls_server.requests[0].headers["x-team"] == "a"
    assert not {"x-team", "authorization"} & set(proxy.asked[0].headers)


async def test_questions_one_after_the_other_share_a_tls_connection(tls_server: ModelServer, ca_bundle: str) -> None:
    with Relay(tls_server.port, passing=99) as relay:
        async with model_for(f"https://127.0.0.1:{relay.port}/v1", ca_bundle=ca_bundle) as model:
            for _ in range(5):
                assert await text_of(model) == "ok"
                await until(lambda: not tasks())
            assert len(pool(model)) == 1
        assert relay.accepted == 1


async def test_a_refusal_leaves_the_tls_connection_to_the_next_question(
    tls_server: ModelServer, ca_bundle: str
) -> None:
    with Relay(tls_server.port, passing=99) as relay:
        async with model_for(f"https://127.0.0.1:{relay.port}/v1", ca_bundle=ca_bundle) as model:
            tls_server.script(error_reply(401, "no"))
            await failure(model)
            await until(lambda: not tasks())
            assert await text_of(model) == "ok"
        assert relay.accepted == 1


# Handshakes that go wrong


async def test_a_handshake_that_never_comes_is_given_up(ca_bundle: str) -> None:
    with Relay(0, passing=0) as silent:
        start = time.monotonic()
        async with model_for(f"https://127.0.0.1:{silent.port}/v1", ca_bundle=ca_bundle, connect_timeout=0.3) as model:
            error, tries = await failure(model)
        assert (type(error), error.fault, tries, silent.accepted) == (Unreachable, "connect", 2, 2)
        assert "no answer in time" in str(error)
        assert 0.6 < time.monotonic() - start < 5
        await until(lambda: not silent.open_connections)


@both_schemes
async def test_a_proxy_that_never_answers_is_given_up(ca_bundle: str, url: str) -> None:
    with Relay(0, passing=0) as silent:
        start = time.monotonic()
        async with model_for(
            url,
            proxy=f"http://{CREDENTIALS}@127.0.0.1:{silent.port}",
            ca_bundle=ca_bundle,
            connect_timeout=0.3,
            idle_timeout=0.5,
        ) as model:
            await failure(model)
        assert time.monotonic() - start < 5
        await until(lambda: not silent.open_connections)


async def test_an_endpoint_without_tls_gets_a_sentence(server: ModelServer, ca_bundle: str) -> None:
    async with model_for(f"https://127.0.0.1:{server.port}/v1", ca_bundle=ca_bundle) as model:
        error, _ = await failure(model)
    assert "127.0.0.1" in str(error)


async def test_an_endpoint_that_hangs_up_in_the_handshake_gets_a_sentence(ca_bundle: str) -> None:
    with Relay(nobody(), passing=99) as closing:
        async with model_for(f"https://127.0.0.1:{closing.port}/v1", ca_bundle=ca_bundle) as model:
            error, _ = await failure(model)
    assert type(error) is Unreachable
    assert "127.0.0.1" in str(error)


# Settings that no client can be made of


def explained(home: Path, url: str, config: str, **environment: str) -> str:
    """What `mm-lsp.explain` fails with, beside this settings file."""
    file = home / "XDG_CONFIG_HOME" / "mm-lsp" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(config, encoding="utf-8")
    with Editor(home, url, **environment) as editor:
        editor.initialize(None, {"longRequests": True})
        error = editor.refusal(editor.ask("mm-lsp.explain", {"uri": editor.open_at("x = 1|\n").uri}))
    assert error["code"] == -32803, error
    check(error["message"])
    return error["message"]


def missing(directory: Path) -> str:
    return str(directory / "missing.pem")


def empty(directory: Path) -> str:
    (directory / "empty.pem").touch()
    return str(directory / "empty.pem")


def no_certificate(directory: Path) -> str:
    (directory / "text.pem").write_text("-----BEGIN CERTIFICATE-----\nhello\n")
    return str(directory / "text.pem")


@pytest.mark.parametrize("path", [missing, empty, no_certificate, str])
async def test_a_bundle_that_is_none_gets_a_sentence(
    server: ModelServer, tmp_path: Path, path: Callable[[Path], str]
) -> None:
    config = f"[model]\nca_bundle = '{path(tmp_path)}'\n"
    sentence = await asyncio.to_thread(explained, tmp_path / "home", server.url, config)
    assert "model.ca_bundle" in sentence


async def test_a_bundle_of_the_environment_that_is_none_gets_a_sentence(server: ModelServer, tmp_path: Path) -> None:
    sentence = await asyncio.to_thread(
        explained, tmp_path / "home", server.url, "", SSL_CERT_FILE=str(tmp_path / "missing.pem")
    )
    assert "SSL_CERT_FILE" in sentence


BAD_PROXIES = [
    f"ftp://{CREDENTIALS}@127.0.0.1:3128",
    f"http://{CREDENTIALS}@127.0.0.1:999999",
    f"http://{CREDENTIALS}@[::1:3128",
    f"{CREDENTIALS}@127.0.0.1:3128",
    f"socks5://{CREDENTIALS}@127.0.0.1:1080",
    "127.0.0.1:3128",
    "proxy",
    "http://",
]


@pytest.mark.parametrize("address", BAD_PROXIES)
async def test_a_proxy_that_is_no_address_gets_a_sentence(server: ModelServer, tmp_path: Path, address: str) -> None:
    config = f'[model]\nproxy = "{address}"\n'
    sentence = await asyncio.to_thread(explained, tmp_path / "home", server.url, config)
    assert "model.proxy" in sentence


@pytest.mark.parametrize(
    "address", [f"http://{CREDENTIALS}@[::1:3128", f"socks5://{CREDENTIALS}@127.0.0.1:1080", "http://127.0.0.1:999999"]
)
async def test_a_proxy_of_the_environment_that_is_no_address_gets_a_sentence(tmp_path: Path, address: str) -> None:
    sentence = await asyncio.to_thread(
        explained, tmp_path / "home", "http://model.test/v1", "", HTTP_PROXY=address, ALL_PROXY=address
    )
    assert "proxy" in sentence.lower()


@pytest.mark.parametrize("headers", ["{ X-Team = 'ä' }", "{ 'X Größe' = 'a' }", '{ X-Team = "a\\nb" }'])
async def test_a_header_that_cannot_be_sent_gets_a_sentence(server: ModelServer, tmp_path: Path, headers: str) -> None:
    sentence = await asyncio.to_thread(explained, tmp_path / "home", server.url, f"[model]\nheaders = {headers}\n")
    assert "model.headers" in sentence
    assert server.requests == []
