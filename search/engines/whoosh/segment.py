"""A segment: the arrays of some articles, open for reading, and what its postings say of one term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.whoosh.arrays import Array, ranges
from search.engines.whoosh.frequencies import SIMPLE, decode_frequencies
from search.engines.whoosh.grouping import BLOCK, HALF, high_halves
from search.engines.whoosh.lengths import lengths_in
from search.engines.whoosh.stored import Stored
from search.engines.whoosh.vocabulary import Vocabulary
from search.engines.whoosh.words import MIXED
from search.query import Leaf

Docs = NDArray[np.intp]


class Segment:
    """Articles by number, from the newest to the oldest. Never changes; safe to share between threads and forks.

    Args:
        arrays: as :func:`search.engines.whoosh.inversion.invert` and
            :func:`search.engines.whoosh.attributes.attribute_arrays` make them.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.arrays = arrays
        self.terms, self.stems = Vocabulary(arrays, "term"), Vocabulary(arrays, "stem")
        self.stored = Stored(arrays)
        self.ids: NDArray[np.uint64] = arrays["id"]
        self.ages: NDArray[np.int64] = arrays["age"]
        self.lengths: Array = arrays["length"]
        self.codes: Array = arrays["code"]
        self.positions: Array = arrays["position"]
        self.extra: NDArray[np.uint32] = arrays["frequency.extra"]
        self._docs, self._bounds = arrays["doc"], arrays["stem.posting"]
        self._tags, self._tag_bounds = arrays["tag"], arrays["stem.tag"]
        self._highs = high_halves(len(self.ids))
        #: The terms of the patterns that were searched last, with their weights.
        self.expansions: dict[Leaf, tuple[Docs, NDArray[np.float64]]] = {}

    def __len__(self) -> int:
        """Count the articles, deleted ones included."""
        return len(self.ids)

    def range_of(self, stem: int) -> tuple[int, int]:
        """Return where the postings of a stem begin and end."""
        return self._bounds.item(stem * self._highs), self._bounds.item((stem + 1) * self._highs)

    def counts(self, stems: Array) -> Docs:
        """Return how many postings each of many stems has."""
        first = stems.astype(np.intp) * self._highs
        return self._bounds[first + self._highs].astype(np.intp) - self._bounds[first]

    def docs(self, stem: int) -> Docs:
        """Return the articles of a stem's postings, in order."""
        first = stem * self._highs
        bounds = self._bounds[first : first + self._highs + 1].tolist()
        start, end = bounds[0], bounds[-1]
        docs = self._docs[start:end].astype(np.intp)
        for high in range(1, self._highs):
            docs[bounds[high] - start : bounds[high + 1] - start] += high << HALF
        return docs

    def locate(self, stem: int, docs: Docs, base: int = 0) -> tuple[Docs, NDArray[np.bool_]]:
        """Return where articles are among the postings of a stem, counted from its first, and whether they are.

        By bisection, which costs less than looking at all postings where those are many and *docs*, sorted, are few.
        Articles are counted from *base*.
        """
        own, bounds = self.bounds_of(stem)
        if native.passes:
            places, there = np.empty(len(docs), np.intp), np.empty(len(docs), bool)
            native.passes.locate(own, bounds, docs, base, places, there)
            return places, there
        return self._bisected(bounds.tolist(), docs - base if base else docs)

    def _bisected(self, bounds: list[int], docs: Docs) -> tuple[Docs, NDArray[np.bool_]]:
        if bounds[0] == bounds[-1] or not len(docs):
            return np.zeros(len(docs), np.intp), np.zeros(len(docs), bool)
        places = []
        cuts = docs.searchsorted(np.arange(1, self._highs) << HALF).tolist() if self._highs > 1 else []
        for high, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(docs)], strict=True)):
            wanted = (docs[start:end] - (high << HALF)).astype(np.uint16)
            places.append(self._docs[bounds[high] : bounds[high + 1]].searchsorted(wanted) + (bounds[high] - bounds[0]))
        found = np.minimum(np.concatenate(places), bounds[-1] - bounds[0] - 1)
        return found, self._docs[bounds[0] + found] == (docs & ((1 << HALF) - 1)).astype(np.uint16)

    def docs_at(self, stems: Array) -> tuple[Docs, Docs]:
        """Return the postings of many stems, one after the other, and their articles."""
        pairs = (stems.astype(np.intp)[:, None] * self._highs + np.arange(self._highs)).reshape(-1)
        starts, ends = self._bounds[pairs].astype(np.intp), self._bounds[pairs + 1].astype(np.intp)
        postings = ranges(starts, ends)
        highs = np.repeat(np.tile(np.arange(self._highs) << HALF, len(stems)), ends - starts)
        return postings, self._docs.take(postings) + highs

    def count_postings(self, chosen: NDArray[np.bool_]) -> NDArray[np.uint32]:
        """Return how many postings of each stem are of the *chosen* articles."""
        _, docs = self.docs_at(np.arange(len(self.stems)))
        sums = np.concatenate([[0], np.cumsum(chosen[docs])])
        bounds = self._bounds[:: self._highs]
        return np.diff(sums[bounds]).astype(np.uint32)

    def tags(self, stem: int) -> NDArray[np.uint8] | None:
        """Return which form of the stem each posting has; None where there is but one."""
        start, end = self._tag_bounds.item(stem), self._tag_bounds.item(stem + 1)
        return self._tags[start:end] if end > start else None

    def stem_of(self, term: int) -> int:
        """Return the number of a term's stem."""
        return int(self.arrays["term.stem"][term])

    def forms(self, stem: int) -> NDArray[np.uint32]:
        """Return the numbers of a stem's terms, in the order of their tags."""
        bounds = self.arrays["stem.form"]
        return self.arrays["form"][bounds[stem] : bounds[stem + 1]]

    def mixed(self, term: int) -> slice:
        """Return the part of the mixed arrays that is of a term."""
        bounds = self.arrays["mixed.term"]
        return slice(int(bounds[term]), int(bounds[term + 1]))

    def mixed_postings(self, term: int, start: int) -> Docs:
        """Return the postings of several forms that hold the term, counted from *start*, the first of its stem."""
        return self.arrays["mixed.posting"][self.mixed(term)].astype(np.intp) - start

    def count_form(self, term: int) -> int:
        """Return how many postings hold a term."""
        stem = self.stem_of(term)
        tags = self.tags(stem)
        if tags is None:
            return self.size(stem)
        tag, mixed = int(self.arrays["term.tag"][term]), self.mixed(term)
        own = int(np.count_nonzero(tags == tag)) if tag != MIXED else 0
        return own + int(mixed.stop) - int(mixed.start)

    def postings_of(self, term: int) -> Docs:
        """Return the postings that hold a term, counted from the first of its stem."""
        stem = self.stem_of(term)
        start, end = self.range_of(stem)
        tags = self.tags(stem)
        if tags is None:
            return np.arange(end - start)
        tag = int(self.arrays["term.tag"][term])
        holds = tags == tag if tag != MIXED else np.zeros(len(tags), bool)
        holds[self.mixed_postings(term, start)] = True
        return holds.nonzero()[0]

    @cached_property
    def span_starts(self) -> Docs:
        """Where the spans of each article's terms begin."""
        counts = lengths_in(self.lengths, 2)
        starts: Docs = counts.cumsum() - counts
        return starts

    @cached_property
    def in_title(self) -> NDArray[np.bool_]:
        """Whether a posting of each combination of frequencies is of the title, among others."""
        every = np.arange(SIMPLE + len(self.extra), dtype=np.uint32)
        found: NDArray[np.bool_] = decode_frequencies(every, self.extra)[0][:, 0] > 0
        return found

    @cached_property
    def totals(self) -> NDArray[np.uint32]:
        """How many occurrences a posting of each combination of frequencies has."""
        every = np.arange(SIMPLE + len(self.extra), dtype=np.uint32)
        totals: NDArray[np.uint32] = decode_frequencies(every, self.extra)[0].sum(axis=1, dtype=np.uint32)
        return totals

    def bounds_of(self, stem: int, count: int = 1) -> tuple[Array, Array]:
        """Return the lower halves of the articles of all postings, and where those of stems begin in each upper one."""
        return self._docs, self._bounds[stem * self._highs : (stem + count) * self._highs + 1]

    def size(self, stem: int) -> int:
        """Return how many postings a stem has."""
        start, end = self.range_of(stem)
        return end - start

    def size_of_stem(self, term: int) -> int:
        """Return how many postings the stem of a term has."""
        return self.size(self.stem_of(term))

    def holding(self, term: int, postings: Docs) -> NDArray[np.bool_]:
        """Tell which of *postings*, sorted and counted from the first of the term's stem, hold the term itself."""
        stem = self.stem_of(term)
        tags = self.tags(stem)
        if tags is None:
            return np.ones(len(postings), bool)
        own, tag = tags.take(postings, mode="clip"), int(self.arrays["term.tag"][term])
        holds = own == tag if tag != MIXED else np.zeros(len(own), bool)
        several = (own == MIXED).nonzero()[0]
        if len(several):
            mixed = self.mixed_postings(term, self.range_of(stem)[0])
            places = np.minimum(mixed.searchsorted(postings[several]), max(len(mixed) - 1, 0))
            holds[several] = mixed[places] == postings[several] if len(mixed) else False
        return holds

    def occurrences(self, term: int, postings: Docs) -> tuple[Docs, Array]:
        """Return how often a term is in each of *postings*, counted from the stem's first, and its positions there."""
        stem = self.stem_of(term)
        start, _ = self.range_of(stem)
        counts = self.totals.take(self.codes.take(start + postings)).astype(np.intp)
        begins = self._begins(start + postings)
        tags = self.tags(stem)
        if tags is None:
            return counts, self._positions(begins, counts)
        return self._with_mixed(term, postings, tags, counts, begins)

    def stem_occurrences(self, stem: int, stretch: int) -> Iterator[tuple[Docs, Array]]:
        """Yield, for so many postings of a stem at a time, how many occurrences each has, and their positions."""
        start, end = self.range_of(stem)
        begin = int(self._begins(np.array([start]))[0])
        for at in range(start, end, stretch):
            counts = self.totals.take(self.codes[at : min(at + stretch, end)]).astype(np.intp)
            yield counts, self.positions[begin : (begin := begin + int(counts.sum()))]

    def all_occurrences(self, postings: Docs) -> tuple[Docs, Array]:
        """Return how many occurrences *postings* have, sorted and of whatever stems, and their positions."""
        counts = self.totals.take(self.codes.take(postings)).astype(np.intp)
        begins = self._begins(postings)
        return counts, self.positions[ranges(begins, begins + counts)]

    def tags_at(self, stems: Docs, postings: Docs) -> NDArray[np.uint8]:
        """Return the tags of postings, each of the stem beside it; 0 where the stem has but one form."""
        begins, ends = self._tag_bounds[stems].astype(np.intp), self._tag_bounds[stems + 1]
        tags = np.zeros(len(postings), np.uint8)
        tagged = (ends > begins).nonzero()[0]
        tags[tagged] = self._tags[(begins + postings - self._bounds[stems * self._highs])[tagged]]
        return tags

    def doc_of(self, stems: Docs, postings: Docs) -> Docs:
        """Return the articles of postings, each of the stem beside it."""
        high = np.zeros(len(postings), np.intp)
        for following in range(1, self._highs):
            high += postings >= self._bounds[stems * self._highs + following]
        return self._docs[postings].astype(np.intp) + (high << HALF)

    def _with_mixed(
        self, term: int, postings: Docs, tags: NDArray[np.uint8], counts: Docs, begins: Docs
    ) -> tuple[Docs, Array]:
        several = (tags[postings] == MIXED).nonzero()[0]
        if not len(several):
            return counts, self._positions(begins, counts)
        own = self.mixed(term)
        start, _ = self.range_of(self.stem_of(term))
        entries = own.start + (self.arrays["mixed.posting"][own] - np.uint32(start)).searchsorted(postings[several])
        bounds = self.arrays["mixed.start"]
        counts, begins = counts.copy(), begins.copy()
        begins[several] = bounds[entries].astype(np.intp) + len(self.positions)
        counts[several] = (bounds[entries + 1] - bounds[entries]).astype(np.intp)
        places = ranges(begins, begins + counts)
        apart = places >= len(self.positions)
        mixed_positions = self.arrays["mixed.position"]
        found = self.positions[np.where(apart, 0, places)].astype(np.intp)
        found[apart] = mixed_positions[places[apart] - len(self.positions)]
        return counts, found

    def _positions(self, begins: Docs, counts: Docs) -> Array:
        """Return the positions that lie one after the other from each of *begins*."""
        if counts.max(initial=1) == 1:
            return self.positions.take(begins)
        return self.positions.take(ranges(begins, begins + counts))

    def _begins(self, postings: Docs) -> Docs:
        """Return where the positions of postings begin, from the nearest block that is known."""
        if not len(postings):
            return np.empty(0, np.intp)
        low, high = int(postings[0]), int(postings[-1]) + 1
        if (high - low) > len(postings) * BLOCK:
            block = postings // BLOCK
            lead = ranges(block * BLOCK, postings)
            sums = np.zeros(len(lead) + 1, np.intp)
            np.cumsum(self.totals.take(self.codes.take(lead)), out=sums[1:])
            places = postings - block * BLOCK
            ends = places.cumsum()
            begins: Docs = self.arrays["block"].take(block) + sums.take(ends) - sums.take(ends - places)
            return begins
        first = low // BLOCK * BLOCK
        totals = self.totals.take(self.codes[first:high]).astype(np.intp)
        before = totals.cumsum() - totals
        return before.take(postings - first) + int(self.arrays["block"][first // BLOCK])
