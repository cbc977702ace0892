"""The steps of one search: matches, order, facets, timeline and one page of hits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np

from search import ranking
from search.articles import Article
from search.engines.whoosh.attributes import UNDATED
from search.engines.whoosh.collection import Collection, Mask, Scores
from search.engines.whoosh.conditions import FACETS, between_days, chosen_values
from search.engines.whoosh.counting import CountedFacets, count_everything, count_facets, make_timeline
from search.engines.whoosh.highlighting import Highlights, highlight_hits
from search.engines.whoosh.ordering import Listed, Ordering
from search.engines.whoosh.plan import Budget, Matches, Planner
from search.engines.whoosh.segment import Docs
from search.query import Node, Query
from search.query.rewrite import any_of, names_dates, names_outlets, scoring_leaves, split_relaxed
from search.results import Explanation, Hit, Page, StoryInfo

#: More than any score, so that the number of words an article has decides before it.
_WORD = 10_000.0


class Execution:
    """One search over a collection.

    Raises:
        SearchTimeoutError: If it takes longer than *seconds*.
    """

    def __init__(self, query: Query, collection: Collection, seconds: float) -> None:
        self._query, self._collection = query, collection
        tree = query.parsed.tree
        self.tree: Node = any_of(tree) if query.match == "any" else tree
        self._budget = Budget(seconds)
        self._planner = Planner(collection, self._budget)
        self._leaves = scoring_leaves(self.tree)
        self._matches = self._within_days(self._match())
        self._chosen = self._choose()
        self._found = self._matches
        if self._chosen:
            self._found = self._matches.only(np.logical_and.reduce(list(self._chosen.values())))

    def page(self, generation: str) -> Page:
        """Return the page that was asked for; the time it took counts from when the execution began."""
        query = self._query
        self._budget.check()
        ordering = self._ordering()
        first = (query.page - 1) * query.size
        listed = ordering.stretch(first, first + query.size)
        self._budget.check()
        facets = self._facets() if query.facets else {}
        timeline = make_timeline(self._collection, self._found.docs) if query.facets else None
        return Page(
            query=query.parsed.text,
            searched=str(self.tree),
            total=len(self._found.docs),
            page=query.page,
            size=query.size,
            took_ms=self._budget.spent_ms(),
            generation=generation,
            hits=Hits(self, ordering, listed),
            facets=facets,
            timeline=timeline,
            notices=query.parsed.notices,
            relaxed=self._found.words is not None and len(self._found.docs) > 0,
            listed=ordering.count(),
        )

    def _match(self) -> Matches:
        """Return what matches the words; where nothing does and the query lets that pass, what has most of them."""
        matches = self._planner.matches(self.tree)
        if len(matches.docs) or self._query.match != "auto":
            return matches
        return self._planner.most_of(*split_relaxed(self.tree))

    def _within_days(self, matches: Matches) -> Matches:
        first, last = self._query.filters.date_from, self._query.filters.date_to
        if not first and not last:
            return matches
        return matches.only(between_days(self._collection, first, last).among(matches.docs))

    def _choose(self) -> dict[str, Mask]:
        """Return, for each facet with a choice, which of the matches have a value that was chosen."""
        conditions = {name: chosen_values(self._collection, self._query.filters, name) for name in FACETS}
        return {name: found.among(self._matches.docs) for name, found in conditions.items() if found}

    @cached_property
    def texts(self) -> Scores | None:
        """What the words give each match; None where there are no words, which gives 1."""
        return self._planner.scores(self._leaves, self._found) if self._leaves else None

    def _ordering(self) -> Ordering:
        query, collection, docs = self._query, self._collection, self._found.docs
        keys = self._relevance() if query.sort == "relevance" else _KEYS[query.sort](collection, docs)
        outlets = bool(query.filters.provider) or names_outlets(self._query.parsed.tree)
        diversity = query.diversity and query.sort == "relevance" and not outlets
        return Ordering(collection, docs, keys, collapse=query.collapse == "title", diversity=diversity)

    def _relevance(self) -> Scores:
        collection, docs = self._collection, self._found.docs
        prior = collection.prior if self.with_freshness else collection.prior_without_freshness
        keys = prior if docs is collection.everything and collection.living is None else prior.take(docs, mode="clip")
        if self.texts is not None:
            keys = np.multiply(keys, self.texts)
        words = self._found.words
        return keys if words is None else keys + _WORD * words

    @cached_property
    def with_freshness(self) -> bool:
        """What is new counts for nothing to somebody who asks for certain days."""
        filters = self._query.filters
        return filters.date_from is None and filters.date_to is None and not names_dates(self._query.parsed.tree)

    def _facets(self) -> CountedFacets:
        collection, filters = self._collection, self._query.filters
        if not self._chosen and self._matches.docs is collection.everything:
            counts = count_everything(collection)
        else:
            counts = count_facets(collection, self._matches.docs, self._chosen)
        return CountedFacets(collection, counts, {name: getattr(filters, name) for name in FACETS})

    def article(self, number: int) -> Article:
        """Return an article."""
        return self._collection.article(number)

    def number(self, place: int) -> int:
        """Return the number of the match at a place."""
        return int(self._found.docs[place])

    def factors(self, place: int) -> dict[str, float]:
        """Return what the score of a match is the product of."""
        text = 1.0 if self.texts is None else float(self.texts[place])
        return {"text": text, **self._collection.priors(self.number(place), with_freshness=self.with_freshness)}

    def story(self, number: int) -> StoryInfo:
        """Return what a hit says of its story."""
        return self._collection.story_info(number)

    def highlights(self, numbers: Sequence[int]) -> list[Highlights]:
        """Return where the searched words are in articles."""
        return highlight_hits(self._collection, self._leaves, numbers)

    def article_json(self, number: int) -> bytes:
        """Return an article as the API sends it."""
        return self._collection.article_json(number)

    @property
    def is_explained(self) -> bool:
        """Whether hits say why they have their score."""
        return self._query.explain


class Hits(Sequence[Hit]):
    """The hits of a page, made when they are looked at."""

    def __init__(self, execution: Execution, ordering: Ordering, listed: Sequence[Listed]) -> None:
        self._execution, self._ordering, self._listed = execution, ordering, listed
        self._made: dict[int, StoredHit] = {}
        self.numbers = [execution.number(item.place) for item in listed]

    @cached_property
    def highlights(self) -> Mapping[int, Highlights]:
        """Where the searched words are in each of the articles; found for the whole page at once."""
        return dict(zip(self.numbers, self._execution.highlights(self.numbers), strict=True))

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | Sequence[Hit]:
        """Return one hit, or several."""
        if isinstance(place, slice):
            return tuple(map(self._hit, range(len(self))[place]))
        return self._hit(range(len(self))[place])

    def __len__(self) -> int:
        """Count the hits of the page."""
        return len(self._listed)

    def __eq__(self, other: object) -> bool:
        """Compare hit by hit."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def _hit(self, place: int) -> StoredHit:
        if place not in self._made:
            self._made[place] = StoredHit(self, self._execution, self._ordering, self._listed[place])
        return self._made[place]


class StoredHit(Hit):
    """A hit that looks up its article, and where the words are in it, when it is asked for them."""

    #: Number of the article.
    number: int
    _hits: Hits
    _execution: Execution
    _ordering: Ordering
    _place: int

    def __init__(self, hits: Hits, execution: Execution, ordering: Ordering, item: Listed) -> None:
        values: dict[str, Any] = self.__dict__
        values["_hits"], values["number"] = hits, execution.number(item.place)
        values["_execution"], values["_ordering"], values["_place"] = execution, ordering, item.place
        values["more_from_domain"] = item.more_from_domain

    @cached_property
    def score(self) -> float:
        """The product of the factors."""
        return math.prod(self.factors.values())

    @cached_property
    def factors(self) -> Mapping[str, float]:
        """What the score is the product of."""
        return self._execution.factors(self._place)

    @cached_property
    def article(self) -> Article:
        """The article."""
        return self._execution.article(self.number)

    @cached_property
    def story(self) -> StoryInfo:
        """The story, in numbers."""
        return self._execution.story(self.number)

    @cached_property
    def also(self) -> tuple[Article, ...]:
        """Copies with the same title from the same story."""
        places = self._ordering.copies_of(self._place).tolist()
        return tuple([self._execution.article(self._execution.number(place)) for place in places])

    @cached_property
    def highlights(self) -> Highlights:
        """Where the searched words are."""
        return self._hits.highlights[self.number]

    @cached_property
    def article_json(self) -> bytes:
        """The article as the API sends it."""
        return self._execution.article_json(self.number)

    @cached_property
    def explanation(self) -> Explanation | None:
        """Why it has its score."""
        if not self._execution.is_explained:
            return None
        return Explanation(factors=dict(self.factors), sentence=ranking.explain(self.factors))


def _newest_first(collection: Collection, docs: Docs) -> Scores | None:
    return None if collection.is_sorted else -collection.age_ranks[docs].astype(np.float64)


def _oldest_first(collection: Collection, docs: Docs) -> Scores:
    ages = collection.ages[docs]
    return np.where(ages == UNDATED, -np.inf, ages)


def _best_first(collection: Collection, docs: Docs) -> Scores:
    return collection.column("quality")[docs].astype(np.float64)


_KEYS: Mapping[str, Callable[[Collection, Docs], Scores | None]] = {
    "newest": _newest_first,
    "oldest": _oldest_first,
    "quality": _best_first,
}
