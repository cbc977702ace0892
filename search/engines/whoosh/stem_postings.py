"""A word in any field, with all forms of its stem, straight from the postings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search import native, ranking
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.found_words import FoundWord
from search.engines.whoosh.locating import BISECTION, locate
from search.engines.whoosh.part import ALL_FIELDS, Mask, Part, Scores
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.words import MIXED


class StemPostings:
    """A word in any field, with all forms of its stem, straight from the postings of one segment."""

    def __init__(self, collection: Collection, part: Part, word: FoundWord) -> None:
        self._collection, self.part, self._word = collection, part, word
        self._segment = part.segment
        self._docs: Docs | None = None
        self._postings: Docs | None = None
        self.term, self.count = word.term, word.articles

    @property
    def _codes(self) -> Array:
        place = self._word.place
        return self._segment.codes[place.start : place.end]

    @property
    def _tags(self) -> Array | None:
        place = self._word.place
        return self._segment.arrays["tag"][place.tag_start : place.tag_end] if place.tag_end > place.tag_start else None

    def docs(self) -> Docs:
        """Return the articles."""
        if self._docs is None:
            docs = self._segment.docs(self._word.place.stem)
            if self.count < len(docs) and self.part.living is not None:
                self._postings = self.part.living[docs].nonzero()[0]
                docs = docs[self._postings]
            self._docs = docs + self.part.base if self.part.base else docs
        return self._docs

    def postings(self) -> Docs | None:
        """Return the postings of the articles that are there."""
        self.docs()
        return self._postings

    def locate(self, docs: Docs) -> tuple[Docs, Mask]:
        """Return where *docs* are among the postings; those that match are supposed to be there."""
        if native.passes:
            return self._segment.locate(self._word.place.stem, docs, self.part.base)
        if self.part.base == 0 and self.count > BISECTION * len(docs):
            inside = int(docs.searchsorted(len(self._segment)))
            found, matches = self._segment.locate(self._word.place.stem, docs[:inside])
            return _padded(found, docs), _padded(matches, docs)
        own = self.docs()
        found, matches = locate(own, docs, self._collection)
        # Where all of the articles are gone, there is nothing to number.
        return (self._postings[found] if self._postings is not None and len(own) else found), matches

    def add(self, postings: Docs | None, weight: float, total: Scores | None) -> Scores:
        """Add the saturated frequencies, so many times, to a total, in place."""
        if native.passes is None:
            scores = weight * self.scores(postings)
            return scores if total is None else np.add(total, scores, out=total)
        known, count = total is not None, self._word.size if postings is None else len(postings)
        scores = np.empty(count) if total is None else total
        native.passes.saturate(self._word.passed, postings, weight, known, scores)
        return scores

    def scores(self, postings: Docs | None) -> Scores:
        """Return the saturated frequencies: the searched form counts more than the others."""
        if native.passes:
            return self.add(postings, 1.0, None)
        place, tags, table = self._word.place, self._tags, self.part.saturated(ALL_FIELDS)
        places = (self._codes if postings is None else self._codes.take(postings, mode="clip")).astype(np.intp)
        places <<= 1
        if place.term < 0:
            return table.take(places, mode="clip")
        if tags is None:
            places += 1
            return table.take(places, mode="clip")
        if place.tag != MIXED:
            places += (tags if postings is None else tags.take(postings, mode="clip")) == place.tag
        return self._with_mixed(table.take(places, mode="clip"), postings)

    def _with_mixed(self, scores: Scores, postings: Docs | None) -> Scores:
        """Put right the scores of postings, of all where None, that hold the form beside others."""
        place = self._word.place
        mixed = self._segment.mixed_postings(place.term, place.start)
        if not len(mixed):
            return scores
        exact, places = self._segment.arrays["mixed.code"][self._segment.mixed(place.term)], mixed
        if postings is not None:
            places, there = locate(postings, mixed, None)
            mixed, exact, places = mixed[there], exact[there], places[there]
        weights = self.part.weights(ALL_FIELDS)
        frequency = ranking.OTHER_FORM * weights[self._codes[mixed]] + (1 - ranking.OTHER_FORM) * weights[exact]
        scores[places] = frequency / (ranking.K1 + frequency)
        return scores

    def frequencies(self, fields: tuple[bool, ...]) -> tuple[Docs, Scores]:
        """Return the articles that have the word in one of *fields*, and its frequency there before saturation."""
        weights = self.part.weights(fields)
        place, tags = self._word.place, self._tags
        frequencies = weights.take(self._codes, mode="clip")
        if place.term < 0:
            frequencies *= ranking.OTHER_FORM
        elif tags is not None:
            mixed = self._segment.mixed_postings(place.term, place.start)
            exact = weights[self._segment.arrays["mixed.code"][self._segment.mixed(place.term)]]
            exact = ranking.OTHER_FORM * frequencies[mixed] + (1 - ranking.OTHER_FORM) * exact
            frequencies[(tags != place.tag) | (tags == MIXED)] *= ranking.OTHER_FORM
            frequencies[mixed] = exact
        postings = self.postings()
        if postings is not None:
            frequencies = frequencies[postings]
        there = (frequencies > 0).nonzero()[0]
        return self.docs().take(there), frequencies.take(there)


class JoinedPostings:
    """Leaves of different segments, one after the other."""

    def __init__(self, collection: Collection, leaves: Sequence[StemPostings]) -> None:
        self._collection, self.leaves, self.term = collection, leaves, leaves[0].term
        self._docs: Docs | None = None
        self.count = sum(leaf.count for leaf in leaves)

    def docs(self) -> Docs:
        """Return the articles."""
        if self._docs is None:
            self._docs = np.concatenate([leaf.docs() for leaf in self.leaves])
        return self._docs

    def postings(self) -> None:
        """Return None: postings are counted among the articles that are there."""

    def locate(self, docs: Docs) -> tuple[Docs, Mask]:
        """Return where *docs* are among the articles."""
        return locate(self.docs(), docs, self._collection)

    def scores(self, postings: Docs | None) -> Scores:
        """Return the saturated frequencies."""
        if postings is None:
            return np.concatenate([leaf.scores(leaf.postings()) for leaf in self.leaves])
        found = np.empty(len(postings))
        first = 0
        for leaf in self.leaves:
            own = leaf.postings()
            here = (postings >= first) & (postings < first + leaf.count)
            local = postings[here] - first
            found[here] = leaf.scores(local if own is None else own[local])
            first += leaf.count
        return found


def _padded(found: Array, docs: Docs) -> Array:
    return found if len(found) == len(docs) else np.concatenate([found, np.zeros(len(docs) - len(found), found.dtype)])
