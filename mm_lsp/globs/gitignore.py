"""The rules of ignore files, as git reads and applies them (gitignore(5), and `wildmatch` where that is silent)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mm_lsp.globs.automaton import Automaton, Token, Wild
from mm_lsp.globs.syntax import plain_length, tokens_of


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One line of an ignore file. `source`: the file as `Gitignore.of` was told; `line` counts from 0; `pattern` as it
    is written, with its `!` and its slashes."""

    source: str
    line: int
    pattern: str

    @property
    def negated(self) -> bool:
        return self.pattern.startswith("!")

    @property
    def folders_only(self) -> bool:
        return self.pattern.endswith("/")


@dataclass(frozen=True, slots=True, eq=False)
class Gitignore:
    """The rules of one ignore file. Like git it compares octets: `?` is one octet of a name in UTF-8."""

    rules: tuple[Rule, ...]
    _automaton: Automaton
    _for_folders: int
    _for_files: int

    @classmethod
    def of(cls, text: str, *, negation: bool = True, source: str = "") -> Gitignore:
        """Without `negation` a rule with `!` never matches."""
        rules = tuple(_rules(text, source))
        parsed = [None if rule.negated and not negation else _tokens(rule) for rule in rules]
        automaton = Automaton.of(parsed)
        for_files = automaton.mask(number for number, rule in enumerate(rules) if not rule.folders_only)
        return cls(rules, automaton, automaton.mask(range(len(rules))), for_files)

    def match(self, path: str, is_dir: bool) -> Rule | None:
        """The last rule that matches just this path, whatever is said of the folders above it. `path`: relative to the
        file's directory."""
        number = self._automaton.last_match(_octets(path), self._for_folders if is_dir else self._for_files)
        return None if number is None else self.rules[number]


def excluded_by(files: Sequence[tuple[str, Gitignore]], path: str, is_dir: bool = False) -> tuple[str, Rule] | None:
    """The rule that excludes `path` or a folder on the way to it, and the directory of the rule's file.

    `files`: each with its directory, "" for the root. A deeper one wins over those above it, the later among equals.
    What is in an excluded folder can't be taken back in.
    """
    ends = [at for at, char in enumerate(path) if char == "/"]
    for end in (*ends, len(path)):
        found = deciding_rule(files, path[:end], is_dir or end < len(path))
        if found and not found[1].negated:
            return found
    return None


def deciding_rule(files: Sequence[tuple[str, Gitignore]], path: str, is_dir: bool) -> tuple[str, Rule] | None:
    """As `excluded_by`, but of just this path, whatever is said of the folders above it; the rule may be negated."""
    for directory, gitignore in sorted(files, key=_depth)[::-1]:
        if not directory:
            rule = gitignore.match(path, is_dir)
        elif path.startswith(f"{directory}/"):
            rule = gitignore.match(path[len(directory) + 1 :], is_dir)
        else:
            continue
        if rule:
            return directory, rule
    return None


def _depth(file: tuple[str, Gitignore]) -> int:
    return file[0].count("/") + bool(file[0])


def _rules(text: str, source: str) -> list[Rule]:
    r"""Only `\n` ends a line; one `\r` before it belongs to it."""
    lines = text.removeprefix("\ufeff").split("\n")
    written = ((number, _trimmed(line.removesuffix("\r"))) for number, line in enumerate(lines) if line[:1] != "#")
    return [Rule(source, number, pattern) for number, pattern in written if pattern]


def _trimmed(line: str) -> str:
    """Without the blanks at its end, save one that a backslash keeps."""
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + backslashes % 2]


def _tokens(rule: Rule) -> list[Token] | None:
    """None if it never matches. A pattern without a slash, but at its end, is a name in any folder."""
    pattern = _octets(rule.pattern.removeprefix("!").removesuffix("/"))
    if not pattern:
        return None
    if "/" not in pattern:
        name = tokens_of(pattern)
        return name and [Wild.FOLDERS, *name]
    pattern = pattern.removeprefix("/")
    plain = plain_length(pattern)
    rest = tokens_of(pattern[plain:])  # git compares the plain beginning first: in `a**/b` the stars begin a pattern
    return None if rest is None else [*pattern[:plain], *rest]


def _octets(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")
