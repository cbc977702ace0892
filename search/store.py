"""A file of packs: bytes that are only ever appended, each behind its own checksum.

Which packs there are, and so where the file ends, is written elsewhere: what a crash left behind is overwritten.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import xxhash

from search.errors import IndexWriteError


class Place(NamedTuple):
    """Where a list of seeds is kept: in which pack, and as which of its lists."""

    pack: int
    row: int


class Pack(NamedTuple):
    """Where a pack is in its file, and what it must be."""

    start: int
    size: int
    #: XXH3, 128 bits, hexadecimal.
    checksum: str
    #: Lists of seeds in it; None for one that is packed, and so copied, by itself.
    lists: int | None = None
    #: False where articles are in it that will be elsewhere once they are published.
    is_final: bool = False


class Store:
    """The packs of one file."""

    def __init__(self, file: Path, packs: Iterable[Pack] = ()) -> None:
        self.file = file
        self.packs = list(packs)
        self._saved = len(self.packs)
        self._descriptor: int | None = None

    @property
    def size(self) -> int:
        """Bytes of all packs."""
        return self.packs[-1].start + self.packs[-1].size if self.packs else 0

    def append(self, packed: bytes, lists: int | None = None, *, is_final: bool = False) -> int:
        """Write a pack behind the others, and return its number.

        Raises:
            IndexWriteError: If it cannot be written.
        """
        start = self.size
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
                os.ftruncate(self._descriptor, start)
            _write(self._descriptor, packed, start)
        except OSError as exc:
            raise IndexWriteError(self.file.parent, exc.strerror or str(exc)) from exc
        self.packs.append(Pack(start, len(packed), xxhash.xxh3_128_hexdigest(packed), lists, is_final))
        return len(self.packs) - 1

    def read(self, number: int) -> bytes | None:
        """Return a pack, None where it is not what was written or cannot be read."""
        pack = self.packs[number]
        try:
            with self.file.open("rb", buffering=0) as stream:
                stream.seek(pack.start)
                content = stream.read(pack.size)
        except OSError:
            return None
        return content if xxhash.xxh3_128_hexdigest(content) == pack.checksum else None

    def sync(self) -> None:
        """Bring what was appended to the disk; from now on it is there to stay.

        Raises:
            OSError: If it cannot be written.
        """
        if self._descriptor is not None:
            os.fsync(self._descriptor)
        self._saved = len(self.packs)
        self._close()

    def undo(self) -> None:
        """Forget what was appended since it was opened, or brought to the disk."""
        del self.packs[self._saved :]
        if self._descriptor is not None:
            # What stays behind the end is overwritten by the next to append.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
                if not self.packs:
                    self.file.unlink()
        self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _write(descriptor: int, content: bytes, start: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, start)
        view, start = view[written:], start + written
