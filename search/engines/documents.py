"""A generation's articles as columns, for filters, facets and order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from functools import cached_property

from search import ranking
from search.analysis import fold, terms
from search.articles import Article, Story
from search.engine import Statistics
from search.errors import NotFoundError
from search.query import Filters
from search.query.request import Sort
from search.results import FacetValue

FACETS = ("provider", "topic", "category", "type")
#: Values of a facet that are listed; selected ones are, whatever their place.
MAX_VALUES = 50

_NEVER = datetime.min.replace(tzinfo=UTC)


class Documents:
    """The articles of a generation, by number: their place in the list.

    Engines that share this class number alike, so that ties and pages fall the same.
    """

    def __init__(self, articles: Sequence[Article], stories: Iterable[Story]) -> None:
        self.articles = articles
        self._numbers = {article.id: number for number, article in enumerate(articles)}
        self._stories = {story.id: story for story in stories}
        self._priors: dict[datetime | None, list[float]] = {}
        self._story_of = {id_: story for story in self._stories.values() for id_ in story.article_ids}

    def article(self, identifier: str) -> Article:
        """Return the article; raises NotFoundError."""
        try:
            return self.articles[self._numbers[identifier]]
        except KeyError:
            raise NotFoundError("article", identifier) from None

    def story(self, identifier: str) -> Story:
        """Return the story; raises NotFoundError."""
        try:
            return self._stories[identifier]
        except KeyError:
            raise NotFoundError("story", identifier) from None

    def story_of(self, identifier: str) -> Story:
        """Return the article's story; raises NotFoundError."""
        try:
            return self._story_of[identifier]
        except KeyError:
            raise NotFoundError("article", identifier) from None

    def statistics(self, generation: str, *, size_bytes: int) -> Statistics:
        """Return what is served, in numbers."""
        return Statistics(
            generation=generation,
            articles=len(self.articles),
            stories=sum(len(story.article_ids) > 1 for story in self._stories.values()),
            providers=len({article.provider.name for article in self.articles}),
            size_bytes=size_bytes,
            newest=self.newest,
        )

    @cached_property
    def newest(self) -> datetime | None:
        """When the newest article was published."""
        return max((article.published_at for article in self.articles if article.published_at), default=None)

    @cached_property
    def days(self) -> list[date | None]:
        """The day, in UTC, that each article was published."""
        return [article.published_at.date() if article.published_at else None for article in self.articles]

    @cached_property
    def facets(self) -> Mapping[str, list[tuple[str, ...]]]:
        """The values of every facet, for each article."""
        return {
            "provider": [(article.provider.name,) for article in self.articles],
            "topic": [article.topics for article in self.articles],
            "category": [(article.category,) if article.category else () for article in self.articles],
            "type": [(article.type,) if article.type else () for article in self.articles],
        }

    @cached_property
    def numbers_by_value(self) -> Mapping[str, Mapping[str, frozenset[int]]]:
        """For every facet, the articles that have a value, folded."""
        found: dict[str, dict[str, set[int]]] = {name: {} for name in FACETS}
        for name, column in self.facets.items():
            for number, values in enumerate(column):
                for value in values:
                    found[name].setdefault(fold(value), set()).add(number)
        return {name: {value: frozenset(numbers) for value, numbers in by.items()} for name, by in found.items()}

    @cached_property
    def rank_by_age(self) -> list[int]:
        """The place of each article, newest first, then by id, undated ones last; this order breaks every tie."""
        dated = sorted(range(len(self.articles)), key=lambda number: self.articles[number].id)
        dated.sort(key=lambda number: self.articles[number].published_at or _NEVER, reverse=True)
        return _inverse(dated)

    @cached_property
    def orders(self) -> Mapping[Sort, list[int]]:
        """The place of each article in every order that does not depend on the words."""
        numbers = sorted(range(len(self.articles)), key=self.rank_by_age.__getitem__)
        oldest = sorted(
            numbers, key=lambda number: self.articles[number].published_at or datetime.max.replace(tzinfo=UTC)
        )
        best = sorted(
            numbers, key=lambda number: -1 if (q := self.articles[number].quality) is None else q, reverse=True
        )
        return {"newest": self.rank_by_age, "oldest": _inverse(oldest), "quality": _inverse(best)}

    @cached_property
    def outlets(self) -> list[int]:
        """Distinct outlets of the episode that each article is in."""
        by_id = {
            id_: episode.outlets
            for story in self._stories.values()
            for episode in story.episodes
            for id_ in episode.article_ids
        }
        return [by_id[article.id] for article in self.articles]

    def priors(self, number: int, reference: datetime | None) -> dict[str, float]:
        """Return the factors of an article's score beside the text, by name; ages are counted from *reference*."""
        return ranking.priors(self.articles[number], self.outlets[number], reference)

    def prior(self, reference: datetime | None) -> list[float]:
        """Return the product of those factors, for each article."""
        if reference not in self._priors:
            numbers = range(len(self.articles))
            self._priors[reference] = [math.prod(self.priors(n, reference).values()) for n in numbers]
        return self._priors[reference]

    @cached_property
    def copies(self) -> list[int]:
        """The same number for articles of one story with the same normalised title; another one for every other."""
        numbers = list(range(len(self.articles)))
        for story in self._stories.values():
            members = [self._numbers[id_] for id_ in story.article_ids]
            groups: dict[str, int] = {}
            for number in members if len(members) > 1 else ():
                if title := normalized_title(self.articles[number].title):
                    numbers[number] = groups.setdefault(title, number)
        return numbers

    def copies_of(self, identifier: str) -> AbstractSet[int]:
        """Return an article and its copies; nothing where there is no such article."""
        number = self._numbers.get(identifier)
        return frozenset(n for n, copy in enumerate(self.copies) if number is not None and copy == self.copies[number])

    def with_values(self, filters: Filters, name: str) -> AbstractSet[int] | None:
        """Return the articles that have one of the values chosen for the facet, None where none was chosen."""
        chosen: tuple[str, ...] = getattr(filters, name)
        if not chosen:
            return None
        by_value = self.numbers_by_value[name]
        return frozenset().union(*(by_value.get(fold(value), frozenset()) for value in chosen))

    def with_ids(self, identifiers: Iterable[str]) -> set[int]:
        """Return the articles that have one of the ids."""
        return {self._numbers[id_] for id_ in identifiers if id_ in self._numbers}

    def within_dates(self, numbers: Iterable[int], filters: Filters) -> set[int]:
        """Keep the articles of the chosen days."""
        if filters.date_from is None and filters.date_to is None:
            return set(numbers)
        first, last = filters.date_from or date.min, filters.date_to or date.max
        return {number for number in numbers if (day := self.days[number]) is not None and first <= day <= last}

    def count_values(
        self, name: str, numbers: Iterable[int], chosen: Sequence[str], *, most: int | None = MAX_VALUES
    ) -> tuple[FacetValue, ...]:
        """Count a facet's values: the *most* frequent first, then by name; chosen ones are always there."""
        column = self.facets[name]
        counts = Counter(value for number in numbers for value in column[number])
        folded = {fold(value): value for value in chosen}
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        listed = [item for place, item in enumerate(ordered) if most is None or place < most or fold(item[0]) in folded]
        found = {fold(value) for value, _ in listed}
        listed += [(value, 0) for key, value in folded.items() if key not in found]
        return tuple(FacetValue(value=value, count=count, selected=fold(value) in folded) for value, count in listed)


def normalized_title(title: str) -> str:
    """Return what the spellings of a title at different outlets share.

    >>> normalized_title("The U.S. — again!") == normalized_title("the US again")
    True
    """
    return " ".join(terms(title))


def _inverse(order: Sequence[int]) -> list[int]:
    places = [0] * len(order)
    for place, number in enumerate(order):
        places[number] = place
    return places
