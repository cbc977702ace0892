"""Completions from a collection: words by their postings, names by their counts, titles by their articles' priors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from search.analysis import query_terms
from search.engines.whoosh.collection import Collection, Part
from search.engines.whoosh.counting import count_everything, spread
from search.engines.whoosh.phrases import phrase_postings
from search.engines.whoosh.plan import Planner
from search.engines.whoosh.postings import locate, word_postings
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.selection import best
from search.query import Everything, Node
from search.results import CompletionKind
from search.suggest import MAX_TITLES, Typed, by_use

#: Words that are considered, by how many articles have them.
_CONSIDERED = 16
#: Postings that are looked at one by one; where there would be more, only the most frequent words are considered.
_MAX_POSTINGS = 1 << 14
#: Articles whose titles are rather read than searched.
_FEW = 10


class Completions:
    """What completes a text; see :class:`search.suggest.Source`."""

    def __init__(self, collection: Collection, planner: Planner) -> None:
        self._collection, self._planner = collection, planner

    def words(self, typed: Typed) -> Iterator[str]:
        """Yield terms that the word that is being typed may become, one for each stem."""
        among = None if isinstance(typed.tree, Everything) else self._planner.matches(typed.tree).docs
        counts: dict[str, int] = {}
        for part in self._collection.parts:
            for number, count in _stems(part, _terms(part, typed), among):
                text = part.segment.stems[number]
                counts[text] = counts.get(text, 0) + count
        for text, _ in sorted(counts.items(), key=by_use):
            yield self._form(text, typed)

    def _form(self, stem: str, typed: Typed) -> str:
        """Return the form of a stem that fits and that most articles have."""
        forms: dict[str, int] = {}
        for part in self._collection.parts:
            number = part.segment.stems.find(stem)
            for term in [] if number is None else part.segment.forms(number).tolist():
                text = part.segment.terms[term]
                if typed.fits(text):
                    forms[text] = forms.get(text, 0) + part.count_form(term)
        return min(forms, key=lambda text: (-forms[text], text))

    def names(self, kind: CompletionKind) -> Sequence[tuple[str, int]]:
        """Return the names of all providers or topics, and how many articles have each."""
        counts = count_everything(self._collection)[kind]
        if kind == "topic":
            counts = spread(self._collection, kind, counts)
        return list(zip(self._collection.texts(kind), counts.tolist(), strict=True))

    def titles(self, tree: Node) -> Iterator[str]:
        """Yield the titles of the best articles that match."""
        collection, docs = self._collection, self._planner.matches(tree).docs
        ties = None if collection.is_sorted else collection.age_ranks[docs]
        seen: set[tuple[str, ...]] = set()
        for number in docs[best(collection.prior[docs], MAX_TITLES, ties)].tolist():
            title = collection.article(number).title
            terms = query_terms(title)
            if terms not in seen:
                seen.add(terms)
                yield title

    def total(self, tree: Node) -> int:
        """Return how many articles match."""
        return len(self._planner.matches(tree).docs)

    def total_named(self, kind: CompletionKind, name: str) -> int:
        """Return how many articles have the terms of a name in a row."""
        row = query_terms(name)
        if kind == "title":
            return self._total_titled(row)
        counts = count_everything(self._collection)[kind]
        names = [_holds(terms, row) for terms in map(query_terms, self._collection.texts(kind))]
        if kind == "provider":
            return int(counts[names].sum())
        columns = self._collection.columns
        owners = np.repeat(np.arange(len(counts)), np.diff(columns["combination.topic.of"]))
        return int(counts[np.unique(owners[np.array(names)[columns["combination.topic"]]])].sum())

    def _total_titled(self, row: tuple[str, ...]) -> int:
        """Look at titles where few articles have the words; else look for the phrase."""
        first, *others = sorted(set(row), key=self._collection.count_postings)
        docs = word_postings(self._collection, first, None).docs()
        for term in others:
            if len(docs) <= _FEW:
                break
            docs = docs.take(np.flatnonzero(word_postings(self._collection, term, None).locate(docs)[1]))
        if len(docs) > _FEW:
            return phrase_postings(self._collection, row, 0, "title").count
        return sum(_holds(query_terms(self._collection.article(number).title), row) for number in docs.tolist())


def _terms(part: Part, typed: Typed) -> Docs:
    """Return the numbers of a segment's terms that fit."""
    terms = part.segment.terms
    if not typed.is_loose:
        alike = terms.starting_with(typed.last)
        return np.arange(alike.start, alike.stop)
    return np.array([number for number in terms.beginning_alike(typed.last, 1) if typed.fits(terms[number])], np.intp)


def _stems(part: Part, terms: Docs, among: Docs | None) -> Iterator[tuple[int, int]]:
    """Yield the stems of terms that most articles have, and how many of *among* do."""
    segment = part.segment
    stems = np.unique(segment.arrays["term.stem"][terms]).astype(np.intp)
    counts = segment.counts(stems)
    if among is not None:
        among = among[slice(*among.searchsorted([part.base, part.base + len(segment)]))] - part.base
        if counts.sum() > _MAX_POSTINGS:
            stems = stems[np.argsort(-counts, kind="stable")[:_CONSIDERED]]
            counts = np.array([_count_among(part, stem, among) for stem in stems.tolist()], np.intp)
        else:
            counts = _counts_among(part, stems, counts, among)
    for place in np.argsort(-counts, kind="stable")[:_CONSIDERED].tolist():
        count = int(counts[place]) - (part.dead_postings(int(stems[place])) if among is None else 0)
        if count:
            yield int(stems[place]), count


def _count_among(part: Part, stem: int, among: Docs) -> int:
    """Return how many articles of a segment have a stem, one of the two being much the larger set or neither."""
    if len(among) < part.segment.size(stem):
        return int(np.count_nonzero(part.segment.locate(stem, among)[1]))
    return int(np.count_nonzero(locate(among, part.segment.docs(stem), None)[1]))


def _counts_among(part: Part, stems: Docs, counts: Docs, among: Docs) -> NDArray[np.intp]:
    """Return how many articles of a segment have each stem; *counts* says how many postings each has."""
    mask = np.zeros(len(part.segment), bool)
    mask[among] = True
    _, docs = part.segment.docs_at(stems)
    ends = np.cumsum(counts)
    sums = np.concatenate([[0], np.cumsum(mask.take(docs))])
    found: NDArray[np.intp] = sums[ends] - sums[ends - counts]
    return found


def _holds(terms: tuple[str, ...], row: tuple[str, ...]) -> bool:
    """Tell whether terms have others in a row."""
    first, size = row[0], len(row)
    return first in terms and any(terms[at : at + size] == row for at in range(len(terms) - size + 1))
