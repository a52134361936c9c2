"""The only mutable state of the server, and the snapshots that requests read instead of it."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from mm_lsp.assist.completion import Place, Suggestion
from mm_lsp.assist.reuse import Remembered
from mm_lsp.messages import Refused
from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.settings import Settings
from mm_lsp.text import Document
from mm_lsp.workspace.files import path_of, relative_name
from mm_lsp.workspace.ignore import reason_to_hold_back
from mm_lsp.workspace.user_dirs import config_file

if TYPE_CHECKING:
    from mm_lsp.llm.openai import OpenAIModel

_REMEMBERED = 8  # suggestions a document


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one request may read; nothing of it changes under an await.

    `others`: the other open documents that may be shown to a model (name, document), most recent first.
    `held_back`: why nothing of this document may go to a model, or None.
    """

    document: Document
    path: Path | None
    name: str
    others: tuple[tuple[str, Document], ...]
    folders: tuple[Path, ...]
    settings: Settings
    profile: ClientProfile
    held_back: str | None


class _File(NamedTuple):
    """What an open document's address tells of it, as `Snapshot` has it."""

    path: Path | None
    name: str
    held_back: str | None


@lru_cache(maxsize=2048)  # every request asks this of every open document
def _file(uri: str, folders: tuple[Path, ...], ignore: tuple[str, ...]) -> _File:
    path = path_of(uri)
    # A client that leaves # or ? unencoded makes an address end before the file's name does.
    written = Path(unquote(uri.rpartition("/")[2]))
    reasons = (reason_to_hold_back(name, ignore) for name in (path or Path(relative_name(None, uri, ())), written))
    return _File(path, relative_name(path, uri, folders), next(filter(None, reasons), None))


@dataclass(eq=False)
class Job:
    """An asked-for call under way. `tokens`: its progress tokens, by which the client may cancel it."""

    id: str
    title: str
    started: float  # the loop's time
    task: asyncio.Task[Any] | None = None
    tokens: set[str | int] = field(default_factory=set[str | int])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the last suggestion for a document. Times in milliseconds."""

    outcome: str
    reason: str = ""
    lane: str = "model"
    timings: dict[str, int] = field(default_factory=dict[str, int])


class Session:
    def __init__(self) -> None:
        self.profile = ClientProfile()
        self.settings = Settings()
        self.initialization: dict[str, Any] = {}
        self.workspace_values: dict[str, Any] = {}
        self.folders: tuple[Path, ...] = ()
        self.documents: dict[str, Document] = {}
        self.jobs: dict[str, Job] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.asked_about: set[Path] = set()
        self.told: set[str] = set()  # sentences that need not be said twice
        self.is_loaded = asyncio.Event()
        self.pulled = asyncio.Event()
        self.loading = asyncio.Lock()
        self._recency: dict[str, None] = {}
        self._memory: dict[str, deque[Remembered]] = {}
        self._numbers = itertools.count(1)
        self._model: OpenAIModel | None = None
        self._building = asyncio.Lock()

    def next_id(self) -> str:
        return str(next(self._numbers))

    # ---------------------------------------------------------------- documents

    def put(self, document: Document) -> None:
        self.documents[document.uri] = document
        self.touch(document.uri)

    def touch(self, uri: str) -> None:
        """`uri` becomes the document touched last."""
        self._recency.pop(uri, None)
        self._recency[uri] = None

    def close(self, uri: str) -> None:
        for table in (self.documents, self._recency, self._memory, self.outcomes):
            table.pop(uri, None)

    @property
    def touched_last(self) -> str | None:
        return next(reversed(self._recency), None)

    def snapshot(self, uri: str) -> Snapshot | None:
        """None if the document is not open."""
        document = self.documents.get(uri)
        if document is None:
            return None
        file = _file(uri, self.folders, self.settings.ignore)
        return Snapshot(
            document=document,
            path=file.path,
            name=file.name,
            others=tuple(self._others(uri)),
            folders=self.folders,
            settings=self.settings,
            profile=self.profile,
            held_back=file.held_back,
        )

    async def loaded(self, snapshot: Snapshot) -> Snapshot:
        """The same document under the settings in force: those of the first second are not yet the user's."""
        await self.is_loaded.wait()
        if snapshot.settings is self.settings:
            return snapshot
        uri = snapshot.document.uri
        held_back = _file(uri, self.folders, self.settings.ignore).held_back
        return replace(snapshot, settings=self.settings, others=tuple(self._others(uri)), held_back=held_back)

    def _others(self, uri: str) -> Iterator[tuple[str, Document]]:
        for other in reversed(self._recency):
            if other != uri and (file := _file(other, self.folders, self.settings.ignore)).held_back is None:
                yield file.name, self.documents[other]

    # ---------------------------------------------------------------- suggestions

    def remember(self, document: Document, suggestion: Suggestion) -> None:
        if document.uri in self.documents:
            memory = self._memory.setdefault(document.uri, deque(maxlen=_REMEMBERED))
            memory.appendleft(Remembered(document, suggestion))

    def recall(self, place: Place) -> Suggestion | None:
        """What an earlier suggestion leaves to say at this place, the newest first."""
        if place.selected is not None:
            return None
        remembered = (entry.at(place.document, place.position) for entry in self._memory.get(place.document.uri, ()))
        return next((suggestion for suggestion in remembered if suggestion is not None), None)

    # ---------------------------------------------------------------- settings and model

    def adopt(self, settings: Settings) -> OpenAIModel | None:
        """Takes new settings over. Gives back a model client that no longer fits them: what it has under way may
        end, then it is to be closed."""
        old = self.settings
        self.settings = settings
        if _fits(old, settings) or self._model is None:
            return None
        model, self._model = self._model, None
        return model

    async def model(self) -> OpenAIModel:
        """The client for the settings in force. Raises Refused where a key is missing."""
        await self.is_loaded.wait()
        if not self.settings.has_model:
            raise Refused(
                f'No API key. Set the environment variable MM_LSP_API_KEY, or write [model] api_key = "…" into '
                f"{config_file()}, or point model.base_url to an endpoint that needs none."
            )
        async with self._building:
            while self._model is None:
                settings = self.settings
                model = await asyncio.to_thread(_build_model, settings)
                if _fits(settings, self.settings):
                    self._model = model
                else:  # the settings changed meanwhile
                    await model.aclose()
            return self._model

    async def aclose(self) -> None:
        if self._model is not None:
            await self._model.aclose()


def _fits(old: Settings, new: Settings) -> bool:
    """Whether a client that was made for `old` serves `new`."""
    return (old.model, old.completion.model, old.completion.params) == (
        new.model,
        new.completion.model,
        new.completion.params,
    )


def _build_model(settings: Settings) -> OpenAIModel:
    """Imports httpx and reads certificates: not for the loop's thread."""
    from mm_lsp.llm.openai import OpenAIModel

    try:
        return OpenAIModel(settings)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Refused(
            f"The model can't be called: check model.ca_bundle, model.proxy and model.headers ({reason})."
        ) from error
