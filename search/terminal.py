"""How far a command is, on a terminal; nothing at all in a pipe."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

import click

from search.reading import Progress


class _Bar(Progress):
    """A progress bar on a terminal."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bar: Any = None

    def files(self, total: int) -> None:
        self._bar = click.progressbar(length=total, label="Reading seeds", file=sys.stderr)

    def advance(self, count: int) -> None:
        with self._lock:
            self._bar.update(count)

    def indexing(self, articles: int) -> None:
        self.close()
        click.echo(f"Writing the index of {articles:,} articles ...", err=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


@contextmanager
def reading_seeds(*, wanted: bool) -> Iterator[Progress]:
    """Give what shows how far a reindex is, where that is *wanted* and standard error is a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield Progress()
        return
    bar = _Bar()
    try:
        yield bar
    finally:
        bar.close()


class _Counted:
    """A file, and a bar that follows how much of it has been read."""

    def __init__(self, stream: IO[bytes], bar: Any) -> None:  # noqa: ANN401 - click does not name its type
        self._stream, self._bar = stream, bar
        self.name = stream.name

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self._bar.update(len(chunk))
        return chunk


@contextmanager
def reading_file(stream: IO[bytes], label: str) -> Iterator[IO[bytes]]:
    """Give the file to be read; how far that is shows where standard error is a terminal and the file has an end."""
    found = os.fstat(stream.fileno())
    if not (stat.S_ISREG(found.st_mode) and sys.stderr.isatty()):
        yield stream
        return
    with click.progressbar(length=found.st_size, label=label, file=sys.stderr) as bar:
        yield cast("IO[bytes]", _Counted(stream, bar))


def say(text: str) -> None:
    """Say what is going on, to whoever watches."""
    if sys.stderr.isatty():
        click.echo(text, err=True)
