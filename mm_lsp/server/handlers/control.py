"""Small commands about the server itself, answered at once: jobs, cancel, why, trust, accepted."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from mm_lsp.messages import Refused
from mm_lsp.server import jobs as work
from mm_lsp.server import trusting
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.protocol import invalid_params
from mm_lsp.server.session import Outcome
from mm_lsp.workspace.files import path_of

if TYPE_CHECKING:
    from mm_lsp.llm.ledger import Ledger


@dataclass(frozen=True, slots=True)
class CancelArguments:
    job: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentArguments:
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class UsageArguments:
    """`files`: also of which files text was sent."""

    days: int = 7
    files: bool = False


@dataclass(frozen=True, slots=True)
class TrustArguments:
    trusted: bool
    uri: str | None = None


async def jobs(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    del params
    now = asyncio.get_running_loop().time()
    return [
        {"job": job.id, "title": job.title, "seconds": round(now - job.started, 1)} for job in ls.session.jobs.values()
    ]


async def cancel(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    given = ls.arguments(params, CancelArguments)
    return {"cancelled": work.cancel(ls, given.job)}


async def why(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """What became of the last suggestion."""
    uri = ls.arguments(params, DocumentArguments).uri or ls.session.touched_last or ""
    outcome = ls.session.outcomes.get(uri, Outcome("nothing", "no suggestion has been asked for here"))
    return {
        "outcome": outcome.outcome,
        "lane": outcome.lane,
        "reason": outcome.reason,
        "timings": outcome.timings,
    }


async def usage(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """What calls have cost: a row a day, model and feature, and the sums."""
    given = ls.arguments(params, UsageArguments)
    if not 1 <= given.days <= 3650:
        raise invalid_params("expected 1 to 3650 at days.")
    ledger = await ls.session.provider.ledger()
    rows = await _from_record(ledger.totals(given.days))
    budget = ls.session.settings.budget
    files = {"files": await _files_sent(ledger, given.days)} if given.files else {}
    return {
        **files,
        "days": rows,
        "total": _sums(rows),
        "today": {"cost": round(ledger.spent_today(budget.currency), 6), "currency": budget.currency},
        "budget": {"daily": budget.daily, "currency": budget.currency},
    }


async def _from_record(rows: Future[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        return await asyncio.wrap_future(rows)
    except Exception as error:
        raise Refused("The record of usage in the data directory can't be read; see the log.") from error


async def _files_sent(ledger: Ledger, days: int) -> list[dict[str, Any]]:
    """Paths as people write them."""
    rows = await _from_record(ledger.files(days))
    return [{**row, "path": str(path_of(row["path"]) or row["path"])} for row in rows]


_SUMMED = (
    "calls",
    "done",
    "cancelled",
    "failed",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_tokens",
)


def _sums(rows: list[dict[str, Any]]) -> dict[str, Any]:
    cost: dict[str, float] = {}
    for row in rows:
        if row["cost"] is not None:
            cost[row["currency"]] = round(cost.get(row["currency"], 0.0) + row["cost"], 6)
    return {**{name: sum(row[name] for row in rows) for name in _SUMMED}, "cost": cost}


async def accepted(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """The client tells that a suggestion was taken."""
    del ls, params


async def trust(ls: MmLanguageServer, params: types.ExecuteCommandParams) -> Any:
    """Keeps the user's word for the workspace of the document touched last."""
    given = ls.arguments(params, TrustArguments)
    path = path_of(given.uri or ls.session.touched_last or "")
    folders = ls.session.folders
    if path is None and not folders:
        raise invalid_params("no workspace is open: open a file of it first.")
    look = await asyncio.to_thread(ls.session.library.look, ls.session.wanted(path))
    root = look.root
    await trusting.decide(root, given.trusted, look.digests if given.trusted else None)
    ls.session.trust_said[root] = "trusted" if given.trusted else "restricted"
    return {"workspace": str(root), "state": "trusted" if given.trusted else "restricted"}
