"""All segments of a generation as one numbering of articles, with what is known of each of them as columns."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from search import ranking
from search.analysis import fold, stem
from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.attributes import MICROSECONDS_A_DAY
from search.engines.whoosh.intervals import Intervals
from search.engines.whoosh.part import Mask, Part, Scores, average_lengths
from search.engines.whoosh.priors import Ceilings, ceilings_of, prior_without_freshness
from search.engines.whoosh.recent import RecentArrays
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.vocabulary import Vocabulary
from search.keys import UNDATED, age_to_moment, moment_to_age, number_to_id

#: Articles; a few megabytes.
_REMEMBERED = 16384
#: Bytes of tables of words, of what they give each article as of their bits.
_TABLES_BYTES = 256 << 20
#: Of what is kept of phrases that were found.
_ROWS_BYTES, _ROWS_BYTES_PER_ARTICLE = 64 << 20, 64
# Python reads signs, prefixes and underscores as parts of a number.
_ID = re.compile(r"[0-9a-f]{16}")


def is_id(text: str) -> bool:
    """Return whether an article might have this id."""
    return _ID.fullmatch(text) is not None


class Collection:
    """Everything that a generation holds. Never changes; safe to share between threads and forks.

    Args:
        segments: in the order of their numbers.
        columns: over all articles, as :func:`search.engines.whoosh.columns.make_columns` gives them.
    """

    def __init__(self, segments: Sequence[Segment], columns: Mapping[str, Array]) -> None:
        self.columns = columns
        ends = np.cumsum([0, *map(len, segments)]).tolist()
        self.size: int = ends[-1]
        self.living: Mask | None = columns["living"] if len(columns["living"]) else None
        shares = _TABLES_BYTES // max(self.size, 1), min(_ROWS_BYTES // max(self.size, 1), _ROWS_BYTES_PER_ARTICLE)
        self.parts = [
            Part(
                segment,
                base,
                *self._losses(number, base, base + len(segment)),
                (shares[0] * len(segment), shares[1] * len(segment)),
            )
            for number, (segment, base) in enumerate(zip(segments, ends, strict=False))
        ]
        #: Articles that are there.
        self.count: int = self.size if self.living is None else int(np.count_nonzero(self.living))
        averages = average_lengths(segments, [part.living for part in self.parts])
        for part in self.parts:
            part.use_averages(averages)
        self.prior: Scores = columns["prior"]
        self.providers: Array = self._numbers("provider")
        self.combinations: Array = columns["combination"]
        self.combination_count = len(columns["combination.type"])
        self.domain: Array = self._numbers("domain")
        self.copies: Array = columns["copy"]
        self.names = {name: Vocabulary(columns, name) for name in ("provider", "domain", "category", "type", "topic")}
        self._local = threading.local()
        self.age_ranks: Array = columns["age.rank"]
        self.has_copies = bool(self.copies.any())
        #: How many articles have each value of a facet, once somebody has counted.
        self.counted: dict[str, Array] = {}
        #: What else was worked out of all articles, by what it is about.
        self.remembered: dict[str, Any] = {}
        #: What is known of the words that were searched last, and what each weighs.
        self.words: dict[str, Any] = {}
        #: What frequent words give each article.
        self.tables = RecentArrays[str, Scores](_TABLES_BYTES)
        self._articles: dict[int, Article] = {}
        self._texts: dict[str, list[str]] = {}
        self._written: dict[str, list[bytes]] = {}
        self._folded: dict[str, Mapping[str, list[int]]] = {}

    @property
    def is_sorted(self) -> bool:
        """True where the articles are numbered from the newest to the oldest throughout."""
        return len(self.parts) == 1

    @cached_property
    def everything(self) -> Docs:
        """Every article that is there."""
        return np.arange(self.size) if self.living is None else np.flatnonzero(self.living)

    @cached_property
    def intervals(self) -> Intervals:
        """What timelines are made of, where any article has a date."""
        return Intervals(self.parts)

    @cached_property
    def copied(self) -> NDArray[np.uint8]:
        """Which articles are in a group of copies, as bits; one article more than there are, and up to seven others."""
        return np.packbits(np.append(self.copies != 0, False), bitorder="little")

    @cached_property
    def numbers(self) -> NDArray[np.uint32]:
        """0, 1, 2 ...: as many as there are articles."""
        return np.arange(self.size, dtype=np.uint32)

    @cached_property
    def provider_combinations(self) -> Array:
        """Of each article its provider and its combination, as one number: the provider's times their count, and it."""
        providers, count = len(self.names["provider"]), self.combination_count
        dtype = np.min_scalar_type(providers * count)
        pairs: Array = self.providers.astype(dtype) * dtype.type(count) + self.combinations.astype(dtype)
        return pairs

    @cached_property
    def ages(self) -> NDArray[np.int64]:
        """The age of each article, as in :func:`search.engines.whoosh.attributes.moment_to_age`."""
        return self._joined("age")

    @cached_property
    def ids(self) -> NDArray[np.uint64]:
        """The id of each article, as a number."""
        return self._joined("id")

    @cached_property
    def by_id(self) -> tuple[NDArray[np.uint64], Docs]:
        """The ids of the articles that are there, sorted, and the articles in that order."""
        ids = self.ids[self.everything]
        order = np.argsort(ids)
        return ids[order], self.everything[order]

    def number_of(self, identifier: str) -> int | None:
        """Return the number of the article with an id, None where there is none."""
        if not is_id(identifier):
            return None
        ids, numbers = self.by_id
        wanted = np.uint64(int(identifier, 16))
        place = ids.searchsorted(wanted)
        return int(numbers[place]) if place < len(ids) and ids[place] == wanted else None

    def column(self, name: str) -> Array:
        """Return what the segments know of each article."""
        return self._joined(name)

    def scratch(self) -> NDArray[np.uint32]:
        """Return this thread's memory for one number an article, with whatever was last left in it."""
        found: NDArray[np.uint32] | None = getattr(self._local, "scratch", None)
        if found is None:
            found = self._local.scratch = np.zeros(self.size, np.uint32)
        return found

    def article(self, number: int) -> Article:
        """Return an article."""
        return self.articles([number])[0]

    def articles(self, numbers: Sequence[int]) -> list[Article]:
        """Return articles; the last ones are remembered, since the best are found again and again."""
        known = self._articles
        found = list(map(known.get, numbers))
        if None in found:
            missing = [number for number, article in zip(numbers, found, strict=True) if article is None]
            read = dict(zip(missing, self._read(missing), strict=True))
            found = [article or read[number] for number, article in zip(numbers, found, strict=True)]
            if len(known) > _REMEMBERED:
                known.clear()
            known.update(read)
        return found  # type: ignore[return-value] # none is None any more

    def _read(self, numbers: Sequence[int]) -> list[Article]:
        if len(self.parts) == 1:
            return self.parts[0].segment.stored.articles(numbers)
        parts = zip(map(self.part_of, numbers), numbers, strict=True)
        return [part.segment.stored.article(number - part.base) for part, number in parts]

    def contents(self, numbers: Sequence[int]) -> list[bytes]:
        """Return articles as the API sends them, but for their ids and dates, which columns have."""
        if len(self.parts) == 1:
            return self.parts[0].segment.stored.contents(numbers)
        parts = zip(map(self.part_of, numbers), numbers, strict=True)
        return [part.segment.stored.json(number - part.base) for part, number in parts]

    @cached_property
    def written_columns(self) -> tuple[Array, ...]:
        """What :func:`search._passes.write_hits` adds to contents."""
        stories = [self.columns[name] for name in ("story", "story.id", "story.size", "story.outlets")]
        return self.ids, self.ages, *stories

    def priors(self, number: int, reference: datetime | None) -> dict[str, float]:
        """Return the factors of an article's score beside the text, by name; ages are counted from *reference*."""
        return ranking.priors(self.article(number), int(self.columns["outlets"][number]), reference)

    @cached_property
    def prior_without_freshness(self) -> Scores:
        """The same without freshness; only who asks for certain days needs it."""
        return prior_without_freshness([part.segment for part in self.parts], self.columns["outlets"])

    @cached_property
    def ceilings(self) -> Ceilings:
        """What the product of those factors is at most, counted from the newest article."""
        return ceilings_of(self.prior)

    def prior_since(self, reference: datetime | None) -> Scores | None:
        """Return the product of those factors, for every article; None where that is only known for other days."""
        if reference is self.newest:
            return self.prior
        return self.prior_without_freshness if reference is None else None

    def priors_of(self, docs: Docs, reference: datetime | None) -> Scores:
        """Return the product of those factors, for many articles."""
        prior = self.prior_since(reference)
        if prior is not None:
            return prior.take(docs, mode="clip")
        ages = self.ages.take(docs, mode="clip")
        days = np.where(ages == UNDATED, np.nan, (ages - moment_to_age(reference)) / MICROSECONDS_A_DAY)
        return self.prior_without_freshness.take(docs, mode="clip") * ranking.freshness_factors(days)

    @cached_property
    def newest(self) -> datetime | None:
        """When the newest article was published."""
        ages = self.ages[self.everything]
        return age_to_moment(int(ages.min())) if len(ages) else None

    def id_of(self, number: int) -> str:
        """Return the id of an article."""
        return number_to_id(int(self.ids[number]))

    def forms_of(self, term: str) -> set[str]:
        """Return the term, and all others that have the same stem."""
        found = {term}
        for part in self.parts:
            number = part.segment.stems.find(stem(term))
            if number is not None:
                found.update(part.segment.terms[form] for form in part.segment.forms(number).tolist())
        return found

    def part_of(self, number: int) -> Part:
        """Return the part that an article is in."""
        part = self.parts[0]
        return part if len(self.parts) == 1 else next(p for p in reversed(self.parts) if p.base <= number)

    def texts(self, name: str) -> list[str]:
        """Return all texts of a column, by number."""
        if name not in self._texts:
            self._texts[name] = list(self.names[name])
        return self._texts[name]

    def written_texts(self, name: str) -> list[bytes]:
        """Return the same, each as JSON."""
        if name not in self._written:
            self._written[name] = list(map(orjson.dumps, self.texts(name)))
        return self._written[name]

    def numbers_of(self, name: str, value: str) -> list[int]:
        """Return the numbers of a column's texts that equal *value*, folded."""
        if name not in self._folded:
            folded: dict[str, list[int]] = {}
            for number, text in enumerate(self.texts(name)):
                folded.setdefault(fold(text), []).append(number)
            self._folded[name] = folded
        return self._folded[name].get(fold(value), [])

    def _numbers(self, name: str) -> Array:
        """Return the number of each article's name, which a single segment has itself."""
        return self.parts[0].segment.arrays[name] if len(self.parts) == 1 else self.columns[name]

    def _joined(self, name: str) -> Array:
        arrays = [part.segment.arrays[name] for part in self.parts]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays or [np.empty(0, np.int64)])

    def _losses(self, number: int, start: int, end: int) -> tuple[Mask | None, Array | None]:
        dead = self.columns.get(f"dead.{number}")
        if self.living is None or dead is None:
            return None, None
        return self.living[start:end], dead
