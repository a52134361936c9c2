"""Tokens that their issuer has marked: a prefix that nothing else has, then letters made by chance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from mm_lsp.redact.finding import Finding
from mm_lsp.redact.values import is_no_url_password

_TOKEN = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_RUN = 20  # characters of _TOKEN in a row: the shortest token that RUNS knows, its prefix included
_BEFORE = 5  # characters before a run in which a mark with a dot stands: `ya29.`
_RUN_MARK = b"a" * _RUN
_RUN_TABLE = bytes(ord("a") if chr(code) in _TOKEN else ord(" ") for code in range(256))
_SHORT = 4000  # characters
_HEADER_LIMIT = 8192


class Kind(NamedTuple):
    """`pattern` begins with a literal, which makes its search quick, and has no two ways to match the same text,
    which keeps it linear. It is tried where one of `hints` occurs."""

    name: str
    hints: tuple[str, ...]
    pattern: str


def _kind(name: str, hints: str, pattern: str) -> Kind:
    return Kind(name, tuple(hints.split()), pattern)


def _unglued(length: int) -> str:
    """After a mark so long that may end a word (`risk-`) or lie in base64: only where nothing is glued to it but
    an escape of a string or a URL."""
    return rf"(?:(?<![A-Za-z0-9].{{{length}}})|(?<=\\[nrt].{{{length}}})|(?<=%[0-9A-F]{{2}}.{{{length}}}))"


# The hint stands in a run of letters, digits, - and _ that belongs to the token, or right before it.
RUNS = (
    _kind("aws-access-key", "AKIA ASIA", rf"A(?:KIA|SIA){_unglued(4)}[A-Z0-9]{{16,}}"),
    _kind("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    _kind("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,}"),
    _kind(
        "gitlab-token",
        "glpat- gldt- glft- glsoat- glrt- glptt- glagent- gloas- glcbt- glimt- glffct-",
        r"gl(?:pat|dt|ft|soat|rt|ptt|agent|oas|cbt|imt|ffct)-[\w-]{20,}",
    ),
    _kind("gitlab-token", "GR1348941", r"GR1348941[\w-]{20,}"),
    _kind("slack-token", "xapp-", r"xapp-[0-9]-[\w-]{10,}"),
    _kind("google-api-key", "AIza", r"AIza[\w-]{35,}"),
    _kind("google-oauth-secret", "GOCSPX-", r"GOCSPX-[\w-]{28,}"),
    _kind("stripe-key", "sk_live_ sk_test_ sk_prod_", r"sk_(?:live|test|prod)_[A-Za-z0-9]{16,}"),
    _kind("stripe-key", "rk_live_ rk_test_ rk_prod_", r"rk_(?:live|test|prod)_[A-Za-z0-9]{16,}"),
    _kind("stripe-webhook-secret", "whsec_", r"whsec_[A-Za-z0-9+/]{24,}"),
    _kind("npm-token", "npm_", r"npm_[A-Za-z0-9]{36,}"),
    _kind("pypi-token", "pypi-AgE", r"pypi-AgE[\w-]{50,}"),
    _kind("hugging-face-token", "hf_", r"hf_[A-Za-z0-9]{34,}"),
    _kind("twilio-key", "SK", r"SK[0-9a-f]{32,}"),
    _kind("shopify-token", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32,}"),
    _kind("digitalocean-token", "doo_v1_ dop_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64,}"),
    _kind("databricks-token", "dapi", r"dapi[0-9a-f]{32,}(?:-[0-9]{1,2})?"),
    _kind("docker-token", "dckr_pat_ dckr_oat_", r"dckr_[po]at_[\w-]{20,}"),
    _kind("linear-key", "lin_api_ lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    _kind("notion-token", "ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    _kind("notion-token", "secret_", r"secret_[A-Za-z0-9]{43,}"),
    _kind("age-secret-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58,}"),
    _kind("grafana-token", "glsa_ glc_eyJ", r"gl(?:sa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|c_eyJ[A-Za-z0-9+/]{30,}={0,2})"),
    _kind("new-relic-key", "NRAK-", r"NRAK-[A-Z0-9]{27,}"),
    _kind("postman-key", "PMAK-", r"PMAK-[0-9a-fA-F]{24}-[0-9a-fA-F]{34,}"),
    _kind("rubygems-key", "rubygems_", r"rubygems_[0-9a-f]{48,}"),
    _kind("atlassian-token", "ATATT3", r"ATATT3[\w=-]{60,}"),
    _kind("pulumi-token", "pul-", r"pul-[0-9a-f]{40,}"),
    _kind("planetscale-token", "pscale_", r"pscale_(?:tkn|pw|oauth)_[\w=-]{32,}"),
    _kind("sentry-token", "sntrys_ sntryu_", r"sntry(?:s_eyJ[\w+/=]{50,}|u_[0-9a-f]{64,})"),
    _kind("square-token", "sq0csp- sq0atp-", r"sq0(?:csp|atp)-[\w-]{22,}"),
    _kind("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    _kind("replicate-token", "r8_", r"r8_[A-Za-z0-9]{37,}"),
    _kind("perplexity-key", "pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    _kind("xai-key", "xai-", r"xai-[A-Za-z0-9]{60,}"),
    _kind("tailscale-key", "tskey-", r"tskey-[a-z]{2,12}-[\w-]{16,}"),
    _kind("figma-token", "figd_", r"figd_[\w-]{36,}"),
    _kind("brevo-key", "xkeysib-", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16,}"),
    _kind("1password-token", "ops_eyJ", r"ops_eyJ[A-Za-z0-9+/]{100,}={0,3}"),
    _kind("supabase-token", "sbp_", r"sbp_[0-9a-f]{40,}"),
    _kind("netlify-token", "nfp_", r"nfp_[A-Za-z0-9]{36,}"),
    _kind("contentful-token", "CFPAT-", r"CFPAT-[\w-]{43,}"),
    _kind("alibaba-access-key", "LTAI", r"LTAI[A-Za-z0-9]{20,}"),
    _kind("artifactory-key", "AKCp", r"AKCp[A-Za-z0-9]{69,}"),
    _kind("clojars-token", "CLOJARS_", r"CLOJARS_[0-9a-f]{60,}"),
    _kind("sendgrid-key", "SG.", r"SG\.[\w-]{20,64}\.[\w-]{32,}"),
    _kind("vault-token", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{24,}"),
    _kind("google-oauth-token", "ya29.", r"ya29\.[\w-]{20,}"),
)  # fmt: skip
_HINTS = tuple((hint, kind) for kind in RUNS for hint in kind.hints)
_SLACK = r"xox[abceoprs]-[\w-]{10,}"  # may be shorter than a run
# All that a colon leads to, in one search.
_COLON = (
    r":(?:AA(?P<telegram_token>[\w-]{33,})"
    r"|//hooks\.slack\.com/(?:services|workflows|triggers)/(?P<slack_webhook>[\w/+-]{20,})"
    r"|//(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/[0-9]{16,20}/(?P<discord_webhook>[\w-]{50,})"
    r"""|//[^\s/:@"'<>`]{0,64}:(?P<url_password>[^\s/"'<>`]{3,128})@)"""
)
_SK = rf"sk-{_unglued(3)}([\w-]{{20,}})"
_SK_KINDS = {"ant": "anthropic-key", "or": "openrouter-key"}  # by the word that follows; any other is openai-key
_DISCORD = r"\.[\w-]{6}\.[\w-]{27,}"
# Its first part among the runs: the digits of an account's number in base64.
_DISCORD_RUN = r"[MNO][DTjz][AEIMQUYcgk][0-5w-z][MNO][\w-]{19,21}\n"


def find_tokens(text: str) -> Iterator[Finding]:
    """Tokens in ASCII `text`, in no order; they may overlap. Nearly all hints are looked for in the long runs of
    letters alone, a thirtieth of usual code: a hundred searches through all of it would take longer than the rest."""
    runs = _long_runs(text)
    for kind in dict.fromkeys([kind for hint, kind in _HINTS if hint in runs]):
        yield from _occurrences(kind.name, kind.pattern, text)
    if is_worth_a_search("xox", text):
        yield from _occurrences("slack-token", _SLACK, text)
    if "sk-" in runs:
        yield from _sk_keys(text)
    if "eyJ" in runs:
        yield from _json_web_tokens(text)
    if is_worth_a_search(":/", text) or ":AA" in text:
        yield from _behind_colons(text)
    if compiled(_DISCORD_RUN).search(runs):
        yield from _discord_tokens(text)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when first needed: most texts need none of them, and the server starts sooner."""
    return re.compile(pattern, re.ASCII)


def is_worth_a_search(literal: str, text: str) -> bool:
    """Whether to search `text` for a pattern that begins with `literal`. A long text is quicker searched at once;
    for a short one, such as a line of the log, no pattern is compiled in vain."""
    return len(text) > _SHORT or literal in text


def _long_runs(text: str) -> str:
    """All runs of letters, digits, - and _ that are long enough for a token, each with what stands before it and a
    line end."""
    marks = text.encode("ascii").translate(_RUN_TABLE)
    runs: list[str] = []
    start = marks.find(_RUN_MARK)
    while start >= 0:
        end = marks.find(b" ", start + _RUN)
        end = len(marks) if end < 0 else end
        runs.append(text[max(0, start - _BEFORE) : end])
        start = marks.find(_RUN_MARK, end)
    return "\n".join((*runs, ""))


def _occurrences(name: str, pattern: str, text: str) -> Iterator[Finding]:
    for found in compiled(pattern).finditer(text):
        yield Finding(*found.span(), name)


def _sk_keys(text: str) -> Iterator[Finding]:
    """`sk-` begins names of classes and packages too: a key holds a digit, or a long run of nothing but letters."""
    for found in compiled(_SK).finditer(text):
        body = found[1]
        if compiled("[0-9]|[A-Za-z]{20}").search(body):
            yield Finding(*found.span(), _SK_KINDS.get(body.partition("-")[0], "openai-key"))


def _json_web_tokens(text: str) -> Iterator[Finding]:
    """Found by their second part: a first part of any length may stand before it, and is looked at once."""
    for found in compiled(r"\.eyJ[\w-]{10,}\.[\w-]{10,}").finditer(text):
        header = _before(text, found.start(), _TOKEN, _HEADER_LIMIT)
        if "eyJ" in header and len(header) > 12:
            yield Finding(found.start() - len(header) + header.index("eyJ"), found.end(), "jwt")


def _discord_tokens(text: str) -> Iterator[Finding]:
    for found in compiled(_DISCORD).finditer(text):
        account = _before(text, found.start(), _TOKEN, 64)
        if len(account) in (24, 25, 26) and account[0] in "MNO":
            yield Finding(found.start() - len(account), found.end(), "discord-token")


def _behind_colons(text: str) -> Iterator[Finding]:
    for found in compiled(_COLON).finditer(text):
        kind = (found.lastgroup or "").replace("_", "-")
        start, end = found.span(found.lastindex or 0)
        if kind == "telegram-token":
            account = _before(text, found.start(), "0123456789", 16)
            if len(account) >= 8:
                yield Finding(found.start() - len(account), end, kind)
        elif kind != "url-password" or not is_no_url_password(text[start:end]):
            yield Finding(start, end, kind)


def _before(text: str, end: int, letters: str, limit: int) -> str:
    """The run of `letters` that ends at `end`, without the letter of an escape."""
    head = text[max(0, end - limit) : end]
    rest = head.rstrip(letters)
    return head[len(rest) + (rest[-1:] == "\\") :]
