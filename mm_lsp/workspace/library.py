"""What the workspace and the user's own directories bring for a file: rules, skills, commands, and what the user says
of the workspace. One look at the disk, for a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from mm_lsp.rulebook.skills import Skill
from mm_lsp.workspace import trust
from mm_lsp.workspace.command_files import CommandCollection, CommandFiles
from mm_lsp.workspace.files import home_directory, project_root, root_of
from mm_lsp.workspace.ignore import reason_to_hold_back
from mm_lsp.workspace.ignore_files import IgnoreFiles
from mm_lsp.workspace.ignore_files import Look as IgnoreLook
from mm_lsp.workspace.rule_files import Collection, HoldBack, RuleFiles
from mm_lsp.workspace.skill_files import SkillCollection, SkillFile, SkillFiles
from mm_lsp.workspace.trust import Standing

TrustSetting = Literal["trusted", "restricted", "ask"]


class Wanted(NamedTuple):
    """For which file one looks, and with whose eyes. `unsaved`: the text of open documents by path; `ignore`: the
    setting `privacy.ignore`; `said`: what was said of workspaces in this session, which wins over the setting."""

    path: Path | None
    folders: tuple[Path, ...]
    unsaved: Mapping[Path, str]
    ignore: tuple[str, ...]
    trust: TrustSetting = "ask"
    said: Mapping[Path, trust.Verdict] = {}


class Look(NamedTuple):
    """`target`: the file relative to `root`, or None."""

    root: Path
    target: str | None
    standing: Standing
    rules: Collection
    skills: SkillCollection
    commands: CommandCollection

    @property
    def brings_anything(self) -> bool:
        """Whether the workspace itself, not the user, brings something that would steer a model."""
        return any(True for _ in self.brought())

    def brought(self) -> Iterable[str]:
        """The paths of what the workspace brings."""
        yield from (rule.path for rule in self.rules.rules if rule.scope in ("project", "nested"))
        yield from (one.skill.path for one in self.skills.skills if one.skill.scope == "project")
        yield from (command.path for command in self.commands.commands if command.scope == "project")

    @property
    def digests(self) -> dict[str, str]:
        """Of the workspace's commands and skills, by path: what the user is asked about again when it changes."""
        found = {one.skill.path: one.skill.digest for one in self.skills.skills if one.skill.scope == "project"}
        return found | {one.path: one.digest for one in self.commands.commands if one.scope == "project"}

    @property
    def changed(self) -> list[str]:
        """Commands and skills of a trusted workspace that the user has not seen as they are now."""
        if self.standing.verdict != "trusted":
            return []
        return [path for path, digest in self.digests.items() if not self.standing.allows(path, digest)]

    def is_allowed(self, thing: Skill | object) -> bool:
        """Whether a skill or a command may be used: the user's own always, the workspace's if the user trusts it."""
        scope, path, digest = (getattr(thing, name) for name in ("scope", "path", "digest"))
        return scope == "user" or self.standing.allows(path, digest)

    @property
    def usable_skills(self) -> list[SkillFile]:
        return [one for one in self.skills.skills if self.is_allowed(one.skill)]


class Library:
    """Reads what has changed since the last look. One look at a time."""

    def __init__(self) -> None:
        home = home_directory()
        self._rules = RuleFiles(home)
        self._skills = SkillFiles(home)
        self._commands = CommandFiles(home)
        self._ignore = IgnoreFiles(home)
        self._lock = threading.Lock()

    def look(self, wanted: Wanted) -> Look:
        hold_back = self.holding_back(wanted)
        with self._lock:
            path, folders = wanted.path, wanted.folders
            root = self.root(path, folders)
            target = path.relative_to(root).as_posix() if path is not None and path.is_relative_to(root) else None
            return Look(
                root,
                target,
                self._standing(root, wanted),
                self._rules.collect(path, root, wanted.unsaved, hold_back),
                self._skills.collect(path, root, wanted.unsaved, hold_back),
                self._commands.collect(path, root, wanted.unsaved, hold_back),
            )

    def holding_back(self, wanted: Wanted) -> HoldBack:
        """Why nothing of a file may go to a model. For many questions at one time: nothing is looked at twice."""
        return _Screen(self._ignore, wanted).reason

    @staticmethod
    def root(path: Path | None, folders: tuple[Path, ...]) -> Path:
        if path is not None:
            return project_root(path, folders)
        return project_root(folders[0] / "file", folders) if folders else Path.cwd()

    def _standing(self, root: Path, wanted: Wanted) -> Standing:
        said = wanted.said.get(root)
        if said == "restricted" or (said is None and wanted.trust == "restricted"):
            return Standing("restricted", {})
        if said is None and wanted.trust == "trusted":
            return Standing("trusted", None)
        return trust.standing(root)


class _Screen:
    """Names, settings and ignore files, asked as they are at one time. For one thread at a time."""

    def __init__(self, ignore: IgnoreFiles, wanted: Wanted) -> None:
        self._ignore = ignore
        self._wanted = wanted
        self._unsaved = {path: wanted.unsaved[path] for path in wanted.unsaved if _is_ignore_file(path)}
        self._looks: dict[tuple[tuple[Path, ...], bool], IgnoreLook] = {}
        self._roots: dict[Path, tuple[Path, ...]] = {}

    def reason(self, path: Path, is_open: bool) -> str | None:
        if reason := reason_to_hold_back(path, self._wanted.ignore):
            return reason
        real = _resolved(path)
        if real != path and (reason := reason_to_hold_back(real, self._wanted.ignore)):
            return reason
        return self._asked(path, is_open) or (self._asked(real, is_open) if real != path else None)

    def _asked(self, path: Path, is_open: bool) -> str | None:
        key = (self._roots_of(path), is_open)
        if key not in self._looks:
            self._looks[key] = self._ignore.look(key[0], is_open=is_open, unsaved=self._unsaved)
        return self._looks[key].reason(path)

    def _roots_of(self, path: Path) -> tuple[Path, ...]:
        roots = self._roots.get(path.parent)
        if roots is None:
            folders = self._wanted.folders
            roots = self._roots[path.parent] = tuple(sorted({project_root(path, folders), root_of(path, folders)}))
        return roots


def _is_ignore_file(path: Path) -> bool:
    return path.name.startswith(".") and any(part in path.name for part in ("ignore", "exclude", "noai"))


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
