"""`mm-lsp context` and `mm-lsp rules`: what would be sent for a place, and what steers it; nothing is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mm_lsp.cli.calls import run
from mm_lsp.cli.client import connected
from mm_lsp.cli.place import file_at, point
from mm_lsp.cli.render import complain
from mm_lsp.untyped import rows, table


def context(written: str, purpose: str) -> int:
    return run(lambda: _context(written, purpose))


def rules(written: str | None) -> int:
    return run(lambda: _rules(written))


async def _context(written: str, purpose: str) -> int:
    file, position = point(written)
    async with connected(complain) as client:
        await client.open(file)
        place = {"line": position.line, "character": position.column}
        argument = {"uri": file.document.uri, "position": place, "for": purpose}
        found = table(await client.command("mm-lsp.context", argument))
    for message in map(table, rows(found.get("messages"))):
        print(f"───── {message.get('role')} ─────\n{message.get('content')}\n")
    print(f"───── {found.get('tokens')} tokens, estimated ─────")
    _print_rows([_part(table(part)) for part in rows(found.get("parts"))])
    for one in map(table, rows(found.get("redactions"))):
        print(f"{one.get('placeholder')}\tstands for a secret, {_times(one.get('count'))}")
    return 0


def _part(part: dict[str, Any]) -> tuple[str, ...]:
    return (str(part.get("kind")), str(part.get("source")), f"{part.get('tokens')} tokens", str(part.get("reason")))


def _times(count: Any) -> str:
    return "once" if count == 1 else f"{count} times"


async def _rules(written: str | None) -> int:
    path = Path.cwd() if written is None else file_at(written)
    async with connected(complain) as client:
        await client.begin(path if path.is_dir() else path.parent)
        argument = {"uri": path.as_uri()} if path.is_file() else {}
        found = table(await client.command("mm-lsp.rules", argument))
    print(f"{found.get('file') or 'any file'} in {found.get('workspace')} (trust: {found.get('trust')})")
    _section("Applied, in this order", [_applied(table(rule)) for rule in rows(found.get("applied"))])
    skipped = [(str(one.get("path")), str(one.get("reason"))) for one in map(table, rows(found.get("skipped")))]
    _section("Not applied", skipped)
    _section("Skills", [_named(table(skill)) for skill in rows(found.get("skills"))])
    _section("Commands", [_named(table(command), "/") for command in rows(found.get("commands"))])
    return 0


def _applied(rule: dict[str, Any]) -> tuple[str, ...]:
    kind = f"{rule.get('family')}, {rule.get('scope')}, {rule.get('activation')}"
    problems = " ".join(str(problem) for problem in rows(rule.get("problems")))
    return (str(rule.get("path")), kind, f"{rule.get('tokens')} tokens", str(rule.get("reason")), problems)


def _named(thing: dict[str, Any], mark: str = "") -> tuple[str, ...]:
    trusted = "" if thing.get("trusted") else "not trusted"
    return (f"{mark}{thing.get('name')}", str(thing.get("path")), str(thing.get("description")), trusted)


def _section(title: str, lines: list[tuple[str, ...]]) -> None:
    if lines:
        print(f"\n{title}:")
        _print_rows(lines)


def _print_rows(lines: list[tuple[str, ...]]) -> None:
    """One line each, with tabs between, so that other programs can read them too."""
    for line in lines:
        print("\t".join(filter(None, (" ".join(cell.split()) for cell in line))))
