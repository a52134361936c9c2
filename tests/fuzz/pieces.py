"""What texts and JSON are made of, chosen so that trouble is likely."""

from typing import Any

from hypothesis import strategies as st

LINE_ENDS = ["\n", "\r", "\r\n"]
NO_LINE_ENDS = ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029"]
LETTERS = ["", "a", "b", " ", "    ", "\t", "é", "中", "😀", "e\u0301", "\u200d", "\ufeff", "\0"]
HALVES = ["\ud83d", "\ude00"]


def texts(*more: str, size: int = 14) -> st.SearchStrategy[str]:
    pieces = st.sampled_from([*LINE_ENDS, *LINE_ENDS, *NO_LINE_ENDS, *LETTERS, *more])
    return st.lists(pieces, max_size=size).map("".join)


def positions() -> st.SearchStrategy[tuple[int, int]]:
    """As clients send them, in their units; also past every end."""
    return st.tuples(st.integers(0, 9), st.one_of(st.integers(0, 12), st.just(2**31 - 1)))


def json_values(*names: str) -> st.SearchStrategy[Any]:
    """Any JSON; objects like to have `names`."""
    scalars = st.sampled_from(
        [None, True, False, 0, 1, -1, 2**70, 0.5, float("nan"), float("inf"), "", "a", "auto", "²"]
    )
    keys = st.one_of(st.sampled_from(names), st.text(max_size=3)) if names else st.text(max_size=3)
    return st.recursive(
        st.one_of(scalars, st.text(max_size=4)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=5)),
        max_leaves=12,
    )


def cuts(data: bytes) -> st.SearchStrategy[list[bytes]]:
    """`data` in parts."""
    places = st.lists(st.integers(0, len(data)), max_size=12).map(sorted)
    return places.map(lambda ends: [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)])
