"""More like this: the words of an article that tell it from the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice

from search import ranking
from search.analysis import stem, terms
from search.articles import Article
from search.query.tree import And, Like, Node, Not, Or, Word

#: Words that an article is likened by.
MAX_WORDS = 12
#: Words of an article that are looked at: what it is about is said at its beginning.
MAX_READ = 200
#: A word in more of the articles than this share tells little (unless they are but few), and one in fewer articles
#: than that leads nowhere.
MAX_SHARE, FEW_ARTICLES, MIN_ARTICLES = 0.1, 10, 2


def with_words(tree: Node, telling: Callable[[str], tuple[Word, ...]]) -> Node:
    """Return the tree with the telling words of every article that it wants the like of.

    Args:
        tree: any.
        telling: gives the words of the article with an id; none where there is no such article.
    """
    if isinstance(tree, And | Or):
        return type(tree)(tuple(with_words(node, telling) for node in tree.nodes))
    if isinstance(tree, Not):
        return Not(with_words(tree.node, telling))
    return Like(tree.id, telling(tree.id)) if isinstance(tree, Like) else tree


def telling_words(article: Article, articles: int, count: Callable[[Word], int]) -> tuple[Word, ...]:
    """Return the words that tell an article from the others, the most telling first.

    A word tells the more, the more often it stands in the article (weighted by field, and saturated, as in BM25F), and
    the fewer articles have it.

    Args:
        article: the one.
        articles: how many there are in all.
        count: tells how many of them have a word, in any form.
    """
    weights = _weights(article)
    counts = {term: count(Word(term)) for term in weights}
    most = max(MAX_SHARE * articles, FEW_ARTICLES)
    scores = {
        term: ranking.saturate(weight) * ranking.weight(Word(term), articles, counts[term])
        for term, weight in weights.items()
        if MIN_ARTICLES <= counts[term] <= most
    }
    best = sorted(scores, key=lambda term: (-round(scores[term], ranking.DECIMALS), term))
    return tuple(map(Word, best[:MAX_WORDS]))


def _weights(article: Article) -> dict[str, float]:
    """Return the weighted frequency of each stem, under the first of its forms."""
    forms: dict[str, str] = {}
    weights: defaultdict[str, float] = defaultdict(float)
    for term, weight in islice(_words(article), MAX_READ):
        weights[forms.setdefault(stem(term), term)] += weight
    return weights


def _words(article: Article) -> Iterator[tuple[str, float]]:
    """Yield the words of an article, with what each is worth in its field."""
    for field, text in (("title", article.title), ("topics", " ".join(article.topics)), ("excerpt", article.excerpt)):
        for term in terms(text):
            # A number is in all kinds of articles, and a letter in all kinds of abbreviations.
            if len(term) > 1 and any(map(str.isalpha, term)):
                yield term, ranking.WEIGHTS[field]
