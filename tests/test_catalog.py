from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as replaced
from random import Random
from typing import Any

import numpy as np
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from search.articles import Article, Seed
from search.catalog import Catalog, fingerprint, make_catalog
from search.keys import Fingerprints, Marks, look_up, moment_to_age, number_to_id, to_bytes
from search.line_records import NOTHING, with_seeds
from search.mentions import Mention, MentionedLines
from search.recorded import SHELVED, joined, with_articles, written
from search.records import to_records

URL = "https://x.example/"


def said(own: Article, *related: Article, name: str = "seed.md", line: int = 1, is_removed: bool = False) -> Mention:
    """Say what a seed says."""
    return Mention(name, line, Seed(article=own, related=related, is_removed=is_removed))


def version(title: str, **fields: Any) -> Article:
    """Return one of several versions of the same article."""
    return article(title, url=URL, **fields)


def titles(catalog: Catalog) -> list[str]:
    return sorted(article.title for article in catalog.articles)


def episodes(*articles: Article) -> list[list[str]]:
    """Return the titles of a story's episodes."""
    (story,) = make_catalog([said(articles[0], *articles[1:])]).stories
    title = {article.id: article.title for article in articles}
    return [[title[id_] for id_ in episode.article_ids] for episode in story.episodes]


# Mentions to articles


def test_every_article_that_is_mentioned_is_in_the_catalog_in_the_order_of_ids() -> None:
    catalog = make_catalog([said(article("One"), article("Two")), said(article("Three"))])

    assert titles(catalog) == ["One", "Three", "Two"]
    assert [article.id for article in catalog.articles] == sorted(article.id for article in catalog.articles)


def test_an_own_entry_beats_a_newer_mention_of_it() -> None:
    mentions = [
        said(version("Own", published="2020-01-01")),
        said(article("Other", published="2022-01-01"), version("Mentioned", published="2022-01-01")),
    ]

    assert titles(make_catalog(mentions)) == ["Other", "Own"]


def test_of_own_entries_the_one_with_the_later_date_wins_and_an_undated_one_never() -> None:
    dates = {"Newest": "2021-03-01", "Newer": "2021-02-01", "Undated": None}
    mentions = [said(version(title, published=date)) for title, date in dates.items()]

    assert titles(make_catalog(mentions)) == ["Newest"]
    assert titles(make_catalog(mentions[1:])) == ["Newer"]


def test_of_mentions_the_one_in_the_newest_seed_wins() -> None:
    mentions = [
        said(article("New", published="2022-01-01"), version("Mentioned by the new", published="2020-01-01")),
        said(article("Old", published="2021-01-01"), version("Mentioned by the old", published="2021-01-01")),
    ]

    assert "Mentioned by the new" in titles(make_catalog(mentions))


def test_between_equally_new_seeds_the_last_name_wins_and_then_the_last_line() -> None:
    by_name = [said(version("B"), name="b.md"), said(version("A"), name="a.md")]
    by_line = [said(version("Ten"), line=10), said(version("Nine"), line=9)]

    assert titles(make_catalog(by_name)) == ["B"]
    assert titles(make_catalog(by_line)) == ["Ten"]


def test_an_article_that_is_withdrawn_is_left_out_wherever_it_is_mentioned() -> None:
    mentions = [said(version("Gone"), article("Far"), is_removed=True), said(article("Other"), version("Mentioned"))]

    catalog = make_catalog(mentions)

    assert titles(catalog) == ["Far", "Other"]
    assert catalog.story_count == 0


def test_a_newer_entry_of_its_own_brings_a_withdrawn_article_back() -> None:
    older, newer = version("Older", published="2021-01-01"), version("Newer", published="2021-02-01")

    assert titles(make_catalog([said(older, is_removed=True), said(newer)])) == ["Newer"]
    assert titles(make_catalog([said(older), said(newer, is_removed=True)])) == []


def test_an_article_whose_seed_vanished_stays_where_another_mentions_it() -> None:
    own, other = said(version("Own")), said(article("Other"), version("Mentioned"))

    assert titles(make_catalog([own, other])) == ["Other", "Own"]
    assert titles(make_catalog([other])) == ["Mentioned", "Other"]


def test_nothing_gives_an_empty_catalog() -> None:
    catalog = make_catalog([])

    assert (catalog.articles, catalog.stories, catalog.story_count) == ((), (), 0)
    assert len(catalog.generation) == 16


def test_the_generation_changes_with_every_field_and_every_story() -> None:
    one, other = article("One"), article("Two")
    catalogs = [
        make_catalog([said(one), said(other)]),
        make_catalog([said(one, other)]),
        *[make_catalog([said(replace(one, **field)), said(other)]) for field in ({"heat": 1}, {"topics": ("AI",)})],
        make_catalog([said(replace(one, is_published=False)), said(other)]),
    ]

    assert len({catalog.generation for catalog in catalogs} | {make_catalog([said(one)]).generation}) == 6


def test_fingerprints_are_equal_for_equal_articles_only() -> None:
    assert fingerprint(article("One")) == fingerprint(article("One"))
    assert fingerprint(article("One")) != fingerprint(article("One", quality=1))


def test_a_catalog_knows_the_fingerprint_of_every_article_whether_or_not_its_mention_did() -> None:
    one, two, three = article("One"), article("Two"), article("Three")
    mentions = [said(one, three), said(two)]

    fresh = make_catalog(mentions)
    known = make_catalog([mention._replace(fingerprint=fingerprint(mention.seed.article)) for mention in mentions])

    assert list(fresh.fingerprints) == sorted(article.id for article in (one, two, three))
    assert fresh.fingerprints == known.fingerprints == {one.id: fingerprint(one) for one in (one, two, three)}
    assert fresh.generation == known.generation


def test_the_fingerprint_of_a_mention_that_loses_is_not_taken() -> None:
    older, newer = version("Older", published="2021-01-01"), version("Newer", published="2021-02-01")

    catalog = make_catalog(
        [said(one)._replace(fingerprint=fingerprint(one)) for one in (newer, older)] + [said(article("Other"), older)]
    )

    assert catalog.fingerprints[newer.id] == fingerprint(newer)


# Articles to stories


def test_a_story_has_the_id_of_its_first_article_which_later_coverage_does_not_change() -> None:
    first, second = article("First", published="2021-01-01"), article("Second", published="2021-01-02")
    later = article("Later", published="2021-06-01")

    before = make_catalog([said(second, first)])
    after = make_catalog([said(second, first), said(later, first, second)])

    assert [story.id for story in before.stories] == [story.id for story in after.stories] == [first.id]


def test_an_undated_article_gives_a_story_its_id_only_where_none_is_dated() -> None:
    undated, dated = [article(f"Undated {n}", published=None) for n in range(2)], article("Dated")

    (story,) = make_catalog([said(dated, *undated)]).stories
    (nameless,) = make_catalog([said(*undated)]).stories

    assert story.id == dated.id
    assert nameless.id == min(one.id for one in undated)


def test_a_silence_of_more_than_five_days_starts_a_new_episode() -> None:
    moments = ["2021-01-01", "2021-01-06T00:00:00Z", "2021-01-11T00:00:01Z", "2021-01-12"]

    found = episodes(*[article(moment, published=moment) for moment in moments])

    assert found == [moments[:2], moments[2:]]


def test_undated_articles_are_in_the_first_episode() -> None:
    dated = [article("Old", published="2021-01-01"), article("New", published="2021-02-01")]

    assert episodes(*dated, article("Undated", published=None)) == [["Undated", "Old"], ["New"]]


def test_outlets_are_distinct_domains_of_an_episode_and_of_the_story() -> None:
    news = [
        article("One", domain="a.example", published="2021-01-01"),
        article("Two", domain="a.example", published="2021-01-02"),
        article("Three", domain="b.example", published="2021-01-03"),
        article("Four", domain="a.example", published="2021-03-01"),
    ]

    (story,) = make_catalog([said(*news)]).stories

    assert ([episode.outlets for episode in story.episodes], story.outlets) == ([2, 1], 2)


def test_an_article_on_its_own_is_a_story_that_is_not_counted() -> None:
    catalog = make_catalog([said(article("One"), article("Two")), said(article("Alone"))])

    assert (len(catalog.stories), catalog.story_count) == (2, 1)


def test_a_seed_that_relates_to_itself_makes_no_story() -> None:
    assert make_catalog([said(version("One"), version("One again"))]).story_count == 0


# In any order

articles = st.builds(
    article,
    st.sampled_from(["Rates", "Snow"]),
    url=st.sampled_from([f"https://x.example/{n}" for n in range(8)]),
    published=st.sampled_from([None, "2021-01-01", "2021-01-03", "2021-02-01"]),
    domain=st.sampled_from(["a.example", "b.example"]),
    quality=st.none() | st.integers(0, 2),
)
mentions = st.builds(
    said,
    articles,
    name=st.sampled_from(["a.md", "b.md"]),
    line=st.integers(1, 2),
    is_removed=st.booleans(),
).flatmap(lambda one: st.lists(articles, max_size=4).map(lambda related: related_to(one, related)))


def related_to(mention: Mention, related: Sequence[Article]) -> Mention:
    return mention._replace(seed=replace(mention.seed, related=tuple(related)))


@given(st.lists(mentions, max_size=10), st.randoms(use_true_random=False))
def test_any_order_of_the_same_mentions_gives_the_same_catalog(found: list[Mention], random: Random) -> None:
    first, second = make_catalog(found), make_catalog(random.sample(found, len(found)))

    assert first == second
    assert first.generation == second.generation


@given(st.lists(mentions, max_size=10))
def test_every_article_is_in_exactly_one_story_and_one_episode(found: list[Mention]) -> None:
    catalog = make_catalog(found)

    members = [id_ for story in catalog.stories for id_ in story.article_ids]
    assert sorted(members) == [article.id for article in catalog.articles]
    assert [story.id for story in catalog.stories] == sorted(story.id for story in catalog.stories)
    assert catalog.shared_stories == tuple(story for story in catalog.stories if len(story.article_ids) > 1)


@given(st.lists(mentions, max_size=10))
def test_what_is_not_withdrawn_is_kept_and_what_is_kept_was_mentioned(found: list[Mention]) -> None:
    withdrawn = {mention.seed.article.id for mention in found if mention.seed.is_removed}
    mentioned = {article for mention in found for article in (mention.seed.article, *mention.seed.related)}

    kept = set(make_catalog(found).articles)

    assert {article.id for article in mentioned} - withdrawn <= {article.id for article in kept}
    assert kept <= mentioned


@given(st.lists(mentions, min_size=1, max_size=10))
def test_a_mention_said_twice_says_nothing_more(found: list[Mention]) -> None:
    assert make_catalog([*found, found[0]]) == make_catalog(found)


def test_a_withdrawal_without_a_date_means_all_that_was_said() -> None:
    dated = article("Rates rise again", published="2021-12-09T07:49:00Z")
    undated = article("Rates rise again", published=None)

    catalog = make_catalog(
        [Mention("z.md", 1, Seed(article=dated)), Mention("a.md", 1, Seed(article=undated, is_removed=True))]
    )

    assert catalog.articles == ()


# Lines, whose articles stay records


def lines_of(found: Sequence[Mention], size: int) -> list[MentionedLines]:
    """Return the same mentions as ranges of so many lines each, all of one file."""
    ranges = [found[start : start + size] for start in range(0, len(found), size)]
    records = [with_seeds(NOTHING, [(line, one.seed) for line, one in enumerate(part, 1)]) for part in ranges]
    return [MentionedLines("lines.jsonl", size * number, one) for number, one in enumerate(records)]


@given(st.lists(mentions, max_size=10), st.integers(0, 10), st.integers(1, 4))
def test_lines_say_what_the_same_mentions_say(found: list[Mention], parted: int, size: int) -> None:
    others, lines = found[:parted], found[parted:]
    placed = [one._replace(name="lines.jsonl", line=line) for line, one in enumerate(lines, 1)]

    expected = make_catalog([*others, *placed])
    catalog = make_catalog(others, lines_of(lines, size))

    assert tuple(catalog.articles) == expected.articles
    assert catalog.shared_stories == expected.shared_stories
    assert dict(catalog.fingerprints) == dict(expected.fingerprints)
    assert set(catalog.fingerprint_set) == set(expected.fingerprint_set)
    assert catalog.generation == expected.generation


@given(st.lists(mentions, max_size=10))
def test_records_are_as_good_as_the_articles_that_they_are_of(found: list[Mention]) -> None:
    known = joined([one.records.recorded for one in lines_of(found, 3)])

    told = list(known)

    assert known.articles() == told
    assert known.ids.tolist() == [int(one.id, 16) for one in told]
    assert known.ages.tolist() == [moment_to_age(one.published_at) for one in told]
    assert to_bytes(known.fingerprints) == [fingerprint(one) for one in told]
    assert known.written() == written(told) == to_records(told)
    assert list(known[::2]) == told[::2]
    assert known == known[:]
    assert known != told


class ListShelf:
    """Has articles in a list."""

    def __init__(self, listed: Sequence[Article]) -> None:
        self._listed = listed

    def articles(self, places: NDArray[np.intp]) -> list[Article]:
        return [self._listed[place] for place in places.tolist()]


@given(st.lists(mentions, max_size=10), st.data())
def test_articles_on_a_shelf_are_as_good_as_records(found: list[Mention], data: st.DataObject) -> None:
    known = joined([one.records.recorded for one in lines_of(found, 3)])
    told = list(known)
    shelved = np.array([data.draw(st.booleans()) for _ in told], bool)

    partly = replaced(
        known,
        which=np.where(shelved, SHELVED, known.which),
        starts=np.where(shelved, np.arange(len(told)), known.starts),
        shelf=ListShelf(told),
    )

    assert partly == known
    assert partly.articles() == list(partly) == told
    assert partly.records() == known.records()
    assert [partly[place] for place in range(-len(told), len(told))] == told * 2
    assert list(joined([known, partly, known])) == told * 3
    assert list(with_articles(partly, told, {})) == told * 2


numbers = st.lists(st.integers(0, 9) | st.integers(0, 2**64 - 1)).map(lambda listed: np.array(listed, np.uint64))


@given(numbers, numbers)
def test_numbers_are_looked_up_in_any_order(wanted: NDArray[np.uint64], column: NDArray[np.uint64]) -> None:
    column = np.sort(column)

    places, there = look_up(wanted, column)

    assert there.tolist() == [number in column.tolist() for number in wanted.tolist()]
    assert column[places[there]].tolist() == wanted[there].tolist()


marks = st.dictionaries(
    st.integers(0, 9).map(number_to_id), st.integers(0, 3).map(lambda number: number.to_bytes(8, "little"))
)


@given(marks, marks)
def test_marks_are_compared_as_dicts_are(own: dict[str, bytes], others: dict[str, bytes]) -> None:
    found = Marks.of(own)

    there, same = found.compared(Marks.of(others))

    assert dict(found) == own
    assert list(found) == sorted(own)
    assert dict(found.chosen(there)) == {id_: mark for id_, mark in own.items() if id_ in others}
    assert dict(found.chosen(same)) == dict(own.items() & others.items())


@given(st.sets(st.binary(min_size=8, max_size=8)), st.lists(st.binary(min_size=8, max_size=8)))
def test_fingerprints_are_looked_up_as_in_a_set(own: set[bytes], others: list[bytes]) -> None:
    found = Fingerprints(np.frombuffer(b"".join(own), "<u8"))

    sought = [*own, *others]
    assert set(found) == own
    assert len(found) == len(own)
    assert [one in found for one in sought] == [one in own for one in sought]
    assert found.holds(np.frombuffer(b"".join(sought), "<u8")).tolist() == [one in own for one in sought]
    others_still: list[object] = ["text", b"", b"x" * 16]
    assert not any(one in found for one in others_still)
