"""Where a rule file, skill or command stands: its kind, its root, and with whose eyes the disk is looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from mm_lsp.assist.authoring.kinds import Folders, Kind, kind_anywhere, kind_of
from mm_lsp.assist.authoring.manuscript import Manuscript, manuscript_of
from mm_lsp.server import guiding
from mm_lsp.server.capabilities import ClientProfile
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.session import Snapshot
from mm_lsp.settings import Settings
from mm_lsp.text import Document
from mm_lsp.workspace import command_files, skill_files
from mm_lsp.workspace.files import home_directory, project_root
from mm_lsp.workspace.library import Library, Wanted
from mm_lsp.workspace.rule_files import HoldBack

_FOLDERS = Folders(skill_files.FOLDERS, command_files.FOLDERS, skill_files.USER_FOLDERS, command_files.USER_FOLDERS)


class Here(NamedTuple):
    """`root`: what the file must not lead out of, the home directory for the user's own; `project`: the workspace
    whose files its globs are about."""

    kind: Kind
    path: Path
    root: Path
    project: Path


class Eyes(NamedTuple):
    """What a thread may read of the session."""

    document: Document
    here: Here
    library: Library
    wanted: Wanted
    hold_back: HoldBack
    settings: Settings
    profile: ClientProfile

    @property
    def manuscript(self) -> Manuscript:
        return manuscript_of(self.document, self.here.kind)

    @property
    def unsaved(self) -> Mapping[Path, str]:
        return self.wanted.unsaved


def may_be_ours(path: Path | None) -> bool:
    """From the path alone, whatever its root: no disk is touched."""
    return path is not None and _guess(path) is not None


@lru_cache(maxsize=1024)
def _guess(path: Path) -> Kind | None:
    return kind_anywhere(path.as_posix(), _FOLDERS)


@lru_cache(maxsize=256)
def here_of(path: Path | None, folders: tuple[Path, ...]) -> Here | None:
    """None for any other file, from its path alone; the disk is asked once for the root of one that may be ours."""
    guess = None if path is None else _guess(path)
    if path is None or guess is None:
        return None
    return _users_own(path, folders) or _in_project(path, folders, guess)


def _users_own(path: Path, folders: tuple[Path, ...]) -> Here | None:
    home = home_directory()
    if home is None or not path.is_relative_to(home):
        return None
    kind = kind_of(path.relative_to(home).as_posix(), _FOLDERS, is_user=True)
    return None if kind is None else Here(kind, path, home, folders[0] if folders else path.parent)


def _in_project(path: Path, folders: tuple[Path, ...], guess: Kind) -> Here | None:
    root = project_root(path, folders)
    kind = kind_of(path.relative_to(root).as_posix(), _FOLDERS)
    if (
        kind is None and root == path.parent and guess.base
    ):  # opened alone, without a workspace: its folder's place tells
        root = Path(path.anchor) / guess.base
        kind = kind_of(path.relative_to(root).as_posix(), _FOLDERS) if path.is_relative_to(root) else None
    return None if kind is None else Here(kind, path, root, root)


def here_in(snapshot: Snapshot) -> Here | None:
    return here_of(snapshot.path, snapshot.folders)


def eyes_for(ls: MmLanguageServer, snapshot: Snapshot, here: Here) -> Eyes:
    wanted, hold_back = ls.session.wanted(snapshot.path), guiding.holding_back(ls, snapshot.path)
    return Eyes(snapshot.document, here, ls.session.library, wanted, hold_back, snapshot.settings, snapshot.profile)


def identity_of(path: Path) -> tuple[int, int]:
    """Device and inode; (0, 0) for a file that is not on the disk."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return (0, 0)
    return (status.st_dev, status.st_ino)
