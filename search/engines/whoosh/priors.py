"""What an article's score has beside the text, for all articles of some segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search import ranking
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.attributes import MICROSECONDS_A_DAY, UNKNOWN
from search.engines.whoosh.segment import Segment
from search.keys import UNDATED

_Factors = NDArray[np.float64]
#: As many steps as a number of one byte has, but for the one that rounding up may need.
_STEPS = 254


class Ceilings(NamedTuple):
    """What articles are worth at most: of each a number of steps."""

    steps: NDArray[np.uint8]
    step: float


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


def ceilings_of(factors: _Factors) -> Ceilings:
    """Return bounds that take an eighth of the memory, which a search of many articles waits for.

    They may be less than the factors by what floating point loses.

    >>> ceilings_of(np.array([0.0, 1.0, 2.0])).steps.tolist()
    [0, 127, 254]
    """
    step = max(float(factors.max(initial=0)), np.finfo(np.float64).tiny) / _STEPS
    return Ceilings(np.ceil(factors / step).astype(np.uint8), step)


def _numbers(segments: Sequence[Segment], name: str) -> _Factors:
    """Return a column as numbers, NaN where nothing is known."""
    column = np.concatenate([segment.arrays[name] for segment in segments] or [np.empty(0, np.int16)])
    return np.where(column == UNKNOWN, np.nan, column)
