"""Where a command's template takes something in: arguments, files, shell parts, editor variables (reference:
rules-and-skills 6.1). One pass over the template as its author wrote it, in linear time."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import unquote

from mm_lsp.rulebook import markup
from mm_lsp.rulebook.command_source import Style

Kind = Literal["literal", "arguments", "index", "name", "variable", "input", "file", "shell"]

# A number that goes on as an amount does ($1.00, $5,000) is one, not an argument.
_DOLLAR = re.compile(
    r"\\\$(?:(?P<digit>[0-9])|(?P<escaped>[A-Za-z_][A-Za-z0-9_-]*))"
    r"|(?P<all>\$ARGUMENTS)(?:\[(?P<bracket>[0-9]{1,4})\]|(?![A-Za-z0-9_]))"
    r"|\$(?P<index>[0-9]{1,4})(?![A-Za-z0-9_]|[.,][0-9])"
    r"|\$(?P<word>[A-Za-z_][A-Za-z0-9_]*)(?P<tail>[A-Za-z0-9_-]*)"
)
_OPENCODE_DOLLAR = re.compile(r"(?P<all>\$ARGUMENTS)|\$(?P<index>[0-9]{1,4})(?![A-Za-z0-9_]|[.,][0-9])")
_GEMINI_ARGUMENTS = re.compile(r"\{\{args\}\}")
_VARIABLE = re.compile(r"\$\{(?:input:(?P<input>[^:{}\n]{1,100})(?::[^{}\n]{0,500})?|(?P<variable>\w{1,50}))\}")
# An `@` in front of an argument: the template's author asks for the file that the argument names.
_FILE_ARGUMENT = re.compile(r"(?<![^\s(])@(?=\$)")
_PATH_GOES_ON = re.compile(r"[^\s`'\")<>\]]*")
_SHELL_SPAN = re.compile(r"(?<!\S)!`(?P<shell>[^`\n]+)`")
_SHELL_FENCE = re.compile(r"^[ \t]*```![^\n`]*\n", re.MULTILINE)
_FENCE_END = re.compile(r"^[ \t]*```[ \t]*$", re.MULTILINE)
_LINK = re.compile(
    r"(?<!!)\[[^\[\]\n]{0,300}+\]\([ \t]{0,9}(?P<target><[^<>\n]{1,500}>|[^()\s<>]{1,500}+)"
    r"(?:[ \t]{1,9}\"[^\"\n]{0,200}\")?[ \t]{0,9}\)"
)
_NO_FILE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//|#")
_BRACE = re.compile(r"[!@]?\{|\}")


class Place(NamedTuple):
    """The template from `start` to `end` stands for something. `value`: an index or a name, a file's path, a shell
    part, or the text itself. Arguments may stand in paths and shell parts."""

    start: int
    end: int
    kind: Kind
    value: str


class Template(NamedTuple):
    """A body taken apart. `places` are in order and do not overlap; `arguments` are all that ask for something typed
    or an editor's variable, also those within a file's path or a shell part, where `arguments_in` finds them."""

    places: tuple[Place, ...]
    arguments: tuple[Place, ...]
    arguments_in: Callable[[str], tuple[Place, ...]]


def template_of(style: Style, body: str, names: Collection[str] = ()) -> Template:
    """`names`: the arguments that the command's frontmatter declares."""
    if style in ("claude", "skill"):
        return _with_files(body, lambda text: _dollars(text, _DOLLAR, names))
    if style == "opencode":
        return _with_files(body, lambda text: _dollars(text, _OPENCODE_DOLLAR, ()))
    if style == "gemini":
        arguments = _gemini_arguments(body)
        return Template(_in_order(_braced(body), arguments), arguments, _gemini_arguments)
    if style == "copilot":
        arguments = _variables(body)
        return Template(_in_order(_links(body), arguments), arguments, _variables)
    return Template((), (), _nothing)


def _nothing(text: str) -> tuple[Place, ...]:
    del text
    return ()


def _with_files(body: str, arguments_in: Callable[[str], tuple[Place, ...]]) -> Template:
    arguments = arguments_in(body)
    files = (*_file_arguments(body, arguments), *_imports(body))
    places = _in_order(_shell_fences(body), _shell_spans(body), files, arguments)
    return Template(places, arguments, arguments_in)


def _in_order(*kinds: Iterable[Place]) -> tuple[Place, ...]:
    """Where places overlap, the one that begins first holds the other; at one start the earlier kind does."""
    kept: list[Place] = []
    for place in sorted((one for kind in kinds for one in kind), key=lambda one: one.start):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
    return tuple(kept)


def _dollars(text: str, pattern: re.Pattern[str], names: Collection[str]) -> tuple[Place, ...]:
    found = (_dollar(match, names) for match in pattern.finditer(text))
    return tuple(place for place in found if place is not None)


def _dollar(match: re.Match[str], names: Collection[str]) -> Place | None:
    (start, end), kind = match.span(), match.lastgroup
    if kind in ("index", "bracket"):
        return Place(start, end, "index", match[kind])
    if kind == "all":
        return Place(start, end, "arguments", "")
    if kind in ("digit", "escaped"):
        is_argument = kind == "digit" or _is_argument(match[kind], names)
        return Place(start, end, "literal", match[0].removeprefix("\\")) if is_argument else None
    word, tail = match["word"], match["tail"]
    if word + tail in names:
        return Place(start, end, "name", word + tail)
    return Place(start, end - len(tail), "name", word) if word in names else None


def _is_argument(word: str, names: Collection[str]) -> bool:
    return word == "ARGUMENTS" or word in names or word.partition("-")[0] in names


def _file_arguments(body: str, arguments: tuple[Place, ...]) -> Iterator[Place]:
    ends = {place.start: place.end for place in arguments}
    is_code = _code(body)
    for match in _FILE_ARGUMENT.finditer(body):
        end = ends.get(match.end())
        if end is not None and not is_code(match.start()):
            more = _PATH_GOES_ON.match(body, end)
            path = body[match.end() : end] + (more.group().rstrip(".,;:!?") if more else "")
            yield Place(match.start(), match.end() + len(path), "file", path)


def _code(body: str) -> Callable[[int], bool]:
    """Whether an offset lies within Markdown code."""
    ranges = markup.code_ranges(body)
    starts = [start for start, _ in ranges]

    def is_code(offset: int) -> bool:
        at = bisect_right(starts, offset) - 1
        return at >= 0 and offset < ranges[at][1]

    return is_code


def _imports(body: str) -> list[Place]:
    return [Place(one.start, one.end, "file", one.path) for one in markup.imports_in(body)]


def _shell_spans(body: str) -> list[Place]:
    return [Place(*match.span(), "shell", match.group("shell")) for match in _SHELL_SPAN.finditer(body)]


def _shell_fences(body: str) -> Iterator[Place]:
    openings = list(_SHELL_FENCE.finditer(body))
    closings = list(_FENCE_END.finditer(body)) if openings else []
    starts = [match.start() for match in closings]
    for opening in openings:
        at = bisect_left(starts, opening.end())
        if at < len(closings):
            inside = body[opening.end() : starts[at]].removesuffix("\n")
            yield Place(opening.start(), closings[at].end(), "shell", inside)


def _gemini_arguments(text: str) -> tuple[Place, ...]:
    return tuple(Place(*match.span(), "arguments", "") for match in _GEMINI_ARGUMENTS.finditer(text))


def _braced(body: str) -> Iterator[Place]:
    """`!{…}` and `@{…}`, up to the brace that closes them. What nothing closes is text, and so is a path that the
    arguments would complete: files come before arguments there."""
    reached = 0
    for start, end in sorted(_closed(body)):
        if start < reached:
            continue
        reached = end
        inside = body[start + 2 : end - 1].strip()
        if body[start] == "!" and inside:
            yield Place(start, end, "shell", inside)
        elif inside and not _GEMINI_ARGUMENTS.search(inside):
            yield Place(start, end, "file", inside)


def _closed(body: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    unclosed: list[int] = []
    for brace in _BRACE.finditer(body):
        if brace[0] != "}":
            unclosed.append(brace.start())
        elif unclosed:
            start = unclosed.pop()
            if body[start] != "{":
                found.append((start, brace.end()))
    return found


def _variables(text: str) -> tuple[Place, ...]:
    places: list[Place] = []
    for match in _VARIABLE.finditer(text):
        kind = "input" if match.group("input") else "variable"
        places.append(Place(*match.span(), kind, (match.group("input") or match.group("variable")).strip()))
    return tuple(places)


def _links(body: str) -> Iterator[Place]:
    """Targets of Markdown links outside of code that name a file."""
    is_code = _code(body)
    for match in _LINK.finditer(body):
        target = match.group("target").strip("<>")
        if not is_code(match.start()) and not _NO_FILE.match(target):
            yield Place(*match.span("target"), "file", unquote(target.partition("#")[0]))
