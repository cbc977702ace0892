"""The intervals of timelines by tables: the same as are found without."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from segments import collection_of

from search.engines.whoosh import intervals
from search.keys import EPOCH
from search.timeline import finest

#: Of a few years, of centuries, and of all years that there are.
dates = st.dates(date(2019, 1, 1), date(2022, 12, 31)) | st.dates(date(1500, 1, 1), date(2100, 1, 1)) | st.dates()
#: Days of articles, and of some of those that match.
spans = st.lists(dates, min_size=1, max_size=12).flatmap(
    lambda days: st.tuples(st.just(days), st.lists(st.sampled_from(days), min_size=1))
)


@pytest.mark.parametrize("most", [0, 100, 40_000])
@given(span=spans)
def test_tables_give_the_finest_intervals(span: tuple[list[date], list[date]], most: int) -> None:
    days, matching = span
    own = [article(f"on {day}", url=f"https://a.example/{n}", published=str(day)) for n, day in enumerate(days)]
    half = len(own) // 2
    collection = collection_of(*[group for group in (own[:half], own[half:]) if group])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "_MOST", most)

        oldest, newest = ((day - EPOCH.date()) // timedelta(days=1) for day in (min(matching), max(matching)))
        interval, starts, ends = collection.intervals.between(oldest, newest)

    assert (interval, starts) == finest(min(matching), max(matching))
    for start, *of_parts in zip(starts, *ends, strict=True):
        first = datetime.combine(start, time.min, UTC)
        articles = map(collection.article, range(collection.size))
        later = [end - part.base for part, end in zip(collection.parts, of_parts, strict=True)]
        assert sum(later) == sum(one.published_at is not None and one.published_at >= first for one in articles)
