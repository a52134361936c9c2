"""Slash commands and skills that the user calls: found, expanded, asked, and shown or applied."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from mm_lsp.assist import command_call
from mm_lsp.llm.veil import redactor_for
from mm_lsp.messages import ModelRequest, Part, Refused
from mm_lsp.redact import Redactor
from mm_lsp.rulebook import hygiene, skills
from mm_lsp.rulebook.commands import Command, visible_names
from mm_lsp.rulebook.expansion import Expansion, Surroundings, expand
from mm_lsp.rulebook.pieces import FileReference
from mm_lsp.server import asking, editing, explaining, trusting
from mm_lsp.server.guiding import Guide, guide_for, holding_back, look_at
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.progress import Progress
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Span
from mm_lsp.tokens import cut_at_line, estimate
from mm_lsp.workspace import skill_files
from mm_lsp.workspace.files import NotReadable, words_of
from mm_lsp.workspace.imports import target_of
from mm_lsp.workspace.library import Look
from mm_lsp.workspace.rule_files import HoldBack, Unsaved

_REFERENCE_BYTES = 64 * 1024


class Called(NamedTuple):
    """A command as it is called: its whole text, the files that it took in, what of it was left out."""

    text: str
    references: tuple[Part, ...]
    expansion: Expansion


def commands_of(look: Look) -> dict[str, Command]:
    """What can be called here, by the name behind the slash; skills too. What is not allowed takes no name from what
    is: it is there to be told of."""
    found = [*look.commands.commands, *(one.command for one in look.skills.skills if one.command)]
    names = visible_names(command for command in found if look.is_allowed(command))
    taken = {hygiene.comparable(name) for name in names}
    for name, command in visible_names(command for command in found if not look.is_allowed(command)).items():
        names.setdefault(name if hygiene.comparable(name) not in taken else f"{command.scope}:{name}", command)
    return dict(sorted(names.items()))


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


class Call(NamedTuple):
    """Where and with what a command is called."""

    look: Look
    command: Command
    arguments: str
    snapshot: Snapshot
    span: Span
    hold_back: HoldBack
    unsaved: Unsaved
    redactor: Redactor


def call_of(ls: MmLanguageServer, look: Look, command: Command, arguments: str, snapshot: Snapshot, span: Span) -> Call:
    path = snapshot.path
    unsaved, redactor = ls.session.wanted(path).unsaved, redactor_for(snapshot.settings)
    return Call(look, command, arguments, snapshot, span, holding_back(ls, path), unsaved, redactor)


def called(call: Call) -> Called:
    """The command's text for this place. Reads files: for a thread."""
    look, command, document = call.look, call.command, call.snapshot.document
    shown, place = call.redactor.document(document, call.span, len(document.text))
    here = Surroundings(
        file=look.target or call.snapshot.name,
        file_path=look.target or call.snapshot.name,
        selection=shown.slice(place),
        language_id=document.language_id,
        workspace_folder=look.root.name,
    )
    expansion = expand(command, call.arguments, here)
    reader = _Reader(call)
    text = expansion.joined(reader.read)
    if command.style == "skill":
        skill = next(one for one in look.skills.skills if one.skill.path == command.path)
        text = skills.listed(text, skill_files.resources(skill))
    return Called(text, tuple(reader.parts), expansion)


class _Reader:
    """Reads the files that a command names, from inside the workspace, and never what is held back."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.parts: list[Part] = []

    def read(self, reference: FileReference) -> str | None:
        """None for a name in the text that is no file."""
        path = self._path(reference.path, self._call.look.root)
        if path is None:
            return None
        try:
            read = words_of(path, self._call.look.root, _REFERENCE_BYTES)
        except NotReadable:
            return None
        if read is None:
            return None
        is_open = path in self._call.unsaved
        if reason := self._call.hold_back(path, is_open):
            return f"[{reference.path} is held back: {reason}]"
        return self._text(reference, path, self._call.unsaved[path] if is_open else read.text)

    def _text(self, reference: FileReference, path: Path, text: str) -> str:
        text = cut_at_line(self._call.redactor.text(text), _REFERENCE_BYTES)
        reason = f"/{self._call.command.name} names it"
        self.parts.append(Part("reference", reference.path, estimate(text), reason, str(path)))
        return f'\n<file path="{reference.path}">\n{text}\n</file>\n'

    def _path(self, written: str, root: Path) -> Path | None:
        """Relative to the root; a prompt's links are relative to itself, as VS Code has it."""
        own = self._call.look.commands.files.get(self._call.command.path)
        if self._call.command.style == "copilot" and own is not None:
            beside = target_of(written, own, root, is_user=False).path
            if beside is not None and beside.is_file():
                return beside
        return target_of(written, root / "command", root, is_user=False).path


async def request_for(ls: MmLanguageServer, call: Call, what: Called) -> tuple[ModelRequest, Guide]:
    snapshot = call.snapshot
    guide = await guide_for(ls, snapshot, call.arguments, look=call.look)
    language = explaining.language_of_answers(snapshot.settings.answers_language, what.text, snapshot.profile.locale)
    request = command_call.request_for(
        snapshot.document,
        snapshot.name,
        call.span,
        call.command.name,
        what.text,
        what.references,
        language,
        guide.guidance,
        call.redactor,
    )
    return request, guide


async def run(
    ls: MmLanguageServer, snapshot: Snapshot, name: str, arguments: str, span: Span, progress: Progress
) -> tuple[dict[str, Any], str | None]:
    """(the result, a sentence). Raises ModelError, and ResponseError where the lines were touched meanwhile."""
    snapshot = await asking.sendable(ls, snapshot)
    look, command = await find(ls, snapshot, name)
    call = call_of(ls, look, command, arguments, snapshot, span)
    what = await asyncio.to_thread(called, call)
    request, guide = await request_for(ls, call, what)
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
