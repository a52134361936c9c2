"""Whether a line is a comment, by the sign that its language begins one with."""

from __future__ import annotations

_HASH = ("#",)
_SLASHES = ("//", "/*", "*")
_DASHES = ("--",)
_SEMICOLON = (";",)
_ANGLE = ("<!--",)

_SIGNS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("python", "ruby", "shellscript", "yaml", "toml", "makefile", "dockerfile", "perl", "r", "elixir", "julia",
         "nix", "cmake", "coffeescript", "graphql", "properties", "ignore", "gitignore", "starlark", "tcl"),
        _HASH,
    ),
    **dict.fromkeys(("sql", "haskell", "lua", "elm", "ada", "vhdl"), _DASHES),
    **dict.fromkeys(("clojure", "lisp", "elisp", "emacs-lisp", "scheme", "racket", "ini", "asm"), _SEMICOLON),
    **dict.fromkeys(("html", "xml", "markdown", "svg", "vue", "svelte", "xhtml"), _ANGLE),
    **dict.fromkeys(("tex", "latex", "bibtex", "matlab", "erlang", "prolog"), ("%",)),
    **dict.fromkeys(("vim", "viml"), ('"',)),
    "php": (*_SLASHES, "#"),
    "terraform": (*_SLASHES, "#"),
    "powershell": _HASH,
    "plaintext": (),
}  # fmt: skip
_PROMPT_LANGUAGES = frozenset(("prompt", "chatagent", "instructions", "mm-chat"))
_PROMPT_ENDINGS = (".prompt.md", ".chat.md", "COMMIT_EDITMSG")


def is_comment(line_before: str, language_id: str) -> bool:
    """`line_before`: the line up to the cursor. A language that is not listed has C's comments."""
    return line_before.lstrip().startswith(_SIGNS.get(language_id, _SLASHES))


def is_prompt(uri: str, language_id: str) -> bool:
    """Whether the whole document is something that one says to a model (reference: rules-and-skills 6.3)."""
    unsaved_prose = uri.startswith("untitled:") and language_id in ("plaintext", "markdown")
    path = uri.partition("?")[0]
    return (
        language_id in _PROMPT_LANGUAGES
        or uri.startswith("mm-chat:")
        or path.endswith(_PROMPT_ENDINGS)
        or unsaved_prose
    )
