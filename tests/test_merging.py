"""Several segments merged are the segment of their living articles, inverted at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from segments import arrays_of, forms_of_one_stem, newest_first, numbered, texts

from search.articles import Article, Image
from search.engines.whoosh import merging, stored
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.merging import merge_segments
from search.engines.whoosh.segment import Segment

moments = st.sampled_from([None, "2019-02-03", "2021-12-08T07:49:00Z", "2021-12-09"])
marks = st.none() | st.sampled_from([0, 17, 100, 40_000])
articles = st.lists(
    st.builds(
        article,
        texts,
        excerpt=st.tuples(texts, st.sampled_from([1, 1, 40])).map(lambda pair: " ".join([pair[0]] * pair[1]).strip()),
        provider=st.sampled_from(["Herald", "AI Post", "東京"]),
        domain=st.sampled_from(["a.example", "b.example"]),
        published=moments,
        topics=st.lists(texts.filter(bool), max_size=3, unique=True).map(tuple),
        quality=marks,
        heat=marks,
        type=st.sampled_from([None, "article", "video"]),
        category=st.sampled_from([None, "news"]),
        is_published=st.none() | st.booleans(),
        image=st.none() | st.just(Image(url="https://news.example/i.png", width=1, height=None)),
        url=st.integers(0, 10**6).map("https://news.example/{}".format),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda one: one.id,
)


def merged(groups: Sequence[Sequence[Article]], gone: frozenset[str] = frozenset()) -> dict[str, Array]:
    segments = [Segment(arrays_of(group)) for group in groups]
    living = [np.array([one.id not in gone for one in newest_first(group)], bool) for group in groups]
    return merge_segments(segments, living)


def assert_same(found: dict[str, Array], own: Sequence[Article]) -> None:
    """Hold a merged segment against the one of the same articles: array by array, and article by article."""
    expected = arrays_of(own)
    assert found.keys() == expected.keys()
    plain = [name for name in expected if not name.startswith("stored")]
    assert [name for name in plain if not np.array_equal(found[name], expected[name])] == []
    stored = Segment(found).stored
    assert [stored.article(number) for number in range(len(own))] == newest_first(own)


def cut(own: Sequence[Article], cuts: Sequence[int]) -> list[Sequence[Article]]:
    return [own[first:end] for first, end in pairwise([0, *sorted(cuts), len(own)])]


@given(articles, st.lists(st.integers(0, 10), max_size=3), st.data())
def test_merging_is_inverting_what_is_left_at_once(own: list[Article], cuts: list[int], data: st.DataObject) -> None:
    gone = frozenset(one.id for one in own if data.draw(st.integers(0, 3)) == 0)

    found = merged(cut(own, cuts), gone)

    assert_same(found, [one for one in own if one.id not in gone])


@given(articles, st.lists(st.integers(0, 10), min_size=1, max_size=3))
def test_a_stretch_at_a_time_gives_the_same(own: list[Article], cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "STRETCH", 3)
        found = merged(cut(own, cuts))

    assert_same(found, own)


@given(articles)
def test_merging_twice_is_merging_once(own: list[Article]) -> None:
    first = Segment(merged([own[::3], own[1::3]]))
    second = Segment(arrays_of(own[2::3]))

    found = merge_segments([first, second], [np.ones(len(first), bool), np.ones(len(second), bool)])

    assert_same(found, own)


def test_more_articles_than_the_low_half_of_a_number_holds() -> None:
    own = numbered([f"common w{n % 700} ws{n % 11}" for n in range(66_500)])
    groups = [own[:40_000], own[40_000:]]
    gone = frozenset(one.id for one in own[::97])

    found = merged(groups, gone)

    left = [one for one in own if one.id not in gone]
    assert len(left) > 1 << 16
    expected = arrays_of(left)
    plain = [name for name in expected if not name.startswith("stored")]
    assert [name for name in plain if not np.array_equal(found[name], expected[name])] == []


FORMS = forms_of_one_stem("consist", 320)
WITH_ALL = [*FORMS, f"{FORMS[0]} {FORMS[1]}", " ".join(FORMS), " ".join(sorted(FORMS)[-30:])]


def test_stems_of_few_forms_become_one_of_more_than_a_tag_can_tell_apart() -> None:
    own = numbered(WITH_ALL)

    assert_same(merged([own[::2], own[1::2]]), own)
    assert_same(merged([own[:160], own[160:]]), own)


def test_a_stem_of_very_many_forms_loses_most_of_them() -> None:
    own = numbered(WITH_ALL)
    kept = sorted(own[:320], key=lambda one: one.title)[-40:]
    gone = frozenset(one.id for one in own if one not in kept)

    assert_same(merged([own], gone), kept)


@pytest.mark.parametrize("words_before", [300, 70_000])
def test_long_texts_keep_their_positions(words_before: int) -> None:
    long = article("rates " * words_before + "rise rising", url="https://a.example/")
    own = [long, *numbered(["rates rise", "rising rates"])]

    assert_same(merged([own[:1], own[1:]]), own)
    assert_same(merged([own[:2], own[2:]], frozenset({long.id})), own[1:])


def test_articles_that_were_compressed_against_too_many_dictionaries_are_compressed_anew() -> None:
    groups = [numbered([f"part {part} number {n} of many" for n in range(600)]) for part in range(3)]
    own = [article(one.title, url=f"{one.url}-{one.title[5]}") for group in groups for one in group]
    parts = [own[:600], own[600:1200], own[1200:]]

    together = Segment(merged(parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "MAX_DICTIONARIES", 2)
        anew = Segment(merged(parts))

    assert (len(together.stored.dictionaries), len(anew.stored.dictionaries)) == (3, 1)
    for segment in (together, anew):
        assert [segment.stored.article(number) for number in range(len(own))] == newest_first(own)


def test_an_article_is_read_back_once_all_others_of_its_dictionary_are_gone() -> None:
    own = numbered([f"number {n} of many" for n in range(600)])
    alone = article("alone")
    gone = frozenset(one.id for one in own[1:])

    assert_same(merged([own, [alone]], gone), [own[0], alone])
