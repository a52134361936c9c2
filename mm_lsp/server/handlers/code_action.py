"""Code actions: offers from the catalogue, at once; what was chosen becomes an edit by `resolve` or as a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from mm_lsp.assist import code_action as catalogue
from mm_lsp.assist.code_action import Diagnostic, Offer
from mm_lsp.server import commanding, convert, editing, explaining, jobs, menus, rule_help
from mm_lsp.server.jobs import Work
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.progress import Progress
from mm_lsp.server.protocol import invalid_params
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Span

_SHOWN = 3  # of ours in a menu that we share with other servers
_MENU_KIND = f"{catalogue.REWRITE}.menu"
_STOP_KIND = "source.mm-lsp.stop"

KINDS = (catalogue.QUICKFIX, "refactor.rewrite", "source")

Action = types.CodeAction | types.Command


@dataclass(frozen=True, slots=True)
class ApplyArguments:
    """A code action's `data`: all that is needed to do it, and the version that it was offered for."""

    id: str
    uri: str
    version: int
    range: types.Range | None = None
    instruction: str = ""
    title: str = ""
    command: str = ""
    offers: list[dict[str, Any]] | None = None


def code_action(ls: MmLanguageServer, params: types.CodeActionParams) -> list[Action]:
    snapshot = ls.session.snapshot(params.text_document.uri)
    only = params.context.only
    if snapshot is None:
        return _stops(ls, only)
    document, encoding = snapshot.document, snapshot.profile.encoding
    span = convert.span_from(params.range, document, encoding)
    given = params.context.diagnostics
    first: list[Action] = _stops(ls, only)
    if only is None or _is_kind(catalogue.QUICKFIX, only):
        first += rule_help.fixes_at(snapshot, span, given)
    if snapshot.held_back:
        return first
    diagnostics = [Diagnostic(convert.span_from(one.range, document, encoding), one.message) for one in given]
    offers = catalogue.offers(document, span, diagnostics, menus.known(ls, snapshot))
    if only is not None:
        wanted = [offer for offer in offers if _is_kind(offer.kind, only)]
        return [*first, *(_action(offer, snapshot, given) for offer in wanted)]
    fixes = first[len(_stops(ls, None)) :][:_SHOWN]
    room = _SHOWN - len(fixes)
    actions = [_action(offer, snapshot, given) for offer in offers[:room]]
    if len(offers) > room:
        actions.append(_menu(offers[room:], snapshot))
    return [*_stops(ls, None), *fixes, *actions]


def _is_kind(kind: str, only: Sequence[types.CodeActionKind | str]) -> bool:
    """Kinds are a tree: `refactor` asks for `refactor.rewrite.…` too, the empty kind for all."""
    wanted = [str(one.value) if isinstance(one, types.CodeActionKind) else one for one in only]
    return any(kind == one or one == "" or kind.startswith(f"{one}.") for one in wanted)


def _data(offer: Offer, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": offer.id,
        "uri": snapshot.document.uri,
        "version": snapshot.document.version,
        "range": convert.range_to_json(offer.span, snapshot.document, snapshot.profile.encoding),
        "instruction": offer.instruction,
        "title": offer.title,
        "command": offer.command,
    }


def _command(offer: Offer, snapshot: Snapshot) -> types.Command:
    data = _data(offer, snapshot)
    if offer.effect == "explain":
        return types.Command(offer.title, "mm-lsp.explain", arguments=[{"uri": data["uri"], "range": data["range"]}])
    if offer.effect == "command":
        call = {"name": offer.command, "arguments": offer.instruction, "uri": data["uri"], "range": data["range"]}
        return types.Command(offer.title, "mm-lsp.command.run", arguments=[call])
    return types.Command(offer.title, "mm-lsp.apply", arguments=[data])


def _action(offer: Offer, snapshot: Snapshot, diagnostics: Sequence[types.Diagnostic]) -> Action:
    """Where the client waits for `resolve`, the edit comes by it; else a command starts the job."""
    profile = snapshot.profile
    if not profile.action_literals:
        return _command(offer, snapshot)
    is_lazy = profile.long_requests and profile.resolves_edits and offer.effect == "edit"
    return types.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=[diagnostics[offer.diagnostic]] if offer.diagnostic is not None else None,
        command=None if is_lazy else _command(offer, snapshot),
        data=_data(offer, snapshot) if is_lazy else None,
        tags=[types.CodeActionTag.LlmGenerated] if profile.tags_generated else None,
    )


def _menu(offers: Sequence[Offer], snapshot: Snapshot) -> Action:
    data = {
        "id": "menu",
        "uri": snapshot.document.uri,
        "version": snapshot.document.version,
        "offers": [_data(offer, snapshot) for offer in offers],
    }
    command = types.Command("mm-lsp…", "mm-lsp.apply", arguments=[data])
    if not snapshot.profile.action_literals:
        return command
    return types.CodeAction(title=command.title, kind=_MENU_KIND, command=command)


def _stops(ls: MmLanguageServer, only: Sequence[types.CodeActionKind | str] | None) -> list[Action]:
    """Clients without a cancel button stop a job from the menu."""
    if only is not None and not _is_kind(_STOP_KIND, only):
        return []
    commands = [
        types.Command(f"Stop: {job.title}", "mm-lsp.cancel", arguments=[{"job": job.id}])
        for job in ls.session.jobs.values()
    ]
    if not ls.session.profile.action_literals:
        return list(commands)
    return [types.CodeAction(title=command.title, kind=_STOP_KIND, command=command) for command in commands]


# ---------------------------------------------------------------- what was chosen


async def resolve(ls: MmLanguageServer, action: types.CodeAction) -> types.CodeAction:
    """Fills in the edit; an action without data of ours is complete as it is."""
    if action.data is None:
        return action
    chosen = ls.protocol.structure(action.data, ApplyArguments)
    snapshot = ls.snapshot(chosen.uri)
    editing.refuse_moved(ls, snapshot, chosen.version)
    span = _span(chosen, snapshot)

    async def run(progress: Progress) -> tuple[types.CodeAction, str]:
        edit, _, summary = await editing.edit_for(ls, snapshot, span, chosen.instruction, progress)
        if edit is None:
            ls.tell(summary)
        action.edit = edit or types.WorkspaceEdit()
        return action, summary

    return await jobs.wait_for(ls, Work(action.title, run), None)


async def apply(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """`mm-lsp.apply`: does what the data of a code action says."""
    chosen = ls.arguments(params, ApplyArguments)
    snapshot = ls.snapshot(chosen.uri)
    editing.refuse_moved(ls, snapshot, chosen.version)
    if chosen.id == "menu":
        return await jobs.take(ls, Work("mm-lsp…", lambda progress: _choose(ls, snapshot, chosen, progress)), None)
    work = _work(ls, snapshot, chosen)
    return await jobs.take(ls, work, params.work_done_token)


def _span(chosen: ApplyArguments, snapshot: Snapshot) -> Span:
    if chosen.range is None:
        raise invalid_params("expected a range at range.")
    return convert.span_from(chosen.range, snapshot.document, snapshot.profile.encoding)


def _work(ls: MmLanguageServer, snapshot: Snapshot, chosen: ApplyArguments) -> Work:
    span = _span(chosen, snapshot)
    title = chosen.title or chosen.id
    return Work(title, lambda progress: editing.apply(ls, snapshot, span, chosen.instruction, title, progress))


async def _choose(
    ls: MmLanguageServer, snapshot: Snapshot, menu: ApplyArguments, progress: Progress
) -> tuple[Any, str | None]:
    """The rest of the menu, as a question; the answer's action goes the ordinary way."""
    offers = {str(data.get("title")): ls.protocol.structure(data, ApplyArguments) for data in menu.offers or []}
    question = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=f"What shall be done in {snapshot.name}?",
        actions=[types.MessageActionItem(title) for title in offers],
    )
    answer = await ls.window_show_message_request_async(question)
    chosen = offers.get(answer.title) if answer is not None else None
    if chosen is None:
        return {"applied": False, "summary": "Nothing was chosen."}, None
    if chosen.id == "explain":
        return await explaining.explain(ls, snapshot, _span(chosen, snapshot), None, progress)
    if chosen.command:
        span = _span(chosen, snapshot)
        return await commanding.run(ls, snapshot, chosen.command, chosen.instruction, span, progress)
    return await _work(ls, snapshot, chosen).run(progress)
