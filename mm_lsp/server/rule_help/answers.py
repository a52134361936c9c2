"""What is asked of a place in a rule file, skill or command: hover, links, keys, quick fixes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from lsprotocol import types

from mm_lsp.assist.authoring import hover
from mm_lsp.assist.authoring.findings import findings
from mm_lsp.assist.authoring.fixes import Fix, fixes_for
from mm_lsp.assist.authoring.manuscript import Manuscript, manuscript_of
from mm_lsp.assist.authoring.offers import Offer, offers_at
from mm_lsp.assist.authoring.references import Reference, references
from mm_lsp.assist.authoring.subjects import Found, Key, Pattern, subject_at
from mm_lsp.rulebook.frontmatter import Problem
from mm_lsp.server import convert
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.rule_help.diagnosing import SOURCE, diagnostic, span_of
from mm_lsp.server.rule_help.file_names import FILE_NAMES, count
from mm_lsp.server.rule_help.here import Eyes, eyes_for, here_in, here_of, may_be_ours
from mm_lsp.server.rule_help.targets import Follower, file_of
from mm_lsp.server.session import Snapshot
from mm_lsp.text import Position, Span
from mm_lsp.workspace.rule_files import MAX_BYTES

_HOVER_SECONDS = 0.8  # for the walk and the globs; the answer is due within a second
_MOST_FIXES = 10

Result = TypeVar("Result")


async def _in_thread(ls: MmLanguageServer, snapshot: Snapshot, look: Callable[[Eyes], Result]) -> Result | None:
    """None in any file that is none of ours."""
    if not may_be_ours(snapshot.path):
        return None
    here = await asyncio.to_thread(here_of, snapshot.path, snapshot.folders)
    return None if here is None else await asyncio.to_thread(look, eyes_for(ls, snapshot, here))


# ---------------------------------------------------------------- hover


async def hover_at(ls: MmLanguageServer, snapshot: Snapshot, position: Position) -> types.Hover | None:
    return await _in_thread(ls, snapshot, lambda eyes: _hover(eyes, position))


def _hover(eyes: Eyes, position: Position) -> types.Hover | None:
    found = subject_at(eyes.manuscript, position)
    text = "" if found is None else _text(eyes, found)
    if found is None or not text:
        return None
    kind = types.MarkupKind.Markdown if eyes.profile.hovers_markdown else types.MarkupKind.PlainText
    place = convert.range_to(found.span, eyes.document, eyes.profile.encoding)
    return types.Hover(types.MarkupContent(kind, text), place)


def _text(eyes: Eyes, found: Found) -> str:
    match found.subject:
        case Reference() as reference:
            return hover.about_reference(reference, Follower(eyes).outcome(reference).taken)
        case Key(is_globs=True) as key:
            return f"{_counted(eyes, '')}\n\n{hover.about_key(eyes.manuscript, key)}".strip()
        case Pattern() as pattern:
            return hover.about_pattern(pattern, _counted(eyes, pattern.text))
        case _:
            return hover.without_facts(eyes.manuscript, found.subject) or ""


def _counted(eyes: Eyes, pattern: str) -> str:
    matches = hover.matcher(eyes.manuscript, pattern)
    if matches is None:
        return hover.about_no_count(eyes.manuscript)
    deadline = time.monotonic() + _HOVER_SECONDS
    names = FILE_NAMES.below(eyes.here.project, deadline)
    return hover.about_count(count(names, matches, deadline))


# ---------------------------------------------------------------- links


async def links_in(ls: MmLanguageServer, snapshot: Snapshot) -> list[types.DocumentLink]:
    return await _in_thread(ls, snapshot, _links) or []


def _links(eyes: Eyes) -> list[types.DocumentLink]:
    links: list[types.DocumentLink] = []
    for reference in references(eyes.manuscript):
        file = file_of(reference, eyes.here)
        if file is not None:
            links.append(types.DocumentLink(_range(eyes, reference), target=file.as_uri()))
    return links


def _range(eyes: Eyes, reference: Reference) -> types.Range:
    span = eyes.manuscript.span(reference.start, reference.end)
    return convert.range_to(span, eyes.document, eyes.profile.encoding)


async def targets_at(ls: MmLanguageServer, snapshot: Snapshot, position: Position) -> list[types.Location]:
    return await _in_thread(ls, snapshot, lambda eyes: _targets(eyes, position)) or []


def _targets(eyes: Eyes, position: Position) -> list[types.Location]:
    at = eyes.manuscript.offset_of(position)
    reference = next((one for one in references(eyes.manuscript) if one.start <= at <= one.end), None)
    file = None if reference is None else file_of(reference, eyes.here)
    beginning = types.Position(0, 0)
    return [] if file is None else [types.Location(file.as_uri(), types.Range(beginning, beginning))]


# ---------------------------------------------------------------- keys


def keys_at(snapshot: Snapshot, position: Position) -> list[types.CompletionItem] | None:
    """None where neither a key nor one of a few values is being typed."""
    here = here_in(snapshot)
    offers = None if here is None else offers_at(manuscript_of(snapshot.document, here.kind), position)
    if offers is None:
        return None
    return [_item(offer, number, snapshot) for number, offer in enumerate(offers)]


def _item(offer: Offer, number: int, snapshot: Snapshot) -> types.CompletionItem:
    kinds = types.CompletionItemKind
    return types.CompletionItem(
        label=offer.label,
        kind=kinds.Value if offer.is_value else kinds.Property,
        documentation=offer.meaning,
        filter_text=offer.label,
        sort_text=f"{number:03}",
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(
            convert.range_to(offer.span, snapshot.document, snapshot.profile.encoding), offer.text
        ),
    )


# ---------------------------------------------------------------- quick fixes


def fixes_at(snapshot: Snapshot, span: Span, given: Sequence[types.Diagnostic]) -> list[types.CodeAction]:
    """For what the text itself tells at this place: the edits are there at once. `given`: what the client shows."""
    here = here_in(snapshot)
    if here is None or not snapshot.profile.action_literals:
        return []
    manuscript = manuscript_of(snapshot.document, here.kind)
    actions: dict[str, types.CodeAction] = {}
    for problem in findings(manuscript, MAX_BYTES):
        if _touches(span_of(manuscript, problem), span):
            for fix in fixes_for(manuscript, problem):
                actions.setdefault(fix.title, _action(manuscript, problem, fix, snapshot, given))
    return list(actions.values())[:_MOST_FIXES]


def _touches(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def _action(
    manuscript: Manuscript, problem: Problem, fix: Fix, snapshot: Snapshot, given: Sequence[types.Diagnostic]
) -> types.CodeAction:
    ours = diagnostic(manuscript, problem, snapshot.profile)
    shown = [one for one in given if one.source == SOURCE and one.code == ours.code and one.range == ours.range]
    return types.CodeAction(
        title=fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=shown or None,
        edit=convert.workspace_edit(snapshot.document, fix.edits, snapshot.profile),
    )
