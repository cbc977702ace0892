"""A whole search request as one checked value."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

from msgspec import Struct

from search.errors import BadParameterError, PageTooDeepError
from search.query.parser import ParsedQuery

Sort = Literal["relevance", "newest", "oldest", "quality"]
Match = Literal["auto", "all", "any"]
Collapse = Literal["title", "none"]

SORTS: tuple[str, ...] = get_args(Sort)
_MATCHES, _COLLAPSES = get_args(Match), get_args(Collapse)
#: Hits on a page, where nothing is said, and at most.
PAGE_SIZE, MAX_SIZE = 20, 100
#: Hits that paging reaches.
MAX_HITS = 10_000


class Filters(Struct, frozen=True, kw_only=True):
    """What the reader chose beside the words. Values of one facet are ORed, facets ANDed."""

    provider: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    #: First and last day, both inclusive, UTC.
    date_from: date | None = None
    date_to: date | None = None

    def __post_init__(self) -> None:
        """Check what the types cannot."""
        if self.date_from is None and self.date_to is None:
            return
        for name, value in (("from", self.date_from), ("to", self.date_to)):
            # A datetime is a date to Python, though the two cannot be compared.
            if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
                raise BadParameterError(name, f"{value!r} is not a date")
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise BadParameterError("from", f"{self.date_from} is later than {self.date_to}, the last day asked for")

    @property
    def chooses(self) -> bool:
        """Whether a value of any facet was chosen."""
        return bool(self.provider or self.topic or self.category or self.type)


class Query(Struct, frozen=True, kw_only=True):
    """One search, as every engine receives it.

    Raises:
        BadParameterError: If a parameter is out of its range; it names the parameter.
    """

    parsed: ParsedQuery
    filters: Filters = Filters()
    sort: Sort = "relevance"
    page: int = 1
    size: int = PAGE_SIZE
    match: Match = "auto"
    collapse: Collapse = "title"
    diversity: bool = True
    #: Ids of the articles that alone are searched, unknown ones left out; None for all.
    among: frozenset[str] | None = None
    facets: bool = True
    explain: bool = False

    def __post_init__(self) -> None:
        """Check what the types cannot."""
        if self.sort not in SORTS or self.match not in _MATCHES or self.collapse not in _COLLAPSES:
            raise self._bad_choice()
        if type(self.page) is not int:
            raise BadParameterError("page", f"{self.page!r} is not a whole number")
        if type(self.size) is not int:
            raise BadParameterError("size", f"{self.size!r} is not a whole number")
        if self.page < 1:
            raise BadParameterError("page", "pages are counted from 1")
        if not 1 <= self.size <= MAX_SIZE:
            raise BadParameterError("size", f"a page holds 1 to {MAX_SIZE} hits")
        if self.page * self.size > MAX_HITS:
            raise PageTooDeepError(MAX_HITS)

    def _bad_choice(self) -> BadParameterError:
        choices = (("sort", self.sort, SORTS), ("match", self.match, _MATCHES), ("collapse", self.collapse, _COLLAPSES))
        name, value, allowed = next(choice for choice in choices if choice[1] not in choice[2])
        return BadParameterError(name, f"{value!r} is not one of {', '.join(allowed)}")
