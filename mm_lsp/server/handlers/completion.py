"""Suggestions: `textDocument/inlineCompletion` from the model, `textDocument/completion` from memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable
from dataclasses import replace

from lsprotocol import types

from mm_lsp.assist import completion as thought
from mm_lsp.assist.completion import Place, Suggestion
from mm_lsp.assist.context import line_prefix
from mm_lsp.assist.reuse import first_line
from mm_lsp.llm.model import LanguageModel
from mm_lsp.messages import BadReply, ModelError, ModelRequest, Notice, Stop, TextDelta, TextWasThinking, ToolCall
from mm_lsp.server import asking, completing, convert, rule_help, slash
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Outcome, Snapshot
from mm_lsp.server.tasks import Superseded
from mm_lsp.settings import CompletionSettings
from mm_lsp.text import Position

_ACCEPTED = "mm-lsp.accepted"
_WORD_END = re.compile(r"\w+$")
_AUTOMATIC_PAUSE = 0.6  # seconds without a key before a model that must think is asked


async def inline_completion(ls: MmLanguageServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Always a list: a client clears a stale suggestion only for an empty one."""
    snapshot = ls.session.snapshot(params.text_document.uri)
    if snapshot is None:
        return types.InlineCompletionList(items=[])
    place = _place(params, snapshot)
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    suggestion = await _suggestion(ls, snapshot, place, invoked)
    return types.InlineCompletionList(items=[_inline_item(ls, suggestion, snapshot)] if suggestion else [])


def _place(params: types.InlineCompletionParams, snapshot: Snapshot) -> Place:
    document, encoding = snapshot.document, snapshot.profile.encoding
    position = convert.position_from(params.position, document, encoding)
    selected = params.context.selected_completion_info
    if selected is None:
        return Place(document, position)
    return Place(document, position, (convert.span_from(selected.range, document, encoding), selected.text))


async def _suggestion(ls: MmLanguageServer, snapshot: Snapshot, place: Place, invoked: bool) -> Suggestion | None:
    uri = snapshot.document.uri
    ls.session.touch(uri)
    ls.tasks.supersede(_key(uri))
    if not _reason_for_silence(snapshot, invoked) and (remembered := ls.session.recall(place)):
        ls.session.outcomes[uri] = Outcome("shown", "typed along an earlier suggestion", "memory")
        return remembered
    try:
        return await ls.tasks.latest(_key(uri), _permitted(ls, snapshot, place, invoked), _about(place))
    except Superseded:
        return None
    except ModelError as error:
        ls.session.outcomes[uri] = Outcome("error", str(error))
        if invoked:
            ls.complain(asking.with_rest(ls, error))
        return None


async def _permitted(ls: MmLanguageServer, snapshot: Snapshot, place: Place, invoked: bool) -> Suggestion | None:
    """After the pause, since a client may ask at every key: with the settings and ignore files as they are then."""
    began = asyncio.get_running_loop().time()
    await ls.session.is_loaded.wait()
    now = replace(snapshot, settings=ls.session.settings)
    if not invoked and not (_reason_for_silence(now, invoked) or _reason_not_to_ask(now, invoked)):
        debounce_ms = now.settings.completion.debounce_ms
        await asyncio.sleep(_AUTOMATIC_PAUSE if debounce_ms is None else debounce_ms / 1000)
    snapshot = await ls.session.loaded(snapshot)
    if reason := _reason_for_silence(snapshot, invoked) or _reason_not_to_ask(snapshot, invoked):
        ls.session.outcomes[snapshot.document.uri] = Outcome("nothing", reason)
        if invoked:
            ls.complain(f"No suggestion: {reason}.")
        return None
    return await _fresh(ls, snapshot, place, invoked, began)


def _reason_for_silence(snapshot: Snapshot, invoked: bool) -> str | None:
    settings = snapshot.settings
    if not settings.completion.speaks(snapshot.document.language_id):
        return "completion is switched off for this language (completion.enabled, completion.languages)"
    if not invoked and not settings.completion.automatic:
        return "automatic completion is switched off (completion.automatic)"
    if snapshot.held_back:
        return snapshot.held_back
    return None


def _reason_not_to_ask(snapshot: Snapshot, invoked: bool) -> str | None:
    return "no API key is set" if not invoked and not snapshot.settings.has_model else None


async def _fresh(
    ls: MmLanguageServer, snapshot: Snapshot, place: Place, invoked: bool, began: float
) -> Suggestion | None:
    """Asks the model, reads the answer; nothing for a document that has moved on meanwhile."""
    settings = snapshot.settings.completion
    loop = asyncio.get_running_loop()
    asked = loop.time()
    model = await ls.session.model()
    if invoked:
        asking.warn_of_budget(ls)
    elif reason := await _reason_to_rest(ls):
        ls.session.outcomes[snapshot.document.uri] = Outcome("nothing", reason)
        return None
    budget = settings.invoked_budget_ms if invoked else settings.automatic_budget_ms
    request = replace(await completing.request_for(ls, snapshot, place), is_automatic=not invoked)
    raw, ended = await _raw_answer(ls, model, request, settings, budget / 1000)
    if ended == "length" and not raw.strip():
        raise BadReply(asking.why_empty(ended))
    suggestion = thought.suggestion_from(asking.restored(raw, request), place, settings.max_lines)
    timings = {"pause": round(1000 * (asked - began)), "model": round(1000 * (loop.time() - asked))}
    uri = snapshot.document.uri
    if suggestion is None:
        ls.session.outcomes[uri] = Outcome("nothing", "the model had nothing to add", timings=timings)
        return None
    if place.selected is None:
        ls.session.remember(place.document, suggestion)
    if ls.session.documents.get(uri) is not snapshot.document:
        ls.session.outcomes[uri] = Outcome("nothing", "the document moved on; it waits in memory", timings=timings)
        return None
    ls.session.outcomes[uri] = Outcome("shown", timings=timings)
    return suggestion


async def _reason_to_rest(ls: MmLanguageServer) -> str | None:
    provider = ls.session.provider
    await provider.look_for_key()
    if spent := provider.spent():
        asking.tell_once(ls, f"Automatic suggestions rest until tomorrow: {spent}.", f"automatic {asking.today()}")
        return spent
    return provider.rests()


async def _raw_answer(
    ls: MmLanguageServer, model: LanguageModel, request: ModelRequest, settings: CompletionSettings, seconds: float
) -> tuple[str, str]:
    """What the model said within its time, which may be a part of an answer; and the reason why it stopped."""
    raw, reason = "", ""
    try:
        async with asyncio.timeout(seconds), model.stream(request) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        raw += text
                        if thought.is_enough(raw, settings.max_lines):
                            events.enough()
                            break
                    case TextWasThinking():
                        raw = ""
                    case ToolCall():  # it took the question for something else
                        return "", ""
                    case Stop(reason):
                        pass
                    case Notice(sentence):
                        asking.tell_once(ls, sentence)
                    case _:
                        pass
    except TimeoutError:
        pass
    return raw, reason


def _key(uri: str) -> Hashable:
    return ("completion", uri)


def _about(place: Place) -> Hashable:
    return (place.document.version, place.position)


def _inline_item(ls: MmLanguageServer, suggestion: Suggestion, snapshot: Snapshot) -> types.InlineCompletionItem:
    text = suggestion.text
    return types.InlineCompletionItem(
        insert_text=text.replace("\r\n", "\n") if snapshot.profile.inline_newlines_only else text,
        range=convert.range_to(suggestion.span, snapshot.document, snapshot.profile.encoding),
        command=_accepted(ls),
    )


def _accepted(ls: MmLanguageServer) -> types.Command:
    return types.Command(title="accepted", command=_ACCEPTED, arguments=[{"id": ls.session.next_id()}])


# ---------------------------------------------------------------- textDocument/completion


async def completion(ls: MmLanguageServer, params: types.CompletionParams) -> types.CompletionList:
    """Commands and files where they are being typed; else a suggestion from memory, at once. Where there is none yet,
    the model is asked behind it for the next time."""
    snapshot = ls.session.snapshot(params.text_document.uri)
    if snapshot is None:
        return types.CompletionList(is_incomplete=False, items=[])
    position = convert.position_from(params.position, snapshot.document, snapshot.profile.encoding)
    keys = rule_help.keys_at(snapshot, position)
    if keys is not None:
        return types.CompletionList(is_incomplete=False, items=keys)
    typed = await slash.items_at(ls, snapshot, position)
    if typed is not None:
        return types.CompletionList(is_incomplete=True, items=typed)
    if slash.is_trigger(params.context) or not _is_wanted(ls, snapshot):
        return types.CompletionList(is_incomplete=False, items=[])
    return _from_memory(ls, snapshot, position)


def _from_memory(ls: MmLanguageServer, snapshot: Snapshot, position: Position) -> types.CompletionList:
    place = Place(snapshot.document, position)
    ls.session.touch(snapshot.document.uri)
    if _reason_for_silence(snapshot, invoked=False):
        return types.CompletionList(is_incomplete=True, items=[])
    suggestion = ls.session.recall(place)
    if suggestion is None:
        _prepare(ls, snapshot, place)
        return types.CompletionList(is_incomplete=True, items=[])
    return types.CompletionList(is_incomplete=True, items=[_item(ls, suggestion, place, snapshot)])


def _is_wanted(ls: MmLanguageServer, snapshot: Snapshot) -> bool:
    fallback = ls.session.settings.completion.fallback
    return fallback == "always" or (fallback == "auto" and not snapshot.profile.declares_inline_completion)


def _prepare(ls: MmLanguageServer, snapshot: Snapshot, place: Place) -> None:
    key = _key(snapshot.document.uri)
    if not ls.tasks.runs(key, _about(place)):
        ls.tasks.supersede(key)
        ls.tasks.spawn(_prepared(ls, snapshot, place), "suggestion for later")


async def _prepared(ls: MmLanguageServer, snapshot: Snapshot, place: Place) -> None:
    try:
        work = _permitted(ls, snapshot, place, invoked=False)
        await ls.tasks.latest(_key(snapshot.document.uri), work, _about(place))
    except Superseded:
        pass
    except ModelError as error:
        ls.session.outcomes[snapshot.document.uri] = Outcome("error", str(error))


def _item(ls: MmLanguageServer, suggestion: Suggestion, place: Place, snapshot: Snapshot) -> types.CompletionItem:
    """Clients filter by the word before the cursor, so the item takes it in."""
    prefix = line_prefix(place.document, place.position)
    word = _WORD_END.search(prefix)
    start = suggestion.span.start._replace(column=word.start() if word else len(prefix))
    span = suggestion.span._replace(start=start)
    text = (word.group() if word else "") + suggestion.text
    return types.CompletionItem(
        label=first_line(text),
        kind=types.CompletionItemKind.Text,
        detail="mm-lsp",
        documentation=_documentation(text, snapshot),
        filter_text=text.lstrip(),
        sort_text="0",
        insert_text_format=types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(convert.range_to(span, place.document, snapshot.profile.encoding), text),
        command=_accepted(ls),
    )


def _documentation(text: str, snapshot: Snapshot) -> types.MarkupContent | str:
    if not snapshot.profile.reads_markdown:
        return text
    return types.MarkupContent(types.MarkupKind.Markdown, f"```{snapshot.document.language_id}\n{text}\n```")
