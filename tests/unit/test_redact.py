"""Keys are masked wherever they stand."""

import pytest

from mm_lsp.redact import mask


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("nothing secret", "nothing secret"),
        ("Bearer abcdef123456", "Bearer ***"),
        ("Authorization: bearer abcdef123456, more", "Authorization: bearer ***, more"),
        ("Basic dXNlcjpwYXNz", "Basic ***"),
        ("Bearer eyJhbGciOi.eyJzdWIiOi.SflKxwRJ-_x/y+z=", "Bearer ***"),
        ("basic idea", "basic idea"),
        ("a bearer of news", "a bearer of news"),
        ("key sk-abcdefghijkl1234 is wrong", "key *** is wrong"),
        ("sk-or-v1-0123456789abcdef0123456789abcdef", "***"),
        ("sk_live_0123456789abcdef", "***"),
        ("(sk-abcdefghijkl1234)", "(***)"),
        ("sk-short", "sk-short"),
        ("set model.api_key_command", "set model.api_key_command"),
        ("risk-management-of-everything", "risk-management-of-everything"),
        ("http://user:password@host/path", "http://***@host/path"),
        ("https://token@host:8080", "https://***@host:8080"),
        ("http://user:pass@word@host/path", "http://***@host/path"),
        ("http://host/a@b", "http://host/a@b"),
        ("mail a@b.example", "mail a@b.example"),
        ("http://a:b@c and https://d:e@f", "http://***@c and https://***@f"),
    ],
)
def test_what_looks_like_a_key_is_masked(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("the key is hunter2!", ("hunter2",), "the key is ***!"),
        ("hunter2hunter2", ("hunter2",), "******"),
        ("a b", ("a", "b"), "*** ***"),
        ("text", (None, ""), "text"),
        ("Bearer hunter2", ("hunter2",), "Bearer ***"),
        ("x.y+z", ("x.y+z",), "***"),
    ],
)
def test_known_secrets_are_masked_whatever_they_look_like(
    text: str, secrets: tuple[str | None, ...], expected: str
) -> None:
    assert mask(text, *secrets) == expected
