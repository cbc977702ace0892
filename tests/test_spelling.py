from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.whoosh.vocabulary import Vocabulary, pack_texts
from search.spelling import allowed_edits, cost, edits, near, ranked, splits
from search.suggest import begins_nearly

short = st.text("ab", max_size=5)
words = st.text("abcdeéжp0", min_size=1, max_size=8)


@given(short, short)
def test_edits_are_counted_as_the_definition_has_it(one: str, other: str) -> None:
    @cache
    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        steps = [
            distance(i - 1, j) + 1,
            distance(i, j - 1) + 1,
            distance(i - 1, j - 1) + (one[i - 1] != other[j - 1]),
        ]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            steps.append(distance(i - 2, j - 2) + 1)
        return min(steps)

    far = distance(len(one), len(other))
    assert edits(one, other, far) == far
    assert min(edits(one, other, 2), 3) == min(far, 3)


@given(words, st.lists(words, unique=True), st.sampled_from([1, 2]))
def test_the_filter_of_a_vocabulary_lets_everything_pass_that_is_near(word: str, terms: list[str], most: int) -> None:
    vocabulary = Vocabulary(pack_texts("term", sorted(terms)), "term")
    passed = {vocabulary[number] for number in vocabulary.similar(word, most)}

    assert {term for term in terms if term[0] == word[0] and edits(word, term, most) <= most} <= passed


@given(words, st.lists(words, unique=True))
def test_a_word_is_not_near_to_itself_nor_to_one_with_another_first_letter(word: str, terms: list[str]) -> None:
    assert all(0 < edits(word, term, 2) <= 2 and term[0] == word[0] for term in near(word, terms, 2))


@pytest.mark.parametrize(
    ("typed", "meant", "other"),
    [
        ("goverment", "government", "governess"),
        ("recieve", "receive", "relieve"),
        ("accomodate", "accommodate", "accumulate"),
        ("definately", "definitely", "defiantly"),
        ("teh", "the", "tea"),
        ("tommorow", "tomorrow", "tombola"),
    ],
)
def test_the_likelier_slip_decides_between_words_as_frequent(typed: str, meant: str, other: str) -> None:
    assert ranked(typed, {meant: 5, other: 5})[0] == meant


def test_the_more_frequent_word_decides_between_slips_as_likely() -> None:
    assert ranked("banp", {"bank": 2, "band": 2000}) == ["band", "bank"]
    assert ranked("banp", {"bank": 2000, "band": 2}) == ["bank", "band"]


@given(words)
def test_what_was_typed_costs_nothing(word: str) -> None:
    assert cost(word, word) == 0


@given(words, words)
def test_slips_cost_something(word: str, typed: str) -> None:
    assert (cost(word, typed) > 0) == (word != typed)


@given(st.text("ab", max_size=12))
def test_long_words_may_have_more_edits(word: str) -> None:
    assert allowed_edits(word) == (2 if len(word) >= 9 else 1 if len(word) >= 5 else 0)


@given(words)
def test_halves_make_the_word(word: str) -> None:
    assert all(one + other == word and min(len(one), len(other)) >= 2 for one, other in splits(word))


@given(st.text("abé", max_size=9), st.text("abé", min_size=5, max_size=8))
def test_a_beginning_is_near_if_an_edit_makes_it_what_was_typed(term: str, typed: str) -> None:
    starts = {term[: len(typed) + more] for more in (-1, 0, 1)}

    is_near = term[:1] == typed[:1] and any(edits(typed, start, 1) <= 1 for start in starts)

    assert begins_nearly(term, typed) == is_near
