from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.timeline import INTERVALS, MAX_BUCKETS, make_timeline, next_start


def days_apart(count: int, first: date = date(2021, 12, 9)) -> list[date | None]:
    """Return two days, the second *count* days behind the first."""
    return [first, first + timedelta(days=count)]


def test_nothing_dated_is_a_timeline_without_bars() -> None:
    assert make_timeline([]).buckets == ()
    assert make_timeline([None, None]).buckets == ()
    assert make_timeline([None, None]).undated == 2


def test_bars_without_hits_are_there_too() -> None:
    timeline = make_timeline([date(2021, 12, 9), date(2021, 12, 12), date(2021, 12, 9), None])

    assert [(bucket.start.day, bucket.count) for bucket in timeline.buckets] == [(9, 2), (10, 0), (11, 0), (12, 1)]
    assert (timeline.interval, timeline.undated) == ("day", 1)


@pytest.mark.parametrize(
    ("days", "interval"),
    [
        *[(0, "day"), (29, "day"), (30, "week"), (200, "week"), (210, "month"), (870, "month"), (1_000, "quarter")],
        *[(2_600, "quarter"), (3_000, "year"), (10_000, "year"), (20_000, "decade"), (100_000, "decade")],
        *[(200_000, "century"), (1_000_000, "century"), (2_000_000, "millennium")],
    ],
)
def test_the_finest_interval_with_few_enough_bars_is_taken(days: int, interval: str) -> None:
    first = date(2021, 12, 9) if days < 2_000_000 else date(3, 1, 1)

    assert make_timeline(days_apart(days, first)).interval == interval


def test_weeks_begin_on_mondays_and_others_on_the_first() -> None:
    weeks = make_timeline(days_apart(60)).buckets
    quarters = make_timeline(days_apart(1_500)).buckets

    assert {bucket.start.weekday() for bucket in weeks} == {0}
    assert {(bucket.start.day, bucket.start.month) for bucket in quarters} == {(1, 1), (1, 4), (1, 7), (1, 10)}


def test_the_first_and_the_last_day_there_is_are_on_one_timeline() -> None:
    timeline = make_timeline([date.min, date.max])

    assert timeline.buckets[0].count == timeline.buckets[-1].count == 1
    assert len(timeline.buckets) == 10


@pytest.mark.parametrize("interval", INTERVALS)
def test_there_is_no_interval_behind_the_last_day(interval: str) -> None:
    assert next_start(interval, INTERVALS[interval](date.max)) is None


near = st.dates(date(2021, 1, 1), date(2022, 6, 1))
at_the_ends = st.dates(date.min, date(5, 1, 1)) | st.dates(date(9990, 1, 1), date.max)


@settings(max_examples=300)
@given(st.lists(st.none() | near, max_size=20) | st.lists(st.dates() | at_the_ends, max_size=20))
def test_a_timeline_counts_every_day_once_in_a_few_bars_without_holes(days: Sequence[date | None]) -> None:
    timeline = make_timeline(days)

    starts = [bucket.start for bucket in timeline.buckets]
    dated = [day for day in days if day is not None]
    assert len(starts) <= MAX_BUCKETS
    assert sum(bucket.count for bucket in timeline.buckets) == len(dated)
    assert timeline.undated == len(days) - len(dated)
    assert all(next_start(timeline.interval, first) == second for first, second in pairwise(starts))


@settings(max_examples=300)
@given(st.lists(near | st.dates() | at_the_ends, min_size=1, max_size=20))
def test_every_day_is_in_the_bar_that_begins_last_before_it(days: Sequence[date]) -> None:
    buckets = make_timeline(days).buckets

    for bucket, following in zip(buckets, [*buckets[1:], None], strict=True):
        inside = [day for day in days if bucket.start <= day and (following is None or day < following.start)]
        assert bucket.count == len(inside)


@given(st.sampled_from(sorted(INTERVALS)), st.dates() | at_the_ends)
def test_an_interval_begins_where_it_begins_and_the_next_one_behind_it(interval: str, day: date) -> None:
    start = INTERVALS[interval](day)
    following = next_start(interval, start)

    assert INTERVALS[interval](start) == start <= day
    assert following is None or (day < following and INTERVALS[interval](following) == following)
    assert following is None or INTERVALS[interval](following - timedelta(days=1)) == start
