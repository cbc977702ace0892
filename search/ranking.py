"""The formula: what an article's score is made of, the bounds of every part, and how it is explained.

``score = BM25F(title, excerpt, provider, topics) x freshness x quality x heat x coverage``. Every factor beside the
text is 1 where nothing is known, and bounded, so that no prior can lift an article over one that fits the words much
better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from string import ascii_lowercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.analysis import FUNCTION_WORDS, query_terms
from search.articles import Article
from search.query import Leaf, Word

Numbers = NDArray[np.float64]

FIELDS = ("title", "excerpt", "provider", "topics")
#: How much a word counts in a field, and how much the field's length tells against it.
WEIGHTS: Mapping[str, float] = {"title": 2.0, "excerpt": 1.0, "provider": 1.0, "topics": 0.5}
LENGTH: Mapping[str, float] = {"title": 0.6, "excerpt": 0.6, "provider": 0.3, "topics": 0.3}
#: Where a further occurrence of a word stops to count.
K1 = 1.5
#: Decimals of a score that decide the order; what floating point adds beyond is no difference.
DECIMALS = 9
#: Another form of the searched word, against the word itself.
OTHER_FORM = 0.6
#: A word that holds sentences together, against one that says what they are about.
FUNCTION_WORD = 0.2
# And lone letters: what is left of initials and, in many a query, of apostrophes.
_FUNCTION_WORDS = FUNCTION_WORDS | frozenset(ascii_lowercase)

#: Age at which half of the freshness is gone.
HALF_LIFE_DAYS = 90
FRESHNESS = (0.85, 1.15)
QUALITY = (0.9, 1.1)
HEAT = (0.95, 1.1)
COVERAGE = (1.0, 1.2)
#: Outlets beyond which more of them count no more.
MANY_OUTLETS = 32


def idf(articles: int, matching: int) -> float:
    """Inverse document frequency as in Lucene: never negative.

    Robertson & Zaragoza (2009), "The Probabilistic Relevance Framework", eq. 3.3, plus one inside the logarithm.

    >>> round(idf(1000, 10), 3)
    4.557
    """
    return math.log(1 + (articles - matching + 0.5) / (matching + 0.5))


def weight(leaf: Leaf, articles: int, matching: int) -> float:
    """Return what a part of a query is worth: its rarity, and little of that for a function word.

    Rarity alone does not tell, as headlines leave such words out. In quotes, or as the beginning of a word, they count
    in full.

    Args:
        leaf: word, phrase or pattern.
        articles: how many there are.
        matching: how many of them have it.

    >>> weight(Word("The"), 1000, 10) / weight(Word("bank"), 1000, 10)
    0.2
    """
    is_function_word = isinstance(leaf, Word) and _FUNCTION_WORDS.issuperset(query_terms(leaf.text))
    return idf(articles, matching) * (FUNCTION_WORD if is_function_word else 1.0)


def saturate(frequency: float) -> float:
    """BM25's saturation of a length-normalised, field-weighted frequency; from 0 to 1.

    Robertson & Zaragoza (2009), eq. 3.15.

    >>> saturate(0.0), round(saturate(1.0), 3)
    (0.0, 0.4)
    """
    return frequency / (K1 + frequency)


def field_factor(field: str, length: int, average: float) -> float:
    """What one occurrence in a field of *length* terms adds to the frequency.

    Robertson & Zaragoza (2009), eq. 3.17: weighted and normalised per field, before saturation.

    >>> field_factor("title", 10, 10.0)
    2.0
    """
    share = LENGTH[field]
    return WEIGHTS[field] / (1 - share + share * (length / average if average else 1.0))


def freshness(published: datetime | None, newest: datetime | None) -> float:
    """From the upper bound for the newest article down to the lower; 1 without a date."""
    if published is None or newest is None:
        return 1.0
    return float(freshness_factors(np.array([(newest - published) / timedelta(days=1)]))[0])


def quality(value: int | None) -> float:
    """From the lower bound at 0 to the upper at 100 and beyond; 1 where unknown."""
    return 1.0 if value is None else float(quality_factors(np.array([float(value)]))[0])


def heat(value: int | None) -> float:
    """From the lower bound at 0 to the upper at 100 and beyond; 1 where unknown."""
    return 1.0 if value is None else float(heat_factors(np.array([float(value)]))[0])


def coverage(outlets: int) -> float:
    """From 1 for one outlet to the upper bound for many, by the logarithm of their number."""
    return float(coverage_factors(np.array([outlets]))[0])


def freshness_factors(days: Numbers) -> Numbers:
    """Return the freshness of many ages, in days since the newest article; NaN is an unknown one."""
    return _between(FRESHNESS, 0.5 ** (np.maximum(days, 0) / HALF_LIFE_DAYS))


def quality_factors(values: Numbers) -> Numbers:
    """Return the factors of many qualities; NaN is an unknown one."""
    return _between(QUALITY, values / 100)


def heat_factors(values: Numbers) -> Numbers:
    """Return the factors of many heats; NaN is an unknown one."""
    return _between(HEAT, values / 100)


def coverage_factors(outlets: NDArray[np.integer[Any]]) -> Numbers:
    """Return the factors of many numbers of outlets."""
    return _between(COVERAGE, np.log2(np.maximum(outlets, 1), dtype=np.float64) / math.log2(MANY_OUTLETS))


def priors(article: Article, outlets: int, newest: datetime | None) -> dict[str, float]:
    """Return the factors beside the text, by name.

    Args:
        article: the one that is ranked.
        outlets: distinct outlets of its episode.
        newest: when the newest article was published; None turns freshness off.
    """
    return {
        "freshness": freshness(article.published_at, newest),
        "quality": quality(article.quality),
        "heat": heat(article.heat),
        "coverage": coverage(outlets),
    }


def explain(factors: Mapping[str, float]) -> str:
    """Say in a sentence what a score is the product of.

    >>> explain({"text": 2.0, "freshness": 1.15})
    'The words give 2.000, freshness raises it by 15.0 %: 2.300.'
    """
    parts = [f"the words give {factors['text']:.3f}"]
    for name, factor in factors.items():
        if name != "text" and factor != 1:
            verb = "raises" if factor > 1 else "lowers"
            parts.append(f"{name} {verb} it by {abs(factor - 1):.1%}".replace("%", " %"))
    sentence = f"{', '.join(parts)}: {math.prod(factors.values()):.3f}."
    return sentence[0].upper() + sentence[1:]


def _between(bounds: tuple[float, float], shares: Numbers) -> Numbers:
    low, high = bounds
    return np.nan_to_num(low + (high - low) * np.clip(shares, 0.0, 1.0), nan=1.0)
