"""Several segments to one: arrays put together and renumbered; no text is analysed again.

Postings are merged a stretch of stems at a time, so that the memory it takes is bounded by :data:`STRETCH` postings
(about 100 bytes each), and by what the articles' own columns take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.arrays import Array, ranges
from search.engines.whoosh.attributes import merge_attributes
from search.engines.whoosh.frequencies import SIMPLE, join_extras, used_extras
from search.engines.whoosh.inversion import BLOCK, MIXED, pack_docs, pack_tags, small
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.vocabulary import pack_texts

#: Postings that are merged in one go.
STRETCH = 1 << 22

Mask = NDArray[np.bool_]


def merge_segments(segments: Sequence[Segment], living: Sequence[Mask]) -> dict[str, Array]:
    """Return the arrays of one segment with the *living* articles of all, from the newest to the oldest."""
    chosen = [np.flatnonzero(mask) for mask in living]
    ages = np.concatenate([segment.ages[docs] for segment, docs in zip(segments, chosen, strict=True)])
    ids = np.concatenate([segment.ids[docs] for segment, docs in zip(segments, chosen, strict=True)])
    order = np.lexsort((ids, ages))
    places = np.empty(len(order), np.intp)
    places[order] = np.arange(len(order))
    new_numbers, first = [], 0
    for segment, docs in zip(segments, chosen, strict=True):
        numbers = np.full(len(segment), -1, np.intp)
        numbers[docs] = places[first : first + len(docs)]
        new_numbers.append(numbers)
        first += len(docs)
    return {**_Postings(segments, new_numbers, len(order)).arrays(), **merge_attributes(segments, chosen, order)}


@dataclass(slots=True)
class _Piece:
    """Postings of a stretch of stems, sorted by stem and article; or mixed ones, by their place and form."""

    stem: Docs
    doc: Docs
    #: -1 where the posting is of several forms.
    term: Docs
    code: NDArray[np.uint32]
    count: Docs
    position: Array

    def taken(self, order: Docs) -> _Piece:
        begins = np.cumsum(self.count) - self.count
        positions = self.position[ranges(begins[order], (begins + self.count)[order])]
        return _Piece(
            self.stem[order], self.doc[order], self.term[order], self.code[order], self.count[order], positions
        )

    @staticmethod
    def joined(pieces: Iterable[_Piece]) -> _Piece:
        none = np.empty(0, np.intp)
        found = [_Piece(none, none, none, np.empty(0, np.uint32), none, none), *pieces]
        return _Piece(*(np.concatenate([getattr(piece, name) for piece in found]) for name in _Piece.__slots__))


class _Postings:
    """The postings of all segments under common numbers."""

    def __init__(self, segments: Sequence[Segment], new_numbers: Sequence[Docs], articles: int) -> None:
        self._segments, self._numbers, self._articles = segments, new_numbers, articles
        self._texts, self._term_maps = _united([list(segment.terms) for segment in segments])
        self._stem_texts, self._stem_maps = _united([list(segment.stems) for segment in segments])
        self._extra_maps, self._extra = join_extras([segment.extra for segment in segments])

    def arrays(self) -> dict[str, Array]:
        pieces = [self._stretch(first, end) for first, end in self._stretches()]
        postings = _Piece.joined(pieces)
        mixed = _Piece.joined([self._mixed(n) for n in range(len(self._segments))])
        words = _UsedWords(self._texts, self._stem_texts, self._stem_of_term(), postings, mixed)
        keys = postings.stem << 32 | postings.doc
        if any((tags == MIXED).any() for tags in (words.tag, *(s.arrays["term.tag"] for s in self._segments))):
            mixed = _retagged(postings, mixed, keys, words.tag)
        mixed_postings = keys.searchsorted(mixed.stem << 32 | mixed.doc)
        order = np.lexsort((mixed_postings, mixed.term))
        mixed, mixed_postings = mixed.taken(order), mixed_postings[order]
        tag = np.where(postings.term < 0, np.uint8(MIXED), words.tag[postings.term])
        stem, begins = words.stem[postings.stem], np.cumsum(postings.count) - postings.count
        extra, codes, mixed_codes = used_extras(self._extra, postings.code, mixed.code)
        return {
            **words.arrays(),
            **pack_docs(stem, postings.doc, words.stems, self._articles),
            **pack_tags(stem, tag, words.forms),
            "code": codes,
            "block": np.append(begins[::BLOCK], len(postings.position)).astype(np.uint32),
            "position": small(postings.position),
            "mixed.term": bounds(words.term[mixed.term], words.terms),
            "mixed.posting": mixed_postings.astype(np.uint32),
            "mixed.code": mixed_codes,
            "mixed.start": np.concatenate([[0], np.cumsum(mixed.count)]).astype(np.uint32),
            "mixed.position": small(mixed.position),
            "frequency.extra": extra,
        }

    def _stretches(self) -> list[tuple[int, int]]:
        """Cut the common stems where their postings would be too many for one go."""
        sizes = np.zeros(len(self._stem_texts), np.intp)
        for segment, new_stems in zip(self._segments, self._stem_maps, strict=True):
            sizes[new_stems] += segment.counts(np.arange(len(segment.stems)))
        numbers = np.cumsum(sizes) // STRETCH
        cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(sizes)]
        return [(first, end) for first, end in pairwise(cuts) if end > first]

    def _stretch(self, first: int, end: int) -> _Piece:
        piece = _Piece.joined([self._part(n, first, end) for n in range(len(self._segments))])
        return piece.taken(np.argsort(piece.stem << 32 | piece.doc, kind="stable"))

    def _part(self, number: int, first: int, end: int) -> _Piece:
        """Return the postings that one segment has of the common stems from *first* to before *end*."""
        segment, stem_map = self._segments[number], self._stem_maps[number]
        low, high = stem_map.searchsorted([first, end]).tolist()
        stems = np.arange(low, high)
        postings, docs = segment.docs_at(stems)
        stem = np.repeat(stems, segment.counts(stems))
        docs = self._numbers[number][docs]
        kept = np.flatnonzero(docs >= 0)
        counts, positions = segment.all_occurrences(postings[kept])
        return _Piece(
            stem=stem_map[stem[kept]],
            doc=docs[kept],
            term=self._terms_of(number, stem, postings)[kept],
            code=self._codes(number, segment.codes[postings[kept]]),
            count=counts,
            position=positions,
        )

    def _terms_of(self, number: int, stem: Docs, postings: Docs) -> Docs:
        """Return the common number of each posting's form, -1 where it has several."""
        segment = self._segments[number]
        tags = segment.tags_at(stem, postings)
        forms = segment.arrays["stem.form"][stem].astype(np.intp) + np.where(tags == MIXED, 0, tags)
        terms = self._term_maps[number][segment.arrays["form"][forms]]
        return np.where(tags == MIXED, -1, terms)

    def _mixed(self, number: int) -> _Piece:
        segment = self._segments[number]
        arrays = segment.arrays
        terms = np.repeat(np.arange(len(segment.terms)), np.diff(arrays["mixed.term"]))
        stem = arrays["term.stem"][terms].astype(np.intp)
        doc = self._numbers[number][segment.doc_of(stem, arrays["mixed.posting"].astype(np.intp))]
        piece = _Piece(
            stem=self._stem_maps[number][stem],
            doc=doc,
            term=self._term_maps[number][terms],
            code=self._codes(number, arrays["mixed.code"]),
            count=np.diff(arrays["mixed.start"]).astype(np.intp),
            position=arrays["mixed.position"],
        )
        return piece.taken(np.flatnonzero(doc >= 0))

    def _codes(self, number: int, codes: Array) -> NDArray[np.uint32]:
        mapped = codes.astype(np.uint32)
        other = np.flatnonzero(mapped >= SIMPLE)
        mapped[other] = self._extra_maps[number][mapped[other] - SIMPLE] + np.uint32(SIMPLE)
        return mapped

    def _stem_of_term(self) -> Docs:
        stem_of = np.zeros(len(self._texts), np.intp)
        for segment, terms, stems in zip(self._segments, self._term_maps, self._stem_maps, strict=True):
            stem_of[terms] = stems[segment.arrays["term.stem"]]
        return stem_of


def _retagged(postings: _Piece, mixed: _Piece, keys: Docs, tag: NDArray[np.uint8]) -> _Piece:
    """Give a posting of one form its place, which the number of forms decides; return the mixed ones then.

    Where a stem has come to more forms than there are tags, the last ones belong to the mixed part; where it has lost
    enough of them, they no longer do.
    """
    owners = keys.searchsorted(mixed.stem << 32 | mixed.doc)
    is_alone = (np.bincount(owners, minlength=len(keys))[owners] == 1) & (tag[mixed.term] < MIXED)
    untagged = np.flatnonzero((postings.term >= 0) & (tag[postings.term] == MIXED))
    added = postings.taken(untagged)
    postings.term[owners[is_alone]] = mixed.term[is_alone]
    return _Piece.joined([mixed.taken(np.flatnonzero(~is_alone)), added])


class _UsedWords:
    """The terms and stems that still occur, under their final numbers."""

    def __init__(
        self, texts: Sequence[str], stem_texts: Sequence[str], stem_of: Docs, postings: _Piece, mixed: _Piece
    ) -> None:
        occurs = np.zeros(len(texts), bool)
        occurs[postings.term[postings.term >= 0]] = True
        occurs[mixed.term] = True
        used = np.flatnonzero(occurs)
        used_stems = np.unique(stem_of[used])
        self._texts = [texts[number] for number in used.tolist()]
        self._stem_texts = [stem_texts[number] for number in used_stems.tolist()]
        self.terms, self.stems = len(used), len(used_stems)
        #: From the common numbers to the final ones.
        self.term, self.stem = np.zeros(len(texts), np.intp), np.zeros(len(stem_texts), np.intp)
        self.term[used], self.stem[used_stems] = np.arange(self.terms), np.arange(self.stems)
        self._stem_of = self.stem[stem_of[used]]
        self._by_stem = np.argsort(self._stem_of, kind="stable")
        self._first = bounds(self._stem_of[self._by_stem], self.stems)
        self.forms = np.diff(self._first)
        places = np.empty(self.terms, np.intp)
        places[self._by_stem] = np.arange(self.terms) - self._first[self._stem_of[self._by_stem]]
        self._tags = np.minimum(places, MIXED).astype(np.uint8)
        #: By common number.
        self.tag = np.zeros(len(texts), np.uint8)
        self.tag[used] = self._tags

    def arrays(self) -> dict[str, Array]:
        return {
            **pack_texts("term", self._texts),
            **pack_texts("stem", self._stem_texts),
            "term.stem": self._stem_of.astype(np.uint32),
            "term.tag": self._tags,
            "stem.form": self._first,
            "form": self._by_stem.astype(np.uint32),
        }


def bounds(sorted_numbers: Array, count: int) -> NDArray[np.uint32]:
    """Return where each of *count* numbers begins in an array that is sorted by them, and the end."""
    found = np.zeros(count + 1, np.uint32)
    np.cumsum(np.bincount(sorted_numbers, minlength=count), out=found[1:])
    return found


def _united(lists: Sequence[Sequence[str]]) -> tuple[list[str], list[Docs]]:
    """Return all texts of sorted lists, sorted, and where those of each list are among them."""
    texts = sorted(set().union(*lists))
    numbers: dict[str, Any] = {text: number for number, text in enumerate(texts)}
    return texts, [np.array([numbers[text] for text in known], np.intp) for known in lists]
