"""Prefixes, patterns and misspellings: the sum of what each of their terms gives, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from segments import collection_of, numbered, texts

from search import ranking
from search.analysis import terms
from search.articles import Article
from search.engines.patterns import expand
from search.engines.whoosh import expansion
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.expansion import expanded_postings, expanded_terms
from search.engines.whoosh.inversion import texts_of
from search.engines.whoosh.postings import Postings
from search.errors import SearchTimeoutError
from search.query import Fuzzy, Prefix, Wildcard

Pattern = Prefix | Wildcard | Fuzzy

words = st.sampled_from("rate rates rated rating bank banks sense 東京 cafe absent x".split())
fields = st.sampled_from([None, *ranking.FIELDS])
patterns = st.one_of(
    st.builds(lambda text, size, field: Prefix(text[:size], field), words, st.integers(1, 4), fields),
    st.builds(
        lambda text, end, field: Wildcard(text[:2] + end, field),
        words,
        st.sampled_from(["*", "*s", "?e", "?*"]),
        fields,
    ),
    st.builds(Fuzzy, words, st.integers(1, 2), fields),
)
pairs = st.lists(st.tuples(texts, texts, st.lists(texts, max_size=2)), min_size=1, max_size=6)


def lengths(own: Article) -> list[int]:
    counts = [len(terms(text)) for text in texts_of(own)]
    return [*counts[:3], sum(counts[3:])]


def expected(there: Sequence[Article], leaf: Pattern) -> dict[str, float]:
    """Return the saturated frequency of a pattern in each article that has it, by a loop."""
    by_article = [lengths(own) for own in there]
    averages = [sum(column) / max(1, sum(map(bool, column))) for column in zip(*by_article, strict=True)]
    found = {}
    for own, counts in zip(there, by_article, strict=True):
        frequency = 0.0
        for place, text in enumerate(texts_of(own)):
            number = min(place, 3)
            factor = ranking.field_factor(ranking.FIELDS[number], counts[number], averages[number])
            if leaf.field in {None, ranking.FIELDS[number]}:
                listed = terms(text)
                weights = expand(leaf, sorted(set(listed)))
                frequency += factor * sum(weights.get(term, 0.0) for term in listed)
        if frequency:
            found[own.id] = ranking.saturate(frequency)
    return found


def found(collection: Collection, leaf: Pattern) -> dict[str, float]:
    postings = expanded_postings(collection, leaf, lambda: None)
    assert postings.docs().tolist() == sorted(postings.docs().tolist())
    return as_scores(collection, postings)


def as_scores(collection: Collection, postings: Postings) -> dict[str, float]:
    return dict(zip(map(collection.id_of, postings.docs().tolist()), postings.scores(None).tolist(), strict=True))


@given(pairs, st.integers(0, 6), st.lists(patterns, min_size=1, max_size=4), st.data())
def test_a_pattern_gives_what_its_terms_do(
    own: list[tuple[str, str, list[str]]], cut: int, asked: list[Pattern], data: st.DataObject
) -> None:
    made = [
        article(title, url=f"https://a.example/{n}", excerpt=excerpt, topics=tuple(topics))
        for n, (title, excerpt, topics) in enumerate(own)
    ]
    groups = [group for group in (made[:cut], made[cut:]) if group]
    gone = {number: [0] for number, group in enumerate(groups) if len(group) > 1 and data.draw(st.booleans())}
    collection = collection_of(*groups, gone=gone)
    there = [collection.article(number) for number in collection.everything.tolist()]

    for leaf in asked:
        every = expected(there, leaf)
        assert found(collection, leaf) == pytest.approx(every)
        some = np.array([n for n in collection.everything.tolist() if data.draw(st.booleans())], np.intp)
        ids = {collection.id_of(number) for number in some.tolist()}
        among = expanded_postings(collection, leaf, lambda: None, some)
        if leaf.field is None:
            assert among.count == len(every)
        assert as_scores(collection, among) == pytest.approx({id_: every[id_] for id_ in every.keys() & ids})


@pytest.mark.parametrize("chunk", [2, expansion.CHUNK])
@pytest.mark.parametrize(
    "leaf", [Prefix("rare"), Prefix("rar", "title"), Fuzzy("rarea", 1), Wildcard("r*"), Prefix("co")]
)
def test_few_of_many_articles_are_added_up_as_many_are(
    leaf: Pattern, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "CHUNK", chunk)
    own = numbered([f"common {'rare' + 'abcd'[n % 4] + ' rare' if n % 70 == 3 else 'words'}" for n in range(300)])

    assert found(collection_of(own[:290], own[290:]), leaf) == pytest.approx(expected(own, leaf))


def test_the_terms_of_a_pattern_are_named() -> None:
    collection = collection_of(numbered(["Rates rise"]), [article("rating rated")])

    assert expanded_terms(collection, Prefix("rat")) == {"rates", "rating", "rated"}
    assert expanded_terms(collection, Fuzzy("rates", 1)) == {"rates", "rated"}


def test_without_articles_there_is_nothing() -> None:
    assert expanded_postings(collection_of(), Prefix("a"), lambda: None).count == 0


def test_what_checks_the_time_may_stop_it() -> None:
    def stop() -> None:
        raise SearchTimeoutError(1)

    with pytest.raises(SearchTimeoutError):
        expanded_postings(collection_of(numbered(["rates"])), Prefix("r"), stop)
