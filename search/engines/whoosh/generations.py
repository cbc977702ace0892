"""Generations in a folder: built aside, verified, and published by one rename; only two are kept.

::

    index/CURRENT                    the generations, newest first: name and SHA-256 of its manifest
    index/generations/NAME/          one generation: MANIFEST.json and the files it lists with their checksums (XXH3)
    index/generations/.building-*/   one that is being built, or that a crash left behind

Nothing of a generation is opened before every byte of it was found to be what was published: a damaged one is not
served. The checksums tell of accidents; they are no defence against somebody who can write to the folder, and who could
make searches find anything, but could not make anything run, since no file of Lede's own is ever unpickled.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import orjson
import xxhash

from search.catalog import INDEX_FORMAT, OLDER_FORMATS
from search.errors import IndexDamagedError, IndexUnreadableError, IndexWriteError, NoIndexError

MANIFEST = "MANIFEST.json"
#: Generations that are kept, the served one included.
KEPT = 2

_POINTER = re.compile(r"([0-9a-f]{16}-[0-9a-f]{8}) ([0-9a-f]{64})")
_BUILDING = ".building-"
#: Within so many nanoseconds a file may be replaced by one that looks the same: no clock of a file system is coarser.
_FRESH = 3_000_000_000
_BLOCK = 1 << 20


class Pointer(NamedTuple):
    """A published generation, and what its manifest must be."""

    name: str
    manifest_sha256: str

    @property
    def generation(self) -> str:
        """Id of the generation: the name without what makes it unique in the folder."""
        return self.name.partition("-")[0]


class Generations:
    """The generations of one index folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer_file = folder / "CURRENT"
        self._pointer_path = os.fspath(self._pointer_file)
        self._generations = folder / "generations"
        #: What the list said when it was read last, and how the file looked: its inode, times and size.
        self._known: tuple[tuple[int, ...], list[Pointer]] | None = None

    def pointers(self) -> list[Pointer]:
        """List what was published, newest first.

        Raises:
            IndexUnreadableError: If the list is there and cannot be read.
        """
        try:
            # Every request asks, and one look at the file takes a fraction of reading it.
            known = self._known
            # pathlib takes twice as long.
            if known and known[0] == _look_of(os.stat(self._pointer_path)):  # noqa: PTH116
                return known[1]
            return self._read()
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise IndexUnreadableError(self._folder, f"CURRENT: {exc.strerror}") from exc

    def _read(self) -> list[Pointer]:
        with FileIO(self._pointer_path) as file:
            look, text = os.fstat(file.fileno()), file.read().decode("ascii", "replace")
        # Found wherever they stand, so that a damaged line does not hide the whole one behind it.
        found = [Pointer(*found) for found in _POINTER.findall(text)]
        is_fresh = time.time_ns() - max(look.st_mtime_ns, look.st_ctime_ns) < _FRESH
        self._known = None if is_fresh else (_look_of(look), found)
        return found

    def open_newest(self) -> tuple[Pointer, Path]:
        """Return the newest generation that is whole.

        Raises:
            NoIndexError: If nothing was ever published.
            IndexDamagedError: If no published generation is whole.
        """
        # A generation may be pruned while it is checked: then there are newer ones, and the list is read again.
        for _ in range(3):
            pointers, faults = self.pointers(), list[str]()
            for pointer in pointers:
                fault = self.fault(pointer)
                if fault is None:
                    return pointer, self._generations / pointer.name
                faults.append(fault)
            if pointers == self.pointers():
                break
        if not pointers and not self._pointer_file.exists():
            raise NoIndexError(self._folder)
        raise IndexDamagedError(self._folder, next(iter(faults), "CURRENT names no generation"))

    def whole(self) -> Iterator[Path]:
        """Yield the folders of the generations that are whole, newest first."""
        for pointer in self.pointers():
            if self.fault(pointer) is None:
                yield self._generations / pointer.name

    def fault(self, pointer: Pointer) -> str | None:
        """Return what is wrong with a generation's files, None where they are what was published."""
        folder = self._generations / pointer.name
        try:
            manifest = (folder / MANIFEST).read_bytes()
            if hashlib.sha256(manifest).hexdigest() != pointer.manifest_sha256:
                return f"{pointer.name}/{MANIFEST} is not what was published"
            content = orjson.loads(manifest)
            if content.get("format") not in (INDEX_FORMAT, *OLDER_FORMATS):
                return f"{pointer.name} was written by another version of Lede"
            listed: dict[str, str] = content["files"]
            if {entry.name for entry in os.scandir(folder)} != {MANIFEST, *listed}:
                return f"{pointer.name} has files missing or too many"
            for name, checksum in listed.items():
                if _checksum(folder / name) != checksum:
                    return f"{pointer.name}/{name} is not what was published"
        except OSError as exc:
            return f"{exc.filename}: {exc.strerror}"
        return None

    def is_older(self, pointer: Pointer) -> bool:
        """Tell whether a whole generation was written by an earlier version of Lede."""
        format_: int = orjson.loads((self._generations / pointer.name / MANIFEST).read_bytes())["format"]
        return format_ != INDEX_FORMAT

    def files(self, pointer: Pointer) -> dict[str, str]:
        """Return the names and checksums of a whole generation's files."""
        listed: dict[str, str] = orjson.loads((self._generations / pointer.name / MANIFEST).read_bytes())["files"]
        return listed

    @contextmanager
    def building(self) -> Iterator[Path]:
        """Give a new folder to build a generation in; it is removed unless :meth:`publish` took it.

        Raises:
            IndexWriteError: If anything in the block cannot be written.
        """
        with self._writing():
            self._generations.mkdir(parents=True, exist_ok=True)
            self._remove_leftovers()
            folder = self._generations / f"{_BUILDING}{secrets.token_hex(4)}"
            folder.mkdir()
        try:
            with self._writing():
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def publish(self, built: Path, generation: str) -> None:
        """Make the generation in *built* the newest, durably, and prune what is older than the one before."""
        manifest = self._write_manifest(built, generation)
        target = self._generations / f"{generation}-{secrets.token_hex(4)}"
        for file in built.iterdir():
            sync(file)
        sync(built)
        built.rename(target)
        sync(self._generations)
        whole = (pointer for pointer in self.pointers() if self.fault(pointer) is None)
        kept = [Pointer(target.name, hashlib.sha256(manifest).hexdigest()), *islice(whole, KEPT - 1)]
        # Before the switch: should we die at it, the next reindex publishes, and so removes what is left over.
        self._prune({pointer.name for pointer in kept})
        self._write_pointers(kept)

    def size(self, pointer: Pointer) -> int:
        """Return the bytes that a generation takes on disk."""
        return sum(entry.stat().st_size for entry in os.scandir(self._generations / pointer.name))

    @staticmethod
    def _write_manifest(built: Path, generation: str) -> bytes:
        files = {file.name: _checksum(file) for file in sorted(built.iterdir())}
        manifest = orjson.dumps(
            {"format": INDEX_FORMAT, "generation": generation, "files": files}, option=orjson.OPT_INDENT_2
        )
        (built / MANIFEST).write_bytes(manifest)
        return manifest

    def _write_pointers(self, pointers: list[Pointer]) -> None:
        new = self._pointer_file.with_suffix(".new")
        new.write_text("".join(f"{pointer.name} {pointer.manifest_sha256}\n" for pointer in pointers), "ascii")
        sync(new)
        new.replace(self._pointer_file)
        sync(self._folder)

    def _prune(self, kept: set[str]) -> None:
        for entry in os.scandir(self._generations):
            if entry.name not in kept:
                shutil.rmtree(entry.path, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        self._prune({pointer.name for pointer in self.pointers()})

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise IndexWriteError(self._folder, exc.strerror or str(exc)) from exc


def _look_of(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _checksum(file: Path) -> str:
    """Return what tells a file from a damaged one; fast, since opening an index looks at every byte."""
    digest = xxhash.xxh3_128()
    with file.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk, so that it is there after a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
