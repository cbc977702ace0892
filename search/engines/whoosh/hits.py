"""The hits of a page, which look up what they hold when they are asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Protocol, overload

from search import ranking
from search.articles import Article
from search.engines.whoosh.highlighting import Highlights
from search.engines.whoosh.lazy import lazy
from search.engines.whoosh.ordering import Listed, Ordering
from search.engines.whoosh.segment import Docs
from search.results import Explanation, Hit, Match, StoryInfo, WrittenHits


class Source(Protocol):
    """The search that found the hits."""

    def article(self, number: int) -> Article:
        """Return an article."""
        ...

    def numbers(self, places: Sequence[int] | Docs) -> list[int]:
        """Return the numbers of the matches at places."""
        ...

    def scores(self, places: Sequence[int]) -> list[float]:
        """Return the scores of the matches at places."""
        ...

    def factors(self, place: int) -> dict[str, float]:
        """Return what the score of a match is the product of."""
        ...

    def stories(self, numbers: Sequence[int]) -> list[tuple[str, int, int]]:
        """Return what hits say of their stories: id, articles, outlets."""
        ...

    def highlights(self, numbers: Sequence[int], places: Sequence[int]) -> list[Highlights]:
        """Return where the searched words are in articles, the matches at places."""
        ...

    def articles_json(self, numbers: Sequence[int]) -> list[bytes]:
        """Return articles as the API sends them."""
        ...

    @property
    def is_explained(self) -> bool:
        """Whether hits say why they have their score."""
        ...


class Details:
    """What the hits of a page hold, found for the whole page at once.

    It knows nothing of the hits, so that a page is given back as soon as nobody looks at it any more.
    """

    def __init__(self, source: Source, ordering: Ordering, listed: Listed) -> None:
        self.source, self.ordering, self.listed = source, ordering, listed

    @lazy
    def places(self) -> Sequence[int]:
        """The place of each hit among the matches."""
        return self.listed.places

    @lazy
    def numbers(self) -> Sequence[int]:
        """The number of each hit's article."""
        return self.source.numbers(self.places)

    @lazy
    def scores(self) -> Sequence[float]:
        """The score of each hit."""
        return self.source.scores(self.places)

    @lazy
    def stories(self) -> Sequence[tuple[str, int, int]]:
        """What each says of its story: id, articles, outlets."""
        return self.source.stories(self.numbers)

    @lazy
    def articles_json(self) -> Sequence[bytes]:
        """Each article as the API sends it."""
        return self.source.articles_json(self.numbers)

    def copies_of(self, at: int) -> tuple[Article, ...]:
        """Return the copies of the article of a hit."""
        places = self.ordering.copies_of(self.places[at])
        return tuple(map(self.source.article, self.source.numbers(places))) if len(places) else ()

    @lazy
    def highlights(self) -> Sequence[Highlights]:
        """Where the searched words are in each of the articles."""
        return self.source.highlights(self.numbers, self.places)


class Hits(WrittenHits):
    """The hits of a page, made when they are looked at."""

    def __init__(self, details: Details) -> None:
        self._details = details

    def written(self) -> Iterator[tuple[bytes, Match]]:
        """Return of each hit its article, as JSON, and the rest."""
        details, places = self._details, range(len(self))
        also = map(details.copies_of, places) if details.ordering.has_copies else repeat(())
        more = details.listed.more_from_domain
        is_explained = details.source.is_explained
        explanations = [hit.explanation for hit in self._made] if is_explained else [None] * len(self)
        columns = (details.scores, details.highlights, details.stories, also, more, explanations)
        return zip(details.articles_json, map(Match, *columns), strict=True)

    @lazy
    def _made(self) -> tuple[StoredHit, ...]:
        return tuple([StoredHit(self._details, at) for at in range(len(self))])

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | Sequence[Hit]:
        """Return one hit, or several."""
        return self._made[place]

    def __iter__(self) -> Iterator[Hit]:
        """Iterate over the hits, the best first."""
        return iter(self._made)

    def __len__(self) -> int:
        """Count the hits of the page."""
        return len(self._details.listed.places)

    def __eq__(self, other: object) -> bool:
        """Compare hit by hit."""
        return isinstance(other, Sequence) and self._made == tuple(other)

    __hash__ = None  # type: ignore[assignment] # how Python says that it has none


class StoredHit(Hit):
    """A hit that looks up its article, and where the words are in it, when it is asked for them."""

    _details: Details
    _at: int

    def __init__(self, details: Details, at: int) -> None:
        values: dict[str, Any] = self.__dict__
        values["_details"], values["_at"] = details, at
        values["more_from_domain"] = details.listed.more_from_domain[at]

    @lazy
    def score(self) -> float:
        """The product of the factors."""
        return self._details.scores[self._at]

    @lazy
    def factors(self) -> Mapping[str, float]:
        """What the score is the product of."""
        return self._details.source.factors(self._details.places[self._at])

    @lazy
    def article(self) -> Article:
        """The article."""
        return self._details.source.article(self._details.numbers[self._at])

    @lazy
    def story(self) -> StoryInfo:
        """The story, in numbers."""
        id_, articles, outlets = self._details.stories[self._at]
        return StoryInfo(id=id_, articles=articles, outlets=outlets)

    @lazy
    def also(self) -> tuple[Article, ...]:
        """Copies with the same title from the same story."""
        return self._details.copies_of(self._at)

    @lazy
    def highlights(self) -> Highlights:
        """Where the searched words are."""
        return self._details.highlights[self._at]

    @lazy
    def explanation(self) -> Explanation | None:
        """Why it has its score."""
        if not self._details.source.is_explained:
            return None
        return Explanation(factors=dict(self.factors), sentence=ranking.explain(self.factors))
