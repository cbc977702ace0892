"""A query's tree over postings: which articles match, and what their words give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from search import ranking
from search.analysis import stem, terms
from search.query import And, Node, Not, Or, Phrase, Word

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

    def lengths(self, field: str) -> Sequence[int]:
        """Return the number of terms in a field, of each article."""
        ...


class Matcher:
    """Evaluates trees for one query, and remembers what it has found for each word.

    Args:
        postings: of the generation that is searched.
        factors: what one occurrence adds to the frequency, by field and article number; see :func:`field_factors`.
    """

    def __init__(self, postings: Postings, factors: Mapping[str, Sequence[float]]) -> None:
        self._postings, self._factors = postings, factors
        self._all = frozenset(range(len(factors[ranking.FIELDS[0]])))
        self._known: dict[Word | Phrase, dict[int, float]] = {}

    def matching(self, node: Node) -> AbstractSet[int]:
        """Return the numbers of the articles that match."""
        if isinstance(node, Word | Phrase):
            return self.frequencies(node).keys()
        if isinstance(node, Not):
            return self._all - self.matching(node.node)
        if isinstance(node, And):
            parts = sorted((self.matching(part) for part in node.nodes), key=len)
            return frozenset(parts[0]).intersection(*parts[1:])
        if isinstance(node, Or):
            return frozenset().union(*(self.matching(part) for part in node.nodes))
        return self._all

    def scores(self, node: Node, numbers: AbstractSet[int]) -> dict[int, float]:
        """Return the BM25F score of each article in *numbers*; 1 where the tree has no words to score by."""
        leaves = list(dict.fromkeys(scoring_leaves(node)))
        if not leaves:
            return dict.fromkeys(numbers, 1.0)
        scores = dict.fromkeys(numbers, 0.0)
        for leaf in leaves:
            frequencies = self.frequencies(leaf)
            weight = ranking.idf(len(self._all), len(frequencies))
            for number in frequencies.keys() & numbers:
                scores[number] += weight * ranking.saturate(frequencies[number])
        return scores

    def most_of(self, node: Node) -> dict[int, int]:
        """Count how many of the tree's words and phrases each article has; at least half of them."""
        leaves = list(dict.fromkeys(scoring_leaves(node)))
        counts: defaultdict[int, int] = defaultdict(int)
        for leaf in leaves:
            for number in self.frequencies(leaf):
                counts[number] += 1
        excluded = self._excluded(node)
        return {n: count for n, count in counts.items() if 2 * count >= len(leaves) and n not in excluded}

    def sought(self, node: Node) -> tuple[set[str], list[list[str]]]:
        """Return what to highlight: the terms that count wherever they are, and those that count in a row."""
        words: set[str] = set()
        phrases: list[list[str]] = []
        for leaf in scoring_leaves(node):
            sequence = terms(leaf.text)
            if isinstance(leaf, Word) and len(sequence) == 1:
                words |= self._forms(sequence[0]).keys()
            else:
                phrases.append(sequence)
        return words, phrases

    def frequencies(self, leaf: Word | Phrase) -> dict[int, float]:
        """Return the frequency of a word or phrase by article: weighted over the fields, before saturation."""
        if leaf not in self._known:
            sequence = terms(leaf.text)
            forms = self._forms(sequence[0]) if isinstance(leaf, Word) else dict.fromkeys(sequence[:1], 1.0)
            is_word = len(sequence) == 1
            self._known[leaf] = self._word(forms) if is_word else self._phrase(sequence)
        return self._known[leaf]

    def _word(self, forms: Mapping[str, float]) -> dict[int, float]:
        found: defaultdict[int, float] = defaultdict(float)
        for field, factors in self._factors.items():
            for term, weight in forms.items():
                for number, places in self._postings.positions(field, term).items():
                    found[number] += weight * len(places) * factors[number]
        return found

    def _phrase(self, sequence: Sequence[str]) -> dict[int, float]:
        found: defaultdict[int, float] = defaultdict(float)
        for field, factors in self._factors.items():
            for number, count in self._occurrences(field, sequence).items():
                found[number] += count * factors[number]
        return found

    def _forms(self, term: str) -> dict[str, float]:
        forms = dict.fromkeys(self._postings.forms(stem(term)), ranking.OTHER_FORM)
        return {**forms, term: 1.0}

    def _occurrences(self, field: str, sequence: Sequence[str]) -> dict[int, int]:
        """Count where the terms follow one another."""
        columns = [self._postings.positions(field, term) for term in sequence]
        if not columns:
            return {}
        rarest = min(columns, key=len)
        found = {}
        for number in rarest:
            if all(number in column for column in columns):
                starts = set(columns[0][number])
                for offset, column in enumerate(columns[1:], 1):
                    starts &= {place - offset for place in column[number]}
                if starts:
                    found[number] = len(starts)
        return found

    def _excluded(self, node: Node) -> set[int]:
        parts: Iterable[Node] = node.nodes if isinstance(node, And) else (node,)
        return {number for part in parts if isinstance(part, Not) for number in self.matching(part.node)}


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


def scoring_leaves(node: Node) -> list[Word | Phrase]:
    """Return the words and phrases that an article is found by, not those it must be without."""
    if isinstance(node, Word | Phrase):
        return [node]
    if isinstance(node, And | Or):
        return [leaf for part in node.nodes for leaf in scoring_leaves(part)]
    return []


def any_of(node: Node) -> Node:
    """Return the tree that one word or phrase suffices for; what was excluded stays so."""
    leaves = tuple(dict.fromkeys(scoring_leaves(node)))
    if len(leaves) < 2:  # noqa: PLR2004 - an Or needs two
        return node
    excluded = tuple(part for part in node.nodes if isinstance(part, Not)) if isinstance(node, And) else ()
    wanted = Or(leaves)
    return And((wanted, *excluded)) if excluded else wanted
