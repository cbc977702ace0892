"""Files to the parts that are read, and remembered, one by one: ranges of lines, or all of a file that is one seed."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from search.errors import SeedError
from search.files import LINES, LineRange, SeedFile, cut_lines, read_bytes, read_range
from search.seeds import FileContent, SeedReader


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file to read, and the digests of its parts that are known already."""

    file: SeedFile
    known: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """What was found in a part of a file: a range of its lines, or all of a file that is one seed."""

    #: Empty where it could not be read, and is to be tried again.
    digest: bytes
    #: Lines in a range of them.
    lines: int
    #: Its lines are counted from the first of the part; None where the known one still holds.
    content: FileContent | None


class Task(NamedTuple):
    """A part of a file to read."""

    file: SeedFile
    #: None for all of a file that is one seed.
    range: LineRange | None
    known: frozenset[bytes]

    @property
    def size(self) -> int:
        """Bytes to read."""
        return self.range.size if self.range else self.file.stamp.size


def plan(request: FileRequest) -> list[Task | PartAnswer]:
    """Cut a file into the parts that are to be read, and those that are known already."""
    file, known = request.file, request.known
    if file.extension != LINES:
        return [Task(file, None, known)]
    try:
        parts = [_known_part(file, part, known) or Task(file, part, known) for part in cut_lines(file)]
    except SeedError as exc:
        return [PartAnswer(b"", 0, FileContent(problems=[exc]))]
    return parts


def _known_part(file: SeedFile, part: LineRange, known: frozenset[bytes]) -> PartAnswer | None:
    """Look whether a range is known, which is many times faster than reading its lines."""
    if not known:
        return None
    content = read_range(file, part)
    digest = _digest(content, part)
    return PartAnswer(digest, _line_count(content), None) if digest in known else None


def answer(task: Task, reader: SeedReader, *, most_left: float = 1.0) -> PartAnswer:
    """Read one part of a file unless its bytes are known ones.

    Args:
        task: which one.
        reader: reads it.
        most_left: the share of a range of lines that may hold something unusual, which takes long.

    Raises:
        UnusualError: If more does.
    """
    try:
        content = read_range(task.file, task.range) if task.range else read_bytes(task.file)
    except SeedError as exc:
        return PartAnswer(b"", 0, FileContent(problems=[exc]))
    digest, lines = _digest(content, task.range), _line_count(content)
    if digest in task.known:
        return PartAnswer(digest, lines, None)
    if task.range is None:
        return PartAnswer(digest, lines, reader.read(task.file, content))
    is_start, most = task.range.start == 0, int(most_left * len(content))
    return PartAnswer(digest, lines, reader.read_lines(task.file, content, is_start=is_start, most_left=most))


def _digest(content: bytes, part: LineRange | None) -> bytes:
    # A byte order mark is none but at the start of a file, so that the same bytes mean something else there.
    place = b"start" if part and part.start == 0 else b""
    return blake2b(content, digest_size=16, person=place).digest()


def _line_count(content: bytes) -> int:
    return content.count(b"\n") + (not content.endswith(b"\n"))
