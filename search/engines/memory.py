"""An engine of dicts and a loop: what the others are held against, and what tests run on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from search import ranking
from search.analysis import stem
from search.articles import Article, Story
from search.catalog import Catalog, fingerprint
from search.engine import Statistics
from search.engines.documents import Documents
from search.engines.executor import Executor
from search.engines.fields import field_terms, field_texts
from search.engines.matching import Positions
from search.errors import NoIndexError
from search.query import Query
from search.results import Page


class MemoryPostings:
    """Postings in dicts; see :class:`search.engines.matching.Postings`."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._positions: defaultdict[tuple[str, str], defaultdict[int, list[int]]]
        self._positions = defaultdict(lambda: defaultdict(list))
        self._lengths: dict[str, list[int]] = {field: [0] * len(articles) for field in ranking.FIELDS}
        self._forms: defaultdict[str, set[str]] = defaultdict(set)
        for number, article in enumerate(articles):
            for field, text in field_texts(article).items():
                self._add(field, number, field_terms(text))

    def _add(self, field: str, number: int, placed: Sequence[tuple[str, int]]) -> None:
        self._lengths[field][number] = len(placed)
        for term, position in placed:
            self._positions[field, term][number].append(position)
            self._forms[stem(term)].add(term)

    def positions(self, field: str, term: str) -> Positions:
        """Return the positions of an exact term."""
        return self._positions.get((field, term), {})

    def forms(self, stem_: str) -> Sequence[str]:
        """Return the terms that have this stem."""
        return sorted(self._forms.get(stem_, ()))

    def lengths(self, field: str) -> Sequence[int]:
        """Return the number of terms in a field, of each article."""
        return self._lengths[field]


class MemoryReader:
    """One catalog, ready to answer."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._documents = Documents(catalog.articles, catalog.stories)
        self._executor = Executor(catalog.generation, self._documents, MemoryPostings(catalog.articles))

    @property
    def generation(self) -> str:
        """Id of the generation."""
        return self._catalog.generation

    def search(self, query: Query) -> Page:
        """Answer *query*."""
        return self._executor.run(query)

    def article(self, identifier: str) -> Article:
        """Return the article."""
        return self._documents.article(identifier)

    def story(self, identifier: str) -> Story:
        """Return the story."""
        return self._documents.story(identifier)

    def story_of(self, identifier: str) -> Story:
        """Return the article's story."""
        return self._documents.story_of(identifier)

    def statistics(self) -> Statistics:
        """Return what is served, in numbers."""
        return self._documents.statistics(self._catalog.generation, size_bytes=0)

    def fingerprints(self) -> dict[str, bytes]:
        """Map every article's id to a hash of its content."""
        return {article.id: fingerprint(article) for article in self._catalog.articles}

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class MemoryEngine:
    """Keeps the last published catalog."""

    def __init__(self) -> None:
        self._reader: MemoryReader | None = None
        self._published = 0

    def current(self) -> str | None:
        """Name what is served."""
        return f"{self._reader.generation}-{self._published}" if self._reader else None

    def served(self) -> str | None:
        """Return the id of what is served."""
        return self._reader.generation if self._reader else None

    def open(self) -> MemoryReader:
        """Open what was published."""
        if self._reader is None:
            raise NoIndexError("memory")
        return self._reader

    def publish(self, catalog: Catalog) -> str:
        """Make *catalog* what is served."""
        self._reader = MemoryReader(catalog)
        self._published += 1
        return catalog.generation

    def fingerprints(self) -> Mapping[str, bytes]:
        """Map every served article's id to a hash of its content."""
        return self._reader.fingerprints() if self._reader else {}

    def verify(self) -> list[str]:
        """Find nothing wrong: nothing is stored that could be."""
        return []
