"""Occurrences to postings: sorted by stem, and counted, as arrays.

Postings are by stem, so that a word and its forms are one stretch of arrays. Where a stem has several forms, a byte
beside each posting says which of them the article has; where that is more than one, each of them has a posting of its
own in the *mixed* part.

One compiled pass does it. In NumPy, all that is sorted is the place of each occurrence, and the rest is done for a
stretch of stems at a time, since what the system gives out anew, as large arrays are, costs more than the work on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.frequencies import Numbers, encode_frequencies, join_codes
from search.engines.whoosh.vocabulary import in_order
from search.engines.whoosh.words import MIXED, Words, bounds
from search.ranking import FIELDS

#: Postings between two of which the place of their positions is kept.
BLOCK = 16
#: Bits in the low half of an article's number.
HALF = 16
#: Occurrences that are grouped in one go, or all of a stem that has more.
STRETCH = 1 << 17
#: Of an occurrence that the compiled pass can hold.
_MAX_POSITION = (1 << 30) - 1


@dataclass(slots=True)
class Occurrences:
    """Every term of some articles, in their order, field by field; *term* and *position* have one entry a term."""

    term: NDArray[np.int32]
    position: NDArray[np.int32]
    #: Of the terms of title and excerpt: blanks before it and characters in it, in one byte; 0 where they do not fit.
    span: NDArray[np.uint8]
    #: Terms of each field, shape (articles, fields).
    lengths: NDArray[np.uint32]
    #: Of the terms of the title; 0 where there is none.
    title_hash: NDArray[np.uint64]

    def docs(self) -> NDArray[np.int32]:
        """Return the article of each term."""
        return np.repeat(np.arange(len(self.lengths), dtype=np.int32), self.lengths.sum(axis=1, dtype=np.int64))

    def fields(self) -> NDArray[np.uint8]:
        """Return the field of each term."""
        return np.repeat(
            np.tile(np.arange(len(FIELDS), dtype=np.uint8), len(self.lengths)),
            self.lengths.reshape(-1).astype(np.int64),
        )


def group(found: Occurrences, dictionary: Dictionary) -> dict[str, Array]:
    """Return the arrays of the postings of all occurrences, which are in the order of articles, then of positions."""
    used = _Used(found.term, dictionary)
    is_small = int(found.position.max(initial=0)) <= _MAX_POSITION
    made = _compiled(native.passes, found, used) if native.passes and is_small else _stretched(found, used)
    mixed = _Mixed.of(made.mixed, found.lengths)
    (code, mixed_code), extra = join_codes([(made.code, made.extra), (mixed.code, mixed.extra)])
    return {
        **used.words.arrays(),
        **made.arrays,
        "code": code,
        "mixed.term": bounds(mixed.term, used.words.terms),
        "mixed.posting": mixed.posting.astype(np.uint32),
        "mixed.code": mixed_code,
        "mixed.start": np.append(mixed.start, len(mixed.position)).astype(np.uint32),
        "mixed.position": small(mixed.position),
        "frequency.extra": extra,
    }


@dataclass(slots=True)
class _Made:
    """The postings of all stems."""

    #: Ready to be written.
    arrays: dict[str, Array]
    code: NDArray[np.uint32]
    extra: Numbers
    #: Of each occurrence of a posting of several forms: its term, posting, article, field and position.
    mixed: Sequence[Array]


def _compiled(passes: Any, found: Occurrences, used: _Used) -> _Made:  # noqa: ANN401 - a module
    """Make them by the compiled pass."""
    size, words, halves = len(found.term), used.words, high_halves(len(found.lengths))
    arrays: dict[str, Array] = {
        "stem.posting": np.empty(words.stems * halves + 1, np.uint32),
        "doc": np.empty(size, np.uint16),
        "code": np.empty(size, np.uint32),
        "stem.tag": np.empty(words.stems + 1, np.uint32),
        "tag": np.empty(size, np.uint8),
        "block": np.empty(size // BLOCK + 2, np.uint32),
        "position": np.empty(size, np.min_scalar_type(int(found.position.max(initial=0)))),
    }
    postings, tagged, extra, mixed = passes.group(
        (found.term, found.position, found.lengths),
        (used.term, used.stem, words.tags, words.forms > 1),
        np.empty(words.stems, np.uint32),
        tuple(arrays.values()),
        halves,
    )
    used_up = {"doc": postings, "tag": tagged, "block": -(-postings // BLOCK) + 1}
    arrays |= {name: arrays[name][:count] for name, count in used_up.items()}
    rows = np.frombuffer(extra, np.uint32).reshape(-1, 2 * len(FIELDS))
    return _Made(arrays, arrays.pop("code")[:postings], rows, list(np.frombuffer(mixed, np.uint32).reshape(-1, 5).T))


def _stretched(found: Occurrences, used: _Used) -> _Made:
    """Make them a stretch of stems at a time."""
    docs, fields, postings, parts = found.docs(), found.fields(), 0, []
    for stem, order in _stretches(used.stem[found.term]):
        parts.append(_Part.of(found, used, (docs.take(order), fields.take(order)), stem, order, postings))
        postings += len(parts[-1].doc)
    codes, extra = join_codes([(part.code, part.extra) for part in parts])
    stem, doc, tag, count = (
        _joined([getattr(part, name) for part in parts]) for name in ("stem", "doc", "tag", "count")
    )
    begins = np.arange(0, len(count), BLOCK)
    arrays = {
        **pack_docs(stem, doc, used.words.stems, len(found.lengths)),
        **pack_tags(stem, tag, used.words.forms),
        "block": _starts(np.add.reduceat(count, begins, dtype=np.int64) if len(count) else begins),
        "position": small(_joined([part.position for part in parts])),
    }
    mixed = [_joined(list(column)) for column in zip(*(part.mixed for part in parts), strict=True)]
    return _Made(arrays, _joined(codes).astype(np.uint32), extra, mixed or [np.empty(0, np.int64)] * 5)


def _stretches(stem: NDArray[np.int32]) -> Iterator[tuple[Array, Array]]:
    """Yield the stems of a stretch of occurrences, sorted, and where these are; they stay in the order of articles."""
    # One sort of numbers that hold both the stem and the place; written as pairs, they need no memory beside their own.
    pairs = np.empty((len(stem), 2), "<u4")
    pairs[:, 0], pairs[:, 1] = np.arange(len(stem), dtype=np.uint32), stem
    pairs.view("<u8").reshape(-1).sort()
    order, stems = pairs[:, 0], pairs[:, 1]
    first = 0
    while first < len(stems):
        end = int(stems.searchsorted(stems[min(first + STRETCH, len(stems)) - 1], "right"))
        yield stems[first:end], order[first:end]
        first = end


@dataclass(slots=True)
class _Part:
    """The postings of some stems, and their occurrences where they are of several forms."""

    stem: NDArray[np.int32]
    doc: NDArray[np.int32]
    tag: NDArray[np.uint8]
    count: Array
    code: NDArray[np.uint32]
    extra: Numbers
    #: Of each occurrence.
    position: Array
    #: As in :class:`_Made`.
    mixed: tuple[Array, ...]

    @classmethod
    def of(
        cls, found: Occurrences, used: _Used, places: tuple[Array, Array], stem: Array, order: Array, postings: int
    ) -> _Part:
        """Make one of the occurrences in *order*, in the articles and fields *places*; *postings* come before it."""
        doc, field = places
        term, position = used.term.take(found.term.take(order)), found.position.take(order)
        starts = _changes(stem, doc)
        count = np.diff(starts, append=len(doc))
        tag = _tags(used.words.tags.take(term), starts)
        posting = np.repeat(np.arange(postings, postings + len(starts), dtype=np.int64), count)
        mixed = np.flatnonzero(np.repeat(tag == MIXED, count))
        docs = doc.take(starts)
        code, extra = encode_frequencies(field, starts, found.lengths, docs)
        return cls(
            stem=stem.take(starts).astype(np.int32),
            doc=docs,
            tag=tag,
            count=small(count),
            code=code,
            extra=extra,
            position=small(position),
            mixed=tuple(column.take(mixed) for column in (term, posting, doc, field, position)),
        )


@dataclass(slots=True)
class _Mixed:
    """Postings of several forms of their stem, once for each of the forms, sorted by it."""

    term: Array
    posting: Array
    code: NDArray[np.uint32]
    extra: Numbers
    #: Where the occurrences of each begin, and the positions of all.
    start: Array
    position: Array

    @classmethod
    def of(cls, mixed: Sequence[Array], lengths: Array) -> _Mixed:
        """Put together those of all stems."""
        order = np.lexsort((mixed[1], mixed[0]))
        term, posting, doc, field, position = (column[order] for column in mixed)
        starts = _changes(term, posting)
        code, extra = encode_frequencies(field, starts, lengths, doc[starts])
        return cls(term[starts], posting[starts], code, extra, starts, position)


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


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int64)


def _starts(counts: Array) -> NDArray[np.uint32]:
    """Return where each of some runs begins, and the end of the last."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)
