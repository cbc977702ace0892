"""The engine itself: writes a generation with Whoosh, and opens one to be searched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from search import ranking
from search.analysis import stem
from search.articles import Article, Story
from search.catalog import Catalog, fingerprint
from search.engines.documents import Documents
from search.engines.executor import PostingsReader
from search.engines.fields import field_terms, field_texts
from search.engines.whoosh.generations import Generations
from search.engines.whoosh.library import FileStorage, IndexReader, ReaderClosed, honest, open_dir
from search.engines.whoosh.postings import WhooshPostings
from search.engines.whoosh.schema import make_schema
from search.errors import IndexDamagedError, IndexUnreadableError, NoIndexError
from search.records import article_from_record, article_to_record, story_from_record, story_to_record

_ARTICLES, _STORIES, _TERMS = "articles.jsonl", "stories.jsonl", "terms.json"
#: Megabytes that Whoosh may sort in memory.
_MEMORY = 256


class WhooshReader(PostingsReader):
    """One open generation."""

    def __init__(self, generation: str, folder: Path, size_bytes: int) -> None:
        documents = Documents(read_articles(folder), _read_stories(folder))
        terms: dict[str, Any] = orjson.loads((folder / _TERMS).read_bytes())
        with honest():
            self._whoosh: IndexReader = open_dir(str(folder), readonly=True).reader()
        postings = WhooshPostings(self._whoosh, terms["lengths"], terms["forms"])
        super().__init__(generation, documents, postings, size_bytes=size_bytes)

    def close(self) -> None:
        """Give back the files."""
        with suppress(ReaderClosed):
            self._whoosh.close()

    def count(self) -> int:
        """Return how many articles Whoosh has."""
        count: int = self._whoosh.doc_count()
        return count

    def verify(self) -> list[str]:
        """Hold every article's terms against the postings, and the postings against the articles."""
        articles = self.documents.articles
        if self.count() != len(articles):
            return [f"the postings are of {self.count()} articles, not {len(articles)}"]
        expected: defaultdict[tuple[str, str], dict[int, list[int]]] = defaultdict(dict)
        for number, article in enumerate(articles):
            for field, text in field_texts(article).items():
                for term, position in field_terms(text):
                    expected[field, term].setdefault(number, []).append(position)
        found = {(field, text.decode()) for field, text in self._whoosh.all_terms() if field in ranking.FIELDS}
        faults = [
            f"{field}:{term} is in the index, but in no article" for field, term in sorted(found - expected.keys())
        ]
        for (field, term), positions in expected.items():
            if self.postings.positions(field, term) != positions:
                faults.append(f"{field}:{term} has other postings than the articles")
        return faults


class WhooshEngine:
    """Generations of a Whoosh index in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
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
        return WhooshReader(pointer.generation, folder, self._generations.size(pointer))

    def publish(self, catalog: Catalog) -> str:
        """Make *catalog* what is served."""
        with self._generations.building() as folder, honest():
            write_generation(catalog, folder)
            _check(catalog, folder)
            self._generations.publish(folder, catalog.generation)
        return catalog.generation

    def fingerprints(self) -> Mapping[str, bytes]:
        """Map every served article's id to a hash of its content."""
        try:
            _, folder = self._generations.open_newest()
        except (NoIndexError, IndexDamagedError):
            return {}
        return {article.id: fingerprint(article) for article in read_articles(folder)}

    def verify(self) -> list[str]:
        """Check every generation's files, and every article of the newest whole one against its postings."""
        faults = [fault for pointer in self._generations.pointers() if (fault := self._generations.fault(pointer))]
        reader = self.open()
        try:
            return faults + reader.verify()
        finally:
            reader.close()


def write_generation(catalog: Catalog, folder: Path) -> None:
    """Write all files of a generation, its articles numbered in the catalog's order."""
    _write_lines(folder / _ARTICLES, [article_to_record(article) for article in catalog.articles])
    _write_lines(folder / _STORIES, [story_to_record(story) for story in catalog.stories])
    lengths: dict[str, list[int]] = {field: [] for field in ranking.FIELDS}
    forms: defaultdict[str, set[str]] = defaultdict(set)
    storage = FileStorage(str(folder))
    writer = storage.create_index(make_schema()).writer(limitmb=_MEMORY)
    for article in catalog.articles:
        texts = field_texts(article)
        for field, text in texts.items():
            placed = field_terms(text)
            lengths[field].append(len(placed))
            for term, _ in placed:
                forms[stem(term)].add(term)
        writer.add_document(id=article.id, **texts)
    writer.commit(optimize=True)
    storage.close()
    _remove_locks(folder)
    listed = {stem_: sorted(terms) for stem_, terms in sorted(forms.items())}
    (folder / _TERMS).write_bytes(orjson.dumps({"lengths": lengths, "forms": listed}))


def read_articles(folder: Path) -> list[Article]:
    """Read a generation's articles, in the order of their numbers."""
    return [article_from_record(orjson.loads(line)) for line in (folder / _ARTICLES).read_bytes().splitlines()]


def _read_stories(folder: Path) -> list[Story]:
    return [story_from_record(orjson.loads(line)) for line in (folder / _STORIES).read_bytes().splitlines()]


def _write_lines(file: Path, records: Sequence[Any]) -> None:
    file.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))


def _remove_locks(folder: Path) -> None:
    """Remove the lock files of Whoosh's writer, which has done."""
    for lock in folder.glob("*LOCK"):
        lock.unlink()


def _check(catalog: Catalog, folder: Path) -> None:
    """Open what was written before anybody else can.

    Raises:
        OSError: If it does not hold the catalog.
    """
    reader = WhooshReader(catalog.generation, folder, 0)
    try:
        if reader.count() != len(catalog.articles):
            msg = "what was written cannot be read back"
            raise OSError(msg)
    finally:
        reader.close()
