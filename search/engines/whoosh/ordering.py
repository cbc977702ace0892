"""Matches to a list: in order, copies folded into the best of them, and no domain over a page.

Only as much of the list is put in order as a page needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.engines.paging import MAX_OF_DOMAIN, TOP
from search.engines.whoosh.collection import Collection, Scores
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.selection import MARGIN, best

_MIN_AHEAD = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A place of the list: the place of its article among the matches, and what stands behind it."""

    place: int
    more_from_domain: int = 0


class Ordering:
    """The list of all matches, of which any stretch can be asked for.

    Args:
        collection: of the articles.
        docs: the matches, sorted.
        keys: larger is earlier, shape (matches,); equal ones are listed by age and id. None where the matches are in
            order as they are.
        collapse: whether copies are folded.
        diversity: whether the first places are shared among domains.
    """

    def __init__(self, collection: Collection, docs: Docs, keys: Scores | None, *, collapse: bool, diversity: bool) -> None:
        self._collection, self._docs, self._keys = collection, docs, keys
        self._ties = None if collection.is_sorted else collection.age_ranks[docs]
        self._copies = collection.copies[docs] if collapse and collection.has_copies else None
        self._diversity = diversity

    def count(self) -> int:
        """Return how many places the list has."""
        if self._copies is None:
            return len(self._docs)
        copies = self._copies[self._copies > 0]
        return len(self._docs) - len(copies) + len(np.unique(copies))

    def stretch(self, first: int, end: int) -> list[Listed]:
        """Return the places from *first* to before *end*."""
        if not self._diversity:
            return [Listed(place) for place in self._prefix(end)[first:end].tolist()]
        prefix = self._prefix(max(end, TOP) + TOP)
        top = self._top(prefix)
        if first >= len(top):
            return [Listed(place) for place in self._without(prefix, top)[first - len(top) : end - len(top)].tolist()]
        moved = self._moved(top)
        rest = self._without(prefix, top)[: max(end - len(top), 0)].tolist() if end > len(top) else []
        listed = [Listed(place, moved.get(number, 0)) for number, place in enumerate(top.tolist())]
        return [*listed, *map(Listed, rest)][first:end]

    def copies_of(self, place: int) -> Docs:
        """Return the places of the other copies of the article at *place*, the best first."""
        if self._copies is None or not self._copies[place]:
            return np.empty(0, np.intp)
        same = np.flatnonzero(self._copies == self._copies[place])
        return self._best(same[same != place], len(same))

    def _prefix(self, count: int) -> Docs:
        """Return at least the first *count* places of the list before domains are moved, if there are as many."""
        wanted = count + _MIN_AHEAD if self._copies is not None else count
        while True:
            ranked = np.arange(min(wanted, len(self._docs))) if self._keys is None else best(self._keys, wanted, self._ties)
            listed = self._collapsed(ranked)
            if len(listed) >= count or len(ranked) == len(self._docs):
                return listed
            wanted *= 4

    def _best(self, places: Docs, count: int) -> Docs:
        if self._keys is None:
            return places[:count]
        return places[best(self._keys[places], count, None if self._ties is None else self._ties[places])]

    def _collapsed(self, ranked: Docs) -> Docs:
        """Keep of each group of copies the one that comes first."""
        if self._copies is None:
            return ranked
        copies = self._copies[ranked]
        copied = np.flatnonzero(copies)
        if not len(copied):
            return ranked
        keep = copies == 0
        keep[copied[np.unique(copies[copied], return_index=True)[1]]] = True
        return ranked[keep]

    def _top(self, prefix: Docs) -> Docs:
        """Pick the first places: the list's first, but of no domain more than it may have while others match."""
        top = self._pick(prefix, np.empty(0, np.intp))
        seen = prefix
        while len(top) < TOP and len(seen) < len(self._docs):
            full = _full(self._domains(top))
            others = np.flatnonzero(~np.isin(self._domains(np.arange(len(self._docs))), full))
            others = np.setdiff1d(others, top)
            if not len(others):
                break
            following = [place for place in self._best(others, 4 * TOP).tolist() if self._is_listed(place)]
            more = self._pick(np.array(following, np.intp), top)
            if len(more) == len(top):
                break
            top = more
        return top

    def _pick(self, ranked: Docs, top: Docs) -> Docs:
        picked = top.tolist()
        counts: dict[int, int] = {}
        for domain in self._domains(top).tolist():
            counts[domain] = counts.get(domain, 0) + 1
        for place, domain in zip(ranked.tolist(), self._domains(ranked).tolist(), strict=True):
            if len(picked) == TOP:
                break
            counts[domain] = counts.get(domain, 0) + 1
            if counts[domain] <= MAX_OF_DOMAIN:
                picked.append(place)
        return np.array(picked, np.intp)

    def _is_listed(self, place: int) -> bool:
        """Tell whether no better copy of the article matches."""
        if self._copies is None or not self._copies[place]:
            return True
        same = np.flatnonzero(self._copies == self._copies[place])
        return bool(self._best(same, 1)[0] == place)

    def _moved(self, top: Docs) -> dict[int, int]:
        """Return how many of a domain were moved behind the top, by the last place that it has there."""
        if len(top) < TOP:
            return {}
        if self._keys is None or not len(_full(self._domains(top))):
            return {}
        ahead = np.flatnonzero(self._keys >= self._keys[top[-1]] - MARGIN)
        ahead = self._collapsed(self._best(ahead, len(ahead)))
        ahead = ahead[: int(np.flatnonzero(ahead == top[-1])[0])]
        moved = np.setdiff1d(ahead, top)
        counts: dict[int, int] = {}
        for domain in self._domains(moved).tolist():
            counts[domain] = counts.get(domain, 0) + 1
        found: dict[int, int] = {}
        for number, domain in reversed(list(enumerate(self._domains(top).tolist()))):
            if domain in counts:
                found[number] = counts.pop(domain)
        return found

    def _domains(self, places: Docs) -> NDArray[np.integer]:
        return self._collection.domain[self._docs[places]]

    @staticmethod
    def _without(prefix: Docs, top: Docs) -> Docs:
        return prefix[~np.isin(prefix, top)]


def _full(domains: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the domains that have all the places they may have."""
    found, counts = np.unique(domains, return_counts=True)
    return found[counts >= MAX_OF_DOMAIN]
