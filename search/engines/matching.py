"""A query's tree over postings: which articles match, and what their words give."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Protocol

from search import ranking
from search.analysis import stem, terms
from search.engines.documents import Documents
from search.engines.fields import field_texts, line_starts
from search.engines.filters import chosen
from search.engines.patterns import expand
from search.errors import NotFoundError
from search.highlights import occurrences
from search.likeness import telling_words
from search.query import And, Everything, Fuzzy, Leaf, Like, Node, Not, Or, Phrase, Prefix, Wildcard, Word
from search.query.rewrite import scoring_leaves, split_most
from search.spelling import near

#: Where a term stands in each article that has it.
Positions = Mapping[int, Sequence[int]]


class Postings(Protocol):
    """What an engine knows of its terms. Safe to share between threads."""

    def positions(self, field: str, term: str) -> Positions:
        """Return the positions of an exact term in a field, by article number; empty where there is none."""
        ...

    def forms(self, stem_: str) -> Sequence[str]:
        """Return the terms, of any field, that have this stem."""
        ...

    def vocabulary(self) -> Sequence[str]:
        """Return every term, of any field, once and in order."""
        ...

    def lengths(self, field: str) -> Sequence[int]:
        """Return the number of terms in a field, of each article."""
        ...


class Matcher:
    """Evaluates trees for one query, and remembers what it has found for each leaf.

    Args:
        postings: of the generation that is searched.
        factors: what one occurrence adds to the frequency, by field and article number; see :func:`field_factors`.
        documents: the articles, for filters.
    """

    def __init__(self, postings: Postings, factors: Mapping[str, Sequence[float]], documents: Documents) -> None:
        self._postings, self._factors, self._documents = postings, factors, documents
        self._all = frozenset(range(len(documents.articles)))
        self._known: dict[Leaf, dict[int, float]] = {}

    def matching(self, node: Node) -> AbstractSet[int]:  # noqa: PLR0911 - one for each kind
        """Return the numbers of the articles that match."""
        match node:
            case Everything():
                return self._all
            case Not():
                return self._all - self.matching(node.node)
            case And():
                parts = sorted((self.matching(part) for part in node.nodes), key=len)
                return frozenset(parts[0]).intersection(*parts[1:])
            case Or():
                return frozenset().union(*(self.matching(part) for part in node.nodes))
            case Like():
                return self._alike(node)
            case Word() | Phrase() | Prefix() | Wildcard() | Fuzzy():
                return self.frequencies(node).keys()
        return chosen(node, self._documents)

    def _alike(self, node: Like) -> AbstractSet[int]:
        counts = Counter(number for word in node.words for number in self.frequencies(word))
        copies = self._documents.copies_of(node.id)
        return {number for number, count in counts.items() if count >= node.least and number not in copies}

    def scores(self, node: Node, numbers: AbstractSet[int]) -> dict[int, float]:
        """Return the BM25F score of each article in *numbers*; 1 where the tree has no words to score by."""
        leaves = scoring_leaves(node)
        if not leaves:
            return dict.fromkeys(numbers, 1.0)
        scores = dict.fromkeys(numbers, 0.0)
        for leaf in leaves:
            frequencies = self.frequencies(leaf)
            weight = ranking.weight(leaf, len(self._all), len(frequencies))
            for number in frequencies.keys() & numbers:
                scores[number] += weight * ranking.saturate(frequencies[number])
        return scores

    def most_of(self, node: Node) -> AbstractSet[int]:
        """Return the articles that have at least half of the scoring leaves, and all that stays required."""
        leaves, required = split_most(node)
        counts = Counter(number for leaf in leaves for number in self.frequencies(leaf))
        allowed = self._all.intersection(*(self.matching(part) for part in required))
        return {number for number, count in counts.items() if 2 * count >= len(leaves) and number in allowed}

    def count(self, leaf: Leaf) -> int:
        """Return how many articles a word, phrase or pattern finds."""
        return len(self.frequencies(leaf))

    def telling(self, identifier: str) -> tuple[Word, ...]:
        """Return the words that tell an article from the others; none where there is no such article."""
        try:
            article = self._documents.article(identifier)
        except NotFoundError:
            return ()
        return telling_words(article, len(self._all), self.count)

    def near(self, term: str, edits: int) -> dict[str, int]:
        """Return the terms that are up to so many edits away, and how many articles have each in this form."""
        return {other: len(self.having(other)) for other in near(term, self._vocabulary, edits)}

    def having(self, term: str) -> AbstractSet[int]:
        """Return the articles that have a term in this form."""
        return frozenset(number for field in ranking.FIELDS for number in self._postings.positions(field, term))

    def sought(self, node: Node, field: str) -> tuple[set[str], list[list[str]], list[tuple[list[str], int]]]:
        """Return what to highlight in a field, as :func:`search.highlights.highlight` takes it."""
        words: set[str] = set()
        phrases: list[list[str]] = []
        loose: list[tuple[list[str], int]] = []
        for leaf in scoring_leaves(node):
            if leaf.field not in {None, field}:
                continue
            if isinstance(leaf, Phrase) and leaf.slop:
                loose.append((terms(leaf.text), leaf.slop))
            elif _is_row(leaf):
                phrases.append(terms(leaf.text))
            else:
                words |= self._weights(leaf).keys()
        return words, phrases, loose

    def frequencies(self, leaf: Leaf) -> dict[int, float]:
        """Return the frequency of a leaf by article: weighted over terms and fields, before saturation."""
        if leaf not in self._known:
            self._known[leaf] = self._rows(leaf) if _is_row(leaf) else self._terms(leaf)
        return self._known[leaf]

    def _terms(self, leaf: Leaf) -> dict[int, float]:
        weights = self._weights(leaf)
        found: defaultdict[int, float] = defaultdict(float)
        for field in _fields(leaf):
            for term, weight in weights.items():
                for number, places in self._postings.positions(field, term).items():
                    found[number] += weight * len(places) * self._factors[field][number]
        return found

    def _weights(self, leaf: Leaf) -> dict[str, float]:
        """Return the terms that a leaf stands for, with what one occurrence weighs."""
        if isinstance(leaf, Prefix | Wildcard | Fuzzy):
            return expand(leaf, self._vocabulary)
        (term,) = terms(leaf.text)
        forms = dict.fromkeys(self._postings.forms(stem(term)), ranking.OTHER_FORM)
        return {**forms, term: 1.0}

    @cached_property
    def _vocabulary(self) -> Sequence[str]:
        return self._postings.vocabulary()

    def _rows(self, leaf: Leaf) -> dict[int, float]:
        slop = leaf.slop if isinstance(leaf, Phrase) else 0
        found: defaultdict[int, float] = defaultdict(float)
        for field in _fields(leaf):
            for number, count in self._occurrences(field, terms(leaf.text), slop).items():
                found[number] += count * self._factors[field][number]
        return found

    def _occurrences(self, field: str, sequence: Sequence[str], slop: int) -> dict[int, int]:
        """Count by article the places at which the terms come to an end, having followed one another on one line."""
        columns = [self._postings.positions(field, term) for term in sequence]
        found = {}
        for number in min(columns, key=len, default={}):
            if all(number in column for column in columns):
                spans = occurrences([column[number] for column in columns], slop)
                starts = line_starts(field_texts(self._documents.articles[number])[field]) if slop and spans else [0]
                if count := sum(bisect_right(starts, first) == bisect_right(starts, last) for first, last in spans):
                    found[number] = count
        return found


def _is_row(leaf: Leaf) -> bool:
    """Tell whether a leaf is of terms that must stand in a row, like a word that analysis makes several of."""
    return isinstance(leaf, Phrase) or (isinstance(leaf, Word) and len(terms(leaf.text)) != 1)


def _fields(leaf: Leaf) -> Sequence[str]:
    return (leaf.field,) if leaf.field else ranking.FIELDS


def field_factors(postings: Postings) -> dict[str, list[float]]:
    """Return what one occurrence adds to the frequency, by field and article number."""
    factors = {}
    for field in ranking.FIELDS:
        lengths = postings.lengths(field)
        filled = [length for length in lengths if length]
        average = sum(filled) / len(filled) if filled else 0.0
        by_length = {length: ranking.field_factor(field, length, average) for length in set(lengths)}
        factors[field] = [by_length[length] for length in lengths]
    return factors
