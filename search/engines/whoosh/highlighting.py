"""Where the words of a query are in the hits of a page, from their positions: no text is analysed again.

A position becomes characters by the spans of the terms before it. Where a text has a term that its span does not fit,
the text is analysed after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from search.analysis import query_terms, stem
from search.articles import Article
from search.engines.whoosh.arrays import Array, ranges
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.expansion import expanded_terms
from search.engines.whoosh.part import Part
from search.engines.whoosh.segment import Docs, Segment
from search.highlights import highlight, occurrences
from search.query import Fuzzy, Leaf, Phrase, Prefix, Wildcard
from search.results import Span

FIELDS = ("title", "excerpt")
Highlights = dict[str, tuple[Span, ...]]
#: Terms that count wherever they are, terms that count in a row, and the same with so many others in between.
_Sought = tuple[set[str], list[tuple[str, ...]], list[tuple[tuple[str, ...], int]]]
#: The first and the last of terms in a row, by number; shape (runs, 2).
_Runs = NDArray[np.intp]
_NONE = np.empty((0, 2), np.intp)


def highlight_hits(
    collection: Collection, leaves: Sequence[Leaf], numbers: Sequence[int], known: Mapping[Leaf, Docs] | None = None
) -> list[Highlights]:
    """Return, for each of the articles, the spans that match one of *leaves*, by field.

    Args:
        collection: of the articles.
        leaves: what was searched for.
        numbers: of the articles.
        known: for words of which that is known, the posting by which each article matches, from the stem's first on.
            Nothing is known where there are several segments.
    """
    found: dict[int, Highlights] = {}
    every = np.array(numbers, np.intp)
    order = every.argsort()
    wanted, known = every[order], {leaf: postings[order] for leaf, postings in (known or {}).items()}
    for part in collection.parts:
        first, end = wanted.searchsorted([part.base, part.base + len(part.segment)]).tolist()
        if first < end:
            found |= _in_part(collection, part, leaves, wanted[first:end] - part.base, known)
    return [found[number] for number in numbers]


def _in_part(
    collection: Collection, part: Part, leaves: Sequence[Leaf], docs: Docs, known: Mapping[Leaf, Docs]
) -> dict[int, Highlights]:
    texts = _Texts(part.segment, docs)
    runs = [] if not leaves else _runs(collection, texts, leaves, known)
    spans = texts.spans(np.concatenate([_NONE, *runs]))
    found: dict[int, Highlights] = {}
    for place, (doc, is_exact) in enumerate(zip(docs.tolist(), texts.is_exact, strict=True)):
        if is_exact:
            found[part.base + doc] = {"title": tuple(spans[2 * place]), "excerpt": tuple(spans[2 * place + 1])}
        else:
            found[part.base + doc] = _analysed(collection, leaves, part.segment.stored.article(doc))
    return found


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

    def spans(self, runs: _Runs) -> list[list[Span]]:
        """Return for each text the characters of the runs that are in it; those that touch or overlap are one."""
        first, last = runs[runs[:, 0].argsort(kind="stable")].T
        texts = self._text_of.take(first)
        before = self._before.take(texts)
        starts = self._ends.take(first) - self._sizes.take(first) - before
        ends = self._ends.take(last) - before
        spans: list[list[Span]] = [[] for _ in self.firsts]
        for text, start, end in zip(texts.tolist(), starts.tolist(), ends.tolist(), strict=True):
            found = spans[text]
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return spans

    def words(self, text: int) -> Iterator[tuple[int, str]]:
        """Yield the terms of a text as they are written, with their numbers."""
        article = self.segment.stored.article(int(self.docs[text // 2]))
        written = article.excerpt if text % 2 else article.title
        first = int(self.firsts[text])
        stretch = slice(first, first + int(self._lengths[text // 2, text % 2]))
        ends = (self._ends[stretch] - self._before[text]).tolist()
        for number, (end, size) in enumerate(zip(ends, self._sizes[stretch].tolist(), strict=True), first):
            yield number, written[end - size : end]


def _runs(collection: Collection, texts: _Texts, leaves: Sequence[Leaf], known: Mapping[Leaf, Docs]) -> list[_Runs]:
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
            words.setdefault(leaf.field, []).append(_postings_of(texts, row[0], known.get(leaf)))
    return runs + [_word_runs(texts, found, field) for field, found in words.items()]


def _postings_of(texts: _Texts, term: str, known: Docs | None) -> tuple[Docs, Docs]:
    """Return the places of the articles that have any form of a term, and the posting of each."""
    segment = texts.segment
    number = segment.stems.find(stem(term))
    if number is None:
        return _NONE[:, 0], _NONE[:, 0]
    start, _ = segment.range_of(number)
    if known is not None:
        return np.arange(len(known)), known + start
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
        (number, number)
        for text in range(len(texts.firsts))
        if texts.is_exact[text // 2] and field in {None, FIELDS[text % 2]}
        for number, word in texts.words(text)
        if _is_wanted(word, wanted)
    ]
    return np.array(found, np.intp).reshape(-1, 2)


def _is_wanted(word: str, wanted: set[str]) -> bool:
    # Most words are a term but for their case.
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
