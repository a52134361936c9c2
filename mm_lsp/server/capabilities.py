"""What the client can do, read once from its `initialize`, and what we say that we can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mm_lsp.text import Encoding
from mm_lsp.untyped import rows, table

_ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
_NEOVIM = "neovim"


@dataclass(frozen=True, slots=True)
class ClientProfile:
    """One client, as far as we care. Read from the raw JSON: an unknown enum value in it is no reason to fail."""

    name: str = ""
    locale: str = ""
    encoding: Encoding = "utf-16"
    document_changes: bool = False
    apply_edit: bool = False
    action_literals: bool = False
    resolves_edits: bool = False
    tags_generated: bool = False
    reads_markdown: bool = False  # in the documentation of completion items
    hovers_markdown: bool = False
    work_done_progress: bool = False
    show_document: bool = False
    configuration: bool = False
    declares_inline_completion: bool = False
    inline_newlines_only: bool = False  # would insert the \r of an inline item as a letter
    long_requests: bool = False
    stream_text: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any], options: Mapping[str, Any]) -> ClientProfile:
        """`params` of `initialize`; `options` are the client options out of `initializationOptions`."""
        capabilities = params.get("capabilities")
        name = str(_dig(params, "clientInfo", "name") or "")
        document = table(_dig(capabilities, "textDocument"))
        action = _dig(document, "codeAction")
        return cls(
            name=name,
            locale=str(params.get("locale") or ""),
            encoding=_encoding(_dig(capabilities, "general", "positionEncodings")),
            document_changes=_dig(capabilities, "workspace", "workspaceEdit", "documentChanges") is True
            or name.lower() == _NEOVIM,  # applies them with their versions, though it doesn't say so
            apply_edit=_dig(capabilities, "workspace", "applyEdit") is True,
            action_literals=_dig(action, "codeActionLiteralSupport") is not None,
            resolves_edits="edit" in rows(_dig(action, "resolveSupport", "properties"))
            and _dig(action, "dataSupport") is True,
            reads_markdown="markdown" in rows(_dig(document, "completion", "completionItem", "documentationFormat")),
            hovers_markdown="markdown" in rows(_dig(document, "hover", "contentFormat")),
            tags_generated=1 in rows(_dig(action, "tagSupport", "valueSet")),
            work_done_progress=_dig(capabilities, "window", "workDoneProgress") is True,
            show_document=_dig(capabilities, "window", "showDocument", "support") is True,
            configuration=_dig(capabilities, "workspace", "configuration") is True,
            declares_inline_completion="inlineCompletion" in document,  # null counts: Emacs says it so
            inline_newlines_only=name.lower() == _NEOVIM,
            long_requests=options.get("longRequests") is True,
            stream_text=options.get("streamText") is True,
        )


def _dig(value: Any, *path: str) -> Any:
    for name in path:
        value = table(value).get(name)
    return value


def _encoding(offered: Any) -> Encoding:
    """The first of the client's that we know; UTF-16 is every client's (LSP 3.17)."""
    for name in rows(offered):
        if name in _ENCODINGS:
            return name
    return "utf-16"


def server_capabilities(profile: ClientProfile, commands: Sequence[str], kinds: Sequence[str]) -> dict[str, Any]:
    """The `capabilities` of the answer to `initialize`; nothing here depends on dynamic registration."""
    return {
        "positionEncoding": profile.encoding,
        "textDocumentSync": {"openClose": True, "change": 2, "save": False},
        "inlineCompletionProvider": {},
        "completionProvider": {"triggerCharacters": ["/", "@"]},
        "hoverProvider": True,
        "documentLinkProvider": {},
        "definitionProvider": True,
        "codeActionProvider": {"codeActionKinds": list(kinds), "resolveProvider": profile.long_requests},
        "executeCommandProvider": {"commands": list(commands), "workDoneProgress": True},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
