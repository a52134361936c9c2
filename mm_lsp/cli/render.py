"""How answers look: Markdown and diffs, in colour on a terminal, as plain text elsewhere."""

from __future__ import annotations

import difflib
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status


_LINE = re.compile(r"[^\n]*\n|[^\n]+")  # what patch programs call a line
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
# Rich sets these off with a blank line of its own.
_BRINGS_SPACE = ("```", "~~~", "- ", "* ", "+ ", "1.", "#")


def complain(sentence: str) -> None:
    print(f"mm-lsp: {sentence}", file=sys.stderr, flush=True)


class Waiting:
    """A sign on the terminal that the model thinks, until the first of its words."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def __enter__(self) -> Waiting:
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("thinking… (Ctrl-C stops)")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def choose(self, message: str, titles: list[str]) -> str | None:
        """Asks a question meanwhile."""
        self.stop()
        return choose(message, titles)


def choose(message: str, titles: list[str]) -> str | None:
    """Asks on the terminal; the first title stands for yes, anything but y for the last. Blocks."""
    print(f"mm-lsp: {message}", file=sys.stderr)
    print(f"{titles[0]}? [y/N] ", end="", file=sys.stderr, flush=True)
    said = sys.stdin.readline().strip().lower()
    return titles[0] if said in ("y", "yes") else titles[-1]


class MarkdownStream:
    """Prints Markdown as it comes. On a terminal block by block, each as soon as it is whole; else letter by letter."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._rest = ""
        self._has_printed = False
        self.has_text = False

    def feed(self, text: str) -> None:
        self.has_text = self.has_text or bool(text)
        if not self._is_terminal:
            print(text, end="", flush=True)
            return
        self._rest += text
        while (end := _block_end(self._rest)) is not None:
            block, self._rest = self._rest[:end], self._rest[end:]
            self._print(block)

    def close(self) -> None:
        if self._is_terminal:
            self._print(self._rest)
        else:
            print(flush=True)

    def _print(self, block: str) -> None:
        if not block.strip():
            return
        from rich.console import Console
        from rich.markdown import Markdown

        console = Console()
        block = block.strip()
        if self._has_printed and not block.startswith(_BRINGS_SPACE):
            console.print()
        console.print(Markdown(block))
        self._has_printed = True


def _block_end(text: str) -> int | None:
    """Where the first block that is surely whole ends: a blank line outside of any fence."""
    fence, start = "", 0
    for line in text.splitlines(keepends=True)[:-1]:
        start += len(line)
        run = _FENCE.match(line)
        if run and not fence:
            fence = run.group(1)
        elif run and run.group(1).startswith(fence) and not line[run.end() :].strip():
            fence = ""
        elif not fence and not line.strip() and text[:start].strip():
            return start
    return None


def print_diff(before: str, after: str, name: str) -> None:
    """A unified diff that `patch -p1` and `git apply` take."""
    lines = difflib.unified_diff(_LINE.findall(before), _LINE.findall(after), f"a/{name}", f"b/{name}")
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    if not sys.stdout.isatty():
        print(text, end="")
        return
    from rich.console import Console
    from rich.syntax import Syntax

    Console().print(Syntax(text, "diff", theme="ansi_dark", background_color="default"))
