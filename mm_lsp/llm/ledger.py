"""What every call to a model cost, and of which files it held text: a local SQLite file. Never a word of text; times,
tokens, money, outcomes and paths only.

One thread of its own does all the writing. WAL mode: two servers may write at once, and a process that is killed loses
nothing that was written.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mm_lsp.redact import scrub

_BUSY_SECONDS = 5.0  # that another server's write may take
_logger = logging.getLogger("mm_lsp")


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `at`: seconds since the epoch; `cost` None where the price is not known; times in milliseconds.

    `outcome`: "done", "cancelled", or "failed: " and the fault.
    """

    at: float
    day: str
    feature: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    estimated: bool
    cost: float | None
    currency: str | None
    first_token_ms: int | None
    total_ms: int
    outcome: str
    automatic: bool


_COLUMNS = [field.name for field in fields(Entry)]
_CREATE = f"CREATE TABLE IF NOT EXISTS calls ({', '.join(_COLUMNS)})"
_INSERT = f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_INDEX = "CREATE INDEX IF NOT EXISTS calls_by_day ON calls (day)"
_CREATE_FILES = "CREATE TABLE IF NOT EXISTS files (call INTEGER, path TEXT)"
_INDEX_FILES = "CREATE INDEX IF NOT EXISTS files_by_call ON files (call)"
_INSERT_FILE = "INSERT INTO files (call, path) VALUES (?, ?)"
_FILES = """
SELECT files.path AS path, COUNT(*) AS calls, GROUP_CONCAT(DISTINCT calls.feature) AS features,
       GROUP_CONCAT(DISTINCT calls.model) AS models, MIN(calls.at) AS first, MAX(calls.at) AS last
FROM files JOIN calls ON calls.rowid = files.call
WHERE calls.day >= ? GROUP BY files.path ORDER BY last DESC, files.path
"""
_TOTALS = """
SELECT day, model, feature, currency, COUNT(*) AS calls, SUM(outcome = 'done') AS done,
       SUM(outcome = 'cancelled') AS cancelled, SUM(outcome LIKE 'failed%') AS failed,
       SUM(prompt_tokens) AS prompt_tokens, SUM(completion_tokens) AS completion_tokens,
       SUM(reasoning_tokens) AS reasoning_tokens, SUM(cached_tokens) AS cached_tokens,
       SUM(cost) AS cost, SUM(cost IS NULL) AS without_price, MAX(estimated) AS estimated,
       ROUND(AVG(first_token_ms)) AS first_token_ms,
       ROUND(AVG(CASE WHEN outcome = 'done' THEN total_ms END)) AS total_ms
FROM calls WHERE day >= ? GROUP BY day, model, feature, currency ORDER BY day DESC, model, feature
"""


class Ledger:
    """`add` and `spent_today` never block. A file that can't be used costs the record, not the service."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._connection: sqlite3.Connection | None = None
        self._is_lost = self._has_warned = False
        self._unwritten: deque[tuple[Entry, tuple[str, ...]]] = deque(maxlen=1000)
        self._spent: tuple[str, dict[str, float]] = ("", {})
        self.is_ready = self._worker.submit(self._refresh)

    def add(self, entry: Entry, files: Sequence[str] = ()) -> None:
        """`files`: paths or addresses of the files of which the call held text."""
        self._count(entry)
        with contextlib.suppress(RuntimeError):  # shut down: the process ends
            self._worker.submit(self._write, entry, tuple(map(scrub, files)))

    def spent_today(self, currency: str) -> float:
        day, spent = self._spent
        return spent.get(currency, 0.0) if day == today() else 0.0

    def totals(self, days: int) -> Future[list[dict[str, Any]]]:
        """A row a day, model and feature, the newest first. The future raises OSError or sqlite3.Error."""
        return self._worker.submit(self._rows, _TOTALS, _since(days))

    def files(self, days: int) -> Future[list[dict[str, Any]]]:
        """A row for each file of which text was sent, the last one first: path, calls, features and models (with
        commas), first and last (seconds since the epoch). The future raises OSError or sqlite3.Error."""
        return self._worker.submit(self._rows, _FILES, _since(days))

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # closed already
            self._worker.submit(self._close)
        self._worker.shutdown(wait=True)

    # ---------------------------------------------------------------- in the worker's thread

    def _count(self, entry: Entry) -> None:
        """At once, so that the next request knows; what the file says follows."""
        day, spent = self._spent
        if entry.cost is not None and entry.currency is not None:
            sums = dict(spent) if day == entry.day else {}
            sums[entry.currency] = sums.get(entry.currency, 0.0) + entry.cost
            self._spent = (entry.day, sums)

    def _write(self, entry: Entry, files: tuple[str, ...]) -> None:
        self._unwritten.append((entry, files))
        connection = self._open()
        if connection is None:
            return
        try:
            with connection:
                for one, sent in self._unwritten:
                    call = connection.execute(_INSERT, astuple(one)).lastrowid
                    connection.executemany(_INSERT_FILE, [(call, path) for path in sent])
            self._unwritten.clear()
            self._refresh()
        except sqlite3.OperationalError as error:  # locked for long: with the next entry
            self._warn(error)
        except sqlite3.Error as error:
            self._lose(error)

    def _refresh(self) -> None:
        """Other servers spend too."""
        connection = self._open()
        if connection is None:
            return
        day = today()
        rows = "SELECT currency, SUM(cost) FROM calls WHERE day = ? AND cost IS NOT NULL GROUP BY currency"
        try:
            self._spent = (day, dict(connection.execute(rows, (day,))))
        except sqlite3.OperationalError as error:
            self._warn(error)
        except sqlite3.Error as error:
            self._lose(error)

    def _rows(self, query: str, since: str) -> list[dict[str, Any]]:
        connection = self._open()
        if connection is None:
            raise OSError("the record of usage can't be used")
        cursor = connection.execute(query, (since,))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._is_lost:
            try:
                self._connection = _opened(self._path)
            except sqlite3.OperationalError as error:  # locked, or not to be written now: with the next entry
                self._warn(error)
            except (sqlite3.Error, OSError) as error:
                self._lose(error)
        return self._connection

    def _lose(self, error: Exception) -> None:
        self._warn(error)
        self._is_lost = True
        self._close()

    def _warn(self, error: Exception) -> None:
        if not self._has_warned:
            _logger.warning("usage can't be recorded now: %s", type(error).__name__)
        self._has_warned = True

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _connected(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked or not writable: the file may be sound
            raise
        path.replace(path.with_suffix(f".broken-{time.time():.0f}"))
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        with connection:
            for statement in (_CREATE, _INDEX, _CREATE_FILES, _INDEX_FILES):
                connection.execute(statement)
        path.chmod(0o600)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait by itself where two processes switch a new file to WAL at once."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _since(days: int) -> str:
    return (date.today() - timedelta(days=max(days, 1) - 1)).isoformat()


def today() -> str:
    """The user's own day."""
    return date.today().isoformat()
