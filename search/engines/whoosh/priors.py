"""What an article's score has beside the text, for all articles of some segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.attributes import MICROSECONDS_A_DAY, UNKNOWN
from search.engines.whoosh.segment import Segment
from search.keys import UNDATED

_Factors = NDArray[np.float64]


def prior(segments: Sequence[Segment], living: NDArray[np.bool_], outlets: Array) -> _Factors:
    """Return the product of all factors; ages are counted from the newest article that is there."""
    ages = np.concatenate([segment.ages for segment in segments] or [np.empty(0, np.int64)])
    dated = ages != UNDATED
    newest = ages[living & dated].min(initial=UNDATED)
    days = np.where(dated, (ages - newest) / MICROSECONDS_A_DAY, np.nan)
    return ranking.freshness_factors(days) * prior_without_freshness(segments, outlets)


def prior_without_freshness(segments: Sequence[Segment], outlets: Array) -> _Factors:
    """Return the product of all factors but freshness."""
    quality, heat = _numbers(segments, "quality"), _numbers(segments, "heat")
    return ranking.quality_factors(quality) * ranking.heat_factors(heat) * ranking.coverage_factors(outlets)


def _numbers(segments: Sequence[Segment], name: str) -> _Factors:
    """Return a column as numbers, NaN where nothing is known."""
    column = np.concatenate([segment.arrays[name] for segment in segments] or [np.empty(0, np.int16)])
    return np.where(column == UNKNOWN, np.nan, column)
