"""Vocabularies: a text to its number and back, in the order of code points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.whoosh.vocabulary import Vocabulary, in_order, pack_texts, unpack_texts
from search.suggest import begins_nearly

pytestmark = pytest.mark.usefixtures("passes")

#: Long common beginnings, and characters that end the keys of eight bytes.
letters = st.sampled_from("a\0b\x7fé京\U0010ffff")
texts = st.lists(st.text(letters, max_size=12) | st.text(max_size=12), unique=True, max_size=40)


def vocabulary(known: list[str]) -> Vocabulary:
    return Vocabulary(pack_texts("term", known), "term")


@given(texts)
def test_the_order_is_that_of_code_points(known: list[str]) -> None:
    assert [known[place] for place in in_order(known)] == sorted(known)
    assert sorted(known) == sorted(known, key=str.encode)


@given(texts, st.lists(st.text(letters, max_size=12)))
def test_a_text_is_found_by_its_number_and_a_number_by_its_text(known: list[str], others: list[str]) -> None:
    known = sorted(known)
    words = vocabulary(known)

    assert len(words) == len(known)
    assert list(words) == known
    assert [words[number] for number in range(len(known))] == known
    assert [words.encoded(number) for number in range(len(known))] == list(map(str.encode, known))
    for text in [*known, *others, *others]:
        assert words.find(text) == (known.index(text) if text in known else None)


@given(texts, st.text(letters, max_size=10))
def test_texts_that_begin_alike_are_a_range(known: list[str], prefix: str) -> None:
    known = sorted(known)

    found = vocabulary(known).starting_with(prefix)

    assert [known[number] for number in found] == [text for text in known if text.startswith(prefix)]


@given(texts, st.text(letters, min_size=5, max_size=12))
def test_no_text_with_a_beginning_one_edit_away_is_overlooked(known: list[str], typed: str) -> None:
    known = sorted({*known, *(typed[:1] + text for text in known), typed[:-1], typed[:3] + typed[4:] + "a"})

    found = vocabulary(known).beginning_alike(typed)

    assert {known[number] for number in found} >= {text for text in known if begins_nearly(text, typed)}


@given(texts, st.text(letters, max_size=10))
def test_bisection_counts_what_comes_before(known: list[str], wanted: str) -> None:
    known = sorted(known)

    assert vocabulary(known).bisect(wanted.encode()) == sum(text < wanted for text in known)


@given(texts)
def test_packed_texts_are_unpacked(known: list[str]) -> None:
    packed = pack_texts("x", known)

    assert unpack_texts(packed["x.text"], packed["x.start"]) == known


def test_half_a_character_is_in_no_vocabulary() -> None:
    assert vocabulary(["a", "b"]).find("\ud800") is None
    assert list(vocabulary(["a", "b"]).starting_with("\ud800")) == []
