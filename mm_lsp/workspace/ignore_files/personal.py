"""The user's own ignore files: those of git for all repositories, those of AI tools for all projects."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from mm_lsp.workspace.ignore_files.git_config import excludes_file
from mm_lsp.workspace.ignore_files.reading import Kept


class Place(NamedTuple):
    """Where a file would be, how it is named to people, and the directory that a link of it may not leave."""

    path: str
    name: str
    root: str


class Configured(NamedTuple):
    """What one of git's configuration files says."""

    excludes_file: str | None


class Personal:
    """`home`: the user's home directory. Without one it is the system's, and XDG_CONFIG_HOME counts too."""

    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._configs: Kept[Configured] = Kept(_configured)

    def below_home(self, name: str) -> Place | None:
        home = self._directory()
        return home and _place(home / name, home)

    def git_excludes(self) -> Place | None:
        """The file that git reads for all repositories (gitignore(5))."""
        home = self._directory()
        if home is None:
            return None
        xdg = "" if self._home else os.environ.get("XDG_CONFIG_HOME", "")
        directory = (Path(xdg) if xdg else home / ".config") / "git"
        for config in (home / ".gitconfig", directory / "config"):  # the first wins
            said = self._configs.get(str(config), "", config.anchor)
            if isinstance(said, Configured) and said.excludes_file is not None:
                written = said.excludes_file
                path = home / written[2:] if written.startswith("~/") else Path(written)
                return _place(path, home) if path.is_absolute() else None
        return _place(directory / "ignore", home)

    def _directory(self) -> Path | None:
        try:
            return self._home or Path.home()
        except RuntimeError:  # a user of whom the system knows no home
            return None


def _place(path: Path, home: Path) -> Place:
    """The user may keep the file wherever they like: a link of theirs may lead anywhere."""
    name = f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else path.as_posix()
    return Place(str(path), name, path.anchor)


def _configured(text: str, _source: str) -> Configured:
    return Configured(excludes_file(text))
