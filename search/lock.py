"""The lock of an index folder: one writer at a time, on every platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from search.errors import IndexLockedError, IndexWriteError

LOCK = "LOCK"
#: Seconds that another writer is waited for.
LOCK_TIMEOUT = 30.0


@contextmanager
def locked(folder: Path, timeout: float) -> Iterator[None]:
    """Hold the folder's lock, which the system takes back if this process dies; the folder is made where it is missing.

    Raises:
        IndexLockedError: If another process holds it for longer than *timeout* seconds.
        IndexWriteError: If the folder or the lock cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK, timeout=timeout)
        lock.acquire()
    except filelock.Timeout as exc:
        raise IndexLockedError(folder, timeout) from exc
    except (OSError, NotImplementedError) as exc:
        raise IndexWriteError(folder, getattr(exc, "strerror", None) or str(exc)) from exc
    try:
        yield
    finally:
        lock.release()
