"""What is remembered between runs: every file's stamp, and the seeds that were last good in it.

One file of two lines. The first says what the files looked like and what was wrong with them, which is all that a run
without changes needs; the second holds the seeds, each distinct article once. Either is JSON behind its own checksum,
so that a damaged or foreign file is noticed: then all seeds are read again. What that cannot bring back is the last
good version of a seed that is broken now.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from search.articles import Article, Seed
from search.errors import IndexUnreadableError, IndexWriteError, Location, SeedError
from search.files import Stamp
from search.records import article_from_record, article_to_record
from search.seeds import SourcedSeed

#: Raise it whenever the same file must be read differently.
CACHE_FORMAT = 2


@dataclass(slots=True)
class KnownFile:
    """What is known of a file."""

    name: str
    stamp: Stamp
    digest: bytes
    problems: list[SeedError] = field(default_factory=list)
    #: What the file gives; with problems, also what its last good version gave and this one does not replace.
    seeds: list[SourcedSeed] = field(default_factory=list)

    def seen_as(self, name: str, path: str) -> KnownFile:
        """Return the same for a file that is called so now."""
        problems = [
            SeedError(problem.where._replace(file=path), problem.code, problem.fault, problem.advice)
            for problem in self.problems
        ]
        return replace(self, name=name, problems=problems)


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
    """The file that a :class:`LastRun` is kept in."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "seeds.cache"
        self._seeds_line = b""

    def load(self) -> LastRun | None:
        """Return what the last run left, without the seeds; None where there is nothing that can be used.

        Raises:
            IndexUnreadableError: If it is there and cannot be read, though it may be used another time.
        """
        try:
            with self._file.open("rb") as stream:
                header, self._seeds_line = stream.readline(), stream.readline()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise IndexUnreadableError(self._file.parent, exc.strerror or str(exc)) from exc
        content = _unsealed(header)
        if content is None or content.get("format") != CACHE_FORMAT:
            return None
        files = {_from_name(row[0]): _file_from_row(row) for row in content["files"]}
        known = {key: content[key] for key in ("articles", "stories", "generation", "index_format", "started_ns")}
        return LastRun(**known, files=files)

    def load_seeds(self, memory: LastRun) -> bool:
        """Fill in the seeds; return whether they could be read."""
        content = _unsealed(self._seeds_line)
        if content is None:
            return False
        articles = [article_from_record(record) for record in content["articles"]]
        for known, rows in zip(memory.files.values(), content["files"], strict=True):
            known.seeds = [_seed_from_row(row, articles) for row in rows]
        return True

    def save(self, memory: LastRun) -> None:
        """Replace what is remembered, all at once.

        Raises:
            IndexWriteError: If it cannot be written; what was remembered stays.
        """
        table = _ArticleTable()
        rows = [[table.row(sourced) for sourced in known.seeds] for known in memory.files.values()]
        header = {
            "format": CACHE_FORMAT,
            "articles": memory.articles,
            "stories": memory.stories,
            "generation": memory.generation,
            "index_format": memory.index_format,
            "started_ns": memory.started_ns,
            "files": [_file_to_row(identity, known) for identity, known in memory.files.items()],
        }
        new = self._file.with_suffix(".new")
        try:
            with new.open("wb") as stream:
                stream.write(_sealed(header) + _sealed({"articles": table.records, "files": rows}))
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(self._file)
        except OSError as exc:
            raise IndexWriteError(self._file.parent, exc.strerror or str(exc)) from exc


def count_refused(folder: Path) -> int:
    """Return how many seeds the last reindex of the index in *folder* refused."""
    memory = Cache(folder).load()
    return sum(len(known.problems) for known in memory.files.values()) if memory else 0


class _ArticleTable:
    """Each distinct article once; related lists repeat them by the hundred."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self._by_value: dict[Article, int] = {}
        # Nearly all repetitions are the same object, which is found without comparing thirteen fields.
        self._by_identity: dict[int, int] = {}

    def row(self, sourced: SourcedSeed) -> list[Any]:
        seed = sourced.seed
        related = [self._place(article) for article in seed.related]
        return [sourced.line, self._place(seed.article), related, seed.is_removed]

    def _place(self, article: Article) -> int:
        place = self._by_identity.get(id(article))
        if place is None:
            place = self._by_value.setdefault(article, len(self.records))
            if place == len(self.records):
                self.records.append(article_to_record(article))
            self._by_identity[id(article)] = place
        return place


def _seed_from_row(row: list[Any], articles: list[Article]) -> SourcedSeed:
    line, own, related, is_removed = row
    seed = Seed(article=articles[own], related=tuple([articles[i] for i in related]), is_removed=is_removed)
    return SourcedSeed(line, seed)


def _file_to_row(identity: str, known: KnownFile) -> list[Any]:
    problems = [[_name(p.where.file), *p.where[1:], p.code, p.fault, p.advice] for p in known.problems]
    return [_name(identity), _name(known.name), list(known.stamp), known.digest.hex(), problems]


def _file_from_row(row: list[Any]) -> KnownFile:
    problems = [SeedError(Location(_from_name(file), line, column), *rest) for file, line, column, *rest in row[4]]
    return KnownFile(_from_name(row[1]), Stamp(*row[2]), bytes.fromhex(row[3]), problems)


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
