"""Small commands about the server itself, answered at once: jobs, cancel, why, trust, accepted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from mm_lsp.messages import Refused
from mm_lsp.server import asking
from mm_lsp.server import jobs as work
from mm_lsp.server.language_server import MmLanguageServer
from mm_lsp.server.protocol import invalid_params
from mm_lsp.server.session import Outcome
from mm_lsp.workspace.files import path_of, root_of


@dataclass(frozen=True, slots=True)
class CancelArguments:
    job: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentArguments:
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class UsageArguments:
    days: int = 7


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
    try:
        rows = await asyncio.wrap_future(ledger.totals(given.days))
    except Exception as error:
        raise Refused("The record of usage in the data directory can't be read; see the log.") from error
    budget = ls.session.settings.budget
    return {
        "days": rows,
        "total": _sums(rows),
        "today": {"cost": round(ledger.spent_today(budget.currency), 6), "currency": budget.currency},
        "budget": {"daily": budget.daily, "currency": budget.currency},
    }


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
    root = await asyncio.to_thread(root_of, path, folders) if path else folders[0]
    await asking.decide_trust(root, given.trusted)
    return {"workspace": str(root), "state": "trusted" if given.trusted else "restricted"}
