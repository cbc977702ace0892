"""The best few of many are those that sorting all of them would put first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.whoosh.selection import best
from search.ranking import DECIMALS

pytestmark = pytest.mark.usefixtures("passes")

#: Keys with many ties, near ties, and what sorts last.
keys = st.lists(
    st.sampled_from([0.0, 1.0, 1.0 + 1e-12, 1.0 - 1e-12, 1.0 + 4e-10, 1.0 + 6e-10, 2.0, 1e15, -3.0, -np.inf])
    | st.floats(-10, 10),
    max_size=400,
)


def sorted_places(own: list[float], ties: list[int]) -> list[int]:
    rounded = np.round(np.array(own, np.float64), DECIMALS).tolist()
    return sorted(range(len(own)), key=lambda place: (-rounded[place], ties[place]))


@given(keys, st.integers(-1, 30))
def test_the_best_are_the_first_of_all_sorted(own: list[float], count: int) -> None:
    expected = sorted_places(own, list(range(len(own))))

    assert best(np.array(own, np.float64), count).tolist() == expected[: max(count, 0)]


@given(keys, st.integers(0, 30), st.randoms(use_true_random=False))
def test_equal_ones_come_in_the_order_of_their_ties(own: list[float], count: int, chance: object) -> None:
    ties = list(range(len(own)))
    chance.shuffle(ties)  # type: ignore[attr-defined]

    assert best(np.array(own, np.float64), count, np.array(ties, np.int64)).tolist() == sorted_places(own, ties)[:count]


@given(st.integers(1, 40), st.integers(0, 5000), st.integers(1, 50))
def test_many_keys_are_as_good_as_few(count: int, size: int, different: int) -> None:
    own = (np.arange(size) * 7919 % 10_007 % different).astype(np.float64)

    assert best(own, count).tolist() == np.argsort(-own, kind="stable")[:count].tolist()
