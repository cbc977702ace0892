"""What a search answers: text and spans, never HTML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from msgspec import Struct, field

from search.articles import Article

#: Start and end of a match, in Unicode code points of the plain text.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something of the request that was ignored, cut or read differently, in plain words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryInfo:
    """What a hit says of its story."""

    id: str
    articles: int
    outlets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an article has its score: the product of the factors is the score, to 1e-9."""

    factors: dict[str, float]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One article of a result page.

    An engine may give hits that look up the rest of what they hold when they are asked for it.
    """

    article: Article
    score: float
    #: Spans per field (``title``, ``excerpt``), in order, not overlapping.
    highlights: dict[str, tuple[Span, ...]]
    story: StoryInfo
    #: Copies with the same title from the same story, shown as "also at ...".
    also: tuple[Article, ...] = ()
    #: Hits of the same domain that diversity moved down the list, shown as "3 more from ...".
    more_from_domain: int = 0
    explanation: Explanation | None = None


class Match(NamedTuple):
    """What a hit says beside its article."""

    score: float
    highlights: Mapping[str, Sequence[Span]]
    #: Id, articles and outlets.
    story: tuple[str, int, int]
    also: Sequence[Article] = ()
    more_from_domain: int = 0
    explanation: Explanation | None = None


class WrittenHits(Sequence[Hit], ABC):
    """Hits of which an engine has at hand what the API sends, so that they need not be made."""

    @abstractmethod
    def written(self) -> bytes:
        """Return the list of hits, as JSON."""


class FacetValue(Struct, frozen=True, gc=False):
    """A value to choose, and how many hits there are with it; as JSON, what the API sends."""

    value: str
    count: int
    selected: bool = False


class WrittenFacets(Mapping[str, tuple[FacetValue, ...]], ABC):
    """Facets of which an engine has at hand what the API sends, so that their values need not be made."""

    @abstractmethod
    def written(self) -> bytes:
        """Return all of them, as JSON."""


class Bucket(Struct, frozen=True, gc=False, rename={"start": "from"}):
    """A bar of the timeline; it starts at ``start`` and ends where the next one starts."""

    start: date
    count: int


class Timeline(Struct, frozen=True, kw_only=True):
    """Hits over time: at most 30 buckets, whose sum and ``undated`` make the total; as JSON, what the API sends."""

    interval: str
    buckets: tuple[Bucket, ...]
    undated: int


#: What a completion is of.
CompletionKind = Literal["word", "provider", "topic", "title"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What somebody may be about to type."""

    #: As it is shown.
    text: str
    kind: CompletionKind
    #: How many articles *query* finds; never 0.
    hits: int
    #: What to search for, in the query language.
    query: str


class Page(Struct, frozen=True, kw_only=True):
    """One page of a search's answer."""

    #: The text as it was asked.
    query: str
    #: What was really searched, in the query language.
    searched: str
    #: Every article that matches, the folded copies included.
    total: int
    #: Hits on all pages: without the copies.
    listed: int
    page: int
    size: int
    took_ms: float
    generation: str
    hits: Sequence[Hit]
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    #: None where facets were not asked for.
    timeline: Timeline | None = None
    notices: tuple[Notice, ...] = ()
    suggestion: str | None = None
    #: True where no article has all words, and those with at least half of them are shown.
    relaxed: bool = False
