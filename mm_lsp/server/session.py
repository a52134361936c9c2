"""The only mutable state of the server, and the snapshots that requests read instead of it."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from mm_lsp.assist.completion import Place, Suggestion
from mm_lsp.assist.reuse import Remembered
from mm_lsp.rulebook.commands import Command
from mm_lsp.server import configuration
from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.server.provider import Provider, Tap
from mm_lsp.settings import Settings
from mm_lsp.text import Document
from mm_lsp.workspace.files import path_of, place_of, relative_name
from mm_lsp.workspace.ignore import reason_to_hold_back
from mm_lsp.workspace.library import Library, Wanted
from mm_lsp.workspace.trust import Verdict

if TYPE_CHECKING:
    from mm_lsp.llm.guarded import Guarded
    from mm_lsp.llm.metering import Metered

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
    named = path or place_of(uri) or Path(relative_name(None, uri, ()))
    reasons = (reason_to_hold_back(name, ignore) for name in (named, written))
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


class Menu(NamedTuple):
    """The commands that may be called for a document, by name; `looked`: the loop's time."""

    commands: Mapping[str, Command]
    looked: float


class OpenTexts(Mapping[Path, str]):
    """The texts of open documents by path, joined only when somebody looks."""

    def __init__(self, documents: Mapping[Path, Document]) -> None:
        self._documents = documents

    def __getitem__(self, path: Path) -> str:
        return self._documents[path].text

    def __iter__(self) -> Iterator[Path]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)


class Session:
    def __init__(self, tap: Tap | None = None) -> None:
        self.provider = Provider(lambda: self.settings, self._read_settings, tap)
        self.profile = ClientProfile()
        self.settings = Settings()
        self.initialization: dict[str, Any] = {}
        self.workspace_values: dict[str, Any] = {}
        self.folders: tuple[Path, ...] = ()
        self.documents: dict[str, Document] = {}
        self.jobs: dict[str, Job] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.library = Library()
        self.trust_said: dict[Path, Verdict] = {}  # in this session, by the client itself
        self.menus: dict[str, Menu] = {}
        self.looking: set[str] = set()  # documents for which the disk is being looked at
        self.asked_about: set[tuple[Path, str]] = set()
        self._ignored: dict[str, str | None] = {}  # documents that the disk's ignore files have been asked about
        self.told: set[str] = set()  # sentences that need not be said twice
        self.is_loaded = asyncio.Event()
        self.pulled = asyncio.Event()
        self.loading = asyncio.Lock()
        self._recency: dict[str, None] = {}
        self._memory: dict[str, deque[Remembered]] = {}
        self._numbers = itertools.count(1)

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
        for table in (self.documents, self._recency, self._memory, self.outcomes, self._ignored, self.menus):
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
            held_back=file.held_back or self._ignored.get(uri),
        )

    async def loaded(self, snapshot: Snapshot) -> Snapshot:
        """The same document under the settings in force (those of the first second are not yet the user's), and under
        the ignore files as they lie on the disk now: whatever may be sent is to be taken from this one."""
        await self.is_loaded.wait()
        uri = snapshot.document.uri
        await self.screen([uri, *(other for other in self.documents if other != uri)])
        held_back = _file(uri, self.folders, self.settings.ignore).held_back or self._ignored.get(uri)
        return replace(snapshot, settings=self.settings, others=tuple(self._others(uri)), held_back=held_back)

    async def screen(self, uris: Sequence[str]) -> None:
        """Asks the ignore files about documents."""
        paths = {uri: found for uri in uris if (found := place_of(uri)) is not None}
        hold_back = self.library.holding_back(self.wanted(None))

        def ask() -> dict[str, str | None]:
            return {uri: hold_back(path, True) for uri, path in paths.items()}

        reasons = await asyncio.to_thread(ask)
        self._ignored |= {uri: reason for uri, reason in reasons.items() if uri in self.documents}

    def wanted(self, path: Path | None) -> Wanted:
        """With what eyes one looks at the workspace now."""
        texts = OpenTexts({at: doc for uri, doc in self.documents.items() if (at := path_of(uri)) is not None})
        settings = self.settings
        return Wanted(path, self.folders, texts, settings.ignore, settings.trust, dict(self.trust_said))

    def _others(self, uri: str) -> Iterator[tuple[str, Document]]:
        for other in reversed(self._recency):
            file = _file(other, self.folders, self.settings.ignore)
            if other != uri and file.held_back is None and self._may_be_shown(other):
                yield file.name, self.documents[other]

    def _may_be_shown(self, uri: str) -> bool:
        """One that was opened after the ignore files were asked has to wait for the next question."""
        return self._ignored.get(uri, "not asked yet" if place_of(uri) is not None else None) is None

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

    def adopt(self, settings: Settings) -> Metered | None:
        """Takes new settings over. Gives back a model client that no longer fits them: what it has under way may
        end, then it is to be closed."""
        old, self.settings = self.settings, settings
        return self.provider.outdated(old)

    async def model(self) -> Guarded:
        """The client for the settings in force. Raises Refused where a key is missing."""
        await self.is_loaded.wait()
        return await self.provider.model()

    async def _read_settings(self) -> Settings:
        loaded = await asyncio.to_thread(configuration.load, self.initialization, self.workspace_values)
        return loaded.settings

    async def aclose(self) -> None:
        await self.provider.aclose()
