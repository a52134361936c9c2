"""The catalogue: what the menu offers at a place. Pure and quick; nothing here asks a model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mm_lsp.assist.context import enclosing_block
from mm_lsp.assist.rewrite import lines_of
from mm_lsp.rulebook.commands import Command
from mm_lsp.text import Document, Span

QUICKFIX = "quickfix"
REWRITE = "refactor.rewrite.mm-lsp"
_MESSAGE_SHOWN = 80
_FIX_CONTEXT = 40  # lines: a block larger than this is narrowed to the lines around the diagnostic
_TITLE_SHOWN = 100
_COMMANDS = 20
_NO_COMMANDS: Mapping[str, Command] = {}
_KIND_PART = re.compile(r"[^A-Za-z0-9_-]+")
_CALL = re.compile(r"[ \t]*(?:#|//|--|;|/?\*|<!--|%)[ \t]*/(?P<name>[\w:.-]+)(?P<arguments>[^\r\n]*)")
_INSTRUCTION_LINES, _INSTRUCTION_COLUMNS = 400, 1000
_INSTRUCTION = re.compile(r"(?:#|//|--|;|/\*|<!--|%|\"|')[ \t]*mm:([^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding of some tool at `span`."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """One action of the catalogue. `effect`: it edits the selection, or explains it."""

    id: str
    title: str
    effect: Literal["edit", "explain"]
    instruction: str

    @property
    def kind(self) -> str:
        return f"{REWRITE}.{self.id}"


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of the menu. `span` is what the edit would replace or the answer explain, `diagnostic` an index into
    those that were given."""

    id: str
    title: str
    kind: str
    effect: Literal["edit", "explain", "command"]
    instruction: str
    span: Span
    diagnostic: int | None = None
    command: str = ""  # a slash command's name; its arguments are the instruction


CATALOGUE = (
    Row(
        "rewrite",
        "Rewrite…",
        "edit",
        "Rewrite the selection so that it is simpler and clearer; what it does stays exactly the same.",
    ),
    Row(
        "document",
        "Document",
        "edit",
        "Add the documentation comment (docstring, doc comment) that the selected symbols lack, in the form that is "
        "usual for this language and this file; change no code.",
    ),
    Row("explain", "Explain", "explain", ""),
)


def offers(
    document: Document, span: Span, diagnostics: Sequence[Diagnostic], commands: Mapping[str, Command] = _NO_COMMANDS
) -> list[Offer]:
    """What fits at `span`, in the menu's order: a fix for each diagnostic, a command that is written there, the rows
    for a selection, the other commands."""
    fixes = [_fix(document, number, diagnostic) for number, diagnostic in enumerate(diagnostics)]
    fixes += _written_command(document, span, commands)
    target = enclosing_block(document, span.start.line) if span.is_empty else lines_of(document, span)
    if not any(line.strip() for line in document.lines[target.start.line : target.last_line + 1]):
        return fixes
    rows = [_offer(row, document, target) for row in CATALOGUE if not span.is_empty or row.id != "rewrite"]
    called = [_call(name, "", command.description, target) for name, command in commands.items()]
    return fixes + rows + called[:_COMMANDS]


def _call(name: str, arguments: str, description: str, target: Span) -> Offer:
    title = f"/{name} {arguments}".rstrip() + (f": {description}" if description else "")
    kind = f"{REWRITE}.{_KIND_PART.sub('.', name).strip('.')}"
    return Offer(f"command {name}", title[:_TITLE_SHOWN], kind, "command", arguments, target, command=name)


def _written_command(document: Document, span: Span, commands: Mapping[str, Command]) -> list[Offer]:
    """The command that a comment calls in the line of the cursor: `# /fix-issue 12`."""
    written = _CALL.match(document.body(span.start.line)[:_INSTRUCTION_COLUMNS]) if commands else None
    if written is None or written["name"] not in commands:
        return []
    below = min(span.start.line + 1, len(document.lines) - 1)
    target = enclosing_block(document, below)
    return [_call(written["name"], written["arguments"].strip().removesuffix("*/").strip(), "", target)]


def _fix(document: Document, number: int, diagnostic: Diagnostic) -> Offer:
    message = " ".join(diagnostic.message.split())
    shown = message if len(message) <= _MESSAGE_SHOWN else message[: _MESSAGE_SHOWN - 1] + "…"
    line = diagnostic.span.start.line + 1
    instruction = f"Fix this problem reported at line {line}, and nothing else: {message}"
    return Offer("fix", f"Fix: {shown}", QUICKFIX, "edit", instruction, _scope(document, diagnostic.span), number)


def _scope(document: Document, span: Span) -> Span:
    block = enclosing_block(document, span.start.line)
    first = min(block.start.line, span.start.line)
    last = max(block.last_line, span.end.line)
    if last - first > _FIX_CONTEXT:
        first = max(first, span.start.line - _FIX_CONTEXT // 2)
        last = min(last, span.end.line + _FIX_CONTEXT // 2)
    return lines_of(document, Span(document.position(first, 0, "utf-32"), document.position(last, 1 << 30, "utf-32")))


def _offer(row: Row, document: Document, target: Span) -> Offer:
    instruction = row.instruction
    if row.id == "rewrite" and (written := instruction_in(_beginning(document, target))):
        instruction = f"{written}\n(Remove the comment that says so.)"
    return Offer(row.id, row.title, row.kind, row.effect, instruction, target)


def _beginning(document: Document, target: Span) -> str:
    """Where an instruction is looked for: a menu must open at once, whatever is selected."""
    last = min(target.last_line, target.start.line + _INSTRUCTION_LINES)
    return "".join(line[:_INSTRUCTION_COLUMNS] for line in document.lines[target.start.line : last + 1])


def instruction_in(text: str) -> str | None:
    """The instruction of a comment `mm: …` in `text`."""
    for written in _INSTRUCTION.finditer(text):
        said = written.group(1).strip().removesuffix("*/").removesuffix("-->").rstrip()
        if said:
            return said
    return None
