"""Matches to a list: in order, copies folded into the best of them, and no domain over a page.

Only as much of the list is put in order as a page needs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.paging import MAX_OF_DOMAIN, TOP
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.lazy import lazy
from search.engines.whoosh.part import Scores
from search.engines.whoosh.picks import Picks
from search.engines.whoosh.priors import Ceilings
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.selection import FEW, MARGIN, SCALE, best
from search.ranking import DECIMALS

#: What is looked at beyond the list where copies are folded.
_MIN_AHEAD = 50
#: How far down the list other domains are looked for before all matches are.
_FAR = 300


class Listed(NamedTuple):
    """A stretch of the list: the places of its articles among the matches, and how many stand behind each.

    Where they fell out of ordering, the articles themselves and their keys.
    """

    places: list[int]
    more_from_domain: list[int]
    numbers: list[int] | None = None
    keys: list[float] | None = None

    def between(self, first: int, end: int) -> Listed:
        """Return the part from *first* to before *end*."""
        if not first and len(self.places) <= end:
            return self
        stretch, numbers, keys = slice(first, end), self.numbers, self.keys
        return Listed(
            self.places[stretch], self.more_from_domain[stretch], numbers and numbers[stretch], keys and keys[stretch]
        )


class Keys:
    """What matches are put in order by: the larger is the earlier. A number of each article, times one of each match.

    Args:
        docs: the matches.
        prior: of every article of the collection; None where only the match decides.
        own: of each match, shape (matches,); None where only the article decides.
        ceilings: of *prior*, where they are known.
        are_scores: whether they are what hits say of their scores.
    """

    def __init__(
        self,
        docs: Docs,
        prior: Scores | None,
        own: Scores | None,
        ceilings: Ceilings | None = None,
        *,
        are_scores: bool = False,
    ) -> None:
        self.docs, self.prior, self.own, self.ceilings = docs, prior, own, ceilings
        self.are_scores = are_scores

    @lazy
    def products(self) -> Scores:
        """The key of each match."""
        if self.prior is None:
            return np.ones(len(self.docs)) if self.own is None else self.own
        prior = self.prior.take(self.docs, mode="clip")
        # In place, since new memory costs more than the product.
        return prior if self.own is None else np.multiply(prior, self.own, out=prior)


class Ordering:
    """The list of all matches, of which any stretch can be asked for.

    Args:
        collection: of the articles.
        docs: the matches, sorted.
        keys: what they are listed by; equal ones by age and id. None where the matches are in order as they are.
        collapse: whether copies are folded.
        diversity: whether the first places are shared among domains.
    """

    def __init__(
        self, collection: Collection, docs: Docs, keys: Keys | None, *, collapse: bool, diversity: bool
    ) -> None:
        self._collection, self._docs, self._keys = collection, docs, keys
        self._ages = None if collection.is_sorted else collection.age_ranks
        self._groups = collection.copies if collapse and collection.has_copies else None
        self._diversity = diversity

    def count(self) -> int:
        """Return how many places the list has."""
        return len(self._docs) - self._folded

    @lazy
    def _folded(self) -> int:
        """How many matches are copies of others."""
        if self._groups is None:
            return 0
        if native.passes:
            nothing = np.empty(0, np.intp)
            folded: int = native.passes.rank(self._docs, None, None, None, self._groups, SCALE, nothing)
            return folded
        copies = self._copies.take(self._copies.nonzero()[0])
        return len(copies) - len(np.unique(copies))

    @lazy
    def _copies(self) -> Array:
        """The group of copies that each match is in, 0 where it is in none."""
        groups = self._collection.copies if self._groups is None else self._groups
        return groups.take(self._docs, mode="clip")

    def stretch(self, first: int, end: int) -> Listed:
        """Return the places from *first* to before *end*."""
        if not self._diversity:
            places: list[int] = self._prefix(end)[first:end].tolist()
            return Listed(places, [0] * len(places))
        listed = self._at_once(end, TOP) or self._at_once(end, _FAR) or self._step_by_step(end)
        return listed.between(first, end)

    def _at_once(self, end: int, further: int) -> Listed | None:
        """Return the places before *end* by the compiled pass; None where *further* ones do not suffice for that."""
        keys, size = self._keys, len(self._docs)
        count = min(max(end, TOP) + further + (_MIN_AHEAD if self._groups is not None else 0), size)
        if native.passes is None or keys is None or count > FEW:
            return None
        ranked = self._docs, keys.own, keys.prior, self._ages, self._groups, SCALE, count
        shares = self._collection.domain, MAX_OF_DOMAIN, TOP, end
        copied = None if self._groups is None else self._collection.copied
        # Copies are counted on the way.
        self._folded, picked, listed = native.passes.list_best(*ranked, *shares, keys.ceilings, copied)
        is_whole = count == size or (picked == TOP and len(listed[0]) == end)
        return Listed(*listed) if is_whole else None

    def _step_by_step(self, end: int) -> Listed:
        prefix = self._prefix(max(end, TOP) + TOP)
        top, more = self._top(prefix)
        if end > len(top):
            picked = set(top)
            top = top + [place for place in prefix.tolist() if place not in picked]
            more = more + [0] * (len(top) - len(more))
        return Listed(top, more)

    @property
    def is_by_score(self) -> bool:
        """Whether the keys of the list are scores."""
        return self._keys is not None and self._keys.are_scores

    @property
    def has_copies(self) -> bool:
        """Whether any match has copies among the others."""
        return self._folded > 0

    def copies_of(self, place: int) -> Docs:
        """Return the places of the other copies of the article at *place*, the best first."""
        if self._groups is None or not self._groups[self._docs[place]]:
            return np.empty(0, np.intp)
        same = (self._copies == self._copies[place]).nonzero()[0]
        return self._best(same[same != place], len(same))

    def _prefix(self, count: int) -> Docs:
        """Return at least the first *count* places of the list before domains are moved, if there are as many."""
        wanted = count + _MIN_AHEAD if self._groups is not None else count
        while True:
            ranked = self._ranked(min(wanted, len(self._docs)))
            listed = self._collapsed(ranked)
            if len(listed) >= count or len(ranked) == len(self._docs):
                return listed
            wanted *= 4

    def _ranked(self, count: int) -> Docs:
        """Return the first *count* places, copies among them."""
        keys = self._keys
        if keys is None:
            return np.arange(count)
        if native.passes and count <= FEW:
            found = np.empty(count, np.intp)
            self._folded = native.passes.rank(self._docs, keys.own, keys.prior, self._ages, self._groups, SCALE, found)
            return found
        return best(keys.products, count, self._ties)

    @lazy
    def _ties(self) -> Array | None:
        return None if self._ages is None else self._ages.take(self._docs, mode="clip")

    def _best(self, places: Docs, count: int) -> Docs:
        if self._keys is None:
            return places[:count]
        ties = None if self._ties is None else self._ties[places]
        return places[best(self._keys.products[places], count, ties)]

    def _collapsed(self, ranked: Docs) -> Docs:
        """Keep of each group of copies the one that comes first."""
        if self._groups is None:
            return ranked
        copies = self._groups[self._docs[ranked]]
        copied = copies.nonzero()[0]
        if not len(copied):
            return ranked
        keep = copies == 0
        keep[copied[np.unique(copies[copied], return_index=True)[1]]] = True
        listed: Docs = ranked[keep]
        return listed

    def _top(self, prefix: Docs) -> tuple[list[int], list[int]]:
        """Pick the first places: the list's first, but of no domain more than it may have while others match.

        Returns:
            The places; and of each how many of its domain were passed over, if it is the last of them.
        """
        picks = Picks()
        picks.add(prefix.tolist(), self._domains(prefix).tolist())
        if picks.is_full or len(prefix) == self.count():
            return picks.places, picks.passed_over()
        while not picks.is_full:
            following = self._following(picks)
            if not picks.add(following, self._domains(np.array(following, np.intp)).tolist()):
                break
        return picks.places, self._passed_over(picks) if picks.is_full else [0] * len(picks.places)

    def _following(self, picks: Picks) -> list[int]:
        """Return the best places of domains that may have more of them."""
        allowed = np.ones(int(self._collection.domain.max(initial=0)) + 1, bool)
        allowed[picks.full_domains()] = False
        mask = allowed[self._collection.domain[self._docs]]
        mask[picks.places] = False
        found = self._best(mask.nonzero()[0], 4 * TOP).tolist()
        listed = [place for place in found if self._is_listed(place)]
        if listed or not found:
            return listed
        # A crowd of copies: rather one look at everything than many at a few.
        whole = self._collapsed(self._best(np.arange(len(self._docs)), len(self._docs)))
        following: list[int] = whole[mask[whole]][: 4 * TOP].tolist()
        return following

    def _is_listed(self, place: int) -> bool:
        """Tell whether no better copy of the article matches."""
        if self._groups is None or not self._copies[place]:
            return True
        same = (self._copies == self._copies[place]).nonzero()[0]
        return bool(self._best(same, 1)[0] == place)

    def _passed_over(self, picks: Picks) -> list[int]:
        """Count what is ahead of the last pick, however far down the list that is."""
        if self._keys is None:
            return [0] * len(picks.places)
        ahead = self._until(self._keys.products, picks.places[-1])
        if self._groups is not None and self._copies[ahead].any():
            ahead = self._collapsed(self._best(ahead, len(ahead)))
        sizes = np.bincount(self._domains(ahead), minlength=int(self._collection.domain.max(initial=0)) + 1)
        return picks.passed_over(sizes)

    def _until(self, keys: Scores, last: int) -> Docs:
        """Return the places up to *last* in the order of the list, in their own."""
        near = (keys >= keys[last] - MARGIN).nonzero()[0]
        rounded = np.round(keys[near], DECIMALS)
        ties = near if self._ties is None else self._ties[near]
        at = near.searchsorted(last)
        until: Docs = near[(rounded > rounded[at]) | ((rounded == rounded[at]) & (ties <= ties[at]))]
        return until

    def _domains(self, places: Docs) -> NDArray[np.integer[Any]]:
        return self._collection.domain[self._docs[places]]
