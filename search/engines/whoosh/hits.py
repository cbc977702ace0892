"""The hits of a page, which look up what they hold when they are asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Protocol, overload

import numpy as np
import orjson
from numpy.typing import NDArray

from search import native, ranking
from search.articles import Article
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.lazy import lazy
from search.engines.whoosh.marks import Highlights, Marks
from search.engines.whoosh.ordering import Listed, Ordering
from search.engines.whoosh.segment import Docs
from search.keys import UNDATED
from search.results import Explanation, Hit, Match, StoryInfo, WrittenHits
from search.written import copies_to_json, explanation_to_json, hits_to_json

#: Microseconds.
_SECOND = 1_000_000


class Source(Protocol):
    """The search that found the hits."""

    def articles(self, numbers: Sequence[int]) -> list[Article]:
        """Return articles."""
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

    def marks(self, numbers: Sequence[int]) -> Marks:
        """Return where the searched words are in articles."""
        ...

    @property
    def collection(self) -> Collection:
        """What the articles are in."""
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
        numbers = self.listed.numbers
        return self.source.numbers(self.places) if numbers is None else numbers

    @lazy
    def scores(self) -> Sequence[float]:
        """The score of each hit."""
        keys = self.listed.keys if self.ordering.is_by_score else None
        return self.source.scores(self.places) if keys is None else keys

    @lazy
    def stories(self) -> Sequence[tuple[str, int, int]]:
        """What each says of its story: id, articles, outlets."""
        return self.source.stories(self.numbers)

    @lazy
    def articles(self) -> Sequence[Article]:
        """The article of each hit."""
        return self.source.articles(self.numbers)

    def copies_of(self, at: int) -> tuple[Article, ...]:
        """Return the copies of the article of a hit."""
        places = self.ordering.copies_of(self.places[at])
        return tuple(self.source.articles(self.source.numbers(places))) if len(places) else ()

    @lazy
    def highlights(self) -> Sequence[Highlights]:
        """Where the searched words are in each of the articles."""
        return self.marks.listed()

    @lazy
    def marks(self) -> Marks:
        """The same, as arrays."""
        return self.source.marks(self.numbers)


class Hits(WrittenHits):
    """The hits of a page, made when they are looked at."""

    def __init__(self, details: Details) -> None:
        self._details = details

    def written(self) -> bytes:
        """Return the list of hits, as the API sends it."""
        details, collection, numbers = self._details, self._details.source.collection, self._details.numbers
        also = list(map(details.copies_of, range(len(self)))) if details.ordering.has_copies else None
        explanations = [hit.explanation for hit in self._made] if details.source.is_explained else None
        more = details.listed.more_from_domain
        if native.passes is None:
            columns = details.scores, details.highlights, details.stories, also or repeat(()), more
            matches = map(Match, *columns, explanations or repeat(None))
            return hits_to_json(zip(articles_json(collection, numbers), matches, strict=True))
        written: bytes = native.passes.write_hits(
            collection.contents(numbers),
            np.array(numbers, np.intp),
            collection.written_columns,
            # The shortest digits that say a number, by the library that knows them quickest.
            orjson.dumps(details.scores),
            details.marks,
            more,
            [copies_to_json(copies) for copies in also] if also else None,
            [explanation_to_json(why) for why in explanations if why] if explanations else None,
        )
        return written

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
        return self._details.articles[self._at]

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


def articles_json(collection: Collection, numbers: Sequence[int]) -> list[bytes]:
    """Return articles as the API sends them, without making anything of them."""
    chosen = np.array(numbers, np.intp)
    heads = _json_heads(collection.ids[chosen], collection.ages[chosen])
    return [head + content[1:] for head, content in zip(heads, collection.contents(numbers), strict=True)]


def _json_heads(ids: NDArray[np.uint64], ages: NDArray[np.int64]) -> Iterator[bytes]:
    """Yield what the API sends first of articles: their ids, and when they were published, to the second."""
    written = ids.astype(">u8").tobytes().hex()
    seconds = np.where(ages == UNDATED, -1, ages)
    dates = np.datetime_as_string((~seconds // _SECOND).view("M8[s]"))
    for at, (date, age) in enumerate(zip(dates.tolist(), ages.tolist(), strict=True)):
        published = "null" if age == UNDATED else f'"{date}Z"'
        yield f'{{"id":"{written[16 * at : 16 * at + 16]}","published_at":{published},'.encode()
