"""An engine of dicts and a loop: what the others are held against, and what tests run on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import IO

import msgspec
import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.analysis import stem
from search.articles import Article, Story
from search.catalog import Catalog
from search.engines.documents import Documents
from search.engines.executor import PostingsReader
from search.engines.fields import field_terms, field_texts
from search.engines.matching import Positions
from search.errors import ImportRefusedError, NoIndexError
from search.keys import NO_MARKS, Marks
from search.recorded import NONE, Recorded, with_articles

_decode = msgspec.json.Decoder(tuple[str, tuple[Article, ...], tuple[Story, ...]]).decode


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

    def vocabulary(self) -> Sequence[str]:
        """Return every term."""
        return sorted({term for _, term in self._positions})

    def lengths(self, field: str) -> Sequence[int]:
        """Return the number of terms in a field, of each article."""
        return self._lengths[field]


class MemoryReader(PostingsReader):
    """One catalog, ready to answer."""

    def __init__(self, catalog: Catalog) -> None:
        documents = Documents(catalog.articles, catalog.stories)
        super().__init__(catalog.generation, documents, MemoryPostings(catalog.articles))

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class MemoryEngine:
    """Keeps the last published catalog."""

    def __init__(self) -> None:
        self._reader: MemoryReader | None = None
        self._catalog: Catalog | None = None
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

    def prepare(self) -> None:
        """Do nothing: there is nothing that takes long."""

    def publish(self, catalog: Catalog, *, anew: bool = False) -> str:  # noqa: ARG002 - it always is
        """Make *catalog* what is served."""
        # As objects, which are looked at again and again.
        catalog = replace(catalog, articles=tuple(catalog.articles))
        self._reader, self._catalog = MemoryReader(catalog), catalog
        self._published += 1
        return catalog.generation

    def export(self, target: IO[bytes]) -> str:
        """Write the catalog as JSON."""
        if self._catalog is None:
            raise NoIndexError("memory")
        target.write(
            msgspec.json.encode([self._catalog.generation, self._catalog.articles, self._catalog.shared_stories])
        )
        return self._catalog.generation

    def import_(self, source: IO[bytes]) -> str:
        """Publish a catalog that is JSON."""
        try:
            generation, articles, stories = _decode(source.read())
            catalog = Catalog(articles=articles, shared_stories=stories)
            is_whole = catalog.generation == generation
        except ValueError as exc:
            raise ImportRefusedError(source, "it is no export") from exc
        if not is_whole:
            raise ImportRefusedError(source, "it is damaged")
        return self.publish(catalog)

    def fingerprints(self) -> Marks:
        """Map every served article's id to a hash of its content."""
        return self._catalog.fingerprints if self._catalog else NO_MARKS

    def recall(self, fingerprints: NDArray[np.uint64]) -> Recorded:
        """Return the served articles with these fingerprints."""
        known = with_articles(NONE, self._catalog.articles if self._catalog else (), {})
        found = known.chosen(np.isin(known.fingerprints, fingerprints))
        return found.chosen(np.argsort(found.fingerprints))

    def verify(self) -> list[str]:
        """Find nothing wrong: nothing is stored that could be."""
        return []
