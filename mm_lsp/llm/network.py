"""The HTTP client, and what its failures mean. Imports httpx: not before `initialize` has been answered."""

from __future__ import annotations

import os
import ssl
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from mm_lsp.llm.sse import EventTooLarge
from mm_lsp.messages import BadReply, Incomplete, ModelError, Refused, Unreachable
from mm_lsp.redact import mask
from mm_lsp.settings import ModelSettings

_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")  # never through a proxy of the environment


def client_for(settings: ModelSettings, max_connections: int = 32) -> httpx.AsyncClient:
    """HTTP/1.1 only: over HTTP/2 httpcore would not tell the server that a stream was left (no RST_STREAM).

    Proxies and certificates of the environment count (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE). Reads certificates.
    """
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}
    return httpx.AsyncClient(
        headers={**headers, **settings.headers},
        http2=False,
        follow_redirects=False,
        verify=tls_context(settings),
        proxy=settings.proxy,
        mounts={} if settings.proxy else dict.fromkeys(_LOOPBACK),
        limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=8, keepalive_expiry=30),
        timeout=httpx.Timeout(
            connect=settings.connect_timeout,
            read=settings.idle_timeout,
            write=30,
            pool=settings.connect_timeout,
        ),
    )


def tls_context(settings: ModelSettings) -> ssl.SSLContext:
    """What is trusted: SSL_CERT_FILE or the usual authorities, and the user's own. Raises OSError."""
    context = httpx.create_ssl_context()
    if settings.ca_bundle:
        context.load_verify_locations(cafile=settings.ca_bundle)
    return context


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
    if isinstance(error, httpx.ProxyError):
        return Unreachable(
            f"The proxy refuses the way to {host}: {detail}. Check model.proxy or HTTPS_PROXY.", "connect"
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return _unreachable(error, host, detail)
    return Incomplete(f"The connection to the model's endpoint {host} broke: {detail}. Try again.", "network")


def _unreachable(error: Exception, host: str, detail: str) -> ModelError:
    certificate = _cause(error, ssl.SSLCertVerificationError)
    if certificate is not None:
        reason = getattr(certificate, "verify_message", "") or "it can't be verified"
        return Refused(
            f"The certificate of {host} is not trusted ({reason}): set model.ca_bundle or SSL_CERT_FILE.", "settings"
        )
    reason = "no answer in time" if isinstance(error, httpx.ConnectTimeout) else detail
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
        error = error.__cause__ or error.__context__
    return error


def _innermost(error: BaseException) -> str:
    """The words of the first cause: httpx says "All connection attempts failed", the cause says which way."""
    while (cause := error.__cause__ or error.__context__) is not None:
        if isinstance(cause, ConnectionError) and cause.errno:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        error = cause
    return str(error) or type(error).__name__
