"""Cut the bytes anywhere: what is read is the same."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from mm_lsp.llm.dialect import Dialect
from mm_lsp.llm.sse import SSEDecoder
from mm_lsp.messages import ModelError
from mm_lsp.server.transport import FrameDecoder, Unreadable, encode_frame, parse_body

from .pieces import cuts, json_values, texts

HEADERS = [
    "Content-Length: {}", "content-length:{}", "CONTENT-LENGTH :  {}  ", "Content-Length: 1\r\nContent-Length: {}",
    "Content-Type: x\r\nContent-Length: {}", "Content-Length: {}\r\nX-Length: 7",
    "X-Content-Length: 3\nContent-Length: {}",
]  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=20), st.sampled_from([b"", b"{}", b"\r\n\r\n", b"Content-Length: 5\r\n\r\n", b"\n\n"])
)
SSE_PIECES = [
    b"data", b":", b" ", b"data: ", b'data: {"a":1}', b"data:[DONE]", b"\n", b"\n\n", b"\r", b"\r\n", b": comment",
    b"event: x", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xe4\xb8\xad", b"\xff", b"\xe4", b"\xb8",
    b"\x0c", b"x", b"\0",
]  # fmt: skip


@st.composite
def frames(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """(the bodies, the bytes in parts)."""
    given_bodies = draw(
        st.lists(st.tuples(BODIES, st.sampled_from(HEADERS), st.sampled_from(["\r\n\r\n", "\n\n"])), max_size=5)
    )
    stream = b"".join(header.format(len(body)).encode() + end.encode() + body for body, header, end in given_bodies)
    return [body for body, _, _ in given_bodies], draw(cuts(stream))


@given(frames())
def test_frames(given_frames: tuple[list[bytes], list[bytes]]) -> None:
    bodies, parts = given_frames
    decoder = FrameDecoder()
    assert [body for part in parts for body in decoder.feed(part)] == bodies


@given(
    st.lists(st.one_of(st.sampled_from([b"\r\n", b"\n", b"Content-Length: 2", b"{}", b"x: y", b"\0"])), max_size=14),
    st.data(),
)
def test_rubbish_between_frames_is_read_the_same_however_it_is_cut(pieces: list[bytes], data: st.DataObject) -> None:
    whole, decoder = FrameDecoder(), FrameDecoder()
    stream = b"".join(pieces)
    expected = whole.feed(stream)
    assert [body for part in data.draw(cuts(stream)) for body in decoder.feed(part)] == expected


@given(json_values("method", "id"))
def test_any_message_survives_its_frame(message: object) -> None:
    (body,) = FrameDecoder().feed(encode_frame(message))
    assert repr(parse_body(body)) == repr(message)


@given(st.binary(max_size=60))
def test_any_body_is_json_or_unreadable(body: bytes) -> None:
    message = parse_body(body)
    assert isinstance(message, Unreadable | dict | list | str | int | float | None)


def decoded(parts: list[bytes]) -> list[str]:
    decoder = SSEDecoder()
    return [payload for part in parts for payload in decoder.feed(part)] + decoder.close()


@given(st.lists(st.sampled_from(SSE_PIECES), max_size=20).map(b"".join), st.data())
def test_server_sent_events(stream: bytes, data: st.DataObject) -> None:
    assert decoded(data.draw(cuts(stream))) == decoded([stream])


@given(
    st.lists(texts(size=6).map(lambda text: text.replace("\r", "").replace("\n", "").lstrip()), max_size=6), st.data()
)
def test_text_of_events_survives(payloads: list[str], data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r", "\r\n"]))
    stream = "".join(f": keep alive{end}{end}data: {payload}{end}{end}" for payload in payloads).encode()
    assert decoded(data.draw(cuts(stream))) == payloads


NAMES = (
    "choices", "delta", "message", "content", "reasoning", "reasoning_content", "index", "finish_reason", "usage",
    "prompt_tokens", "completion_tokens", "completion_tokens_details", "error", "code",
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=20),
        json_values(*NAMES).map(lambda value: encode_frame(value).split(b"\r\n\r\n", 1)[1].decode()),
    )
)
def test_any_payload_is_events_or_a_model_error(data: str) -> None:
    dialect = Dialect()
    with contextlib.suppress(ModelError):
        dialect.read(data)
        dialect.read(data)
