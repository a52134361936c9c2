"""`mm-lsp usage`: what calls have cost, as a table in the terminal or as a page."""

from __future__ import annotations

import html
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from mm_lsp.cli.calls import run
from mm_lsp.cli.client import Failed, connected
from mm_lsp.cli.render import complain
from mm_lsp.untyped import rows, table

_HEADS = ("day", "model", "feature", "calls", "prompt", "cached", "completion", "thinking", "cost", "first", "whole")
_NOTE = "Times are means in seconds: to the first token, and to the end. * some counts are estimates."


def usage(days: int, page: str | None) -> int:
    return run(lambda: _usage(days, page)) if _is_sound(days) else 2


def files(days: int) -> int:
    """Of which files text was sent, the last one first."""
    return run(lambda: _files(days)) if _is_sound(days) else 2


def _is_sound(days: int) -> bool:
    if not 1 <= days <= 3650:
        complain("--days takes a number from 1 to 3650.")
        return False
    return True


async def _files(days: int) -> int:
    async with connected(complain) as client:
        await client.begin(Path.cwd())
        found = table(await client.command("mm-lsp.usage", {"days": days, "files": True}))
    sent = [table(row) for row in rows(found.get("files"))]
    for row in sent:
        last = datetime.fromtimestamp(float(row.get("last") or 0)).strftime("%Y-%m-%d %H:%M")
        calls = f"{row.get('calls')} call{'' if row.get('calls') == 1 else 's'}"
        print(
            "\t".join((str(row.get("path")), calls, f"last {last}", str(row.get("features")), str(row.get("models"))))
        )
    if not sent:
        print("No text of any file was sent.")
    return 0


async def _usage(days: int, page: str | None) -> int:
    async with connected(complain) as client:
        await client.begin(Path.cwd())
        found = table(await client.command("mm-lsp.usage", {"days": days}))
    lines = [_line(table(row)) for row in rows(found.get("days"))]
    if page is not None:
        _write(Path(page), _page(lines, found))
    elif not lines:
        print(f"No call to a model in {'the last ' + str(days) + ' days' if days > 1 else 'this day'}.")
    elif sys.stdout.isatty():
        _show(lines)
        print(_summary(found))
    else:
        print("\n".join("\t".join(line) for line in (_HEADS, *lines)))
        print(_summary(found))
    return 0


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    star = "*" if row.get("estimated") else ""
    cost = "?" if row.get("cost") is None else f"{row['cost']:.4f} {row.get('currency')}"
    counts = (
        row.get(name) or 0 for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
    )
    return (
        str(row.get("day")),
        str(row.get("model")),
        str(row.get("feature")),
        _calls(row),
        *(f"{count}{star}" for count in counts),
        f"{cost}{star}",
        *(_seconds(row.get(name)) for name in ("first_token_ms", "total_ms")),
    )


def _calls(row: dict[str, Any]) -> str:
    parts = [f"{row[name]} {name}" for name in ("cancelled", "failed") if row.get(name)]
    return f"{row.get('calls')}" + (f" ({', '.join(parts)})" if parts else "")


def _seconds(milliseconds: Any) -> str:
    return "–" if milliseconds is None else f"{milliseconds / 1000:.1f}"


def _summary(found: dict[str, Any]) -> str:
    today, budget = table(found.get("today")), table(found.get("budget"))
    return (
        f"Today: {today.get('cost')} {today.get('currency')} of {budget.get('daily'):g} {budget.get('currency')}"
        f" (budget.daily). {_NOTE}"
    )


def _show(lines: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table

    grid = Table(*_HEADS)
    for line in lines:
        grid.add_row(*line)
    Console().print(grid)


def _page(lines: list[tuple[str, ...]], found: dict[str, Any]) -> str:
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    heads = "".join(f"<th>{head}</th>" for head in _HEADS)
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8><title>mm-lsp usage</title>\n"
        "<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}"
        "td,th{padding:.3em .8em;text-align:left;border-bottom:1px solid #ccc}</style>\n"
        f"<h1>mm-lsp usage</h1>\n<p>{html.escape(_summary(found))}</p>\n"
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table>\n</html>\n"
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"{path.name} can't be written: {error.strerror}.") from error
    print(f"Written to {path}.")
