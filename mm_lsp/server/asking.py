"""Putting a question to the model on behalf of someone who waits for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple, Protocol

from mm_lsp.llm.model import LanguageModel
from mm_lsp.messages import (
    BadReply,
    Bill,
    Event,
    Message,
    ModelError,
    ModelRequest,
    Notice,
    Part,
    Reasoning,
    Refused,
    Stop,
    TextDelta,
    TextWasThinking,
    ThinkingDelta,
    ToolCall,
    TryAgain,
    Usage,
)
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Snapshot

_ROUNDS = 6  # of tool calls, before the model has to answer with what it knows


class Shows(Protocol):
    """Where the user sees how far an answer is."""

    def say(self, message: str) -> None: ...

    def text(self, delta: str, length: int) -> None: ...


class Given(NamedTuple):
    """What a tool call gives the model, and where it came from."""

    text: str
    parts: tuple[Part, ...] = ()


AnswerTool = Callable[[ToolCall], Awaitable[Given]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`usage` in the form that commands return."""

    text: str
    usage: dict[str, Any]


async def no_tool(call: ToolCall) -> Given:
    return Given(f"There is no function {call.name}.")


async def ask(
    ls: MmLanguageServer,
    request: ModelRequest,
    progress: Shows,
    is_enough: Callable[[str], bool] = lambda _: False,
    answer_tool: AnswerTool = no_tool,
) -> Answer:
    """The whole answer, or as much as `is_enough`; calls of the request's tools are answered on the way.
    Raises ModelError."""
    model = await ls.session.model()
    warn_of_budget(ls)
    try:
        return await _conversation(ls, model, request, progress, is_enough, answer_tool)
    except ModelError as error:
        error.args = (with_rest(ls, error),)
        raise


async def _conversation(
    ls: MmLanguageServer,
    model: LanguageModel,
    request: ModelRequest,
    progress: Shows,
    is_enough: Callable[[str], bool],
    answer_tool: AnswerTool,
) -> Answer:
    text, bills = "", list[Bill]()
    while True:
        turn = await _turn(ls, model, request, progress, is_enough, text)
        text += turn.text
        bills.append(turn.bill)
        if not turn.calls or not request.tools or is_enough(turn.text):
            break
        tools = request.tools if len(bills) < _ROUNDS else ()
        replies, parts = await _replies(turn, progress, answer_tool)
        messages = (*request.messages, *replies)
        request = replace(request, messages=messages, tools=tools, parts=(*request.parts, *parts))
    if not text.strip():
        raise BadReply(why_empty(turn.reason))
    if turn.reason == "length" and request.feature == "edit" and not is_enough(text):
        raise BadReply("The model's answer broke off at max_tokens; nothing was changed. Select less, or raise it.")
    if turn.reason == "length":
        tell_once(ls, "The model's answer broke off at max_tokens (model.params).")
    return Answer(text, usage_result(_sum(bills)))


async def _replies(turn: _Turn, progress: Shows, answer_tool: AnswerTool) -> tuple[list[Message], list[Part]]:
    """The model's turn as it goes back, and what its calls gave."""
    said = Message("assistant", turn.text, turn.reasoning, turn.calls)
    progress.say("reading what the model asked for…")
    given = [(call, await answer_tool(call)) for call in turn.calls]
    results = [Message("tool", result.text, tool_call_id=call.id) for call, result in given]
    return [said, *results], [part for _, result in given for part in result.parts]


def _sum(bills: list[Bill]) -> Bill:
    usages = [bill.usage for bill in bills]
    costs = [bill.cost for bill in bills]
    return Bill(
        Usage(
            sum(usage.prompt_tokens for usage in usages),
            sum(usage.completion_tokens for usage in usages),
            sum(usage.reasoning_tokens for usage in usages),
            sum(usage.cached_tokens for usage in usages),
            any(usage.estimated for usage in usages),
        ),
        None if None in costs else sum(cost for cost in costs if cost is not None),
        bills[0].currency,
    )


def warn_of_budget(ls: MmLanguageServer) -> None:
    if spent := ls.session.provider.spent():
        tell_once(ls, f"Note that {spent}. What you ask for goes on; automatic suggestions rest.", f"asked {today()}")


def with_rest(ls: MmLanguageServer, error: ModelError) -> str:
    """The error's sentence, and for someone who gets automatic suggestions that they rest now."""
    rests = ls.session.provider.rests()
    if rests is None or not ls.session.settings.completion.automatic:
        return str(error)
    return f"{error} {rests[0].upper()}{rests[1:].partition(' (')[0]}."


_NOTHING = Bill(Usage())


@dataclass(slots=True)
class _Turn:
    """One answer of the model in a conversation with tools."""

    text: str = ""
    reason: str = ""
    reasoning: Reasoning | None = None
    calls: tuple[ToolCall, ...] = ()
    bill: Bill = _NOTHING


async def _turn(
    ls: MmLanguageServer,
    model: LanguageModel,
    request: ModelRequest,
    progress: Shows,
    is_enough: Callable[[str], bool],
    before: str,
) -> _Turn:
    """`before`: what earlier turns have said."""
    turn = _Turn()
    async with model.stream(request) as events:
        async for event in events:
            match event:
                case TextDelta(text):
                    turn.text += text
                    progress.text(text, len(before) + len(turn.text))
                    if is_enough(turn.text):
                        events.enough()
                        break
                case TextWasThinking():
                    turn.text = ""
                case Stop(reason):
                    turn.reason = reason
                case ToolCall():
                    turn.calls = (*turn.calls, event)
                case Reasoning():
                    turn.reasoning = event
                case _:
                    _show(ls, event, progress)
        turn.bill = events.bill()
    return turn


def _show(ls: MmLanguageServer, event: Event, progress: Shows) -> None:
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


def restored(text: str, request: ModelRequest) -> str:
    """The model's text with the secrets that the request did without, for what is put into the user's own files."""
    return request.redactor.restored(text) if request.redactor is not None else text
