"""Which proxy is on the way to an endpoint: the setting's, else the environment's; never for this machine itself."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mm_lsp.messages import Refused
from mm_lsp.settings import ModelSettings

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SETTING, _ENVIRONMENT = "model.proxy", "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY"


class Proxy(NamedTuple):
    """`url` may hold credentials: it is for the network only. `source`: where it is written."""

    url: str
    host: str
    source: str


def proxy_for(settings: ModelSettings) -> Proxy | None:
    """Raises Refused, without the address, where it is none that can be used."""
    if settings.proxy:
        return _checked(settings.proxy, _SETTING)
    try:
        parts = urlsplit(settings.base_url)
        host = parts.hostname or ""
    except ValueError:  # no address at all: the call says so
        return None
    proxies = getproxies()
    written = proxies.get(parts.scheme) or proxies.get("all")
    if not written or host in _LOOPBACK or proxy_bypass(host) or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    # The environment's habit: a bare HOST:PORT is an http proxy.
    return _checked(written if "://" in written else f"http://{written}", _ENVIRONMENT)


def _checked(url: str, source: str) -> Proxy:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme in ("http", "https") and host:
        shown = f"[{host}]" if ":" in host else host
        return Proxy(url, f"{shown}:{port}" if port else shown, source)
    why = "SOCKS is not spoken" if parts.scheme.startswith("socks") else "it must read http://HOST:PORT"
    raise Refused(f"The proxy can't be used ({source}): {why}.", "settings")
