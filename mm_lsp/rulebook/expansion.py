"""A command's template and what the user typed behind its name → what the model is asked (reference:
rules-and-skills 6.1).

One pass over the template as it was written: nothing that is put in is looked at again, and no shell part is run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection
from dataclasses import dataclass

from mm_lsp.rulebook.command_arguments import Inputs, assigned, split_arguments
from mm_lsp.rulebook.command_source import Style
from mm_lsp.rulebook.commands import Command
from mm_lsp.rulebook.pieces import FileReference, Pieces, cut, size
from mm_lsp.rulebook.placeholders import Place, Template, template_of

ARGUMENTS_LIMIT = 64 * 1024  # bytes of UTF-8, as all limits here
EXPANSION_LIMIT = 256 * 1024
FILES_LIMIT = 50  # further references are left as text
SHELL_DISABLED = "[shell command execution disabled by policy]"
_PATH_LIMIT = 4096
_ARGUMENTS_CUT = f"\n[cut here: the arguments are longer than {ARGUMENTS_LIMIT // 1024} KiB]"
_SLASHES = re.compile(r"[/\\]")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a command is called. `file`: relative to its workspace folder; `file_path` and `workspace_folder`:
    absolute paths, of any system."""

    file: str = ""
    file_path: str = ""
    selection: str = ""
    language_id: str = ""
    workspace_folder: str = ""

    def variables(self) -> dict[str, str]:
        """What `${name}` means in VS Code, by name."""
        path = self.file_path or self.file
        folder, basename = _parted(path)
        return {
            "file": path,
            "fileBasename": basename,
            "fileBasenameNoExtension": basename.rpartition(".")[0] or basename,
            "fileDirname": folder,
            "relativeFile": self.file,
            "selection": self.selection,
            "selectedText": self.selection,
            "workspaceFolder": self.workspace_folder,
            "workspaceFolderBasename": _parted(self.workspace_folder.rstrip("/\\"))[1],
        }


def _parted(path: str) -> tuple[str, str]:
    """The directory and what stands in it."""
    at = max(path.rfind("/"), path.rfind("\\"))
    return path[: max(at, 0)], path[at + 1 :]


@dataclass(frozen=True, slots=True)
class Expansion:
    """`shell`: the parts that another program would run, arguments filled in; none of them is run. `inputs`: names
    of the inputs that got no value; they stand in the text as they were written."""

    pieces: tuple[str | FileReference, ...]
    shell: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    def joined(self, read: Callable[[FileReference], str | None]) -> str:
        """The whole text, at most `EXPANSION_LIMIT` and a note. `read` gives what takes a reference's place, or None
        to leave it as it is written."""
        text = Pieces(EXPANSION_LIMIT)
        for piece in self.pieces:
            if text.is_full:
                break
            content = piece if isinstance(piece, str) else read(piece)
            text.add(piece.written if content is None and isinstance(piece, FileReference) else content or "")
        return text.written()


def expand(command: Command, arguments: str, here: Surroundings) -> Expansion:
    """What the command asks for when called with `arguments`. Both are cut, with a note, where they pass their
    limits."""
    typed = cut(arguments, ARGUMENTS_LIMIT)
    template = template_of(command.style, command.body, frozenset(command.argument_names))
    filling = _Filling(command, template, typed.strip(), here)
    text = filling.text()
    text.add(filling.appended())
    if len(typed) < len(arguments):
        text.note(_ARGUMENTS_CUT)
    return Expansion(text.merged(), tuple(filling.shell), tuple(filling.inputs_left()))


def index_base(command: Command) -> int | None:
    """What the first argument is called in the template: 0 for `$0`, 1 for `$1`; None where it counts none. Claude's
    own count has changed once, so a `$0` tells (section 6.1, "Index-base trap")."""
    return _base(command.style, _indices(template_of(command.style, command.body)))


def _base(style: Style, indices: Collection[int]) -> int | None:
    if not indices:
        return None
    return 0 if 0 in indices and style != "opencode" else 1


def _indices(template: Template) -> set[int]:
    return {int(place.value) for place in template.arguments if place.kind == "index"}


class _Filling:
    """One call of a command: what its places stand for, and the shell parts that were met."""

    def __init__(self, command: Command, template: Template, typed: str, here: Surroundings) -> None:
        self.shell: list[str] = []
        self._style, self._command, self._template, self._typed = command.style, command, template, typed
        self._folder, self._variables = here.workspace_folder, here.variables()
        indices = _indices(template)
        self._kinds = {place.kind for place in template.arguments}
        self._base, self._last = _base(command.style, indices) or 0, max(indices, default=0)
        self._words = split_arguments(typed) if self._kinds & {"index", "name"} else []
        self._input_names = list(dict.fromkeys(place.value for place in template.arguments if place.kind == "input"))
        self._inputs = assigned(self._input_names, typed) if self._input_names else Inputs({}, typed)
        self._files_left, self._shell_left = FILES_LIMIT, EXPANSION_LIMIT

    def inputs_left(self) -> list[str]:
        return [name for name in self._input_names if name not in self._inputs.values]

    def text(self) -> Pieces:
        text, body = Pieces(EXPANSION_LIMIT), self._command.body
        reached = 0
        for place in self._template.places:
            if text.is_full:
                break
            text.add(body[reached : place.start])
            self._put(text, place, body[place.start : place.end])
            reached = place.end
        text.add(body[reached:])
        return text

    def _put(self, text: Pieces, place: Place, written: str) -> None:
        if place.kind == "shell":
            self._keep_shell(place.value)
            text.add(SHELL_DISABLED)
        elif place.kind == "file":
            self._put_file(text, place.value, written)
        else:
            text.add(self._value(place, written))

    def _keep_shell(self, part: str) -> None:
        if self._shell_left > 0:
            filled = self._filled(part, self._shell_left, is_shell=True).written()
            self._shell_left -= size(filled)
            self.shell.append(filled)

    def _put_file(self, text: Pieces, value: str, written: str) -> None:
        shown = self._filled(written, EXPANSION_LIMIT).written()
        path = self._filled(value, _PATH_LIMIT) if self._files_left else None
        if path is None or path.is_full or not self._may_name_file(path.written()):
            text.add(shown)
            return
        self._files_left -= 1
        text.add_file(FileReference(path.written(), shown))

    def _may_name_file(self, path: str) -> bool:
        return bool(path.strip()) and (self._style != "gemini" or _is_inside(path, self._folder))

    def _filled(self, part: str, limit: int, is_shell: bool = False) -> Pieces:
        """A path or a shell part with its arguments."""
        text, reached = Pieces(limit), 0
        for place in self._template.arguments_in(part):
            if text.is_full:
                break
            text.add(part[reached : place.start])
            text.add(self._value(place, part[place.start : place.end], is_shell))
            reached = place.end
        text.add(part[reached:])
        return text

    def _value(self, place: Place, written: str, is_shell: bool = False) -> str:
        if place.kind == "arguments":
            return shlex.quote(self._typed) if is_shell and self._style == "gemini" else self._typed
        if place.kind == "index":
            return self._indexed(int(place.value), written)
        if place.kind == "name":
            at = self._command.argument_names.index(place.value)
            return self._words[at] if at < len(self._words) else ""
        if place.kind == "literal":
            return place.value
        values = self._inputs.values if place.kind == "input" else self._variables
        return values.get(place.value, written)

    def _indexed(self, index: int, written: str) -> str:
        """Claude leaves an argument that is not there as it is written; opencode leaves it out, and gives its last
        one all that remains."""
        at = index - self._base
        if at < 0:
            return written
        if self._style == "opencode":
            return " ".join(self._words[at:] if index == self._last else self._words[at : at + 1])
        return self._words[at] if at < len(self._words) else written

    def appended(self) -> str:
        """What the tools put behind a template that has no place for the arguments, or not for all of them."""
        left = "" if self._kinds & {"arguments", "index", "name"} else self._inputs.surplus
        if not left:
            return ""
        if self._style in ("claude", "skill"):
            return f"\n\nARGUMENTS: {left}"
        return f"\n\n/{self._command.name} {left}" if self._style == "gemini" else f"\n\n{left}"


def _is_inside(path: str, workspace_folder: str) -> bool:
    """Whether a path stays within the workspace as far as its text tells."""
    folder = workspace_folder.rstrip("/\\")
    if folder and path.startswith((f"{folder}/", f"{folder}\\")):
        path = path[len(folder) + 1 :]
    if path.startswith(("/", "\\", "~")) or path[1:2] == ":":
        return False
    depth = 0
    for part in _SLASHES.split(path):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return False
    return True
