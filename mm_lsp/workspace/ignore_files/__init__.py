"""Which files the ignore files of a project and of its user keep from models: those of git, and those of AI tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from mm_lsp.workspace.ignore_files.look import Look, Shelf

__all__ = ["IgnoreFiles", "Look"]
_NOTHING: Mapping[Path, str] = MappingProxyType({})


class IgnoreFiles:
    """What was read of ignore files, kept for as long as they stay the same on the disk. Any thread may ask.

    `home`: whose personal ignore files count. Without one the user's own, and then XDG_CONFIG_HOME counts too.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._shelf = Shelf(home)

    def look(self, roots: Sequence[Path], *, is_open: bool, unsaved: Mapping[Path, str] = _NOTHING) -> Look:
        """For many questions at one time, as a walk over folders asks them: no file is looked at twice.

        `roots`: the directories from which ignore files count. `is_open`: whether it is asked of documents that are
        open in the editor, which only the ignore files of AI tools bind. `unsaved`: the text of open ignore files,
        which excludes in addition to what is on the disk.
        """
        return Look(self._shelf, roots, is_open, unsaved)

    def reason(
        self, path: Path, roots: Sequence[Path], *, is_open: bool, unsaved: Mapping[Path, str] = _NOTHING
    ) -> str | None:
        """Why nothing of this file may go to a model, as the end of a sentence; None if it may."""
        return self.look(roots, is_open=is_open, unsaved=unsaved).reason(path)

    def reasons(
        self, paths: Iterable[Path], roots: Sequence[Path], *, is_open: bool, unsaved: Mapping[Path, str] = _NOTHING
    ) -> dict[Path, str | None]:
        look = self.look(roots, is_open=is_open, unsaved=unsaved)
        return {path: look.reason(path) for path in paths}
