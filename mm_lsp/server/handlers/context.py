"""`mm-lsp.context` and `mm-lsp.rules`: what would be sent, where it comes from, and why; nothing is asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from lsprotocol import types

from mm_lsp.assist.completion import Place
from mm_lsp.assist.context import enclosing_block
from mm_lsp.assist.rewrite import lines_of
from mm_lsp.llm.veil import veiled
from mm_lsp.messages import ModelRequest
from mm_lsp.rulebook.rules import Assembly, Rule
from mm_lsp.rulebook.skills import distinct
from mm_lsp.server import asking, commanding, completing, convert, editing, explaining, guiding
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Position, Span
from mm_lsp.tokens import estimate, estimate_request
from mm_lsp.workspace.files import path_of
from mm_lsp.workspace.library import Look

Purpose = Literal["complete", "explain", "edit"]
_UNTRUSTED = "the workspace is not trusted: say `mm-lsp trust`, or run the command mm-lsp.trust"
_OFF = "rules are switched off (rules.enabled)"


@dataclass(frozen=True, slots=True)
class ContextArguments:
    """`for_` is `for` on the wire. Without a position: the document's beginning, which for explain means all of it."""

    uri: str | None = None
    position: types.Position | None = None
    for_: Purpose = "complete"
    range: types.Range | None = None
    instruction: str = ""
    question: str | None = None


@dataclass(frozen=True, slots=True)
class RulesArguments:
    uri: str | None = None


async def context(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """Exactly the messages that would be sent for a completion, an explanation or an edit at this place."""
    given = ls.arguments(params, ContextArguments)
    snapshot = await asking.sendable(ls, ls.snapshot(given.uri))
    request = veiled(await _request(ls, snapshot, given), snapshot.settings)
    found = request.redactor.found if request.redactor is not None else ()
    return {
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "tools": [tool.name for tool in request.tools],
        "parts": [
            {"kind": part.kind, "source": part.source, "tokens": part.tokens, "reason": part.reason}
            for part in request.parts
        ],
        "tokens": estimate_request((message.content for message in request.messages), len(request.tools)),
        "redactions": [{"type": one.kind, "placeholder": one.placeholder, "count": one.count} for one in found],
    }


async def _request(ls: MmLanguageServer, snapshot: Snapshot, given: ContextArguments) -> ModelRequest:
    document, encoding = snapshot.document, snapshot.profile.encoding
    at = convert.position_from(given.position, document, encoding) if given.position else Position(0, 0)
    span = convert.span_from(given.range, document, encoding) if given.range else Span(at, at)
    match given.for_:
        case "complete":
            return await completing.request_for(ls, snapshot, Place(document, at))
        case "explain":
            guide = await guiding.guide_for(ls, snapshot, given.question or "")
            whole = given.range is None and given.position is None
            block = span if whole or not span.is_empty else enclosing_block(document, at.line)
            return explaining.request_for(snapshot, block, given.question, guide)
        case _:
            guide = await guiding.guide_for(ls, snapshot, given.instruction)
            block = enclosing_block(document, at.line) if span.is_empty else lines_of(document, span)
            return editing.request_for(snapshot, block, given.instruction, guide)


async def rules(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """What applies to a file, open or not, in the order in which the model reads it; and what does not, and why."""
    uri = ls.arguments(params, RulesArguments).uri or ls.session.touched_last or ""
    await ls.session.is_loaded.wait()
    settings = ls.session.settings.rules
    path = path_of(uri)
    look = await asyncio.to_thread(ls.session.library.look, ls.session.wanted(path))
    assembly = await asyncio.to_thread(guiding.assembled, look, settings, "", guiding.holding_back(ls, path))
    applied = [_applied(one.rule, one.tokens, one.reason) for one in assembly.applied] if settings.enabled else []
    applied += [_offered(rule) for rule in assembly.offered] if settings.enabled else []
    return {
        "workspace": str(look.root),
        "file": look.target,
        "trust": look.standing.verdict or "not asked",
        "applied": applied,
        "skipped": _skipped(look, assembly, settings.enabled),
        "skills": _skills(look),
        "commands": _commands(look),
    }


def _applied(rule: Rule, tokens: int, reason: str) -> dict[str, Any]:
    return {
        "path": rule.path,
        "family": rule.family,
        "scope": rule.scope,
        "activation": rule.activation,
        "tokens": tokens,
        "reason": reason,
        "problems": [problem.message for problem in rule.problems if problem.severity != "hint"],
    }


def _offered(rule: Rule) -> dict[str, Any]:
    return _applied(rule, estimate(rule.description), "the model may load it by its description")


def _skipped(look: Look, assembly: Assembly, is_on: bool) -> list[dict[str, str]]:
    skipped = [(one.path, one.reason) for one in assembly.skipped]
    if look.standing.verdict != "trusted":
        skipped += [(rule.path, _UNTRUSTED) for rule in look.rules.rules if rule.scope in ("project", "nested")]
    if not is_on:
        skipped = [(rule.path, _OFF) for rule in look.rules.rules]
    skipped += [(one.path, one.reason) for one in (*look.rules.refused, *look.skills.refused, *look.commands.refused)]
    return [{"path": path, "reason": reason} for path, reason in skipped]


def _skills(look: Look) -> list[dict[str, Any]]:
    paths = {one.skill.path: one.skill for one in look.skills.skills}
    return [
        {
            "name": skill.name,
            "path": skill.path,
            "description": skill.description,
            "trusted": look.is_allowed(skill),
            "offered": look.is_allowed(skill) and skill.is_for(look.target),
            "problems": [problem.message for problem in skill.problems],
        }
        for skill in distinct(list(paths.values()))
    ]


def _commands(look: Look) -> list[dict[str, Any]]:
    return [
        {"name": name, "path": command.path, "description": command.description, "trusted": look.is_allowed(command)}
        for name, command in commanding.commands_of(look).items()
    ]
