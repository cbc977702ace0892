"""Facets and timelines: every match counted, by the codes of its values and by its place in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
import orjson
from numpy.typing import NDArray

from search import native
from search.analysis import fold
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.conditions import FACETS
from search.engines.whoosh.intervals import day_of
from search.engines.whoosh.part import Part
from search.engines.whoosh.segment import Docs
from search.query import Filters
from search.results import FacetValue, Timeline, WrittenFacets
from search.timeline import counts_between, timeline_of

#: Values of a facet that are listed; selected ones are, whatever their place.
MAX_VALUES = 50
#: How many times more articles there must be than others for counting the others to be quicker.
MOST = 3

Counts = NDArray[np.intp]
#: What a collection remembers by this name.
_LAYOUT = "facets"

_encode = msgspec.json.Encoder().encode


def count_providers(collection: Collection, docs: Docs) -> Counts:
    """Return how many of *docs* have each provider, by its number."""
    return np.bincount(collection.providers.take(docs, mode="clip"), minlength=len(collection.names["provider"]))


def count_combinations(collection: Collection, docs: Docs) -> Counts:
    """Return how many of *docs* have each combination of topics, category and type."""
    return np.bincount(collection.combinations.take(docs, mode="clip"), minlength=collection.combination_count)


def spread(collection: Collection, name: str, combinations: Counts) -> Counts:
    """Return how often each value of a facet is in combinations that are counted."""
    columns, size = collection.columns, len(collection.names[name])
    if native.passes:
        sums = np.zeros(size + 1, np.intp)
        bounds = columns["combination.topic.of"] if name == "topic" else None
        native.passes.spread(combinations, columns[f"combination.{name}"], bounds, sums)
        return sums[:size]
    if name == "topic":
        weights = combinations.repeat(np.diff(columns["combination.topic.of"]))
        return np.bincount(columns["combination.topic"], weights, size).astype(np.intp)
    return np.bincount(columns[f"combination.{name}"], combinations, size + 1)[:size].astype(np.intp)


class CountedFacets(WrittenFacets):
    """Facets that are counted, and written out when they are looked at.

    Args:
        collection: of the articles.
        counts: of each value for providers, of combinations for the other facets.
        filters: what the reader chose.
    """

    def __init__(self, collection: Collection, counts: Mapping[str, Counts], filters: Filters) -> None:
        self._collection, self._counts, self._filters = collection, counts, filters
        self._values: dict[str, tuple[FacetValue, ...]] = {}

    def __getitem__(self, name: str) -> tuple[FacetValue, ...]:
        """Return a facet's values: the most frequent first, then by name; chosen ones are always there."""
        if not self._values:
            numbered = zip(self._counts, self._numbers(), strict=True)
            self._values = {name: self._listed(name, *numbers) for name, numbers in numbered}
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._counts)

    def __len__(self) -> int:
        """Count the facets."""
        return len(self._counts)

    def written(self) -> bytes:
        """Return all of them, as the API sends them."""
        if native.passes is None or self._filters.chooses:
            return _encode(dict(self))
        counts = self._counts
        facets = [(key, counts[name], codes, bounds, texts) for name, key, codes, bounds, texts in self._layout]
        written: bytes = native.passes.write_facets(facets, MAX_VALUES)
        return written

    @property
    def _layout(self) -> Sequence[tuple[str, bytes, Array | None, Array | None, list[bytes]]]:
        """Of each facet its name, also as JSON; how combinations are spread over its values; and these, as JSON."""
        known: Sequence[tuple[str, bytes, Array | None, Array | None, list[bytes]]] | None
        known = self._collection.remembered.get(_LAYOUT)
        if known is None:
            texts = self._collection.written_texts
            known = [(name, orjson.dumps(name), *_spread(self._collection, name), texts(name)) for name in FACETS]
            self._collection.remembered[_LAYOUT] = known
        return known

    def _numbers(self) -> Sequence[tuple[Sequence[int], Sequence[int]]]:
        """Return of each facet the numbers of its most frequent values, the first first, and their counts."""
        if native.passes is None:
            return [_most_frequent(self._of_values(name)) for name in self._counts]
        counts = self._counts
        facets = [(counts[name], codes, bounds, len(texts)) for name, _, codes, bounds, texts in self._layout]
        listed: list[tuple[list[int], list[int]]] = native.passes.list_facets(facets, MAX_VALUES)
        return listed

    def _of_values(self, name: str) -> Counts:
        counts = self._counts[name]
        return counts if name == "provider" else spread(self._collection, name, counts)

    def _listed(self, name: str, numbers: Sequence[int], counts: Sequence[int]) -> tuple[FacetValue, ...]:
        texts, chosen = self._collection.texts(name), getattr(self._filters, name)
        if not chosen:
            return tuple(map(FacetValue, map(texts.__getitem__, numbers), counts))
        return tuple(self._with_chosen(name, dict(zip(numbers, counts, strict=True)), chosen))

    def _with_chosen(self, name: str, listed: dict[int, int], chosen: Sequence[str]) -> Iterator[FacetValue]:
        """Yield values, the chosen ones whatever their place, and those that no article has."""
        texts = self._collection.texts(name)
        numbers = {fold(value): self._collection.numbers_of(name, value) for value in chosen}
        picked = {number for found in numbers.values() for number in found}
        if behind := picked.difference(listed):
            counts = self._of_values(name).tolist()
            listed |= {n: counts[n] for n in sorted(behind, key=lambda n: (-counts[n], n)) if counts[n]}
        for number, count in listed.items():
            yield FacetValue(texts[number], count, selected=number in picked)
        missing = {fold(value): value for value in chosen}
        for key, found in numbers.items():
            if listed.keys().isdisjoint(found):
                yield FacetValue(missing[key], 0, selected=True)


def _spread(collection: Collection, name: str) -> tuple[Array | None, Array | None]:
    """Return how combinations are spread over the values of a facet, as passes take it."""
    columns, is_counted = collection.columns, name == "provider"
    bounds = columns["combination.topic.of"] if name == "topic" else None
    return None if is_counted else columns[f"combination.{name}"], bounds


def _most_frequent(counts: Counts) -> tuple[list[int], list[int]]:
    """Return the numbers of the highest counts, the highest first, then by number, and those; none of 0 is listed."""
    found = counts.nonzero()[0]
    found = found.take((-counts.take(found)).argsort(kind="stable"))[:MAX_VALUES]
    return found.tolist(), counts.take(found).tolist()


def count_facets(
    collection: Collection, matches: Docs, chosen: Mapping[str, NDArray[np.bool_]], left: Docs
) -> Mapping[str, Counts]:
    """Count for each facet under the choices in the others, so that its own choice hides none of its values.

    Args:
        collection: of the articles.
        matches: what matches everything but the choices.
        chosen: for facets with a choice, which of the matches have a value that was chosen.
        left: what matches the choices, too.
    """
    counts = count_values(collection, left)
    if not chosen:
        return counts
    counts = dict(counts)
    for name in chosen:
        docs = _under(matches, [mask for other, mask in chosen.items() if other != name])
        counts[name] = count_values(collection, docs)[name]
    return counts


def count_values(collection: Collection, docs: Docs) -> Mapping[str, Counts]:
    """Count each facet's values over articles; of most of them, over the others."""
    if docs is collection.everything:
        return count_everything(collection)
    others = collection.count - len(docs)
    if native.passes or others * MOST > len(docs):
        return _by_facet(*_count_both(collection, docs))
    counted = _by_facet(*_count_both(collection, _all_but(collection, docs)))
    return {name: counts - counted[name] for name, counts in count_everything(collection).items()}


def count_everything(collection: Collection) -> Mapping[str, Counts]:
    """Count each facet's values over all articles; the collection remembers it."""
    if not collection.counted:
        collection.counted.update(_by_facet(*_count_both(collection, collection.everything)))
    return collection.counted


def _by_facet(providers: Counts, combinations: Counts) -> dict[str, Counts]:
    return dict.fromkeys(FACETS, combinations) | {"provider": providers}


def _all_but(collection: Collection, docs: Docs) -> Docs:
    others = np.ones(collection.size, bool) if collection.living is None else collection.living.copy()
    others[docs] = False
    return others.nonzero()[0]


def _count_both(collection: Collection, docs: Docs) -> tuple[Counts, Counts]:
    """Count providers and combinations; of many articles both in one pass, since it is memory that takes the time."""
    shape = len(collection.names["provider"]), collection.combination_count
    if native.passes:
        counts = np.zeros(sum(shape), np.intp)
        native.passes.tally(docs, collection.providers, collection.combinations, counts, shape[0])
        return counts[: shape[0]], counts[shape[0] :]
    if len(docs) < shape[0] * shape[1]:
        return count_providers(collection, docs), count_combinations(collection, docs)
    pairs = collection.provider_combinations.take(docs, mode="clip")
    counts = np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)
    return counts.sum(axis=1), counts.sum(axis=0)


def _under(matches: Docs, masks: Sequence[NDArray[np.bool_]]) -> Docs:
    return matches.take(all_of(masks).nonzero()[0]) if masks else matches


def all_of(masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return where all masks are set; there must be one."""
    return masks[0] if len(masks) == 1 else np.logical_and.reduce(masks)


def make_timeline(collection: Collection, docs: Docs) -> Timeline:
    """Count sorted articles by day, or by longer intervals where that would be too many.

    Articles are numbered by age, so that each interval is a range of numbers within a segment.
    """
    stretches, undated = [], len(docs)
    for number, part in enumerate(collection.parts):
        first, end, newest, oldest = _dated(part, docs)
        if first < end:
            stretches.append((number, first, end, newest, oldest))
            undated -= end - first
    if not stretches:
        return Timeline(interval="day", buckets=(), undated=undated)
    newest, oldest = min([stretch[3] for stretch in stretches]), max([stretch[4] for stretch in stretches])
    interval, starts, ends = collection.intervals.between(day_of(oldest), day_of(newest))
    counts = [_counts(docs, first, end, ends[number]) for number, first, end, _, _ in stretches]
    summed = counts[0] if len(counts) == 1 else list(map(sum, zip(*counts, strict=True)))
    return timeline_of(interval, starts, summed, undated=undated)


def _dated(part: Part, docs: Docs) -> tuple[int, int, int, int]:
    """Return which of *docs* are articles of a part with a date, from and to, and the ages of the first and last."""
    ages, base = part.segment.ages, part.base
    if native.passes:
        found: tuple[int, int, int, int] = native.passes.find_dated(docs, base, part.dated, ages)
        return found
    first, end = docs.searchsorted([base, base + part.dated]).tolist()
    return first, end, *([ages.item(docs[at] - base) for at in (first, end - 1)] if first < end else (0, 0))


def _counts(docs: Docs, first: int, end: int, ends: Docs) -> list[int]:
    """Return how many of some *docs* are in each interval."""
    if native.passes:
        counts: list[int] = native.passes.count_intervals(docs, first, end, ends)
        return counts
    return counts_between(docs[first:end].searchsorted(ends).tolist())
