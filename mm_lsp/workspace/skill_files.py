"""Finding and reading skills, and the files that they bring; nothing of them is ever run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from mm_lsp.rulebook.commands import Command, command_from
from mm_lsp.rulebook.skills import Skill, skill_from
from mm_lsp.workspace.files import NotReadable, contents, words_of
from mm_lsp.workspace.rule_files import MAX_BYTES, HoldBack, Refusal, Unsaved, chain
from mm_lsp.workspace.tree import Found, files_below

# Below every directory from the root to the file's own (reference: rules-and-skills 5, "Discovery dirs").
FOLDERS = (
    ".mm/skills", ".agents/skills", ".claude/skills", ".github/skills", ".cursor/skills", ".gemini/skills",
    ".codex/skills", ".opencode/skills", ".opencode/skill", ".cline/skills", ".clinerules/skills",
)  # fmt: skip
# Below the home directory.
USER_FOLDERS = (
    ".mm/skills", ".agents/skills", ".claude/skills", ".copilot/skills", ".cursor/skills", ".gemini/skills",
    ".codex/skills", ".config/opencode/skills", ".config/opencode/skill", ".cline/skills",
)  # fmt: skip
_DEPTH = 4
_MAX_RESOURCES = 200

SkillScope = Literal["project", "user"]


class SkillFile(NamedTuple):
    """A skill where it lies on the disk: `file` its SKILL.md, `root` what its files must not lead out of (None for
    the user's own); `command`: as the user calls it."""

    skill: Skill
    file: Path
    root: Path | None
    command: Command | None = None


class _Read(NamedTuple):
    skill: Skill | None
    command: Command | None


class SkillCollection(NamedTuple):
    skills: tuple[SkillFile, ...]
    refused: tuple[Refusal, ...]


class SkillFiles:
    def __init__(self, home: Path | None) -> None:
        self._home = home
        self._read: dict[Path, tuple[object, _Read]] = {}

    def collect(self, target: Path | None, root: Path, unsaved: Unsaved, hold_back: HoldBack) -> SkillCollection:
        skills: list[SkillFile] = []
        refused: list[Refusal] = []
        for found, scope, base in self._places(target, root):
            shown = found.below(root if scope == "project" else self._home or root)
            shown = f"~/{shown}" if scope == "user" else f"./{shown}" if shown[:1] == "~" else shown
            try:
                skill, command = self._skill(found, shown, scope, base, root, unsaved)
            except NotReadable as error:
                refused.append(Refusal(shown, str(error)))
                continue
            if reason := hold_back(found.path, True):
                refused.append(Refusal(shown, reason))
            elif skill is None:
                refused.append(Refusal(shown, "it has no description"))
            else:
                skills.append(SkillFile(skill, found.path, root if scope == "project" else None, command))
        return SkillCollection(tuple(skills), tuple(refused))

    def _places(self, target: Path | None, root: Path) -> Iterator[tuple[Found, SkillScope, str]]:
        for directory in chain(target, root):
            base = directory.relative_to(root).as_posix() if directory != root else ""
            for folder in FOLDERS:
                for found in _skills_in(directory / folder, root):
                    yield found, "project", base
        if self._home is not None:
            for folder in USER_FOLDERS:
                for found in _skills_in(self._home / folder, None):
                    yield found, "user", ""

    def _skill(self, found: Found, shown: str, scope: SkillScope, base: str, root: Path, unsaved: Unsaved) -> _Read:
        folder_files = _others_in(found.path, root if scope == "project" else None)
        signature: object = (unsaved.get(found.path, found.signature), *folder_files)
        kept = self._read.get(found.path)
        if kept is None or kept[0] != signature:
            read = words_of(found.path, root if scope == "project" else None, MAX_BYTES)
            text = unsaved.get(found.path, read.text if read is not None else "")
            folder = shown.rpartition("/")[0]
            place = root if scope == "project" else None
            digest = digest_of("\n".join((text, *(_content_of(file, place) for file in folder_files))))
            skill, _ = skill_from(shown, folder, text, digest, scope, base)
            command = command_from("skill", shown, scope, text, [folder.rpartition("/")[2]]).command
            command = replace(command, digest=digest) if command is not None else None  # trusted as one
            kept = self._read[found.path] = (signature, _Read(skill, command))
        return kept[1]


def _others_in(file: Path, root: Path | None) -> list[Found]:
    """What lies in the skill's folder beside its SKILL.md; a change of it is a change of the skill."""
    others = (one for one in files_below(file.parent, ("",), _DEPTH, (), root) if one.place != str(file))
    return sorted(islice(others, _MAX_RESOURCES))


def _content_of(file: Found, root: Path | None) -> str:
    """The file's name and what it holds, as far as a model could be given it."""
    try:
        read = contents(file.path, root, MAX_BYTES)
    except NotReadable:
        read = None
    return f"{file.name} {file.signature[1]} {digest_of(read.text if read is not None else '')}"


def digest_of(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _skills_in(folder: Path, root: Path | None) -> list[Found]:
    """The SKILL.md files, but not those inside of another skill; a folder without one costs one look."""
    if not folder.is_dir():
        return []
    found = [one for one in files_below(folder, (".md",), _DEPTH, (), root) if one.name.lower() == "skill.md"]
    folders = {one.path.parent for one in found}
    outer = [one for one in found if not folders.intersection(one.path.parent.parents)]
    return sorted(outer, key=lambda one: one.place)


def resources(skill: SkillFile) -> list[str]:
    """The other files of the skill's folder, by their paths in it, in order."""
    folder = skill.file.parent
    found = (one.path for one in files_below(folder, ("",), _DEPTH, (), skill.root or folder) if one.path != skill.file)
    return sorted(path.relative_to(folder).as_posix() for path in found)[:_MAX_RESOURCES]


def resource(skill: SkillFile, name: str, hold_back: Callable[[Path, bool], str | None]) -> str:
    """The text of one of the skill's files. Raises NotReadable."""
    folder = skill.file.parent
    if name not in resources(skill):
        raise NotReadable(f"{skill.skill.name} has no file {name}")
    path = folder / name
    if reason := hold_back(path, False):
        raise NotReadable(reason)
    read = words_of(path, folder, MAX_BYTES)
    if read is None:
        raise NotReadable("it is gone")
    return read.text


def named(skills: Sequence[SkillFile], distinct: Sequence[Skill]) -> Mapping[str, SkillFile]:
    """Where each skill of `distinct` lies, by the name that it is called there."""
    by_path = {one.skill.path: one for one in skills}
    return {skill.name: by_path[skill.path]._replace(skill=skill) for skill in distinct}
