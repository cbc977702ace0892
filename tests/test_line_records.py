"""Lines of JSON by the compiled pass: what it answers is what the short way in Python would, and the rest is left."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from conftest import missing
from factories import mention, seed_file
from hypothesis import given
from hypothesis import strategies as st

from search import native
from search.line_records import read_records
from search.packs import Unpacked, pack_records
from search.recorded import NONE
from search.records import Sharing, fingerprint, to_record
from search.seeds import FileContent, SeedReader, SourcedSeed, sourced

FILE = seed_file("lines.jsonl")

pytestmark = pytest.mark.usefixtures("_compiled")


@pytest.fixture(scope="module")
def _compiled() -> None:
    if native.passes is None:
        missing("the passes in C are not compiled")


#: What cleaning changes, what it leaves, and what may only look like something.
words = st.sampled_from(
    [
        "a",
        "AT&T",
        "R&D",
        "&",
        "&amp;",
        "&copy",
        "&copyright",
        "AT&T,",
        "Q&A:",
        '&T"',
        "&a\\",
        "x&yz",
        "&nbsp;",
        "&nbsp",
        "&#160;",
        "&#8203;",
        "&#129;",
        "&#65279;",
        "&#8217;",
        "&#34;",
        "&#92;",
        "&#9;",
        "&#128;",
        "&#1234567;",
        "&#128640;",
        "&quot;",
        "&amp;lt;",
        "&mdash;",
        "&lt",
        "&#39",
        "Wave\u2122",
        "\u20ac5",
        "caf\u00e9",
        "\u65e5\u672c",
        "\U0001f680",
        '"',
        "\\",
        "/",
        "\x7f",
        "\u00a0",
        "\u200b",
        "\u2028",
        "\u202f",
        "\u3000",
        "\ufeff",
        "\x85",
        "\x8d",
        "\b",
        "\n",
        "\t",
        "\r",
        "\f",
        "\x1f",
        "",
        " ",
        "  ",
        "null",
        "'",
        "\u0301",
        "\u0378",
    ]
)
texts = st.lists(words, max_size=4).map(" ".join) | st.lists(words, max_size=3).map("".join)
urls = st.sampled_from(
    [
        *("https://example.org/a", "http://WWW.Example.org/b/", "https://www.example.org", "https://example.org./c//"),
        *("https://example.org/a?utm_source=x&id=1#top", "https://example.org/?fbclid=1", "https://e.org/d?&&a=1&b"),
        *(
            "https://e.org/?UTM_x=1&gclid=2&xclkid=3&mc_cid=4&_ga=5&ref_src",
            "https://e.org/?utm_x-y=1&clid",
            "https://e.org?q",
        ),
        *(
            "https://example.org:443/a",
            "https://ex\u00e4mple.org/",
            "/relative",
            "javascript:alert(1)",
            "",
            " https://a.b/ ",
        ),
        *(
            "https://a.b/c d",
            "https://a.b/\u2019",
            "https://a.b/c d?e f&utm_\u017f=1#\u00e9 ",
            "https://a.b?\u00e9",
            "https://a.b/\u2028\u00a0",
            "https://a.b c/",
            "https://a.b/%20 \u00e9/",
            "https://-a.b/",
            "http://www.",
            "https://www.www.example.org/a",
            "ftp://a.b/",
            "https://a.b#x?y",
        ),
    ]
)
dates = st.sampled_from(
    [
        *("2021-12-09T07:49:00Z", "2020-02-29T23:59:59Z", "2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-12-09"),
        *(
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "2021-12-09T24:00:00Z",
            "2021-12-09T07:49:00+02:00",
            "",
            None,
        ),
        *(
            "1900-02-29T00:00:00Z",
            "2000-02-29T00:00:00Z",
            "2021-12-09T07:60:00Z",
            "\u0662021-12-09T07:49:00Z",
            20211209,
        ),
    ]
)
marks = st.sampled_from([0, 7, 100, -1, 999_999_999, 1_000_000_000, 1.5, "7", "x", None, True, 10**30])
flags = st.sampled_from([True, False, None, "true", "no", "maybe", 1])
#: What is not read, and must be JSON nevertheless.
unread: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats() | st.text(max_size=3) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2) | st.just("a"), inner, max_size=2),
    max_leaves=4,
)
others = st.dictionaries(st.sampled_from(["id", "x", "\u00e9", "a\\b", "Title", ""]), unread, max_size=2)
anything: st.SearchStrategy[Any] = st.sampled_from([None, "", [], {}, 0, "x", [None], [[]], {"a": {}}])
pictures = st.fixed_dictionaries({}, optional={"url": urls, "width": marks, "height": marks, "alt": unread})
providers = st.fixed_dictionaries(
    {}, optional={"name": texts, "domain": texts | st.sampled_from(["WWW.A.org", "www.", "a.org", "A\\b"]), "x": unread}
)
entries = st.fixed_dictionaries(
    {"title": texts | st.just("A title"), "provider": providers | st.just({"name": "Name"}) | anything},
    optional={
        "webUrl": urls,
        "originalUrl": urls | st.just("https://example.org/original"),
        "website": urls | st.none(),
        "ampWebUrl": urls,
        "excerpt": texts | st.none(),
        "publishedDateTime": dates,
        "type": texts | st.none(),
        "category": texts | anything,
        "topics": st.lists(texts | st.none(), max_size=4) | st.lists(st.sampled_from("abcdefghijklmnopqrs")) | anything,
        "quality": marks,
        "heat": marks,
        "published": flags,
        "images": st.lists(pictures | st.none(), max_size=3) | anything,
        "secured": st.just("x") | unread,
        "unknown": unread,
        "name": texts | st.none(),
        "startDateTime": dates,
    },
)
seeds = st.builds(
    lambda own, more, related, removed: own | more | related | removed,
    entries,
    others,
    st.fixed_dictionaries({}, optional={"related": st.lists(entries | st.none(), max_size=3) | anything}),
    st.fixed_dictionaries({}, optional={"removed": flags}),
)
written = st.builds(
    lambda seed, ascii_, space: json.dumps(seed, ensure_ascii=ascii_, separators=space),
    seeds | st.builds(mention, texts.filter(str.strip)),
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "\r: ")]),
)


def read(content: bytes) -> FileContent:
    """Read lines to seeds."""
    found = SeedReader().read_lines(FILE, content, is_start=True)
    assert found.records is not None
    return replace(found, seeds=sourced(found.records, Sharing()), records=None)


def without_passes(content: bytes) -> FileContent:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "passes", None)
        return read(content)


def as_text(content: FileContent) -> str:
    """Write all out, since errors have no equality."""
    return repr((content.seeds, content.problems, content.warnings, sorted(content.unknown_keys.items())))


def assert_same(content: bytes) -> FileContent:
    found = read(content)
    assert as_text(found) == as_text(without_passes(content))
    for seed in found.seeds:
        assert seed.fingerprint == fingerprint(to_record(seed.seed.article))
    return found


@given(st.lists(written | st.sampled_from(["", " ", "{", "null", '{"title": "x", "title": "y"}']), max_size=5))
def test_all_lines_say_what_they_say_without_it(lines: list[str]) -> None:
    content = "\n".join(lines).encode("utf-8", "replace")

    assert_same(content)

    records = read_records(content)
    assert records is not None
    assert len(records.seeds) + len(records.others) <= len(lines)
    (unpacked,) = Unpacked(pack_records(records), Sharing()).lists(NONE)
    assert unpacked == sourced(records, Sharing())


@given(st.lists(written, min_size=1, max_size=3), st.data())
def test_whatever_stands_there_is_read_as_without_it(lines: list[str], data: st.DataObject) -> None:
    content = bytearray("\n".join(lines).encode("utf-8", "replace"))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.binary(max_size=2)
            | st.sampled_from([b'"', b"{", b"]", b"\\", b",", b"\\u12", b"\xe2\x80", b"\n", b":", b"0"])
        )

    assert_same(bytes(content))


@pytest.mark.parametrize("first", [*range(0, 0x10000, 0x1000), *range(0x1F000, 0x21000, 0x1000), 0x2A000])
def test_every_character_is_printed_or_left(first: int) -> None:
    """Whether a character is printed depends on Python's table of Unicode; what is taken for that here must be so."""
    codes = [code for code in range(first, first + 0x1000) if not 0xD800 <= code < 0xE000]
    titles = [f"a{chr(code)}b {chr(code)} c" for code in codes]
    for ensure_ascii in (True, False):
        lines = [json.dumps(mention(excerpt=title), ensure_ascii=ensure_ascii) for title in titles]
        assert_same("\n".join(lines).encode())


@pytest.mark.parametrize("key", ["heat", "published"])
@pytest.mark.parametrize("value", ["tru", '"\\x"', '"\\ud800"', '"\t"', "[}", "[" * 9 + "]" * 9, '{"a": 1, "a": 2}'])
def test_what_does_not_count_of_a_related_article_must_be_right_nevertheless(key: str, value: str) -> None:
    related = json.dumps(mention("Related", **{key: "here"})).replace('"here"', value)

    assert_same(json.dumps(mention(related=["here"])).replace('"here"', related).encode())


def test_most_lines_of_news_are_not_left() -> None:
    """Or nothing would be gained."""
    lines = [
        mention(
            "\u201cWe\u2019re back\u201d \u2013 the CEO", slug="a", excerpt='She said: "no" \\ caf\u00e9 & bar\u2122'
        ),
        mention("R&D at AT&T", webUrl="https://example.org/a?utm_source=rss", related=[mention("One"), mention("Two")]),
        mention(" Blanks  and\nlines ", slug="b", excerpt="Q&amp;A: it&#39;s \U0001f680\u6771\u3002 \u05d0\t"),
        mention("Topics", topics=["AI", "AI", "News"], images=[{"url": "https://a.b/c.png", "width": 3}], quality=-1),
        mention(
            "AT&T, Q&A: R&D\u00a0", slug="c", excerpt="Now\u202fgenerally&nbsp;available", id=7, tags=["a", {"b": None}]
        ),
        mention("Secured", slug="d", secured="c2VjcmV0;c2VjcmV0", webUrl="https://e.org/PR Newswire/caf\u00e9"),
        mention(
            "Pictures",
            slug="e",
            provider={"name": "Name", "images": [{"url": "https://a.b/c.png", "width": 5, "x": 0.5}]},
            images=[{"url": "https://a.b/d.png ", "isCached": True, "title": "Two\nlines"}],
        ),
        mention("Nothing", related=[], removed=False, heat=None, images=None, publishedDateTime=None, type=None),
    ]
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()

    records = read_records(content)

    assert records is not None
    assert not len(records.others)
    assert b"c2VjcmV0" not in records.recorded.written()
    found = assert_same(content)
    assert len(found.seeds) == len(lines)
    assert found.unknown_keys == {"id": 1, "tags": 1}


@pytest.mark.parametrize(
    "value", ['"\\ud800"', "01", "1e5", "NaN", '{"a": 1, "a": 2}', "[[[1]]]", '"\t"', "tru", '"\xff"']
)
def test_what_is_not_read_must_be_json_nevertheless(value: str) -> None:
    line = json.dumps(mention(unread="here", provider={"name": "Name", "unread": "here"}))

    for content in (line.replace('"here"', value), line.replace('"here"', value, 1)):
        assert_same(content.encode("latin-1"))


def test_what_many_lines_are_related_to_is_there_once_and_nothing_of_lines_that_are_left() -> None:
    related = [mention(f"Related {number}") for number in range(30)]
    unusual = [
        mention("Unusual", webUrl="https://example.org/&\u200b"),
        mention("Usual", webUrl="https://example.org/usual"),
    ]
    lines = [mention(f"Line {number}", related=[*related, unusual[number % 2]]) for number in range(4000)]
    content = "\n".join(map(json.dumps, lines)).encode()

    records = read_records(content)

    assert records is not None
    assert (len(records.seeds), len(records.others)) == (2000, 2000)
    assert len(records.recorded) == 2000 + 30 + 1
    assert all(len(places) == 31 for _, _, places, _ in records.places())


def test_a_line_too_long_is_left() -> None:
    records = read_records(json.dumps(mention(excerpt="x" * (1 << 20))).encode())

    assert records is not None
    assert (len(records.recorded), len(records.others)) == (0, 1)


def test_seeds_are_in_the_order_of_their_lines() -> None:
    lines = [mention("One"), mention("Two", unknown=1), mention("Three")]
    content = ("\n\n".join(map(json.dumps, lines)) + "\n").encode()

    found: list[SourcedSeed] = read(content).seeds

    assert [(one.line, one.seed.article.title) for one in found] == [(1, "One"), (3, "Two"), (5, "Three")]
