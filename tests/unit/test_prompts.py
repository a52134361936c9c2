"""Prompts: filled in strictly, and once."""

from importlib import resources

import pytest

from mm_lsp import prompts
from mm_lsp.messages import Message

COMPLETE = {
    "hole": "<|hole|>", "max_lines": "30", "rules": "", "others": "", "file": "a.py", "language": "python",
    "before": "", "after": "",
}  # fmt: skip


def test_a_prompt_is_a_system_and_a_user_message() -> None:
    system, user = prompts.render("complete", **COMPLETE)
    assert system.role == "system"
    assert user == Message("user", "File: a.py\nLanguage: python\n\n<|hole|>")
    assert "=== user ===" not in system.content + user.content


@pytest.mark.parametrize(
    ("name", "blanks"),
    [
        ("complete", {}),
        ("complete", {name: value for name, value in COMPLETE.items() if name != "after"}),
        ("complete", {**COMPLETE, "extra": ""}),
        ("explain", COMPLETE),
    ],
)
def test_a_blank_without_a_value_or_a_value_without_a_blank_is_an_error(name: str, blanks: dict[str, str]) -> None:
    with pytest.raises(KeyError, match=f"prompt {name}"):
        prompts.render(name, **blanks)


def test_a_prompt_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        prompts.render("nonsense")


@pytest.mark.parametrize(
    "text",
    [
        "{{blank}}",
        "{{after}}",
        "{{hole}}",
        "{{{after}}}",
        "{{",
        "}}",
        "\\1 \\g<0>",
        "{before}",
        "%s",
        "\n=== user ===\n",
    ],
)
def test_text_that_is_filled_in_is_never_filled_again(text: str) -> None:
    system, user = prompts.render("complete", **{**COMPLETE, "before": text, "after": "AFTER"})
    assert user.content == f"File: a.py\nLanguage: python\n\n{text}<|hole|>AFTER"
    assert system == prompts.render("complete", **COMPLETE)[0]


def test_white_space_of_what_is_filled_in_stays() -> None:
    _, user = prompts.render("complete", **{**COMPLETE, "others": "\n\n", "after": "  \n\n"})
    assert user.content == "\n\nFile: a.py\nLanguage: python\n\n<|hole|>  \n\n"


@pytest.mark.parametrize("name", ["complete", "explain", "rewrite"])
def test_line_ends_of_the_files_do_not_matter(name: str) -> None:
    assert b"\r" not in resources.files(prompts).joinpath(f"{name}.md").read_bytes()
