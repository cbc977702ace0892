"""Published articles, found by their fingerprints; they stay in their segments until somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from search.articles import Article
from search.engines.whoosh.segment import Segment
from search.keys import Fingerprints, look_up
from search.recorded import SHELVED, Recorded, joined

#: Articles that are read together: the JSON of all of them would take as much memory as they do.
_BATCH = 1024


class SegmentShelf:
    """The articles of several segments, one segment after the other."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._ends = np.cumsum(list(map(len, segments)))

    def articles(self, places: NDArray[np.intp]) -> list[Article]:
        """Return some of them."""
        found: dict[int, Article] = {}
        which = self._ends.searchsorted(places, "right")
        for number in np.unique(which).tolist():
            chosen, segment = np.flatnonzero(which == number), self._segments[number]
            first = int(self._ends[number]) - len(segment)
            for batch in (chosen[at : at + _BATCH] for at in range(0, len(chosen), _BATCH)):
                found |= zip(batch.tolist(), segment.stored.articles((places[batch] - first).tolist()), strict=True)
        return [found[place] for place in range(len(places))]


def recall(fingerprints: NDArray[np.uint64], segments: Iterable[Segment]) -> Recorded:
    """Return the articles with these fingerprints, deleted ones included, in the order of these.

    Args:
        fingerprints: in any order.
        segments: are looked at one by one, until all is found.
    """
    missing, opened, found = np.sort(fingerprints), list[Segment](), list[Recorded]()
    for segment in segments if len(missing) else ():
        numbers = np.flatnonzero(look_up(segment.arrays["fingerprint"], missing)[1])
        found.append(_shelved(segment, numbers, first=sum(map(len, opened))))
        opened.append(segment)
        missing = missing[~Fingerprints(found[-1].fingerprints).holds(missing)]
        if not len(missing):
            break
    everything = replace(joined(found), shelf=SegmentShelf(opened))
    return everything.chosen(np.argsort(everything.fingerprints))


def _shelved(segment: Segment, numbers: NDArray[np.intp], *, first: int) -> Recorded:
    places = numbers + first
    return Recorded(
        which=np.full(len(numbers), SHELVED),
        starts=places,
        ends=places,
        ids=segment.ids[numbers],
        ages=segment.ages[numbers],
        fingerprints=segment.arrays["fingerprint"][numbers],
    )
