"""Passes over arrays for which NumPy needs several, and over lines and records of articles; the sources are in ``c/``.

Docs, postings, places and counts are arrays of intp, scores and keys of float64; all others are unsigned, of any width.
All are C-contiguous. Each function raises IndexError where a number points outside of an array.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

VERSION: int

def rank(
    docs: Array,
    own: Array | None,
    prior: Array | None,
    ties: Array | None,
    copies: Array | None,
    scale: float,
    found: Array,
    /,
) -> int:
    """Fill *found* with the places of the best in *docs*; return how many of all are copies of others.

    Args:
        docs: articles; the best has the largest key, rounded to 1 / *scale*, then the smallest tie, then place.
        own: factors of their keys, of each of *docs*.
        prior: the same, of every article.
        ties: of every article.
        copies: the group of copies that every article is in, 0 for none.
        scale: see there.
        found: no more than *docs*.
    """

def list_best(
    docs: Array,
    own: Array | None,
    prior: Array | None,
    ties: Array | None,
    copies: Array | None,
    scale: float,
    count: int,
    codes: Array,
    most: int,
    top: int,
    wanted: int,
    ceilings: tuple[Array, float] | None,
    copied: Array | None,
    /,
) -> tuple[int, int, tuple[list[int], list[int], list[int], list[float]]]:
    """List the best, of copies but the first; *top* of them, of no code more than *most*, stand before the others.

    Returns how many of all are copies of others; how many stand before; and of the first *wanted* their places in
    *docs*; where all of *top* stand before, how many of its code were passed over, at the last of them that has it; the
    articles; and their keys.

    Args:
        docs: as for :func:`rank`.
        own: too.
        prior: too.
        ties: too.
        copies: too.
        scale: too.
        count: how many of the best are looked at, copies among them.
        codes: of every article.
        most: see there.
        top: see there.
        wanted: see there.
        ceilings: of every article a number of one byte, and how many times these are no less than *prior*.
        copied: bits of the articles that are in a group of copies, among others perhaps.
    """

def tally(docs: Array, codes: Array, others: Array, counts: Array, first: int, /) -> None:
    """Add 1 to *counts* for the code of each of *docs*, and, counted from *first*, for its other one."""

def find_dated(docs: Array, base: int, dated: int, ages: Array, /) -> tuple[int, int, int, int]:
    """Return which of *docs*, in order, are some articles, from and to, and the ages of the first and the last of them.

    Where none is, the ages mean nothing.

    Args:
        docs: articles.
        base: the first of those that are looked for.
        dated: how many those are.
        ages: of each of them, signed.
    """

def count_intervals(docs: Array, first: int, end: int, ends: Array, /) -> list[int]:
    """Return how many of *docs*, in order, are in each interval: below its end, and not below that of the next one.

    Args:
        docs: articles.
        first: of those that are looked at.
        end: of them.
        ends: of the intervals, descending.
    """

def spread(counts: Array, codes: Array, bounds: Array | None, sums: Array, /) -> None:
    """Add each count to the sums of its codes: those between its bounds, or the one at its place."""

def list_facets(
    facets: list[tuple[Array, Array | None, Array | None, int]], most: int, /
) -> list[tuple[list[int], list[int]]]:
    """Return of each facet the numbers of its most frequent values, *most* at most, and their counts.

    Args:
        facets: counts; codes and bounds as for :func:`spread`, neither where values are counted themselves; how many
            values there are.
        most: see there.
    """

def write_facets(facets: list[tuple[bytes, Array, Array | None, Array | None, list[bytes]]], most: int, /) -> bytes:
    """Return facets as the API sends them, *most* values of each.

    Args:
        facets: of each its name, as JSON; counts; codes and bounds as for :func:`spread`, neither where values are
            counted themselves; and all its values, as JSON.
        most: see there.
    """

def saturate(word: tuple[Any, ...], postings: Array | None, weight: float, is_added: bool, scores: Array, /) -> None:
    """Fill *scores* with *weight* times what *postings* give, all where None, or add that to them.

    Args:
        word: arrays of its segment, and what :class:`search.engines.whoosh.places.Place` holds of it. The arrays are
            the codes of all postings, and all tags; mixed postings, and their codes; what a code gives if saturated, in
            turns for another form and for the word itself, and if not; the lower 16 bits of the articles of all
            postings; bounds of all stems, and how many a stem has; what another form counts; and K1.
        postings: counted from the stem's first.
        weight: of the word.
        is_added: whether *scores* hold something already.
        scores: of each of *postings*.
    """

def locate(docs: Array, bounds: Array, wanted: Array, base: int, places: Array, there: Array, /) -> None:
    """Fill in which of *wanted*, in order, a stem has, and its posting of each, counted from its first; 0 for others.

    Args:
        docs: the lower 16 bits of the articles of all postings.
        bounds: where the stem's postings begin for each value of the upper bits, and where they end.
        wanted: articles, counted from *base*.
        base: see there.
        places: is filled with postings.
        there: is filled with whether they are.
    """

def add_up(lists: list[tuple[Array, Array]], sums: Array, found: Array, scores: Array, /) -> int:
    """Fill in which docs the lists score, in order, and their sums; return how many there are.

    Args:
        lists: docs and their scores.
        sums: scratch memory, for every article.
        found: has room for all docs.
        scores: too.
    """

def match_all(words: list[tuple[Any, ...]], living: Array | None, found: Array, scores: Array, /) -> int:
    """Fill in which docs have all words, in order, and the sums of what those give; return how many there are.

    Args:
        words: of one segment, 64 at most; each as for :func:`saturate`, with what its articles are counted from, and
            its weight.
        living: whether each article of the segment is there; None where all are.
        found: has room for the docs of the rarest word.
        scores: too.
    """

def match_any(sources: list[tuple[Any, ...]], living: Array | None, size: int, found: Array, scores: Array, /) -> int:
    """Fill in which docs have any word or are in any list, in order, and the sums of what they are given.

    Returns how many there are.

    Args:
        sources: words as for :func:`match_all`; or docs, in order, and their scores; 64 at most.
        living: whether each article is there; None where all are.
        size: all articles are below.
        found: has room for all docs.
        scores: too.
    """

def expand(
    stems: Array,
    given: tuple[Array, Array],
    bounds: Array,
    halves: int,
    half: int,
    docs: Array,
    codes: Array,
    table: Array,
    size: int,
    living: Array | None,
    base: int,
    among: Array | None,
    found: Array,
    frequencies: Array,
    /,
) -> tuple[int, int]:
    """Fill in which docs of one half have any of many stems, and how often, weighed.

    Returns how many there are, and how many there would be without *among*.

    Args:
        stems: by their numbers.
        given: docs beside, in order, and how often they have something, weighed.
        bounds: of all stems.
        halves: how many bounds a stem has.
        half: the upper bits of the docs that are looked at.
        docs: as for :func:`locate`.
        codes: of all postings.
        table: what each code is, weighed.
        size: all docs are below.
        living: whether each is there; None where all are.
        base: what *among* is counted from.
        among: docs of the half that matter, in order; None where all do.
        found: has room for all docs.
        frequencies: too.
    """

def find_text(texts: Array, starts: Array, keys: Array, wanted: bytes, /) -> int:
    """Return the number of a text in a vocabulary, negative where it is not there.

    Args:
        texts: one behind the other, in the order of their bytes.
        starts: where each begins, and where the last one ends.
        keys: the first eight bytes of each, as a number.
        wanted: in UTF-8.
    """

def find_word(
    term: bytes,
    stem: bytes,
    terms: tuple[Array, Array, Array],
    stems: tuple[Array, Array, Array],
    arrays: tuple[Array, Array, Array, Array, int],
    /,
) -> tuple[int, int, int, int, int, int, int, int, int] | None:
    """Return what :class:`search.engines.whoosh.places.Place` holds; None where the stem is not there.

    Args:
        term: in UTF-8.
        stem: too.
        terms: a vocabulary as for :func:`find_text`.
        stems: too.
        arrays: bounds of all stems; where the tags of each begin; the tag of each term; where the mixed postings of
            each term begin; and how many bounds a stem has.
    """

def find_row(
    terms: list[int],
    row: bytes,
    segment: tuple[Array, ...],
    lengths: Array,
    factors: Array,
    wanted: int,
    first: int,
    end: int,
    found: Array,
    scores: Array,
    /,
) -> int:
    """Fill in which articles have terms in a row, and how often, weighed by field; return how many there are.

    Args:
        terms: the numbers of distinct ones, the rarest first.
        row: the places in *terms* that follow one another.
        segment: docs as for :func:`locate`, codes, what a code has of occurrences, where the positions of each block of
            postings begin, positions; the mixed postings, where theirs begin, and their positions; of all terms the
            stem and the tag, and where the mixed postings of each begin; bounds of all stems, where the tags of each
            begin, and the tags.
        lengths: of fields, shape (articles, fields).
        factors: weights of fields, shares of their lengths, and mean lengths.
        wanted: the field, or negative for all.
        first: of the postings of the first term, which are looked at.
        end: of them.
        found: room for as many.
        scores: too.
    """

def lay_bits(term: int, segment: tuple[Array, ...], beyond: Array, bits: Array, /) -> None:
    """Fill in which positions a term has, as bits of a number of eight bytes, where 64 apart is the same bit.

    Args:
        term: its number.
        segment: as for :func:`find_row`.
        beyond: numbers of four bytes: of every article 0 where no positions share a bit; else which of those it is that
            have two numbers more, of which the bits are positions up to 127, counted from 1; or 4294967295 where that
            is not enough.
        bits: of every article, and behind them the two numbers more; left alone where it has no form of the stem.
    """

def follow(
    terms: list[int],
    row: bytes,
    segment: tuple[Array, ...],
    lengths: Array,
    factors: Array,
    wanted: int,
    masks: list[Array],
    beyond: Array,
    first: int,
    end: int,
    found: Array,
    scores: Array,
    /,
) -> int:
    """Do the same as :func:`find_row` by tables of bits, which is quicker where all terms are frequent.

    Args:
        terms: as for :func:`find_row`.
        row: too.
        segment: too.
        lengths: too.
        factors: too.
        wanted: too.
        masks: of each term its bits, as of :func:`lay_bits`.
        beyond: as there.
        first: of the articles that are looked at.
        end: of them.
        found: room for all that have the terms.
        scores: too.
    """

def take_stored(numbers: list[int], stored: Array, starts: Array, /) -> list[bytes]:
    """Return what is stored of some articles.

    Args:
        numbers: of the articles, in any order.
        stored: of all articles, one behind the other.
        starts: where each begins, and where the last one ends.
    """

def name_articles(numbers: list[int], ids: Array, ages: Array, /) -> list[tuple[str, int]]:
    """Return the ids of some articles, as 16 hexadecimal digits, and their ages.

    Args:
        numbers: of the articles, in any order.
        ids: of all articles, as numbers.
        ages: of all of them, signed.
    """

def mark(
    words: list[tuple[int, int]],
    rows: list[tuple[list[int], bytes, int, int]],
    patterns: list[tuple[Array, int]],
    segment: tuple[Array, ...],
    texts: tuple[Array, Array, Array, int],
    docs: Array,
    /,
) -> tuple[bytes, bytes]:
    """Return how many spans the title and the excerpt of each article have, and where each begins and ends.

    Numbers are unsigned, of four bytes; the largest stands for both texts of an article where a span is missing.

    Args:
        words: the number of a stem, of which all forms are sought, and the text they are sought in, negative for both.
        rows: terms and a row as for :func:`find_row`, how many others may be in between, and the text.
        patterns: the numbers of terms, of eight bytes, and the text, 16 times at most.
        segment: as for :func:`find_row`.
        texts: lengths of fields, shape (articles, fields); where the spans of each article's terms begin, and the spans
            themselves; the number of fields.
        docs: in any order.
    """

def write_hits(
    contents: list[bytes],
    docs: Array,
    columns: tuple[Array, ...],
    scores: bytes,
    marks: tuple[Array, Array],
    more: Sequence[int],
    also: list[bytes] | None,
    explanations: list[bytes] | None,
    /,
) -> bytes:
    """Return a list of hits as the API sends it.

    Args:
        contents: of articles, as JSON, without ids and dates.
        docs: the articles.
        columns: of all articles ids and ages; the number of the story, none that is known where an article is alone;
            of stories ids, articles and outlets.
        scores: a list of JSON.
        marks: as :func:`mark` returns them.
        more: of each hit, how many of its domain were passed over.
        also: the copies of each, as JSON, if any has some.
        explanations: of each, if they are wanted.
    """

def read_lines(content: bytes, /) -> tuple[bytes, ...]:
    """Return what :class:`search.line_records.LineRecords` holds; numbers of four bytes, ids and ages of eight."""

def make_chunks(seed: int, /) -> object:
    """Return room for chunks, which are what lies between blanks; hashing begins with *seed*."""

def cut(
    chunks: object,
    records: bytes,
    learn: Callable[[list[str]], tuple[bytes, bytes]],
    analyse: Callable[[str], list[tuple[int, int, int, int]]],
    sinks: tuple[bytearray, ...],
    /,
) -> int:
    """Put what :class:`search.engines.whoosh.grouping.Occurrences` holds behind the *sinks*; return what is remembered.

    Args:
        chunks: from :func:`make_chunks`, that nobody else is at work with.
        records: a list of articles, as :func:`search.records.to_records` writes them.
        learn: is asked for the numbers, of four bytes, and hashes, of eight, of new plain words in lower case.
        analyse: is asked for the terms of each other new chunk: number, first character, characters, hash.
        sinks: one for each array.

    Raises:
        ValueError: If these are no records.
    """

def group(
    occurrences: tuple[Array, ...], words: tuple[Array, ...], firsts: Array, made: tuple[Array, ...], halves: int, /
) -> tuple[int, int, bytes, bytes]:
    """Make postings, and return how many, and how many tags; extra combinations, and occurrences of mixed postings.

    Args:
        occurrences: terms, positions, and lengths of the fields.
        words: of each term its final number and its stem; tags of final numbers, and whether stems have several forms.
        firsts: room for a number of each stem.
        made: is filled with the bounds of stems, docs, codes, bounds of tags, tags, blocks and positions.
        halves: values that the high half of an article's number has.
    """

def make_columns(seed: int, /) -> object:
    """Return room for the columns of articles; hashing begins with *seed*."""

def add_records(columns: object, records: bytes, /) -> tuple[bytes, bytes]:
    """Add articles to columns; return them as they are stored, and of each where it begins and its bytes.

    Raises:
        ValueError: If these are no records.
    """

def take_columns(columns: object, /) -> list[Any]:
    """Return ids, ages, quality, heat, flags, the codes of four columns, counts of topics, topics; then all names."""
