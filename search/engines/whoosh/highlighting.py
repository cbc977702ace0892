"""Where the words of a query are in the hits of a page, from their positions: no text is analysed again.

A position becomes characters by the spans of the terms before it. Where a text has a term that its span does not fit,
the text is analysed after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search import native
from search.analysis import query_terms, stem
from search.articles import Article
from search.engines.whoosh.arrays import Array, ranges
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.expansion import expanded_terms, terms_of
from search.engines.whoosh.found_words import find_word
from search.engines.whoosh.marks import FIELDS, Highlights, Marks
from search.engines.whoosh.part import Part
from search.engines.whoosh.rows import look_up
from search.engines.whoosh.segment import Docs, Segment
from search.highlights import highlight, merged, occurrences
from search.query import Fuzzy, Leaf, Phrase, Prefix, Wildcard, Word
from search.results import Span

#: Terms that count wherever they are, terms that count in a row, and the same with so many others in between.
_Sought = tuple[set[str], list[tuple[str, ...]], list[tuple[tuple[str, ...], int]]]
#: The first and the last of terms in a row, by number; shape (runs, 2).
_Runs = NDArray[np.intp]
_NONE = np.empty((0, 2), np.intp)
#: Words, and terms in rows, of which a pass takes so many of each.
_MAX_PASSED = 64
#: Terms that patterns stand for beyond which looking at the words of a page is as quick.
_MAX_TERMS, _MAX_PATTERNS = 1024, 16
#: As the pass has them.
_FIELD_NUMBERS = {None: -1, "title": 0, "excerpt": 1}
#: Stands for the number of spans where the text must be analysed.
_UNEVEN = 0xFFFFFFFF


def highlight_hits(collection: Collection, leaves: Sequence[Leaf], numbers: Sequence[int]) -> Marks:
    """Return, for each of the articles, the spans that match one of *leaves*."""
    docs = np.array(numbers, np.intp)
    if len(collection.parts) == 1:
        return _in_part(collection, collection.parts[0], leaves, docs)
    found: dict[int, Highlights] = {}
    for part in collection.parts:
        own = docs[(docs >= part.base) & (docs < part.base + len(part.segment))]
        if len(own):
            found |= zip(own.tolist(), _in_part(collection, part, leaves, own - part.base).listed(), strict=True)
    return Marks.of(map(found.__getitem__, numbers))


def _in_part(collection: Collection, part: Part, leaves: Sequence[Leaf], docs: Docs) -> Marks:
    marks = _passed(native.passes, part, leaves, docs) if native.passes else None
    if marks is None:
        order = docs.argsort()
        texts = _Texts(part.segment, docs[order])
        marks = texts.marks(np.concatenate([_NONE, *_runs(collection, texts, leaves)]), order)
    # Of few numbers that is quicker than a look at each.
    if _UNEVEN not in marks.counts.tolist():
        return marks
    uneven = marks.counts[::2] == _UNEVEN
    even = iter(Marks(marks.counts[marks.counts != _UNEVEN], marks.spans).listed())
    return Marks.of(
        _analysed(collection, leaves, part.segment.stored.article(doc)) if is_uneven else next(even)
        for doc, is_uneven in zip(docs.tolist(), uneven.tolist(), strict=True)
    )


def _passed(passes: ModuleType, part: Part, leaves: Sequence[Leaf], docs: Docs) -> Marks | None:
    """Return the marks by the compiled pass, None where it does not know what is sought."""
    segment, words, rows, patterns = part.segment, list[Any](), list[Any](), list[Any]()
    for leaf in leaves:
        if leaf.field not in _FIELD_NUMBERS:
            continue
        field = _FIELD_NUMBERS[leaf.field]
        if isinstance(leaf, Prefix | Wildcard | Fuzzy):
            patterns.append((terms_of(segment, leaf)[0], field))
            continue
        row = query_terms(leaf.text)
        if isinstance(leaf, Word) and len(row) == 1:
            found = find_word(part, row[0])
            words += [] if found is None else [(found.place.stem, field)]
            continue
        known = {term: look_up(part, term).number for term in row}
        if row and min(known.values()) >= 0:
            slop = leaf.slop if isinstance(leaf, Phrase) else 0
            rows.append((list(known.values()), bytes(map(list(known).index, row)), slop, field))
    if len(words) > _MAX_PASSED or not _are_few(rows, patterns):
        return None
    counts, spans = passes.mark(words, rows, patterns, part.row_arrays, part.span_arrays, docs)
    return Marks(np.frombuffer(counts, np.uint32), np.frombuffer(spans, np.uint32))


def _are_few(rows: Sequence[Any], patterns: Sequence[Any]) -> bool:
    """Tell whether terms in rows, and those that patterns stand for, are few enough for the pass."""
    if rows and sum(len(row[0]) for row in rows) > _MAX_PASSED:
        return False
    return not patterns or (len(patterns) <= _MAX_PATTERNS and sum(len(found[0]) for found in patterns) <= _MAX_TERMS)


class _Texts:
    """Titles and excerpts of some articles as terms, numbered through: the first title's, the first excerpt's, ..."""

    def __init__(self, segment: Segment, docs: Docs) -> None:
        self.segment, self.docs = segment, docs
        self._lengths = segment.lengths[docs, :2].astype(np.intp)
        begins, counts = segment.span_starts[docs], self._lengths.sum(axis=1)
        packed = segment.arrays["span"][ranges(begins, begins + counts)]
        self._sizes = packed & 31
        ends = np.zeros(len(packed) + 1, np.intp)
        np.cumsum((packed >> 5) + self._sizes, out=ends[1:])
        per_text = self._lengths.reshape(-1)
        #: The number of each text's first term.
        self.firsts = per_text.cumsum() - per_text
        #: The text that each term is of: twice the place of its article, and one more for an excerpt.
        self._text_of = np.arange(len(per_text)).repeat(per_text)
        #: Where each term ends, and how much of that lies before its text.
        self._ends, self._before = ends[1:], ends[self.firsts]
        self.is_exact = [True] * len(docs)
        if not packed.all():
            for text in self._text_of[packed == 0].tolist():
                self.is_exact[text // 2] = False

    def numbers(self, places: Docs, positions: Array, field: str | None) -> Docs:
        """Return the numbers of the terms at positions of the articles beside them, as far as they are in *field*."""
        lengths = self._lengths.take(places, axis=0)
        title, positions = lengths[:, 0], positions.astype(np.intp)
        is_behind = positions >= title
        # Between two fields a position is left free.
        numbers = self.firsts.take(2 * places) + positions - is_behind
        kept = positions <= title + lengths[:, 1]
        if field:
            kept &= is_behind == (field == "excerpt")
        return numbers[kept] if field in {None, *FIELDS} else numbers[:0]

    def texts_with(self, numbers: Docs) -> dict[int, list[int]]:
        """Return for each of the texts with terms of these numbers, sorted, the places of the terms in it."""
        found: dict[int, list[int]] = {}
        texts = self._text_of.take(numbers)
        for text, place in zip(texts.tolist(), (numbers - self.firsts.take(texts)).tolist(), strict=True):
            found.setdefault(text, []).append(place)
        return found

    def marks(self, runs: _Runs, order: Docs) -> Marks:
        """Return the characters of the runs that are in each text; articles are sorted by *order*."""
        first, last = runs[runs[:, 0].argsort(kind="stable")].T
        texts = self._text_of.take(first)
        before = self._before.take(texts)
        starts = self._ends.take(first) - self._sizes.take(first) - before
        ends = self._ends.take(last) - before
        spans: list[list[Span]] = [[] for _ in self.firsts]
        for text, start, end in zip(texts.tolist(), starts.tolist(), ends.tolist(), strict=True):
            spans[text].append((start, end))
        texts_found = [merged(found) if self.is_exact[text // 2] else () for text, found in enumerate(spans)]
        places = order.argsort()
        marks = Marks.of(dict(zip(FIELDS, texts_found[2 * at : 2 * at + 2], strict=True)) for at in places.tolist())
        is_exact = np.array(self.is_exact, bool)[places].repeat(2)
        return Marks(np.where(is_exact, marks.counts, np.uint32(_UNEVEN)), marks.spans)

    def texts(self) -> Iterator[tuple[int, str, list[tuple[int, int]]]]:
        """Yield texts whose spans are known: the number of their first term, themselves, and where each term is."""
        articles = self.segment.stored.articles(self.docs.tolist())
        ends = self._ends - self._before.take(self._text_of)
        spans = list(zip((ends - self._sizes).tolist(), ends.tolist(), strict=True))
        bounds = [*self.firsts.tolist(), len(spans)]
        for text, (first, end) in enumerate(pairwise(bounds)):
            if self.is_exact[text // 2]:
                article = articles[text // 2]
                yield first, article.excerpt if text % 2 else article.title, spans[first:end]


def _runs(collection: Collection, texts: _Texts, leaves: Sequence[Leaf]) -> list[_Runs]:
    """Return the runs of terms that match one of the leaves; all words of a field are looked up at once."""
    words: dict[str | None, list[tuple[Docs, Docs]]] = {}
    runs = []
    for leaf in leaves:
        if isinstance(leaf, Prefix | Wildcard | Fuzzy):
            runs.append(_pattern_runs(texts, expanded_terms(collection, leaf), leaf.field))
            continue
        row = query_terms(leaf.text)
        if isinstance(leaf, Phrase) or len(row) != 1:
            runs.append(_row_runs(texts, row, leaf.slop if isinstance(leaf, Phrase) else 0, leaf.field))
        else:
            words.setdefault(leaf.field, []).append(_postings_of(texts, row[0]))
    return runs + [_word_runs(texts, found, field) for field, found in words.items()]


def _postings_of(texts: _Texts, term: str) -> tuple[Docs, Docs]:
    """Return the places of the articles that have any form of a term, and the posting of each."""
    segment = texts.segment
    number = segment.stems.find(stem(term))
    if number is None:
        return _NONE[:, 0], _NONE[:, 0]
    start, _ = segment.range_of(number)
    postings, there = segment.locate(number, texts.docs)
    places = there.nonzero()[0]
    return places, postings[places] + start


def _word_runs(texts: _Texts, found: list[tuple[Docs, Docs]], field: str | None) -> _Runs:
    # Postings are looked up in their order.
    found.sort(key=lambda item: int(item[1][0]) if len(item[1]) else 0)
    places, postings = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
    counts, positions = texts.segment.all_occurrences(postings)
    numbers = texts.numbers(places.repeat(counts), positions, field)
    return np.stack([numbers, numbers], axis=1)


def _row_runs(texts: _Texts, row: Sequence[str], slop: int, field: str | None) -> _Runs:
    columns = [texts.texts_with(_numbers_of(texts, term, field)) for term in row]
    found = [
        (texts.firsts[text] + first, texts.firsts[text] + last)
        for text in (columns[0] if columns else ())
        if all(text in column for column in columns)
        for first, last in occurrences([column[text] for column in columns], slop)
    ]
    return np.array(found, np.intp).reshape(-1, 2)


def _numbers_of(texts: _Texts, term: str, field: str | None) -> Docs:
    """Return where a term is, in this form."""
    segment = texts.segment
    number = segment.terms.find(term)
    if number is None:
        return _NONE[:, 0]
    postings, there = segment.locate(segment.stem_of(number), texts.docs)
    places = there.nonzero()[0]
    places = places[segment.holding(number, postings[places])]
    counts, positions = segment.occurrences(number, postings[places])
    return texts.numbers(places.repeat(counts), positions, field)


def _pattern_runs(texts: _Texts, wanted: set[str], field: str | None) -> _Runs:
    found = [
        first + place
        for number, (first, text, spans) in enumerate(texts.texts())
        if field in {None, FIELDS[number % 2]}
        for place, is_wanted in enumerate(_are_wanted(text, spans, wanted))
        if is_wanted
    ]
    return np.array([found, found], np.intp).T


def _are_wanted(text: str, spans: Sequence[tuple[int, int]], wanted: set[str]) -> Iterator[bool]:
    """Tell of the words of a text whether they are *wanted*."""
    if not text.isascii():
        return (_is_wanted(text[start:end], wanted) for start, end in spans)
    lowered = text.lower()
    # Most words are a term but for their case.
    return (
        word in wanted if (word := lowered[start:end]).isalpha() else _is_wanted(text[start:end], wanted)
        for start, end in spans
    )


def _is_wanted(word: str, wanted: set[str]) -> bool:
    if word.isascii() and word.isalpha():
        return word.lower() in wanted
    return not wanted.isdisjoint(query_terms(word))


def _analysed(collection: Collection, leaves: Sequence[Leaf], article: Article) -> Highlights:
    return {name: highlight(getattr(article, name), *_sought(collection, leaves, name)) for name in FIELDS}


def _sought(collection: Collection, leaves: Iterable[Leaf], field: str) -> _Sought:
    """Return what to highlight in a field, as :func:`search.highlights.highlight` takes it."""
    words: set[str] = set()
    phrases: list[tuple[str, ...]] = []
    loose: list[tuple[tuple[str, ...], int]] = []
    for leaf in leaves:
        row = query_terms(leaf.text)
        if leaf.field not in {None, field}:
            continue
        if isinstance(leaf, Prefix | Wildcard | Fuzzy):
            words |= expanded_terms(collection, leaf)
        elif isinstance(leaf, Phrase) and leaf.slop:
            loose.append((row, leaf.slop))
        elif isinstance(leaf, Phrase) or len(row) != 1:
            phrases.append(row)
        else:
            words |= collection.forms_of(row[0])
    return words, phrases, loose
