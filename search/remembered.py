"""What one run leaves to the next: every file's stamp, what was wrong with it, and, once they are loaded, its seeds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import Location, SeedError
from search.files import Stamp
from search.keys import ids_to_numbers, look_up
from search.line_records import LineRecords
from search.recorded import NONE
from search.records import Sharing
from search.seeds import SourcedSeed, sourced
from search.store import Place


@dataclass(slots=True)
class KnownPart:
    """What is known of a part of a file; its lines are counted from its own first."""

    #: Empty where it is of no bytes that are there now.
    digest: bytes = b""
    lines: int = 0
    problems: list[SeedError] = field(default_factory=list)
    seeds: list[SourcedSeed] = field(default_factory=list)
    #: None for what is not kept yet.
    place: Place | None = None
    #: The seeds of a range of lines, in place of those above.
    records: LineRecords | None = None

    @property
    def seed_count(self) -> int:
        """Count the seeds, however they are had."""
        return len(self.seeds) + (len(self.records.seeds) if self.records else 0)

    def all_seeds(self, but_of: NDArray[np.uint64] = NONE.ids) -> list[SourcedSeed]:
        """Return the seeds, however they are had, but for those of some articles, whose ids are in order."""
        if not len(but_of):
            return [*self.seeds, *(sourced(self.records, Sharing()) if self.records else ())]
        left = ~look_up(self.own_ids(), but_of)[1]
        listed, places = list(compress(self.seeds, left)), np.flatnonzero(left[len(self.seeds) :])
        return listed + sourced(self.records, Sharing(), places) if self.records else listed

    def own_ids(self) -> NDArray[np.uint64]:
        """Return the ids of the articles that the seeds are of."""
        own = ids_to_numbers(seed.article.id for _, seed, _ in self.seeds)
        return np.concatenate([own, self.records.own_ids()]) if self.records else own


@dataclass(slots=True)
class KnownFile:
    """What is known of a file."""

    name: str
    stamp: Stamp
    #: In the order of the file.
    parts: list[KnownPart] = field(default_factory=list)
    #: Where there are problems: what the last good version gave, and this one does not replace.
    kept: KnownPart | None = None

    @property
    def problems(self) -> list[SeedError]:
        """What is wrong, with the lines of the file."""
        return [_moved(problem, line=base) for base, part in self.placed() for problem in part.problems]

    @property
    def digests(self) -> list[bytes]:
        """The digests of all parts."""
        return [part.digest for part in self.parts]

    def all_parts(self) -> list[KnownPart]:
        """Return the parts, and what is kept."""
        return [*self.parts, self.kept] if self.kept else self.parts

    def seeds(self, but_of: NDArray[np.uint64] = NONE.ids) -> Iterator[SourcedSeed]:
        """Yield what the file gives, with the lines of the file, but for some articles, whose ids are in order."""
        for base, part in self.placed():
            if base:
                for line, seed, fingerprint in part.all_seeds(but_of):
                    yield SourcedSeed(base + line, seed, fingerprint)
            else:
                yield from part.all_seeds(but_of)

    def placed(self) -> Iterator[tuple[int, KnownPart]]:
        """Yield every part with the lines before it."""
        base = 0
        for part in self.parts:
            yield base, part
            base += part.lines
        if self.kept:
            yield 0, self.kept

    def seen_as(self, name: str, path: str) -> KnownFile:
        """Return the same for a file that is called so now."""
        parts = [
            replace(part, problems=[_moved(problem, file=path) for problem in part.problems]) for part in self.parts
        ]
        return replace(self, name=name, parts=parts)


@dataclass(slots=True)
class LastRun:
    """What one run leaves to the next."""

    articles: int
    stories: int
    generation: str
    #: :data:`search.catalog.INDEX_FORMAT` of then.
    index_format: int
    #: When the run began to look at the files, by the clock of their file system; a file changed since may have
    #: changed again without its stamp showing it.
    started_ns: int
    #: By identity; without their seeds until :meth:`search.cache.Cache.load_seeds`.
    files: dict[str, KnownFile]

    def parts(self) -> Iterator[KnownPart]:
        """Yield every part of every file, and what is kept of it."""
        for known in self.files.values():
            yield from known.all_parts()


def file_to_row(identity: str, known: KnownFile) -> list[Any]:
    """Return a file, and its identity, as what JSON can hold; without the seeds."""
    parts = [_part_to_row(part) for part in known.parts]
    kept = _part_to_row(known.kept) if known.kept else None
    return [_name(identity), _name(known.name), list(known.stamp), parts, kept]


def file_from_row(row: list[Any]) -> tuple[str, KnownFile]:
    """Undo :func:`file_to_row`."""
    identity, name, stamp, parts, kept = row
    kept_part = _part_from_row(kept) if kept else None
    return _from_name(identity), KnownFile(_from_name(name), Stamp(*stamp), list(map(_part_from_row, parts)), kept_part)


def _moved(problem: SeedError, *, line: int = 0, file: str | None = None) -> SeedError:
    """Return the same problem *line* lines further down, or in another file."""
    where = problem.where
    if not line and file in {None, where.file}:
        return problem
    where = Location(file or where.file, where.line + line, where.column)
    return SeedError(where, problem.code, problem.fault, problem.advice)


def _part_to_row(part: KnownPart) -> list[Any]:
    problems = [[_name(p.where.file), *p.where[1:], p.code, p.fault, p.advice] for p in part.problems]
    return [part.digest.hex(), part.lines, part.place and list(part.place), problems]


def _part_from_row(row: list[Any]) -> KnownPart:
    digest, lines, place, listed = row
    problems = [SeedError(Location(_from_name(file), line, column), *rest) for file, line, column, *rest in listed]
    return KnownPart(bytes.fromhex(digest), lines, problems, [], Place(*place) if place else None)


def _name(name: str) -> str:
    """Write a file's name for JSON: it is bytes to the system, and need not be Unicode."""
    return os.fsencode(name).hex()


def _from_name(written: str) -> str:
    return os.fsdecode(bytes.fromhex(written))
