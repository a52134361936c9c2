"""No trace of a planted secret is left, everything comes back, places keep their order; and all in linear time."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mm_lsp.redact import Redactor, find, scrub
from mm_lsp.text import Document, Position, Span
from tests.support.secrets import BODY, PEM_LINES, SECRETS, TOKENS, pem

from .pieces import HALVES, texts

TRACE = 12  # characters of a long secret that must not be left in a row
MARKS = [
    "-----BEGIN PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "-----BEGIN ", "password=", 'token: "', "://a:bcd@",
    "sk-", "AKIA", "eyJ", ".eyJ", "bearer ", "basic ", "machine a login b password c", "<redacted:password>",
    "<Redacted : jwt : 2>", "<redacted:private-key>", "<redacted:github-token:2>", "<", ">", '"', "'", "=", "\\n", "\\",
    *HALVES, *PEM_LINES[:1], *(token for _, token in TOKENS[:12]),
]  # fmt: skip
surroundings = texts(*MARKS)
# What stands beside a secret; a letter glued to it may hide it.
beside = st.sampled_from(["\n", " ", "\t", ",", "(", ")", ";", "中", "\n\n", " é", "\r\n", "\\n"])
planted = st.sampled_from(sorted(SECRETS))


def traces(secret: str) -> list[str]:
    return [secret[at : at + TRACE] for at in range(max(1, len(secret) - TRACE + 1))]


@given(st.text(max_size=40) | texts(), planted, beside, beside, st.text(max_size=40) | texts())
def test_no_trace_of_a_secret_is_left(before: str, kind: str, left: str, right: str, after: str):
    head, secret, tail = SECRETS[kind]
    redactor = Redactor()
    text = f"{before}{left}{head}{secret}{tail}{right if right != chr(92) + 'n' else chr(10)}{after}"
    shown = redactor.text(text)
    assert not any(trace in shown for trace in traces(secret) if trace not in before + after)
    assert not any(trace in scrub(text) for trace in traces(secret) if trace not in before + after)
    assert redactor.restored(shown) == text


@given(surroundings)
@example("<redacted:aws-access-key> AKIA" + "ABCDEFGHIJKLMNOP")
@example("<redacted:password:2><redacted:password>")
def test_everything_comes_back(text: str):
    redactor = Redactor(known=[("mine", "b password"), ("odd", "\ud83d\ude00 a b c d")])
    shown = redactor.text(text)
    assert redactor.restored(shown) == text
    assert redactor.text(shown) == shown
    assert redactor.restored(redactor.text(shown)) == text


@given(surroundings)
def test_findings_are_in_order_apart_and_inside(text: str):
    reached = 0
    for start, end, _ in find(text):
        assert reached <= start < end <= len(text)
        reached = end


@given(surroundings, surroundings, planted, st.integers(0, 400), st.data())
def test_a_document_comes_back_and_its_places_keep_their_order(
    before: str, after: str, kind: str, reach: int, data: st.DataObject
):
    document = Document.of(before + "\n" + "".join(SECRETS[kind]) + "\n" + after)
    lines = st.integers(0, len(document.lines) - 1)
    places = [
        document.clamp(Position(line, data.draw(st.integers(0, 80))))
        for line in sorted((data.draw(lines), data.draw(lines)))
    ]
    span = Span(*sorted(places))
    redactor = Redactor()
    shown, moved = redactor.document(document, span, reach)
    assert redactor.restored(shown.text) in document.text
    assert moved.start <= moved.end
    assert shown.clamp(moved.start) == moved.start
    assert shown.clamp(moved.end) == moved.end
    whole, _ = redactor.document(document, span, 10**9)
    assert redactor.restored(whole.text) == document.text


@given(surroundings)
def test_places_of_one_window_keep_their_order(text: str):
    document = Document.of(text)
    redactor = Redactor()
    before = Position(0, 0)
    for line in range(len(document.lines)):
        for column in range(len(document.body(line)) + 1):
            place = Position(line, column)
            moved = redactor.document(document, Span(place, place), 10**9)[1]
            assert moved.is_empty
            assert moved.start >= before
            before = moved.start


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("reach", [0, 30, 200, 10**6])
def test_what_is_outside_of_secrets_stays_where_it_was(kind: str, reach: int):
    document = Document.of("above\n" * 9 + "".join(SECRETS[kind]) + "\n" + "below, marked\n" * 9)
    last = len(document.lines) - 1
    for line in range(last):
        if document.body(line) in ("above", "below, marked"):
            shown, span = Redactor().document(document, Span(Position(line, 1), Position(line, 4)), reach)
            assert shown.slice(span) == document.body(line)[1:4]


ADVERSARIES = [
    "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nProc-Type: a", f"{BODY[:64]}\n", "://a:a", "://a:aaa@", "password=", 'password="',
    "password=abcdefghijklm1 ", "PASSWORD=abcdefghijklm1\n", "api_key: str = ", "token: a.", "secret", "key", "eyJ",
    "eyJ-", ".eyJaaaaaaaaaa.", "sk-", "sk-a", "SG.", "AKIA", "machine a login b ", "basic aaaaaaaa ", "bearer a",
    "<redacted:", "<redacted:a>", "a", "-", " ", "\n", "\\", '"', "\u4e2d", ":", "=",
]  # fmt: skip


@pytest.mark.parametrize("piece", ADVERSARIES)
def test_time_grows_as_the_text_does(piece: str):
    """Twice the text takes about twice the time; four times the text of a quadratic search would take 16."""

    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        times: list[float] = []
        for _ in range(3):
            began = time.process_time()
            find(text)
            times.append(time.process_time() - began)
        return min(times)

    assert seconds(600_000) / seconds(300_000) < 4


def test_a_key_of_a_megabyte_is_still_one_finding():
    text = pem("PRIVATE KEY", PEM_LINES * 4000)
    assert [finding[:2] for finding in find(f"a\n{text}\nb")] == [(2, 2 + len(text))]
