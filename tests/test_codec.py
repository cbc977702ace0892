"""Whoosh over our arrays answers as Whoosh does over its own files."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from factories import article
from hypothesis import given, settings
from hypothesis import strategies as st

from search import ranking
from search.analysis import terms
from search.articles import Article, Image
from search.catalog import fingerprint
from search.engines.whoosh.arrays import Arrays, write_arrays
from search.engines.whoosh.attributes import attribute_arrays
from search.engines.whoosh.codec import ArrayCodec, ArraySegment, open_reader, write_toc
from search.engines.whoosh.codec_writing import UnwritableError
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.grouping import BLOCK
from search.engines.whoosh.inversion import invert
from search.engines.whoosh.schema import make_schema, stored_values

with warnings.catch_warnings():
    # Whoosh has escapes that newer Pythons warn of when they compile it.
    warnings.simplefilter("ignore")
    from whoosh import fields, query
    from whoosh.filedb.filestore import FileStorage, RamStorage
    from whoosh.index import TOC, open_dir
    from whoosh.matching import ReadTooFar
    from whoosh.qparser import QueryParser
    from whoosh.query import spans
    from whoosh.reading import TermNotFound
    from whoosh.searching import Searcher

#: Several forms of a stem, prefixes of one another, accents, numbers, other scripts.
WORDS = (
    "rate rates rated rating Rates rise rises rising raise ai data Data-science science the of café cafe e-mail "
    "C++ U.S. 10,000 2021 x Zürich straße 北京市 北京 東 Ａ election elections elected"
).split()
TERMS = [*sorted({term for word in WORDS for term in terms(word)}), "absent", "ratе", "zz"]
WHOOSH_FAILS = [(-1, 0.0)]
#: What Whoosh can make of the value of a posting.
VALUES = ("positions", "frequency", "weight", "position_boosts")
#: Terms of a field: as many as Whoosh itself counts exactly.
MAX_LENGTH = 10


def texts(most: int = 6) -> st.SearchStrategy[str]:
    """Make texts of few enough terms."""
    listed = st.lists(st.sampled_from(WORDS), max_size=most).map(" ".join)
    return listed.filter(lambda text: len(terms(text)) <= MAX_LENGTH)


def articles(least: int = 1, most: int = 9) -> st.SearchStrategy[list[Article]]:
    """Make articles with ids of their own."""
    topics = st.lists(texts(2).filter(bool), max_size=3).map(tuple)
    made = st.builds(
        article,
        texts(),
        excerpt=texts(),
        provider=st.sampled_from(["Example News", "Rates", "北京 Daily"]),
        topics=topics,
        quality=st.none() | st.integers(0, 100),
        published=st.none() | st.sampled_from(["2021-12-09T07:49:00Z", "2020-01-01"]),
        is_published=st.none() | st.booleans(),
        image=st.none() | st.just(Image(url="https://news.example/i.png", width=1, height=None)),
    )
    return st.lists(made, min_size=least, max_size=most).map(numbered)


def numbered(plain: Sequence[Article]) -> list[Article]:
    """Give each article a URL of its own."""
    return [
        article(
            one.title,
            url=f"https://news.example/{number}",
            provider=one.provider.name,
            published=one.published_at.isoformat() if one.published_at else None,
            **{name: getattr(one, name) for name in ("excerpt", "topics", "quality", "is_published", "image")},
        )
        for number, one in enumerate(plain)
    ]


def queries() -> st.SearchStrategy[query.Query]:
    """Make any of Whoosh's queries."""
    field, term = st.sampled_from(ranking.FIELDS), st.sampled_from(TERMS)
    pattern = st.tuples(st.sampled_from(["", "*", "?"]), term, st.sampled_from(["*", "?", "?*"]))
    words = st.lists(term, min_size=1, max_size=3)
    fuzzy = st.builds(fuzzy_term, field, term, st.integers(1, 2), st.integers(0, 2))
    near = st.builds(
        lambda field, pair, slop, ordered: spans.SpanNear(
            *[query.Term(field, word) for word in pair], slop=slop, ordered=ordered
        ),
        field,
        st.tuples(term, term),
        st.integers(1, 4),
        st.booleans(),
    )
    leaves = st.one_of(
        st.builds(query.Term, field, term),
        st.builds(query.Phrase, field, words, slop=st.integers(1, 4)),
        st.builds(lambda field, term, size: query.Prefix(field, term[:size]), field, term, st.integers(1, 3)),
        st.builds(lambda field, parts: query.Wildcard(field, "".join(parts)), field, pattern),
        fuzzy,
        near,
        st.builds(lambda field, term: spans.SpanFirst(query.Term(field, term)), field, term),
        st.builds(query.TermRange, field, term | st.none(), term | st.none(), st.booleans(), st.booleans()),
        st.builds(query.Every, st.none() | field),
    )
    return st.recursive(leaves, trees, max_leaves=5)


def fuzzy_term(field: str, term: str, most: int, prefix: int) -> query.Query:
    """Whoosh fails where the prefix is longer than the term."""
    return query.FuzzyTerm(field, term, maxdist=most, prefixlength=min(prefix, len(term)))


def trees(inner: st.SearchStrategy[query.Query]) -> st.SearchStrategy[query.Query]:
    """Combine queries."""
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        several.map(query.And),
        several.map(query.Or),
        several.map(query.DisjunctionMax),
        inner.map(query.Not),
        inner.map(lambda one: query.ConstantScoreQuery(one, 2.0)),
        st.builds(query.AndNot, inner, inner),
        st.builds(query.AndMaybe, inner, inner),
        st.builds(query.Require, inner, inner),
    )


def bulk(own: Sequence[Article]) -> dict[str, Any]:
    """Return the arrays that a reindex writes of articles."""
    prints = {one.id: fingerprint(one) for one in own}
    return {**invert(own, Dictionary()), **attribute_arrays(own, prints)}


def cut(own: Sequence[Article], sizes: Sequence[int]) -> list[list[Article]]:
    """Cut articles into segments."""
    rest = iter(own)
    parts = [list(islice(rest, size)) for size in sizes]
    return [part for part in [*parts, list(rest)] if part]


def write_bulk(folder: Path, parts: Sequence[Sequence[Article]], deleted: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Write segments as a reindex does; *deleted* counts through all of them."""
    segments, first = [], 0
    for number, part in enumerate(parts):
        name = f"part{number}.arrays"
        write_arrays(folder / name, bulk(part))
        segments.append((name, [at - first for at in deleted if first <= at < first + len(part)]))
        first += len(part)
    return segments


def stock_reader(parts: Sequence[Sequence[Article]], deleted: Sequence[int]) -> Any:
    """Return Whoosh's reader of the same articles, as Whoosh keeps them by itself."""
    # Whoosh's memory spills into a folder of the index's name, which other processes must not share.
    index = RamStorage().create_index(make_schema(), indexname=f"stock{os.getpid()}")
    for part in parts:
        add(index.writer(), part, merge=False)
    writer = index.writer()
    for number in deleted:
        writer.delete_document(number)
    writer.commit(merge=False)
    return index.reader()


def add(writer: Any, own: Sequence[Article], **options: Any) -> None:
    """Add articles, and commit."""
    for one in own:
        writer.add_document(**stored_values(one))
    writer.commit(**options)


@contextmanager
def both(parts: Sequence[Sequence[Article]], deleted: Sequence[int] = ()) -> Iterator[tuple[Any, Any]]:
    """Open a reader of ours and Whoosh's own, of the same articles."""
    with TemporaryDirectory() as folder:
        yield open_reader(Path(folder), write_bulk(Path(folder), parts, deleted)), stock_reader(parts, deleted)


def scores(searcher: Any, wanted: query.Query, limit: int | None = None) -> list[tuple[int, float]]:
    """Return what Whoosh answers: articles in their order, and their scores."""
    try:
        return [(hit.docnum, hit.score) for hit in searcher.search(wanted, limit=limit)]
    except (NotImplementedError, IndexError):
        # Whoosh cannot do some of its queries within others.
        return WHOOSH_FAILS


def matches(searcher: Any, wanted: query.Query) -> list[tuple[int, list[tuple[int, int]]]]:
    """Return where a query matches."""
    matcher, found = wanted.matcher(searcher, searcher.boolean_context()), []
    while matcher.is_active():
        found.append((matcher.id(), [(span.start, span.end) for span in matcher.spans()]))
        matcher.next()
    return found


def postings(reader: Any, field: str, term: bytes) -> list[tuple[Any, ...]]:
    """Return everything that Whoosh reads of a term's postings."""
    matcher, found = reader.postings(field, term), []
    types = [name for name in VALUES if reader.schema[field].supports(name)]
    while matcher.is_active():
        values = [matcher.value_as(name) for name in types]
        # Whoosh's own gives None, or nothing, where a format has no values.
        found.append((matcher.id(), matcher.weight(), matcher.value() or b"", types, values))
        matcher.next()
    return found


def infos(reader: Any, field: str, term: bytes) -> tuple[Any, ...]:
    """Return what Whoosh knows of a term."""
    info = reader.term_info(field, term)
    lengths = info.min_length(), info.max_length()
    ids = info.min_id(), info.max_id()
    return info.weight(), info.doc_frequency(), info.max_weight(), lengths, ids


def described(reader: Any) -> dict[str, Any]:
    """Return everything that a reader says, but for the postings."""
    listed = list(reader.all_terms())
    docs = list(reader.all_doc_ids())
    return {
        "terms": listed,
        "infos": [infos(reader, *term) for term in listed],
        "frequencies": [(reader.frequency(*term), reader.doc_frequency(*term)) for term in listed],
        "names": sorted(reader.indexed_field_names()),
        "lexicon": {name: list(reader.lexicon(name)) for name in ranking.FIELDS},
        "prefix": [list(reader.expand_prefix(name, "ra")) for name in ranking.FIELDS],
        # Beyond the field Whoosh's own goes on to the next ones only where the field has a term at all.
        "from": [[term for term, _ in reader.iter_from(name, "e") if term[0] == name] for name in ranking.FIELDS],
        "docs": docs,
        "walked": [(term, info.doc_frequency()) for term, info in reader] if reader.is_atomic() else None,
        "counts": (reader.doc_count(), reader.doc_count_all(), reader.has_deletions()),
        "deleted": [reader.is_deleted(number) for number in range(reader.doc_count_all())],
        "stored": [reader.stored_fields(number) for number in docs],
        "all stored": list(reader.all_stored_fields()),
        "lengths": [[reader.doc_field_length(number, name) or 0 for name in ranking.FIELDS] for number in docs],
        "totals": [reader.field_length(name) for name in ranking.FIELDS],
    }


@settings(max_examples=150)
@given(own=articles(), sizes=st.lists(st.integers(1, 4), max_size=2), data=st.data())
def test_queries_are_answered_as_by_whooshs_own_codec(
    own: list[Article], sizes: list[int], data: st.DataObject
) -> None:
    """Thousands of queries of every kind: the same articles in the same order with the same scores."""
    deleted = data.draw(st.lists(st.integers(0, len(own) - 1), max_size=3, unique=True))
    wanted = data.draw(st.lists(queries(), min_size=10, max_size=30))

    with both(cut(own, sizes), deleted) as (ours, stock):
        for one in wanted:
            for limit in (None, 2):
                expected = scores(Searcher(stock), one, limit)
                assert expected == WHOOSH_FAILS or scores(Searcher(ours), one, limit) == expected, one


@given(own=articles(), sizes=st.lists(st.integers(1, 4), max_size=2), data=st.data())
def test_phrases_match_where_they_do_in_whooshs_own_codec(
    own: list[Article], sizes: list[int], data: st.DataObject
) -> None:
    """Spans of phrases, and of what is near: the same positions."""
    field, term = st.sampled_from(ranking.FIELDS), st.sampled_from(TERMS)
    wanted = data.draw(st.lists(st.tuples(field, term, term, st.integers(1, 4)), min_size=20, max_size=30))

    with both(cut(own, sizes)) as (ours, stock):
        for field_, first, second, slop in wanted:
            pair = [query.Term(field_, first), query.Term(field_, second)]
            for one in (pair[0], spans.SpanNear2(pair, slop=slop), spans.SpanOr(pair)):
                assert matches(Searcher(ours), one) == matches(Searcher(stock), one), one


@given(own=articles(), sizes=st.lists(st.integers(1, 4), max_size=2), data=st.data())
def test_the_reader_says_what_whooshs_own_says(own: list[Article], sizes: list[int], data: st.DataObject) -> None:
    """Terms, what is known of them, their postings, lengths, stored fields, deletions."""
    deleted = data.draw(st.lists(st.integers(0, len(own) - 1), max_size=3, unique=True))

    with both(cut(own, sizes), deleted) as (ours, stock):
        said = described(stock)
        assert described(ours) == said
        for term in said["terms"]:
            assert postings(ours, *term) == postings(stock, *term)


@given(own=articles(), data=st.data())
def test_fuzzy_terms_are_those_of_whoosh(own: list[Article], data: st.DataObject) -> None:
    """By the automaton that skips through the terms of a field."""
    wanted = data.draw(st.lists(st.sampled_from(TERMS) | st.text(max_size=5), min_size=5))

    with both([own]) as (ours, stock):
        for name in ranking.FIELDS:
            for text in wanted:
                assert list(ours.terms_within(name, text, 2)) == list(stock.terms_within(name, text, 2))


def test_common_words_of_many_articles_have_the_postings_of_whoosh() -> None:
    """Forms that are rare among many postings of their stem, and postings over many blocks."""
    chance = random.Random(7)  # noqa: S311 - no secret
    common = ["rates", "rise", "the"]
    rare = ["rated", "rating", "rate", "risings", "elections"]
    drawn = [
        " ".join([*chance.choices(common, k=6), *chance.choices(rare, k=chance.random() < 0.03)])
        for _ in range(8 * BLOCK)
    ]
    own = numbered([article(text, excerpt=text, topics=(text,)) for text in drawn])

    with both([own[:400], own[400:]], range(0, len(own), 7)) as (ours, stock):
        found = list(stock.all_terms())
        assert list(ours.all_terms()) == found
        for field, term in found:
            if field in ranking.FIELDS:
                assert postings(ours, field, term) == postings(stock, field, term)
                assert infos(ours, field, term) == infos(stock, field, term)


def test_spans_that_exclude_others_are_those_of_whoosh() -> None:
    """Whoosh asks the other matcher for its article past its end."""
    own = numbered([article(text) for text in ("a rate", "rate rise", "rise", "rate a rise rate", "rate", "rate")])
    wanted = spans.SpanNot(query.Term("title", "rate"), spans.SpanNear(*map(term_of_title, ("rate", "rise"))))

    with both([own]) as (ours, stock):
        for one in (wanted, spans.SpanNot(query.Term("title", "rate"), query.Term("title", "rise"))):
            assert matches(Searcher(ours), one) == matches(Searcher(stock), one)
            assert matches(Searcher(ours), one)


def term_of_title(term: str) -> query.Query:
    return query.Term("title", term)


def test_lengths_are_exact_where_whoosh_keeps_a_byte(tmp_path: Path) -> None:
    long = article("Long", excerpt=" ".join(["word"] * 1001))
    reader = open_reader(tmp_path, write_bulk(tmp_path, [[long]], ()))

    assert reader.doc_field_length(0, "excerpt") == 1001
    assert reader.term_info("excerpt", "word").max_length() == 1001
    assert reader.min_field_length("excerpt") == reader.max_field_length("excerpt") == reader.field_length("excerpt")
    assert reader.max_field_length("id") == 0
    assert reader.doc_field_length(0, "id", 7) == 7
    assert reader.doc_field_length(0, "topics", 7) == 7


def test_a_matcher_goes_where_whoosh_wants_it(tmp_path: Path) -> None:
    own = numbered([article("rate" if number % 3 else "other") for number in range(30)])
    reader = open_reader(tmp_path, write_bulk(tmp_path, [own], ()))
    ids = [number for number in range(30) if number % 3]
    matcher = reader.postings("title", "rate")

    assert list(matcher.all_ids()) == ids
    assert list(matcher.copy().items_as("positions")) == [(number, [0]) for number in ids]
    assert matcher.term() == ("title", b"rate")
    assert [matcher.block_min_id(), matcher.block_max_id()] == [ids[0], ids[-1]]
    assert [matcher.block_min_length(), matcher.block_max_length(), matcher.block_max_weight()] == [1, 1, 1.0]
    for target in (0, 12, 13, 13, 28):
        matcher.skip_to(target)
        assert matcher.id() == ids[bisect_left(ids, max(target, 1))]
    twin = matcher.copy()
    assert not matcher.next()
    assert (twin.id(), matcher.id()) == (28, 29)
    assert matcher.next()
    for forbidden in (matcher.next, lambda: matcher.skip_to(3)):
        with pytest.raises(ReadTooFar):
            forbidden()
    assert matcher.skip_to_quality(0.0) == 0
    matcher.reset()
    assert matcher.id() == 1


def test_a_matcher_that_cannot_score_enough_is_passed_over(tmp_path: Path) -> None:
    own = numbered([article("rate"), article("rate other"), article("other")])
    searcher = Searcher(open_reader(tmp_path, write_bulk(tmp_path, [own], ())))
    scored = query.Term("title", "rate").matcher(searcher)

    assert not searcher.reader().postings("title", "rate").supports_block_quality()
    assert scored.supports_block_quality()
    assert scored.max_quality() >= scored.score() > 0
    assert scored.skip_to_quality(0.0) == 0
    assert scored.skip_to_quality(scored.max_quality()) == 1
    assert not scored.is_active()


def test_a_cursor_walks_the_terms_of_a_field(tmp_path: Path) -> None:
    own = numbered([article("beta alpha gamma", excerpt="other")])
    cursor = open_reader(tmp_path, write_bulk(tmp_path, [own], ())).cursor("title")

    assert [cursor.text(), cursor.next(), cursor.next(), cursor.next(), cursor.text()] == [
        "alpha",
        "beta",
        "gamma",
        None,
        None,
    ]
    assert not cursor.is_valid()
    assert cursor.term_info() is None
    assert cursor.first() == cursor.term() == "alpha"
    assert cursor.find("b") == cursor.find(b"beta") == "beta"
    assert cursor.term_info().doc_frequency() == 1


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    reader = open_reader(tmp_path, write_bulk(tmp_path, [[article("here")]], ()))

    for field, term in (("title", "absent"), ("excerpt", "here"), ("id", "here"), ("id", "0" * 16), ("no", "here")):
        assert (field, term) not in reader
        with pytest.raises(TermNotFound):
            reader.postings(field, term)
        with pytest.raises(TermNotFound):
            reader.term_info(field, term)
    assert reader.frequency("title", "absent") == reader.doc_frequency("excerpt", "here") == 0


def test_an_article_is_found_by_its_id(tmp_path: Path) -> None:
    own = numbered([article("One"), article("Two", category="news", type="video", heat=7), article("Three")])
    searcher = Searcher(open_reader(tmp_path, write_bulk(tmp_path, cut(own, [1]), [2])))

    assert searcher.document(id=own[1].id) == stored_values(own[1])
    assert searcher.document_number(id=own[0].id) == 0
    assert searcher.document(id=own[2].id) is None


def test_results_are_highlighted(tmp_path: Path) -> None:
    """The topics' text has several lines, whose terms stand where the text has them."""
    own = [article("The U.S. rates", topics=("Fast Café", "AI rates"))]
    searcher = Searcher(open_reader(tmp_path, write_bulk(tmp_path, [own], ())))
    wanted = QueryParser("topics", searcher.schema).parse("cafe rates title:us")

    (hit,) = searcher.search(wanted)

    plain = {name: re.sub(' class="match term[0-9]"', "", hit.highlights(name)) for name in ("topics", "title")}
    assert plain == {"topics": "Fast <b>Café</b>\nAI <b>rates</b>", "title": "The <b>U.S.</b> rates"}


@pytest.mark.parametrize("sizes", [[], [2]])
def test_results_are_sorted_by_columns(tmp_path: Path, sizes: list[int]) -> None:
    """The undated come before all dates, the unknown before all numbers."""
    dates, qualities = ["2021-01-01", None, "2022-01-01", "2020-01-01"], [5, 9, None, 7]
    own = numbered([article("x", published=day, quality=number) for day, number in zip(dates, qualities, strict=True)])
    reader = open_reader(tmp_path, write_bulk(tmp_path, cut(own, sizes), ()))

    def order(field: str, *, reverse: bool = False) -> list[int]:
        return [hit.docnum for hit in Searcher(reader).search(query.Every(), sortedby=field, reverse=reverse)]

    assert order("published_at") == [1, 3, 0, 2]
    assert order("published_at", reverse=True) == [2, 0, 3, 1]
    assert order("quality") == [2, 0, 3, 1]
    assert list(reader.column_reader("published_at")) == [one.published_at for one in own]
    assert not reader.has_column("title")


def test_a_sort_by_a_column_may_be_turned_round(tmp_path: Path) -> None:
    own = numbered([article("x", quality=number) for number in (5, 9, 7)])
    reader = open_reader(tmp_path, write_bulk(tmp_path, [own], ()))
    column = reader.column_reader("quality", reverse=True)

    assert sorted(range(len(column)), key=column.sort_key) == [1, 2, 0]
    assert list(column) == [column[number] for number in range(3)] == [5, 9, 7]


def test_no_segments_are_an_empty_reader(tmp_path: Path) -> None:
    reader = open_reader(tmp_path, [])

    assert scores(Searcher(reader), query.Every()) == []


def test_threads_with_a_searcher_each_agree_with_one(tmp_path: Path) -> None:
    """Whoosh's own matchers share one cursor; ours share arrays, which have none."""
    chance = random.Random(3)  # noqa: S311 - no secret
    own = numbered([article(" ".join(chance.choices(WORDS, k=5)), excerpt="the rates") for _ in range(300)])
    segments = write_bulk(tmp_path, cut(own, [200]), [5, 250])
    wanted = [
        query.Or([query.Term("title", first), query.Phrase("title", [first, second], slop=2)])
        for first, second in (chance.choices(TERMS, k=2) for _ in range(60))
    ]
    expected = [scores(Searcher(open_reader(tmp_path, segments)), one) for one in wanted]
    reader = open_reader(tmp_path, segments)

    with switching_often(), ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: [scores(Searcher(reader), one) for one in wanted], range(6)))

    assert any(expected)
    assert all(answer == expected for answer in answers)


@contextmanager
def switching_often() -> Iterator[None]:
    """Have threads interrupt one another all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def test_whoosh_opens_a_folder_by_its_table_of_contents(tmp_path: Path) -> None:
    own = numbered([article("Rates rise"), article("Rates fall"), article("Other rates")])
    segments = write_bulk(tmp_path, cut(own, [2]), [1])
    write_toc(tmp_path, [])
    write_toc(tmp_path, segments)

    index = open_dir(str(tmp_path))

    assert (index.doc_count(), index.doc_count_all()) == (2, 3)
    with index.searcher() as searcher:
        assert [hit["title"] for hit in searcher.search(query.Term("title", "rates"))] == ["Rates rise", "Other rates"]


def test_another_process_needs_nothing_but_whoosh_to_open_it(tmp_path: Path) -> None:
    write_toc(tmp_path, write_bulk(tmp_path, [[article("Rates rise")]], ()))
    code = "import sys, whoosh.index; print(whoosh.index.open_dir(sys.argv[1]).reader().doc_frequency('title', 'rise'))"
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=True, capture_output=True, text=True)

    assert done.stdout == "1\n"


class Bomb:
    """Makes a folder as soon as it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        """Say what to call instead of making one anew."""
        return os.mkdir, (str(self._folder),)


def test_our_own_way_in_reads_no_pickle(tmp_path: Path) -> None:
    """A crafted table of contents runs a command as soon as Whoosh looks at it; ours does not look."""
    segments = write_bulk(tmp_path, [[article("Rates rise")]], ())
    exploded = tmp_path / "exploded"
    TOC(make_schema(), [Bomb(exploded)], 1).write(FileStorage(str(tmp_path)), "MAIN")

    assert open_reader(tmp_path, segments).doc_count() == 1
    assert not exploded.exists()
    open_dir(str(tmp_path))
    assert exploded.exists()


@given(own=articles(), sizes=st.lists(st.integers(1, 4), max_size=2), data=st.data())
def test_whooshs_writer_writes_what_a_reindex_does(own: list[Article], sizes: list[int], data: st.DataObject) -> None:
    """Array by array: first each commit's segment, then the one that Whoosh merges of what is not deleted."""
    parts = cut(own, sizes)
    deleted = data.draw(st.sets(st.integers(0, len(own) - 1), max_size=len(own) - 1))
    with array_index() as (index, folder):
        for part in parts:
            add(index.writer(codec=ArrayCodec()), part, merge=False)
        for part, file in zip(parts, files_of(index), strict=True):
            assert_same_arrays(Arrays(folder / file), bulk(part))

        writer = index.writer(codec=ArrayCodec())
        for number in deleted:
            assert writer.delete_by_term("id", own[number].id) == 1
        writer.commit(optimize=True)

        (file,) = files_of(index)
        assert_same_arrays(Arrays(folder / file), bulk([one for at, one in enumerate(own) if at not in deleted]))
        assert [path.name for path in folder.glob("*.arrays")] == [file]


def test_whoosh_merges_segments_of_its_own_into_ours() -> None:
    own = numbered([article("Rates rise", excerpt="e-mail", topics=("AI", "U.S.")), article("rate"), article("other")])
    with array_index() as (index, folder):
        add(index.writer(), own[:2])
        add(index.writer(codec=ArrayCodec()), own[2:], merge=False)
        assert scores(index.searcher(), query.Every()) == [(0, 1.0), (1, 1.0), (2, 1.0)]

        index.writer(codec=ArrayCodec()).commit(optimize=True)

        assert_same_arrays(Arrays(folder / files_of(index)[0]), bulk(own))


def test_a_document_is_updated() -> None:
    own = numbered([article("First"), article("Second")])
    with array_index() as (index, _):
        add(index.writer(codec=ArrayCodec()), own)
        writer = index.writer(codec=ArrayCodec())
        writer.update_document(**stored_values(own[0]) | {"title": "Third"})
        writer.commit(merge=False)

        with index.searcher() as searcher:
            assert searcher.document(id=own[0].id)["title"] == "Third"
            assert searcher.doc_count() == 2
            assert scores(searcher, query.Term("title", "first")) == []


def test_a_segment_may_lose_all_its_articles() -> None:
    own = [article("Gone")]
    with array_index() as (index, _):
        add(index.writer(codec=ArrayCodec()), own)
        writer = index.writer(codec=ArrayCodec())
        writer.delete_by_term("id", own[0].id)
        writer.commit(optimize=True)

        with index.searcher() as searcher:
            assert scores(searcher, query.Every()) == []
            assert list(searcher.reader().all_terms()) == []


def test_what_is_not_given_has_a_default() -> None:
    with array_index() as (index, _):
        writer = index.writer(codec=ArrayCodec())
        writer.add_document(id="0123456789abcdef", title="Only a title", _stored_title="Another text")
        writer.commit()

        with index.searcher() as searcher:
            expected = {"title": "Another text", "excerpt": "", "provider": "", "topics": "", "url": "", "domain": ""}
            assert searcher.document(title="only") == expected | {"id": "0123456789abcdef"}


def test_a_naive_moment_is_utc() -> None:
    one = article("One")
    assert one.published_at is not None
    with array_index() as (index, folder):
        writer = index.writer(codec=ArrayCodec())
        writer.add_document(**stored_values(one) | {"published_at": one.published_at.replace(tzinfo=None)})
        writer.commit()

        assert_same_arrays(Arrays(folder / files_of(index)[0]), bulk([one]))


def test_a_cancelled_writer_leaves_nothing() -> None:
    with array_index() as (index, folder):
        writer = index.writer(codec=ArrayCodec())
        writer.add_document(**stored_values(article("Never")))
        writer.cancel()

        assert index.doc_count() == 0
        assert not list(folder.glob("*.arrays"))


@pytest.mark.parametrize(
    ("given_", "fault"),
    [
        ({"id": "no hexadecimal"}, "is no id of an article"),
        ({"id": None}, "None is no id"),
        ({"title": "two\nlines"}, "'title' do not follow one another"),
        ({"_title_boost": 2.0}, "has a boost"),
    ],
)
def test_what_arrays_cannot_hold_is_refused(given_: dict[str, Any], fault: str) -> None:
    """At the document, or at the commit, where the postings come; the index is as it was."""
    with array_index() as (index, folder):
        writer = index.writer(codec=ArrayCodec())
        with pytest.raises(UnwritableError, match=fault):
            add(writer, [], merge=bool(writer.add_document(**stored_values(article("One")) | given_)))
        writer.cancel()

        assert index.doc_count() == 0
        assert not list(folder.glob("*.arrays"))


def test_after_a_refused_document_no_other_is_taken() -> None:
    """Whoosh has its words already, and would give them to the next one."""
    with array_index() as (index, _):
        writer = index.writer(codec=ArrayCodec())
        with pytest.raises(UnwritableError):
            writer.add_document(id="none", title="Refused")
        with pytest.raises(UnwritableError, match="the document before this one was refused"):
            writer.add_document(**stored_values(article("One")))
        writer.cancel()


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"more": fields.TEXT}, "segments have no field 'more'"),
        ({"more": fields.STORED}, "segments have no field 'more'"),
        ({"title": fields.TEXT(phrase=False)}, "'title'.*without positions"),
        ({"title": fields.TEXT(vector=True)}, "'title' has vectors"),
    ],
)
def test_other_schemas_are_refused(changed: dict[str, Any], fault: str) -> None:
    schema = fields.Schema(id=fields.ID(stored=True), **{"title": fields.TEXT(stored=True)} | changed)
    with array_index(schema) as (index, _):
        writer = index.writer(codec=ArrayCodec())
        document = dict.fromkeys(schema.names(), "some text") | {"id": "0" * 16}
        with pytest.raises(UnwritableError, match=fault):
            add(writer, [], merge=bool(writer.add_document(**document)))
        writer.cancel()


def test_an_analyzer_with_several_terms_at_one_place_is_refused() -> None:
    """Other schemas may have analyzers of their own, as long as term follows term."""

    def write(analyzer: Callable[..., Any]) -> None:
        schema = fields.Schema(id=fields.ID(stored=True), title=fields.TEXT(analyzer=analyzer, stored=True))
        with array_index(schema) as (index, _):
            writer = index.writer(codec=ArrayCodec())
            writer.add_document(id="0" * 16, title="The Wi-Fi of a rate")
            try:
                writer.commit()
            finally:
                if not writer.is_closed:
                    writer.cancel()

    write(make_schema()["title"].analyzer)
    with pytest.raises(UnwritableError, match="do not follow one another"):
        write(fields.TEXT().analyzer)


def test_memory_is_no_folder() -> None:
    index = RamStorage().create_index(make_schema())

    with pytest.raises(UnwritableError, match="RamStorage has no files"):
        index.writer(codec=ArrayCodec())


def test_several_processes_write_a_segment_each_or_none() -> None:
    own = numbered([article(f"Rates {number}") for number in range(4)])
    with array_index() as (index, _):
        add(index.writer(procs=2, codec=ArrayCodec(), multisegment=True, batchsize=2), own)
        assert index.doc_count() == len(own)

        writer = index.writer(procs=2, codec=ArrayCodec())
        writer.add_document(**stored_values(article("One")))
        with pytest.raises(UnwritableError, match="multisegment=True"):
            writer.commit()


def test_a_segment_forgets_a_deletion_that_is_taken_back() -> None:
    segment = ArraySegment(file="some.arrays", count=3, deleted=[1])

    segment.delete_document(2)
    segment.delete_document(1, delete=False)

    assert list(segment.deleted_docs()) == [2]
    assert segment.is_deleted(2)
    assert (segment.doc_count(), segment.doc_count_all()) == (2, 3)


@contextmanager
def array_index(schema: Any = None) -> Iterator[tuple[Any, Path]]:
    """Make an empty index in a folder."""
    with TemporaryDirectory() as folder:
        yield FileStorage(folder).create().create_index(schema or make_schema()), Path(folder)


def files_of(index: Any) -> list[str]:
    """Return the names of the files of an index's segments."""
    return [reader.segment().file for reader, _ in index.reader().leaf_readers()]


def assert_same_arrays(found: Any, expected: Any) -> None:
    """Hold arrays against others: names, types, shapes and values."""
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert (name, found[name].dtype, found[name].shape) == (name, array.dtype, array.shape)
        assert np.array_equal(found[name], array), name
