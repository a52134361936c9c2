"""Slash commands and skills that the user calls: found, expanded, asked, and shown or applied."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mm_lsp.assist import command_call
from mm_lsp.llm.veil import redactor_for
from mm_lsp.messages import ModelRequest, Part, Refused
from mm_lsp.rulebook import skills
from mm_lsp.rulebook.commands import Command, visible_names
from mm_lsp.rulebook.expansion import Expansion, Surroundings, expand
from mm_lsp.rulebook.pieces import FileReference
from mm_lsp.server import asking, editing, explaining, trusting
from mm_lsp.server.guiding import Guide, guide_for, holding_back, look_at
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.progress import Progress
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Span
from mm_lsp.tokens import estimate
from mm_lsp.workspace import skill_files
from mm_lsp.workspace.files import NotReadable, contents
from mm_lsp.workspace.imports import target_of
from mm_lsp.workspace.library import Look
from mm_lsp.workspace.rule_files import HoldBack

_REFERENCE_BYTES = 64 * 1024


class Called(NamedTuple):
    """A command as it is called: its whole text, the files that it took in, what of it was left out."""

    text: str
    references: tuple[Part, ...]
    expansion: Expansion


def commands_of(look: Look) -> dict[str, Command]:
    """What can be called here, by the name behind the slash; skills too."""
    return visible_names([*look.commands.commands, *(one.command for one in look.skills.skills if one.command)])


async def find(ls: MmLanguageServer, snapshot: Snapshot, name: str) -> tuple[Look, Command]:
    """The command, which the user may call. Raises Refused."""
    look = await look_at(ls, snapshot)
    trusting.ask_if_new(ls, look)
    command = command_named(look, name)
    if not look.is_allowed(command):
        if look.standing.verdict == "trusted":
            raise Refused(
                f"{command.path} is new or has changed since you trusted {look.root.name}: say so again first."
            )
        raise Refused(f"/{command.name} comes from {command.path}, and {look.root.name} is not trusted (mm-lsp trust).")
    return look, command


def command_named(look: Look, name: str) -> Command:
    """Raises Refused, with names that are like it."""
    import difflib

    commands = commands_of(look)
    wanted = name.strip().removeprefix("/")
    command = commands.get(wanted)
    if command is None:
        close = difflib.get_close_matches(wanted, commands, n=3)
        hint = f" Did you mean {' or '.join(f'/{one}' for one in close)}?" if close else ""
        raise Refused(f"There is no command /{wanted[:80]} here.{hint}")
    return command


def called(look: Look, command: Command, arguments: str, snapshot: Snapshot, span: Span, hold_back: HoldBack) -> Called:
    """The command's text for this place. Reads files: for a thread."""
    here = Surroundings(
        file=look.target or snapshot.name,
        file_path=look.target or snapshot.name,
        selection=snapshot.document.slice(span),
        language_id=snapshot.document.language_id,
        workspace_folder="",
    )
    expansion = expand(command, arguments, here)
    reader = _Reader(look, command, hold_back)
    text = expansion.joined(reader.read)
    if command.style == "skill":
        skill = next(one for one in look.skills.skills if one.skill.path == command.path)
        text = skills.listed(text, skill_files.resources(skill))
    return Called(text, tuple(reader.parts), expansion)


@dataclass
class _Reader:
    """Reads the files that a command names, from inside the workspace, and never what is held back."""

    look: Look
    command: Command
    hold_back: HoldBack

    def __post_init__(self) -> None:
        self.parts: list[Part] = []

    def read(self, reference: FileReference) -> str | None:
        root = self.look.root
        target = target_of(reference.path, root / "command", root, is_user=False)
        if target.path is None:
            return None
        text = self._text(target.path, root)
        if text is None:
            return None
        self.parts.append(
            Part("reference", reference.path, estimate(text), f"/{self.command.name} names it", str(target.path))
        )
        return f'\n<file path="{reference.path}">\n{text}\n</file>\n'

    def _text(self, path: Path, root: Path) -> str | None:
        try:
            read = contents(path, root, _REFERENCE_BYTES)
        except NotReadable:
            return None
        if read is None or "\0" in read.text:
            return None
        if reason := self.hold_back(path, False):
            return f"[held back: {reason}]"
        return read.text + ("\n[cut here: the file is longer]" if read.is_cut else "")


async def request_for(
    ls: MmLanguageServer, snapshot: Snapshot, command: Command, what: Called, span: Span
) -> tuple[ModelRequest, Guide]:
    guide = await guide_for(ls, snapshot, what.text)
    settings = snapshot.settings
    language = explaining.language_of_answers(settings.answers_language, what.text, snapshot.profile.locale)
    request = command_call.request_for(
        snapshot.document,
        snapshot.name,
        span,
        command.name,
        what.text,
        what.references,
        language,
        guide.guidance,
        redactor_for(settings),
    )
    return request, guide


async def run(
    ls: MmLanguageServer, snapshot: Snapshot, name: str, arguments: str, span: Span, progress: Progress
) -> tuple[dict[str, Any], str | None]:
    """(the result, a sentence). Raises ModelError, and ResponseError where the lines were touched meanwhile."""
    snapshot = await asking.sendable(ls, snapshot)
    look, command = await find(ls, snapshot, name)
    hold_back = holding_back(ls, snapshot.path)
    what = await asyncio.to_thread(called, look, command, arguments, snapshot, span, hold_back)
    request, guide = await request_for(ls, snapshot, command, what, span)
    shown = _Shown(progress)
    answer = await asking.ask(ls, request, shown, command_call.changes_file, guide.answer)
    shown.end()
    result: dict[str, Any] = {
        "markdown": shown.text_shown,
        "model": snapshot.settings.model.name,
        "usage": answer.usage,
    }
    said: str | None = None
    if command_call.changes_file(answer.text):
        edit, summary = editing.workspace_edit(ls, snapshot, span, asking.restored(answer.text, request))
        applied, said = await editing.hand_over(ls, snapshot, edit, summary, f"/{command.name}")
        result |= applied
    if shown.text_shown.strip() and not snapshot.profile.stream_text:
        told = await explaining.show(ls, snapshot, shown.text_shown)
        said = " ".join(filter(None, (said, told))) or None
    return result, said


class _Shown:
    """A progress that shows only what is for people: the new text of the selection goes into the file."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._whole = ""
        self.text_shown = ""

    def say(self, message: str) -> None:
        self._progress.say(message)

    def text(self, delta: str, length: int) -> None:
        self._whole += delta
        self._show(command_call.for_people(self._whole, is_whole=False), length)

    def end(self) -> None:
        self._show(command_call.for_people(self._whole, is_whole=True), len(self._whole))

    def _show(self, visible: str, length: int) -> None:
        more = visible[len(self.text_shown) :]
        self.text_shown += more
        if more:
            self._progress.text(more, length)
        else:
            self._progress.say(f"writing… {length} characters")
