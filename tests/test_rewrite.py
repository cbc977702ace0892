from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query import parse
from search.query.faults import MAX_TERMS
from search.query.rewrite import any_of, as_of, end_of_day, names_dates, names_outlets, scoring_leaves, split_relaxed


def shown(nodes: object) -> list[str]:
    assert isinstance(nodes, list | tuple)
    return [str(node) for node in nodes]


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ('b a "c d" el* wo?n wrod~ a', ["b", "a", '"c d"', "el*", "wo?n", "wrod~"]),
        ("a OR (b -c) -(d OR e)", ["a", "b"]),
        ("a title:a", ["a", "title:a"]),
        ("site:x.com is:published date:2021 -a", []),
        ("", []),
    ],
)
def test_scoring_leaves_are_what_is_found_each_once_in_order(text: str, leaves: list[str]) -> None:
    assert shown(scoring_leaves(parse(text).tree)) == leaves


@pytest.mark.parametrize(
    ("text", "loosened"),
    [
        ("a b", "a OR b"),
        ("a (b OR c) -d", "a OR b OR c -d"),
        ("a b -(c d) site:x.com", "a OR b -(c d) site:x.com"),
        ("a b is:published OR type:x", "a OR b is:published OR type:x"),
        ("a -b", "a -b"),
        ("a a", "a a"),
        ("wi-fi", "wi OR fi"),
        ('title:wi-fi "wi-fi" e-mail fi', 'title:wi OR title:fi OR "wi-fi" OR e-mail OR fi'),
        ("-a", "-a"),
        ("", ""),
    ],
)
def test_of_any_of_one_word_suffices_and_what_is_required_stays(text: str, loosened: str) -> None:
    assert str(any_of(parse(text).tree)) == loosened


@pytest.mark.parametrize(
    ("text", "leaves", "required"),
    [
        ("a b c -d site:x.com", ["a", "b", "c"], ["-d", "site:x.com"]),
        ("a b (is:published OR -c)", ["a", "b"], ["is:published OR -c"]),
        ("a OR site:x.com", ["a"], []),
        ("-a", [], ["-a"]),
        ("", [], []),
    ],
)
def test_relaxing_splits_what_may_be_missing_from_what_may_not(
    text: str, leaves: list[str], required: list[str]
) -> None:
    assert tuple(map(shown, split_relaxed(parse(text).tree))) == (leaves, required)


@pytest.mark.parametrize(
    ("text", "dates", "outlets"),
    [
        ("a date:2021", True, False),
        ("a OR (b before:2021)", True, False),
        ("a -after:2021 -site:x.com", True, False),
        ("a site:x.com", False, True),
        ("provider:herald OR a", False, True),
        ('provider:"the herald"', False, True),
        ("-(a provider:herald)", False, False),
        ("", False, False),
    ],
)
def test_dates_are_named_anywhere_and_outlets_unless_excluded(text: str, dates: bool, outlets: bool) -> None:  # noqa: FBT001
    tree = parse(text).tree

    assert (names_dates(tree), names_outlets(tree)) == (dates, outlets)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("asof:2021", date(2021, 12, 31)),
        ("a asof:2021-12-10 asof:2021 -asof:2020", date(2021, 12, 10)),
        ("a OR asof:2021", None),
        ("(asof:2021 OR asof:2020) b", None),
        ("-asof:2021", None),
        ("a", None),
    ],
)
def test_ages_are_counted_from_the_first_day_that_every_article_must_meet(text: str, day: date | None) -> None:
    assert as_of(parse(text).tree) == day
    assert not names_dates(parse(text).tree)


def test_a_day_ends_with_its_last_moment() -> None:
    assert end_of_day(date(2021, 12, 31)) + timedelta.resolution == datetime(2022, 1, 1, tzinfo=UTC)


@given(st.lists(st.sampled_from(["a", "b*", "-c", "site:x", "OR", "(", ")", "date:2021"]), max_size=12))
def test_loosening_keeps_the_words_and_what_is_required(pieces: list[str]) -> None:
    tree = parse(" ".join(pieces)).tree
    leaves, required = split_relaxed(tree)

    assert list(leaves) == scoring_leaves(any_of(tree)) == scoring_leaves(tree)
    assert len(leaves) < 2 or split_relaxed(any_of(tree))[1] == required


def test_broken_up_words_are_no_more_than_a_query_may_have() -> None:
    loosened = any_of(parse("-".join("abcdefgh" * 16)).tree)

    assert len(scoring_leaves(loosened)) <= MAX_TERMS
    assert len(scoring_leaves(any_of(parse("-".join(map(str, range(90)))).tree))) == MAX_TERMS


@given(st.text(st.sampled_from("abOR-./:'&*?~\"( 日本5NT"), max_size=20))
def test_a_loosened_tree_is_read_as_it_prints_itself(text: str) -> None:
    loosened = any_of(parse(text).tree)

    assert parse(str(loosened)).tree == loosened
