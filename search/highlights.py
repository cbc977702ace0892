"""Where in a text the searched words are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from search.analysis import tokenize
from search.results import Span


def highlight(text: str, words: Collection[str], phrases: Sequence[Sequence[str]]) -> tuple[Span, ...]:
    """Return the spans of *words* (terms that count wherever they are) and *phrases* (terms that count in a row).

    Spans are in code points of *text*, in order; those that touch or overlap are one.

    >>> highlight("The U.S. bans SenseTime", {"us"}, [["bans", "sensetime"]])
    ((4, 8), (9, 23))
    """
    tokens = tokenize(text)
    spans = [(token.start, token.end) for token in tokens if token.term in words]
    for phrase in phrases:
        spans += [
            (tokens[at].start, tokens[at + len(phrase) - 1].end)
            for at in range(len(tokens) - len(phrase) + 1)
            if phrase and all(tokens[at + i].term == term for i, term in enumerate(phrase))
        ]
    return _merged(sorted(spans))


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
