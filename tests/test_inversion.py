"""Articles to postings: what a loop over their terms finds is what the arrays say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from conftest import missing
from factories import article
from hypothesis import given
from hypothesis import strategies as st
from segments import arrays_of, forms_of_one_stem, numbered, texts, words

from search import native, ranking
from search.analysis import stem, terms, tokenize
from search.articles import Article
from search.catalog import fingerprint
from search.engines.whoosh import dictionary
from search.engines.whoosh.attributes import attribute_arrays
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.frequencies import (
    SIMPLE,
    decode_frequencies,
    encode_frequencies,
    join_extras,
    used_extras,
    weigh,
)
from search.engines.whoosh.inversion import batches, invert, texts_of
from search.engines.whoosh.segment import Segment
from search.records import to_records

FIELDS = len(ranking.FIELDS)
Found = dict[str, dict[int, list[tuple[int, int]]]]

#: A short text again and again makes frequencies and lengths that no simple code stands for.
long_texts = st.tuples(texts, st.sampled_from([1, 1, 1, 20, 70])).map(
    lambda pair: " ".join([pair[0]] * pair[1]).strip()
)
articles = st.lists(
    st.builds(
        lambda title, excerpt, provider, topics: article(title, excerpt=excerpt, provider=provider, topics=topics),
        texts,
        long_texts,
        texts,
        st.lists(texts, max_size=3).map(tuple),
    ),
    max_size=6,
)


@given(articles)
def test_the_compiled_passes_find_what_numpy_finds(own: Sequence[Article]) -> None:
    if native.passes is None:
        missing("the passes in C are not compiled")
    prints = {one.id: fingerprint(one) for one in own}
    records = list(map(to_records, batches(own)))
    compiled = invert(own, Dictionary(), records) | attribute_arrays(own, prints, records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "passes", None)
        plain = invert(own, Dictionary()) | attribute_arrays(own, prints)

    assert compiled.keys() == plain.keys()
    for name, array in plain.items():
        assert compiled[name].tolist() == array.tolist(), name
        assert compiled[name].dtype == array.dtype or not array.size, name


def looked_up(own: Sequence[Article]) -> Found:
    """Return the position and the field of each term in each article, found by a loop."""
    found: Found = defaultdict(lambda: defaultdict(list))
    for number, one in enumerate(own):
        start = 0
        for place, text in enumerate(texts_of(one)):
            listed = terms(text)
            for position, term in enumerate(listed, start):
                found[term][number].append((position, min(place, FIELDS - 1)))
            start += len(listed) + 1
    return found


def by_field(places: Sequence[tuple[int, int]]) -> list[int]:
    counts = Counter(field for _, field in places)
    return [counts[field] for field in range(FIELDS)]


def segment_of(own: Sequence[Article]) -> Segment:
    """Return a segment that numbers the articles as they are given."""
    return Segment(arrays_of([]) | invert(own, Dictionary()) | {"id": np.arange(len(own), dtype=np.uint64)})


def assert_postings(segment: Segment, own: Sequence[Article]) -> None:
    """Hold every term and every stem of a segment against the loop."""
    found = looked_up(own)
    stems: Found = defaultdict(lambda: defaultdict(list))
    for term, docs in found.items():
        for doc, places in docs.items():
            stems[stem(term)][doc] += places
    assert list(segment.terms) == sorted(found)
    assert list(segment.stems) == sorted(stems)
    for text, docs in stems.items():
        assert_stem(segment, text, docs)
    for text, docs in found.items():
        assert_term(segment, text, docs)


def assert_stem(segment: Segment, text: str, expected: dict[int, list[tuple[int, int]]]) -> None:
    number = segment.stems.find(text)
    assert number is not None
    start, end = segment.range_of(number)
    frequencies, lengths = decode_frequencies(segment.codes[start:end], segment.extra)
    counts, positions = segment.all_occurrences(np.arange(start, end))

    docs = sorted(expected)
    assert segment.docs(number).tolist() == docs
    assert frequencies.tolist() == [by_field(expected[doc]) for doc in docs]
    assert counts.tolist() == [len(expected[doc]) for doc in docs]
    assert positions.tolist() == [place for doc in docs for place, _ in sorted(expected[doc])]
    assert lengths.tolist() == np.where(frequencies, segment.lengths[docs], 0).tolist()


def assert_term(segment: Segment, text: str, expected: dict[int, list[tuple[int, int]]]) -> None:
    number = segment.terms.find(text)
    assert number is not None
    postings = segment.postings_of(number)
    counts, positions = segment.occurrences(number, postings)
    every = np.arange(segment.size_of_stem(number))

    assert segment.docs(segment.stem_of(number))[postings].tolist() == sorted(expected)
    assert counts.tolist() == [len(expected[doc]) for doc in sorted(expected)]
    assert positions.tolist() == [place for doc in sorted(expected) for place, _ in expected[doc]]
    assert every[segment.holding(number, every)].tolist() == postings.tolist()
    assert number in segment.forms(segment.stem_of(number)).tolist()


# Words to numbers


@given(st.lists(st.text().map(lambda text: " ".join(text.split())) | texts, max_size=5))
def test_a_text_cut_at_white_space_has_the_terms_of_the_whole(own: list[str]) -> None:
    known = Dictionary()

    tokens = known.tokens(own)

    assert len(tokens.texts) == len(own) + 1
    for text, first, end in zip(own, tokens.texts[:-1].tolist(), tokens.texts[1:].tolist(), strict=True):
        found = zip(tokens.term[first:end], tokens.start[first:end], tokens.length[first:end], strict=True)
        assert [(known.terms[n], int(start), int(start + length)) for n, start, length in found] == tokenize(text)


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_forgetting_stretches_of_text_changes_no_number(first: list[str], second: list[str]) -> None:
    plain, forgetful = Dictionary(), Dictionary()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dictionary, "MAX_CHUNKS", 0)
        forgetting = [forgetful.tokens(own).term.tolist() for own in (first, second, first)]

    assert forgetting == [plain.tokens(own).term.tolist() for own in (first, second, first)]
    assert (forgetful.terms, forgetful.stems) == (plain.terms, plain.stems)


@given(st.lists(words, max_size=20))
def test_a_term_has_one_number_and_the_stem_that_the_analysis_gives_it(own: list[str]) -> None:
    known, found = Dictionary(), {term for text in own for term in terms(text)}

    numbers = {term: known.number(term) for term in found}

    assert numbers == {term: known.number(term) for term in found}
    assert [known.stems[known.stem_of[number]] for number in numbers.values()] == [stem(term) for term in found]
    assert len(set(known.stems)) == len(known.stems)


# Postings


@given(articles)
def test_postings_are_what_a_loop_finds(own: list[Article]) -> None:
    assert_postings(segment_of(own), own)


@given(articles)
def test_lengths_are_the_terms_of_each_field(own: list[Article]) -> None:
    lengths = invert(own, Dictionary())["length"]

    expected = [[len(terms(text)) for text in texts_of(one)] for one in own]
    assert lengths.tolist() == [[*row[:3], sum(row[3:])] for row in expected]


@given(articles)
def test_a_span_says_where_a_term_is_unless_it_is_zero(own: list[Article]) -> None:
    spans = iter(invert(own, Dictionary())["span"].tolist())

    for text in (text for one in own for text in (one.title, one.excerpt)):
        end = 0
        for token in tokenize(text):
            gap, length = token.start - end, token.end - token.start
            assert next(spans) == (gap << 5 | length if 0 <= gap < 8 and length < 32 else 0)
            end = token.end
    assert next(spans, None) is None


@given(st.lists(texts, min_size=1, max_size=6))
def test_titles_have_the_same_hash_where_they_have_the_same_terms(titles: list[str]) -> None:
    together = invert(numbered([*titles, *(title.upper() for title in titles)]), Dictionary())["title.hash"].tolist()
    apart = [int(invert(numbered([title]), Dictionary())["title.hash"][0]) for title in titles]

    assert together[: len(titles)] == apart
    for first, one in zip(titles, apart, strict=True):
        assert (one == 0) == (not terms(first))
        for second, other in zip(titles, apart, strict=True):
            assert (one == other) == (terms(first) == terms(second))


def test_articles_beyond_one_batch_are_numbered_on() -> None:
    own = numbered([f"common no{n}" for n in range(4100)])
    segment = segment_of(own)

    assert segment.docs(segment.stems.find("common") or 0).tolist() == list(range(4100))
    assert segment.docs(segment.stems.find("no4099") or 0).tolist() == [4099]


@pytest.mark.parametrize(("words_before", "kind"), [(200, np.uint8), (300, np.uint16), (70_000, np.uint32)])
def test_positions_are_as_wide_as_the_longest_text_needs(words_before: int, kind: type) -> None:
    own = [article("rates " * words_before + "rise rising"), article("rates rise", url="https://b.example/")]
    segment = segment_of(own)

    assert segment.positions.dtype == kind
    assert_postings(segment, own)


def test_a_stem_of_more_forms_than_a_tag_can_tell_apart() -> None:
    forms = forms_of_one_stem("consist", 300)
    own = numbered([*forms, f"{forms[0]} {forms[1]}", " ".join(forms), " ".join(sorted(forms)[-30:])])

    assert_postings(segment_of(own), own)


def test_articles_beyond_the_low_half_of_a_number() -> None:
    own = numbered(["common" if n % 3 else f"r{n % 5} commons" for n in range(66_000)])
    segment = segment_of(own)
    number, rare = segment.stems.find("common") or 0, segment.stems.find("r3") or 0
    wanted = np.array([0, 3, 65_535, 65_536, 65_538, 65_999])

    places, there = segment.locate(rare, wanted)
    postings, docs = segment.docs_at(np.array([rare, number]))

    expected = [n for n in range(66_000) if n % 3 == 0 and n % 5 == 3]
    assert segment.docs(number).tolist() == list(range(66_000))
    assert segment.docs(rare).tolist() == expected
    assert there.tolist() == [n in expected for n in wanted.tolist()]
    assert segment.docs(rare)[places[there]].tolist() == wanted[there].tolist()
    assert docs.tolist() == [*expected, *range(66_000)]
    stems = np.repeat([rare, number], [len(expected), 66_000])
    assert segment.doc_of(stems, postings).tolist() == docs.tolist()
    assert segment.count_postings(np.arange(66_000) >= 65_000)[number] == 1000


# Frequencies

frequencies = st.lists(
    st.lists(
        st.tuples(st.sampled_from([0, 0, 1, 1, 2, 15, 16, 17, 300]), st.sampled_from([1, 8, 255, 256, 257, 70_000])),
        min_size=FIELDS,
        max_size=FIELDS,
    ).filter(lambda row: any(count for count, _ in row)),
    max_size=12,
).map(lambda rows: np.array(rows, np.uint32).reshape(-1, FIELDS, 2))


def encoded(counts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Encode postings of one article each, given how often they are in each field."""
    field = np.repeat(np.tile(np.arange(FIELDS), len(counts)), counts.reshape(-1)).astype(np.uint8)
    totals = counts.sum(axis=1, dtype=np.intp)
    return encode_frequencies(field, np.cumsum(totals) - totals, lengths, np.arange(len(counts)))


@given(frequencies)
def test_frequencies_and_lengths_are_decoded_as_they_were(rows: np.ndarray) -> None:
    counts, lengths = rows[..., 0], rows[..., 1]

    codes, extra = encoded(counts, lengths)

    decoded = decode_frequencies(codes, extra)
    assert decoded[0].tolist() == counts.tolist()
    assert decoded[1].tolist() == np.where(counts, lengths, 0).tolist()
    assert len(set(map(tuple, extra.tolist()))) == len(extra)


@given(frequencies, st.lists(st.sampled_from([0.0, 1.0, 7.5, 40.0]), min_size=FIELDS, max_size=FIELDS))
def test_the_weight_of_a_combination_is_that_of_the_formula(rows: np.ndarray, averages: list[float]) -> None:
    counts, lengths = rows[..., 0], rows[..., 1]
    codes, extra = encoded(counts, lengths)
    fields = (True, False, True, True)

    weights = weigh(extra, np.array(averages), fields)[codes]

    for row, weight in enumerate(weights.tolist()):
        expected = sum(
            int(counts[row, n]) * ranking.field_factor(name, int(lengths[row, n]), averages[n])
            for n, name in enumerate(ranking.FIELDS)
            if fields[n] and counts[row, n]
        )
        assert weight == pytest.approx(expected)


@given(frequencies, frequencies, st.data())
def test_tables_are_joined_and_cut_to_what_is_used(first: np.ndarray, second: np.ndarray, data: st.DataObject) -> None:
    tables = [encoded(rows[..., 0], rows[..., 1]) for rows in (first, second)]
    maps, extra = join_extras([table for _, table in tables])
    mapped = [codes.astype(np.uint32) for codes, _ in tables]
    for codes, known in zip(mapped, maps, strict=True):
        codes[codes >= SIMPLE] = known[codes[codes >= SIMPLE] - SIMPLE] + np.uint32(SIMPLE)
    kept = mapped[0][[data.draw(st.booleans()) for _ in mapped[0]]]

    used, *codes_now = used_extras(extra, kept, mapped[1])

    for before, now in zip((kept, mapped[1]), codes_now, strict=True):
        for known, expected in zip(decode_frequencies(now, used), decode_frequencies(before, extra), strict=True):
            assert known.tolist() == expected.tolist()
    assert len(used) == len({code for codes in (kept, mapped[1]) for code in codes.tolist() if code >= SIMPLE})
