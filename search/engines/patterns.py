"""Which terms a prefix, a pattern or a fuzzy word stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate
from operator import or_

from search import ranking
from search.analysis import fold_pattern
from search.query import Fuzzy, Prefix, Wildcard


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


def edits(one: str, other: str, most: int) -> int:
    """Count the characters to add, drop, replace or swap with their neighbour that make one text the other.

    The optimal string alignment distance: nothing is edited twice. Boytsov (2011), "Indexing methods for approximate
    dictionary searching", section 2.2.

    Args:
        one: a text.
        other: another.
        most: beyond which the count does not matter: then any larger number is returned.

    >>> edits("election", "elction", 2), edits("form", "from", 2), edits("ca", "abc", 3)
    (1, 1, 3)
    """
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        # A swap reaches back over one row, and no further.
        if min(row) > most and min(rows[-1]) > most:
            return most + 1
        rows.append(row)
    return rows[-1][-1]
