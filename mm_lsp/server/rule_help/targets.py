"""Where `@path` and links lead on the disk, and what becomes of them. For threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mm_lsp.assist.authoring.hover import Taken
from mm_lsp.assist.authoring.references import Reference
from mm_lsp.rulebook import markup
from mm_lsp.rulebook.rules.families import import_depth
from mm_lsp.rulebook.rules.rule import Import, Rule, composed
from mm_lsp.server.rule_help.here import Eyes, Here, identity_of
from mm_lsp.tokens import estimate
from mm_lsp.workspace.files import NotReadable, contents
from mm_lsp.workspace.imports import Importer, target_of
from mm_lsp.workspace.rule_files import MAX_BYTES


class Outcome(NamedTuple):
    """`size`: bytes that the file adds to the text; `inner`: what is wrong with the files that it takes in itself,
    sentences."""

    taken: Taken
    size: int = 0
    inner: tuple[str, ...] = ()


class Follower:
    """Follows the references of one file; the limits of a look (files, bytes) hold for all of them together."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._importer = Importer(eyes.unsaved, eyes.hold_back)

    def outcome(self, reference: Reference) -> Outcome:
        rule, place = self._eyes.manuscript.rule, self._eyes.here.kind.place
        if reference.way == "import" and rule is not None and place is not None:
            return self._imported(reference, rule, import_depth(place.family))
        return Outcome(self._named(reference))

    def _imported(self, reference: Reference, rule: Rule, depth: int) -> Outcome:
        """As the rule itself takes it in, tried on a rule that holds nothing else."""
        here = self._eyes.here
        alone = replace(rule, body=reference.written, imports=(), problems=(), identity=identity_of(here.path))
        filled = self._importer.filled(alone, here.path, here.root, depth)
        told = tuple(problem.message for problem in filled.problems)
        if not filled.imports:
            prefix = f"{reference.written} is not taken in: "
            reason = next((one.removeprefix(prefix).removesuffix(".") for one in told if one.startswith(prefix)), "")
            return Outcome(Taken(reason=reason))
        text = composed(reference.written, filled.imports, set())
        size = len(text.encode("utf-8", "replace"))
        return Outcome(
            Taken(filled.imports[0].path, estimate(text)), size, (*told, *_too_deep(filled.imports, here, depth))
        )

    def _named(self, reference: Reference) -> Taken:
        """The file of a command's reference or a skill's link."""
        path, reason = target(reference, self._eyes.here)
        if path is None:
            return Taken(reason=reason)
        root = _limit(reference, self._eyes.here)
        try:
            read = contents(path, root, MAX_BYTES)
        except NotReadable as error:
            return Taken(reason=str(error)) if path.exists() else Taken()
        if read is None:
            return Taken()
        if "\0" in read.text:
            return Taken(reason="it is no text file")
        if held_back := self._eyes.hold_back(path, path in self._eyes.unsaved):
            return Taken(reason=held_back)
        return Taken(_shown(path, root), estimate(self._eyes.unsaved.get(path, read.text)))


def _too_deep(imports: tuple[Import, ...], here: Here, left: int) -> Iterator[str]:
    """What the last files of the chain would take in, if it were not over there."""
    for one in imports:
        if left > 1:
            yield from _too_deep(one.imports, here, left - 1)
            continue
        for inner in markup.imports_in(one.text):
            found = target_of(inner.path, here.root / one.path, here.root, is_user=here.kind.is_user)
            if found.path is not None and found.path.is_file():
                yield f"{inner.written} in {one.path} is not taken in: the chain of files is too long."


def target(reference: Reference, here: Here) -> tuple[Path | None, str]:
    """The path that is meant, whether there is such a file or not, or the reason why it can be none."""
    if reference.way == "link":
        reason = markup.import_refusal(reference.path)
        return (None, reason) if reason else (here.path.parent / reference.path, "")
    is_cursor = here.kind.place is not None and here.kind.place.family == "cursor"
    if reference.way == "import":
        found = target_of(reference.path, here.path, here.root, is_user=here.kind.is_user, from_root=is_cursor)
    else:
        found = target_of(reference.path, here.project / "command", here.project, is_user=False)
    return found.path, found.reason


def _limit(reference: Reference, here: Here) -> Path | None:
    """What the target must lie in; None where the user's own rules may name any file."""
    if reference.way == "file":
        return here.project
    if here.kind.is_user:
        return None
    return here.path.parent if reference.way == "link" else here.root


def file_of(reference: Reference, here: Here) -> Path | None:
    """The file itself, if it is there and lies where it may. Links of Copilot's prompts are also looked for from the
    prompt on, as VS Code does."""
    found = _contained(target(reference, here)[0], _limit(reference, here))
    if found is None and here.kind.style == "copilot" and not markup.import_refusal(reference.path):
        found = _contained(here.path.parent / reference.path, here.project)
    return found


def _contained(path: Path | None, root: Path | None) -> Path | None:
    if path is None:
        return None
    try:
        if contents(path, root, 0) is None:
            return None
        plain = Path(os.path.normpath(path))
        return plain if plain.exists() and plain.samefile(path) else path.resolve()
    except (NotReadable, OSError, RuntimeError, ValueError):
        return None


def _shown(path: Path, root: Path | None) -> str:
    try:
        return path.resolve().relative_to((root or Path.home()).resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return path.name
