"""What is remembered between runs: every file's stamp, and the seeds that were last good in it.

``seeds.cache`` says what the files looked like, what was wrong with them, and where their seeds are kept, which is all
that a run without changes needs. It is JSON behind its own checksum, and replaced all at once. The seeds are in
``seeds-a.packs`` or ``seeds-b.packs``, to which a run appends what it has read; the other of the two is begun where too
much of the one is out of use. An article that is published is not kept once more: the engine has it, by its
fingerprint. The seeds of lines become columns, and their articles are only looked at where somebody must.

A damaged or foreign file is noticed: then all seeds are read again, as those are of which an article is nowhere any
more. What that cannot bring back is the last good version of a seed that is broken now.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from search.errors import IndexUnreadableError, IndexWriteError
from search.files import UNREAD
from search.keys import NO_FINGERPRINTS, NO_MARKS, Fingerprints, Marks, look_up
from search.line_records import LineRecords
from search.packs import Unpacked, pack, pack_records
from search.recorded import NONE, Recorded
from search.records import Sharing, fingerprint, to_record
from search.remembered import KnownPart, LastRun, file_from_row, file_to_row
from search.seeds import SourcedSeed
from search.store import Pack, Place, Store

#: Raise it whenever the same file must be read differently.
CACHE_FORMAT = 6
#: Packs of several lists, of which every run with a changed file adds one, before they are made one again.
MAX_TABLES = 32
#: Bytes of packs with articles that were published since, up to which nothing is written once more without them.
MAX_DOUBLE = 1 << 18

#: Finds published articles by their fingerprints, as many as there are, and in the order of these.
Recall = Callable[[NDArray[np.uint64]], Recorded]

_STORES = ("seeds-a.packs", "seeds-b.packs")


class Cache:
    """The files that a :class:`LastRun` is kept in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "seeds.cache"
        self._new_file = folder / "seeds.new"
        self._store = Store(folder / _STORES[0])
        #: Whether it is this store that ``seeds.cache`` speaks of.
        self._is_saved = False

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
        self._is_saved = True
        files = dict(map(file_from_row, content["files"]))
        known = {key: content[key] for key in ("articles", "stories", "generation", "index_format", "started_ns")}
        return LastRun(**known, files=files)

    def load_seeds(self, memory: LastRun, recall: Recall) -> bool:
        """Fill in the seeds; return whether they could be read.

        A file of which an article is nowhere to be found is as one that was never read.
        """
        packs: dict[int, Unpacked] = {}
        sharing = Sharing()
        for number in {part.place.pack for part in memory.parts() if part.place}:
            if (packed := self._store.read(number)) is None:
                return False
            packs[number] = Unpacked(packed, sharing)
        found = _recalled(list(packs.values()), recall)
        kept = {
            number: self._unpacked(number, unpacked, its)
            for (number, unpacked), its in zip(packs.items(), found, strict=True)
        }
        for known in memory.files.values():
            for part in known.all_parts():
                seeds = kept[part.place.pack][part.place.row] if part.place else []
                if seeds is None:
                    known.stamp, part.digest, part.place = UNREAD, b"", None
                elif isinstance(seeds, LineRecords):
                    part.records = seeds
                else:
                    part.seeds = seeds
        return True

    def _unpacked(
        self, number: int, unpacked: Unpacked, found: Recorded
    ) -> Sequence[LineRecords | list[SourcedSeed] | None]:
        """Return the lists of a pack; the one of a range of lines as its records."""
        return [unpacked.lines(found)] if self._store.packs[number].lists is None else unpacked.lists(found)

    def start_anew(self, memory: LastRun | None = None) -> None:
        """Keep all that follows, and what *memory* holds, in the other file; until it is saved, both are there."""
        self._store, self._is_saved = Store(self._folder / _STORES[1 - self._store_number]), False
        for part in memory.parts() if memory else ():
            part.place = None

    def keep(self, packed: bytes, *, is_final: bool = False) -> Place:
        """Keep one list of seeds, packed, to be saved later.

        Raises:
            IndexWriteError: If it cannot be written.
        """
        return Place(self._store.append(packed, is_final=is_final), 0)

    def save(
        self,
        memory: LastRun,
        elsewhere: Fingerprints = NO_FINGERPRINTS,
        leaving: Marks = NO_MARKS,
        *,
        is_final: bool = False,
    ) -> None:
        """Replace what is remembered, all at once.

        Args:
            memory: what is to be remembered.
            elsewhere: the fingerprints of the articles that the engine has, and goes on having.
            leaving: those of the articles that it has, and soon has no more.
            is_final: whether that is all it will have.

        Raises:
            IndexWriteError: If it cannot be written; what was remembered stays.
        """
        # Of the two stores, one is always what was saved last.
        if self._is_saved and self._is_wasteful(memory):
            self._compact(memory)
        parts = [part for known in memory.files.values() for part in known.parts]
        marks = Fingerprints(leaving.fingerprints)
        for part in parts if leaving else ():
            if part.place and _holds_any(part, leaving, marks):
                part.place = None
        self._keep_rest(parts, elsewhere, is_final=is_final)
        # The last good version of what is broken now is nowhere else to be read again.
        self._keep_rest([known.kept for known in memory.files.values() if known.kept], NO_FINGERPRINTS, is_final=True)
        try:
            self._write(memory)
        except OSError as exc:
            raise IndexWriteError(self._folder, exc.strerror or str(exc)) from exc
        self._is_saved = True
        self._drop_other()

    def leave_out(self, memory: LastRun, elsewhere: Fingerprints) -> None:
        """Leave out the articles *elsewhere*, by their fingerprints, where that is worth writing all once more."""
        double = sum(pack.size for pack in self._store.packs if not pack.is_final)
        if double > max(MAX_DOUBLE, self._store.size // 4):
            self.start_anew(memory)
            # It is only shorter than what is saved already.
            with suppress(IndexWriteError):
                self.save(memory, elsewhere, is_final=True)

    def make_whole(self, recall: Recall) -> None:
        """Keep everything that was left out, since the engine may soon have it no more.

        Raises:
            IndexUnreadableError: If what is remembered cannot be read.
            IndexWriteError: If it cannot be written; what was remembered stays.
        """
        memory = self.load()
        if memory and self.load_seeds(memory, recall):
            self.start_anew(memory)
            try:
                self.save(memory)
            finally:
                self.give_up()

    def give_up(self) -> None:
        """Forget what was kept and not saved, and what a run left behind that died as it saved."""
        self._store.undo()
        with suppress(OSError):
            self._new_file.unlink()
        if self._is_saved:
            self._drop_other()

    @property
    def _store_number(self) -> int:
        return _STORES.index(self._store.file.name)

    def _write(self, memory: LastRun) -> None:
        """Bring what is kept to the disk, and then what says where it is."""
        header = {
            "format": CACHE_FORMAT,
            "articles": memory.articles,
            "stories": memory.stories,
            "generation": memory.generation,
            "index_format": memory.index_format,
            "started_ns": memory.started_ns,
            "store": self._store_number,
            "packs": [list(one) for one in self._store.packs],
            "files": [file_to_row(identity, known) for identity, known in memory.files.items()],
        }
        self._store.sync()
        with self._new_file.open("wb") as stream:
            stream.write(_sealed(header))
            stream.flush()
            os.fsync(stream.fileno())
        self._new_file.replace(self._file)

    def _drop_other(self) -> None:
        """Delete the store that is out of use."""
        with suppress(OSError):
            (self._folder / _STORES[1 - self._store_number]).unlink()

    def _is_wasteful(self, memory: LastRun) -> bool:
        """Return whether more than half of what is kept is out of use, or in too many pieces."""
        packs = self._store.packs
        used = Counter(part.place.pack for part in memory.parts() if part.place)
        in_use = sum(packs[number].size * min(1, count / (packs[number].lists or 1)) for number, count in used.items())
        tables = sum(packs[number].lists is not None for number in used)
        return 2 * in_use < self._store.size or tables > MAX_TABLES

    def _compact(self, memory: LastRun) -> None:
        """Go on in the other file: ranges of lines as they are, and the rest to be packed together."""
        old = self._store
        self.start_anew()
        for part in memory.parts():
            known = old.packs[part.place.pack] if part.place else None
            packed = old.read(part.place.pack) if part.place and known and known.lists is None else None
            part.place = self.keep(packed, is_final=known.is_final) if packed and known else None
        old.undo()

    def _keep_rest(self, parts: Iterable[KnownPart], elsewhere: Fingerprints, *, is_final: bool) -> None:
        """Keep what is not kept yet: ranges of lines as they were read, and all else in one pack."""
        rest = []
        for part in parts:
            if part.place is None and part.records:
                part.place = self.keep(pack_records(part.records, elsewhere), is_final=is_final)
            elif part.place is None and part.seeds:
                rest.append(part)
        if rest:
            packed = pack([part.seeds for part in rest], elsewhere)
            number = self._store.append(packed, len(rest), is_final=is_final)
            for row, part in enumerate(rest):
                part.place = Place(number, row)


def _holds_any(part: KnownPart, leaving: Marks, marks: Fingerprints) -> bool:
    """Tell whether seeds hold one of these articles, of which the *marks* are the fingerprints alone."""
    if part.records:
        return bool(marks.holds(part.records.recorded.fingerprints).any())
    return any(
        article.id in leaving and leaving[article.id] == fingerprint(to_record(article))
        for _, seed, _ in part.seeds
        for article in (seed.article, *seed.related)
    )


def _recalled(packs: Sequence[Unpacked], recall: Recall) -> list[Recorded]:
    """Return, for each pack, what is found of the articles that were left out, in their order."""
    missing = [unpacked.missing() for unpacked in packs]
    sought = np.concatenate([NONE.fingerprints, *missing])
    found = recall(sought)
    places, there = look_up(sought, found.fingerprints)
    found, before = found.chosen(places[there]), np.concatenate([[0], np.cumsum(there)])
    return [found[first:end] for first, end in pairwise(before[np.cumsum([0, *map(len, missing)])].tolist())]


def count_refused(folder: Path) -> int:
    """Return how many seeds the last reindex of the index in *folder* refused."""
    memory = Cache(folder).load()
    return sum(len(part.problems) for part in memory.parts()) if memory else 0


def _sealed(content: dict[str, Any]) -> bytes:
    line = orjson.dumps(content)
    return blake2b(line, digest_size=16).hexdigest().encode() + b" " + line + b"\n"


def _unsealed(line: bytes) -> dict[str, Any] | None:
    seal, _, content = line.rstrip(b"\n").partition(b" ")
    if blake2b(content, digest_size=16).hexdigest().encode() != seal:
        return None
    unsealed: dict[str, Any] = orjson.loads(content)
    return unsealed
