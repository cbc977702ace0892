from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from factories import mention
from hypothesis import given
from hypothesis import strategies as st

from search.articles import Article, Image, Provider, Seed
from search.errors import Location, SeedError
from search.json_reader import read_json
from search.markup import Field
from search.parse import KNOWN_KEYS, clean, find_warnings, parse_date, parse_seed
from search.yaml_reader import read_yaml

CANARY = "Q0FOQVJZ;c2VjcmV0"


def structure(**fields: Any) -> Field:
    """Return a seed's structure, one key a line, that of *fields* behind the ones it needs."""
    keys = {"title": "Rates rise", "webUrl": "https://news.example/a", "provider": {"name": "Example"}} | fields
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in keys.items() if value is not ...]
    return read_json("{\n" + ",\n".join(lines) + "\n}")


def parsed(**fields: Any) -> Article:
    return parse_seed(structure(**fields), "seed.md").article


def refused(**fields: Any) -> SeedError:
    with pytest.raises(SeedError) as caught:
        parse_seed(structure(**fields), "seed.md")
    return caught.value


def place_and_code(error: SeedError) -> tuple[int, int, str]:
    return error.where.line, error.where.column, error.code


# What a seed needs


def test_title_url_and_provider_are_enough() -> None:
    article = parsed()

    assert article == Article(
        id=article.id,
        url="https://news.example/a",
        title="Rates rise",
        provider=Provider(name="Example", domain="news.example"),
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": ...}, "title-missing"),
        ({"webUrl": ...}, "url-missing"),
        ({"provider": ...}, "provider-missing"),
    ],
)
def test_without_one_of_them_the_seed_is_refused_where_it_begins(fields: dict[str, Any], code: str) -> None:
    assert place_and_code(refused(**fields)) == (1, 1, code)


@pytest.mark.parametrize(
    ("fields", "line", "code"),
    [
        ({"title": ""}, 2, "title-missing"),
        ({"title": None}, 2, "title-missing"),
        ({"title": " \t&nbsp; "}, 2, "title-missing"),
        ({"provider": {}}, 4, "provider-missing"),
        ({"provider": {"name": " "}}, 4, "provider-missing"),
        ({"provider": None}, 1, "provider-missing"),
        ({"provider": "Example"}, 4, "mapping"),
        ({"provider": {"name": ["Example"]}}, 4, "text"),
        ({"title": ["Rates"]}, 2, "text"),
        ({"title": {"Rates": "rise"}}, 2, "text"),
        ({"excerpt": []}, 5, "text"),
        ({"topics": "AI"}, 5, "list"),
        ({"topics": [["AI"]]}, 5, "text"),
        ({"related": {}}, 5, "list"),
        ({"related": ["https://news.example/b"]}, 5, "mapping"),
        ({"images": [{"url": "https://i.example", "width": "wide"}]}, 5, "integer"),
        ({"images": ["https://i.example"]}, 5, "mapping"),
        ({"quality": "high"}, 5, "integer"),
        ({"quality": 1.5}, 5, "integer"),
        ({"heat": "٣"}, 5, "integer"),
        ({"heat": "1_0"}, 5, "integer"),
        ({"heat": "9" * 5_000}, 5, "integer"),
        ({"published": "maybe"}, 5, "boolean"),
        ({"removed": 2}, 5, "boolean"),
        ({"webUrl": "javascript:alert(1)"}, 3, "url"),
        ({"webUrl": "/relative"}, 3, "url"),
        ({"ampWebUrl": "javascript:alert(1)"}, 5, "url"),
        ({"cdnAmpWebUrl": "data:text/html,x"}, 5, "url"),
        ({"originalUrl": "javascript:alert(1)"}, 5, "url"),
        ({"website": "news.example"}, 5, "url"),
        ({"images": [{"url": "javascript:alert(1)"}]}, 5, "url"),
        ({"publishedDateTime": "yesterday"}, 5, "date"),
        ({"startDateTime": "2021-02-30"}, 5, "date"),
    ],
)
def test_what_is_wrong_is_named_at_its_key(fields: dict[str, Any], line: int, code: str) -> None:
    error = refused(**fields)

    assert (error.where.line, error.code) == (line, code)


@pytest.mark.parametrize("root", ["- title: x", "title", "~", ""])
def test_a_seed_is_a_mapping(root: str) -> None:
    with pytest.raises(SeedError, match="not a mapping") as caught:
        parse_seed(read_yaml(root, first_line=2), "seed.md")

    assert place_and_code(caught.value) == (2, 1, "mapping")


def test_a_fault_is_one_line_of_file_line_column_fault_and_advice() -> None:
    with pytest.raises(SeedError) as caught:
        parse_seed(read_yaml("title: x\nprovider:\n  name: y\nwebUrl: no", first_line=2), "news/a\nb.md")

    assert caught.value.where == Location("news/a\nb.md", 5, 1)
    assert str(caught.value) == (r"news/a\nb.md:5:1: webUrl: it has no scheme: use an absolute http or https URL")


def test_a_fault_in_a_related_entry_is_named_at_its_key_there() -> None:
    text = (
        "title: x\nwebUrl: https://a.example\nprovider: {name: y}\nrelated:\n"
        "  - title: z\n    webUrl: https://b.example\n    publishedDateTime: soon\n    provider: {name: y}\n"
    )

    with pytest.raises(SeedError) as caught:
        parse_seed(read_yaml(text), "seed.md")

    assert place_and_code(caught.value) == (7, 5, "date")


@pytest.mark.parametrize(
    ("missing", "code"), [("title", "title-missing"), ("webUrl", "url-missing"), ("provider", "provider-missing")]
)
def test_a_related_entry_needs_what_a_seed_does(missing: str, code: str) -> None:
    entry = {key: value for key, value in mention().items() if key != missing}

    error = refused(related=[mention(), entry])

    assert (error.where.line, error.code) == (5, code)
    assert error.where.column > len(json.dumps(mention()))


# Titles and other texts


def test_a_name_is_taken_where_there_is_no_title() -> None:
    assert parsed(title=..., name="Build 2021").title == "Build 2021"
    assert parsed(title="", name="Build 2021").title == "Build 2021"
    assert parsed(title="Rates rise", name="Build 2021").title == "Rates rise"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("AT&amp;T &#8220;no&#x201D;", "AT&T “no”"),
        ("a&nbsp;b", "a b"),
        ("a\r\n\tb\u2028c\u3000 d ", "a b c d"),
        ("caf\u00e9 \N{GRINNING FACE} \u4e2d\u6587", "caf\u00e9 \N{GRINNING FACE} \u4e2d\u6587"),
        ("\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}"),
        ("zero\u200bwidth \ufeffBOM", "zero width BOM"),
        ("bell\x07 esc\x1b[31m &#27;[0m c1\x9b", "bell esc [31m [0m c1"),
        ("&#0; &#xD800; &#xFFFF;", "\ufffd \ufffd"),
        ("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>"),
        ("R&D & more", "R&D & more"),
        ("&amp;amp;", "&amp;"),
    ],
)
def test_texts_are_plain(raw: str, plain: str) -> None:
    assert clean(raw) == plain


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_plain_text_has_no_line_ends_no_controls_and_no_blanks_at_its_ends(text: str) -> None:
    cleaned = clean(text)

    assert cleaned == " ".join(cleaned.split())
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in cleaned)
    cleaned.encode()


@given(st.lists(st.sampled_from(["&", "#", "x", "D800", "55296", ";", "amp", "lt", "27", "0", "1114112", " "])))
def test_an_entity_never_becomes_what_cannot_be_written(parts: list[str]) -> None:
    cleaned = clean("".join(parts))

    cleaned.encode()
    assert "\x1b" not in cleaned
    assert "\0" not in cleaned


# URLs


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"webUrl": "https://w.example", "originalUrl": "https://o.example"}, "https://w.example"),
        ({"webUrl": None, "originalUrl": "https://o.example", "website": "https://s.example"}, "https://o.example"),
        ({"webUrl": " ", "originalUrl": "", "website": "https://s.example"}, "https://s.example"),
        ({"webUrl": ..., "website": " https://s.example/ü b "}, "https://s.example/ü%20b"),
    ],
)
def test_the_web_url_wins_then_the_original_then_the_website(fields: dict[str, Any], url: str) -> None:
    assert parsed(**fields).url == url


@pytest.mark.parametrize(
    ("provider", "domain"),
    [
        ({"name": "x", "domain": "WWW.Example.ORG"}, "example.org"),
        ({"name": "x"}, "news.example"),
        ({"name": "x", "domain": " "}, "news.example"),
        ({"name": "x", "domain": None}, "news.example"),
    ],
)
def test_a_providers_domain_falls_back_to_the_host_of_the_url(provider: dict[str, Any], domain: str) -> None:
    assert parsed(provider=provider, webUrl="https://WWW.News.example:443/a").provider.domain == domain


# Dates


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-12-09T07:49:00Z", "2021-12-09T07:49:00"),
        ("2021-12-09", "2021-12-09T00:00:00"),
        ("2021-12-09T07:49:00", "2021-12-09T07:49:00"),
        ("2021-12-09 07:49", "2021-12-09T07:49:00"),
        ("2021-12-09t07:49:00z", "2021-12-09T07:49:00"),
        ("2021-12-09 \t 7:49:00 Z", "2021-12-09T07:49:00"),
        ("2021-12-09T09:49:00+02:00", "2021-12-09T07:49:00"),
        ("2021-12-09T09:49:00 +0200", "2021-12-09T07:49:00"),
        ("2021-12-09T09:49+2", "2021-12-09T07:49:00"),
        ("2021-12-08T23:19:00-08:30", "2021-12-09T07:49:00"),
        ("2021-12-09T07:49:00.5Z", "2021-12-09T07:49:00.500000"),
        ("2021-12-09T07:49:00.1234567Z", "2021-12-09T07:49:00.123456"),
        ("2021-12-09T07:49:00,25", "2021-12-09T07:49:00.250000"),
        ("2020-02-29", "2020-02-29T00:00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999"),
    ],
)
def test_a_date_is_a_moment_in_utc(text: str, moment: str) -> None:
    assert parse_date(text) == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert parsed(publishedDateTime=f" {text} ").published_at == parse_date(text)


@pytest.mark.parametrize(
    "text",
    [
        *["2021-02-29", "2021-13-01", "2021-00-10", "2021-12-32", "0000-01-01", "10000-01-01", "21-12-09", "2021-12"],
        *["2021-12-09T24:00", "2021-12-09T07:60", "2021-12-09T07:49:61", "2021-12-09T07:49:00+25:00", "20211209"],
        *["2021-12-09T07:49:00X", "2021-12-09T07:49:00+02:60", "09.12.2021", "٢٠٢١-١٢-٠٩", "1639036140", "-1"],
        *["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00", "2021-12-09T", "2021-12-09T07", "now"],
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    error = refused(publishedDateTime=text)

    assert place_and_code(error) == (5, 1, "date")
    assert "2021-12-09T07:49:00Z" in error.advice


def test_a_start_is_taken_where_there_is_no_publication() -> None:
    assert parsed(startDateTime="2021-12-09").published_at == parse_date("2021-12-09")
    assert parsed(startDateTime="2021-12-09", publishedDateTime="2020-01-01").published_at == parse_date("2020-01-01")
    assert parsed(startDateTime="2021-12-09", publishedDateTime=None).published_at == parse_date("2021-12-09")
    assert parsed(startDateTime="").published_at is None


zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=zones).filter(lambda moment: 1 < moment.year < 9999)


@given(moments, st.sampled_from("T "), st.sampled_from(["auto", "microseconds"]))
def test_every_written_moment_is_read_back(moment: datetime, separator: str, timespec: str) -> None:
    assert parse_date(moment.isoformat(separator, timespec)) == moment


@given(
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?([+-][0-9]{2}:?[0-9]{2}|Z)?")
    | st.text()
)
def test_any_text_is_a_moment_in_utc_or_no_date(text: str) -> None:
    try:
        moment = parse_date(text)
    except ValueError:
        return

    assert moment.tzinfo is UTC


# Numbers and flags


@pytest.mark.parametrize("key", ["quality", "heat"])
@pytest.mark.parametrize(
    ("raw", "number"),
    [(0, 0), (17, 17), (189, 189), ("+5", 5), ("010", 10), (-1, None), (-7, None), (None, None), (" ", None)],
)
def test_a_number_below_zero_is_unknown(key: str, raw: object, number: int | None) -> None:
    assert getattr(parsed(**{key: raw}), key) == number


@pytest.mark.parametrize(
    ("raw", "flag"),
    [(True, True), ("Yes", True), ("ON", True), (False, False), ("no", False), ("off", False), (None, None)],
)
def test_flags_are_read_as_editors_write_them(raw: object, flag: bool | None) -> None:  # noqa: FBT001
    seed = parse_seed(structure(published=raw, removed=raw), "seed.md")

    assert (seed.article.is_published, seed.is_removed) == (flag, bool(flag))


# Lists


def test_topics_are_distinct_clean_and_in_order() -> None:
    topics = ["AI", None, " Machine\tlearning ", "R&amp;D", "AI", "", "ai"]

    assert parsed(topics=topics).topics == ("AI", "Machine learning", "R&D", "ai")


@pytest.mark.parametrize("key", ["topics", "images", "related"])
@pytest.mark.parametrize("empty", [None, [], [None]])
def test_an_empty_list_is_none_at_all(key: str, empty: object) -> None:
    assert parsed(**{key: empty}) == parsed()


def test_the_first_picture_with_an_absolute_url_is_taken() -> None:
    images = [
        {"url": "/relative.jpg"},
        {"url": None},
        {"title": "without a URL"},
        {"url": "//host.example/no-scheme.jpg"},
        {"url": "https://i.example/1.jpg", "width": 1280, "height": 640, "isCached": True},
        {"url": "https://i.example/2.jpg"},
    ]

    assert parsed(images=images).image == Image(url="https://i.example/1.jpg", width=1280, height=640)


@pytest.mark.parametrize("size", [0, -1, None, ""])
def test_a_picture_may_have_no_size(size: object) -> None:
    image = parsed(images=[{"url": "https://i.example", "width": size, "height": size}]).image

    assert image == Image(url="https://i.example", width=None, height=None)


def test_related_entries_have_no_topics_heat_or_flags_of_the_seed() -> None:
    seed = parse_seed(structure(related=[mention(heat=5, published=True, quality=9)], topics=["AI"], heat=7), "seed.md")

    (related,) = seed.related
    assert (related.heat, related.is_published, related.topics, related.quality) == (None, None, (), 9)


# What is not read


def test_the_ciphertext_is_in_nothing_that_comes_of_a_seed() -> None:
    seed = parse_seed(structure(secured=CANARY, related=[mention(secured=CANARY)], x=CANARY), "seed.md")

    assert CANARY not in repr(seed)
    assert "secured" not in repr(seed)


@pytest.mark.parametrize("secret", [CANARY, None, [CANARY], {CANARY: CANARY}, 5])
def test_a_ciphertext_of_any_shape_is_passed_over(secret: object) -> None:
    assert parsed(secured=secret) == parsed()


def test_unknown_keys_change_nothing() -> None:
    assert parsed(layout="post", tags=[["x"]], Title="y") == parsed()


def test_a_comment_that_cuts_a_text_is_warned_of_at_its_key() -> None:
    text = "title: C # language\nexcerpt: F#\nquality: 5 # good\nname: 'x' # quoted\ncategory: a # b\n"

    warnings = find_warnings(read_yaml(text, first_line=2), "seed.md")

    assert [(warning.where, warning.code) for warning in warnings] == [
        (Location("seed.md", 2, 1), "comment"),
        (Location("seed.md", 6, 1), "comment"),
    ]


# Any structure

leaves = st.none() | st.text(max_size=8)
values = st.recursive(
    leaves | st.sampled_from(["https://a.example/x", "2021-12-09", "5", "-1", "true", "&#27;", "https://[::1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(KNOWN_KEYS)), inner, max_size=4),
    max_leaves=8,
)


def fields_of(value: Any) -> Field:
    if isinstance(value, dict):
        return Field({key: fields_of(member) for key, member in value.items()}, 3, 4)
    return Field([fields_of(item) for item in value] if isinstance(value, list) else value, 3, 4)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN_KEYS)), values))
def test_any_structure_is_a_seed_or_refused_with_its_place(keys: dict[str, Any]) -> None:
    base = {"title": "x", "webUrl": "https://a.example", "provider": {"name": "y"}}

    try:
        seed = parse_seed(fields_of(base | keys), "seed.md")
    except SeedError as exc:
        found: Seed | Location = exc.where
    else:
        found = seed

    assert isinstance(found, Seed) or found == Location("seed.md", 3, 4)
