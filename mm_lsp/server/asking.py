"""Putting a question to the model on behalf of someone who waits for it; and the rules that go with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lsprotocol import types

from mm_lsp.assist.rules import RuleFile
from mm_lsp.llm.model import LanguageModel
from mm_lsp.messages import (
    BadReply,
    Bill,
    Event,
    ModelError,
    ModelRequest,
    Notice,
    Refused,
    Stop,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
    TryAgain,
)
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.log import logger
from mm_lsp.server.progress import Progress
from mm_lsp.server.session import Snapshot
from mm_lsp.workspace import rule_files, trust
from mm_lsp.workspace.files import root_of

_TRUST, _RESTRICT = "Trust this workspace", "Don't use them"


@dataclass(frozen=True, slots=True)
class Answer:
    """`usage` in the form that commands return."""

    text: str
    usage: dict[str, Any]


async def ask(
    ls: MmLanguageServer,
    request: ModelRequest,
    progress: Progress,
    is_enough: Callable[[str], bool] = lambda _: False,
) -> Answer:
    """The whole answer, or as much as `is_enough`. Raises ModelError."""
    model = await ls.session.model()
    warn_of_budget(ls)
    if ls.session.settings.log.prompts:
        logger.info("prompt: %s", [message.content for message in request.messages])
    try:
        return await _answer(ls, model, request, progress, is_enough)
    except ModelError as error:
        error.args = (with_rest(ls, error),)
        raise


def warn_of_budget(ls: MmLanguageServer) -> None:
    if spent := ls.session.provider.spent():
        tell_once(ls, f"Note that {spent}. What you ask for goes on; automatic suggestions rest.", f"asked {today()}")


def with_rest(ls: MmLanguageServer, error: ModelError) -> str:
    """The error's sentence, and for someone who gets automatic suggestions that they rest now."""
    rests = ls.session.provider.rests()
    if rests is None or not ls.session.settings.completion.automatic:
        return str(error)
    return f"{error} {rests[0].upper()}{rests[1:].partition(' (')[0]}."


async def _answer(
    ls: MmLanguageServer,
    model: LanguageModel,
    request: ModelRequest,
    progress: Progress,
    is_enough: Callable[[str], bool],
) -> Answer:
    text, reason = "", ""
    async with model.stream(request) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
                progress.text(event.text, len(text))
                if is_enough(text):
                    events.enough()
                    break
            elif isinstance(event, TextWasThinking):
                text = ""
            elif isinstance(event, Stop):
                reason = event.reason
            else:
                _show(ls, event, progress)
        usage = usage_result(events.bill())
    if not text.strip():
        raise BadReply(why_empty(reason))
    if reason == "length" and request.feature == "edit" and not is_enough(text):
        raise BadReply("The model's answer broke off at max_tokens; nothing was changed. Select less, or raise it.")
    if reason == "length":
        tell_once(ls, "The model's answer broke off at max_tokens (model.params).")
    return Answer(text, usage)


def _show(ls: MmLanguageServer, event: Event, progress: Progress) -> None:
    match event:
        case ThinkingDelta():
            progress.say("thinking…")
        case TryAgain():
            progress.say("trying again…")
        case Notice(sentence):
            tell_once(ls, sentence)
        case _:
            pass


def tell_once(ls: MmLanguageServer, sentence: str, key: str | None = None) -> None:
    """`key`: what makes it the same thing told again; the sentence itself if None."""
    if (key or sentence) not in ls.session.told:
        ls.session.told.add(key or sentence)
        ls.warn(sentence)


def why_empty(reason: str) -> str:
    if reason == "length":
        return "The model used up its tokens for thinking and gave no answer: raise max_tokens in model.params."
    if reason == "content_filter":
        return "The model's content filter withheld the answer."
    return "The model gave an empty answer. Try again."


def usage_result(bill: Bill) -> dict[str, Any]:
    """In the form that commands return."""
    usage = bill.usage
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
        "cost": None if bill.cost is None else round(bill.cost, 6),
        "currency": bill.currency,
        "estimated": usage.estimated,
    }


def today() -> str:
    """The user's own day, for what is said once a day."""
    return date.today().isoformat()


async def sendable(ls: MmLanguageServer, snapshot: Snapshot) -> Snapshot:
    """The snapshot under the user's settings. Raises Refused for a document of which nothing may go to a model."""
    snapshot = await ls.session.loaded(snapshot)
    if snapshot.held_back:
        raise Refused(f"Nothing of {snapshot.name} is sent to a model: {snapshot.held_back}.")
    return snapshot


async def rules_for(ls: MmLanguageServer, snapshot: Snapshot) -> list[RuleFile]:
    """The rules of a trusted workspace. Where nobody has said yet, asks (once, without waiting) and goes without."""
    if snapshot.path is None or not snapshot.settings.rules.enabled:
        return []
    root, found, said = await asyncio.to_thread(_look_for_rules, snapshot.path, snapshot.folders)
    if not found:
        return []
    verdict = said if snapshot.settings.trust == "ask" else snapshot.settings.trust
    if verdict == "trusted":
        return [RuleFile(path, text) for path, text in found]
    if verdict is None and root not in ls.session.asked_about:
        ls.session.asked_about.add(root)
        ls.tasks.spawn(_ask_for_trust(ls, root, [path for path, _ in found]), "question of trust")
    return []


def _look_for_rules(path: Path, folders: tuple[Path, ...]) -> tuple[Path, list[tuple[str, str]], trust.Verdict | None]:
    root = root_of(path, folders)
    found = rule_files.find(path, root)
    return root, found, trust.verdict(root) if found else None


async def _ask_for_trust(ls: MmLanguageServer, root: Path, found: list[str]) -> None:
    question = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=f"{root.name} brings rules for the model ({', '.join(found)}). Use them in this workspace from now on? "
        "Until you say so they are left out.",
        actions=[types.MessageActionItem(_TRUST), types.MessageActionItem(_RESTRICT)],
    )
    answer = await ls.window_show_message_request_async(question)
    if answer is not None and answer.title in (_TRUST, _RESTRICT):
        await decide_trust(root, answer.title == _TRUST)


async def decide_trust(root: Path, trusted: bool) -> None:
    """Keeps the user's word. Raises Refused if it can't be kept."""
    try:
        await asyncio.to_thread(trust.remember, root, "trusted" if trusted else "restricted")
    except OSError as error:
        raise Refused(f"The decision can't be kept on disk: {error.strerror}.") from error
