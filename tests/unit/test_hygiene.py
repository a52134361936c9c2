"""What people do not see."""

import pytest

from mm_lsp.rulebook.hygiene import Hidden, cleaned, comparable, decoded, mixed_scripts

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all")
# The spec's list (section 8): first and last of each range.
LISTED = [
    0x00, 0x08, 0x0B, 0x0C, 0x0E, 0x1F, 0x7F, 0x80, 0x85, 0x9F, 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, 0x200B,
    0x200C, 0x200D, 0x200F, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x2069, 0x3164, 0xFFA0, 0xFEFF, 0xFE00, 0xFE0F,
    0xE0000, 0xE007F, 0xE0100, 0xE01EF,
]  # fmt: skip
BESIDE = [0x20, 0x7E, 0xA0, 0xAC, 0xAE, 0x34E, 0x350, 0x200A, 0x2010, 0x2029, 0x202F, 0x205F, 0x2065, 0x206A, 0xFEFE]


@pytest.mark.parametrize("codepoint", LISTED, ids=hex)
def test_each_listed_character_becomes_visible(codepoint: int) -> None:
    text, (found,) = cleaned(f"a{chr(codepoint)}b")
    assert text == f"a⟦U+{codepoint:04X}⟧b"
    assert found[:4] == (0, 1, 1, (codepoint,))
    assert found.name.isprintable()


@pytest.mark.parametrize("codepoint", BESIDE, ids=hex)
def test_its_neighbours_stay(codepoint: int) -> None:
    assert cleaned(f"a{chr(codepoint)}b") == (f"a{chr(codepoint)}b", ())


@pytest.mark.parametrize(
    "text",
    [
        "❤\ufe0f", "❤\ufe0f\u200d🔥", "👩\u200d👩\u200d👧", "👍🏽", "1\ufe0f\u20e3", "#\ufe0f\u20e3",
        "🏳\ufe0f\u200d🌈", "👩🏽\u200d⚕\ufe0f",
        "می\u200cخواهم", "क्\u200dष", "ശ്\u200cരീ", "a\tb\nc", "a\r\nb", "",
    ],
)  # fmt: skip
def test_what_spelling_needs_stays(text: str) -> None:
    assert cleaned(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\ufe0f", "a⟦U+FE0F⟧"),
        ("1\ufe0f", "1⟦U+FE0F⟧"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f⟦U+FE0F⟧"),
        ("❤\ufe0e", "❤⟦U+FE0E⟧"),
        ("❤\u200d", "❤⟦U+200D⟧"),
        ("a\u200d❤", "a⟦U+200D⟧❤"),
        ("a\ufe0f\u200d❤", "a⟦U+FE0F⟧⟦U+200D⟧❤"),
        ("\u200d", "⟦U+200D⟧"),
        ("می\u200c", "می⟦U+200C⟧"),
        ("می\u200c\u200cخ", "می⟦U+200C⟧⟦U+200C⟧خ"),
        ("م\u200bخ", "م⟦U+200B⟧خ"),
        ("م\u200c؟", "م⟦U+200C⟧؟"),
        ("a\rb", "a⟦U+000D⟧b"),
        ("\ufeffa", "a"),
        ("\ufeff\ufeffa", "⟦U+FEFF⟧a"),
    ],
)
def test_the_same_characters_elsewhere_do_not(text: str, shown: str) -> None:
    assert cleaned(text)[0] == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\n\u200b", [Hidden(1, 0, 1, (0x200B,), "zero-width space")]),
        ("\ufeffa\u200b", [Hidden(0, 1, 1, (0x200B,), "zero-width space")]),
        ("é\u200b\u200b", [Hidden(0, 1, 2, (0x200B, 0x200B), "2 × zero-width space")]),
        ("\u200b\u200e", [Hidden(0, 0, 2, (0x200B, 0x200E), "2 hidden characters")]),
        ("\x07", [Hidden(0, 0, 1, (7,), "control character U+0007")]),
        ("\U000e0000", [Hidden(0, 0, 1, (0xE0000,), "hidden character U+E0000")]),
        ("\u202e", [Hidden(0, 0, 1, (0x202E,), "right-to-left override")]),
        (f"x{TAGS}\U000e007f", [Hidden(0, 1, 11, (*map(ord, TAGS), 0xE007F), "tag characters spelling “ignore all”")]),
        ("a\r\nb\rc\u200b\nd\u200b", [
            Hidden(1, 1, 1, (0x0D,), "control character U+000D"),
            Hidden(2, 1, 1, (0x200B,), "zero-width space"),
            Hidden(3, 1, 1, (0x200B,), "zero-width space"),
        ]),
        ("❤\ufe0f\u200b\ufe0f", [Hidden(0, 2, 2, (0x200B, 0xFE0F), "2 hidden characters")]),
    ],
)  # fmt: skip
def test_what_was_found(text: str, found: list[Hidden]) -> None:
    assert cleaned(text)[1] == tuple(found)


def test_a_long_hidden_message_is_cut() -> None:
    (found,) = cleaned(TAGS * 20)[1]
    assert found.name == f"tag characters spelling “{('ignore all' * 20)[:79]}…”"
    assert found.length == 200


@pytest.mark.parametrize(
    ("word", "mixed"),
    [
        ("paypal", False), ("pаypal", True), ("tοols", True), ("привет", False), ("λόγος", False), ("café", False),
        ("名前a", False), ("pdf-а", True), ("", False), ("a1_\ud800", False),
    ],
)  # fmt: skip
def test_mixed_scripts(word: str, mixed: bool) -> None:
    assert mixed_scripts(word) is mixed


@pytest.mark.parametrize(
    ("one", "other"),
    [("Review", "review"), ("ｒｅｖｉｅｗ", "review"), ("re\u200bview", "review"), (f"review{TAGS}", "review"),
     ("ﬁx", "fix"), ("stra\u00dfe", "STRASSE"), ("e\u0301", "\u00e9"), ("\u03d2", "\u03c5"),
     ("e\u200d\u0301", "\u00c9"), ("\ufeffa\ufe0f", "A")],
)  # fmt: skip
def test_names_that_people_take_for_one(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


def test_names_that_differ_stay_different() -> None:
    assert len({comparable(name) for name in ["review", "reviews", "re-view", "re view", "révue"]}) == 5


@pytest.mark.parametrize(
    ("data", "text", "lossy"),
    [
        (b"", "", False),
        ("é😀".encode(), "é😀", False),
        (b"a\xffb", "a\ufffdb", True),
        (b"\xef\xbb\xbfa", "a", False),
        (b"\xef\xbb\xbf\xe9", "\ufffd", True),
        ("é".encode("utf-16"), "é", False),
        (b"\xff\xfea\0b\0", "ab", False),
        (b"\xfe\xff\0a\0b", "ab", False),
        (b"\xff\xfea\0b", "a\ufffd", True),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd", True),
    ],
)
def test_decoding(data: bytes, text: str, lossy: bool) -> None:
    assert decoded(data) == (text, lossy)
