"""Phrases are found where a naive search finds them, in texts of any length."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from factories import article, catalog
from hypothesis import given
from hypothesis import strategies as st
from segments import Way, both, collection_of, forms_of_one_stem, numbered, searching, ways

from search import ranking
from search.analysis import terms
from search.articles import Article
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.inversion import texts_of
from search.engines.whoosh.phrases import phrase_postings
from search.query import Query, parse

#: Few words, among them forms of one stem, so that phrases come again and again.
words = st.sampled_from(["rate", "rates", "rated", "rise", "ai", "the"])
filler = st.sampled_from([0, 0, 0, 50, 60, 63, 64, 65, 130])
texts = st.tuples(st.lists(words, max_size=6), filler, st.lists(words, max_size=6)).map(
    lambda parts: " ".join([*parts[0], *["filler"] * parts[1], *parts[2]])
)
articles = st.lists(
    st.builds(
        lambda title, excerpt, provider, topics: article(title, excerpt=excerpt, provider=provider, topics=topics),
        texts,
        texts,
        st.lists(words, max_size=3).map(" ".join),
        st.lists(st.lists(words, min_size=1, max_size=3).map(" ".join), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
).map(lambda own: [renamed(one, number) for number, one in enumerate(own)])
rows = st.lists(words, min_size=1, max_size=4)
slops = st.sampled_from([0, 0, 1, 2, 5, 62, 63, 64, 70, 99])
fields = st.sampled_from([None, *ranking.FIELDS])


def renamed(one: Article, number: int) -> Article:
    return article(
        one.title,
        url=f"https://news.example/{number}",
        excerpt=one.excerpt,
        provider=one.provider.name,
        topics=one.topics,
    )


def ends_of(text: Sequence[str], row: Sequence[str], slop: int) -> int:
    """Count the places where a phrase ends, by trying every way to place its terms."""

    def reached(place: int, rest: Sequence[str], left: int) -> bool:
        """Tell whether *rest* stands before *place*, going backwards."""
        if not rest:
            return True
        return any(
            text[place - 1 - gap] == rest[-1] and reached(place - 1 - gap, rest[:-1], left - gap)
            for gap in range(min(left, place - 1) + 1 if place else 0)
        )

    return sum(term == row[-1] and reached(place, row[:-1], slop) for place, term in enumerate(text))


def expected(collection: Collection, row: Sequence[str], slop: int, field: str | None) -> dict[str, float]:
    """Return the articles that have a phrase, and the saturated frequency of it by the formula."""
    everything = [collection.article(number) for number in collection.everything.tolist()]
    lengths = [[len(terms(text)) for text in texts_of(one)] for one in everything]
    by_field = [[*each[:3], sum(each[3:])] for each in lengths]
    averages = [sum(column) / max(1, sum(map(bool, column))) for column in zip(*by_field, strict=True)]
    found = {}
    for one, own in zip(everything, by_field, strict=True):
        frequency = 0.0
        for place, text in enumerate(texts_of(one)):
            number = min(place, 3)
            if field in {None, ranking.FIELDS[number]}:
                factor = ranking.field_factor(ranking.FIELDS[number], own[number], averages[number])
                frequency += ends_of(terms(text), row, slop) * factor
        if frequency:
            found[one.id] = ranking.saturate(frequency)
    return found


@given(articles, st.integers(0, 6), st.lists(st.tuples(rows, slops, fields), min_size=1, max_size=4), ways, st.data())
def test_phrases_are_found_where_a_naive_search_finds_them(
    own: list[Article],
    cut: int,
    asked: list[tuple[list[str], int, str | None]],
    way: Way,
    data: st.DataObject,
) -> None:
    groups = [group for group in (own[:cut], own[cut:]) if group]
    gone = {number: [0] for number, group in enumerate(groups) if len(group) > 1 and data.draw(st.booleans())}
    collection = collection_of(*groups, gone=gone)

    # Twice, since frequent terms that come again are found in another way.
    for row, slop, field in asked * 2:
        with searching(way):
            leaf = phrase_postings(collection, row, slop, field)
        found = dict(zip(map(collection.id_of, leaf.docs().tolist()), leaf.scores(None).tolist(), strict=True))

        assert found == pytest.approx(expected(collection, row, slop, field))
        assert leaf.count == len(found)
        assert leaf.docs().tolist() == sorted(leaf.docs().tolist())


@pytest.mark.parametrize("before", [0, 61, 62, 63, 64, 250, 70_000])
@pytest.mark.parametrize(("text", "has_phrase"), [("rates rise", True), ("rise rates", False), ("rates x rise", False)])
def test_a_phrase_may_stand_far_into_a_text(before: int, text: str, has_phrase: bool) -> None:  # noqa: FBT001
    collection = collection_of([article("filler " * before + text)])

    assert phrase_postings(collection, ["rates", "rise"], 0, None).count == has_phrase
    assert phrase_postings(collection, ["rates", "rise"], 0, "excerpt").count == 0


@pytest.mark.parametrize("before", [0, 100])
@pytest.mark.parametrize("where", ["title", "topics"])
def test_the_time_is_looked_at_with_every_word_and_every_article(before: int, where: str) -> None:
    text = "filler " * before + "rates will rise again"
    fields = {"title": "Else", "topics": (text,)} if where == "topics" else {"title": text}
    collection = collection_of([article(**fields, url=f"https://a.example/{n}") for n in range(30)])
    looks = list[int]()

    leaf = phrase_postings(collection, ["rates", "rise", "again"], 5, None, lambda: looks.append(1))

    assert leaf.count == 30
    assert len(looks) >= (30 if where == "topics" else 2)


def test_no_phrase_reaches_from_a_long_title_into_the_excerpt() -> None:
    collection = collection_of(
        [article("filler " * 80 + "rates", excerpt="rise again", topics=("rise", "rates", "rise"))]
    )

    assert [phrase_postings(collection, ["rates", "rise"], slop, None).count for slop in (0, 1, 50, 99)] == [0] * 4


def test_a_phrase_of_a_term_again_and_again_needs_it_as_often() -> None:
    collection = collection_of(numbered(["bye bye", "bye bye bye", "bye", "bye and bye"]))

    found = phrase_postings(collection, ["bye"] * 3, 0, None).docs().tolist()

    assert [collection.article(number).title for number in found] == ["bye bye bye"]


def test_a_phrase_without_terms_or_with_an_unknown_one_matches_nothing() -> None:
    collection = collection_of([article("Rates rise")])

    assert phrase_postings(collection, [], 0, None).count == 0
    assert phrase_postings(collection, ["rates", "absent"], 3, None).count == 0
    assert phrase_postings(collection_of([]), ["rates"], 0, None).count == 0


def test_forms_beyond_the_tags_are_told_apart_in_phrases_and_scores() -> None:
    forms = sorted(forms_of_one_stem("consist", 300))
    titles = [*forms, f"{forms[280]} {forms[290]}", f"{forms[3]} {forms[290]}", " ".join(forms)]
    with both(catalog(*numbered(titles))) as (reader, memory):
        for number in (0, 253, 254, 255, 256, 290, 299):
            for text in (
                forms[number],
                f'"{forms[number]}"',
                f"title:{forms[number]}",
                f'"{forms[number]} {forms[290]}"',
            ):
                query = Query(parsed=parse(text), size=100, diversity=False)
                found, wanted = reader.search(query), memory.search(query)

                assert found.total == wanted.total
                assert [hit.article.id for hit in found.hits] == [hit.article.id for hit in wanted.hits]
                assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in wanted.hits])
