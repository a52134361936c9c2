"""Text with places for files, put together up to a limit and cut with a note there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file that a template asks for. `path`: as its author wrote it, unescaped, to be checked by whoever reads it;
    `written`: what stands in the text if it is not read."""

    path: str
    written: str


class Pieces:
    """What has been put together so far: at most `limit` bytes of UTF-8, and a note where that was not enough."""

    def __init__(self, limit: int) -> None:
        self.is_full = False
        self._left = limit
        self._note = f"\n[cut here: the text is longer than {limit // 1024} KiB]"
        self._pieces: list[str | FileReference] = []

    def add(self, text: str) -> None:
        if self.is_full or not text:
            return
        kept = cut(text, self._left)
        self._left -= size(kept)
        self._pieces.append(kept)
        if len(kept) < len(text):
            self.is_full = True
            self.note(self._note)

    def add_file(self, reference: FileReference) -> None:
        """Counted as it is written; what is read is counted where it is put in."""
        if self.is_full:
            return
        self._left -= size(reference.written)
        if self._left < 0:
            self._left = 0
            self.is_full = True
            self.note(self._note)
            return
        self._pieces.append(reference)

    def note(self, text: str) -> None:
        """Text that stands there even where the limit is reached."""
        self._pieces.append(text)

    def merged(self) -> tuple[str | FileReference, ...]:
        """All of it, with no two texts side by side."""
        merged: list[str | FileReference] = []
        texts: list[str] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            if texts:
                merged.append("".join(texts))
                texts = []
            merged.append(piece)
        return (*merged, "".join(texts)) if texts else tuple(merged)

    def written(self) -> str:
        """All of it as text, files as they are written."""
        return "".join(piece if isinstance(piece, str) else piece.written for piece in self._pieces)


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` bytes; no character is torn apart."""
    if size(text) <= limit:
        return text
    data = text.encode("utf-8", "surrogatepass")
    while limit > 0 and data[limit] & 0xC0 == 0x80:
        limit -= 1
    return data[:limit].decode("utf-8", "surrogatepass")
