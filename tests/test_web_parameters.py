from __future__ import annotations

from datetime import date
from urllib.parse import quote

import pytest
from factories import article, catalog
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from search.engines.memory import MemoryEngine
from search.errors import BadParameterError, PageTooDeepError
from search.query import Query
from web import create_app
from web.links import to_parameters
from web.parameters import MAX_VALUES, api_query, page_query

NAMES = (
    *("q", "provider", "topic", "category", "type", "from", "to", "sort", "page", "size", "match"),
    *("collapse", "diversity", "explain", "facets", "unknown"),
)


def asked(*pairs: tuple[str, str]) -> Query:
    return api_query(MultiDict(pairs))


def blamed(*pairs: tuple[str, str]) -> str:
    with pytest.raises(BadParameterError) as caught:
        asked(*pairs)
    return caught.value.name


def test_nothing_asked_is_every_article() -> None:
    assert asked() == Query(parsed=asked(("q", "")).parsed)


def test_values_of_one_parameter_are_collected_once_each() -> None:
    query = asked(("topic", "AI"), ("topic", "Azure"), ("topic", "AI"))

    assert query.filters.topic == ("AI", "Azure")


def test_what_a_form_leaves_empty_was_not_asked() -> None:
    assert asked(*((name, "") for name in NAMES)) == asked()


def test_of_a_parameter_that_has_one_value_the_first_counts() -> None:
    assert asked(("page", "2"), ("page", "3")).page == 2


def test_unknown_parameters_are_ignored() -> None:
    assert asked(("utm_source", "letter"), ("Page", "9")) == asked()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2021-12-09", date(2021, 12, 9), date(2021, 12, 9)),
        ("2021-02", date(2021, 2, 1), date(2021, 2, 28)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2021", date(2021, 1, 1), date(2021, 12, 31)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
        ("0001", date(1, 1, 1), date(1, 12, 31)),
    ],
)
def test_a_month_or_year_is_all_of_its_days(text: str, first: date, last: date) -> None:
    filters = asked(("from", text), ("to", text)).filters

    assert (filters.date_from, filters.date_to) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        *("2021-13", "2021-00", "2021-02-30", "0000", "21", "2021-1-1", "20211209", "2021-12-09T00:00Z", " 2021"),
        *("2021\n", "٢٠٢١", "yesterday", "-2021", "99999", "0" * 5000),
    ],
)
def test_a_date_that_is_none_is_named(text: str) -> None:
    assert blamed(("from", text)) == "from"
    assert blamed(("to", text)) == "to"


def test_days_must_be_in_their_order() -> None:
    assert blamed(("from", "2021-12-10"), ("to", "2021-12-09")) == "from"
    assert asked(("from", "2021-12"), ("to", "2021-12")).filters.date_to == date(2021, 12, 31)


@pytest.mark.parametrize("text", ["x", "-1", "+1", "1.0", "1_0", "٣", "３", "²", " 1", "1 ", "0x1", "1e1", "\x001"])
@pytest.mark.parametrize("name", ["page", "size"])
def test_only_plain_digits_are_a_number(name: str, text: str) -> None:
    assert blamed((name, text)) == name


@pytest.mark.parametrize("text", ["0", "00", "101", "9" * 5000])
def test_a_page_holds_1_to_100_hits(text: str) -> None:
    assert blamed(("size", text)) == "size"


def test_paging_ends_at_10_000_hits() -> None:
    assert asked(("page", "500")).page == 500
    assert asked(("page", "10000"), ("size", "1")).page == 10_000
    for page, size in (("501", "20"), ("10001", "1"), ("9" * 5000, "1")):
        with pytest.raises(PageTooDeepError):
            asked(("page", page), ("size", size))


def test_leading_zeros_change_nothing() -> None:
    assert asked(("page", "0" * 5000 + "7")).page == 7


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("sort", "Newest"), ("match", "some"), ("collapse", "yes"), ("diversity", "off"), ("explain", "2")),
        *(("explain", "true"), ("facets", "no"), ("facets", "١"), ("sort", "x" * 5000)),
    ],
)
def test_a_value_that_is_not_offered_is_named(name: str, text: str) -> None:
    assert blamed((name, text)) == name


def test_a_refusal_does_not_repeat_a_novel() -> None:
    with pytest.raises(BadParameterError) as caught:
        asked(("page", "x" * 5000))

    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("text", ["none", "0"])
def test_diversity_can_be_turned_off(text: str) -> None:
    assert asked(("diversity", text)).diversity is False
    assert asked(("diversity", "1")).diversity is True


def test_more_values_than_anybody_chooses_are_refused() -> None:
    values = [("provider", f"Provider {number}") for number in range(MAX_VALUES + 1)]

    assert blamed(*values) == "provider"
    assert len(asked(*values[1:]).filters.provider) == MAX_VALUES


def test_the_page_has_a_size_of_its_own() -> None:
    """And always its facets; how a program wants its answer is not the page's business."""
    query = page_query(MultiDict([("size", "7"), ("facets", "0"), ("page", "2")]))

    assert query == page_query(MultiDict([("page", "2")]))


@given(st.text())
def test_control_characters_are_blanks(text: str) -> None:
    read = asked(("q", text)).parsed.text

    assert len(read) == len(text)
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in read)


searches = st.builds(
    lambda q, providers, days, sort, page, match: page_query(
        MultiDict(
            [
                *(("q", q), ("sort", sort), ("page", str(page)), ("match", match)),
                *(("provider", provider) for provider in providers),
                *zip(("from", "to"), (day.isoformat() for day in sorted(days)), strict=False),
            ]
        )
    ),
    st.text(max_size=500),
    st.lists(st.text(), max_size=3),
    st.lists(st.dates(), max_size=2),
    st.sampled_from(["relevance", "newest", "oldest", "quality"]),
    st.integers(1, 500),
    st.sampled_from(["auto", "all", "any"]),
)


@given(searches)
def test_a_search_is_the_same_after_a_trip_through_its_address(query: Query) -> None:
    assert page_query(MultiDict(to_parameters(query))) == query


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    engine = MemoryEngine()
    engine.publish(catalog(article("Rates rise again"), article("Markets shrug")))
    return create_app(engine=engine).test_client()


strange = st.one_of(
    st.text(max_size=60),
    st.integers().map(str),
    st.dates().map(str),
    st.sampled_from(["", "0", "1", "none", "title", "all", "any", "newest", "\x00", "\ud800", '"', "(", "-", "*", "~"]),
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), strange), max_size=5))
def test_no_value_of_any_parameter_breaks_anything(client: FlaskClient, pairs: list[tuple[str, str]]) -> None:
    parameters = MultiDict((name, text.encode("utf-8", "replace").decode()) for name, text in pairs)

    for path in ("/", "/api/v1/search"):
        assert client.get(path, query_string=parameters).status_code in {200, 400}


@given(st.binary(max_size=60), st.sampled_from(NAMES))
def test_no_bytes_of_any_parameter_break_anything(client: FlaskClient, raw: bytes, name: str) -> None:
    """Not even such as are no text in UTF-8."""
    escaped = "".join(f"%{byte:02x}" for byte in raw)

    for path in ("/", "/api/v1/search"):
        assert client.get(f"{path}?{name}={escaped}").status_code in {200, 400}


@given(st.text(min_size=1, max_size=60))
def test_no_id_breaks_anything(client: FlaskClient, identifier: str) -> None:
    escaped = quote(identifier.encode("utf-8", "replace"), safe="")

    for path in ("/api/v1/articles/", "/articles/", "/stories/"):
        assert client.get(path + escaped).status_code == 404
