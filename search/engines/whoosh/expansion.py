"""Patterns of words: the terms that a prefix, a wildcard or a misspelling stands for, and all their postings as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from search import native, ranking
from search.analysis import fold_pattern
from search.engines.patterns import expand
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.grouping import HALF, high_halves
from search.engines.whoosh.part import ALL_FIELDS, Mask, Part, Scores
from search.engines.whoosh.postings import FoundPostings, nothing
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.sums import add_up
from search.query import Fuzzy, Prefix, Wildcard

#: Postings that are looked at in one go, which bounds the memory of a search: about 40 bytes each.
CHUNK = 1 << 20
#: Patterns whose terms a segment remembers.
_REMEMBERED = 16

Pattern = Prefix | Wildcard | Fuzzy
_NONE = np.empty(0, np.intp)
#: Numbers of terms, and the weight of each.
Terms = tuple[NDArray[np.int64], Scores]


def expanded_postings(
    collection: Collection, leaf: Pattern, check: Callable[[], None], among: Docs | None = None
) -> FoundPostings:
    """Return the postings of all terms that *leaf* stands for.

    Args:
        collection: of the articles.
        leaf: what stands for terms.
        check: is called between steps, and may raise.
        among: articles that alone matter, sorted; None where all do. The others are only counted, wherever in them the
            terms stand, so that *leaf* must be of no field.
    """
    fields = tuple(name == leaf.field for name in ranking.FIELDS) if leaf.field else ALL_FIELDS
    found = [_in_part(part, *terms_of(part.segment, leaf), fields, check, among) for part in collection.parts]
    if not found:
        return nothing(collection)
    docs, frequencies, counts = zip(*found, strict=True)
    return FoundPostings(collection, np.concatenate(docs), np.concatenate(frequencies), sum(counts))


def expanded_terms(collection: Collection, leaf: Pattern) -> set[str]:
    """Return the texts of all terms that *leaf* stands for."""
    return {part.segment.terms[n] for part in collection.parts for n in terms_of(part.segment, leaf)[0].tolist()}


def terms_of(segment: Segment, leaf: Pattern) -> Terms:
    """Return the terms of a segment that *leaf* stands for, of which only those that begin alike are looked at."""
    pattern = fold_pattern(leaf.text)
    if isinstance(leaf, Prefix):
        alike = segment.terms.starting_with(pattern)
        return np.arange(alike.start, alike.stop), np.ones(len(alike))
    # Once to find articles, and once more to show where it stands in them.
    found = segment.expansions.get(leaf)
    if found is None:
        if isinstance(leaf, Fuzzy):
            near: Iterable[int] = segment.terms.similar(pattern, leaf.distance)
        else:
            near = segment.terms.starting_with(re.split(r"[*?]", pattern)[0])
        numbers = {segment.terms[number]: number for number in near}
        weights = expand(leaf, numbers)
        found = np.array([numbers[term] for term in weights], np.int64), np.array(list(weights.values()))
        if len(segment.expansions) >= _REMEMBERED:
            segment.expansions.clear()
        segment.expansions[leaf] = found
    return found


class _Wanted:
    """Which articles of a part matter, and how many there are in all."""

    def __init__(self, part: Part, among: Docs | None) -> None:
        self._part, size = part, len(part.segment)
        self._is_wanted: Mask | None = None
        if among is not None:
            first, end = among.searchsorted([part.base, part.base + size])
            self._is_wanted, self._seen = np.zeros(size, bool), np.zeros(size, bool)
            self._is_wanted[among[first:end] - part.base] = True

    def kept(self, docs: Docs, numbers: Array) -> tuple[Docs, Array]:
        """Return those of *docs* that matter, and the numbers beside them; count the others."""
        if self._is_wanted is None:
            return docs, numbers
        self._seen[docs] = True
        kept = self._is_wanted.take(docs).nonzero()[0]
        return docs.take(kept), numbers.take(kept)

    def count(self, found: Docs) -> int:
        """Return how many articles there are, of which those *found* matter."""
        if self._is_wanted is None:
            return len(found)
        return int(np.count_nonzero(self._seen if self._part.living is None else self._seen & self._part.living))


def _in_part(
    part: Part,
    terms: NDArray[np.int64],
    weights: Scores,
    fields: tuple[bool, ...],
    check: Callable[[], None],
    among: Docs | None,
) -> tuple[Docs, Scores, int]:
    """Add up what the terms give in each article of a part; count those that are not *among* the others, too."""
    segment, table, found = part.segment, part.weights(fields), _Sum(len(part.segment))
    stems, terms, weights = _whole_stems(segment, terms, weights)
    passes = native.passes if len(stems) else None
    wanted = _Wanted(part, None if passes else among)
    for term, weight in zip(terms.tolist(), weights.tolist(), strict=True):
        check()
        found.add(*wanted.kept(*one_form(segment, table, term, weight)))
    if passes:
        return _passed(passes, part, stems, found.result(), table, check, among)
    for some in _chunks(segment, stems):
        check()
        postings, docs = segment.docs_at(some)
        docs, postings = wanted.kept(docs, postings)
        found.add(docs, table.take(segment.codes.take(postings), mode="clip"))
    docs, frequencies = found.result()
    there = frequencies > 0 if part.living is None else (frequencies > 0) & part.living[docs]
    docs, frequencies = docs[there], frequencies[there]
    return docs + part.base, frequencies, wanted.count(docs)


def _whole_stems(
    segment: Segment, terms: NDArray[np.int64], weights: Scores
) -> tuple[NDArray[np.intp], NDArray[np.int64], Scores]:
    """Return the stems of which all terms are there with a weight of 1; and all other terms, with theirs."""
    stem_of = segment.arrays["term.stem"][terms]
    order = stem_of.argsort(kind="stable")
    terms, weights, stem_of = terms[order], weights[order], stem_of[order]
    stems, first, counts = np.unique(stem_of, return_index=True, return_counts=True)
    forms = np.diff(segment.arrays["stem.form"])[stems]
    is_whole = (counts == forms) & np.equal(np.minimum.reduceat(weights, first), 1) if len(stems) else counts > 0
    partial = (~is_whole).repeat(counts)
    return stems[is_whole].astype(np.intp), terms[partial], weights[partial]


def _passed(  # noqa: PLR0913, PLR0917 - all that is known by then
    passes: ModuleType,
    part: Part,
    stems: NDArray[np.intp],
    given: tuple[Docs, Scores],
    table: Scores,
    check: Callable[[], None],
    among: Docs | None,
) -> tuple[Docs, Scores, int]:
    """Add up what whole stems give to what was *given* by other terms, by the compiled pass, half by half."""
    bounds, halves = part.segment.arrays["stem.posting"], high_halves(len(part.segment))
    arrays = part.segment.arrays["doc"], part.segment.codes, table, len(part.segment), part.living, part.base
    found, count = [(_NONE, np.empty(0))], 0
    for half in range(halves):
        check()
        limits = part.base + (np.arange(half, half + 2) << HALF)
        some = None if among is None else among[slice(*among.searchsorted(limits))]
        room = 1 << HALF if some is None else len(some)
        docs, numbers = np.empty(room, np.intp), np.empty(room)
        written, seen = passes.expand(stems, given, bounds, halves, half, *arrays, some, docs, numbers)
        found.append((docs[:written] + part.base, numbers[:written]))
        count += written if some is None else seen
    docs, numbers = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    return docs, numbers, count


def one_form(segment: Segment, table: Scores, term: int, weight: float) -> tuple[Docs, Scores]:
    """Return the articles that have exactly this term, and its weighted frequency in each."""
    stem = segment.stem_of(term)
    start, _ = segment.range_of(stem)
    postings = segment.postings_of(term)
    frequencies = table[segment.codes[start + postings]]
    mixed = segment.mixed_postings(term, start)
    frequencies[postings.searchsorted(mixed)] = table[segment.arrays["mixed.code"][segment.mixed(term)]]
    return segment.docs(stem)[postings], weight * frequencies


def _chunks(segment: Segment, stems: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Cut a list of stems where their postings would be too many for one go."""
    if not len(stems):
        return []
    numbers = np.cumsum(segment.counts(stems)) // CHUNK
    return np.split(stems, np.diff(numbers).nonzero()[0] + 1)


class _Sum:
    """Adds numbers up by article; few enough lists wait for the others at a time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: list[tuple[Docs, Scores]] = []
        self._count = 0

    def add(self, docs: Docs, numbers: Scores) -> None:
        self._waiting.append((docs, numbers))
        self._count += len(docs)
        if self._count > CHUNK + self._size:
            self._waiting = [self.result()]
            self._count = len(self._waiting[0][0])

    def result(self) -> tuple[Docs, Scores]:
        return add_up(self._waiting, self._size)
