"""Finding and reading slash commands, of every tool that keeps some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mm_lsp.rulebook.commands import Command, Reading, Scope, Style, command_from
from mm_lsp.workspace.files import NotReadable, words_of
from mm_lsp.workspace.rule_files import MAX_BYTES, HoldBack, Refusal, Unsaved, chain
from mm_lsp.workspace.tree import Found, files_below

_DEPTH = 4


class Folder(NamedTuple):
    """Where one tool keeps its commands. `is_nested`: in every directory from the root to the file's own."""

    style: Style
    path: str
    suffix: str = ".md"
    is_nested: bool = False


FOLDERS = (
    Folder("claude", ".claude/commands", is_nested=True),
    Folder("opencode", ".opencode/command"),
    Folder("opencode", ".opencode/commands"),
    Folder("cursor", ".cursor/commands", is_nested=True),
    Folder("copilot", ".github/prompts", ".prompt.md"),
    Folder("gemini", ".gemini/commands", ".toml"),
    Folder("roo", ".roo/commands"),
    Folder("windsurf", ".windsurf/workflows", is_nested=True),
)
USER_FOLDERS = (
    Folder("claude", ".claude/commands"),
    Folder("opencode", ".config/opencode/command"),
    Folder("opencode", ".config/opencode/commands"),
    Folder("cursor", ".cursor/commands"),
    Folder("copilot", ".copilot/prompts", ".prompt.md"),
    Folder("gemini", ".gemini/commands", ".toml"),
    Folder("roo", ".roo/commands"),
    Folder("windsurf", ".codeium/windsurf/global_workflows"),
)


class CommandCollection(NamedTuple):
    """`files`: where each command lies on the disk, by the path that is shown."""

    commands: tuple[Command, ...]
    refused: tuple[Refusal, ...]
    files: dict[str, Path]


class _Site(NamedTuple):
    """`place`: the folder below which the command's name begins."""

    folder: Folder
    place: Path
    scope: Scope


class CommandFiles:
    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._read: dict[tuple[Path, str], tuple[object, Reading]] = {}

    def collect(self, target: Path | None, root: Path, unsaved: Unsaved, hold_back: HoldBack) -> CommandCollection:
        commands: list[Command] = []
        refused: list[Refusal] = []
        files: dict[str, Path] = {}
        for site, found, shown in self._places(target, root):
            try:
                reading = self._reading(site, found, shown, root, unsaved)
            except NotReadable as error:
                refused.append(Refusal(shown, str(error)))
                continue
            if reason := hold_back(found.path, True):
                refused.append(Refusal(shown, reason))
            elif reading.command is None:
                words = " ".join(problem.message for problem in reading.problems) or "it can't be read"
                refused.append(Refusal(shown, words.rstrip(".")))
            else:
                commands.append(reading.command)
                files[shown] = found.path
        return CommandCollection(tuple(commands), tuple(refused), files)

    def _places(self, target: Path | None, root: Path) -> Iterator[tuple[_Site, Found, str]]:
        for directory in chain(target, root):
            for folder in FOLDERS:
                if directory == root or folder.is_nested:
                    place = directory / folder.path
                    for found in _found(place, folder, root):
                        shown = found.below(root)
                        yield _Site(folder, place, "project"), found, f"./{shown}" if shown[:1] == "~" else shown
        if self._home is None:
            return
        for folder in USER_FOLDERS:
            place = self._home / folder.path
            for found in _found(place, folder, None):
                yield _Site(folder, place, "user"), found, f"~/{found.below(self._home)}"

    def _reading(self, site: _Site, found: Found, shown: str, root: Path, unsaved: Unsaved) -> Reading:
        signature: object = unsaved.get(found.path, found.signature)
        key = (found.path, f"{site.scope} {shown}")
        kept = self._read.get(key)
        if kept is None or kept[0] != signature:
            read = words_of(found.path, None if site.scope == "user" else root, MAX_BYTES)
            text = unsaved.get(found.path, read.text if read is not None else "")
            inner = found.path.relative_to(site.place).as_posix().removesuffix(site.folder.suffix)
            reading = command_from(site.folder.style, shown, site.scope, text, inner.split("/"))
            kept = self._read[key] = (signature, reading)
        return kept[1]


def _found(place: Path, folder: Folder, root: Path | None) -> list[Found]:
    if not place.is_dir():
        return []
    return sorted(files_below(place, (folder.suffix,), _DEPTH, (), root), key=lambda one: one.place)
