"""Answers a query over postings, whoever holds them: matches, order, facets, timeline and one page of hits."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cached_property

from msgspec.structs import replace

from search import ranking
from search.articles import Article, Story
from search.engine import Statistics
from search.engines.completion import Completions
from search.engines.documents import FACETS, Documents
from search.engines.matching import Matcher, Postings, field_factors
from search.engines.paging import Listed, collapse_copies, diversify
from search.highlights import highlight
from search.likeness import with_words
from search.query import Node, Query
from search.query.correction import Reading, first_that_finds, readings
from search.query.rewrite import as_of, end_of_day, names_dates, names_outlets
from search.results import Completion, Explanation, FacetValue, Hit, Page, StoryInfo
from search.suggest import suggest
from search.timeline import make_timeline


class PostingsReader:
    """What every :class:`search.engine.Reader` over postings shares; safe to share between threads."""

    def __init__(self, generation: str, documents: Documents, postings: Postings, *, size_bytes: int = 0) -> None:
        self.generation, self.documents, self.postings = generation, documents, postings
        self._size_bytes = size_bytes
        self._factors = field_factors(postings)

    def search(self, query: Query) -> Page:
        """Answer *query*."""
        started = time.perf_counter()
        search = _Search(query, self.documents, Matcher(self.postings, self._factors, self.documents))
        page = search.page(self.generation)
        return replace(page, took_ms=round((time.perf_counter() - started) * 1000, 3))

    def suggest(self, text: str) -> tuple[Completion, ...]:
        """Return completions of *text*."""
        matcher = Matcher(self.postings, self._factors, self.documents)
        return suggest(text, Completions(self.postings, matcher, self.documents))

    def article(self, identifier: str) -> Article:
        """Return the article."""
        return self.documents.article(identifier)

    def story(self, identifier: str) -> Story:
        """Return the story."""
        return self.documents.story(identifier)

    def story_of(self, identifier: str) -> Story:
        """Return the article's story."""
        return self.documents.story_of(identifier)

    def statistics(self) -> Statistics:
        """Return what is served, in numbers."""
        return self.documents.statistics(self.generation, size_bytes=self._size_bytes)


class _Search:
    """The steps of one query, each done once."""

    def __init__(self, query: Query, documents: Documents, matcher: Matcher) -> None:
        self._query, self._documents, self._matcher = query, documents, matcher
        self._chosen = {name: documents.with_values(query.filters, name) for name in FACETS}

    def page(self, generation: str) -> Page:
        query, listed = self._query, self._listed()
        first = (query.page - 1) * query.size
        return Page(
            query=query.parsed.text,
            searched=str(self._tree),
            total=len(self._found),
            page=query.page,
            size=query.size,
            took_ms=0.0,
            generation=generation,
            hits=tuple(self._hit(item) for item in listed[first : first + query.size]),
            facets=self._facets() if query.facets else {},
            timeline=make_timeline(self._documents.days[number] for number in self._found) if query.facets else None,
            notices=query.parsed.notices,
            suggestion=self._reading.suggestion,
            relaxed=bool(self._reading.is_relaxed and self._found),
            listed=len(listed),
        )

    @cached_property
    def _read(self) -> tuple[Reading, AbstractSet[int]]:
        """The way to read the query that counts, and what it finds."""
        tree = with_words(self._query.parsed.tree, self._matcher.telling)
        tries = readings(tree, self._query.match, self._matcher)
        return first_that_finds(tries, self._find, lambda found: bool(self._chosen_of(self._searched(found))))

    def _find(self, reading: Reading) -> AbstractSet[int]:
        find = self._matcher.most_of if reading.is_relaxed else self._matcher.matching
        return find(reading.tree)

    def _searched(self, numbers: AbstractSet[int]) -> AbstractSet[int]:
        among = self._query.among
        within = self._documents.within_dates(numbers, self._query.filters)
        return within if among is None else within & self._documents.with_ids(among)

    def _chosen_of(self, numbers: AbstractSet[int]) -> AbstractSet[int]:
        return _intersection(numbers, list(self._chosen.values()))

    @property
    def _reading(self) -> Reading:
        return self._read[0]

    @property
    def _tree(self) -> Node:
        return self._reading.tree

    @cached_property
    def _matches(self) -> AbstractSet[int]:
        """What matches the words, of the articles and days that are searched."""
        return self._searched(self._read[1])

    @cached_property
    def _found(self) -> AbstractSet[int]:
        """What matches everything that was asked for."""
        return self._chosen_of(self._matches)

    @cached_property
    def _texts(self) -> Mapping[int, float]:
        return self._matcher.scores(self._tree, self._found)

    def _listed(self) -> list[Listed]:
        """Put the matches in order, with copies folded and domains spread as the query wants it."""
        query, ranked = self._query, self._ranked()
        if query.collapse == "none":
            listed = [Listed(number) for number in ranked]
        else:
            listed = collapse_copies(ranked, self._documents.copies)
        return diversify(listed, self._documents.articles) if self._is_spread else listed

    @property
    def _is_spread(self) -> bool:
        """Somebody who asks for certain outlets wants as much of them as there is."""
        query = self._query
        is_wanted = query.diversity and query.sort == "relevance"
        return is_wanted and not query.filters.provider and not names_outlets(query.parsed.tree)

    def _ranked(self) -> Sequence[int]:
        if self._query.sort != "relevance":
            return sorted(self._found, key=self._documents.orders[self._query.sort].__getitem__)
        places, texts = self._documents.rank_by_age, self._texts
        prior = self._documents.prior(self._reference)
        return sorted(self._found, key=lambda n: (-round(texts[n] * prior[n], ranking.DECIMALS), places[n]))

    @cached_property
    def _reference(self) -> datetime | None:
        """From when ages are counted; what is new counts for nothing to somebody who asks for certain days."""
        query, tree = self._query, self._query.parsed.tree
        if query.filters.date_from or query.filters.date_to or names_dates(tree):
            return None
        day = as_of(tree)
        return end_of_day(day) if day else self._documents.newest

    def _factors(self, number: int) -> dict[str, float]:
        return {"text": self._texts[number], **self._documents.priors(number, self._reference)}

    def _hit(self, item: Listed) -> Hit:
        article = self._documents.articles[item.number]
        story = self._documents.story_of(article.id)
        factors = self._factors(item.number)
        return Hit(
            article=article,
            score=math.prod(factors.values()),
            highlights={
                "title": highlight(article.title, *self._sought["title"]),
                "excerpt": highlight(article.excerpt, *self._sought["excerpt"]),
            },
            story=StoryInfo(id=story.id, articles=len(story.article_ids), outlets=story.outlets),
            also=tuple(self._documents.articles[number] for number in item.also),
            more_from_domain=item.more_from_domain,
            explanation=Explanation(factors=factors, sentence=ranking.explain(factors))
            if self._query.explain
            else None,
        )

    @cached_property
    def _sought(self) -> Mapping[str, tuple[set[str], list[list[str]], list[tuple[list[str], int]]]]:
        """What is highlighted in each field that is shown."""
        return {field: self._matcher.sought(self._tree, field) for field in ("title", "excerpt")}

    def _facets(self) -> dict[str, tuple[FacetValue, ...]]:
        """Count each facet's values under the choices in the others, so that its own choice hides none of them."""
        counted = {}
        for name in FACETS:
            others = [numbers for other, numbers in self._chosen.items() if other != name]
            values: tuple[str, ...] = getattr(self._query.filters, name)
            counted[name] = self._documents.count_values(name, _intersection(self._matches, others), values)
        return counted


def _intersection(numbers: AbstractSet[int], filters: Sequence[AbstractSet[int] | None]) -> AbstractSet[int]:
    for chosen in filters:
        if chosen is not None:
            numbers = numbers & chosen
    return numbers
