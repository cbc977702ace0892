"""What is remembered between runs: every file's stamp, and the seeds that were last good in it.

``seeds.cache`` says what the files looked like, what was wrong with them, and where their seeds are kept, which is all
that a run without changes needs. It is JSON behind its own checksum, and replaced all at once. The seeds are in
``seeds-a.packs`` or ``seeds-b.packs``, to which a run appends what it has read; the other of the two is begun where too
much of the one is out of use. A damaged or foreign file is noticed: then all seeds are read again. What that cannot
bring back is the last good version of a seed that is broken now.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from search.errors import IndexUnreadableError, IndexWriteError, Location, SeedError
from search.files import Stamp
from search.packs import Unpacker, pack
from search.seeds import SourcedSeed
from search.store import Pack, Place, Store

#: Raise it whenever the same file must be read differently.
CACHE_FORMAT = 5
#: Packs of several lists, of which every run with a changed file adds one, before they are made one again.
MAX_TABLES = 32

_STORES = ("seeds-a.packs", "seeds-b.packs")


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
        return [_moved(problem, line=base) for base, part in self._placed() for problem in part.problems]

    @property
    def digests(self) -> list[bytes]:
        """The digests of all parts."""
        return [part.digest for part in self.parts]

    def seeds(self) -> Iterator[SourcedSeed]:
        """Yield what the file gives, with the lines of the file."""
        for base, part in self._placed():
            if base:
                for line, seed, fingerprint in part.seeds:
                    yield SourcedSeed(base + line, seed, fingerprint)
            else:
                yield from part.seeds

    def seen_as(self, name: str, path: str) -> KnownFile:
        """Return the same for a file that is called so now."""
        parts = [
            replace(part, problems=[_moved(problem, file=path) for problem in part.problems]) for part in self.parts
        ]
        return replace(self, name=name, parts=parts)

    def _placed(self) -> Iterator[tuple[int, KnownPart]]:
        """Yield every part with the lines before it."""
        base = 0
        for part in self.parts:
            yield base, part
            base += part.lines
        if self.kept:
            yield 0, self.kept


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
    #: By identity; without their seeds until :meth:`Cache.load_seeds`.
    files: dict[str, KnownFile]


class Cache:
    """The files that a :class:`LastRun` is kept in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "seeds.cache"
        self._store = Store(folder / _STORES[0])

    def load(self) -> LastRun | None:
        """Return what the last run left, without the seeds; None where there is nothing that can be used.

        Raises:
            IndexUnreadableError: If it is there and cannot be read, though it may be used another time.
        """
        try:
            sealed = self._file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise IndexUnreadableError(self._folder, exc.strerror or str(exc)) from exc
        content = _unsealed(sealed)
        if content is None or content.get("format") != CACHE_FORMAT:
            return None
        self._store = Store(self._folder / _STORES[content["store"]], [Pack(*row) for row in content["packs"]])
        files = {_from_name(row[0]): _file_from_row(row) for row in content["files"]}
        known = {key: content[key] for key in ("articles", "stories", "generation", "index_format", "started_ns")}
        return LastRun(**known, files=files)

    def load_seeds(self, memory: LastRun) -> bool:
        """Fill in the seeds; return whether they could be read."""
        unpacker = Unpacker()
        lists: dict[int, list[list[SourcedSeed]]] = {}
        for part in _parts(memory):
            if part.place is None:
                continue
            number, row = part.place
            if number not in lists:
                if (packed := self._store.read(number)) is None:
                    return False
                lists[number] = unpacker.unpack(packed)
            part.seeds = lists[number][row]
        return True

    def start_anew(self, memory: LastRun | None = None) -> None:
        """Keep all that follows, and what *memory* holds, in the other file; until it is saved, both are there."""
        self._store = Store(self._folder / _STORES[1 - self._store_number])
        for part in _parts(memory):
            part.place = None

    def keep(self, packed: bytes) -> Place:
        """Keep one list of seeds, packed, to be saved later.

        Raises:
            IndexWriteError: If it cannot be written.
        """
        return Place(self._store.append(packed), 0)

    def save(self, memory: LastRun) -> None:
        """Replace what is remembered, all at once.

        Raises:
            IndexWriteError: If it cannot be written; what was remembered stays.
        """
        if self._is_wasteful(memory):
            self._compact(memory)
        self._keep_rest(memory)
        header = {
            "format": CACHE_FORMAT,
            "articles": memory.articles,
            "stories": memory.stories,
            "generation": memory.generation,
            "index_format": memory.index_format,
            "started_ns": memory.started_ns,
            "store": self._store_number,
            "packs": [list(one) for one in self._store.packs],
            "files": [_file_to_row(identity, known) for identity, known in memory.files.items()],
        }
        new = self._file.with_suffix(".new")
        try:
            self._store.sync()
            with new.open("wb") as stream:
                stream.write(_sealed(header))
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(self._file)
        except OSError as exc:
            raise IndexWriteError(self._folder, exc.strerror or str(exc)) from exc
        with suppress(OSError):
            (self._folder / _STORES[1 - self._store_number]).unlink()

    def give_up(self) -> None:
        """Forget what was kept and not saved."""
        self._store.undo()

    @property
    def _store_number(self) -> int:
        return _STORES.index(self._store.file.name)

    def _is_wasteful(self, memory: LastRun) -> bool:
        """Return whether more than half of what is kept is out of use, or in too many pieces."""
        packs = self._store.packs
        used = Counter(part.place.pack for part in _parts(memory) if part.place)
        in_use = sum(packs[number].size * min(1, count / (packs[number].lists or 1)) for number, count in used.items())
        tables = sum(packs[number].lists is not None for number in used)
        return 2 * in_use < self._store.size or tables > MAX_TABLES

    def _compact(self, memory: LastRun) -> None:
        """Go on in the other file: ranges of lines as they are, and the rest to be packed together."""
        old = self._store
        self.start_anew()
        for part in _parts(memory):
            is_alone = part.place is not None and old.packs[part.place.pack].lists is None
            packed = old.read(part.place.pack) if part.place and is_alone else None
            part.place = self.keep(packed) if packed else None

    def _keep_rest(self, memory: LastRun) -> None:
        """Keep what is not kept yet, all in one pack."""
        rest = [part for part in _parts(memory) if part.place is None and part.seeds]
        if rest:
            number = self._store.append(pack([part.seeds for part in rest]), len(rest))
            for row, part in enumerate(rest):
                part.place = Place(number, row)


def count_refused(folder: Path) -> int:
    """Return how many seeds the last reindex of the index in *folder* refused."""
    return sum(len(part.problems) for part in _parts(Cache(folder).load()))


def _parts(memory: LastRun | None) -> Iterable[KnownPart]:
    for known in memory.files.values() if memory else ():
        yield from known.parts
        if known.kept:
            yield known.kept


def _moved(problem: SeedError, *, line: int = 0, file: str | None = None) -> SeedError:
    """Return the same problem *line* lines further down, or in another file."""
    where = problem.where
    if not line and file in {None, where.file}:
        return problem
    where = Location(file or where.file, where.line + line, where.column)
    return SeedError(where, problem.code, problem.fault, problem.advice)


def _file_to_row(identity: str, known: KnownFile) -> list[Any]:
    parts = [_part_to_row(part) for part in known.parts]
    kept = _part_to_row(known.kept) if known.kept else None
    return [_name(identity), _name(known.name), list(known.stamp), parts, kept]


def _file_from_row(row: list[Any]) -> KnownFile:
    kept = _part_from_row(row[4]) if row[4] else None
    return KnownFile(_from_name(row[1]), Stamp(*row[2]), [_part_from_row(part) for part in row[3]], kept)


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


def _sealed(content: dict[str, Any]) -> bytes:
    line = orjson.dumps(content)
    return blake2b(line, digest_size=16).hexdigest().encode() + b" " + line + b"\n"


def _unsealed(line: bytes) -> dict[str, Any] | None:
    seal, _, content = line.rstrip(b"\n").partition(b" ")
    if blake2b(content, digest_size=16).hexdigest().encode() != seal:
        return None
    unsealed: dict[str, Any] = orjson.loads(content)
    return unsealed
