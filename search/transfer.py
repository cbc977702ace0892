"""The whole index as one file, and back."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO

from search.cache import Cache
from search.engines import make_engine
from search.errors import ExportError, ImportRefusedError, LedeError
from search.lock import LOCK_TIMEOUT, locked

File = str | PathLike[str] | IO[bytes]


def export_index(index: str | PathLike[str], file: File, *, engine: str = "whoosh") -> str:
    """Write what the index in the folder *index* serves to one file, and return its generation id.

    A path gets the whole export or stays as it was; what was there is replaced. An open file, which need not be
    seekable, is written to as it is. `reindex` may run meanwhile.

    Raises:
        NoIndexError: If nothing was ever published.
        IndexDamagedError: If no published generation is whole.
        ExportError: If the file cannot be written.
    """
    holder = make_engine(engine, Path(index))
    if not isinstance(file, str | PathLike):
        with _saying(getattr(file, "name", "a stream")):
            generation = holder.export(file)
            file.flush()
        return generation
    with _saying(file), _replacing(Path(file)) as stream:
        return holder.export(stream)


def import_index(
    file: File, index: str | PathLike[str], *, engine: str = "whoosh", lock_timeout: float = LOCK_TIMEOUT
) -> str:
    """Make an exported index what the folder *index* serves, and return its generation id: the exported one.

    It is foreign input, and checked byte by byte before anybody sees it. Searches see the old generation until the new
    one is whole. A later `reindex` brings it up to date with the seeds, as if it had been made from them.

    Raises:
        ImportRefusedError: If it is no whole export of such an engine of this version.
        IndexLockedError: If a reindex runs for longer than the lock is waited for.
        IndexUnreadableError: If what is remembered of the seeds there cannot be read.
        IndexWriteError: If the index cannot be written; the old one is still served.
    """
    folder = Path(index)
    holder = make_engine(engine, folder)
    with ExitStack() as stack:
        try:
            source = stack.enter_context(Path(file).open("rb")) if isinstance(file, str | PathLike) else file
        except OSError as exc:
            raise ImportRefusedError(file, exc.strerror or str(exc)) from exc
        stack.enter_context(locked(folder, lock_timeout))
        # Whose articles the reindexes of this folder count on; an import may be what makes the last of them go.
        Cache(folder).make_whole(holder.recall)
        return holder.import_(source)


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    """Give a new file that takes the place of *file*, durably, once the block is done with it."""
    # As `cp` does, what a link leads to is replaced, and not the link.
    target = Path(os.path.realpath(file))
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        msg = "it is there, and no regular file"
        raise OSError(msg)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


@contextmanager
def _saying(file: object) -> Iterator[None]:
    """Say of a failure which file it is about; those of the index say it themselves."""
    try:
        yield
    except OSError as exc:
        if isinstance(exc, LedeError):
            raise
        raise ExportError(file, exc.strerror or str(exc)) from exc
