"""Which articles stand first, where no domain may have all of the first places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from search.engines.paging import MAX_OF_DOMAIN, TOP


class Picks:
    """The first places, while they are picked."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self._domains: list[int] = []
        self._counts: dict[int, int] = {}
        self._passed: dict[int, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether all of the first places are taken."""
        return len(self.places) == TOP

    def add(self, places: list[int], domains: list[int]) -> bool:
        """Pick what may be picked, in order; return whether there was any."""
        picked, counts, before = self.places, self._counts, len(self.places)
        for place, domain in zip(places, domains, strict=True):
            if len(picked) == TOP:
                break
            count = counts.get(domain, 0)
            if count < MAX_OF_DOMAIN:
                counts[domain] = count + 1
                picked.append(place)
                self._domains.append(domain)
            else:
                self._passed[domain] = self._passed.get(domain, 0) + 1
        return len(picked) > before

    def full_domains(self) -> list[int]:
        """Return the domains that have all the places they may have."""
        return [domain for domain, count in self._counts.items() if count == MAX_OF_DOMAIN]

    def passed_over(self, sizes: NDArray[np.intp] | None = None) -> list[int]:
        """Return for each pick how many of its domain were passed over, if it is the domain's last one; 0 for others.

        Args:
            sizes: of each domain, how many are ahead of the last pick, picks too; as counted while picking if None.
        """
        more = [0] * len(self.places)
        if not self.is_full or (sizes is None and not self._passed):
            return more
        last = {domain: number for number, domain in enumerate(self._domains)}
        passed = self._passed
        if sizes is not None:
            passed = {domain: int(sizes[domain]) - MAX_OF_DOMAIN for domain in self.full_domains()}
        for domain, count in passed.items():
            more[last[domain]] = max(count, 0)
        return more
