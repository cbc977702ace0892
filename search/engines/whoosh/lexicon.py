"""The terms of one field of a segment, and their postings: the shape in which Whoosh asks for what is in the arrays.

The arrays have one posting for all fields of an article, grouped by stem; Whoosh wants one for each field and term.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.frequencies import SIMPLE, decode_frequencies
from search.engines.whoosh.grouping import high_halves
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.words import MIXED
from search.keys import number_to_id
from search.ranking import FIELDS

ID_FIELD = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """The articles that have a term in a field; all arrays have one entry an article, in order."""

    docs: Docs
    frequencies: NDArray[np.uint32]
    #: Of the field; 0 in a field without lengths.
    lengths: NDArray[np.uint32]
    #: Number of the term in its lexicon's own count.
    term: int
    #: In a searched field, where the articles are among the postings of the term's stem.
    rows: Docs


class Lexicon(Protocol):
    """The terms of a field, as bytes, in order; deleted articles count. Safe to share between threads."""

    def __len__(self) -> int:
        """Count the terms."""

    def __getitem__(self, place: int) -> bytes:
        """Return a term."""

    def bisect(self, wanted: bytes) -> int:
        """Return how many terms come before *wanted*."""

    def find(self, term: bytes) -> Postings | None:
        """Return the postings of a term, None where the field has none."""

    def positions(self, postings: Postings) -> list[list[int]]:
        """Return where the term stands in the field of each article, counted from 0."""


def lexicons(segment: Segment) -> dict[str, Lexicon]:
    """Return the lexicons of all fields, in the order of their names."""
    terms = _Terms(segment)
    found: dict[str, Lexicon] = {name: TextLexicon(terms, number) for number, name in enumerate(FIELDS)}
    found[ID_FIELD] = IdLexicon(segment)
    return dict(sorted(found.items()))


def text_starts(lengths: Array) -> NDArray[np.int64]:
    """Return the position at which each field begins, the topics being one field.

    Args:
        lengths: terms of each field, shape (articles, fields).
    """
    wide = lengths.astype(np.int64)
    return np.cumsum(wide, axis=1) - wide + np.arange(wide.shape[1])


class IdLexicon:
    """The ids of the articles; see :class:`Lexicon`."""

    def __init__(self, segment: Segment) -> None:
        self._ids = segment.ids

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.uint64], Docs]:
        order = np.argsort(self._ids, kind="stable")
        return self._ids[order], order

    @cached_property
    def _distinct(self) -> NDArray[np.uint64]:
        return np.unique(self._ids)

    def __len__(self) -> int:
        """Count the ids."""
        return len(self._distinct)

    def __getitem__(self, place: int) -> bytes:
        """Return an id, as it is written."""
        return number_to_id(int(self._distinct[place])).encode()

    def bisect(self, wanted: bytes) -> int:
        """Return how many ids come before *wanted*, which need not be one."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self[middle] < wanted else (low, middle)
        return low

    def find(self, term: bytes) -> Postings | None:
        """Return the articles with an id, all but one of them deleted."""
        place = self.bisect(term)
        if place == len(self) or self[place] != term:
            return None
        ids, order = self._sorted
        number = self._distinct[place]
        docs = order[ids.searchsorted(number) : ids.searchsorted(number, "right")]
        ones, zeros = np.ones(len(docs), np.uint32), np.zeros(len(docs), np.uint32)
        return Postings(docs=docs, frequencies=ones, lengths=zeros, term=place, rows=docs)

    def positions(self, postings: Postings) -> list[list[int]]:
        """Return the one position of an id."""
        return [[0]] * len(postings.docs)


class TextLexicon:
    """The terms of a searched field; see :class:`Lexicon`."""

    def __init__(self, terms: _Terms, field: int) -> None:
        self._terms, self._field = terms, field
        self._segment = terms.segment

    @cached_property
    def _numbers(self) -> NDArray[np.intp]:
        return np.flatnonzero(self._terms.in_field[:, self._field])

    def __len__(self) -> int:
        """Count the terms."""
        return len(self._numbers)

    def __getitem__(self, place: int) -> bytes:
        """Return a term."""
        return self._segment.terms.encoded(int(self._numbers[place]))

    def bisect(self, wanted: bytes) -> int:
        """Return how many terms come before *wanted*."""
        return int(self._numbers.searchsorted(self._segment.terms.bisect(wanted)))

    def find(self, term: bytes) -> Postings | None:
        """Return the postings of a term; for that the field's other terms need not be known."""
        texts = self._segment.terms
        number = texts.bisect(term)
        if number == len(texts) or texts.encoded(number) != term:
            return None
        rows = self._segment.postings_of(number)
        frequencies = self._terms.frequencies(number, rows)[:, self._field]
        rows, frequencies = rows[frequencies > 0], frequencies[frequencies > 0]
        if not len(rows):
            return None
        docs = self._segment.docs(self._segment.stem_of(number))[rows]
        lengths = self._segment.lengths[docs, self._field]
        return Postings(docs=docs, frequencies=frequencies, lengths=lengths, term=number, rows=rows)

    def positions(self, postings: Postings) -> list[list[int]]:
        """Cut the field's part out of the positions of all fields."""
        term, rows = postings.term, postings.rows
        counts, found = self._segment.occurrences(term, rows)
        before = self._terms.frequencies(term, rows)[:, : self._field].sum(axis=1, dtype=np.int64)
        starts = np.cumsum(counts) - counts + before
        shifts = text_starts(self._segment.lengths[postings.docs])[:, self._field]
        shifted = found - np.repeat(shifts, counts)
        ends = starts + postings.frequencies
        return [shifted[start:end].tolist() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


class _Terms:
    """What the lexicons of a segment's fields share."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment

    @cached_property
    def _table(self) -> NDArray[np.uint32]:
        """Frequency by field of each combination, shape (combinations, fields)."""
        extra = self.segment.extra
        frequencies, _ = decode_frequencies(np.arange(SIMPLE + len(extra), dtype=np.uint32), extra)
        return np.ascontiguousarray(frequencies)

    def frequencies(self, term: int, rows: Docs) -> NDArray[np.uint32]:
        """Return how often a term is in each field; shape (rows, fields)."""
        segment = self.segment
        start, _ = segment.range_of(segment.stem_of(term))
        codes = segment.codes[start + rows]
        own = segment.mixed_postings(term, start)
        if len(own):
            wanted = np.minimum(own.searchsorted(rows), len(own) - 1)
            mixed = own[wanted] == rows
            codes[mixed] = segment.arrays["mixed.code"][segment.mixed(term)][wanted[mixed]]
        found: NDArray[np.uint32] = self._table[codes]
        return found

    @cached_property
    def in_field(self) -> NDArray[np.bool_]:
        """Whether a term is in a field at all; shape (terms, fields)."""
        arrays = self.segment.arrays
        terms, codes = self._plain_postings()
        mixed = np.repeat(np.arange(len(self.segment.terms)), np.diff(arrays["mixed.term"]))
        found = np.zeros((len(self.segment.terms), len(FIELDS)), bool)
        for field in range(len(FIELDS)):
            occurs = self._table[:, field] > 0
            found[terms[occurs[codes]], field] = True
            found[mixed[occurs[arrays["mixed.code"]]], field] = True
        return found

    def _plain_postings(self) -> tuple[Array, Array]:
        """Return the terms and codes of the postings that have one form of their stem."""
        arrays, segment = self.segment.arrays, self.segment
        bounds = arrays["stem.posting"][:: high_halves(len(segment))]
        stem = np.repeat(np.arange(len(segment.stems)), np.diff(bounds))
        tag = np.zeros(len(stem), np.uint8)
        tag[np.diff(arrays["stem.form"])[stem] > 1] = arrays["tag"]
        plain = tag != MIXED
        return arrays["form"][arrays["stem.form"][stem[plain]] + tag[plain]], segment.codes[plain]
