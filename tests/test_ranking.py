from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from factories import article, catalog
from hypothesis import given
from hypothesis import strategies as st

from search import ranking
from search.engines.memory import MemoryEngine
from search.query import Fuzzy, Leaf, Phrase, Prefix, Query, Word, parse

NEWEST = datetime(2021, 12, 9, tzinfo=UTC)

moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive
numbers = st.integers(-10, 10**9)
counts = st.integers(0, 10**6)


def lies_within(factor: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= factor <= bounds[1]


# Bounds


@given(moments, moments)
def test_freshness_stays_within_its_bounds(published: datetime, newest: datetime) -> None:
    assert lies_within(ranking.freshness(published, newest), ranking.FRESHNESS)


@given(numbers)
def test_quality_and_heat_stay_within_their_bounds(value: int) -> None:
    assert lies_within(ranking.quality(value), ranking.QUALITY)
    assert lies_within(ranking.heat(value), ranking.HEAT)


@given(counts)
def test_coverage_stays_within_its_bounds(outlets: int) -> None:
    assert lies_within(ranking.coverage(outlets), ranking.COVERAGE)


def test_the_bounds_are_reached() -> None:
    long_ago = NEWEST - timedelta(days=36_500)

    assert ranking.freshness(NEWEST, NEWEST) == ranking.FRESHNESS[1]
    assert ranking.freshness(long_ago, NEWEST) == pytest.approx(ranking.FRESHNESS[0])
    assert (ranking.quality(0), ranking.quality(100)) == ranking.QUALITY
    assert (ranking.heat(0), ranking.heat(100)) == ranking.HEAT
    assert (ranking.coverage(1), ranking.coverage(ranking.MANY_OUTLETS)) == ranking.COVERAGE


def test_all_priors_together_cannot_outweigh_a_word_in_the_title_against_one_in_the_excerpt() -> None:
    """At most they make a factor of two; a title counts double."""
    best, worst = (
        math.prod(bounds[end] for bounds in (ranking.FRESHNESS, ranking.QUALITY, ranking.HEAT, ranking.COVERAGE))
        for end in (1, 0)
    )

    assert best / worst < 2.5


# What is not known


def test_what_is_unknown_is_neutral() -> None:
    assert ranking.quality(None) == ranking.heat(None) == 1
    assert ranking.freshness(None, NEWEST) == ranking.freshness(NEWEST, None) == 1
    assert ranking.coverage(0) == ranking.coverage(1) == 1


def test_an_article_of_which_nothing_is_known_has_neutral_priors() -> None:
    priors = ranking.priors(article(published=None), 1, NEWEST)

    assert priors == {"freshness": 1.0, "quality": 1.0, "heat": 1.0, "coverage": 1.0}


def test_what_is_unknown_is_neither_the_best_nor_the_worst() -> None:
    assert ranking.quality(0) < 1 < ranking.quality(100)
    assert ranking.heat(0) < 1 < ranking.heat(100)


# More is more


@given(moments, moments, moments)
def test_the_newer_is_never_less_fresh(one: datetime, other: datetime, newest: datetime) -> None:
    older, newer = sorted((one, other))

    assert ranking.freshness(older, newest) <= ranking.freshness(newer, newest)


def test_half_of_the_freshness_is_gone_at_its_half_life() -> None:
    assert ranking.freshness(NEWEST - timedelta(days=ranking.HALF_LIFE_DAYS), NEWEST) == pytest.approx(
        sum(ranking.FRESHNESS) / 2
    )


@given(numbers, numbers)
def test_more_quality_and_heat_never_count_less(one: int, other: int) -> None:
    less, more = sorted((one, other))

    assert ranking.quality(less) <= ranking.quality(more)
    assert ranking.heat(less) <= ranking.heat(more)


@given(counts, counts)
def test_more_outlets_never_count_less(one: int, other: int) -> None:
    fewer, more = sorted((one, other))

    assert ranking.coverage(fewer) <= ranking.coverage(more)


@given(counts, counts, counts)
def test_a_rarer_word_never_counts_less(one: int, other: int, articles: int) -> None:
    rarer, commoner = sorted((min(one, articles), min(other, articles)))

    assert ranking.idf(articles, rarer) >= ranking.idf(articles, commoner) > 0


@pytest.mark.parametrize("text", ["the", "The,", "x", "of-the"])
def test_function_words_and_lone_letters_weigh_little(text: str) -> None:
    assert ranking.weight(Word(text), 100, 10) == ranking.weight(Word(text, "title"), 100, 10)
    assert ranking.weight(Word(text), 100, 10) == pytest.approx(ranking.FUNCTION_WORD * ranking.idf(100, 10))


@pytest.mark.parametrize(
    "leaf",
    [Word("bank"), Word("the-bank"), Word("U.S."), Word("5"), Word("中"), Phrase("the"), Prefix("on"), Fuzzy("the")],
)
def test_everything_else_weighs_what_its_rarity_makes_it(leaf: Leaf) -> None:
    assert ranking.weight(leaf, 100, 10) == ranking.idf(100, 10)


frequencies = st.floats(0, 1e6)


@given(frequencies, frequencies)
def test_more_occurrences_never_count_less_and_never_more_than_one(one: float, other: float) -> None:
    fewer, more = sorted((one, other))

    assert 0 <= ranking.saturate(fewer) <= ranking.saturate(more) <= 1


@given(st.sampled_from(ranking.FIELDS), st.integers(1, 1000), st.integers(1, 1000), st.floats(1, 1000))
def test_a_word_never_counts_more_in_a_longer_field(field: str, one: int, other: int, average: float) -> None:
    shorter, longer = sorted((one, other))

    assert ranking.field_factor(field, shorter, average) >= ranking.field_factor(field, longer, average) > 0


@pytest.mark.parametrize("field", ranking.FIELDS)
def test_a_field_of_average_length_counts_as_much_as_it_weighs(field: str) -> None:
    assert ranking.field_factor(field, 7, 7.0) == pytest.approx(ranking.WEIGHTS[field])
    assert ranking.field_factor(field, 0, 0.0) == pytest.approx(ranking.WEIGHTS[field])


# The formula as a whole


def scores(engine: MemoryEngine, text: str) -> dict[str, float]:
    page = engine.open().search(Query(parsed=parse(text), explain=True))
    return {hit.article.title: hit.explanation.factors["text"] for hit in page.hits if hit.explanation}


def test_bm25f_is_what_it_is_by_hand() -> None:
    """Frequencies are weighted per field before they are saturated, not each field's score summed up."""
    engine = MemoryEngine()
    engine.publish(
        catalog(
            article("Bank raises rates", excerpt="The bank acts", provider="Herald"),
            article("Snow", excerpt="It snows on the bank again today", provider="Herald"),
            article("Nothing", provider="Herald"),
        )
    )
    # Lengths of titles: 3, 1, 1, on average 5/3; of excerpts that are not empty: 3 and 7, on average 5.
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    first = 2.0 / (0.4 + 0.6 * 3 / (5 / 3)) + 1.0 / (0.4 + 0.6 * 3 / 5)
    second = 1.0 / (0.4 + 0.6 * 7 / 5)

    found = scores(engine, "bank")

    assert found == {
        "Bank raises rates": pytest.approx(idf * first / (1.5 + first)),
        "Snow": pytest.approx(idf * second / (1.5 + second)),
    }


def test_another_form_of_a_word_counts_for_less_by_hand() -> None:
    engine = MemoryEngine()
    engine.publish(catalog(article("Banks", provider="Herald"), article("Snow", provider="Herald")))
    idf, frequency = math.log(1 + (2 - 1 + 0.5) / (1 + 0.5)), 0.6 * 2.0

    assert scores(engine, "bank") == {"Banks": pytest.approx(idf * frequency / (1.5 + frequency))}


def test_the_words_of_a_query_add_up() -> None:
    engine = MemoryEngine()
    engine.publish(catalog(article("Bank raises rates"), article("Snow")))

    both = scores(engine, "bank rates")["Bank raises rates"]

    assert both == pytest.approx(sum(scores(engine, word)["Bank raises rates"] for word in ("bank", "rates")))


def test_an_explanation_names_what_raises_and_what_lowers() -> None:
    sentence = ranking.explain({"text": 2.0, "freshness": 0.9, "quality": 1.0, "coverage": 1.1})

    assert sentence == "The words give 2.000, freshness lowers it by 10.0 %, coverage raises it by 10.0 %: 1.980."
