"""Several segments to one: arrays put together and renumbered; no text is analysed again.

Postings are merged a stretch of stems at a time, so that the memory it takes is bounded by :data:`STRETCH` postings
(about 200 bytes each), and by what the articles' own columns take.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.engines.whoosh.arrays import Array, forget_pages, ranges
from search.engines.whoosh.attributes import merge_attributes
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.frequencies import SIMPLE, join_extras, used_extras
from search.engines.whoosh.grouping import BLOCK, HALF, high_halves, small
from search.engines.whoosh.inversion import invert
from search.engines.whoosh.segment import Docs, Segment
from search.engines.whoosh.words import MIXED, Words, bounds

#: Postings that are merged in one go.
STRETCH = 1 << 20

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
    postings = _Postings(segments, new_numbers, len(order))
    if postings.most_forms < MIXED:
        merged = postings.arrays()
    else:
        # Which form a posting has is no longer a byte, once a stem has so many: in no language, but who knows.
        articles = [s.stored.article(doc) for s, docs in zip(segments, chosen, strict=True) for doc in docs.tolist()]
        merged = invert([articles[place] for place in order.tolist()], Dictionary())
    for segment in segments:
        forget_pages(segment.arrays)
    return {**merge_attributes(segments, chosen, order), **merged}


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


@dataclass(slots=True)
class _Packed:
    """Postings of a stretch of stems in little memory."""

    #: Of each stem by the high half of the article's number.
    sizes: Docs
    doc: NDArray[np.uint16]
    term: NDArray[np.int32]
    code: NDArray[np.uint32]
    count: Array
    position: Array
    #: Where the postings of several forms are among these.
    mixed: Docs


class _Postings:
    """The postings of all segments under common numbers."""

    def __init__(self, segments: Sequence[Segment], new_numbers: Sequence[Docs], articles: int) -> None:
        self._segments, self._numbers, self._highs = segments, new_numbers, high_halves(articles)
        self._texts, self._term_maps = _united([list(segment.terms) for segment in segments])
        self._stem_texts, self._stem_maps = _united([list(segment.stems) for segment in segments])
        self._extra_maps, self._extra = join_extras([segment.extra for segment in segments])

    @property
    def most_forms(self) -> int:
        """How many forms a stem has at most."""
        return int(np.bincount(self._stem_of_term()).max(initial=0))

    def arrays(self) -> dict[str, Array]:
        mixed = _Piece.joined([self._mixed(n) for n in range(len(self._segments))])
        mixed = mixed.taken(np.lexsort((mixed.doc, mixed.stem)))
        packed = [self._packed(first, end, mixed) for first, end in self._stretches()]
        firsts = np.cumsum([0, *(len(one.doc) for one in packed)])
        mixed_postings = _joined(
            [one.mixed + first for one, first in zip(packed, firsts.tolist(), strict=False)], np.intp
        )
        order = np.lexsort((mixed_postings, mixed.term))
        mixed, mixed_postings = mixed.taken(order), mixed_postings[order]
        sizes = _joined([one.sizes for one in packed], np.intp).reshape(-1, self._highs)
        doc, term = _moved(packed, "doc", np.uint16), _moved(packed, "term", np.int32)
        position, count = _moved(packed, "position", np.uint8), _moved(packed, "count", np.uint8)
        extra, codes, mixed_codes = used_extras(self._extra, _moved(packed, "code", np.uint32), mixed.code)
        used = _Used(self._texts, self._stem_texts, self._stem_of_term(), term, mixed.term)
        words = used.words
        begins = np.arange(0, len(count), BLOCK)
        blocks: Docs = np.add.reduceat(count, begins, dtype=np.intp) if len(count) else begins
        return {
            **words.arrays(),
            "stem.posting": _starts(sizes[used.stems].reshape(-1)),
            "doc": doc,
            **_pack_tags(np.where(term < 0, np.uint8(MIXED), used.tag[term]), sizes[used.stems], words.forms),
            "code": codes,
            "block": _starts(blocks),
            "position": small(position),
            "mixed.term": bounds(used.term[mixed.term], words.terms),
            "mixed.posting": mixed_postings.astype(np.uint32),
            "mixed.code": mixed_codes,
            "mixed.start": _starts(mixed.count),
            "mixed.position": small(mixed.position),
            "frequency.extra": extra,
        }

    def _packed(self, first: int, end: int, mixed: _Piece) -> _Packed:
        """Return a stretch in little memory."""
        piece = self._stretch(first, end)
        own = slice(*mixed.stem.searchsorted([first, end]).tolist())
        keys = piece.stem << 32 | piece.doc
        groups = (piece.stem - first) * self._highs + (piece.doc >> HALF)
        return _Packed(
            sizes=np.bincount(groups, minlength=(end - first) * self._highs),
            doc=(piece.doc & ((1 << HALF) - 1)).astype(np.uint16),
            term=piece.term.astype(np.int32),
            code=piece.code,
            count=small(piece.count),
            position=small(piece.position),
            mixed=keys.searchsorted(mixed.stem[own] << 32 | mixed.doc[own]),
        )

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


class _Used:
    """The terms and stems that still occur, of all that are numbered in common."""

    def __init__(
        self, texts: Sequence[str], stem_texts: Sequence[str], stem_of: Docs, terms: NDArray[np.int32], mixed: Docs
    ) -> None:
        # One place more, for the number of "several".
        occurs = np.zeros(len(texts) + 1, bool)
        occurs[terms] = True
        occurs[mixed] = True
        occurs[-1] = False
        used = np.flatnonzero(occurs)
        self.stems = np.unique(stem_of[used])
        ranks = self.stems.searchsorted(stem_of[used])
        self.words = Words(
            [texts[number] for number in used.tolist()], [stem_texts[number] for number in self.stems.tolist()], ranks
        )
        #: From the common numbers of terms to the final ones, and to the tags.
        self.term, self.tag = np.zeros(len(texts), np.intp), np.zeros(len(texts), np.uint8)
        self.term[used], self.tag[used] = np.arange(len(used)), self.words.tags


def _pack_tags(tag: NDArray[np.uint8], sizes: Docs, forms: Array) -> dict[str, Array]:
    """Return the arrays of tags, which only stems of several forms have.

    Args:
        tag: of each posting.
        sizes: postings of each stem, shape (stems, high halves).
        forms: how many each stem has.
    """
    by_stem = sizes.sum(axis=1)
    return {"stem.tag": _starts(np.where(forms > 1, by_stem, 0)), "tag": tag[np.repeat(forms > 1, by_stem)]}


def _starts(sizes: Docs | Sequence[int]) -> NDArray[np.uint32]:
    """Return where things of these sizes begin, and the end."""
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint32)


def _joined(arrays: Sequence[Array], kind: type[Any]) -> Array:
    return np.concatenate([np.empty(0, kind), *arrays])


def _moved(packed: Sequence[_Packed], name: str, kind: type[Any]) -> Array:
    """Put one array of all stretches together, and give back the memory of the parts."""
    whole = _joined([getattr(one, name) for one in packed], kind)
    for one in packed:
        setattr(one, name, None)
    return whole


def _united(lists: Sequence[Sequence[str]]) -> tuple[list[str], list[Docs]]:
    """Return all texts of sorted lists, sorted, and where those of each list are among them."""
    texts = sorted(set().union(*lists))
    numbers: dict[str, Any] = {text: number for number, text in enumerate(texts)}
    return texts, [np.array([numbers[text] for text in known], np.intp) for known in lists]
