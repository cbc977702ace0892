"""Spelling: which of the words that are close to a mistyped one was meant.

A noisy channel, as in Kernighan, Church & Gale (1990), "A spelling correction program based on a noisy channel model":
the likeliest word is one that is written often, and from which the typed one differs by slips that are made often.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import OSA

#: Letters from which a word is long enough to hide one slip, and two.
ONE_EDIT, TWO_EDITS = 5, 9
#: What a word that is written *e* times as often as another is worth, in slips.
FREQUENCY = 0.08
#: Words that are weighed against each other; those with more edits and fewer articles come last.
MAX_WEIGHED = 50

#: What slips cost: two neighbours swapped; a letter of a double one left out, or doubled; ...
SWAP, UNDOUBLED, DOUBLED = 0.6, 0.3, 0.5
#: ... a letter left out, or put in: one that is not heard, a vowel, or any other; ...
SILENT_OUT, VOWEL_OUT, OUT = 0.5, 0.7, 0.7
SILENT_IN, VOWEL_IN, IN = 0.4, 1.2, 1.4
#: ... and one for another: a vowel for a vowel, a letter for one that sounds alike, or for any other.
VOWEL_FOR_VOWEL, ALIKE, OTHER = 0.8, 0.6, 1.4

_VOWELS = frozenset("aeiouy")
_UNHEARD_OUT, _UNHEARD_IN = frozenset("eh"), frozenset("e")
_ALIKE = frozenset(map(frozenset, "bp cg ck cs cx dt fv gj iy kq mn sz vw".split()))


def allowed_edits(word: str) -> int:
    """Return how many edits a word may be corrected by: the shorter it is, the more other words are close.

    >>> allowed_edits("bank"), allowed_edits("banks"), allowed_edits("interests")
    (0, 1, 2)
    """
    return (len(word) >= ONE_EDIT) + (len(word) >= TWO_EDITS)


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
    return OSA.distance(one, other, score_cutoff=most)


def near(word: str, terms: Iterable[str], most: int) -> list[str]:
    """Return those of the terms that are at most so many edits away, the first character kept; not the word itself.

    >>> near("electon", ["elector", "election", "selection", "electon"], 1)
    ['elector', 'election']
    """
    return [term for term in terms if term[:1] == word[:1] and 0 < edits(word, term, most) <= most]


def ranked(word: str, counts: Mapping[str, int]) -> list[str]:
    """Return the words that may have been meant, the likeliest first.

    Args:
        word: as it was typed.
        counts: how many articles have each of the words that are near.

    >>> ranked("recieve", {"receive": 3, "relieve": 3})
    ['receive', 'relieve']
    """
    nearest = sorted(counts, key=lambda term: (edits(word, term, len(word)), -counts[term], term))[:MAX_WEIGHED]
    return sorted(nearest, key=lambda term: (cost(term, word) - FREQUENCY * math.log1p(counts[term]), term))


def cost(word: str, typed: str) -> float:
    """Return what the cheapest slips cost that make of *word* what was typed; nothing is edited twice.

    >>> cost("committee", "comitee") < cost("comet", "comitee")
    True
    """
    rows = [[0.0] * (len(typed) + 1) for _ in range(len(word) + 1)]
    for j in range(1, len(typed) + 1):
        rows[0][j] = rows[0][j - 1] + _put_in(typed, j - 1)
    for i in range(1, len(word) + 1):
        out = _left_out(word, i - 1)
        rows[i][0] = rows[i - 1][0] + out
        for j in range(1, len(typed) + 1):
            rows[i][j] = min(
                rows[i - 1][j - 1] + _replaced(word[i - 1], typed[j - 1]),
                rows[i - 1][j] + out,
                rows[i][j - 1] + _put_in(typed, j - 1),
                rows[i - 2][j - 2] + SWAP if _is_swapped(word, typed, i, j) else math.inf,
            )
    return rows[-1][-1]


def splits(word: str) -> list[tuple[str, str]]:
    """Return the ways to cut a word in two, of at least two letters each.

    >>> splits("inbox")
    [('in', 'box'), ('inb', 'ox')]
    """
    return [(word[:at], word[at:]) for at in range(2, len(word) - 1)]


def _replaced(letter: str, typed: str) -> float:
    if letter == typed:
        return 0.0
    if letter in _VOWELS and typed in _VOWELS:
        return VOWEL_FOR_VOWEL
    return ALIKE if frozenset((letter, typed)) in _ALIKE else OTHER


def _left_out(word: str, at: int) -> float:
    if _is_double(word, at):
        return UNDOUBLED
    if word[at] in _UNHEARD_OUT:
        return SILENT_OUT
    return VOWEL_OUT if word[at] in _VOWELS else OUT


def _put_in(typed: str, at: int) -> float:
    if _is_double(typed, at):
        return DOUBLED
    if typed[at] in _UNHEARD_IN:
        return SILENT_IN
    return VOWEL_IN if typed[at] in _VOWELS else IN


def _is_double(text: str, at: int) -> bool:
    return text[at] in (text[at - 1 : at], text[at + 1 : at + 2])


def _is_swapped(word: str, typed: str, i: int, j: int) -> bool:
    return i > 1 and j > 1 and word[i - 2 : i] == typed[j - 1] + typed[j - 2]
