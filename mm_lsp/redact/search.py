"""Every secret in a text: keys and marked tokens first, then what is known by its surroundings."""

from __future__ import annotations

from collections.abc import Sequence

from mm_lsp.redact.assignments import find_assignments
from mm_lsp.redact.credentials import find_credentials
from mm_lsp.redact.finding import Finding, covered, merged, replaced
from mm_lsp.redact.kinds import find_tokens
from mm_lsp.redact.private_keys import find_private_keys


def find(text: str) -> list[Finding]:
    """The secrets in `text`, in order and apart, in time that grows as `text` does (spec section 7)."""
    return find_beside(text, ())


def find_beside(text: str, certain: Sequence[Finding]) -> list[Finding]:
    """As `find`, with `certain` among them.

    Every search reads ASCII, in which any other character is a question mark: it is several times quicker, and
    lower case keeps all offsets."""
    plain = text if text.isascii() else text.encode("ascii", "replace").decode("ascii")
    first = merged((*certain, *find_private_keys(plain), *find_tokens(plain)))
    rest = covered(plain, first).lower()
    return merged((*first, *find_credentials(plain, rest), *find_assignments(plain, rest)))


def scrub(text: str) -> str:
    """For logs and records: every secret is `<redacted:KIND>`, and nothing remembers what it was."""
    return replaced(text, ((finding, f"<redacted:{finding.kind}>") for finding in find(text)))
