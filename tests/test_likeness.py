from __future__ import annotations

import pytest
from factories import article
from hypothesis import given
from hypothesis import strategies as st

from search.likeness import FEW_ARTICLES, MAX_READ, MAX_SHARE, MAX_WORDS, telling_words, with_words
from search.query import Like, Word, parse


def told(title: str, excerpt: str = "", topics: tuple[str, ...] = (), articles: int = 1000, **counts: int) -> list[str]:
    """Return the telling words where a word is in as many articles as *counts* says, or else in ten."""
    own = article(title, excerpt=excerpt, topics=topics)
    return [word.text for word in telling_words(own, articles, lambda word: counts.get(word.text, 10))]


def test_rare_words_tell_more_and_so_do_those_of_the_title() -> None:
    assert told("bank cut", "rates", rates=2, bank=50, cut=20) == ["rates", "cut", "bank"]
    assert told("bank", "rates") == ["bank", "rates"]
    assert told("bank", "rates rates rates rates rates") == ["rates", "bank"]


def test_what_almost_all_articles_have_or_no_other_tells_nothing() -> None:
    most = int(1000 * MAX_SHARE)

    assert told("bank rates rise fall", bank=most + 1, rates=most, rise=2, fall=1) == ["rise", "rates"]


def test_among_few_articles_a_word_of_most_tells_something() -> None:
    assert told("bank rates", articles=FEW_ARTICLES) == ["bank", "rates"]


def test_forms_of_a_word_are_one_and_numbers_and_letters_none() -> None:
    assert told("Banks bank 2021 3.5 5 q", "banking C++") == ["banks", "c++"]


def test_words_that_hold_a_sentence_together_come_last() -> None:
    assert told("the bank", "rates", the=2)[-1] == "the"


def test_only_so_many_words_are_told_and_read() -> None:
    words = [first + second for first in "bcdfghklmnprtvz" for second in ["anda", "ondo", "indi", "undu"] * 5]
    counted: list[Word] = []

    def count(word: Word) -> int:
        counted.append(word)
        return 10

    assert len(telling_words(article(" ".join(words)), 1000, count)) == MAX_WORDS
    assert 0 < len(counted) <= MAX_READ < len(words)


@pytest.mark.parametrize(("words", "least"), [(0, 1), (1, 1), (2, 2), (8, 2), (9, 3), (12, 3)])
def test_a_quarter_of_the_words_suffices_but_not_one_of_two(words: int, least: int) -> None:
    assert Like("x", (Word("rates"),) * words).least == least


@given(st.lists(st.sampled_from(["a", "b*", "-c", "like:x", "-like:y", "OR", "(", ")", "asof:2021"]), max_size=12))
def test_words_are_given_to_every_likeness_and_change_no_text(pieces: list[str]) -> None:
    tree = parse(" ".join(pieces)).tree

    filled = with_words(tree, lambda identifier: (Word(f"rates of {identifier}"),))

    assert str(filled) == str(tree)
    for name in "xy":
        bare = f"Like(id={name!r}, words=())"
        assert repr(filled).count(f"rates of {name}") == repr(tree).count(bare)
        assert bare not in repr(filled)
