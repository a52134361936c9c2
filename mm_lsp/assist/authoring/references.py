"""The files that a rule, skill or command names: `@path`, and links of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.rulebook import markup
from mm_lsp.rulebook.placeholders import Template, template_of
from mm_lsp.rulebook.rules.families import import_depth

# Endings of files that people write into their rules; `@example.com` and `@john.doe` end otherwise.
_ENDING = re.compile(
    r".+\.(?:mdx?|mdc|markdown|txt|rst|adoc|jsonc?|json5|ya?ml|toml|ini|cfg|conf|env|xml|csv|sql|graphql|proto|html|css"
    r"|s[ac]ss|less|[cm]?[jt]sx?|pyi?|rb|go|rs|java|kts?|swift|[ch]|cc|cpp|hpp|cs|php|lua|sh|bash|zsh|fish|ps1|r|jl|exs?"
    r"|erl|hs|ml|scala|clj|dart|vue|svelte|tf|lock|log|gradle)",
    re.IGNORECASE,
)
_BY_PATH = re.compile(r"\.{1,2}/|~/")


class Reference(NamedTuple):
    """`path` as it is looked for, `written` from offset `start` to `end` of the manuscript's text. `way`: "import" of
    a rule, "file" of a command, which the model gets both; "link": only for people and for the model to ask for."""

    path: str
    written: str
    start: int
    end: int
    way: Literal["import", "file", "link"]


def template(manuscript: Manuscript) -> tuple[Template, int] | None:
    """What the command's text takes in, and the offset that its places count from; None for rules."""
    style = manuscript.kind.style
    if style is None:
        return None
    names = manuscript.command.argument_names if manuscript.command is not None else ()
    start = 0 if style == "gemini" else manuscript.body_start
    return template_of(style, manuscript.text[start:], frozenset(names)), start


def references(manuscript: Manuscript) -> list[Reference]:
    """In order, none inside of another."""
    if manuscript.kind.place is not None:
        depth = import_depth(manuscript.kind.place.family)
        return list(_imports(manuscript)) if depth else []
    found: list[Reference] = []
    for one in sorted((*_files(manuscript), *_links(manuscript)), key=lambda reference: reference.start):
        if not found or one.start >= found[-1].end:
            found.append(one)
    return found


def _imports(manuscript: Manuscript) -> Iterator[Reference]:
    start = manuscript.body_start
    for one in markup.imports_in(manuscript.body):
        yield Reference(one.path, one.written, start + one.start, start + one.end, "import")


def _files(manuscript: Manuscript) -> Iterator[Reference]:
    """Those whose names no argument completes."""
    taken = template(manuscript)
    if taken is None:
        return
    parts, base = taken
    for place in parts.places:
        if place.kind == "file" and not parts.arguments_in(place.value):
            start, end = base + place.start, base + place.end
            yield Reference(place.value, manuscript.text[start:end], start, end, "file")


def _links(manuscript: Manuscript) -> Iterator[Reference]:
    """Links of a skill to the files of its folder."""
    if manuscript.kind.style != "skill":
        return
    base = manuscript.body_start
    for place in template_of("copilot", manuscript.body).places:
        if place.kind == "file":
            start, end = base + place.start, base + place.end
            yield Reference(place.value, manuscript.text[start:end], start, end, "link")


def is_surely_a_path(reference: Reference) -> bool:
    """Whether an `@name` that is no file can't be anything else: `@scope/package`, a person, a decorator."""
    if reference.way == "link":
        return False
    name = reference.path.rpartition("/")[2]
    return bool(_BY_PATH.match(reference.path) or _ENDING.fullmatch(name))
