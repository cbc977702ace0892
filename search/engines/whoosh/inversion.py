"""Articles to the occurrences of terms, and on to postings: all fields in one pass.

Positions run through all texts of an article, title first; between two texts one is left free, so that no phrase
reaches from one into the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search import native
from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.dictionary import Dictionary, Tokens
from search.engines.whoosh.grouping import Occurrences, group, small
from search.ranking import FIELDS
from search.records import to_records

_BATCH = 2048
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MAX_GAP, _MAX_LENGTH = 7, 31


def invert(
    articles: Sequence[Article], dictionary: Dictionary, records: Iterable[bytes] | None = None
) -> dict[str, Array]:
    """Return the arrays of everything that is searched in *articles*, which are numbered as they come.

    Takes about 30 bytes of memory a term while it runs, and 70 in NumPy.

    Args:
        articles: what is searched.
        dictionary: numbers their words.
        records: of the articles, in lists as :func:`search.records.to_records` writes them, if somebody has them.
    """
    if native.passes:
        found = _cut(native.passes, records or map(to_records, batches(articles)), dictionary)
        return occurrence_arrays(found, dictionary)
    analysed = [_analyse(batch, dictionary) for batch in batches(articles)]
    return occurrence_arrays(_joined(analysed), dictionary)


def batches(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    """Yield articles, as many at a time as are analysed in one go."""
    return (articles[at : at + _BATCH] for at in range(0, len(articles), _BATCH))


def occurrence_arrays(found: Occurrences, dictionary: Dictionary) -> dict[str, Array]:
    """Return the arrays of what :func:`invert` found, or somebody else: in the order of articles, then of positions."""
    return {
        **group(found, dictionary),
        "length": small(found.lengths),
        "span": found.span,
        "title.hash": found.title_hash,
    }


def texts_of(article: Article) -> tuple[str, ...]:
    """Return the texts of an article that are searched; the first three are of the first fields, the rest of topics."""
    return (article.title, article.excerpt, article.provider.name, *article.topics)


def _cut(passes: Any, records: Iterable[bytes], dictionary: Dictionary) -> Occurrences:  # noqa: ANN401 - a module
    """Do what :func:`_analyse` does by the compiled pass."""
    sinks = tuple(bytearray() for _ in Occurrences.__slots__)
    for batch in records:
        dictionary.cut(passes, batch, sinks)
    term, position, span, lengths, title_hash = sinks
    return Occurrences(
        term=np.frombuffer(term, np.int32),
        position=np.frombuffer(position, np.int32),
        span=np.frombuffer(span, np.uint8),
        lengths=np.frombuffer(lengths, np.uint32).reshape(-1, len(FIELDS)),
        title_hash=np.frombuffer(title_hash, np.uint64),
    )


def _analyse(articles: Sequence[Article], dictionary: Dictionary) -> Occurrences:
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
    empty = _analyse([], Dictionary()) if not batches else None
    return empty or Occurrences(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))
