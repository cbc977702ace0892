"""The folder of seeds: which files are read, and how, so that nothing but seeds inside the folder ever is."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from search.errors import Location, SeedError, SeedsFolderError

#: Bytes of a seed file, and of a line in a ``.jsonl`` file.
MAX_SEED_BYTES = 1 << 20
EXTENSIONS = frozenset({".md", ".markdown", ".txt", ".yaml", ".yml", ".json", ".jsonl"})
LINES = ".jsonl"
#: Codes of problems with a file, not with what is in it.
NOT_READ = frozenset({"unreadable", "not-regular"})

_CHUNK = 1 << 18
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
    content = b"".join(_chunks(file, MAX_SEED_BYTES + 1))
    if len(content) > MAX_SEED_BYTES:
        raise _too_large(file)
    return content


def read_lines(file: SeedFile) -> Iterator[bytes]:
    """Read a file line by line; of a line over ``MAX_SEED_BYTES`` only that much and one byte more.

    Raises:
        SeedError: If it cannot be read or is no regular file any more.
    """
    pending = b""
    for chunk in _chunks(file, None):
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield (pending + line)[: MAX_SEED_BYTES + 1]
            pending = b""
        pending = (pending + rest)[: MAX_SEED_BYTES + 1]
    if pending:
        yield pending


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


def _chunks(file: SeedFile, most: int | None) -> Iterator[bytes]:
    """Read up to *most* bytes; a pipe or a link in the file's place by now is neither waited for nor followed."""
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
        left = most
        while left is None or left > 0:
            try:
                chunk = stream.read(_CHUNK if left is None else min(_CHUNK, left))
            except OSError as exc:
                raise _unreadable(file.path, exc) from exc
            if not chunk:
                return
            left = None if left is None else left - len(chunk)
            yield chunk


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
