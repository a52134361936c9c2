"""Which file is a rule file, a skill or a command, told from its path alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from mm_lsp.rulebook.command_source import Style
from mm_lsp.rulebook.rules.families import ANY_CASE, MODE_FOLDER, PLACES, USER_PLACES, Manner, Place

_COPILOT_ROOT = ".github/copilot-instructions.md"
_SKILL_DEPTH = 4
_COMMAND_DEPTH = 4
_RULE_TITLES: dict[Manner, str] = {
    "mdc": "Cursor's rules",
    "claude": "Claude Code's rules",
    "copilot": "Copilot's instructions",
    "windsurf": "Windsurf's rules",
    "cline": "Cline's rules",
    "continue": "Continue's rules",
}
_COMMAND_TITLES: dict[Style, str] = {
    "claude": "Claude Code's commands",
    "opencode": "opencode's commands",
    "cursor": "Cursor's commands",
    "copilot": "Copilot's prompts",
    "gemini": "Gemini's commands",
    "roo": "Roo's commands",
    "windsurf": "Windsurf's workflows",
}


class CommandFolder(Protocol):
    """Where a tool keeps its commands, below a directory."""

    @property
    def style(self) -> Style: ...
    @property
    def path(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def is_nested(self) -> bool: ...


class Folders(NamedTuple):
    """Where skills and commands lie: of a project (skills below any of its directories), and of its user."""

    skills: Sequence[str]
    commands: Sequence[CommandFolder]
    user_skills: Sequence[str] = ()
    user_commands: Sequence[CommandFolder] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """`path` as it is shown; `base`: the directory that the file speaks of, relative to the root; `place`: of a rule
    file; `style`: of a command, "skill" of a skill; `name_parts`: what the command's name is made of."""

    path: str
    base: str = ""
    place: Place | None = None
    style: Style | None = None
    name_parts: tuple[str, ...] = ()
    is_user: bool = False

    @property
    def sort(self) -> Literal["rule", "skill", "command"]:
        return "rule" if self.place is not None else "skill" if self.style == "skill" else "command"

    @property
    def manner(self) -> Manner:
        """How the frontmatter is read; "plain" where that is not a rule's."""
        return self.place.manner if self.place is not None else "plain"

    @property
    def title(self) -> str:
        """Files of this kind, as a sentence names them."""
        if self.style is not None:
            return _COMMAND_TITLES.get(self.style, "skills")
        return _RULE_TITLES.get(self.manner, "such files")

    @property
    def has_frontmatter(self) -> bool:
        """Whether any tool reads one there: elsewhere it is text like the rest."""
        if self.style is not None:
            return self.style not in ("cursor", "gemini")
        return self.manner not in ("plain", "mode")

    @property
    def is_root_copilot(self) -> bool:
        """It always counts, whatever its frontmatter says."""
        return self.place is not None and self.place.path == _COPILOT_ROOT


def kind_of(path: str, folders: Folders, *, is_user: bool = False) -> Kind | None:
    """`path`: relative to the project's root; with `is_user` to the home directory. None for any other file."""
    return _kind(path, folders, is_user=is_user, is_loose=False)


def kind_anywhere(path: str, folders: Folders) -> Kind | None:
    """What a file would be if its project's root were the right one; `path` may be absolute. Where this is None the
    file is of no kind, whatever its root."""
    return _kind(path, folders, is_user=False, is_loose=True) or _kind(path, folders, is_user=True, is_loose=True)


def _kind(path: str, folders: Folders, *, is_user: bool, is_loose: bool) -> Kind | None:
    path = path.lstrip("/")
    skills = folders.user_skills if is_user else folders.skills
    commands = folders.user_commands if is_user else folders.commands
    look = _Look(path, is_user, is_loose)
    return look.skill(skills) or look.command(commands) or look.rule(USER_PLACES if is_user else PLACES)


class _Look(NamedTuple):
    path: str
    is_user: bool
    is_loose: bool

    @property
    def shown(self) -> str:
        return f"~/{self.path}" if self.is_user else self.path

    def below(self, folder: str, is_nested: bool) -> tuple[str, str] | None:
        """The directory that holds `folder`, and the path inside of that."""
        before, found, inner = f"/{self.path}".rpartition(f"/{folder}/")
        if not found or (before and not (is_nested or self.is_loose)):
            return None
        return before[1:], inner

    def skill(self, folders: Sequence[str]) -> Kind | None:
        folder, _, name = self.path.rpartition("/")
        if name.lower() != "skill.md":
            return None
        for place in folders:
            split = self.below(place, is_nested=not self.is_user)
            if split is not None and split[1].count("/") <= _SKILL_DEPTH:
                parts = (folder.rpartition("/")[2],)
                return Kind(self.shown, split[0], style="skill", name_parts=parts, is_user=self.is_user)
        return None

    def command(self, folders: Sequence[CommandFolder]) -> Kind | None:
        for folder in folders:
            split = self.below(folder.path, folder.is_nested) if self.path.endswith(folder.suffix) else None
            if split is not None and split[1].count("/") <= _COMMAND_DEPTH:
                parts = tuple(split[1].removesuffix(folder.suffix).split("/"))
                return Kind(self.shown, split[0], style=folder.style, name_parts=parts, is_user=self.is_user)
        return None

    def rule(self, places: Sequence[Place]) -> Kind | None:
        for place in reversed(places):  # the later ones are more specific
            base = self._in_folder(place) if place.suffixes else self._as_file(place)
            if base is not None:
                return Kind(self.shown, base, place, is_user=self.is_user)
        return None if self.is_user else self._of_mode()

    def _as_file(self, place: Place) -> str | None:
        path = f"/{self.path}"
        if path.endswith(f"/{place.path}"):
            base = path.removesuffix(f"/{place.path}")[1:]
            return base if not base or place.is_nested or self.is_loose else None
        folder, _, name = self.path.rpartition("/")
        is_spelled_so = place.path in ANY_CASE and name.casefold() == place.path.casefold() and not self.is_user
        return folder if is_spelled_so and (not folder or self.is_loose) else None

    def _in_folder(self, place: Place) -> str | None:
        split = self.below(place.path, place.is_nested)
        if split is None or not split[1].endswith(place.suffixes):
            return None
        folders = split[1].split("/")[:-1]
        return split[0] if len(folders) <= place.depth and not set(folders).intersection(place.but) else None

    def _of_mode(self) -> Kind | None:
        """Rules of one of Roo's modes: `.roo/rules-code/…`."""
        before, found, inner = f"/{self.path}".rpartition(f"/{MODE_FOLDER}")
        mode, slash, _ = inner.partition("/")
        if not found or not slash or (before and not self.is_loose):
            return None
        place = Place("roo", f"{MODE_FOLDER}{mode}", "mode", ("",), depth=5)
        return Kind(self.shown, before[1:], place)
