from __future__ import annotations

import re
from functools import cache
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.patterns import edits, expand, fits
from search.query import Fuzzy, Prefix, Wildcard

TERMS = ["elect", "election", "elections", "elite", "from", "form", "women", "woman", "word", "cafe"]
short = st.text("ab", max_size=5)


@pytest.mark.parametrize(
    ("leaf", "terms"),
    [
        (Prefix("ELECT"), {"elect": 1.0, "election": 1.0, "elections": 1.0}),
        (Prefix("Caf"), {"cafe": 1.0}),
        (Wildcard("wom?n"), {"women": 1.0, "woman": 1.0}),
        (Wildcard("el*s"), {"elections": 1.0}),
        (Wildcard("Wô*"), {"women": 1.0, "woman": 1.0, "word": 1.0}),
        (Fuzzy("form"), {"from": 0.8, "form": 1.0}),
        (Fuzzy("electoin"), {"election": 0.8}),
        (Fuzzy("electoin", 2), {"election": 0.8, "elections": 0.8**2}),
        (Fuzzy("voman"), {}),
    ],
)
def test_a_leaf_stands_for_these_terms_with_these_weights(
    leaf: Prefix | Wildcard | Fuzzy, terms: dict[str, float]
) -> None:
    assert expand(leaf, TERMS) == pytest.approx(terms)


@given(st.text("ab*?", max_size=6), short)
def test_a_term_fits_as_a_regular_expression_would_have_it(pattern: str, term: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(sign, sign) for sign in pattern)

    assert fits(pattern, term) == bool(re.fullmatch(expression, term))


def test_no_pattern_takes_long() -> None:
    started = perf_counter()
    fits("ab" + "*a" * 250, "ab" + "a" * 61 + "b")

    assert perf_counter() - started < 1


@given(short, short)
def test_edits_are_counted_as_the_definition_has_it(one: str, other: str) -> None:
    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        steps = [
            distance(i - 1, j) + 1,
            distance(i, j - 1) + 1,
            distance(i - 1, j - 1) + (one[i - 1] != other[j - 1]),
        ]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            steps.append(distance(i - 2, j - 2) + 1)
        return min(steps)

    far = distance(len(one), len(other))
    assert edits(one, other, far) == far
    assert min(edits(one, other, 2), 3) == min(far, 3)
