"""A generation as one file: a tar archive compressed by Zstandard, which `tar --zstd -tf` lists.

::

    MANIFEST.json   first: engine, format, generation, and the checksum (XXH3) of each of the others
    ...             the files, one after the other

Whoosh's own table of contents stays behind: it is a pickle, which nobody should take from another machine.

Whoever reads such a file trusts none of it. A name is one that a generation has, and nothing but a regular file is
taken; headers that stand for more than one file, which could be of any size, are refused with it. No more is written
than the disk has room for, and no more memory taken than a window and a manifest.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NoReturn

import orjson
import xxhash
import zstandard

from search.catalog import INDEX_FORMAT
from search.errors import ImportRefusedError

ENGINE = "whoosh"
MANIFEST = "MANIFEST.json"
#: A third off, at the speed of a disk; higher levels take several times as long for another twentieth.
LEVEL = 3
MAX_MANIFEST_BYTES = 1 << 20
#: Of the decompressor; what `LEVEL` asks for is a quarter of it.
MAX_WINDOW_BYTES = 1 << 23

_HEADER = 512
_CHUNK = 1 << 20
_GENERATION = re.compile(r"[0-9a-f]{16}")
#: The files of a generation that are exported; see :mod:`search.engines.whoosh.writer`.
_FILE = re.compile(r"(columns|segment-[0-9a-f]{8})\.arrays|SEGMENTS\.json")


def is_exported(name: str) -> bool:
    """Tell whether a file of a generation belongs into an archive of it."""
    return _FILE.fullmatch(name) is not None


def write_archive(
    generation: str, files: Mapping[str, IO[bytes]], checksums: Mapping[str, str], target: IO[bytes]
) -> None:
    """Write a generation's open *files* to *target*, which need not be seekable; the same ones give the same bytes.

    Raises:
        OSError: If they cannot be read or written.
    """
    manifest = orjson.dumps(
        {"engine": ENGINE, "format": INDEX_FORMAT, "generation": generation, "files": dict(checksums)},
        option=orjson.OPT_INDENT_2,
    )
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    with (
        compressor.stream_writer(target, closefd=False) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        archive.addfile(_described(MANIFEST, len(manifest)), BytesIO(manifest))
        for name, file in files.items():
            archive.addfile(_described(name, os.fstat(file.fileno()).st_size), file)


def read_archive(source: IO[bytes], folder: Path) -> str:
    """Unpack what :func:`write_archive` wrote into *folder*, which is empty, and return the generation it says it is.

    Raises:
        ImportRefusedError: If it is anything else, or not whole.
        OSError: If the folder cannot be written.
    """
    return _Unpacking(source, folder).run()


def _described(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


class _Unpacking:
    """One archive that is being read."""

    def __init__(self, source: IO[bytes], folder: Path) -> None:
        self._source, self._folder = source, folder
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
        self._stream = decompressor.stream_reader(source, read_across_frames=True, closefd=False)

    def run(self) -> str:
        manifest = self._manifest()
        missing = dict(manifest["files"])
        while member := self._member():
            checksum = missing.pop(member.name, None)
            if checksum is None:
                self._refuse(f"it holds {member.name} twice, or unannounced")
            if self._unpack(member) != checksum:
                self._refuse(f"its {member.name} is damaged")
        if missing:
            self._refuse(f"it lacks {min(missing)}")
        self._expect_end()
        generation: str = manifest["generation"]
        return generation

    def _manifest(self) -> dict[str, Any]:
        """Read the first file, and return what it says, checked."""
        member = self._member(MANIFEST)
        if member is None or member.size > MAX_MANIFEST_BYTES:
            self._refuse("it does not begin with a manifest")
        try:
            manifest = orjson.loads(self._padded(member.size))
        except orjson.JSONDecodeError:
            self._refuse("its manifest is no JSON")
        if not isinstance(manifest, dict) or manifest.get("engine") != ENGINE:
            self._refuse("it was written by another engine or another program")
        if manifest.get("format") != INDEX_FORMAT:
            self._refuse(f"it has format {manifest.get('format')!r:.20}, and this version of Lede reads {INDEX_FORMAT}")
        if not _is_text(manifest.get("generation"), _GENERATION) or not _is_listing(manifest.get("files")):
            self._refuse("its manifest is none of Lede's")
        return manifest

    def _member(self, expected: str | None = None) -> tarfile.TarInfo | None:
        """Read the header of the next file; None behind the last."""
        header = self._read(_HEADER)
        if not any(header):
            return None
        try:
            member = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        except (tarfile.HeaderError, ValueError):
            self._refuse("it is no archive, or a damaged one")
        known = member.name == expected if expected else is_exported(member.name)
        if not known or member.type != tarfile.REGTYPE or member.size < 0:
            self._refuse(f"it holds {member.name!a:.60}, which is no file of an index")
        return member

    def _unpack(self, member: tarfile.TarInfo) -> str:
        """Write a file, and return its checksum."""
        free = shutil.disk_usage(self._folder).free
        if member.size > free:
            self._refuse(f"its {member.name} has {member.size:,} bytes, and the disk of the index has {free:,} free")
        digest, left = xxhash.xxh3_128(), member.size
        with (self._folder / member.name).open("xb") as target:
            while left:
                chunk = self._read(min(left, _CHUNK))
                digest.update(chunk)
                target.write(chunk)
                left -= len(chunk)
        self._read(-member.size % _HEADER)
        return digest.hexdigest()

    def _expect_end(self) -> None:
        """Read what fills an archive's last record; nothing may come behind it, in this frame or another."""
        # A whole record may be left, and one byte more is too many.
        left = tarfile.RECORDSIZE + 1
        while part := self._some(left):
            left -= len(part)
            if not left or any(part):
                self._refuse("something comes behind its end")

    def _padded(self, size: int) -> bytes:
        return self._read(size + -size % _HEADER)[:size]

    def _read(self, size: int) -> bytes:
        """Read exactly that much."""
        parts, left = [], size
        while left:
            part = self._some(left)
            if not part:
                self._refuse("it ends too early")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _some(self, size: int) -> bytes:
        """Read up to so much, nothing only at the end."""
        try:
            return self._stream.read(size)
        except (zstandard.ZstdError, OSError) as exc:
            reason = getattr(exc, "strerror", None) or "it is no export, or a damaged one"
            raise ImportRefusedError(self._source, reason) from exc

    def _refuse(self, fault: str) -> NoReturn:
        raise ImportRefusedError(self._source, fault)


def _is_text(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_listing(value: object) -> bool:
    return isinstance(value, dict) and all(is_exported(name) and isinstance(value[name], str) for name in value)
