"""Hits over time: the finest interval that needs few enough bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from operator import sub

from search.results import Bucket, Timeline

MAX_BUCKETS = 30


def make_timeline(days: Iterable[date | None]) -> Timeline:
    """Count days, None for undated, in at most ``MAX_BUCKETS`` intervals that follow one another without a hole.

    >>> make_timeline([date(2021, 12, 9), date(2021, 12, 11), None]).buckets[1]
    Bucket(start=datetime.date(2021, 12, 10), count=0)
    """
    counts = Counter(days)
    undated = counts.pop(None, 0)
    dated = {day: count for day, count in counts.items() if day is not None}
    if not dated:
        return Timeline(interval="day", buckets=(), undated=undated)

    def counts_since(starts: Sequence[date]) -> list[int]:
        return [sum(count for day, count in dated.items() if day >= start) for start in starts]

    return timeline_between(min(dated), max(dated), counts_since, undated=undated)


def timeline_between(
    first: date, last: date, counts_since: Callable[[Sequence[date]], list[int]], *, undated: int = 0
) -> Timeline:
    """Return the timeline of hits from the day *first* to the day *last*.

    Args:
        first: day of the oldest hit.
        last: day of the newest.
        counts_since: given days in order, tells how many hits there are on each of them or later.
        undated: hits without a date.
    """
    interval, starts = finest(first, last)
    return timeline_of(interval, starts, counts_between(counts_since(starts)), undated=undated)


def counts_between(since: Sequence[int]) -> list[int]:
    """Return how many hits there are in each interval, given how many there are in each or later.

    >>> counts_between([5, 3, 3])
    [2, 0, 3]
    """
    return list(map(sub, since, [*since[1:], 0]))


def timeline_of(interval: str, starts: Sequence[date], counts: Sequence[int], *, undated: int) -> Timeline:
    """Return the timeline of intervals that are counted."""
    return Timeline(interval=interval, buckets=tuple(map(Bucket, starts, counts)), undated=undated)


def next_start(interval: str, start: date) -> date | None:
    """Return where the interval after the one at *start* begins, None past the last day there is."""
    try:
        return INTERVALS[interval](start + timedelta(days=STEPS[interval]))
    except OverflowError:
        return None


def _years(count: int) -> Callable[[date], date]:
    return lambda day: date(max(day.year // count * count, 1), 1, 1)


#: From fine to coarse: the first day of the interval that a day is in.
INTERVALS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=min(day.weekday(), day.toordinal() - 1)),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "year": _years(1),
    "decade": _years(10),
    "century": _years(100),
    "millennium": _years(1000),
}
#: Days after which the next interval has begun for certain, and is not over yet.
STEPS: dict[str, int] = {
    "day": 1,
    "week": 7,
    "month": 31,
    "quarter": 92,
    "year": 366,
    "decade": 3653,
    "century": 36525,
    "millennium": 365243,
}


@lru_cache(maxsize=1024)
def finest(first: date, last: date) -> tuple[str, tuple[date, ...]]:
    """Return the finest interval that needs few enough bars, and where they start."""
    days = (last - first).days
    for interval, floor in INTERVALS.items():
        if days <= STEPS[interval] * MAX_BUCKETS:
            starts = _starts(interval, floor(first), floor(last))
            if starts:
                return interval, starts
    return interval, starts


@lru_cache(maxsize=1024)
def _starts(interval: str, first: date, last: date) -> tuple[date, ...]:
    starts: list[date] = []
    for start in following(interval, first):
        if start > last:
            break
        if len(starts) == MAX_BUCKETS:
            return ()
        starts.append(start)
    return tuple(starts)


def following(interval: str, start: date) -> Iterator[date]:
    """Yield where an interval starts, and where those after it do."""
    one: date | None = start
    while one is not None:
        yield one
        one = next_start(interval, one)
