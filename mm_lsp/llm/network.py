"""The HTTP client, and what its failures mean. Imports httpx: not before `initialize` has been answered."""

from __future__ import annotations

import os
import ssl
from email.utils import parsedate_to_datetime
from typing import cast
from urllib.parse import urlsplit

import httpx

from mm_lsp.llm.proxies import Proxy, proxy_for
from mm_lsp.llm.sse import EventTooLarge
from mm_lsp.messages import BadReply, Incomplete, ModelError, Refused, Unreachable
from mm_lsp.redact import mask
from mm_lsp.settings import ModelSettings

Client = httpx.AsyncClient
Response = httpx.Response


def client_for(settings: ModelSettings, tls: ssl.SSLContext, max_connections: int = 32) -> httpx.AsyncClient:
    """HTTP/1.1 only: over HTTP/2 httpcore would not tell the server that a stream was left (no RST_STREAM).

    The environment's proxies and certificates count; its netrc does not, which could replace the key. Raises Refused.
    """
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}
    proxy = proxy_for(settings)
    return httpx.AsyncClient(
        headers={**headers, **settings.headers},
        http2=False,
        follow_redirects=False,
        trust_env=False,
        verify=tls,
        proxy=httpx.Proxy(proxy.url, ssl_context=tls if proxy.url.startswith("https") else None) if proxy else None,
        limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=8, keepalive_expiry=30),
        timeout=httpx.Timeout(
            connect=settings.connect_timeout,
            read=settings.idle_timeout,
            write=30,
            pool=settings.connect_timeout,
        ),
    )


def tls_context(settings: ModelSettings) -> ssl.SSLContext:
    """What is trusted: SSL_CERT_FILE or the usual authorities, and the user's own. Reads files. Raises Refused."""
    try:
        context = httpx.create_ssl_context()
    except OSError as error:
        raise Refused(
            f"The certificates of SSL_CERT_FILE or SSL_CERT_DIR can't be used: {_why(error)}.", "settings"
        ) from error
    if settings.ca_bundle:
        try:
            context.load_verify_locations(cafile=settings.ca_bundle)
        except OSError as error:
            raise Refused(f"The certificates of model.ca_bundle can't be used: {_why(error)}.", "settings") from error
    return context


def _why(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):  # OpenSSL's own words help nobody
        return "it holds no certificate in PEM form"
    return (error.strerror or type(error).__name__).lower()


def authorization(settings: ModelSettings, key: str | None) -> dict[str, str]:
    """The header that carries the key, unless the user's own headers do."""
    has_own = any(name.lower() == "authorization" for name in settings.headers)
    return {"Authorization": f"Bearer {key}"} if key and not has_own else {}


def stalled(seconds: float, is_total: bool) -> Incomplete:
    what = "has not finished within" if is_total else "has sent nothing for"
    return Incomplete(f"The model {what} {seconds:g} s (model.timeout). Try again.", "stalled")


def error_of(error: Exception, settings: ModelSettings) -> ModelError:
    """Whatever was thrown on the way, as one sentence."""
    if isinstance(error, ModelError):
        return error
    host = host_of(settings.base_url)
    detail = mask(_innermost(error), settings.api_key)
    if isinstance(error, EventTooLarge):
        return BadReply(f"The model's endpoint sent too much at once: {detail}.", "bad_reply")
    if isinstance(error, httpx.LocalProtocolError):
        return Refused(
            "The key or a header can't be sent as it is: check MM_LSP_API_KEY and model.headers.", "settings"
        )
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Refused(f"model.base_url is not an address that can be called: {detail}", "settings")
    if isinstance(error, httpx.ReadTimeout):
        return stalled(settings.idle_timeout, is_total=False)
    if isinstance(error, httpx.PoolTimeout):
        return Unreachable("Too many requests to the model are under way. Try again.", "pool")
    if isinstance(error, httpx.ProxyError | httpx.ConnectError | httpx.ConnectTimeout):
        return _unreachable(error, host, detail, proxy_for(settings))
    return Incomplete(f"The connection to the model's endpoint {host} broke: {detail}. Try again.", "network")


def _unreachable(error: Exception, host: str, detail: str, proxy: Proxy | None) -> ModelError:
    certificate = _cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        reason = getattr(certificate, "verify_message", "") or "it can't be verified"
        return Refused(
            f"The certificate of {host} is not trusted ({reason}): set model.ca_bundle or SSL_CERT_FILE.", "settings"
        )
    reason = "no answer in time" if isinstance(error, httpx.ConnectTimeout) else detail
    if isinstance(error, httpx.ProxyError) and proxy:
        sentence = f"The proxy {proxy.host} refuses the way to {host}: {detail}. Check {proxy.source}."
        return Refused(sentence, "settings") if "407" in detail else Unreachable(sentence, "connect")
    if proxy and _cause(error, ssl.SSLError) is None:
        return Unreachable(f"Can't reach the proxy {proxy.host}: {reason}. Check {proxy.source}.", "connect")
    return Unreachable(
        f"Can't reach the model's endpoint {host}: {reason}. Check the network and model.base_url.", "connect"
    )


def retry_after(headers: httpx.Headers, now: float) -> float | None:
    """Seconds that the endpoint asks to wait: milliseconds, seconds or an HTTP date (RFC 9110, 10.2.3)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        written = headers.get(name, "")
        try:
            seconds = float(written) * unit
        except ValueError:
            seconds = _until(written, now) if name == "retry-after" else None
        if seconds is not None and 0 <= seconds < float("inf"):
            return seconds
    return None


def _until(date: str, now: float) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return mask(url)


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    while error is not None and not isinstance(error, kind):
        error = _cause_of(error)
    return error


def _innermost(error: BaseException) -> str:
    """The words of the first cause: httpx says "All connection attempts failed", the cause says which way."""
    while (cause := _cause_of(error)) is not None:
        if isinstance(cause, ssl.SSLError):
            return "it hung up in the TLS handshake"
        if isinstance(cause, ConnectionError) and cause.errno:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        error = cause
    return str(error) or type(error).__name__


def _cause_of(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error.__cause__ or error.__context__
