"""The intervals of timelines, and where each of them ends among articles that are numbered from the newest on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np

from search.engines.whoosh.attributes import MICROSECONDS_A_DAY
from search.engines.whoosh.part import Part
from search.engines.whoosh.segment import Docs
from search.keys import EPOCH
from search.timeline import INTERVALS, MAX_BUCKETS, STEPS, finest, following

#: Intervals of a kind that are laid out in a table: more than a century of days are not.
_MOST = 40_000
_EPOCH_DAY = EPOCH.toordinal()

#: The name of intervals, where they start, and of each part the numbers of the first articles that are older.
Found = tuple[str, tuple[date, ...], list[Docs]]


class _Table(NamedTuple):
    """All intervals of a kind that a collection has articles in."""

    #: Where each starts, also as days since 1970.
    starts: tuple[date, ...]
    days: Sequence[int]
    ends: list[Docs]


class Intervals:
    """The intervals of a collection. Safe to share between threads.

    Args:
        parts: of the collection; there must be an article with a date.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        dated = [part for part in parts if part.dated]
        self._last = day_of(min(part.segment.ages.item(0) for part in dated))
        self._first = day_of(max(part.segment.ages.item(part.dated - 1) for part in dated))
        self._tables: dict[str, _Table | None] = {}

    def between(self, oldest: int, newest: int) -> Found:
        """Return the finest intervals between two days, since 1970, that are few enough."""
        for interval in INTERVALS:
            if newest - oldest > STEPS[interval] * MAX_BUCKETS:
                continue
            table = self._table(interval)
            if table is None:
                break
            first, end = bisect_right(table.days, oldest) - 1, bisect_right(table.days, newest)
            if end - first <= MAX_BUCKETS:
                return interval, table.starts[first:end], [ends[first:end] for ends in table.ends]
        interval, starts = finest(_date(oldest), _date(newest))
        return interval, starts, self._ends(starts)

    def _table(self, interval: str) -> _Table | None:
        """Return all intervals of a kind; None where they would be too many."""
        if interval not in self._tables:
            self._tables[interval] = self._made(interval)
        return self._tables[interval]

    def _made(self, interval: str) -> _Table | None:
        starts = tuple(islice(self._starts(interval), _MOST + 1))
        if len(starts) > _MOST:
            return None
        return _Table(starts, [start.toordinal() - _EPOCH_DAY for start in starts], self._ends(starts))

    def _starts(self, interval: str) -> Iterator[date]:
        last = _date(self._last)
        return takewhile(lambda start: start <= last, following(interval, INTERVALS[interval](_date(self._first))))

    def _ends(self, starts: Sequence[date]) -> list[Docs]:
        since = np.array([start.toordinal() - _EPOCH_DAY for start in starts], np.int64)
        limits = ~(since * MICROSECONDS_A_DAY)
        return [part.segment.ages.searchsorted(limits, "right") + part.base for part in self._parts]


def day_of(age: int) -> int:
    """Return the day of an age, since 1970."""
    return ~age // MICROSECONDS_A_DAY


def _date(day: int) -> date:
    return date.fromordinal(_EPOCH_DAY + day)
