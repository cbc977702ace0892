"""The requests of each visitor, counted for all processes of a server together."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from limits.storage import MemoryStorage

#: Within the folder that the processes share. Whoever collects the metrics there looks for other names.
FILE = "visits.sqlite"
#: Seconds that a process waits for another one, which needs microseconds.
_WAIT = 1.0
_TABLE = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS visits (key TEXT NOT NULL, moment REAL NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_key ON visits (key, moment);
CREATE INDEX IF NOT EXISTS by_end ON visits (until);
"""
_logger = logging.getLogger("lede")

Found = TypeVar("Found")


def prepare(folder: Path) -> None:
    """Make the file, before processes need it: those that make it at once may be in each other's way."""
    with closing(sqlite3.connect(folder / FILE)) as file:
        file.executescript(_TABLE)


class SharedVisits(MemoryStorage):
    """Moving windows in a file that several processes share; threads may share this. Each process opens its own.

    A visit that cannot be counted is let pass: the limit is there to keep the site up, not to take it down.

    Args:
        folder: for the file.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._file = sqlite3.connect(folder / FILE, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        # Nobody wants visits back after a power loss.
        self._file.executescript(f"PRAGMA synchronous = OFF; {_TABLE}")

    def close(self) -> None:
        """Close the file; the others go on."""
        self._file.close()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count *amount* visits, and return True, unless that makes more than *limit* in *expiry* seconds."""

        def acquire(now: float) -> bool:
            self._file.execute("DELETE FROM visits WHERE until <= ?", [now])
            if self._window(key, now - expiry)[1] + amount > limit:
                return False
            self._file.executemany("INSERT INTO visits VALUES (?, ?, ?)", [(key, now, now + expiry)] * amount)
            return True

        return self._at_once("BEGIN IMMEDIATE", acquire, otherwise=True)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - as limits has it
        """Return when the first visit of the last *expiry* seconds was, and how many there were."""
        return self._at_once("BEGIN", lambda now: self._window(key, now - expiry), otherwise=(time.time(), 0))

    def _window(self, key: str, since: float) -> tuple[float, int]:
        found = self._file.execute(
            "SELECT min(moment), count(*) FROM visits WHERE key = ? AND moment > ?", [key, since]
        )
        first, count = found.fetchone()
        return first or time.time(), count

    def _at_once(self, begin: str, do: Callable[[float], Found], *, otherwise: Found) -> Found:
        """Do what nobody may interfere with; what the file cannot do is logged, and has not happened."""
        with self._lock:
            try:
                self._file.execute(begin)
                found = do(time.time())
                self._file.execute("COMMIT")
            except sqlite3.Error:
                _logger.warning("visits cannot be counted", exc_info=True)
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                return otherwise
            return found
