"""A word in any field, with all forms of its stem, straight from the postings."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from search import native, ranking
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.locating import BISECTION, locate
from search.engines.whoosh.part import ALL_FIELDS, Mask, Part, Scores
from search.engines.whoosh.segment import Docs, Form
from search.engines.whoosh.words import MIXED

#: Words of which a part remembers what is known.
_REMEMBERED = 4096


class _Word(NamedTuple):
    """What does not depend on what else is searched, of a word in one segment."""

    start: int
    #: Articles that are there.
    articles: int
    form: Form | None
    codes: Array
    tags: Array | None
    #: As :func:`search._passes.saturate` takes the word.
    passed: tuple[Any, ...]


def _word_of(part: Part, stem_number: int, term: str) -> _Word:
    """Return what is known of a word; what was searched last is remembered."""
    known: _Word | None = part.words.get(term)
    if known is None:
        if len(part.words) >= _REMEMBERED:
            part.words.clear()
        known = part.words[term] = _look_up(part, stem_number, term)
    return known


def _look_up(part: Part, stem_number: int, term: str) -> _Word:
    segment = part.segment
    start, end = segment.range_of(stem_number)
    form, codes, tags = segment.form(term), segment.codes[start:end], segment.tags(stem_number)
    mixed_postings, mixed_codes, *tables = part.word_arrays
    if form is None or tags is None:
        mixed_postings, mixed_codes = mixed_postings[:0], mixed_codes[:0]
    else:
        own = segment.mixed(form.term)
        mixed_postings, mixed_codes = mixed_postings[own], mixed_codes[own]
    # No posting has the tag of a form that stands beside others only, nor of one that is nowhere.
    tag = -1 if form is None or (tags is not None and form.tag == MIXED) else form.tag
    passed = (codes, tags, mixed_postings, mixed_codes, *tables, tag, MIXED, start, ranking.OTHER_FORM, ranking.K1)
    return _Word(start, end - start - part.dead_postings(stem_number), form, codes, tags, passed)


class StemPostings:
    """A word in any field, with all forms of its stem, straight from the postings of one segment."""

    def __init__(self, collection: Collection, part: Part, number: int, term: str) -> None:
        self._collection, self.part, self._stem, self.term = collection, part, number, term
        self._segment = part.segment
        self._word = _word_of(part, number, term)
        self._docs: Docs | None = None
        self._postings: Docs | None = None
        self.count = self._word.articles

    def docs(self) -> Docs:
        """Return the articles."""
        if self._docs is None:
            docs = self._segment.docs(self._stem)
            if self.count < len(docs) and self.part.living is not None:
                self._postings = self.part.living[docs].nonzero()[0]
                docs = docs[self._postings]
            self._docs = docs + self.part.base if self.part.base else docs
        return self._docs

    def postings(self) -> Docs | None:
        """Return the postings of the articles that are there."""
        self.docs()
        return self._postings

    @property
    def size(self) -> int:
        """Postings, those of articles that are gone among them."""
        return len(self._word.codes)

    def listed(self, weight: float) -> tuple[Any, ...]:
        """Return what the word gives, so many times, as :func:`search._passes.add_up` takes it.

        Articles that are gone are among them.
        """
        return self._word.passed, *self._segment.bounds_of(self._stem), self.part.base, weight

    def locate(self, docs: Docs) -> tuple[Docs, Mask]:
        """Return where *docs* are among the postings; those that match are supposed to be there."""
        if native.passes:
            return self._segment.locate(self._stem, docs, self.part.base)
        if self.part.base == 0 and self.count > BISECTION * len(docs):
            inside = int(docs.searchsorted(len(self._segment)))
            found, matches = self._segment.locate(self._stem, docs[:inside])
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
        known, count = total is not None, len(self._word.codes if postings is None else postings)
        scores = np.empty(count) if total is None else total
        native.passes.saturate(self._word.passed, postings, weight, known, scores)
        return scores

    def scores(self, postings: Docs | None) -> Scores:
        """Return the saturated frequencies: the searched form counts more than the others."""
        word = self._word
        if native.passes:
            return self.add(postings, 1.0, None)
        table = self.part.saturated(ALL_FIELDS)
        places = (word.codes if postings is None else word.codes.take(postings, mode="clip")).astype(np.intp)
        places <<= 1
        if word.form is None:
            return table.take(places, mode="clip")
        if word.tags is None:
            places += 1
            return table.take(places, mode="clip")
        if word.form.tag != MIXED:
            tags = word.tags if postings is None else word.tags.take(postings, mode="clip")
            places += tags == word.form.tag
        return self._with_mixed(table.take(places, mode="clip"), word.form, postings)

    def _with_mixed(self, scores: Scores, form: Form, postings: Docs | None) -> Scores:
        """Put right the scores of postings, of all where None, that hold the form beside others."""
        mixed = self._segment.mixed_postings(form.term, self._word.start)
        if not len(mixed):
            return scores
        exact, places = self._segment.arrays["mixed.code"][self._segment.mixed(form.term)], mixed
        if postings is not None:
            places, there = locate(postings, mixed, None)
            mixed, exact, places = mixed[there], exact[there], places[there]
        weights = self.part.weights(ALL_FIELDS)
        frequency = ranking.OTHER_FORM * weights[self._word.codes[mixed]] + (1 - ranking.OTHER_FORM) * weights[exact]
        scores[places] = frequency / (ranking.K1 + frequency)
        return scores

    def frequencies(self, fields: tuple[bool, ...]) -> tuple[Docs, Scores]:
        """Return the articles that have the word in one of *fields*, and its frequency there before saturation."""
        weights = self.part.weights(fields)
        form, tags = self._word.form, self._word.tags
        frequencies = weights.take(self._word.codes, mode="clip")
        if form is None:
            frequencies *= ranking.OTHER_FORM
        elif tags is not None:
            mixed = self._segment.mixed_postings(form.term, self._word.start)
            exact = weights[self._segment.arrays["mixed.code"][self._segment.mixed(form.term)]]
            exact = ranking.OTHER_FORM * frequencies[mixed] + (1 - ranking.OTHER_FORM) * exact
            frequencies[(tags != form.tag) | (tags == MIXED)] *= ranking.OTHER_FORM
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

    def of(self, part: Part) -> StemPostings | None:
        """Return those that are in a part."""
        return next((leaf for leaf in self.leaves if leaf.part is part), None)

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


#: A word, and what it weighs.
WeighedWord = tuple[StemPostings | JoinedPostings, float]
#: Words that a pass takes.
MAX_PASSED = 64


def match_all(passes: ModuleType, collection: Collection, words: Sequence[WeighedWord]) -> tuple[Docs, Scores]:
    """Return the articles that have all words, and the sums of what those give, by the compiled passes."""
    found = [_match_part(passes, part, words) for part in collection.parts]
    if len(found) == 1:
        return found[0]
    docs, scores = zip(*found, strict=True)
    return np.concatenate(docs), np.concatenate(scores)


def match_any(passes: ModuleType, collection: Collection, leaves: Sequence[tuple[Any, float]]) -> tuple[Docs, Scores]:
    """Return the articles that have any of the leaves, whatever they are, and the sums of what those give."""
    alone, room = len(collection.parts) == 1, 0
    sources: list[tuple[Any, ...]] = []
    for leaf, weight in leaves:
        is_word = alone and isinstance(leaf, StemPostings)
        room += leaf.size if is_word else leaf.count
        sources.append(leaf.listed(weight) if is_word else (leaf.docs(), weight * leaf.scores(leaf.postings())))
    room = min(room, collection.size)
    docs, scores = np.empty(room, np.intp), np.empty(room)
    count = passes.match_any(sources, collection.living, collection.size, docs, scores)
    return docs[:count], scores[:count]


def _match_part(passes: ModuleType, part: Part, words: Sequence[WeighedWord]) -> tuple[Docs, Scores]:
    listed, size = [], len(part.segment)
    for leaf, weight in words:
        own = leaf if isinstance(leaf, StemPostings) else leaf.of(part)
        if own is None or own.part is not part:
            return np.empty(0, np.intp), np.empty(0)
        listed.append(own.listed(weight))
        size = min(size, own.size)
    docs, scores = np.empty(size, np.intp), np.empty(size)
    count = passes.match_all(listed, part.living, docs, scores)
    return docs[:count], scores[:count]


def _padded(found: Array, docs: Docs) -> Array:
    return found if len(found) == len(docs) else np.concatenate([found, np.zeros(len(docs) - len(found), found.dtype)])
