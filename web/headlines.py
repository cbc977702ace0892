"""Headlines side by side: what one says that an earlier one does not."""

from __future__ import annotations

import regex

from search.analysis import fold
from web.typography import Segment

#: Earlier headlines that one is compared with; more would cost much and tell nothing.
MAX_COMPARED = 60
#: Of a headline's words, the part that another must have too for the two to be comparable.
_LEAST_SHARED = 0.5
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+(?:['’.-][\p{L}\p{N}\p{M}]+)*")


def differing(titles: list[str]) -> list[list[Segment]]:
    """Mark in each title the words that the most similar earlier one does not have.

    Titles that share less than half of their words with every earlier one are about something else, and stay unmarked.

    Args:
        titles: plain, in the order in which they appeared.

    >>> first, second = differing(["Rates rise again", "Rates fall again"])
    >>> [piece.text for piece in second if piece.is_match]
    ['fall']
    """
    words = [frozenset(fold(word[0]) for word in _WORD.finditer(title)) for title in titles]
    return [
        _marked(title, _nearest(words[place], words[max(0, place - MAX_COMPARED) : place]))
        for place, title in enumerate(titles)
    ]


def _nearest(own: frozenset[str], earlier: list[frozenset[str]]) -> frozenset[str] | None:
    """Return the words of the one that shares most, None where none shares enough."""
    best = max(earlier, key=lambda other: len(own & other), default=frozenset[str]())
    return best if own and len(own & best) >= _LEAST_SHARED * len(own) else None


def _marked(title: str, known: frozenset[str] | None) -> list[Segment]:
    if known is None:
        return [Segment(title, is_match=False)]
    pieces: list[Segment] = []
    done = 0
    for word in _WORD.finditer(title):
        if fold(word[0]) not in known:
            pieces += [Segment(title[done : word.start()], is_match=False), Segment(word[0], is_match=True)]
            done = word.end()
    pieces.append(Segment(title[done:], is_match=False))
    return [piece for piece in pieces if piece.text]
