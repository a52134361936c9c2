"""The record of what calls cost: what it says, and what it survives."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from mm_lsp.llm.ledger import Entry, Ledger, today

ENTRY = Entry(
    at=1.0, day=today(), feature="explain", model="m", prompt_tokens=100, completion_tokens=20, reasoning_tokens=5,
    cached_tokens=3, estimated=False, cost=0.5, currency="CNY", first_token_ms=100, total_ms=1000, outcome="done",
    automatic=False,
)  # fmt: skip
WRITER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from mm_lsp.llm.ledger import Ledger
from tests.unit.test_ledger import ENTRY
ledger = Ledger(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    ledger.add(replace(ENTRY, model=sys.argv[3]))
ledger.totals(1).result()
print("written", flush=True)
if len(sys.argv) > 4:
    time.sleep(60)
ledger.close()
"""


def rows(ledger: Ledger, days: int = 1) -> list[dict[str, object]]:
    return ledger.totals(days).result(10)


def writer(path: Path, count: int, model: str, *stays: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(count), model, *stays]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)


def test_totals_are_a_row_a_day_model_and_feature(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "new" / "usage.sqlite3")
    yesterday = (date.today() - timedelta(days=1)).isoformat()
    for entry in (
        ENTRY,
        replace(ENTRY, cost=0.25, outcome="cancelled", estimated=True, total_ms=9000, first_token_ms=None),
        replace(ENTRY, feature="edit", cost=None, currency=None, outcome="failed: server"),
        replace(ENTRY, day=yesterday),
        replace(ENTRY, day="2001-01-01"),
    ):
        ledger.add(entry)
    first, second, third = rows(ledger, 2)
    ledger.close()
    assert (first["day"], first["feature"], first["cost"], first["failed"]) == (today(), "edit", None, 1)
    assert second == {
        "day": today(), "model": "m", "feature": "explain", "currency": "CNY", "calls": 2, "done": 1, "cancelled": 1,
        "failed": 0, "prompt_tokens": 200, "completion_tokens": 40, "reasoning_tokens": 10, "cached_tokens": 6,
        "cost": 0.75, "without_price": 0, "estimated": 1, "first_token_ms": 100.0, "total_ms": 1000.0,
    }  # fmt: skip
    assert third["day"] == yesterday


def test_no_word_of_text_has_a_place_in_it(tmp_path: Path) -> None:
    assert {field.name for field in fields(Entry)} == {
        "at", "day", "feature", "model", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens",
        "estimated", "cost", "currency", "first_token_ms", "total_ms", "outcome", "automatic",
    }  # fmt: skip
    path = tmp_path / "usage.sqlite3"
    Ledger(path).close()
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_spent_counts_at_once_and_by_currency(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.sqlite3")
    ledger.is_ready.result(10)
    assert ledger.spent_today("CNY") == 0
    ledger.add(ENTRY)
    ledger.add(replace(ENTRY, currency="USD", cost=2.0))
    ledger.add(replace(ENTRY, day="2001-01-01", cost=9.0))
    rows(ledger)
    assert (ledger.spent_today("CNY"), ledger.spent_today("USD"), ledger.spent_today("EUR")) == (0.5, 2.0, 0)
    ledger.close()
    again = Ledger(tmp_path / "usage.sqlite3")
    again.is_ready.result(10)
    assert again.spent_today("CNY") == 0.5
    again.close()


def test_two_servers_write_at_once_and_see_each_others_spending(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    writers = [writer(path, 200, name) for name in ("a", "b")]
    assert [process.wait(60) for process in writers] == [0, 0]
    for process in writers:
        assert process.stdout is not None
        process.stdout.close()
    ledger = Ledger(path)
    assert {row["model"]: row["calls"] for row in rows(ledger)} == {"a": 200, "b": 200}
    assert ledger.spent_today("CNY") == pytest.approx(200.0)
    ledger.close()


def test_a_server_that_is_killed_loses_nothing_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    process = writer(path, 50, "a", "stays")
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    ledger = Ledger(path)
    assert rows(ledger)[0]["calls"] == 50
    ledger.close()


def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    path.write_bytes(b"this is no database at all" * 100)
    ledger = Ledger(path)
    ledger.add(ENTRY)
    assert rows(ledger)[0]["calls"] == 1
    ledger.close()
    assert len(list(tmp_path.glob("usage.broken-*"))) == 1


@pytest.mark.parametrize("place", ["a directory", "below a file"])
def test_a_place_that_cannot_be_written_costs_the_record_and_not_the_service(tmp_path: Path, place: str) -> None:
    path = tmp_path / "usage.sqlite3"
    if place == "a directory":
        path.mkdir()
    else:
        path.write_text("")
        path = path / "usage.sqlite3"
    ledger = Ledger(path)
    ledger.add(ENTRY)
    with pytest.raises(OSError, match="can't be used"):
        rows(ledger)
    assert ledger.spent_today("CNY") == 0.5, "known in this process at least"
    ledger.close()
    ledger.close()


def test_a_lock_that_is_held_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite3"
    Ledger(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger = Ledger(path)
    ledger.add(ENTRY)
    time.sleep(0.3)
    other.execute("COMMIT")
    other.close()
    assert rows(ledger)[0]["calls"] == 1
    ledger.close()


def test_a_lock_that_is_held_for_too_long_costs_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mm_lsp.llm.ledger._BUSY_SECONDS", 0.1)
    path = tmp_path / "usage.sqlite3"
    ledger = Ledger(path)
    ledger.is_ready.result(10)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.add(ENTRY)
    assert rows(ledger) == []
    other.execute("COMMIT")
    other.close()
    ledger.add(ENTRY)
    assert rows(ledger)[0]["calls"] == 2
    ledger.close()
