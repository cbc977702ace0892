"""Files to seeds: cuts out the front matter, and reads it to a checked value."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.articles import Seed
from search.blocks import BlockReader
from search.errors import Location, SeedError
from search.files import MAX_SEED_BYTES, SeedFile, split_lines
from search.json_reader import read_json
from search.keys import to_bytes
from search.line_records import NOTHING, LineRecords, read_records, with_seeds
from search.lines import LineParser
from search.markup import Field, MarkupError
from search.parse import KNOWN_KEYS, SeedWarning, find_warnings, parse_seed, without_secret
from search.records import Sharing
from search.yaml_reader import read_yaml

_BOM = b"\xef\xbb\xbf"
_MARKDOWN = frozenset({".md", ".markdown", ".txt"})


class UnusualError(Exception):
    """More of some lines is unusual than whoever wants them read has time for."""


class SourcedSeed(NamedTuple):
    """A seed, and the line of its file (of the part of it that was read) that it starts in."""

    line: int
    seed: Seed
    #: Of its own article, see :func:`search.records.fingerprint`; empty where it is not known yet.
    fingerprint: bytes = b""


def sourced(records: LineRecords, sharing: Sharing, chosen: NDArray[np.intp] | None = None) -> list[SourcedSeed]:
    """Return the seeds of lines, or the chosen ones."""
    placed = list(records.places(chosen))
    needed = sorted({place for _, own, related, _ in placed for place in (own, *related)})
    known = records.recorded.chosen(np.array(needed, np.intp))
    listed = known.articles()
    sharing.share(listed)
    articles = dict(zip(needed, listed, strict=True))
    marks = dict(zip(needed, to_bytes(known.fingerprints), strict=True))
    found = []
    for line, own, related, is_removed in placed:
        others = tuple([articles[place] for place in related]) if related else ()
        found.append(SourcedSeed(line, Seed(article=articles[own], related=others, is_removed=is_removed), marks[own]))
    return found


@dataclass(slots=True)
class FileContent:
    """What a file, or a part of it, holds; a refused seed is a problem, and costs only itself."""

    seeds: list[SourcedSeed] = field(default_factory=list)
    #: Of the seeds in lines, which are not among these.
    records: LineRecords | None = None
    problems: list[SeedError] = field(default_factory=list)
    warnings: list[SeedWarning] = field(default_factory=list)
    #: Keys that are not read, and how many seeds have them.
    unknown_keys: dict[str, int] = field(default_factory=dict)


class SeedReader:
    """Reads seed files, and remembers between them what related lists repeat."""

    def __init__(self) -> None:
        self._blocks = BlockReader()
        self._lines = LineParser()

    def read(self, file: SeedFile, content: bytes) -> FileContent:
        """Read the *content* of a file that is one seed; its faults are in the answer."""
        found = FileContent()
        try:
            seed, structure = self._seed(file, content)
            _keep(found, SourcedSeed(1, seed), _unknown_keys(structure))
            found.warnings += find_warnings(structure, file.path)
        except SeedError as exc:
            found.problems.append(exc)
        return found

    def read_lines(
        self, file: SeedFile, content: bytes, *, is_start: bool, most_left: int = sys.maxsize
    ) -> FileContent:
        """Read some lines of a file that has a seed in each; they are counted from 1.

        Args:
            file: where they come from.
            content: whole lines.
            is_start: whether they are the first of the file.
            most_left: bytes of the lines that may hold something unusual, which takes long.

        Raises:
            UnusualError: If more do.
        """
        content = content.removeprefix(_BOM) if is_start else content
        records = read_records(content)
        if records and records.bytes_left > most_left:
            raise UnusualError
        found = FileContent(unknown_keys=_counted(records.unread) if records else {})
        for number, line in _lines_left(content, records):
            # A line too long is cut off, so that it must not be taken for a shorter one.
            if len(line) <= MAX_SEED_BYTES and (short := self._lines.parse(line)):
                _keep(found, SourcedSeed(number, short[0]), short[1])
            elif line.strip():
                self._read_line(file, line, number, found)
        found.records = with_seeds(records or NOTHING, [one[:2] for one in found.seeds])
        found.seeds.clear()
        return found

    def _read_line(self, file: SeedFile, line: bytes, number: int, found: FileContent) -> None:
        try:
            structure = read_json_line(file, line, number)
            _keep(found, SourcedSeed(number, parse_seed(structure, file.path)), _unknown_keys(structure))
        except SeedError as exc:
            found.problems.append(exc)

    def _seed(self, file: SeedFile, content: bytes) -> tuple[Seed, Field]:
        content = normalize_line_ends(content.removeprefix(_BOM))
        header, first_line = cut_front_matter(content, file)
        by_blocks = self._blocks.read(header, first_line, file.path) if _is_utf8(content[len(header) :]) else None
        return by_blocks or read_whole(_decoded(content, header, file), first_line, file)


def _counted(keys: bytes) -> dict[str, int]:
    return dict(Counter(keys.decode().split("\n")[:-1]))


def _lines_left(content: bytes, records: LineRecords | None) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of which there is no record, with their numbers."""
    if records is None:
        yield from enumerate(split_lines(content), 1)
    else:
        for number, start, end in records.others.tolist():
            yield number, content[start : min(end, start + MAX_SEED_BYTES + 1)]


def read_whole(header: str, first_line: int, file: SeedFile) -> tuple[Seed, Field]:
    """Read front matter in one go.

    Raises:
        SeedError: If it is not the front matter of a seed.
    """
    try:
        structure = without_secret(_structure(header, first_line, file))
    except MarkupError as exc:
        raise _located(exc, file) from exc
    return parse_seed(structure, file.path), structure


def read_mapping(content: bytes, file: SeedFile) -> Field:
    """Read a file that is one YAML mapping, of whatever keys, as strictly as a seed.

    Raises:
        SeedError: If it is not YAML in UTF-8, or holds what a seed may not.
    """
    content = normalize_line_ends(content.removeprefix(_BOM))
    try:
        return read_yaml(_decoded(content, content, file))
    except MarkupError as exc:
        raise _located(exc, file) from exc


def normalize_line_ends(content: bytes) -> bytes:
    r"""Bring every line end that editors write to ``\n``; the separators U+2028 and U+2029 become spaces."""
    # Looking for one byte is many times faster than for two or three, and mostly finds nothing.
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\x85" in content:
        content = content.replace(b"\xc2\x85", b"\n")
    if b"\xa8" in content or b"\xa9" in content:
        content = content.replace(b"\xe2\x80\xa8", b" ").replace(b"\xe2\x80\xa9", b" ")
    return content


def cut_front_matter(content: bytes, file: SeedFile) -> tuple[bytes, int]:
    """Return the front matter, and the number of its first line.

    Raises:
        SeedError: If the front matter of a Markdown or text file is not closed.
    """
    first_end = content.find(b"\n")
    if content[:first_end].rstrip() != b"---" or first_end < 0:
        return content, 1
    closing = _closing_fence(content, first_end)
    if closing is None:
        if file.extension not in _MARKDOWN:
            return content[first_end + 1 :], 2
        fault, advice = "the front matter is not closed", "add a line `---` behind its last key"
        raise SeedError(Location(file.path), "unclosed", fault, advice)
    return content[first_end + 1 : closing], 2


def _closing_fence(content: bytes, start: int) -> int | None:
    """Return where the first line begins that is exactly ``---`` or ``...``, but for blanks behind it."""
    closing = None
    for marker in (b"\n---", b"\n..."):
        # Nothing behind a fence that was found is of interest.
        at = content.find(marker, start, closing)
        while at >= 0:
            end = content.find(b"\n", at + 1)
            if not content[at + len(marker) : end if end >= 0 else None].strip(b" \t"):
                closing = at + 1
                break
            at = content.find(marker, at + 1, closing)
    return closing


def _structure(header: str, first_line: int, file: SeedFile) -> Field:
    if file.extension == ".json" and first_line == 1:
        try:
            return read_json(header)
        except MarkupError as exc:
            if exc.code != "json":
                raise
            with suppress(MarkupError):
                return read_yaml(header)
            raise
    return read_yaml(header, first_line=first_line)


def read_json_line(file: SeedFile, line: bytes, number: int) -> Field:
    """Read a line that is one JSON value.

    Raises:
        SeedError: If it is none.
    """
    if len(line) > MAX_SEED_BYTES:
        where = Location(file.path, number)
        raise SeedError(where, "too-large", f"a line larger than {MAX_SEED_BYTES:,} bytes", "shorten it")
    try:
        return without_secret(read_json(line.decode(), first_line=number))
    except UnicodeDecodeError as exc:
        raise _not_utf8(file, line, exc, first_line=number) from exc
    except MarkupError as exc:
        raise _located(exc, file) from exc


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unknown_keys(structure: Field) -> Iterable[str]:
    return structure.value.keys() - KNOWN_KEYS if isinstance(structure.value, dict) else ()


def _keep(found: FileContent, seed: SourcedSeed, unknown: Iterable[str]) -> None:
    found.seeds.append(seed)
    for key in unknown:
        found.unknown_keys[key] = found.unknown_keys.get(key, 0) + 1


def _decoded(content: bytes, header: bytes, file: SeedFile) -> str:
    try:
        content.decode()
        return header.decode()
    except UnicodeDecodeError as exc:
        raise _not_utf8(file, content, exc) from exc


def _not_utf8(file: SeedFile, content: bytes, exc: UnicodeDecodeError, *, first_line: int = 1) -> SeedError:
    before = content[: exc.start].decode()
    line = before.count("\n") + first_line
    where = Location(file.path, line, len(before) - before.rfind("\n"))
    return SeedError(where, "not-utf-8", f"not UTF-8 (byte 0x{content[exc.start]:02x})", "save the file as UTF-8")


def _located(exc: MarkupError, file: SeedFile) -> SeedError:
    return SeedError(Location(file.path, exc.line, exc.column), exc.code, exc.fault, exc.advice)
