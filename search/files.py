"""The folder of seeds: which files are read, and how, so that nothing but seeds inside the folder ever is."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from search.errors import Location, SeedError, SeedsFolderError

#: Bytes of a seed file, and of a line in a ``.jsonl`` file.
MAX_SEED_BYTES = 1 << 20
EXTENSIONS = frozenset({".md", ".markdown", ".txt", ".yaml", ".yml", ".json", ".jsonl"})
LINES = ".jsonl"
#: Codes of problems with a file, not with what is in it.
NOT_READ = frozenset({"unreadable", "not-regular"})

#: Bytes of a file of lines that are read, and remembered, as one.
RANGE_BYTES = 1 << 19

_CHUNK = 1 << 18
_PROBE = 1 << 14
# What Windows lacks it needs not.
_OPEN = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


class Stamp(NamedTuple):
    """What changes when a file's content does. The change time cannot be set back, as the modification time can."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int


#: The stamp of no file.
UNREAD = Stamp(-1, -1, -1, -1)


class SeedFile(NamedTuple):
    """A file to be read as seeds."""

    #: To show it: as the folder was named.
    path: str
    #: Inside its seeds folder, with ``/``; the same on any machine.
    name: str
    stamp: Stamp
    #: To open it: its absolute path without links, however the folder was named; what is remembered goes by this.
    identity: str

    @property
    def extension(self) -> str:
        """Lower case, with its dot."""
        return os.path.splitext(self.name)[1].lower()


class LineRange(NamedTuple):
    """Some whole lines of a file."""

    start: int
    #: Bytes.
    size: int


class RefusedFile(NamedTuple):
    """A file that is there, but not as one that may be read."""

    identity: str
    name: str
    problem: SeedError


def list_seed_files(
    folders: Sequence[Path], *, apart_from: Path | None = None
) -> tuple[list[SeedFile], list[RefusedFile]]:
    """List the seed files under *folders*, in the order of their names, and refuse what is no regular file inside.

    Hidden files and folders, links to folders, and the folder *apart_from* (an index holds JSON) are passed over.

    Raises:
        SeedsFolderError: If a folder cannot be listed: what is in it must not look deleted.
    """
    files: dict[str, SeedFile] = {}
    refused: dict[str, RefusedFile] = {}
    left_out = os.path.realpath(apart_from) if apart_from else None
    for folder in folders:
        root = os.path.realpath(folder)
        for entry, name in _walk(folder, left_out):
            place = os.path.join(root, name)
            identity = os.path.realpath(entry.path) if entry.is_symlink() else place
            try:
                files.setdefault(identity, _checked(entry, name, root, identity))
            except SeedError as exc:
                # Not by where a link leads: several may lead to one place, and a file may have become a link.
                refused.setdefault(place, RefusedFile(place, name, exc))
    return sorted(files.values(), key=lambda file: (file.name, file.path)), list(refused.values())


def read_bytes(file: SeedFile) -> bytes:
    """Read a whole seed file.

    Raises:
        SeedError: If it cannot be read, is no regular file any more, or is larger than ``MAX_SEED_BYTES``.
    """
    with _opened(file) as stream:
        content = b"".join(_chunks(stream, MAX_SEED_BYTES + 1))
    if len(content) > MAX_SEED_BYTES:
        raise _too_large(file)
    return content


def cut_lines(file: SeedFile) -> list[LineRange]:
    """Cut a file of lines into ranges of whole lines: each ends with the line that reaches ``RANGE_BYTES``.

    Where a cut is depends on the bytes before it only: a file that grows at its end keeps all ranges but the last.

    Raises:
        SeedError: If it cannot be read or is no regular file any more.
    """
    ranges: list[LineRange] = []
    with _opened(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        start = 0
        while start < size:
            end = min(_line_end(stream, start + RANGE_BYTES - 1), size)
            ranges.append(LineRange(start, end - start))
            start = end
    return ranges


def read_range(file: SeedFile, part: LineRange) -> bytes:
    """Read a range of a file of lines; of a last line over ``MAX_SEED_BYTES`` perhaps not all, but more than that.

    Raises:
        SeedError: If it cannot be read or is no regular file any more.
    """
    with _opened(file) as stream:
        stream.seek(part.start)
        return b"".join(_chunks(stream, min(part.size, RANGE_BYTES + MAX_SEED_BYTES + 1)))


def split_lines(content: bytes) -> list[bytes]:
    """Return the lines; of one over ``MAX_SEED_BYTES`` only that much and one byte more."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line[: MAX_SEED_BYTES + 1] for line in lines] if len(content) > MAX_SEED_BYTES else lines


def _walk(folder: Path, left_out: str | None) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield every visible file with its name inside *folder*, but nothing of the folder *left_out*."""
    root = os.path.realpath(folder)
    pending = [(os.fspath(folder), "")]
    while pending:
        path, prefix = pending.pop()
        for entry in _listed(path):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if os.path.join(root, prefix, entry.name) != left_out:
                    pending.append((entry.path, f"{prefix}{entry.name}/"))
            elif os.path.splitext(entry.name)[1].lower() in EXTENSIONS and not _is_link_to_folder(entry):
                yield entry, prefix + entry.name


def _listed(path: str) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            # In order, so that of several links to one file it is always the same that names it.
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as exc:
        raise SeedsFolderError(Path(path), exc.strerror or str(exc)) from exc


def _is_link_to_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and os.path.isdir(entry.path)


def _checked(entry: os.DirEntry[str], name: str, root: str, identity: str) -> SeedFile:
    try:
        found = entry.stat()
    except OSError as exc:
        raise _unreadable(entry.path, exc) from exc
    if not identity.startswith(os.path.join(root, "")):
        raise _refused(entry.path, "outside", "a link to outside the seeds folder", "copy the file into the folder")
    if not stat.S_ISREG(found.st_mode):
        raise _not_regular(entry.path)
    file = SeedFile(entry.path, name, _stamp(found), identity)
    if found.st_size > MAX_SEED_BYTES and file.extension != LINES:
        raise _too_large(file)
    return file


@contextmanager
def _opened(file: SeedFile) -> Iterator[IO[bytes]]:
    """Open a file to be read; a pipe or a link in its place by now is neither waited for nor followed."""
    try:
        descriptor = os.open(file.identity, _OPEN)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise _not_regular(file.path) from exc
        raise _unreadable(file.path, exc) from exc
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_regular(file.path)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        try:
            yield stream
        except OSError as exc:
            raise _unreadable(file.path, exc) from exc


def _chunks(stream: IO[bytes], most: int) -> Iterator[bytes]:
    while most > 0 and (chunk := stream.read(min(_CHUNK, most))):
        most -= len(chunk)
        yield chunk


def _line_end(stream: IO[bytes], start: int) -> int:
    """Return where the line ends that *start* is in, its line feed included; where the file ends, if none does."""
    stream.seek(start)
    while chunk := stream.read(_PROBE):
        if (found := chunk.find(b"\n")) >= 0:
            return start + found + 1
        start += len(chunk)
    return start


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _too_large(file: SeedFile) -> SeedError:
    return _refused(file.path, "too-large", f"larger than {MAX_SEED_BYTES:,} bytes", "split it, or shorten its body")


def _not_regular(path: str) -> SeedError:
    return _refused(path, "not-regular", "not a regular file", "replace it by a file, or remove it")


def _unreadable(path: str, exc: OSError) -> SeedError:
    return _refused(path, "unreadable", f"cannot be read ({exc.strerror or exc})", "check the file and its permissions")


def _refused(path: str, code: str, fault: str, advice: str) -> SeedError:
    return SeedError(Location(path), code, fault, advice)
