"""The ways to read a query: in which order, and how much work it takes at most to find them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from factories import article, catalog
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import MAX_TERM
from search.engines.matching import Matcher, field_factors
from search.engines.memory import MemoryReader
from search.query import Leaf, parse
from search.query.correction import MAX_TRIED, Reading, first_that_finds, readings
from search.query.faults import MAX_TERMS
from search.query.request import Match

NEWS = MemoryReader(
    catalog(
        article("Government raises interest", excerpt="A newspaper says so."),
        article("Machine learning for parliament", url="https://b.example/"),
        *(article(f"The market {n}", url=f"https://{n}.example/") for n in range(12)),
        article("A marker", url="https://c.example/"),
    )
)


class Counted:
    """The words of the news, and how often somebody asks about them; see :class:`search.query.correction.Lexis`."""

    def __init__(self) -> None:
        self._words = Matcher(NEWS.postings, field_factors(NEWS.postings), NEWS.documents)
        self.asked: Counter[str] = Counter()

    def count(self, leaf: Leaf) -> int:
        self.asked["count"] += 1
        return self._words.count(leaf)

    def near(self, term: str, edits: int) -> Mapping[str, int]:
        self.asked["near"] += 1
        return self._words.near(term, edits)


def read(text: str, match: Match = "auto") -> list[Reading]:
    return list(readings(parse(text).tree, match, Counted()))


@pytest.mark.parametrize(
    ("typed", "match", "searched"),
    [
        ("goverment", "auto", ["goverment", "government", "government"]),
        ("goverment", "all", ["goverment"]),
        ("goverment zebra", "any", ["government OR zebra"]),
        ("markep", "auto", ["markep", "market", "marker", "market"]),
        ("marker raises", "auto", ["marker raises", "market raises", "marker raises"]),
        ("marker market", "auto", ["marker market", "marker market"]),
        ("markep market news markeet news", "auto", ["markep market news markeet news", "market news news"]),
        ("zebra", "auto", ["zebra", "zebra"]),
        ("machinelearning markep", "auto", ["machinelearning markep", "machine learning market"]),
        ("news paper", "auto", ["news paper", "newspaper", "news paper"]),
        ("", "auto", ["", ""]),
    ],
)
def test_a_query_is_read_as_typed_then_corrected_then_with_most_words(
    typed: str, match: Match, searched: list[str]
) -> None:
    assert [str(reading.tree) for reading in read(typed, match)][: len(searched)] == searched


def test_only_the_last_reading_takes_most_words() -> None:
    assert [reading.is_relaxed for reading in read("markep")] == [False, False, False, True]


def test_nothing_is_looked_up_for_a_query_that_finds_something() -> None:
    words = Counted()

    reading, found = first_that_finds(readings(parse("market").tree, "auto", words), lambda _: [1], lambda _: False)

    assert (str(reading.tree), found) == ("market", [1])
    assert not words.asked


@pytest.mark.parametrize(
    ("finds", "left", "counts"),
    [
        ({"markep", "market"}, {"market"}, "markep"),  # whatever the filters leave of it
        ({"market", "marker"}, {"market", "marker"}, "market"),
        ({"market", "marker"}, {"marker"}, "marker"),
        ({"market", "marker"}, set(), "market"),
        (set(), set(), "markep"),
    ],
)
def test_the_reading_counts_of_which_something_is_left(finds: set[str], left: set[str], counts: str) -> None:
    def find(reading: Reading) -> set[str]:
        return {str(reading.tree)} & finds

    reading, found = first_that_finds(iter(read("markep")), find, lambda some: bool(some & left))

    assert str(reading.tree) == counts
    assert found == {counts} & finds


words = "goverment parliamnet markep machinelearning news paper govermentparliment маркет marke\u0301p 中文".split()
signs = [
    "(",
    ")",
    '"',
    "-",
    "OR",
    "NOT",
    "~",
    "~2",
    "*",
    "?*",
    "title:",
    "word~9",
    "&amp;amp;",
    "\0",
    "\ud800",
    "\u202e",
]
pieces = st.sampled_from([*words, *signs, "x" * 100, "goverment" * 9])
hostile = st.text() | st.lists(pieces, max_size=200).map(" ".join) | st.lists(pieces, max_size=200).map("".join)


@given(hostile, st.sampled_from(["auto", "all", "any"]))
def test_no_query_takes_more_than_some_steps(text: str, match: Match) -> None:
    words = Counted()
    tree = parse(text).tree

    found = list(readings(tree, match, words))

    assert 1 <= len(found) <= MAX_TRIED + 2
    assert words.asked["near"] <= MAX_TERMS
    # Each word, its pairs with its neighbours, and wherever it may be cut: both halves, and whether they meet.
    assert words.asked["count"] <= MAX_TERMS * (3 + 3 * MAX_TERM)


@given(st.lists(pieces, max_size=12).map(" ".join), st.sampled_from(["auto", "any"]))
def test_a_suggestion_is_a_query_that_prints_itself(text: str, match: Match) -> None:
    for reading in read(text, match):
        if suggestion := reading.suggestion:
            assert str(parse(suggestion).tree) == suggestion != str(parse(text).tree)
