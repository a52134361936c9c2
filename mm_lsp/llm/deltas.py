"""Text that arrives in pieces, or as a whole that grows: the same field of one answer may do either."""

from __future__ import annotations

_SURE = 16  # characters: a repetition of fewer may well be what the model wrote, such as "  " or "=="


class Manner:
    """How one stream sends its text. Once some field was seen to grow as a whole, short beginnings count too."""

    def __init__(self) -> None:
        self.is_cumulative = False


class Deltas:
    """One field of one answer. `add` gives what is new in each piece. `sure`: a repeated beginning longer than this
    shows that the text comes as a whole that grows."""

    def __init__(self, manner: Manner, sure: int = _SURE) -> None:
        self._manner = manner
        self._sure = sure
        self._pieces: list[str] = []
        self._length = 0

    @property
    def text(self) -> str:
        """All of it."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, piece: str) -> str:
        known = self._length
        least = 0 if self._manner.is_cumulative else self._sure
        if len(piece) >= known > least and piece.startswith(self.text):
            self._manner.is_cumulative |= len(piece) > known
            piece = piece[known:]
        self._append(piece)
        return piece

    def complete(self, whole: str) -> str:
        """What `whole`, the text said once more at the end, adds to it: nothing where it says something else."""
        if not whole.startswith(self.text):
            return ""
        rest = whole[self._length :]
        self._append(rest)
        return rest

    def _append(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._length += len(piece)
