"""The steps of one search: matches, order, facets, timeline and one page of hits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from search.articles import Article
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.conditions import FACETS, between_days, chosen_values, with_ids
from search.engines.whoosh.counting import CountedFacets, all_of, count_facets, make_timeline
from search.engines.whoosh.highlighting import highlight_hits
from search.engines.whoosh.hits import Details, Hits
from search.engines.whoosh.lazy import lazy
from search.engines.whoosh.marks import Marks
from search.engines.whoosh.operands import Budget
from search.engines.whoosh.ordering import Keys, Ordering
from search.engines.whoosh.part import Mask, Scores
from search.engines.whoosh.plan import Matches, Planner
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.spelling import Words
from search.engines.whoosh.stories import stories_of
from search.keys import UNDATED
from search.likeness import with_words
from search.query import Filters, Leaf, Query
from search.query.correction import Reading, first_that_finds, readings
from search.query.rewrite import as_of, end_of_day, is_plain, names_dates, names_outlets, scoring_leaves, split_most
from search.results import Page

_UNFILTERED = Filters()


class Execution:
    """One search over a collection.

    Raises:
        SearchTimeoutError: If it takes longer than *seconds*.
    """

    def __init__(self, query: Query, collection: Collection, seconds: float) -> None:
        self._query, self.collection = query, collection
        self._budget = Budget(seconds)
        self._planner = Planner(collection, self._budget)
        self._is_plain = is_plain(query.parsed.tree)
        #: What the query finds as it is, where that was looked for first.
        self._as_typed: Matches | None = None
        self._reading, matches = self._read()
        self._chosen: dict[str, Mask] = {}
        self._matches = self._found = matches
        if query.filters != _UNFILTERED or query.among is not None:
            self._matches = self._searched(matches)
            self._chosen = self._choose(self._matches)
            self._found = _having(self._matches, self._chosen)

    def page(self, generation: str) -> Page:
        """Return the page that was asked for; the time it took counts from when the execution began."""
        query = self._query
        self._budget.check()
        ordering = self._ordering()
        first = (query.page - 1) * query.size
        listed = ordering.stretch(first, first + query.size)
        self._budget.check()
        facets = self._facets() if query.facets else {}
        timeline = make_timeline(self.collection, self._found.docs) if query.facets else None
        return Page(
            query=query.parsed.text,
            searched=str(self._reading.tree),
            total=len(self._found.docs),
            page=query.page,
            size=query.size,
            took_ms=self._budget.spent_ms(),
            generation=generation,
            hits=Hits(Details(self, ordering, listed)),
            facets=facets,
            timeline=timeline,
            notices=query.parsed.notices,
            suggestion=self._reading.suggestion,
            relaxed=self._reading.is_relaxed and len(self._found.docs) > 0,
            listed=ordering.count(),
        )

    def _read(self) -> tuple[Reading, Matches]:
        """Return the way to read the query that counts, and what it finds."""
        tree, match = self._query.parsed.tree, self._query.match
        if self._is_plain and match != "any":
            # Of most, nothing needs to be read otherwise, since they find something as they are.
            self._as_typed = self._planner.matches(tree)
            if len(self._as_typed.docs) or match == "all":
                return Reading(tree), self._as_typed
        words = Words(self.collection, self._planner, self._budget.check)
        tree = tree if self._is_plain else with_words(tree, words.telling)
        return first_that_finds(readings(tree, match, words), self._match, self._is_left)

    def _is_left(self, matches: Matches) -> bool:
        """Tell whether the filters of the request leave any of the matches."""
        left = self._searched(matches)
        return len(_having(left, self._choose(left))) > 0

    def _match(self, reading: Reading) -> Matches:
        if self._as_typed is not None and reading.tree is self._query.parsed.tree and not reading.is_relaxed:
            return self._as_typed
        if reading.is_relaxed:
            return self._planner.most_of(*split_most(reading.tree))
        return self._planner.matches(reading.tree)

    def _searched(self, matches: Matches) -> Matches:
        """Return those of the matches that are of the articles and days that are searched."""
        first, last, among = self._query.filters.date_from, self._query.filters.date_to, self._query.among
        if first or last:
            matches = matches.only(between_days(self.collection, first, last).among(matches.docs))
        return matches if among is None else matches.only(with_ids(self.collection, among).among(matches.docs))

    def _choose(self, matches: Matches) -> dict[str, Mask]:
        """Return, for each facet with a choice, which of the matches have a value that was chosen."""
        filters = self._query.filters
        if not filters.chooses:
            return {}
        conditions = {name: chosen_values(self.collection, filters, name) for name in FACETS}
        return {name: found.among(matches.docs) for name, found in conditions.items() if found}

    @lazy
    def _leaves(self) -> Sequence[Leaf]:
        """What articles are found and ranked by."""
        return scoring_leaves(self._reading.tree)

    @lazy
    def texts(self) -> Scores | None:
        """What the words give each match; None where there are no words, which gives 1."""
        if self._found.scores is not None or not self._leaves:
            return self._found.scores
        return self._planner.scores(self._leaves, self._found)

    def _ordering(self) -> Ordering:
        query, collection, docs = self._query, self.collection, self._found.docs
        keys = self._relevance() if query.sort == "relevance" else _KEYS[query.sort](collection, docs)
        outlets = bool(query.filters.provider) or (not self._is_plain and names_outlets(query.parsed.tree))
        diversity = query.diversity and query.sort == "relevance" and not outlets
        return Ordering(collection, docs, keys, collapse=query.collapse == "title", diversity=diversity)

    def _relevance(self) -> Keys:
        docs, collection = self._found.docs, self.collection
        prior = collection.prior_since(self._reference)
        if prior is not None:
            ceilings = collection.ceilings if prior is collection.prior else None
            return Keys(docs, prior, self.texts, ceilings, are_scores=True)
        # Counted from another day than that of the newest article.
        keys = collection.priors_of(docs, self._reference)
        return Keys(docs, None, keys if self.texts is None else keys * self.texts)

    @lazy
    def _reference(self) -> datetime | None:
        """From when ages are counted; what is new counts for nothing to somebody who asks for certain days."""
        query, tree = self._query, self._query.parsed.tree
        if query.filters.date_from or query.filters.date_to:
            return None
        if self._is_plain:
            return self.collection.newest
        if names_dates(tree):
            return None
        day = as_of(tree)
        return end_of_day(day) if day else self.collection.newest

    def _facets(self) -> CountedFacets:
        collection = self.collection
        counts = count_facets(collection, self._matches.docs, self._chosen, self._found.docs)
        return CountedFacets(collection, counts, self._query.filters)

    def articles(self, numbers: Sequence[int]) -> list[Article]:
        """Return articles."""
        return self.collection.articles(numbers)

    def numbers(self, places: Sequence[int] | Docs) -> list[int]:
        """Return the numbers of the matches at places."""
        numbers: list[int] = self._found.docs[np.array(places, np.intp)].tolist()
        return numbers

    def scores(self, places: Sequence[int]) -> list[float]:
        """Return the scores of the matches at places."""
        chosen = np.array(places, np.intp)
        scores = self.collection.priors_of(self._found.docs[chosen], self._reference)
        listed: list[float] = (scores if self.texts is None else scores * self.texts[chosen]).tolist()
        return listed

    def factors(self, place: int) -> dict[str, float]:
        """Return what the score of a match is the product of."""
        text, number = 1.0 if self.texts is None else float(self.texts[place]), int(self._found.docs[place])
        return {"text": text, **self.collection.priors(number, self._reference)}

    def stories(self, numbers: Sequence[int]) -> list[tuple[str, int, int]]:
        """Return what hits say of their stories: id, articles, outlets."""
        return stories_of(self.collection, numbers)

    def marks(self, numbers: Sequence[int]) -> Marks:
        """Return where the searched words are in articles."""
        return highlight_hits(self.collection, self._leaves, numbers)

    @property
    def is_explained(self) -> bool:
        """Whether hits say why they have their score."""
        return self._query.explain


def _having(matches: Matches, chosen: Mapping[str, Mask]) -> Matches:
    return matches.only(all_of(list(chosen.values()))) if chosen else matches


def _newest_first(collection: Collection, docs: Docs) -> Keys | None:
    return None if collection.is_sorted else Keys(docs, None, -collection.age_ranks[docs].astype(np.float64))


def _oldest_first(collection: Collection, docs: Docs) -> Keys:
    ages = collection.ages[docs]
    return Keys(docs, None, np.where(ages == UNDATED, -np.inf, ages))


def _best_first(collection: Collection, docs: Docs) -> Keys:
    return Keys(docs, None, collection.column("quality")[docs].astype(np.float64))


_KEYS: Mapping[str, Callable[[Collection, Docs], Keys | None]] = {
    "newest": _newest_first,
    "oldest": _oldest_first,
    "quality": _best_first,
}
