"""What stands around the hits: facets to choose from, chips to take off, sorting and paging. Values, ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from msgspec.structs import replace

from search.query import MAX_HITS, SORTS, And, Everything, Filters, Node, Not, Query, Word, parse
from search.query.request import Sort
from search.results import FacetValue, Page
from web.links import FACETS, chosen, narrowed, search_url, toggled
from web.typography import day
from web.wording import worded

#: Values of a facet that are shown at once; the others are a click away.
SHOWN = 7
#: Values of a facet that are shown at all; who wants a rarer one is quicker by typing it.
MAX_CHOICES = 12
#: Characters of a value to choose.
MAX_VALUE = 300
#: Facets of which an article has one value at most, so that another value adds just its count.
_SINGLE = frozenset({"provider", "category", "type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A link that changes one thing about the search."""

    label: str
    url: str
    is_selected: bool = False
    count: int = 0
    #: The count is what choosing it adds to what is shown, not what it would leave of it.
    is_added: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One facet; never empty."""

    name: str
    title: str
    shown: tuple[Choice, ...]
    more: tuple[Choice, ...]
    #: Whether there are rarer values that are not shown.
    is_cut: bool
    #: The search with any value; None where none is chosen.
    reset: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A part of the search, typed or chosen, and the search without it."""

    #: What it is a value of; empty for what says so itself.
    title: str
    label: str
    without: Query
    #: False for what is searched for, which a search of something should not lose unasked.
    is_filter: bool = True
    #: The search for this part and nothing else; None for filters, and for what is excluded.
    alone: Query | None = None
    #: What it excludes; empty where it is wanted.
    excluded: str = ""

    @property
    def url(self) -> str:
        """Where it is taken off."""
        return search_url(self.without)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where among the pages one is, and its neighbours."""

    page: int
    pages: int
    previous: str | None
    next: str | None

    @property
    def place(self) -> str:
        """Say where one is."""
        return f"Page {self.page}{' of' if self.page <= self.pages else ', after the last of'} {self.pages}"


def panels(query: Query, page: Page) -> list[Panel]:
    """Offer every facet that leaves a choice."""
    return [_panel(query, name, page.facets[name]) for name in FACETS if page.facets.get(name)]


def chips(query: Query) -> list[Chip]:
    """Read the search back, part by part: what was typed, then what was chosen.

    A word that is all there is stands in the box already.
    """
    typed, picked = _typed(query), _picked(query)
    return picked if len(typed) == 1 and isinstance(query.parsed.tree, Word) else typed + picked


def _typed(query: Query) -> list[Chip]:
    tree = query.parsed.tree
    parts: tuple[Node, ...] = tree.nodes if isinstance(tree, And) else (tree,)
    return [
        Chip(
            title="",
            label=worded(part),
            without=_asking(query, " ".join(map(str, parts[:place] + parts[place + 1 :]))),
            is_filter=False,
            alone=None if isinstance(part, Not) else _asking_alone(query, str(part)),
            excluded=worded(part.node) if isinstance(part, Not) else "",
        )
        for place, part in enumerate(parts)
        if not isinstance(part, Everything)
    ]


def _asking(query: Query, text: str) -> Query:
    return replace(query, page=1, parsed=parse(text))


def _asking_alone(query: Query, text: str) -> Query:
    return replace(_asking(query, text), filters=Filters(), match="auto")


def _picked(query: Query) -> list[Chip]:
    filters = query.filters
    found = [
        Chip(title=title, label=value, without=toggled(query, name, value))
        for name, title in FACETS.items()
        for value in chosen(filters, name)
    ]
    if filters.date_from:
        found.append(Chip(title="From", label=day(filters.date_from), without=narrowed(query, date_from=None)))
    if filters.date_to:
        found.append(Chip(title="To", label=day(filters.date_to), without=narrowed(query, date_to=None)))
    return found


def sortings(query: Query) -> list[Choice]:
    """Offer every order, the one in force selected."""
    return [
        Choice(
            label=name.capitalize(),
            url=search_url(replace(query, page=1, sort=cast("Sort", name))),
            is_selected=query.sort == name,
        )
        for name in SORTS
    ]


def pager(query: Query, page: Page) -> Pager:
    """Link to the neighbours that have hits and that paging reaches."""
    last = max(1, min(-(-page.listed // page.size), MAX_HITS // page.size))
    return Pager(
        page=page.page,
        pages=last,
        previous=search_url(replace(query, page=min(page.page - 1, last))) if page.page > 1 else None,
        next=search_url(replace(query, page=page.page + 1)) if page.page < last else None,
    )


def _panel(query: Query, name: str, values: tuple[FacetValue, ...]) -> Panel:
    is_chosen = bool(chosen(query.filters, name))
    choices = tuple(
        Choice(
            label=value.value,
            url=search_url(toggled(query, name, value.value)),
            is_selected=value.selected,
            count=value.count,
            is_added=is_chosen and name in _SINGLE and not value.selected,
        )
        for value in sorted(values, key=lambda value: not value.selected)[:MAX_CHOICES]
        # No address is long enough for any others.
        if len(value.value) <= MAX_VALUE
    )
    return Panel(
        name=name,
        title=FACETS[name],
        shown=choices[:SHOWN],
        more=choices[SHOWN:],
        is_cut=len(values) > MAX_CHOICES,
        reset=search_url(narrowed(query, **{name: ()})) if is_chosen else None,
    )
