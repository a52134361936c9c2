"""What a hover says, as Markdown that reads well as plain text too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mm_lsp.assist.authoring.findings import glob_fault
from mm_lsp.assist.authoring.keys import help_for
from mm_lsp.assist.authoring.manuscript import Manuscript
from mm_lsp.assist.authoring.references import Reference
from mm_lsp.assist.authoring.subjects import Comment, Key, Pattern, Subject
from mm_lsp.globs import matching
from mm_lsp.rulebook.expansion import SHELL_DISABLED, index_base
from mm_lsp.rulebook.hygiene import Hidden, cleaned
from mm_lsp.rulebook.placeholders import Place
from mm_lsp.rulebook.rules.assembly import glob_for

_SHOWN = 300  # characters of a text that is not ours
_CODEPOINTS = 12
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_VARIABLES = {
    "file": "the file's path",
    "fileBasename": "the file's name",
    "fileBasenameNoExtension": "the file's name without its ending",
    "fileDirname": "the file's folder",
    "relativeFile": "the file's path, relative to the workspace folder",
    "selection": "the selected text",
    "selectedText": "the selected text",
    "workspaceFolder": "the workspace folder's path",
    "workspaceFolderBasename": "the workspace folder's name",
}


class Count(NamedTuple):
    """How many files of the workspace a glob names. `is_whole`: all files were looked at."""

    number: int
    examples: tuple[str, ...]
    is_whole: bool


class Taken(NamedTuple):
    """What becomes of a reference. `path` and `tokens` of the file that it names, or the `reason` (the end of a
    sentence) why it is not taken in; neither where there is no such file."""

    path: str = ""
    tokens: int = 0
    reason: str = ""


def code(text: str) -> str:
    """A text that is not ours, which must not act as Markdown: images in it would be fetched."""
    shown = " ".join(cleaned(text)[0].replace("`", "'").split())
    return f"`{shown[: _SHOWN - 1]}…`" if len(shown) > _SHOWN else f"`{shown}`"


def about_hidden(hidden: Hidden) -> str:
    points = " ".join(f"U+{point:04X}" for point in hidden.codepoints[:_CODEPOINTS])
    more = " …" if len(hidden.codepoints) > _CODEPOINTS else ""
    said = "People do not see them; the model gets them spelled out."
    return f"Hidden characters: {code(hidden.name)}\n\n{points}{more}\n\n{said}"


def about_key(manuscript: Manuscript, key: Key) -> str:
    known = help_for(manuscript.kind, key.name)
    if known is None:
        return ""
    values = f"\n\nValues: {', '.join(f'`{value}`' for value in known.values)}" if known.values else ""
    return known.meaning + values


def about_comment(comment: Comment) -> str:
    if comment.is_removed:
        return "The model does not see this comment: it is taken out before."
    return "The model does see this comment: nothing takes comments out of skills and commands."


def matcher(manuscript: Manuscript, pattern: str = "") -> Callable[[str], bool] | None:
    """Whether a path, relative to the root, is named by the file's glob `pattern`, or by any of its globs if that is
    "". None where no globs count: the rule holds for all files, or where it is asked for."""
    rule, skill = manuscript.rule, manuscript.skill
    if rule is not None and rule.activation == "glob":
        base = f"{rule.base}/" if rule.base else ""
        anywhere, globs = rule.is_anywhere, [pattern.removeprefix("!")]
        if not pattern:
            return lambda path: glob_for(rule, path) is not None
        return lambda path: (
            path.startswith(base)
            and matching(path[len(base) :], globs, anywhere=anywhere, ignore_case=anywhere) is not None
        )
    if skill is not None and skill.globs:
        wanted = [pattern] if pattern else skill.globs
        return lambda path: matching(path, wanted) is not None
    return None


def about_count(count: Count) -> str:
    at_least = "" if count.is_whole else "at least "
    files = "1 file" if count.number == 1 else f"{count.number:,} files"
    if not count.number:
        return (
            "Applies to no file of the workspace." if count.is_whole else "Applies to no file that was found in time."
        )
    more = "\n- …" if count.number > len(count.examples) else ""
    return f"Applies to {at_least}{files}:\n\n" + "\n".join(f"- {code(path)}" for path in count.examples) + more


def about_no_count(manuscript: Manuscript) -> str:
    """Why globs do not count."""
    rule = manuscript.rule
    if rule is None:
        return ""
    if rule.activation == "always":
        return "Applies to every file: the rule always counts, and globs are not asked."
    return "The globs are not asked: the rule counts only where it is named, or where the model asks for it."


def about_pattern(pattern: Pattern, counted: str) -> str:
    fault = glob_fault(pattern.text)
    return "\n\n".join(filter(None, (counted, f"It is not what it seems: {fault}." if fault else "")))


def about_reference(reference: Reference, taken: Taken) -> str:
    if taken.reason:
        return f"{code(reference.written)} is not taken in: {taken.reason}."
    if not taken.path:
        return f"There is no such file; {code(reference.written)} stays as text."
    size = f"about {taken.tokens:,} tokens"
    if reference.way == "link":
        return f"{code(taken.path)}, {size}. The model gets it when it asks for it."
    return f"Takes in {code(taken.path)}, {size}."


def about_place(manuscript: Manuscript, place: Place) -> str:
    """What a place of a command's text stands for."""
    match place.kind:
        case "arguments":
            return "Stands for all that is typed behind the command's name."
        case "index":
            return _about_index(manuscript, int(place.value))
        case "name":
            return _about_name(manuscript, place.value)
        case "literal":
            return f"Stays as text: {code(place.value)}."
        case "input":
            return f"Stands for what is typed behind the command's name: {code(f'{place.value}=…')}, or words in order."
        case "variable":
            meaning = _VARIABLES.get(place.value)
            return f"Stands for {meaning}." if meaning else "Not known here: it stays as it is written."
        case "shell":
            return f"This command is never run. The model reads `{SHELL_DISABLED}` in its place."
        case "file":
            return ""


def _about_index(manuscript: Manuscript, index: int) -> str:
    command = manuscript.command
    base = index_base(command) if command is not None else None
    if command is None or base is None:
        return "Stands for one of the arguments."
    which = _which(index - base)
    counted = "it uses $0, so $0 is the first" if base == 0 else "there is no $0 in it, so $1 is the first"
    if command.style == "opencode":
        counted = "$1 is the first, and the highest takes all that remains"
    return f"Stands for the {which} argument behind the command's name. This command counts from {base}: {counted}."


def _about_name(manuscript: Manuscript, name: str) -> str:
    names: Sequence[str] = manuscript.command.argument_names if manuscript.command is not None else ()
    which = _which(names.index(name)) if name in names else "named"
    return f"Stands for the {which} argument behind the command's name: `arguments:` calls it {code(name)}."


def _which(number: int) -> str:
    return _ORDINALS[number] if 0 <= number < len(_ORDINALS) else f"{number + 1}th"


def without_facts(manuscript: Manuscript, subject: Subject) -> str | None:
    """What can be said without a look at the workspace; None where one is needed."""
    match subject:
        case Hidden():
            return about_hidden(subject)
        case Comment():
            return about_comment(subject)
        case Place():
            return about_place(manuscript, subject)
        case Key():
            return None if subject.is_globs else about_key(manuscript, subject)
        case _:
            return None
