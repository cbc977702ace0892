from __future__ import annotations

import re
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.patterns import expand, fits
from search.query import Fuzzy, Prefix, Wildcard
from search.ranking import OTHER_FORM

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
        (Fuzzy("form"), {"from": OTHER_FORM, "form": 1.0}),
        (Fuzzy("electoin"), {"election": OTHER_FORM}),
        (Fuzzy("electoin", 2), {"election": OTHER_FORM, "elections": OTHER_FORM**2}),
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
