"""`mm-lsp doctor`: whether the main job can run here, and what to do if not. It asks by the server's session."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mm_lsp import __version__
from mm_lsp.cli.calls import run
from mm_lsp.cli.client import Failed
from mm_lsp.llm.proxies import proxy_for
from mm_lsp.messages import Message, ModelError, ModelRequest, Notice, Stop, TextDelta, ThinkingDelta, Usage
from mm_lsp.redact import MASK, mask
from mm_lsp.settings import ModelFacts, ModelSettings
from mm_lsp.tokens import estimate

_QUESTION = "Reply with the three words: one two three. Nothing else."
_MAX_TOKENS = 1024
_EDITORS = {
    "nvim": "Neovim",
    "hx": "Helix",
    "helix": "Helix",
    "emacs": "Emacs",
    "code": "VS Code",
    "codium": "VSCodium",
}


class Finding(NamedTuple):
    """One line: ok, a note, or what stands in the way of the main job."""

    mark: str
    what: str
    told: str


def doctor(record: str | None) -> int:
    return run(lambda: _doctor(record))


async def _doctor(record: str | None) -> int:
    raw: list[bytes] = []
    recorded = b""
    findings: list[Finding] = []

    def say(mark: str, what: str, told: str) -> None:
        findings.append(Finding(mark, what, told))
        print(f"{mark:<5} {what:<10} {told}", flush=True)

    async with _session(raw.append, say) as session:
        settings: ModelSettings = session.settings.model
        reachable = await asyncio.to_thread(_network, settings, say)
        _key(session, say)
        _model(session, say)
        if reachable and session.settings.has_model:
            works = await _call(session, say)
            recorded = b"".join(raw)
            if works:
                await _cancel(session, say)
        if record is not None and recorded:
            _save(Path(record), recorded, settings, session)
            say("ok", "record", f"the raw answer is in {record}, without the key")
        elif record is not None:
            say("note", "record", "nothing came that could be saved")
    _surroundings(say)
    bad = [finding for finding in findings if finding.mark == "bad"]
    print("\nAll is well." if not bad else f"\n{len(bad)} to mend: {', '.join(finding.what for finding in bad)}.")
    return 1 if bad else 0


Say = Callable[[str, str, str], None]


@asynccontextmanager
async def _session(tap: Callable[[bytes], object], say: Say) -> AsyncGenerator[Any]:
    """The server's session with the settings of this user and this environment."""
    from mm_lsp.server import configuration
    from mm_lsp.server.session import Session
    from mm_lsp.workspace.user_dirs import config_file

    session = Session(tap)
    loaded = await asyncio.to_thread(configuration.load, {}, {})
    session.adopt(loaded.settings)
    session.is_loaded.set()
    file = config_file()
    say("ok", "version", f"mm-lsp {__version__}")
    say("ok", "settings", f"{file}" if file.exists() else f"no user file ({file}): defaults and environment")
    for name, source in loaded.origins.items():
        say("ok", "", f"{name} from the {source}")
    for problem in loaded.problems:
        say("note", "settings", problem)
    try:
        yield session
    finally:
        await session.aclose()


def _network(settings: ModelSettings, say: Say) -> bool:
    """Name, connection and certificate; through a proxy only the call itself can tell."""
    say("ok", "endpoint", mask(settings.base_url))
    parts = urlsplit(settings.base_url)
    try:
        proxy = proxy_for(settings)
    except ModelError as error:
        say("bad", "proxy", str(error))
        return False
    if proxy:
        say("ok", "proxy", f"{proxy.host} ({proxy.source}): the call below shows whether it lets us through")
        return True
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = sorted({str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except OSError as error:
        say("bad", "DNS", f"{host} has no address ({error.strerror}): check model.base_url and the network")
        return False
    say("ok", "DNS", f"{host} is {', '.join(addresses[:3])}")
    return _connection(settings, host, port, parts.scheme == "https", say)


def _connection(settings: ModelSettings, host: str, port: int, is_tls: bool, say: Say) -> bool:
    import ssl

    began = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=settings.connect_timeout) as plain:
            if not is_tls:
                say("ok", "connection", f"port {port}, {_ms(began)}, not encrypted")
                return True
            from mm_lsp.llm.network import tls_context

            with tls_context(settings).wrap_socket(plain, server_hostname=host) as secure:
                say("ok", "TLS", f"{secure.version()}, the certificate is trusted, {_ms(began)}")
                return True
    except ssl.SSLCertVerificationError as error:
        say("bad", "TLS", f"the certificate is not trusted ({error.verify_message}): set model.ca_bundle")
    except OSError as error:
        say("bad", "connection", f"{host}:{port} does not answer ({error.strerror or error}): check the network")
    return False


def _key(session: Any, say: Say) -> None:
    settings = session.settings
    if settings.model.api_key:
        say("ok", "key", f"{MASK} ({len(settings.model.api_key)} characters)")
    elif settings.has_model:
        say("ok", "key", "none; this endpoint is asked without")
    else:
        say("bad", "key", "none: set MM_LSP_API_KEY, or model.api_key in the user file")


def _model(session: Any, say: Say) -> None:
    from mm_lsp.llm.registry import facts_of

    for name in dict.fromkeys((session.settings.model.name, session.settings.completion_model)):
        facts = facts_of(name, session.settings)
        known = facts != ModelFacts(name)
        price = (
            "price unknown"
            if facts.price_in is None or facts.price_out is None
            else f"{facts.price_in:g} + {facts.price_out:g} {facts.currency} a million tokens"
        )
        told = f"{name}: {facts.context_tokens:,} tokens of context, thinking {facts.reasoning}, {price}"
        say("ok" if known else "note", "model", told if known else f"{told} (not in the registry: see models.<name>)")


def _request() -> ModelRequest:
    return ModelRequest((Message("user", _QUESTION),), "doctor", _MAX_TOKENS)


async def _call(session: Any, say: Say) -> bool:
    """One tiny question, streamed; whether it was answered."""
    began = time.monotonic()
    first: float | None = None
    counted: Usage | None = None
    has_text, reason, tokens = False, "", 0
    try:
        model = await session.model()
        async with model.stream(_request()) as events:
            async for event in events:
                if isinstance(event, TextDelta | ThinkingDelta):
                    first = first or time.monotonic()
                    tokens += estimate(event.text)
                    has_text = has_text or isinstance(event, TextDelta)
                elif isinstance(event, Usage):
                    counted = event
                elif isinstance(event, Notice):
                    say("note", "parameter", event.sentence)
                elif isinstance(event, Stop):
                    reason = event.reason
    except ModelError as error:
        say("bad", "call", str(error))
        return False
    took = time.monotonic() - (first or began)
    say(
        "ok" if has_text else "bad",
        "call",
        _told_of_call(began, first, took, counted.completion_tokens if counted else tokens, reason, has_text),
    )
    say("ok", "dialect", f"thinking comes as {model.dialect_seen}")
    if counted is None:
        say("note", "usage", "the endpoint reports none: tokens and cost are estimates")
    else:
        say("ok", "usage", f"{counted.prompt_tokens} + {counted.completion_tokens} tokens reported")
    return has_text


def _told_of_call(began: float, first: float | None, took: float, tokens: int, reason: str, has_text: bool) -> str:
    if not has_text or first is None:
        return f"the stream ended without any text ({reason or 'no reason given'})"
    speed = f", {tokens / took:.0f} tokens/s" if took > 0.05 else ", all at once"
    return f"first token after {first - began:.2f} s, whole after {took + first - began:.2f} s{speed}"


async def _cancel(session: Any, say: Say) -> None:
    """Leaves a stream at its first event; the connection must be gone at once."""
    try:
        model = await session.model()
        async with model.stream(_request()) as events:
            async for _ in events:
                break
            left = time.monotonic()
        await asyncio.wait_for(model.quiet(), 5)
    except ModelError as error:
        say("bad", "cancel", str(error))
    except TimeoutError:
        say("bad", "cancel", "a stream that was left is still open after 5 s: please report it")
    else:
        say("ok", "cancel", f"a stream that was left is closed within {_ms(left)}")


def _surroundings(say: Say) -> None:
    local = importlib.util.find_spec("xllamacpp") is not None
    say("ok" if local else "note", "local", "the engine is installed" if local else "no embedded model (optional)")
    found = dict.fromkeys(name for program, name in _EDITORS.items() if shutil.which(program))
    say("ok" if found else "note", "editors", ", ".join(found) or "none found in PATH; any LSP client will do")


def _save(path: Path, raw: bytes, settings: ModelSettings, session: Any) -> None:
    """The stream as it came, but for the key; a comment tells where it is from, so that it can be replayed as it is."""
    text = mask(raw.decode("utf-8", "replace"), settings.api_key)
    head = f": mm-lsp {__version__}, model {session.settings.model.name}, endpoint {mask(settings.base_url)}\n\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(head + text)
    except OSError as error:
        raise Failed(f"{path} can't be written: {error.strerror}.") from error


def _ms(since: float) -> str:
    return f"{1000 * (time.monotonic() - since):.0f} ms"
