"""Files that rules take in with `@path`: contained, bounded, never in a circle (reference: rules-and-skills 1, 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mm_lsp.rulebook import frontmatter, hygiene, markup
from mm_lsp.rulebook.frontmatter import Problem
from mm_lsp.rulebook.rules.rule import Identity, Import, Rule
from mm_lsp.workspace.files import Contents, NotReadable, words_of

_MAX_FILES = 50
_MAX_BYTES = 1024 * 1024  # of all that one look takes in
_FILE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """Where an `@path` leads: a file, or why it is not taken in, as the end of a sentence."""

    path: Path | None = None
    reason: str = ""


def target_of(written: str, importing: Path, root: Path, *, is_user: bool, from_root: bool = False) -> Target:
    """`written` as it stands behind the `@` of the file `importing`. `from_root`: relative paths are looked for from
    the root first, as Cursor does."""
    if reason := markup.import_refusal(written):
        return Target(reason=reason)
    if written.startswith("~/"):
        if not is_user:
            return Target(reason="only your own rule files may take in files of your home directory")
        return Target(Path.home() / written[2:])
    places = [root, importing.parent] if from_root else [importing.parent]
    candidates = [place / written for place in places]
    return Target(next((path for path in candidates if _is_file(path)), candidates[-1]))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


class Importer:
    """For one look at the disk. `hold_back(path, is_open)`: why nothing of a file may be sent."""

    def __init__(self, unsaved: Mapping[Path, str], hold_back: Callable[[Path, bool], str | None]) -> None:
        self._unsaved = unsaved
        self._hold_back = hold_back
        self._files = 0
        self._bytes = 0

    def filled(self, rule: Rule, path: Path, root: Path, depth: int) -> Rule:
        """`rule` with the files that it takes in, and with what is wrong with them told."""
        if depth == 0 or "@" not in rule.body:
            return rule
        problems: list[Problem] = []
        reach = _Reach(root, rule.scope in ("user", "managed"), rule.family == "cursor", problems)
        imports = self._imports(rule.body, path, reach, depth, (rule.identity,))
        return replace(rule, imports=imports, problems=(*rule.problems, *problems))

    def _imports(
        self, text: str, importing: Path, reach: _Reach, depth: int, above: tuple[Identity, ...]
    ) -> tuple[Import, ...]:
        if depth == 0:
            return ()
        found: list[Import] = []
        for written in markup.imports_in(text):
            target = target_of(written.path, importing, reach.root, is_user=reach.is_user, from_root=reach.is_from_root)
            read = self._read(target, written.written, reach)
            if read is None or target.path is None:
                continue
            if read.identity in above:
                reach.tell(written.written, "it takes itself in, in a circle")
                continue
            body = _body(read.text)
            inner = self._imports(body, target.path, reach, depth - 1, (*above, read.identity))
            shown = _shown(target.path, reach.root)
            found.append(Import(shown, written.start, written.end, body, read.identity, inner, str(target.path)))
        return tuple(found)

    def _read(self, target: Target, written: str, reach: _Reach) -> Contents | None:
        """None for what is no import: a name in the text that is no file, or one that may not be taken in."""
        if target.path is None:
            reach.tell(written, target.reason)
            return None
        try:
            read = words_of(target.path, None if reach.is_user else reach.root, _FILE_BYTES)
        except NotReadable as error:
            if _is_file(target.path):
                reach.tell(written, str(error))
            return None
        if read is None:
            return None
        unsaved = self._unsaved.get(target.path)
        read = read if unsaved is None else read._replace(text=unsaved)
        if reason := self._reason_against(target.path, read):
            reach.tell(written, reason)
            return None
        self._files += 1
        self._bytes += len(read.text)
        return read

    def _reason_against(self, path: Path, read: Contents) -> str | None:
        if self._files >= _MAX_FILES:
            return f"more than {_MAX_FILES} files are taken in"
        if self._bytes + len(read.text) > _MAX_BYTES:
            return "too much is taken in altogether (1 MiB)"
        return self._hold_back(path, path in self._unsaved)


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far the imports of one rule may go, and what is wrong with them."""

    root: Path
    is_user: bool
    is_from_root: bool
    problems: list[Problem]

    def tell(self, written: str, reason: str) -> None:
        message = f"{written} is not taken in: {reason}."
        self.problems.append(Problem(0, 0, 0, "import", message, "warning"))


def _body(text: str) -> str:
    body, _ = hygiene.cleaned(frontmatter.read(text).body)
    return markup.without_comments(body)[0]


def _shown(path: Path, root: Path) -> str:
    """Relative to the root, without steps up in it."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return path.name
