"""Where the words of a query are in the hits of a page, from their positions: no text is analysed again.

A position becomes characters by the spans of the terms before it. Where a text has a term that its span does not fit,
the text is analysed after all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from search.analysis import query_terms, stem
from search.articles import Article
from search.engines.whoosh.arrays import Array, ranges
from search.engines.whoosh.collection import Collection, Part
from search.engines.whoosh.expansion import expanded_terms
from search.engines.whoosh.segment import Docs, Segment
from search.highlights import highlight, merged, occurrences
from search.query import Fuzzy, Leaf, Phrase, Prefix, Wildcard
from search.results import Span

FIELDS = ("title", "excerpt")
Highlights = dict[str, tuple[Span, ...]]
#: Terms that count wherever they are, terms that count in a row, and the same with so many others in between.
_Sought = tuple[set[str], list[tuple[str, ...]], list[tuple[tuple[str, ...], int]]]
#: The first and the last of some terms in a row.
_Run = tuple[int, int]


def highlight_hits(collection: Collection, leaves: Sequence[Leaf], numbers: Sequence[int]) -> list[Highlights]:
    """Return, for each of the articles, the spans that match one of *leaves*, by field."""
    found: dict[int, Highlights] = {}
    wanted = np.array(sorted(numbers), np.intp)
    for part in collection.parts:
        docs = wanted[(wanted >= part.base) & (wanted < part.base + len(part.segment))] - part.base
        if len(docs):
            found |= _in_part(collection, part, leaves, docs)
    return [found[number] for number in numbers]


def _in_part(collection: Collection, part: Part, leaves: Sequence[Leaf], docs: Docs) -> dict[int, Highlights]:
    texts = _Texts(part.segment, docs)
    runs: list[dict[str, list[_Run]]] = [{name: [] for name in FIELDS} for _ in docs]
    for leaf in leaves:
        for place, field, run in _runs(collection, texts, leaf):
            if leaf.field in {None, field}:
                runs[place][field].append(run)
    found: dict[int, Highlights] = {}
    for place, (doc, fields) in enumerate(zip(docs.tolist(), runs, strict=True)):
        if texts.is_exact[place]:
            found[part.base + doc] = {name: texts.spans(place, name, fields[name]) for name in FIELDS}
        else:
            found[part.base + doc] = _analysed(collection, leaves, part.segment.stored.article(doc))
    return found


class _Texts:
    """Titles and excerpts of some articles as runs of terms, and the characters of each."""

    def __init__(self, segment: Segment, docs: Docs) -> None:
        self.segment, self.docs = segment, docs
        lengths = segment.lengths[docs][:, :2].astype(np.intp)
        counts = lengths.sum(axis=1)
        begins = segment.span_starts[docs]
        packed = segment.arrays["span"][ranges(begins, begins + counts)]
        firsts = np.cumsum(counts) - counts
        sizes = (packed & 31).astype(np.intp)
        ends = np.zeros(len(packed) + 1, np.intp)
        np.cumsum((packed >> 5) + sizes, out=ends[1:])
        text_firsts = np.stack([firsts, firsts + lengths[:, 0]], axis=1).reshape(-1)
        before = np.repeat(ends[text_firsts], lengths.reshape(-1))
        self._ends = (ends[1:] - before).tolist()
        self._starts = (ends[1:] - before - sizes).tolist()
        self._firsts, self._lengths = firsts.tolist(), lengths.tolist()
        has_unknown = np.add.reduceat(np.append(packed == 0, 0), firsts) * (counts > 0) if len(docs) else counts
        self.is_exact: list[bool] = (has_unknown == 0).tolist()

    def field_of(self, place: int, position: int) -> tuple[str, int] | None:
        """Return the field that a position is in, and its place there; None beyond the excerpt."""
        title, excerpt = self._lengths[place]
        if position < title:
            return "title", position
        return ("excerpt", position - title - 1) if position <= title + excerpt else None

    def spans(self, place: int, field: str, runs: Iterable[_Run]) -> tuple[Span, ...]:
        """Return the characters of runs of terms."""
        base = self._firsts[place] + (self._lengths[place][0] if field == "excerpt" else 0)
        return merged(sorted((self._starts[base + first], self._ends[base + last]) for first, last in runs))

    def terms(self, place: int, field: str, text: str) -> Iterator[tuple[int, str]]:
        """Yield what stands in a text at each of its places."""
        base = self._firsts[place] + (self._lengths[place][0] if field == "excerpt" else 0)
        for number in range(self._lengths[place][FIELDS.index(field)]):
            yield number, text[self._starts[base + number] : self._ends[base + number]]


class _Found(NamedTuple):
    """Runs of terms that match: the place of the article, the field, and the run."""

    place: int
    field: str
    run: _Run


def _runs(collection: Collection, texts: _Texts, leaf: Leaf) -> Iterator[_Found]:
    if isinstance(leaf, Prefix | Wildcard | Fuzzy):
        return _pattern_runs(texts, expanded_terms(collection, leaf))
    row = query_terms(leaf.text)
    if isinstance(leaf, Phrase) or len(row) != 1:
        return _row_runs(texts, row, leaf.slop if isinstance(leaf, Phrase) else 0)
    return _word_runs(texts, row[0])


def _word_runs(texts: _Texts, term: str) -> Iterator[_Found]:
    segment = texts.segment
    number = segment.stems.find(stem(term))
    if number is None:
        return
    postings, there = segment.locate(number, texts.docs)
    places = np.flatnonzero(there)
    counts, positions = segment.all_occurrences(postings[places] + segment.range_of(number)[0])
    for place, position in zip(np.repeat(places, counts).tolist(), positions.tolist(), strict=True):
        at = texts.field_of(place, position)
        if at:
            yield _Found(place, at[0], (at[1], at[1]))


def _row_runs(texts: _Texts, row: Sequence[str], slop: int) -> Iterator[_Found]:
    columns = [_columns(texts, term) for term in row]
    for place in range(len(texts.docs)):
        for field in FIELDS:
            found = [column.get((place, field), []) for column in columns]
            if all(found):
                yield from (_Found(place, field, run) for run in occurrences(found, slop))


def _columns(texts: _Texts, term: str) -> dict[tuple[int, str], list[int]]:
    """Return where a term is, by the place of the article and the field."""
    segment, columns = texts.segment, dict[tuple[int, str], list[int]]()
    number = segment.terms.find(term)
    if number is None:
        return columns
    postings, there = segment.locate(segment.stem_of(number), texts.docs)
    places = np.flatnonzero(there)
    places = places[segment.holding(number, postings[places])]
    counts, positions = segment.occurrences(number, postings[places])
    for place, position in zip(np.repeat(places, counts).tolist(), _listed(positions), strict=True):
        at = texts.field_of(place, position)
        if at:
            columns.setdefault((place, at[0]), []).append(at[1])
    return columns


def _pattern_runs(texts: _Texts, wanted: set[str]) -> Iterator[_Found]:
    for place, doc in enumerate(texts.docs.tolist()):
        if texts.is_exact[place]:
            article = texts.segment.stored.article(doc)
            for field in FIELDS:
                for number, word in texts.terms(place, field, getattr(article, field)):
                    if not wanted.isdisjoint(query_terms(word)):
                        yield _Found(place, field, (number, number))


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


def _listed(positions: Array) -> list[int]:
    listed: list[int] = positions.tolist()
    return listed
