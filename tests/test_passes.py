"""The passes in C: they do what NumPy does, and whatever a file of the index holds, they stay within its arrays."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import orjson
import pytest
from conftest import missing
from factories import article
from hypothesis import given, settings
from hypothesis import strategies as st

import search
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.part import Scores
from search.engines.whoosh.priors import ceilings_of
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.sums import add_up
from search.records import to_records

ROOT = Path(__file__).parents[1]
SIZE = 200
#: What may stand in a damaged file: mostly what could be a place, and some of what never is.
numbers = st.integers(0, 12) | st.integers(0, 40) | st.sampled_from([255, 2**16 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1])


@st.composite
def arrays(draw: st.DrawFn, widths: Sequence[int] = (1, 2, 4, 8), *, least: int = 0) -> Array:
    """Draw unsigned integers of any width."""
    width = draw(st.sampled_from(widths))
    found = draw(st.lists(numbers, min_size=least, max_size=40))
    return np.array([number % 2 ** (8 * width) for number in found], f"u{width}")


wide = arrays([8]).map(lambda array: array.view(np.intp))
scores = st.lists(st.floats(0, 4), max_size=40).map(lambda found: np.array(found, np.float64))
lists = st.lists(
    st.lists(st.tuples(st.integers(0, SIZE - 1), st.floats(0.01, 4)), max_size=60).map(
        lambda pairs: (np.array([doc for doc, _ in pairs], np.intp), np.array([score for _, score in pairs]))
    ),
    max_size=5,
)
tables = st.lists(st.tuples(st.integers(0, 50), st.floats(0.01, 4)), max_size=3)


@pytest.fixture(scope="module")
def compiled() -> ModuleType:
    """Return the passes; skip the test where there are none."""
    try:
        return importlib.import_module("search._passes")
    except ImportError:
        missing("the passes in C are not compiled")
        raise


@pytest.mark.usefixtures("passes")
@given(lists, tables)
def test_sums_are_those_of_a_loop(listed: list[tuple[Docs, Scores]], drawn: list[tuple[int, float]]) -> None:
    tabled = [((np.arange(SIZE) % (step + 2)).astype(np.float64), times) for step, times in drawn]
    expected = dict.fromkeys(range(SIZE), 0.0)
    for table, times in tabled:
        for doc, score in enumerate(table.tolist()):
            expected[doc] += times * score
    for docs, own in listed:
        for doc, score in zip(docs.tolist(), own.tolist(), strict=True):
            expected[doc] += score

    docs, sums = add_up(listed, SIZE, tabled)

    assert docs.tolist() == [doc for doc, score in expected.items() if score]
    assert sums.tolist() == pytest.approx([score for score in expected.values() if score])


@given(wide, arrays(), arrays(), st.integers(-3, 40), st.integers(0, 80))
def test_counting_stays_within_its_arrays(
    compiled: ModuleType, docs: Docs, codes: Array, others: Array, first: int, size: int
) -> None:
    unharmed(compiled.tally, docs, codes, others, np.zeros(size, np.intp), first)
    unharmed(compiled.spread, docs, codes, None, np.zeros(size, np.intp))
    unharmed(compiled.spread, docs, codes, others, np.zeros(size, np.intp))


def test_numbers_of_no_usual_width_are_refused(compiled: ModuleType) -> None:
    docs, codes = np.arange(3), np.zeros(3, "S3")

    with pytest.raises(TypeError, match="one, two, four or eight bytes"):
        compiled.tally(docs, codes, codes, np.zeros(3, np.intp), 0)


@given(wide, scores | st.none(), scores | st.none(), arrays() | st.none(), arrays() | st.none(), st.integers(0, 60))
def test_ranking_stays_within_its_arrays(  # noqa: PLR0913, PLR0917 - as many as the pass takes
    compiled: ModuleType,
    docs: Docs,
    own: Scores | None,
    prior: Scores | None,
    ties: Array | None,
    copies: Array | None,
    size: int,
) -> None:
    unharmed(compiled.rank, docs, own, prior, ties, copies, 1e9, np.zeros(size, np.intp))
    unharmed(compiled.rank, docs, np.ones(len(docs)), prior, ties, copies, 1e9, np.zeros(size, np.intp))


facets = st.lists(
    st.tuples(st.binary(max_size=3), wide, arrays() | st.none(), arrays() | st.none(), st.lists(st.binary(max_size=3))),
    max_size=3,
)


@given(facets, st.integers(-1, 40))
def test_writing_facets_stays_within_its_arrays(compiled: ModuleType, counted: list[Any], most: int) -> None:
    unharmed(compiled.write_facets, counted, most)
    unharmed(compiled.list_facets, [(*parts[1:4], len(parts[4])) for parts in counted], most)


@given(wide, scores | st.none(), arrays() | st.none(), arrays(), *[st.integers(0, 70)] * 4)
def test_listing_stays_within_its_arrays(  # noqa: PLR0913, PLR0917 - as the pass has them
    compiled: ModuleType,
    docs: Docs,
    prior: Scores | None,
    copies: Array | None,
    codes: Array,
    count: int,
    most: int,
    top: int,
    wanted: int,
) -> None:
    shares = codes, most, top, wanted
    bounds = (codes.astype(np.uint8), 0.1), codes.astype(np.uint8)
    unharmed(compiled.list_best, docs, np.ones(len(docs)), prior, None, copies, 1e9, count, *shares, *bounds)
    unharmed(compiled.list_best, docs, None, prior, None, copies, 1e9, min(count, len(docs)), *shares, None, None)


@given(
    st.lists(st.tuples(st.floats(0, 4), st.floats(0, 4), st.integers(0, 3)), max_size=200),
    st.integers(0, 30),
)
def test_what_is_left_out_by_ceilings_is_not_among_the_best(
    compiled: ModuleType, matches: list[tuple[float, float, int]], count: int
) -> None:
    prior, own, groups = (np.array([match[at] for match in matches]) for at in range(3))
    docs, copies, codes = np.arange(len(matches)), groups.astype(np.uint32), np.zeros(len(matches), np.uint16)
    of = docs, own.astype(np.float64), prior.astype(np.float64), None, copies, 1e9, min(count, len(matches))
    copied = np.packbits(np.append(copies != 0, np.False_), bitorder="little")

    exactly = compiled.list_best(*of, codes, 3, 10, 20, None, None)

    assert compiled.list_best(*of, codes, 3, 10, 20, ceilings_of(of[2]), copied) == exactly


segments_of_words = st.tuples(
    *[arrays(), arrays([1]), arrays(), arrays(), scores, scores],
    *[arrays([2]) | arrays([2]).map(np.sort), arrays([4], least=2).map(np.sort), st.integers(0, 3)],
    *[st.just(0.6), st.just(1.5)],
)
#: From and to, most of the time.
stretches = st.tuples(numbers, numbers).map(sorted) | st.tuples(numbers, numbers)
places = st.tuples(st.integers(0, 9), stretches, stretches, st.integers(-1, 9), st.integers(0, 255), stretches).map(
    lambda place: (place[0], *place[1], *place[2], *place[3:5], *place[5])
)
words = st.tuples(segments_of_words, places)


@given(words, wide | st.none(), st.integers(0, 60))
def test_scoring_stays_within_its_arrays(
    compiled: ModuleType, word: tuple[Any, ...], postings: Docs | None, size: int
) -> None:
    room = np.zeros(min(abs(word[1][2] - word[1][1]), 99) if postings is None else len(postings))
    unharmed(compiled.saturate, word, postings, 2.0, True, room)  # noqa: FBT003 - by place only
    unharmed(compiled.saturate, word, postings, 2.0, False, np.zeros(size))  # noqa: FBT003
    summed = np.zeros(size), np.zeros(size, np.intp), np.zeros(size)
    unharmed(compiled.add_up, [(room.astype(np.intp), room)] * 2, *summed)


def listed_word(docs: Docs, codes: Array, weight: float, base: int = 0) -> tuple[Any, ...]:
    """Make a word as the passes take it: a code gives a tenth of itself, and for another form half of that."""
    tags = (docs % 3).astype(np.uint8)
    table = np.stack([np.arange(40) / 20, np.arange(40) / 10], axis=1).reshape(-1)
    halves = np.arange(1, (docs.max(initial=0) >> 16) + 3) << 16
    bounds = np.concatenate([[0], docs.searchsorted(halves[:5])]).astype(np.uint32)
    none = np.empty(0, np.uint32)
    lower, bounds = (docs & 0xFFFF).astype(np.uint16), np.pad(bounds, (0, 6 - len(bounds)), "edge")
    segment = codes, tags, none, none, table, table, lower, bounds, 5, 0.6, 1.5
    return segment, (0, 0, len(docs), 0, len(docs), 0, 1, 0, 0), base, weight


@st.composite
def large_words(draw: st.DrawFn) -> list[tuple[Docs, Array, float]]:
    """Draw a few words of a collection of several halves, blocks and windows, of any share of its articles."""
    chance = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    shares = draw(st.lists(st.sampled_from([0.0001, 0.003, 0.02, 0.2, 0.5, 0.97, 1]), min_size=1, max_size=4))
    widths = st.sampled_from([np.uint16, np.uint32])
    found = []
    for share in shares:
        docs = (chance.random(200_000) < share).nonzero()[0]
        codes = chance.integers(1, 40, len(docs)).astype(draw(widths))
        found.append((docs, codes, float(chance.random())))
    return found


def given_by(docs: Docs, codes: Array, weight: float) -> Scores:
    given = np.zeros(200_000)
    given[docs] = weight * codes / np.where(docs % 3 == 1, 10, 20)
    return given


@settings(max_examples=25)
@given(large_words(), st.booleans())
def test_large_lists_are_matched_as_sets_are(
    compiled: ModuleType,
    drawn: list[tuple[Docs, Array, float]],
    is_whole: bool,  # noqa: FBT001
) -> None:
    living = None if is_whole else np.arange(200_000) % 5 != 0
    there = np.ones(200_000, bool) if living is None else living
    listed = [listed_word(*one) for one in drawn]
    given_ = [given_by(*one) for one in drawn]
    docs, sums = np.empty(200_000, np.intp), np.empty(200_000)

    count = compiled.match_all(listed, living, docs, sums)

    expected = (np.all([one > 0 for one in given_], axis=0) & there).nonzero()[0]
    assert docs[:count].tolist() == expected.tolist()
    assert np.allclose(sums[:count], sum(given_)[expected], rtol=1e-12)  # type: ignore[index] # of one array or more

    # What is a list already is added to words.
    last = drawn[-1][0]
    count = compiled.match_any([*listed[:-1], (last, given_[-1][last])], living, 200_000, docs, sums)

    expected = (np.any([one > 0 for one in given_], axis=0) & there).nonzero()[0]
    assert docs[:count].tolist() == expected.tolist()
    assert np.allclose(sums[:count], sum(given_)[expected], rtol=1e-12)  # type: ignore[index] # of one array or more


#: With postings that may be in order, or not, and with all that is known of them, or not.
listed_words = st.tuples(segments_of_words, places, numbers, st.floats(0, 4))
living = st.none() | arrays([1]) | st.just(np.ones(1 << 17, bool))


@given(st.lists(listed_words, max_size=3), living, st.integers(0, 60))
def test_matching_all_stays_within_its_arrays(
    compiled: ModuleType, wanted: list[tuple[Any, ...]], there: Array | None, size: int
) -> None:
    unharmed(compiled.match_all, wanted, there, np.zeros(size, np.intp), np.zeros(size))


@given(st.lists(listed_words | st.tuples(wide, scores), max_size=4), living, numbers, st.integers(0, 60))
def test_matching_any_stays_within_its_arrays(
    compiled: ModuleType, sources: list[tuple[Any, ...]], there: Array | None, articles: int, size: int
) -> None:
    # More articles would only take longer.
    room = np.zeros(size, np.intp), np.zeros(size)
    unharmed(compiled.match_any, sources, there, min(articles, 1 << 20), *room)


@given(arrays(), arrays() | arrays([4]).map(np.sort), wide, numbers)
def test_looking_up_stays_within_its_arrays(
    compiled: ModuleType, docs: Array, bounds: Array, wanted: Docs, base: int
) -> None:
    unharmed(compiled.locate, docs, bounds, wanted, base, np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool))


@given(
    st.tuples(wide, st.tuples(wide, scores), arrays([4], least=3).map(np.sort), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(arrays([2]), arrays(), scores, st.integers(0, 80), st.none() | arrays([1]), st.integers(0, 3)),
    st.none() | wide,
    st.integers(0, 60),
)
def test_expanding_stays_within_its_arrays(
    compiled: ModuleType, sought: tuple[Any, ...], segment: tuple[Any, ...], among: Docs | None, size: int
) -> None:
    unharmed(compiled.expand, *sought, *segment, among, np.zeros(size, np.intp), np.zeros(size))


terms = st.integers(-1, 6) | numbers


@given(arrays([1]), arrays(), arrays([8]).map(np.sort), st.binary(max_size=12))
def test_finding_a_text_stays_within_its_arrays(
    compiled: ModuleType, texts: Array, starts: Array, keys: Array, wanted: bytes
) -> None:
    unharmed(compiled.find_text, texts, starts, keys, wanted)


@given(
    st.binary(max_size=12),
    st.binary(max_size=12),
    st.tuples(arrays([1]), arrays(), arrays([8]).map(np.sort)),
    st.tuples(arrays(), arrays(), arrays(), arrays(), numbers),
)
def test_finding_a_word_stays_within_its_arrays(
    compiled: ModuleType, term: bytes, stem: bytes, texts: tuple[Array, ...], known: tuple[Any, ...]
) -> None:
    unharmed(compiled.find_word, term, stem, texts, texts, known)


@given(st.lists(st.integers(-1, 40), max_size=80), arrays([1]), arrays(), arrays([8]))
def test_taking_what_is_stored_stays_within_its_arrays(
    compiled: ModuleType, numbers: list[int], stored: Array, starts: Array, ids: Array
) -> None:
    unharmed(compiled.take_stored, numbers, stored, np.sort(starts))
    unharmed(compiled.take_stored, numbers, stored, starts)
    unharmed(compiled.name_articles, numbers, ids, ids[1:])


@given(wide, *[st.integers(-1, 80)] * 4, wide)
def test_counting_intervals_stays_within_its_arrays(  # noqa: PLR0913, PLR0917 - as the passes have them
    compiled: ModuleType, docs: Docs, base: int, dated: int, first: int, end: int, ages: Docs
) -> None:
    unharmed(compiled.find_dated, docs, base, dated, ages)
    unharmed(compiled.find_dated, np.sort(docs), base, dated, ages)
    unharmed(compiled.count_intervals, docs, first, end, ages)


ascending = arrays([4]).map(np.sort)
#: Of postings, of those of several forms, of terms, and of stems.
segments = st.tuples(
    *[arrays([2]), *[arrays() for _ in range(7)]],
    *[st.just(np.arange(3, dtype=np.uint16)) | arrays(), arrays([1]), ascending],
    *[ascending | arrays(), ascending, arrays([1])],
)


@given(st.tuples(st.lists(terms, max_size=4), st.binary(max_size=5)), segments, arrays([1], least=8), st.data())
def test_following_stays_within_its_arrays(
    compiled: ModuleType, sought: tuple[Any, ...], segment: tuple[Array, ...], lengths: Array, data: st.DataObject
) -> None:
    first, end, field, size = data.draw(st.tuples(numbers, numbers, st.integers(-1, 5), st.integers(0, 60)))
    room = np.zeros(size, np.intp), np.zeros(size)
    unharmed(compiled.find_row, *sought, segment, lengths, np.ones(12), field, first, end, *room)


masks = st.lists(arrays([8]), max_size=4) | wide.map(lambda bits: [bits, bits[::-1].copy()])


@given(terms, segments, arrays(), wide)
def test_laying_bits_stays_within_its_arrays(
    compiled: ModuleType, term: int, segment: tuple[Array, ...], beyond: Array, bits: Array
) -> None:
    unharmed(compiled.lay_bits, term, segment, beyond, bits)


@given(st.tuples(st.lists(terms, max_size=4), st.binary(max_size=5)), segments, masks, arrays([1], least=8), st.data())
def test_following_bits_stays_within_its_arrays(
    compiled: ModuleType,
    sought: tuple[Any, ...],
    segment: tuple[Array, ...],
    masks: list[Array],
    lengths: Array,
    data: st.DataObject,
) -> None:
    first, end, field, size = data.draw(st.tuples(numbers, numbers, st.integers(-1, 5), st.integers(0, 60)))
    beyond, room = data.draw(arrays()), (np.zeros(size, np.intp), np.zeros(size))
    unharmed(compiled.follow, *sought, segment, lengths, np.ones(12), field, masks, beyond, first, end, *room)


sought_rows = st.lists(
    st.tuples(st.lists(terms, max_size=4), st.binary(max_size=5), st.integers(0, 5), st.integers(-1, 2)), max_size=3
)
sought_words = st.lists(st.tuples(terms, st.integers(-1, 2)), max_size=3)
sought_patterns = st.lists(st.tuples(wide, st.integers(-1, 2)), max_size=3)


@given(
    st.tuples(sought_words, sought_rows, sought_patterns),
    segments,
    st.tuples(arrays(), arrays(), arrays(), st.integers(0, 5)),
    wide,
)
def test_marking_stays_within_its_arrays(
    compiled: ModuleType,
    sought: tuple[Any, ...],
    segment: tuple[Array, ...],
    texts: tuple[Array, Array, Array, int],
    docs: Docs,
) -> None:
    unharmed(compiled.mark, *sought, segment, texts, docs)


json_lists = st.lists(st.floats(0, 40)).map(orjson.dumps) | st.binary(max_size=20)
several = st.lists(st.binary(max_size=20), max_size=5)


@given(
    several, wide, st.tuples(*[arrays([8])] * 2, *[arrays()] * 4), json_lists, st.tuples(arrays(), arrays()), st.data()
)
def test_writing_hits_stays_within_its_arrays(  # noqa: PLR0913, PLR0917 - as many as the pass takes
    compiled: ModuleType,
    contents: list[bytes],
    docs: Docs,
    columns: tuple[Array, ...],
    scores: bytes,
    marks: tuple[Array, Array],
    data: st.DataObject,
) -> None:
    more, also, explained = data.draw(
        st.tuples(st.lists(st.integers(-1, 2**70), max_size=5), st.none() | several, st.none() | several)
    )
    unharmed(compiled.write_hits, contents, docs, columns, scores, marks, more, also, explained)


#: What records may look like, damaged or not.
records = st.binary(max_size=60) | st.builds(
    lambda found, place, instead: found[:place] + instead + found[place + len(instead) :],
    st.lists(st.sampled_from([article("One", excerpt='"x"'), article("Two", topics=("a", "b"))]), max_size=3).map(
        to_records
    ),
    st.integers(0, 400),
    st.binary(max_size=3) | st.sampled_from([b'"', b"[", b"]", b",", b"\\", b"null"]),
)


def learn(words: list[str]) -> tuple[bytes, bytes]:
    """Number some words from 0."""
    return np.arange(len(words), dtype=np.uint32).tobytes(), bytes(8 * len(words))


@given(records)
def test_damaged_records_are_refused(compiled: ModuleType, content: bytes) -> None:
    sinks = tuple(bytearray() for _ in range(5))
    with suppress(ValueError):
        compiled.cut(compiled.make_chunks(1), content, learn, lambda chunk: [(0, 0, len(chunk), 1)], sinks)
    with suppress(ValueError):
        compiled.add_records(compiled.make_columns(1), content)


@pytest.mark.parametrize(
    ("learnt", "analysed"),
    [((b"", b""), []), (b"", []), (([0], [0]), []), ((bytes(4), bytes(8)), [(1, 2)])],
)
def test_what_failed_once_is_not_used_any_more(compiled: ModuleType, learnt: object, analysed: object) -> None:
    chunks, columns = compiled.make_chunks(1), compiled.make_columns(1)
    written = to_records([article("One", excerpt="c++", provider="One")])
    sinks = tuple(bytearray() for _ in range(5))
    with pytest.raises(TypeError):
        compiled.cut(chunks, written, lambda _: learnt, lambda _: analysed, sinks)
    with pytest.raises(ValueError, match="no records"):
        compiled.add_records(columns, b"[[]]")

    with pytest.raises(TypeError):
        compiled.cut(chunks, b"[]", learn, list, sinks)
    with pytest.raises(TypeError):
        compiled.add_records(columns, b"[]")
    with pytest.raises(TypeError):
        compiled.take_columns(columns)


four = arrays([4])
one_byte = arrays([1])


@given(
    st.tuples(four, four, four),
    st.tuples(four, four, one_byte, one_byte),
    st.integers(0, 12),
    st.tuples(four, arrays([2]), four, four, one_byte, four, arrays([1, 2, 4])),
    numbers,
)
def test_grouping_stays_within_its_arrays(
    compiled: ModuleType,
    found: tuple[Array, ...],
    words: tuple[Array, ...],
    stems: int,
    made: tuple[Array, ...],
    halves: int,
) -> None:
    unharmed(compiled.group, found, words, np.zeros(stems, np.uint32), made, halves)
    size = max(map(len, found))
    room = tuple(np.zeros(4 * size + 40, array.dtype) for array in made)
    count = min(map(len, found[:2]))
    same = found[0][:count], found[1][:count], found[2]
    unharmed(compiled.group, same, words, np.zeros(stems, np.uint32), room, 1)


@pytest.mark.parametrize("instead", ["None", "types.SimpleNamespace(VERSION=0)"])
def test_without_them_or_with_older_ones_a_search_finds_the_same(tmp_path: Path, instead: str) -> None:
    search.reindex([ROOT / "seeds"], tmp_path)
    with search.open_index(tmp_path) as index:
        expected = [hit.article.title for hit in index.search("china blacklist", match="any").hits]
    program = f"""
import sys, types
sys.modules["search._passes"] = {instead}
import search
from search import native
assert native.passes is None
with search.open_index({str(tmp_path)!r}) as index:
    print([hit.article.title for hit in index.search("china blacklist", match="any").hits])
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert expected
    assert done.stdout == f"{expected}\n"


def unharmed(function: Any, *arguments: Any) -> None:
    """Call a pass with what makes no sense; it may say so, and must do no harm that a sanitizer would tell of."""
    with suppress(IndexError, OverflowError, TypeError, ValueError):
        function(*arguments)
