from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import BadParameterError, PageTooDeepError
from search.query import MAX_HITS, MAX_SIZE, And, Everything, Filters, Node, Not, Or, Phrase, Query, Word, parse
from search.query.parser import MAX_CHARACTERS, MAX_TERMS


def notices(text: str) -> list[str]:
    return [notice.code for notice in parse(text).notices]


def leaves(tree: Node) -> list[str]:
    match tree:
        case And(nodes) | Or(nodes):
            return [leaf for node in nodes for leaf in leaves(node)]
        case Everything():
            return []
    return [str(tree)]


# The tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        (" \t\n", Everything()),
        ("rates", Word("rates")),
        ("rates rise", And((Word("rates"), Word("rise")))),
        ('"rates  rise\tagain"', Phrase("rates rise again")),
        ("-ipo", Not(Word("ipo"))),
        ('-"hong kong"', Not(Phrase("hong kong"))),
        ("sensetime -ipo", And((Word("sensetime"), Not(Word("ipo"))))),
        ("a OR b", Or((Word("a"), Word("b")))),
        ("a OR b c", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("a b OR c OR d", And((Word("a"), Or((Word("b"), Word("c"), Word("d")))))),
        ('a OR "b c"', Or((Word("a"), Phrase("b c")))),
        ('"a"b', And((Phrase("a"), Word("b")))),
        ('a"b"', And((Word("a"), Phrase("b")))),
        ("e-mail U.S. C++", And((Word("e-mail"), Word("U.S."), Word("C++")))),
    ],
)
def test_a_query_is_read_as_this_tree(text: str, tree: Node) -> None:
    assert parse(text).tree == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-", Everything()),
        ("- rates", Word("rates")),
        ('""', Everything()),
        ('"', Everything()),
        ('-""', Everything()),
        ("...", Everything()),
        ('"?!" rates', Word("rates")),
        ("OR", Word("or")),
        ("OR rates", And((Word("or"), Word("rates")))),
        ("rates OR", Word("rates")),
        ("a OR OR b", Or((Word("a"), Word("b")))),
        ("or", Word("or")),
        ('"OR"', Phrase("OR")),
        ("\N{GRINNING FACE}", Everything()),
    ],
)
def test_what_cannot_be_meant_is_words_or_nothing(text: str, tree: Node) -> None:
    assert parse(text).tree == tree


def test_an_unclosed_quote_is_ignored_and_named() -> None:
    assert parse('rates "rise again').tree == parse("rates rise again").tree
    assert notices('rates "rise again') == ["unclosed-quote"]
    assert parse('"rates rise" "again').tree == And((Phrase("rates rise"), Word("again")))


# Limits


def test_what_is_behind_the_last_character_is_cut_and_named() -> None:
    words = "rates " * 100

    assert notices(words[:MAX_CHARACTERS]) == ["terms-cut"]
    assert notices("x" * MAX_CHARACTERS) == []
    assert notices("x" * (MAX_CHARACTERS + 1)) == ["query-cut"]
    assert parse("x" * MAX_CHARACTERS + "y").tree == Word("x" * MAX_CHARACTERS)


def test_what_is_behind_the_last_word_is_cut_and_named() -> None:
    words = [f"w{number}" for number in range(MAX_TERMS + 1)]

    assert leaves(parse(" ".join(words)).tree) == words[:MAX_TERMS]
    assert notices(" ".join(words)) == ["terms-cut"]
    assert notices(" ".join(words[:MAX_TERMS])) == []


def test_alternatives_and_exclusions_count_as_words_too() -> None:
    assert len(leaves(parse("a OR " * 65 + "b").tree)) == MAX_TERMS
    assert len(leaves(parse("-a " * 65).tree)) == MAX_TERMS


@pytest.mark.parametrize("bomb", ["[", "*", '"', "-", "(", "a OR ", "OR ", "a~", "\0", "-" + '"'])
def test_a_hundred_kilobytes_of_anything_are_read_at_once(bomb: str) -> None:
    parse(bomb * (100_000 // len(bomb)))


# Any text

PIECES = [
    "a",
    "b",
    "OR",
    "or",
    "NOT",
    "AND",
    "-",
    '"',
    " ",
    "\n",
    "\u3000",
    "\x1f",
    "U.S.",
    "*",
    "~",
    "(",
    ")",
    ":",
    "é",
    "中文",
    "title:",
    "site:a.com",
    "topic:(",
    "date:2021-02..2022",
    "before:2021-12-31",
    "quality:>70",
    "type:",
    "x:",
    "https://a.example/b?c*",
    "?",
    "ab",
    "2",
    "..",
]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40)
long_texts = st.builds(lambda text, times: text * times, texts, st.integers(1, 200))


@settings(max_examples=2_000)
@given(texts | long_texts)
def test_a_tree_prints_itself_in_the_query_language(text: str) -> None:
    tree = parse(text).tree

    assert parse(str(tree)).tree == tree


@settings(max_examples=500)
@given(texts | long_texts)
def test_any_text_is_a_query_within_the_limits(text: str) -> None:
    parsed = parse(text)

    assert parsed.text == text
    assert len(leaves(parsed.tree)) <= MAX_TERMS
    assert len(str(parsed.tree)) <= MAX_CHARACTERS
    assert len(set(notices(text))) == len(notices(text))


# The request around it


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        *[("page", 0), ("page", -1), ("size", 0), ("size", MAX_SIZE + 1)],
        *[("sort", "random"), ("match", "most"), ("collapse", "everything")],
    ],
)
def test_a_parameter_out_of_its_range_is_named(parameter: str, value: object) -> None:
    with pytest.raises(BadParameterError) as caught:
        Query(parsed=parse(""), **{parameter: value})  # type: ignore[arg-type] # which is the point

    assert caught.value.name == parameter


def test_paging_ends_at_its_last_hit() -> None:
    last = Query(parsed=parse(""), page=MAX_HITS // MAX_SIZE, size=MAX_SIZE)

    assert last.page * last.size == MAX_HITS
    with pytest.raises(PageTooDeepError):
        Query(parsed=parse(""), page=last.page + 1, size=MAX_SIZE)


@pytest.mark.parametrize("text", ["!!!", "😀", "rates !!!", '"" rates'])
def test_what_holds_no_word_is_named(text: str) -> None:
    assert notices(text) == ["nothing-to-search"]


@pytest.mark.parametrize("days", [{"date_from": datetime(2021, 1, 1, tzinfo=UTC)}, {"date_to": "2021-01-01"}])
def test_what_is_no_date_is_refused_and_named(days: dict[str, Any]) -> None:
    with pytest.raises(BadParameterError, match="is not a date"):
        Filters(**days)


def test_days_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(BadParameterError, match="from: 2021-02-01 is later than 2021-01-01"):
        Filters(date_from=date(2021, 2, 1), date_to=date(2021, 1, 1))
