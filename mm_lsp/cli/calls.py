"""The terminal's calls: each opens its file in a server of its own and asks what an editor would ask."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mm_lsp.cli.client import Cancelled, Failed, connected
from mm_lsp.cli.place import File, Misuse, lines, point
from mm_lsp.cli.render import MarkdownStream, Waiting, complain, print_diff
from mm_lsp.text import Span
from mm_lsp.untyped import rows, table

_TOKEN = "terminal"


def complete(written: str) -> int:
    return run(lambda: _complete(written))


def explain(written: str) -> int:
    return run(lambda: _explain(written))


def edit(written: str, instruction: str, write: bool) -> int:
    return run(lambda: _edit(written, instruction, write))


def trust(directory: str, revoke: bool) -> int:
    from mm_lsp.workspace.library import Library, Wanted
    from mm_lsp.workspace.trust import remember

    if not Path(directory).is_dir():
        complain(f"{directory} is not a directory.")
        return 2
    look = Library().look(Wanted(Path(directory).resolve() / "file", (), {}, ()))
    try:
        remember(look.root, "restricted" if revoke else "trusted", {} if revoke else look.digests)
    except OSError as error:
        complain(f"The decision can't be kept: {error.strerror}.")
        return 1
    print(f"{look.root} is {'not trusted any more' if revoke else 'trusted: its rule files steer the model'}.")
    return 0


def run(call: Callable[[], Awaitable[int]]) -> int:
    """The exit code of a call, and its error as a sentence on stderr."""

    async def called() -> int:
        return await call()

    try:
        return asyncio.run(called())
    except Misuse as error:
        complain(str(error))
        return 2
    except Failed as error:
        complain(str(error))
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor may the interpreter's end write to it
        return 0
    except (Cancelled, KeyboardInterrupt):
        complain("cancelled.")
        return 130


async def _complete(written: str) -> int:
    file, position = point(written)
    said: list[str] = []
    async with connected(said.append) as client:
        with Waiting() as waiting:
            client.choose = waiting.choose
            await client.open(file)
            params = {
                "textDocument": {"uri": file.document.uri},
                "position": {"line": position.line, "character": position.column},
                "context": {"triggerKind": 1},
            }
            result = await client.call("textDocument/inlineCompletion", params)
            why = table(await client.command("mm-lsp.why", {"uri": file.document.uri}))
    items = rows(table(result).get("items"))
    if items:
        print(table(items[0]).get("insertText", ""))
    elif not said:
        complain(f"No suggestion: {why.get('reason')}.")
    for sentence in said:
        complain(sentence)
    return 1 if said and not items else 0


async def _explain(written: str) -> int:
    file, span = lines(written)
    stream = MarkdownStream()
    async with connected(complain) as client:
        await client.open(file)
        try:
            with Waiting() as waiting:
                client.choose = waiting.choose
                client.streamed = lambda text: (waiting.stop(), stream.feed(text))
                result = table(await client.command("mm-lsp.explain", _argument(file, span), _TOKEN))
            if not stream.has_text:
                stream.feed(str(result.get("markdown", "")))
        finally:
            stream.close()
    return 0


async def _edit(written: str, instruction: str, write: bool) -> int:
    file, span = lines(written)
    async with connected(complain) as client:
        await client.open(file)
        with Waiting() as waiting:
            client.choose = waiting.choose
            argument = {**_argument(file, span), "instruction": instruction}
            result = table(await client.command("mm-lsp.edit", argument))
        edited = client.edited
    if edited is None or edited.text == file.document.text:
        complain(str(result.get("summary") or "Nothing to change."))
        return 0
    print_diff(file.document.text, edited.text, _shown_name(file.path))
    if write:
        _write(file, edited.text)
    return 0


def _argument(file: File, span: Span | None) -> dict[str, Any]:
    argument: dict[str, Any] = {"uri": file.document.uri}
    if span is not None:
        start, end = ({"line": place.line, "character": place.column} for place in span)
        argument["range"] = {"start": start, "end": end}
    return argument


def _shown_name(path: Path) -> str:
    """Relative to where the user stands, if it lies below."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix().lstrip("/")


def _write(file: File, text: str) -> None:
    """Whole or not at all, with the file's own permissions; not over a change that somebody made meanwhile."""
    path = file.path.resolve()
    try:
        if path.read_bytes() != file.document.text.encode("utf-8"):
            raise Failed(f"{file.path.name} was changed meanwhile; nothing was written.")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(text.encode("utf-8"))
            Path(temporary).chmod(stat.S_IMODE(path.stat().st_mode))
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Failed(f"{file.path.name} can't be written: {error.strerror}.") from error
