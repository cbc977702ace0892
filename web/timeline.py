"""Hits over time as a drawing: bars, each of which narrows the search to its days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from search.query import Query
from search.results import Bucket, Timeline
from search.timeline import next_start
from web.links import narrowed, search_url
from web.typography import days

#: Of the drawing, in its own units; CSS stretches it.
WIDTH, HEIGHT = 600, 96
#: A single article is still seen beside a bar of thousands.
_LEAST_HEIGHT = 3.0
_GAP = 0.18
#: A few bars are not blocks.
_MOST_WIDTH = 44.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bucket, drawn."""

    #: The left edge and width of the bucket's slot, and of the bar in it.
    slot_x: float
    slot_width: float
    x: float
    y: float
    width: float
    height: float
    count: int
    #: The days it stands for, readable.
    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The whole timeline, drawn; there is a bar at least."""

    interval: str
    bars: tuple[Bar, ...]
    first: date
    last: date
    undated: int

    @property
    def highest(self) -> Bar:
        """The bar to name where nobody can see them."""
        return max(self.bars, key=lambda bar: bar.count)


def draw(query: Query, timeline: Timeline | None) -> Drawing | None:
    """Draw *timeline*, or nothing where it has no buckets."""
    if timeline is None or not timeline.buckets:
        return None
    buckets = timeline.buckets
    slot = WIDTH / len(buckets)
    highest = max(bucket.count for bucket in buckets) or 1
    return Drawing(
        interval=timeline.interval,
        bars=tuple(
            _bar(query, place, slot, bucket, highest, timeline.interval) for place, bucket in enumerate(buckets)
        ),
        first=buckets[0].start,
        last=last_day(timeline.interval, buckets[-1].start),
        undated=timeline.undated,
    )


def last_day(interval: str, start: date) -> date:
    """Return the last day of the bucket that begins at *start*.

    >>> last_day("quarter", date(2021, 10, 1))
    datetime.date(2021, 12, 31)
    """
    following = next_start(interval, start)
    return following - timedelta(days=1) if following else date.max


def _bar(query: Query, place: int, slot: float, bucket: Bucket, highest: int, interval: str) -> Bar:
    width = min(slot * (1 - _GAP), _MOST_WIDTH)
    height = max(bucket.count / highest * HEIGHT, _LEAST_HEIGHT) if bucket.count else 0
    span = bucket.start, last_day(interval, bucket.start)
    return Bar(
        slot_x=round(place * slot, 1),
        slot_width=round(slot, 1),
        x=round((place + 0.5) * slot - width / 2, 1),
        y=round(HEIGHT - height, 1),
        width=round(width, 1),
        height=round(height, 1),
        count=bucket.count,
        label=days(*span),
        url=search_url(_within(query, *span)),
    )


def _within(query: Query, first: date, last: date) -> Query:
    """Narrow to the bar's days, never beyond those already chosen."""
    filters = query.filters
    return narrowed(
        query,
        date_from=max(first, filters.date_from or first),
        date_to=min(last, filters.date_to or last),
    )
