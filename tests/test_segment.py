"""Segments and collections: what is known of an article and of a word, and memory that is used again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from threading import Barrier

import numpy as np
import orjson
import pytest
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from segments import Way, arrays_of, collection_of, newest_first, numbered, searching, texts, ways, words

from search.analysis import stem, terms
from search.articles import Article, Episode, Story
from search.catalog import fingerprint
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.hits import articles_json
from search.engines.whoosh.inversion import texts_of
from search.engines.whoosh.locating import BISECTION, locate
from search.engines.whoosh.operands import Budget
from search.engines.whoosh.plan import Planner
from search.engines.whoosh.postings import FrequentPostings, nothing, with_table, word_postings
from search.engines.whoosh.recent import RecentArrays
from search.engines.whoosh.segment import Segment
from search.engines.whoosh.stories import find_story, members_of, stories_of, story_id
from search.keys import age_to_moment, moment_to_age, number_to_id
from search.query import And, Leaf, Or, Word
from search.records import article_to_wire

moments = st.none() | st.datetimes(timezones=st.just(UTC))
groups = st.lists(st.lists(texts, min_size=1, max_size=5), min_size=1, max_size=3)


def made(titles: list[list[str]], data: st.DataObject) -> tuple[Collection, dict[int, Article]]:
    """Make a collection of some segments with some articles gone, and a map of those that are there."""
    flat = numbered([title for group in titles for title in group])
    own, rest = [], flat
    for group in titles:
        own.append(rest[: len(group)])
        rest = rest[len(group) :]
    gone = {n: [d for d in range(len(group)) if data.draw(st.integers(0, 2)) == 0] for n, group in enumerate(own)}
    collection = collection_of(*own, gone=gone)
    listed = [(one, doc in gone[n]) for n, group in enumerate(own) for doc, one in enumerate(newest_first(group))]
    return collection, {number: one for number, (one, is_gone) in enumerate(listed) if not is_gone}


# Articles


@given(moments, moments)
def test_the_age_of_a_later_moment_is_smaller_and_is_turned_back(first: object, second: object) -> None:
    one, other = moment_to_age(first), moment_to_age(second)  # type: ignore[arg-type]

    assert (age_to_moment(one), age_to_moment(other)) == (first, second)
    if first and second:
        assert (one < other) == (first > second)  # type: ignore[operator]
    elif first:
        assert one < other


@given(groups, st.data())
def test_articles_are_kept_whole_and_numbered_from_the_newest(titles: list[list[str]], data: st.DataObject) -> None:
    collection, there = made(titles, data)

    assert collection.everything.tolist() == list(there)
    assert collection.count == len(there)
    assert collection.is_sorted == (len(titles) == 1)
    for number, one in there.items():
        assert collection.article(number) == one
        assert collection.number_of(one.id) == number
        assert collection.id_of(number) == one.id
        assert orjson.loads(articles_json(collection, [number])[0]) == orjson.loads(orjson.dumps(article_to_wire(one)))
        assert members_of(collection, one.id).tolist() == [number]
        assert collection.column("fingerprint")[number].tobytes() == fingerprint(one)
    gone = {number_to_id(int(id_)) for id_ in collection.ids} - {one.id for one in there.values()}
    assert [collection.number_of(id_) for id_ in gone] == [None] * len(gone)
    assert [find_story(collection, id_) for id_ in gone] == [None] * len(gone)


@pytest.mark.parametrize("count", [499, 600])
def test_articles_are_kept_with_and_without_a_dictionary(count: int) -> None:
    own = numbered([f"number {n}" for n in range(count)], quality=3)
    segment = Segment(arrays_of(own))

    assert [segment.stored.article(number) for number in range(count)] == newest_first(own)
    assert any(segment.stored.dictionaries) == (count >= 500)


def test_a_story_is_given_back_as_it_was() -> None:
    first, second, third, alone = numbered(["one", "two", "three", "alone"])
    episodes = (
        Episode(article_ids=(second.id, first.id), outlets=1),
        Episode(article_ids=(third.id,), outlets=1),
    )
    story = Story(id=second.id, episodes=episodes, outlets=1)
    collection = collection_of([first, alone], [second, third], stories=[story])

    number = collection.number_of(first.id) or 0

    assert find_story(collection, second.id) == story
    assert stories_of(collection, [number]) == [(second.id, 3, 1)]
    assert story_id(collection, number) == second.id
    assert [collection.id_of(n) for n in members_of(collection, second.id).tolist()] == [second.id, first.id, third.id]
    assert members_of(collection, first.id).tolist() == []
    assert find_story(collection, alone.id) == Story(
        id=alone.id, episodes=(Episode(article_ids=(alone.id,), outlets=1),), outlets=1
    )


# Words


@given(groups, words, ways, st.data())
def test_a_word_has_the_articles_with_any_form_of_it(
    titles: list[list[str]], text: str, way: Way, data: st.DataObject
) -> None:
    collection, there = made(titles, data)
    for term in {*terms(text), "rate"}:
        with searching(way):
            leaf = with_table(collection, word_postings(collection, term, None))
        expected = [
            number
            for number, one in there.items()
            if stem(term) in {stem(found) for text in texts_of(one) for found in terms(text)}
        ]
        asked = np.array([number for number in there if data.draw(st.booleans())], np.intp)

        postings, matches = leaf.locate(asked)

        assert leaf.docs().tolist() == expected
        assert leaf.count == len(expected)
        assert asked[matches].tolist() == [number for number in expected if number in asked.tolist()]
        whole = dict(zip(expected, leaf.scores(leaf.postings()).tolist(), strict=True))
        assert leaf.scores(postings[matches]).tolist() == [whole[number] for number in asked[matches].tolist()]
        assert all(0 < score < 1 for score in whole.values())


@given(st.sets(st.integers(0, 400)), st.sets(st.integers(0, 400)), st.sampled_from([0, 1, 60]))
def test_sorted_numbers_are_located_by_whatever_way(first: set[int], second: set[int], factor: int) -> None:
    collection = collection_of(numbered([f"number {n}" for n in range(401)])) if factor == 1 else BIG
    own, wanted = np.array(sorted(first), np.intp), np.array(sorted(second), np.intp)
    expected = [number in first for number in sorted(second)]

    for known in (None, collection):
        places, there = locate(own, wanted, known)

        assert there.tolist() == expected
        assert own[places[there]].tolist() == wanted[there].tolist()


BIG = collection_of(numbered([f"number {n}" for n in range(401)]))


def test_few_articles_are_looked_up_among_many_and_what_is_in_other_segments_passed_over() -> None:
    many = numbered([f"common {'commons' * (n % 2)} w{n}" for n in range(BISECTION * 5)])
    collection = collection_of(many, [article("common too", published="2020-01-01")])
    leaf = word_postings(collection, "w7", None)
    frequent = word_postings(collection, "common", None)
    wanted = np.array([0, 3, BISECTION * 5], np.intp)

    postings, there = frequent.locate(wanted)

    assert there.tolist() == [True, True, True]
    assert frequent.docs()[postings].tolist() == wanted.tolist()
    assert leaf.locate(np.array([collection.number_of(many[7].id), BISECTION * 5]))[1].tolist() == [True, False]
    first = word_postings(collection_of(many), "common", None)
    assert first.locate(np.array([2, 5]))[1].tolist() == [True, True]


def test_nothing_is_nowhere() -> None:
    collection = collection_of(numbered(["rates"]))

    assert nothing(collection).count == 0
    assert nothing(collection).locate(np.array([0]))[1].tolist() == [False]
    assert word_postings(collection, "absent", None).count == 0
    assert word_postings(collection, "absent", "title").count == 0


# Memory


def test_what_was_used_last_is_kept_and_nobody_changes_it() -> None:
    recent = RecentArrays[str, NDArray[np.float64]](max_bytes=20_000)
    for name in ("first", "second"):
        recent.keep(name, np.zeros(1000))
    assert recent.get("first") is not None

    recent.keep("third", np.ones(1000))
    recent.keep("too large", np.ones(2500))

    assert [recent.get(name) is None for name in ("first", "second", "third", "too large")] == [
        False,
        True,
        False,
        True,
    ]
    with pytest.raises(ValueError, match="read-only"):
        recent.keep("first", np.ones(1))[0] = 2


def test_what_is_kept_of_nothing_takes_room_too() -> None:
    recent = RecentArrays[int, NDArray[np.float64]](max_bytes=20_000)

    for number in range(1000):
        recent.keep(number, np.empty(0))

    assert recent.get(999) is not None
    assert sum(recent.get(number) is not None for number in range(1000)) < 100


def test_what_a_frequent_word_gives_is_worked_out_once_where_it_is_worth_it() -> None:
    collection = collection_of(numbered([f"common {n}" for n in range(20)]))
    rare, common = (word_postings(collection, term, None) for term in ("7", "common"))

    assert with_table(collection, rare) is rare
    assert with_table(collection, common, wanted=4) is common
    first, second = with_table(collection, common, wanted=5), with_table(collection, common, wanted=1)

    assert isinstance(first, FrequentPostings)
    assert isinstance(second, FrequentPostings)
    assert first.table is second.table
    assert first.docs() is collection.everything


@pytest.fixture
def _same_switches() -> Iterator[None]:
    """Let threads interrupt one another as often afterwards as before."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def test_a_thread_uses_its_scratch_memory_again_and_shares_it_with_nobody() -> None:
    collection, barrier = collection_of(numbered(["a", "b", "c"])), Barrier(4)

    def take() -> tuple[int, int]:
        mine = collection.scratch()
        mine[:] = 7
        barrier.wait(10)
        return mine.ctypes.data, collection.scratch().ctypes.data

    with ThreadPoolExecutor(4) as threads:
        found = [future.result() for future in [threads.submit(take) for _ in range(4)]]

    assert all(first == second for first, second in found)
    assert len({first for first, _ in found}) == 4
    assert collection.scratch() is collection.scratch()


@pytest.mark.usefixtures("_same_switches")
def test_what_an_earlier_search_left_in_the_scratch_memory_changes_nothing() -> None:
    collection = collection_of(numbered([" ".join(f"w{n % d}x{d}" for d in range(2, 9)) for n in range(300)]))
    pairs = [
        (Word(f"word{a % d}x{d}"), Word(f"word{a % e}x{e}")) for a in range(9) for d in range(2, 9) for e in (3, 5)
    ]

    def found(pair: tuple[Leaf, Leaf]) -> list[list[int]]:
        trees = (And(pair), Or(pair))
        return [Planner(collection, Budget(60)).matches(tree).docs.tolist() for tree in trees]

    expected = [
        [
            [n for n in everything if all(word.text in words_of[n] for word in pair)],
            [n for n in everything if any(word.text in words_of[n] for word in pair)],
        ]
        for everything in [range(300)]
        for words_of in [[collection.article(n).title.split() for n in everything]]
        for pair in pairs
    ]
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(found, pairs * 3))

    assert together == expected * 3
