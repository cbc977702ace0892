from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.errors import BadParameterError, PageTooDeepError
from search.query import (
    MAX_HITS,
    MAX_SIZE,
    And,
    AsOf,
    Dates,
    Everything,
    Filters,
    Flag,
    Fuzzy,
    InStory,
    Like,
    Node,
    Not,
    Number,
    Or,
    Phrase,
    Prefix,
    Query,
    Site,
    Value,
    Wildcard,
    Word,
    parse,
)
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


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("NOT ipo", Not(Word("ipo"))),
        ("a AND b", And((Word("a"), Word("b")))),
        ("a AND NOT b", And((Word("a"), Not(Word("b"))))),
        ("a AND b OR c", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("(a b) OR c", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a (b c)", And((Word("a"), Word("b"), Word("c")))),
        ("a OR (b OR c)", Or((Word("a"), Word("b"), Word("c")))),
        ("-(a OR b) c", And((Not(Or((Word("a"), Word("b")))), Word("c")))),
        ("NOT (a b)", Not(And((Word("a"), Word("b"))))),
        ("NOT -a", Word("a")),
        ("a OR -b", Or((Word("a"), Not(Word("b"))))),
        ("and or not", And((Word("and"), Word("or"), Word("not")))),
        ("a(b)c", And((Word("a"), Word("b"), Word("c")))),
    ],
)
def test_operators_join_and_brackets_hold_together(text: str, tree: Node) -> None:
    assert parse(text).tree == tree
    assert notices(text) == []


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('"a b"~3', Phrase("a b", 3)),
        ('"a b"~0', Phrase("a b")),
        ("elect*", Prefix("elect")),
        ("e-mail*", Prefix("e-mail")),
        ("wom?n", Wildcard("wom?n")),
        ("el**on*", Wildcard("el*on*")),
        ("word~", Fuzzy("word")),
        ("word~1", Fuzzy("word")),
        ("word~2", Fuzzy("word", 2)),
        ("Really? What?!", And((Word("Really?"), Word("What?!")))),
        ("a~b", Word("a~b")),
    ],
)
def test_signs_behind_a_word_widen_it(text: str, tree: Node) -> None:
    assert parse(text).tree == tree
    assert notices(text) == []


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("title:rates", Word("rates", "title")),
        ("TITLE:rates", Word("rates", "title")),
        ('topic:"data science"', Phrase("data science", 0, "topics")),
        ('excerpt:"a b"~2', Phrase("a b", 2, "excerpt")),
        ("provider:herald*", Prefix("herald", "provider")),
        ("title:wom?n", Wildcard("wom?n", "title")),
        ("title:word~2", Fuzzy("word", 2, "title")),
        ("-title:rates", Not(Word("rates", "title"))),
        ("title:12:30", Word("12:30", "title")),
        ("title:(a OR b)", Or((Word("a", "title"), Word("b", "title")))),
        ("title:(a -excerpt:b)", And((Word("a", "title"), Not(Word("b", "excerpt"))))),
        ("site:(a.com OR b.com)", Or((Site("a.com"), Site("b.com")))),
        ("site:https://www.FT.com/content?x", Site("ft.com")),
        ("site:*.ft.com", Site("ft.com")),
        ("-site:x", Not(Site("x"))),
        ("category:News", Value("category", "News")),
        ('type:"white paper"', Value("type", "white paper")),
        ("is:published IS:UNPUBLISHED has:image", And((Flag("published"), Flag("unpublished"), Flag("image")))),
        ("story:0a1b", InStory("0a1b")),
        ("-like:0a1b", Not(Like("0a1b"))),
        ("asof:2020-02", AsOf(date(2020, 2, 29))),
        ("ASOF:2021-12-10 asof:2021", And((AsOf(date(2021, 12, 10)), AsOf(date(2021, 12, 31))))),
    ],
)
def test_a_field_is_for_what_directly_follows_it(text: str, tree: Node) -> None:
    assert parse(text).tree == tree
    assert notices(text) == []


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("quality:70", 70, 70),
        ("quality:>=70", 70, None),
        ("quality:>70", 71, None),
        ("quality:<=70", None, 70),
        ("quality:<70", None, 69),
        ("quality:50..70", 50, 70),
        ("quality:50..", 50, None),
        ("quality:..70", None, 70),
        ("quality:>-5", -4, None),
    ],
)
def test_numbers_have_bounds_that_count_themselves(text: str, low: int | None, high: int | None) -> None:
    assert parse(text).tree == Number("quality", low, high)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("date:2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("date:2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("date:2021-12-10", date(2021, 12, 10), date(2021, 12, 10)),
        ("date:2021-12..2022", date(2021, 12, 1), date(2022, 12, 31)),
        ("date:2021-12..", date(2021, 12, 1), None),
        ("date:..2021-12", None, date(2021, 12, 31)),
        ("after:2021-12", date(2021, 12, 1), None),
        ("before:2021", None, date(2021, 12, 31)),
    ],
)
def test_dates_reach_from_the_first_to_the_last_day_of_what_is_named(
    text: str, first: date | None, last: date | None
) -> None:
    assert parse(text).tree == Dates(first, last)


@given(st.dates(), st.dates())
def test_dates_print_themselves_shortly_and_lose_nothing(one: date, other: date) -> None:
    for days in (
        Dates(min(one, other), max(one, other)),
        Dates(one, None),
        Dates(None, one),
        Dates(one, one),
        AsOf(one),
    ):
        assert parse(str(days)).tree == days


@pytest.mark.parametrize(
    ("text", "searched", "code"),
    [
        ("foo:bar", "foo bar", "unknown-field"),
        ("a:b:c", "a b c", "unknown-field"),
        ('foo:"a b"', 'foo "a b"', "unknown-field"),
        ("x OR -foo:bar", "x OR -(foo bar)", "unknown-field"),
        ("title: rates", "title rates", "empty-field"),
        ("before:yesterday", "before yesterday", "bad-date"),
        ("date:2021-13", "date 2021-13", "bad-date"),
        ("date:2022..2021", "date 2022..2021", "reversed-range"),
        ("date:0000", "date 0000", "bad-date"),
        ("date:..", "date", "bad-date"),
        ("asof:2021-02-30", "asof 2021-02-30", "bad-date"),
        ("asof:2021..2022", "asof 2021..2022", "bad-date"),
        ("quality:high", "quality high", "bad-number"),
        ("heat:٣", "heat ٣", "bad-number"),
        ("quality:70..50", "quality 70..50", "reversed-range"),
        ("quality:>999999999", "quality >999999999", "bad-number"),
        (f"quality:{'9' * 400}", f"quality {'9' * 400}", "bad-number"),
        ("is:new", "is new", "bad-flag"),
        ("site:!a", "site !a", "bad-site"),
        ("story:é", "story é", "bad-story"),
        ("like:é", "like é", "bad-article"),
        ("a*", "a", "short-prefix"),
        ("*foo", "foo", "short-prefix"),
        ("w*rd", "w rd", "short-prefix"),
        ("wi-fi*", "wi-fi", "bad-pattern"),
        ("x.org/a~", "x.org/a", "bad-pattern"),
        ("word~9", "word", "bad-distance"),
        ('"a b"~100', '"a b"', "bad-slop"),
        ("- rates", "rates", "lone-minus"),
        ("rates AND", "rates", "dangling-operator"),
        ("rates OR", "rates", "dangling-operator"),
        ("rates NOT", "rates", "dangling-operator"),
        ("AND", "and", "dangling-operator"),
        ("OR rates", "or rates", "dangling-operator"),
        ("(rates", "rates", "unbalanced-bracket"),
        ("rates) rise", "rates rise", "unbalanced-bracket"),
        ("-(rates rise", "-rates rise", "unbalanced-bracket"),
        ('-"rates rise', "-rates rise", "unclosed-quote"),
        ("()", "", "nothing-to-search"),
    ],
)
def test_what_cannot_be_understood_is_searched_as_plain_words_and_named(text: str, searched: str, code: str) -> None:
    assert (str(parse(text).tree), notices(text)) == (searched, [code])


@pytest.mark.parametrize(
    "text",
    [
        *["c++", "c#", ".net", "a'b", "AT&T", "12:30", "https://x.org/a?b=c*", "wi-fi", "U.S.", "東京都", "Breaking:"],
        *["x/y", "10,000", "5G", "a@b.org", "#tag"],
    ],
)
def test_signs_within_a_word_are_no_operators(text: str) -> None:
    assert parse(text).tree == Word(text)
    assert notices(text) == []


def test_brackets_deeper_than_the_limit_are_ignored_and_named() -> None:
    def nested(depth: int) -> str:
        return "-(a OR " * depth + "b c" + ")" * depth

    assert notices(nested(8)) == []
    assert notices(nested(9)) == ["too-deep"]
    assert str(parse(nested(8)).tree) == nested(8)


def test_half_a_surrogate_pair_is_replaced_so_that_the_answer_can_be_written() -> None:
    parsed = parse("rates \ud800 type:\udfff")

    for text in (parsed.text, str(parsed.tree), *(notice.text for notice in parsed.notices)):
        assert text.encode()


def test_what_needs_more_characters_than_are_read_is_cut_and_named() -> None:
    text = f"excerpt:({' '.join(f'w{number}' for number in range(60))})"

    assert notices(text) == ["written-cut"]
    assert 490 <= len(str(parse(text).tree)) <= MAX_CHARACTERS


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


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("AT&amp;T", Word("AT&T")),
        ("R&amp;amp;D", Word("R&D")),
        ("&quot;rates rise&quot;", Phrase("rates rise")),
        ("caf&eacute;", Word("café")),
    ],
)
def test_entities_are_decoded_as_in_seeds(text: str, tree: Node) -> None:
    assert parse(text).tree == tree


@pytest.mark.parametrize(
    "bomb", ["[", "*", '"', "-", "(", "a OR ", "OR ", "a~", "\0", "-" + '"', "&amp;", "amp;", "&#"]
)
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
    "asof:2021-11",
    "like:0a",
    "quality:>70",
    "type:",
    "x:",
    "https://a.example/b?c*",
    "?",
    "ab",
    "2",
    "..",
    "&",
    "amp",
    ";",
    "&amp;",
    "&quot",
    "&#34;",
    "#x26",
]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=40)
long_texts = st.builds(lambda text, times: text * times, texts, st.integers(1, 200))


@settings(max_examples=2_000)
@given(texts | long_texts)
@example('type:"-0"')
def test_a_tree_prints_itself_in_the_query_language(text: str) -> None:
    tree = parse(text).tree

    assert parse(str(tree)).tree == tree


@given(st.lists(st.from_regex("[A-Za-z0-9]{1,12}|AND|OR|NOT|and", fullmatch=True), max_size=70))
def test_plain_words_are_read_alike_by_the_short_way_and_the_long_one(words: list[str]) -> None:
    short, long = parse(" ".join(words)), parse("\t".join(words))

    assert (short.tree, short.notices) == (long.tree, long.notices)


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


@pytest.mark.parametrize(
    ("text", "tree", "codes"),
    [
        ("title:-rates rise", "title:rates rise", ["inner-minus"]),
        ("site:-x.com", "site:x.com", ["inner-minus"]),
        ("heat:-1", "heat:-1", []),
        ("title:NOT rates", "title:not rates", ["dangling-operator"]),
        ('"interest rat*"', '"interest rat*"', ["quoted-wildcard"]),
        ('"who is next?" "4 * 4"', '"who is next?" "4 * 4"', []),
        ("title:site:ft.com", "title:site:ft.com", ["inner-field"]),
        # Texts that are pasted are full of these, and mean no phrase by them.
        ("\u201crates rise\u201d", "\u201crates rise\u201d", []),
        ("quality:>70 " * 40, " ".join(["quality:>=71"] * 39), ["written-cut"]),
    ],
)
def test_what_is_read_otherwise_than_it_looks_is_named(text: str, tree: str, codes: list[str]) -> None:
    assert str(parse(text).tree) == tree
    assert notices(text) == codes
