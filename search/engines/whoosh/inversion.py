"""Articles to postings: analysed, numbered and sorted as arrays, all fields in one pass.

Postings are by stem, so that a word and its forms are one stretch of arrays. Where a stem has several forms, a byte
beside each posting says which of them the article has; where that is more than one, each of them has a posting of its
own in the *mixed* part.

Positions run through all texts of an article, title first; between two texts one is left free, so that no phrase
reaches from one into the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.dictionary import Dictionary, Tokens
from search.engines.whoosh.frequencies import encode_frequencies
from search.engines.whoosh.vocabulary import in_order
from search.engines.whoosh.words import MIXED, Words, bounds
from search.ranking import FIELDS

#: Postings between two of which the place of their positions is kept.
BLOCK = 16
#: Bits in the low half of an article's number.
HALF = 16

_BATCH = 2048
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MAX_GAP, _MAX_LENGTH = 7, 31


@dataclass(slots=True)
class Occurrences:
    """Every term of some articles, in their order; all arrays have one entry a term but the last three."""

    term: NDArray[np.int32]
    doc: NDArray[np.int32]
    field: NDArray[np.uint8]
    position: NDArray[np.int32]
    #: Of the terms of title and excerpt: blanks before it and characters in it, in one byte; 0 where they do not fit.
    span: NDArray[np.uint8]
    #: Terms of each field, shape (articles, fields).
    lengths: NDArray[np.uint32]
    #: Of the terms of the title; 0 where there is none.
    title_hash: NDArray[np.uint64]


def invert(articles: Sequence[Article], dictionary: Dictionary) -> dict[str, Array]:
    """Return the arrays of everything that is searched in *articles*, which are numbered as they come.

    Takes about 150 bytes of memory a term while it runs.
    """
    batches = [_analyse(articles[at : at + _BATCH], at, dictionary) for at in range(0, len(articles), _BATCH)]
    return occurrence_arrays(_joined(batches), dictionary)


def occurrence_arrays(found: Occurrences, dictionary: Dictionary) -> dict[str, Array]:
    """Return the arrays of what :func:`invert` found, or somebody else: in the order of articles, then of positions."""
    return {
        **_postings(found, dictionary),
        "length": small(found.lengths),
        "span": found.span,
        "title.hash": found.title_hash,
    }


def texts_of(article: Article) -> tuple[str, ...]:
    """Return the texts of an article that are searched; the first three are of the first fields, the rest of topics."""
    return (article.title, article.excerpt, article.provider.name, *article.topics)


def _analyse(articles: Sequence[Article], first: int, dictionary: Dictionary) -> Occurrences:
    texts = [texts_of(article) for article in articles]
    per_article = np.fromiter(map(len, texts), np.int64, len(texts))
    tokens = dictionary.tokens(chain.from_iterable(texts))
    begins = np.cumsum(per_article) - per_article
    field = np.full(int(per_article.sum()), len(FIELDS) - 1, np.uint8)
    for number in range(len(FIELDS) - 1):
        field[begins + number] = number
    article = np.repeat(np.arange(len(texts), dtype=np.int32), per_article)
    counts = np.diff(tokens.texts)
    before = np.concatenate([[0], np.cumsum(counts + 1)])
    shift = before[:-1] - before[begins][article] - tokens.texts[:-1]
    position = np.arange(len(tokens.term), dtype=np.int64) + np.repeat(shift, counts)
    lengths = np.bincount(article * np.int64(len(FIELDS)) + field, counts, len(texts) * len(FIELDS))
    return Occurrences(
        term=tokens.term,
        doc=np.repeat(article + np.int32(first), counts),
        field=np.repeat(field, counts),
        position=position.astype(np.int32),
        span=pack_spans(tokens, counts, field),
        lengths=lengths.astype(np.uint32).reshape(-1, len(FIELDS)),
        title_hash=hash_titles(tokens, begins, dictionary),
    )


def pack_spans(tokens: Tokens, counts: NDArray[np.int64], field: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the spans of the terms of title and excerpt; *counts* and *field* are of each text."""
    ends = tokens.start + tokens.length
    gaps = tokens.start.copy()
    gaps[1:] -= ends[:-1]
    firsts = tokens.texts[:-1][counts > 0]
    gaps[firsts] = tokens.start[firsts]
    fits = (gaps >= 0) & (gaps <= _MAX_GAP) & (tokens.length <= _MAX_LENGTH)
    packed = np.where(fits, gaps << 5 | tokens.length, 0).astype(np.uint8)
    return packed[np.repeat(field < 2, counts)]  # noqa: PLR2004 - title and excerpt


def hash_titles(tokens: Tokens, begins: NDArray[np.int64], dictionary: Dictionary) -> NDArray[np.uint64]:
    """Hash each title's terms in their order: a polynomial of the hashes of the terms, modulo 2 to the 64."""
    first, end = tokens.texts[begins], tokens.texts[begins + 1]
    counts = end - first
    ranks = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    terms = tokens.term[ranks + np.repeat(first, counts)]
    hashes = np.array(dictionary.hashes, np.uint64)
    powers = np.cumprod(np.full(int(counts.max(initial=0)) + 1, _MULTIPLIER))
    found = np.zeros(len(begins), np.uint64)
    if len(terms):
        filled = counts > 0
        values = hashes[terms] * powers[ranks]
        found[filled] = np.add.reduceat(values, (np.cumsum(counts) - counts)[filled])
    return found


def _joined(batches: Sequence[Occurrences]) -> Occurrences:
    names = Occurrences.__slots__
    empty = _analyse([], 0, Dictionary()) if not batches else None
    return empty or Occurrences(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))


def _postings(found: Occurrences, dictionary: Dictionary) -> dict[str, Array]:
    used = _Used(found.term, dictionary)
    words, stem = used.words, used.stem[found.term]
    # One sort of numbers that hold both the stem and the place, which keeps the order of articles and positions.
    keys = np.sort(stem.astype(np.uint64) << np.uint64(32) | np.arange(len(stem), dtype=np.uint64))
    order = (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    stem = (keys >> np.uint64(32)).astype(np.int32)
    del keys
    doc, term = found.doc[order], used.term[found.term][order]
    field, position = found.field[order], found.position[order]
    starts = _changes(stem, doc)
    tag = _tags(words.tags[term], starts)
    counts = np.diff(np.append(starts, len(doc)))
    mixed = np.repeat(tag == MIXED, counts)
    posting = np.repeat(np.arange(len(starts), dtype=np.int64), counts)[mixed]
    regrouped = np.argsort(term[mixed].astype(np.int64) << 32 | posting, kind="stable")
    mixed_term, posting = term[mixed][regrouped], posting[regrouped]
    mixed_starts = _changes(mixed_term, posting)
    mixed_position, mixed_field = position[mixed][regrouped], field[mixed][regrouped]
    docs, mixed_posting = doc[starts], posting[mixed_starts]
    runs = np.concatenate([starts, mixed_starts + len(field)])
    owners = np.concatenate([docs, docs[mixed_posting]])
    codes, extra = encode_frequencies(np.concatenate([field, mixed_field]), runs, found.lengths, owners)
    return {
        **words.arrays(),
        **pack_docs(stem[starts], docs, words.stems, len(found.lengths)),
        **pack_tags(stem[starts], tag, words.forms),
        "code": codes[: len(docs)],
        "block": np.append(starts[::BLOCK], len(doc)).astype(np.uint32),
        "position": small(position),
        "mixed.term": bounds(mixed_term[mixed_starts], words.terms),
        "mixed.posting": mixed_posting.astype(np.uint32),
        "mixed.code": codes[len(docs) :],
        "mixed.start": np.append(mixed_starts, len(mixed_position)).astype(np.uint32),
        "mixed.position": small(mixed_position),
        "frequency.extra": extra,
    }


def pack_docs(stem: Array, doc: Array, stems: int, articles: int) -> dict[str, Array]:
    """Return the arrays of the articles in each posting: the low half of their numbers, and where the high one changes.

    The postings of stem ``s`` whose article has the high half ``h`` begin at ``stem.posting[s * H + h]``, with ``H``
    values of the high half.
    """
    highs = high_halves(articles)
    return {
        "stem.posting": bounds(stem * np.int64(highs) + (doc >> HALF), stems * highs),
        "doc": (doc & ((1 << HALF) - 1)).astype(np.uint16),
    }


def high_halves(articles: int) -> int:
    """Return how many values the high half of an article's number has."""
    return max(articles - 1, 0) // (1 << HALF) + 1


def pack_tags(stem: Array, tag: NDArray[np.uint8], forms: Array) -> dict[str, Array]:
    """Return the arrays of tags, which only stems of several forms have."""
    tagged = forms[stem] > 1
    return {"stem.tag": bounds(stem[tagged], len(forms)), "tag": tag[tagged]}


class _Used:
    """The words that occur, of all in a dictionary."""

    def __init__(self, used: NDArray[np.int32], dictionary: Dictionary) -> None:
        occurs = np.zeros(len(dictionary.terms), bool)
        occurs[used] = True
        numbers = np.flatnonzero(occurs)
        texts = [dictionary.terms[number] for number in numbers.tolist()]
        order = in_order(texts)
        numbers = numbers[order]
        stem_of = np.array(dictionary.stem_of, np.int64)[numbers]
        used_stems = np.unique(stem_of)
        stems = [dictionary.stems[number] for number in used_stems.tolist()]
        stem_order = in_order(stems)
        ranks = np.empty(len(stems), np.intp)
        ranks[stem_order] = np.arange(len(stems))
        stem_of = ranks[np.searchsorted(used_stems, stem_of)]
        self.words = Words([texts[place] for place in order], [stems[place] for place in stem_order], stem_of)
        #: From the dictionary's numbers of terms to the final ones of terms and stems.
        self.term, self.stem = np.zeros(len(occurs), np.int32), np.zeros(len(occurs), np.int32)
        self.term[numbers], self.stem[numbers] = np.arange(len(numbers)), stem_of


def _changes(major: Array, minor: Array) -> NDArray[np.int64]:
    """Return where a new pair begins."""
    if not len(major):
        return np.empty(0, np.int64)
    changed = np.empty(len(major), bool)
    changed[0] = True
    np.not_equal(major[1:], major[:-1], out=changed[1:])
    changed[1:] |= minor[1:] != minor[:-1]
    return np.flatnonzero(changed)


def _tags(tag: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.uint8]:
    if not len(starts):
        return np.empty(0, np.uint8)
    low, high = np.minimum.reduceat(tag, starts), np.maximum.reduceat(tag, starts)
    return np.where(low == high, low, np.uint8(MIXED))


def small(numbers: Array) -> Array:
    """Return *numbers* in the smallest unsigned type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
