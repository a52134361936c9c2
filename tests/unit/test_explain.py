"""Explanations: the question."""

import pytest

from mm_lsp.assist import explain
from mm_lsp.assist.guidance import NONE, Guidance
from mm_lsp.messages import ModelRequest
from mm_lsp.redact import Redactor
from mm_lsp.tokens import estimate

from .marked import selection


def ask(marked: str, question: str | None = None, guidance: Guidance = NONE) -> ModelRequest:
    document, span = selection(marked)
    return explain.request_for(document, "src/a.py", span, question, "German", guidance, Redactor())


def user(request: ModelRequest) -> str:
    return request.messages[1].content


def test_the_question_holds_the_part_its_surroundings_and_what_is_asked() -> None:
    request = ask("before()\n«this()\n»after()\n", "Why?", Guidance("\nBe kind.\n"))
    assert user(request) == (
        "File: src/a.py (python)\n\n<code>\nbefore()\nthis()\nafter()\n\n</code>\n\nThe part in question, line 2:\n\n"
        "<selection>\nthis()\n\n</selection>\n\nWhy?"
    )
    assert "in German," in request.messages[0].content
    assert request.messages[0].content.endswith("\nBe kind.\n")
    assert request.feature == "explain"


@pytest.mark.parametrize(
    ("marked", "place"),
    [
        ("«a\n»b\n", "line 1"),
        ("a\n«b»\n", "line 2"),
        ("a\n«b\nc»\n", "lines 2 to 3"),
        ("a\n«b\nc\n»", "lines 2 to 3"),
        ("a\nb«»\n", "lines 1 to 2"),
        ("«»a", "line 1"),
        ("«»", "line 1"),
    ],
)
def test_the_place_is_named_in_lines_from_one(marked: str, place: str) -> None:
    assert f"The part in question, {place}:\n" in user(ask(marked))


@pytest.mark.parametrize("question", [None, ""])
def test_without_a_question_it_is_to_be_explained(question: str | None) -> None:
    assert user(ask("«a»", question)).endswith("\n\nExplain it.")


def test_without_a_selection_the_whole_file_is_meant_and_said_once() -> None:
    text = user(ask("unique_name = 1\n«»b\n"))
    assert text.count("unique_name") == 1
    assert "(all of it below)" in text


def test_a_long_file_is_cut_and_says_so() -> None:
    text = user(ask("«»" + "value = compute(1, 2)\n" * 20_000))
    assert "[… cut here: the file is longer]" in text
    assert 20_000 < estimate(text) < 26_000


def test_a_long_file_around_a_selection_stays_within_its_budget() -> None:
    text = user(ask("a = 1\n" * 20_000 + "«here()»\n" + "a = 1\n" * 20_000))
    assert "here()" in text
    assert estimate(text) < 9_000
