"""A ranked list to a page: copies folded into one hit, and no domain over a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from search.articles import Article

#: Places at the top that diversity looks after, and how many of them one domain may take.
TOP = 10
MAX_OF_DOMAIN = 3


@dataclass(slots=True)
class Listed:
    """An article in the list, with what stands behind it."""

    number: int
    also: list[int] = field(default_factory=list)
    more_from_domain: int = 0


def collapse_copies(ranked: Sequence[int], copies: Sequence[int]) -> list[Listed]:
    """Fold the articles that share a number in *copies* into the best of them."""
    best: dict[int, Listed] = {}
    for number in ranked:
        group = copies[number]
        if group in best:
            best[group].also.append(number)
        else:
            best[group] = Listed(number)
    return list(best.values())


def diversify(listed: Sequence[Listed], articles: Sequence[Article]) -> list[Listed]:
    """Let no domain take more than three of the first ten places while others match; the rest follows behind them."""
    counts: Counter[str] = Counter()
    top: list[Listed] = []
    moved: list[Listed] = []
    rest = iter(listed)
    for item in rest:
        domain = articles[item.number].provider.domain
        counts[domain] += 1
        (top if counts[domain] <= MAX_OF_DOMAIN else moved).append(item)
        if len(top) == TOP:
            break
    _count_moved(top, moved, articles)
    return [*top, *moved, *rest]


def _count_moved(top: Sequence[Listed], moved: Sequence[Listed], articles: Sequence[Article]) -> None:
    """Note at the last hit of a domain in the top how many of it were moved behind the top."""
    if len(top) < TOP:
        return
    counts = Counter(articles[item.number].provider.domain for item in moved)
    for item in reversed(top):
        item.more_from_domain = counts.pop(articles[item.number].provider.domain, 0)
