"""What real seeds judge by themselves: words of a title should find its story, and from more than one outlet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from language import FUNCTION_WORDS
from measures import Values, score
from rankers import Run

from search import Index
from search.analysis import terms
from search.articles import Article
from search.query.request import MAX_HITS
from search.results import Hit

#: Titles that queries are made of.
TITLES = 500
FIRST_PAGE, MOST_OF_A_DOMAIN = 10, 3
_PAGE = 100


class TitleQuery(NamedTuple):
    """Some words of a title."""

    article: Article
    text: str


def make_queries(articles: Sequence[Article], fewest: int, most: int) -> list[TitleQuery]:
    """Choose titles, and words of each, in their order; the same ones every time.

    Args:
        articles: in any order.
        fewest: words of a query.
        most: words of a query.
    """
    rng = random.Random(1)  # noqa: S311 - a sample, no secret
    queries: list[TitleQuery] = []
    for article in rng.sample(sorted(articles, key=lambda each: each.id), len(articles)):
        words = _content_words(article.title)
        count = rng.randint(fewest, most)
        if len(words) >= count and len(queries) < TITLES:
            chosen = sorted(rng.sample(range(len(words)), count))
            queries.append(TitleQuery(article, " ".join(words[place] for place in chosen)))
    return queries


def read_articles(index: Index) -> tuple[list[Article], dict[str, frozenset[str]]]:
    """Return all articles, and the ids of each one's story where it is not alone in it, by its id."""
    hits = list(_hits(index, "", diversity=False))
    stories: dict[str, list[str]] = {}
    for hit in hits:
        stories.setdefault(hit.story.id, []).append(hit.article.id)
    found = {id_: frozenset(ids) for ids in stories.values() if len(ids) > 1 for id_ in ids}
    return [hit.article for hit in hits], found


def story_scores(
    index: Index, queries: Sequence[TitleQuery], stories: dict[str, frozenset[str]], *, diversity: bool
) -> Values:
    """Return nDCG@10 of each query, which all articles of the title's story answer, its own included."""
    judgements = {query.article.id: dict.fromkeys(stories[query.article.id], 1) for query in queries}
    run: Run = {query.article.id: _ranks(index, query, diversity=diversity) for query in queries}
    return score(run, judgements)["ndcg_cut_10"]


def crowded_share(index: Index, queries: Sequence[TitleQuery], *, diversity: bool) -> float:
    """Return the share of first pages on which a domain has more than three places, though others have fewer matches.

    That is: though an article further down is of a domain that has less than its three places on the page.
    """
    return sum(_is_crowded(index, query.text, diversity=diversity) for query in queries) / len(queries)


def _is_crowded(index: Index, text: str, *, diversity: bool) -> bool:
    places: Counter[str] = Counter()
    for rank, hit in enumerate(_hits(index, text, diversity=diversity, collapse=True)):
        domain = hit.article.provider.domain
        if rank < FIRST_PAGE:
            places[domain] += 1
        elif max(places.values()) <= MOST_OF_A_DOMAIN:
            return False
        elif places[domain] < MOST_OF_A_DOMAIN:
            return True
    return False


def _ranks(index: Index, query: TitleQuery, *, diversity: bool) -> dict[str, float]:
    """Return the articles of the first page, the higher the number the better."""
    page = index.search(query.text, size=FIRST_PAGE, collapse="none", diversity=diversity, facets=False)
    return {hit.article.id: float(FIRST_PAGE - rank) for rank, hit in enumerate(page.hits)}


def _hits(index: Index, text: str, *, diversity: bool, collapse: bool = False) -> Iterator[Hit]:
    """Yield all hits that paging reaches, in their order."""
    number, listed = 0, 1
    while number * _PAGE < min(listed, MAX_HITS):
        number += 1
        page = index.search(
            text,
            page=number,
            size=_PAGE,
            collapse="title" if collapse else "none",
            diversity=diversity,
            facets=False,
        )
        listed = page.listed
        yield from page.hits


def _content_words(title: str) -> list[str]:
    return list(
        dict.fromkeys(word for word in terms(title) if word.isalpha() and len(word) > 1 and word not in FUNCTION_WORDS)
    )
