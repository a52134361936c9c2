"""`privacy.preview`: before a session's first request of each feature the user sees what would go out, and says yes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from lsprotocol import types

from mm_lsp.messages import ModelRequest, Refused
from mm_lsp.redact import mask
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.workspace.user_dirs import write_answer

_SEND, _KEEP = "Send it", "Don't send"
_EXEMPT = "doctor"  # its question holds nothing of the user's


@dataclass
class Previews:
    """The session's answers, by feature; a question that nobody has answered yet is asked once."""

    ls: MmLanguageServer
    said: dict[str, bool] = field(default_factory=dict[str, bool])
    dismissed: set[str] = field(default_factory=set[str])  # no answer: only what is asked for asks again
    asking: dict[str, asyncio.Task[bool]] = field(default_factory=dict[str, "asyncio.Task[bool]"])

    async def permit(self, request: ModelRequest) -> None:
        """Raises Refused where the user said no, or has not yet said anything about an automatic request."""
        feature = request.feature
        if not self.ls.session.settings.preview or feature == _EXEMPT:
            return
        if feature not in self.said:
            if request.is_automatic and feature in self.dismissed:
                raise Refused("You did not say whether it may be sent (privacy.preview).", "settings")
            if feature not in self.asking:
                self.asking[feature] = self.ls.tasks.spawn(self._ask(request), "preview")
            if request.is_automatic:
                raise Refused("What would be sent waits for your word (privacy.preview).", "settings")
            await asyncio.shield(self.asking[feature])
        if not self.said.get(feature, False):
            raise Refused(
                f"You chose not to send requests for {feature} in this session (privacy.preview).", "settings"
            )

    async def _ask(self, request: ModelRequest) -> bool:
        try:
            answer = await self._answer(request)
            if answer is not None:
                self.said[request.feature] = answer == _SEND
            else:
                self.dismissed.add(request.feature)
            return answer == _SEND
        finally:
            self.asking.pop(request.feature, None)

    async def _answer(self, request: ModelRequest) -> str | None:
        path = await asyncio.to_thread(write_answer, "preview", page(request))
        profile, settings = self.ls.session.profile, self.ls.session.settings
        if profile.show_document:
            self.ls.window_show_document(types.ShowDocumentParams(uri=path.as_uri(), take_focus=False))
        message = (
            f"The first request for {request.feature} would send this to {mask(settings.model.base_url)}: {path}. "
            "Send it, and later ones of its kind in this session?"
        )
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=message,
            actions=[types.MessageActionItem(_SEND), types.MessageActionItem(_KEEP)],
        )
        answer = await self.ls.window_show_message_request_async(question)
        return answer.title if answer is not None else None


def page(request: ModelRequest) -> str:
    """Exactly what goes out, as Markdown: each message as it stands, and what was replaced in them."""
    blocks = [_fenced(message.role, message.content) for message in request.messages]
    tools = [
        f"- `{tool.name}`: {tool.description}\n\n{_fenced('parameters', str(dict(tool.parameters)))}"
        for tool in request.tools
    ]
    found = request.redactor.found if request.redactor is not None else ()
    redactions = [f"- `{one.placeholder}` stands for a secret ({one.kind}), {one.count} times" for one in found]
    sections = [
        f"# What mm-lsp would send for {request.feature}",
        *blocks,
        *(["## Functions that the model may call", *tools] if tools else []),
        *(["## Replaced", "\n".join(redactions)] if redactions else []),
    ]
    return "\n\n".join(sections) + "\n"


def _fenced(title: str, text: str) -> str:
    fence = "`" * 3
    while fence in text:
        fence += "`"
    return f"## {title}\n\n{fence}\n{text}\n{fence}"
