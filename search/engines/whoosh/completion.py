"""Completions from a collection: words by their postings, names by their counts, titles by their articles' priors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from search.analysis import query_terms
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.locating import BISECTION
from search.engines.whoosh.naming import names_of
from search.engines.whoosh.part import Mask, Part
from search.engines.whoosh.phrases import count_titles
from search.engines.whoosh.plan import Planner
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.selection import best
from search.engines.whoosh.titles import count_form, holds, same_and_similar, title_terms, titled
from search.query import Everything, Node
from search.results import CompletionKind
from search.suggest import MAX_TITLES, Name, Typed, by_use

#: Words that are considered, by how many articles have them.
_CONSIDERED = 16
#: Postings that are looked at one by one; where there would be more, only the most frequent words are considered.
_MAX_POSTINGS = 1 << 14
#: Titles that are rather read than compared by positions.
_FEW = 10
_NONE = np.empty(0, np.intp)


class Completions:
    """What completes a text; see :class:`search.suggest.Source`."""

    def __init__(self, collection: Collection, planner: Planner) -> None:
        self._collection, self._planner = collection, planner

    def words(self, typed: Typed) -> Iterator[tuple[str, int]]:
        """Yield terms that the word that is being typed may become, one for each stem."""
        among = self._planner.matches(typed.tree).docs if not isinstance(typed.tree, Everything) else None
        if among is not None and len(among) == self._collection.count:
            among = None
        counts: dict[str, int] = {}
        for part in self._collection.parts:
            for number, count in _stems(part, _terms(part, typed), among):
                text = part.segment.stems[number]
                counts[text] = counts.get(text, 0) + count
        for text, count in sorted(counts.items(), key=by_use):
            form = self._form(text, typed)
            if form is not None:
                # A stem that is rare in one part is not looked at there while words are chosen.
                yield form, count if len(self._collection.parts) == 1 else self._count(text, among)

    def _count(self, stem: str, among: Docs | None) -> int:
        found = 0
        for part in self._collection.parts:
            number = part.segment.stems.find(stem)
            if number is not None and among is None:
                found += part.segment.size(number) - part.dead_postings(number)
            elif number is not None and among is not None:
                found += int(np.count_nonzero(part.segment.locate(number, _within(part, among))[1]))
        return found

    def _form(self, stem: str, typed: Typed) -> str | None:
        """Return the form of a stem that fits and that most articles have; None where those that have one are gone."""
        forms: dict[str, list[tuple[Part, int]]] = {}
        for part in self._collection.parts:
            number = part.segment.stems.find(stem)
            for term in [] if number is None else part.segment.forms(number).tolist():
                forms.setdefault(part.segment.terms[term], []).append((part, term))
        fitting = [text for text in forms if typed.fits(text)]
        if len(fitting) == 1 and self._collection.living is None:
            return fitting[0]
        counts = {text: sum(part.count_form(term) for part, term in forms[text]) for text in fitting}
        chosen = min(fitting, key=lambda text: (-counts[text], text))
        return chosen if counts[chosen] else None

    def names(self, kind: CompletionKind) -> Sequence[Name]:
        """Return the names of all providers or topics, the most frequent first."""
        return names_of(self._collection, kind).listed

    def total_named(self, kind: CompletionKind, name: str) -> int:
        """Return how many articles have the terms of a name in a row."""
        return names_of(self._collection, kind).hits[query_terms(name)]

    def titles(self, words: Sequence[str], beginning: str) -> Iterator[tuple[str, int]]:
        """Yield the titles of the best articles that have the words there, and how many have each in theirs."""
        collection = self._collection
        docs = np.concatenate([part.base + titled(part, words, beginning) for part in collection.parts] or [_NONE])
        ties = None if collection.is_sorted else collection.age_ranks[docs]
        seen: set[int] = set()
        for number in docs[best(collection.prior[docs], MAX_TITLES, ties)].tolist():
            part = collection.part_of(number)
            title = int(part.segment.arrays["title.hash"][number - part.base])
            if title not in seen:
                seen.add(title)
                text = collection.article(number).title
                yield text, self._total_titled(query_terms(text), title)

    def _total_titled(self, row: tuple[str, ...], title: int) -> int:
        if len(row) == 1:
            return sum(count_form(part, row[0]) for part in self._collection.parts)
        return sum(self._count_titled(part, row, title) for part in self._collection.parts)

    def _count_titled(self, part: Part, row: tuple[str, ...], title: int) -> int:
        """Read titles that are similar where they are few; else look at the positions of their terms."""
        same, similar = same_and_similar(part, row, title)
        if len(similar) > _FEW:
            return same + count_titles(self._collection, part, row, similar)
        return same + sum(holds(title_terms(part.segment, doc), row) for doc in similar.tolist())

    def total(self, tree: Node) -> int:
        """Return how many articles match."""
        return len(self._planner.matches(tree).docs)


def _terms(part: Part, typed: Typed) -> Docs:
    """Return the numbers of a segment's terms that fit."""
    terms = part.segment.terms
    if not typed.is_loose:
        alike = terms.starting_with(typed.last)
        return np.arange(alike.start, alike.stop)
    return np.array([number for number in terms.beginning_alike(typed.last) if typed.fits(terms[number])], np.intp)


def _stems(part: Part, terms: Docs, among: Docs | None) -> Iterator[tuple[int, int]]:
    """Yield the stems of terms that most articles have, and how many of *among* do."""
    segment = part.segment
    stems = np.unique(segment.arrays["term.stem"][terms]).astype(np.intp)
    counts = segment.counts(stems)
    if among is not None:
        among = _within(part, among)
        if counts.sum() > _MAX_POSTINGS:
            stems = stems[np.argsort(-counts, kind="stable")[:_CONSIDERED]]
            mask = _mask(part, among)
            counts = np.array([_count_among(part, stem, among, mask) for stem in stems.tolist()], np.intp)
        else:
            counts = _counts_among(part, stems, counts, _mask(part, among))
    for place in np.argsort(-counts, kind="stable")[:_CONSIDERED].tolist():
        count = int(counts[place]) - (part.dead_postings(int(stems[place])) if among is None else 0)
        if count:
            yield int(stems[place]), count


def _within(part: Part, docs: Docs) -> Docs:
    """Return those of sorted articles that are in a part, by their numbers there."""
    return docs[slice(*docs.searchsorted([part.base, part.base + len(part.segment)]))] - part.base


def _mask(part: Part, docs: Docs) -> Mask:
    mask = np.zeros(len(part.segment), bool)
    mask[docs] = True
    return mask


def _count_among(part: Part, stem: int, among: Docs, mask: Mask) -> int:
    """Return how many articles of a segment have a stem; *mask* is that of *among*."""
    if part.segment.size(stem) > BISECTION * len(among):
        return int(np.count_nonzero(part.segment.locate(stem, among)[1]))
    return int(np.count_nonzero(mask.take(part.segment.docs(stem))))


def _counts_among(part: Part, stems: Docs, counts: Docs, mask: Mask) -> NDArray[np.intp]:
    """Return how many articles of a segment have each stem; *counts* says how many postings each has."""
    _, docs = part.segment.docs_at(stems)
    ends = np.cumsum(counts)
    sums = np.concatenate([[0], np.cumsum(mask.take(docs))])
    found: NDArray[np.intp] = sums[ends] - sums[ends - counts]
    return found
