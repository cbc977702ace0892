"""The engine itself: writes generations, and opens one to be searched."""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from search.articles import Article, Story
from search.catalog import Catalog, fingerprint, generation_id
from search.engine import Statistics
from search.engines.whoosh.archive import is_exported, read_archive, write_archive
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.completion import Completions
from search.engines.whoosh.counting import count_providers
from search.engines.whoosh.execution import Execution
from search.engines.whoosh.generations import Generations
from search.engines.whoosh.opening import open_generation, open_imported
from search.engines.whoosh.operands import Budget
from search.engines.whoosh.plan import Planner
from search.engines.whoosh.recalling import recall
from search.engines.whoosh.stories import find_story, story_id
from search.engines.whoosh.verification import verify
from search.errors import (
    ImportRefusedError,
    IndexDamagedError,
    IndexUnreadableError,
    NoIndexError,
    NotFoundError,
    OlderIndexError,
)
from search.keys import NO_MARKS, Marks, number_to_id, to_bytes
from search.query import Query
from search.recorded import Recorded
from search.results import Completion, Page
from search.settings import TIME_BUDGET
from search.suggest import suggest


class WhooshReader:
    """One open generation."""

    def __init__(self, generation: str, folder: Path, size_bytes: int, *, seconds: float) -> None:
        self.generation, self._size_bytes, self._seconds = generation, size_bytes, seconds
        self._collection = open_generation(folder)

    def search(self, query: Query) -> Page:
        """Answer *query*."""
        return Execution(query, self._collection, self._seconds).page(self.generation)

    def suggest(self, text: str) -> tuple[Completion, ...]:
        """Return completions of *text*."""
        return suggest(text, Completions(self._collection, Planner(self._collection, Budget(self._seconds))))

    def article(self, identifier: str) -> Article:
        """Return the article."""
        return self._collection.article(self._number(identifier))

    def story(self, identifier: str) -> Story:
        """Return the story."""
        story = find_story(self._collection, identifier)
        if story is None:
            raise NotFoundError("story", identifier)
        return story

    def story_of(self, identifier: str) -> Story:
        """Return the article's story."""
        return self.story(story_id(self._collection, self._number(identifier)))

    def statistics(self) -> Statistics:
        """Return what is served, in numbers."""
        collection = self._collection
        return Statistics(
            generation=self.generation,
            articles=collection.count,
            stories=len(collection.columns["story.id"]),
            providers=int(np.count_nonzero(count_providers(collection, collection.everything))),
            size_bytes=self._size_bytes,
            newest=collection.newest,
        )

    def fingerprints(self) -> Marks:
        """Map every article's id to a hash of its content."""
        there = self._collection.everything
        return Marks(self._collection.ids[there], self._collection.column("fingerprint")[there])

    def close(self) -> None:
        """Let go of the files; they are given back with the last page that came from them."""

    def verify(self) -> list[str]:
        """Hold every article's words against the postings."""
        return verify(self._collection)

    def _number(self, identifier: str) -> int:
        number = self._collection.number_of(identifier)
        if number is None:
            raise NotFoundError("article", identifier)
        return number


class WhooshEngine:
    """Generations of a Whoosh index in a folder; a search of one may take so many *seconds*."""

    def __init__(self, folder: Path, *, seconds: float = TIME_BUDGET) -> None:
        self._folder, self._seconds = folder, seconds
        self._generations = Generations(folder)

    def current(self) -> str | None:
        """Name what is served."""
        pointers = self._generations.pointers()
        return pointers[0].name if pointers else None

    def served(self) -> str | None:
        """Return the id of the newest generation if its files are whole."""
        for newest in self._generations.pointers()[:1]:
            if self._generations.fault(newest) is None:
                return newest.generation
        return None

    def open(self) -> WhooshReader:
        """Open the newest generation that is whole."""
        try:
            return self._open_newest()
        except OSError:
            # Pruned between the check and the opening, by reindexes faster than this reader; there are newer ones.
            pass
        try:
            return self._open_newest()
        except OSError as exc:
            raise IndexUnreadableError(self._folder, exc.strerror or str(exc)) from exc

    def _open_newest(self) -> WhooshReader:
        pointer, folder = self._generations.open_newest()
        return WhooshReader(pointer.generation, folder, self._generations.size(pointer), seconds=self._seconds)

    def prepare(self) -> None:
        """Import Whoosh itself, which only those need who write, and which takes longer than opening an index."""
        importlib.import_module("search.engines.whoosh.writer")

    def publish(self, catalog: Catalog, *, anew: bool = False) -> str:
        """Make *catalog* what is served."""
        # Imported late, as above, for the same reason.
        from search.engines.whoosh.writer import write_generation  # noqa: PLC0415

        with self._generations.building() as folder:
            write_generation(catalog, folder, None if anew else self._last())
            _check(catalog, folder)
            self._generations.publish(folder, catalog.generation)
        return catalog.generation

    def _last(self) -> Path | None:
        """Return the folder of the newest generation that is whole, None where there is none."""
        try:
            return self._generations.open_newest()[1]
        except (NoIndexError, IndexDamagedError):
            return None

    def export(self, target: IO[bytes]) -> str:
        """Write the newest generation that is whole as an archive."""
        with ExitStack() as stack:
            try:
                opened = self._open_files(stack)
            except FileNotFoundError:
                # Pruned between the check and the opening, as in `open`.
                opened = self._open_files(stack)
            generation, files, checksums = opened
            write_archive(generation, files, checksums, target)
        return generation

    def _open_files(self, stack: ExitStack) -> tuple[str, dict[str, IO[bytes]], dict[str, str]]:
        """Open all files that are exported, so that none of them is gone before its turn comes."""
        pointer, folder = self._generations.open_newest()
        if self._generations.is_older(pointer):
            raise OlderIndexError(self._folder)
        checksums = {name: sum_ for name, sum_ in self._generations.files(pointer).items() if is_exported(name)}
        files: dict[str, IO[bytes]] = {name: stack.enter_context((folder / name).open("rb")) for name in checksums}
        return pointer.generation, files, checksums

    def import_(self, source: IO[bytes]) -> str:
        """Make an archive what is served."""
        with self._generations.building() as folder:
            generation = read_archive(source, folder)
            _check_imported(source, folder, generation)
            self._generations.publish(folder, generation)
        return generation

    def fingerprints(self) -> Marks:
        """Map every served article's id to a hash of its content."""
        try:
            return self.open().fingerprints()
        except (NoIndexError, IndexDamagedError):
            return NO_MARKS

    def recall(self, fingerprints: NDArray[np.uint64]) -> Recorded:
        """Return the articles with these fingerprints, of any generation that is whole."""
        segments = (part.segment for folder in self._generations.whole() for part in open_generation(folder).parts)
        try:
            return recall(fingerprints, segments)
        except OSError as exc:
            raise IndexUnreadableError(self._folder, exc.strerror or str(exc)) from exc

    def verify(self) -> list[str]:
        """Check every generation's files, and every article of the newest whole one against its postings."""
        faults = [fault for pointer in self._generations.pointers() if (fault := self._generations.fault(pointer))]
        reader = self.open()
        try:
            return faults + reader.verify()
        finally:
            reader.close()


def _check(catalog: Catalog, folder: Path) -> None:
    """Open what was written before anybody else can.

    Raises:
        OSError: If it does not hold the catalog.
    """
    if open_generation(folder).count != len(catalog.articles):
        msg = "what was written cannot be read back"
        raise OSError(msg)


def _check_imported(source: IO[bytes], folder: Path, generation: str) -> None:
    """Hold what was unpacked against the id that it goes by, and complete it.

    Raises:
        ImportRefusedError: If its articles or stories are others than those of that generation.
    """
    try:
        collection = open_imported(folder)
        found = _generation_of(collection)
    except Exception as exc:  # checksums tell of accidents only, and a crafted file may fail in any way there is
        raise ImportRefusedError(source, "what it holds cannot be read") from exc
    if found != generation:
        raise ImportRefusedError(source, f"it says that it is generation {generation}, and holds {found}")
    from search.engines.whoosh.writer import write_whoosh_table  # noqa: PLC0415

    write_whoosh_table(folder, collection)


def _generation_of(collection: Collection) -> str:
    """Work out the id from the stored articles and stories themselves.

    Raises:
        ValueError: If an article is another than its fingerprint says, deleted ones included.
    """
    for part in collection.parts:
        segment = part.segment
        found = [fingerprint(segment.stored.article(number)) for number in range(len(segment))]
        if found != to_bytes(segment.arrays["fingerprint"]):
            msg = "an article is another than its fingerprint says"
            raise ValueError(msg)
    prints = collection.column("fingerprint")[collection.by_id[1]]
    stories = [find_story(collection, number_to_id(id_)) for id_ in sorted(collection.columns["story.id"].tolist())]
    return generation_id(prints, filter(None, stories))
