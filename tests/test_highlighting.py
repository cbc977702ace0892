"""Highlights from positions are those that analysing the text gives."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from segments import collection_of, texts, words

from search.analysis import query_terms, stem, terms
from search.articles import Article
from search.engines.patterns import expand
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.highlighting import highlight_hits
from search.highlights import highlight
from search.query import Fuzzy, Leaf, Phrase, Prefix, Wildcard, Word
from search.results import Span

#: Any Unicode, and words that no span fits: very long, and far behind the one before.
uneven = texts | st.sampled_from(
    ["rate" * 30, "rate ........... bank", "rates bank 京都の bank", "x" * 31 + " rates", "… rate …"]
)
articles = st.lists(st.tuples(uneven, uneven), min_size=1, max_size=5)
fields = st.sampled_from([None, None, "title", "excerpt", "topics"])
leaves = st.one_of(
    st.builds(Word, words, fields),
    st.builds(Phrase, st.lists(words, min_size=1, max_size=3).map(" ".join), st.integers(0, 3), fields),
    st.builds(Prefix, words, fields),
    st.builds(
        lambda text, end, field: Wildcard(text[:3] + end, field), words, st.sampled_from(["*s", "?", "?*"]), fields
    ),
    st.builds(Fuzzy, words, st.integers(1, 2), fields),
)


def made(pairs: Sequence[tuple[str, str]], cut: int) -> Collection:
    own = [article(title, url=f"https://a.example/{n}", excerpt=text) for n, (title, text) in enumerate(pairs)]
    return collection_of(*[group for group in (own[:cut], own[cut:]) if group])


def vocabulary(collection: Collection) -> list[str]:
    """Return all terms of the articles that the texts of a test are in."""
    own = [collection.article(number) for number in collection.everything.tolist()]
    listed = [text for one in own for text in (one.title, one.excerpt, one.provider.name)]
    return sorted({term for text in listed for term in terms(text)})


def expected(known: Sequence[str], wanted: Sequence[Leaf], own: Article, field: str) -> tuple[Span, ...]:
    """Highlight a text by analysing it."""
    single: set[str] = set()
    rows: list[tuple[Sequence[str], int]] = []
    for leaf in wanted:
        row = query_terms(leaf.text)
        if leaf.field not in {None, field}:
            continue
        if isinstance(leaf, Prefix | Wildcard | Fuzzy):
            single |= expand(leaf, known).keys()
        elif isinstance(leaf, Phrase) or len(row) != 1:
            rows.append((row, leaf.slop if isinstance(leaf, Phrase) else 0))
        else:
            single |= {term for term in known if stem(term) == stem(row[0])}
    return highlight(getattr(own, field), single, [], rows)


@pytest.mark.usefixtures("passes")
@given(articles, st.integers(0, 5), st.lists(leaves, max_size=4), st.data())
def test_highlights_are_those_of_the_text(
    pairs: list[tuple[str, str]], cut: int, wanted: list[Leaf], data: st.DataObject
) -> None:
    collection = made(pairs, cut)
    numbers = data.draw(st.permutations(range(len(pairs))))[: data.draw(st.integers(0, len(pairs)))]

    found = highlight_hits(collection, wanted, numbers).listed()

    known = vocabulary(collection)
    for number, spans in zip(numbers, found, strict=True):
        own = collection.article(number)
        assert spans == {name: expected(known, wanted, own, name) for name in ("title", "excerpt")}


@pytest.mark.usefixtures("passes")
@pytest.mark.parametrize("gap", [1, 7, 8, 40])
@pytest.mark.parametrize("length", [1, 31, 32, 64, 65, 100])
def test_words_of_any_length_with_anything_between_are_highlighted(gap: int, length: int) -> None:
    collection = made([("a" * length + "." * (gap - 1) + " bank", "bank")], 0)

    found = highlight_hits(collection, [Word("bank"), Word("a" * length)], [0]).listed()

    assert found == [{"title": ((0, length), (length + gap, length + gap + 4)), "excerpt": ((0, 4),)}]


@pytest.mark.usefixtures("passes")
def test_far_into_a_long_text() -> None:
    collection = made([("filler " * 300 + "rates rise", "rise " * 300 + "in rates")], 0)

    found = highlight_hits(collection, [Phrase("rates rise"), Phrase("rise rates", 1)], [0]).listed()

    assert found == [{"title": ((2100, 2110),), "excerpt": ((1495, 1508),)}]


@pytest.mark.usefixtures("passes")
def test_without_hits_there_are_no_highlights() -> None:
    assert highlight_hits(made([("Rates", "rise")], 0), [Word("rates")], []).listed() == []


@pytest.mark.usefixtures("passes")
def test_more_words_than_a_pass_takes_are_highlighted() -> None:
    """Serial numbers are many terms, and one word of a query."""
    number = "-".join(f"a{place}" for place in range(40))
    collection = made([(f"No {number}", f"{number} again"), ("bank", number)], 0)

    wanted = [Phrase(number), Phrase(f"no {number}")]
    found = {collection.article(doc).title: highlight_hits(collection, wanted, [doc]).listed()[0] for doc in (0, 1)}

    whole = len(number)
    assert found["bank"] == {"title": (), "excerpt": ((0, whole),)}
    assert found[f"No {number}"] == {"title": ((0, whole + 3),), "excerpt": ((0, whole),)}
