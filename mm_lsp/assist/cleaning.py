"""A chat reply → exactly the text that belongs at the cursor. A list of small rules, each with its reason."""

from __future__ import annotations

import re

from mm_lsp.assist.fences import first_fence
from mm_lsp.text import line_body

TAG = "completion"
_OPEN = re.compile(rf"<{TAG}\b[^<>]*>", re.IGNORECASE)
_CLOSE = re.compile(rf"</{TAG}\s*>", re.IGNORECASE)
_PARTIAL_CLOSE = re.compile(r"<(?:/[a-z]{0,10})?\Z", re.IGNORECASE)
_FENCED_LANGUAGES = ("markdown", "mdx", "quarto", "rmd")  # a fence is what they may be about
_THINKING = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.DOTALL)
_OPEN_THINKING = re.compile(r"\s*<think(?:ing)?>")
_MIN_ECHO = 2  # characters of the line that count as an echo: one letter is chance
_LONGEST_OVERLAP = 400  # characters of a line that are typed twice
_ECHO_LINES = 5  # lines above the cursor that a reply may repeat before it goes on


def clean(raw: str, prefix: str, suffix: str, language_id: str = "") -> str:
    r"""The insertion that `raw` means, "" for none.

    `prefix` and `suffix` are the document before and after the cursor; line ends of the result are `\n`.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    text, is_tagged = _untagged(_THINKING.sub("", text))
    text = _unfenced(text, is_tagged, language_id)
    lines_before = prefix.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    text = _without_habitual_newline(text, lines_before[-1])
    text = _without_echo(text, lines_before)
    text = _without_repeated_suffix(text, suffix.replace("\r\n", "\n").replace("\r", "\n"))
    return text.rstrip() if text.strip() else ""


def answer_is_closed(raw: str) -> bool:
    """Whether the reply's element has been closed: nothing that follows belongs to the answer."""
    said = _THINKING.sub("", raw)
    if _OPEN_THINKING.match(said):
        return False
    opened = _OPEN.search(said)
    return opened is not None and _CLOSE.search(said, opened.end()) is not None


def ends_line(raw: str) -> bool:
    """Whether the answer itself ends with a line end, which `clean` does not tell."""
    return _untagged(_THINKING.sub("", raw))[0].rstrip(" \t\r").endswith("\n")


def _untagged(text: str) -> tuple[str, bool]:
    """The inside of the first element. A missing close is forgiven (a stream that was left early has none)."""
    opened = _OPEN.search(text)
    if opened is None:
        return _CLOSE.sub("", text), False
    inside = text[opened.end() :]
    closed = _CLOSE.search(inside)
    if closed:
        return inside[: closed.start()], True
    return _PARTIAL_CLOSE.sub("", inside.rstrip()) if "</" in inside[-20:] else inside, True


def _unfenced(text: str, is_tagged: bool, language_id: str) -> str:
    """The inside of a Markdown fence. Around an untagged fence there may be talk; inside a tag the fence must be
    all there is, or it is part of the file (a docstring, a Markdown document)."""
    fence = first_fence(text)
    if fence is None or (is_tagged and (fence.before + (fence.after or "")).strip()):
        return text
    if language_id in _FENCED_LANGUAGES and fence.info not in ("md", *_FENCED_LANGUAGES):
        return text
    return fence.inside


def _without_habitual_newline(text: str, line_before: str) -> str:
    """Chat models open an element with a line end out of habit. It is meant only where the line before the cursor
    is complete, which an opener at its end or deeper indentation in the answer shows."""
    if not text.startswith("\n"):
        return text
    rest = text.lstrip("\n")
    if not line_before.strip():
        return rest
    depth = len(line_before) - len(line_before.lstrip())
    answer_depth = len(rest) - len(rest.lstrip(" \t"))
    last = line_before.rstrip()[-1:]
    if last in ("(", "[") and answer_depth <= depth and "\n" not in rest.strip("\n"):
        return rest  # one line between brackets stays on theirs
    opens = last in (":", "{", "(", "[", ",", ";", ">")
    if opens or answer_depth > depth or (answer_depth == depth and depth > 0):
        return text
    return rest if not line_before.endswith((")", "]", "}")) else text


def _without_echo(text: str, lines_before: list[str]) -> str:
    """A reply may repeat whole lines from above the cursor, the cursor's own line, or only its indentation."""
    current = lines_before[-1]
    first_line = text.split("\n", 1)[0]
    if current.strip():
        if len(current.strip()) >= _MIN_ECHO:
            for echo in (current, current.lstrip()):
                if text.startswith(echo):
                    return text[len(echo) :]
    elif current and first_line.strip():
        return _without_indent(text, current)
    for count in range(min(_ECHO_LINES, len(lines_before) - 1), 0, -1):
        block = "\n".join(lines_before[-1 - count :])
        if sum(map(str.isalnum, block)) >= 8 and text.startswith(block):
            return text[len(block) :]
    return text


def _without_indent(text: str, typed: str) -> str:
    """The indentation that stands before the cursor is not typed twice."""
    return text[len(typed) :] if text.startswith(typed) else text.lstrip(" \t") if text[0] in " \t" else text


def _without_repeated_suffix(text: str, suffix: str) -> str:
    """Whole lines at the end of the reply that the document goes on with anyway."""
    rest, _, below = suffix.partition("\n")
    following = [line for line in below.split("\n")[:20] if line.strip()]
    lines = text.rstrip("\n").split("\n")
    for count in range(min(len(lines) - 1, len(following)), 0, -1):
        if [line.rstrip() for line in lines[-count:]] == [line.rstrip() for line in following[:count]]:
            kept = lines[:-count]
            return "\n".join(kept).rstrip() if not rest.strip() else "\n".join(kept)
    return text


def overlap(text: str, rest: str) -> int:
    """How many characters at the end of `text` stand already at the beginning of `rest`."""
    rest = line_body(rest)[:_LONGEST_OVERLAP]
    for length in range(min(len(text), len(rest)), 0, -1):
        if text.endswith(rest[:length]):
            return length
    return 0
