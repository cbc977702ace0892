"""Which terms a prefix, a pattern or a fuzzy word stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate
from operator import or_

from search import ranking
from search.analysis import fold_pattern
from search.query import Fuzzy, Prefix, Wildcard
from search.spelling import edits


def expand(leaf: Prefix | Wildcard | Fuzzy, vocabulary: Iterable[str]) -> dict[str, float]:
    """Return the terms of the vocabulary that *leaf* stands for, in their order, with what one occurrence weighs."""
    pattern = fold_pattern(leaf.text)
    if isinstance(leaf, Prefix):
        return {term: 1.0 for term in vocabulary if term.startswith(pattern)}
    if isinstance(leaf, Wildcard):
        start = re.split(r"[*?]", pattern)[0]
        return {term: 1.0 for term in vocabulary if term.startswith(start) and fits(pattern, term)}
    near = (term for term in vocabulary if term[:1] == pattern[:1] and abs(len(term) - len(pattern)) <= leaf.distance)
    distances = {term: edits(pattern, term, leaf.distance) for term in near}
    return {term: ranking.OTHER_FORM**count for term, count in distances.items() if count <= leaf.distance}


def fits(pattern: str, term: str) -> bool:
    """Tell whether the whole term fits: ``*`` stands for any characters or none, ``?`` for one.

    >>> fits("wom?n", "women"), fits("el*ons", "elections"), fits("el*on", "elections")
    (True, True, False)
    """
    # Whether the pattern so far fits the first 0, 1, 2 ... characters; unlike with a regex, no pattern takes long.
    reached = [True, *(False for _ in term)]
    for sign in pattern:
        if sign == "*":
            reached = list(accumulate(reached, or_))
        else:
            reached = [False, *(before and sign in {"?", at} for before, at in zip(reached, term, strict=False))]
    return reached[-1]
