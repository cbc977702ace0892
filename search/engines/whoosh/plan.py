"""A query's tree to the articles that match it: the rarest part first, and of the others only what is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType

import numpy as np

from search import native, ranking
from search.analysis import query_terms
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.conditions import condition
from search.engines.whoosh.expansion import Pattern, expanded_postings
from search.engines.whoosh.found_words import (
    MAX_PASSED,
    Source,
    WeighedWord,
    match_all,
    match_any,
    sources_of,
    weigh_word,
)
from search.engines.whoosh.likeness import Alike
from search.engines.whoosh.operands import (
    All,
    Budget,
    Complement,
    Intersection,
    Operand,
    PostingSet,
    Union,
    all_of,
    cost,
)
from search.engines.whoosh.part import Mask, Scores
from search.engines.whoosh.phrases import phrase_postings
from search.engines.whoosh.postings import FrequentPostings, Postings, nothing, with_table, word_postings
from search.engines.whoosh.segment import Docs
from search.engines.whoosh.stem_postings import StemPostings
from search.engines.whoosh.sums import add_up
from search.query import And, Everything, Leaf, Like, Node, Not, Or, Phrase, Word
from search.query.rewrite import scoring_leaves


@dataclass(slots=True)
class Matches:
    """The articles that match a query, and where the postings are that they match by."""

    docs: Docs
    #: For some leaves, the posting of each of the articles; None stands for all postings, one after the other.
    known: Mapping[Leaf, Docs | None] = field(default_factory=dict)
    #: What the words give each of the articles, where that fell out of finding them.
    scores: Scores | None = None
    #: Patterns that were looked for among some articles only.
    patterns: Mapping[Leaf, Postings] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the articles."""
        return len(self.docs)

    def only(self, mask: Mask) -> Matches:
        """Return those of the matches that the mask has."""
        kept = mask.nonzero()[0]
        known = {node: kept if postings is None else postings.take(kept) for node, postings in self.known.items()}
        scores = None if self.scores is None else self.scores.take(kept)
        return Matches(self.docs.take(kept), known, scores, self.patterns)


class Planner:
    """Finds the articles of one search, and remembers the leaves it made."""

    def __init__(self, collection: Collection, budget: Budget) -> None:
        self._collection, self._budget = collection, budget
        self._leaves: dict[Leaf, Postings] = {}

    def leaf(self, node: Leaf) -> Postings:
        """Return the postings of a word, phrase or pattern."""
        found = self._leaves.get(node)
        if found is None:
            self._budget.check()
            found = self._leaves[node] = self._make(node)
        return found

    def matches(self, tree: Node) -> Matches:
        """Return the articles that match *tree*."""
        nodes = tree.nodes if isinstance(tree, And) else (tree,)
        # Nearly all queries are plain words.
        if native.passes and (words := self._words_of(nodes)):
            return self._all_of(native.passes, words)
        if isinstance(nodes[0], Or) and all(isinstance(node, Leaf) for node in nodes[0].nodes):
            return self._any_of([node for node in nodes[0].nodes if isinstance(node, Leaf)], nodes[1:])
        wanted = list(dict.fromkeys([node for node in nodes if isinstance(node, Leaf)]))
        others = [node for node in nodes if not isinstance(node, Leaf)]
        operands = self._operands(others) if others else []
        # What they give is known with the articles, unless others give something, too.
        words = self._words_of(wanted) if native.passes else []
        if native.passes and words and not any(map(scoring_leaves, others)):
            return self._all_of(native.passes, words, operands)
        if not wanted:
            return Matches(all_of(operands, self._budget))
        if len(wanted) > 1:
            late = [
                node for node in wanted if isinstance(node, Pattern) and not node.field and node not in self._leaves
            ]
            if len(late) < len(wanted):
                wanted = [node for node in wanted if node not in late]
                return self._joined(sorted(wanted, key=self._count), sorted(operands, key=cost), late)
            wanted.sort(key=self._count)
        return self._joined(wanted, sorted(operands, key=cost))

    def scores(self, leaves: Sequence[Leaf], matches: Matches) -> Scores:
        """Return what the words give each of the matches: the sum of BM25F over the *leaves*."""
        total: Scores | None = None
        for node in leaves:
            self._budget.check()
            leaf = matches.patterns.get(node) or self.leaf(node)
            weight = ranking.weight(node, self._collection.count, leaf.count)
            if node in matches.known:
                known = matches.known[node]
                if isinstance(leaf, StemPostings):
                    total = leaf.add(known, weight, total)
                    continue
                scores = weight * leaf.scores(known)
            else:
                postings, there = leaf.locate(matches.docs)
                scores = np.zeros(len(there))
                scores[there] = weight * leaf.scores(postings[there])
            total = scores if total is None else np.add(total, scores, out=total)
        return np.zeros(len(matches.docs)) if total is None else total

    def most_of(self, leaves: Sequence[Leaf], required: Sequence[Node]) -> Matches:
        """Return the articles that have at least half of the *leaves*, and everything that is *required*."""
        table = np.zeros(self._collection.size)
        for node in leaves:
            self._budget.check()
            table[self.leaf(node).docs()] += 1
        docs = (2 * table >= len(leaves)).nonzero()[0] if leaves else np.empty(0, np.intp)
        for part in required:
            self._budget.check()
            docs = docs.take((self._operand(part).among(docs)).nonzero()[0])
        return Matches(docs)

    def _operands(self, nodes: Sequence[Node]) -> list[Operand]:
        return [self._operand(node) for node in nodes]

    def _any_of(self, leaves: Sequence[Leaf], others: Sequence[Node]) -> Matches:
        """Return the articles that have any of *leaves*, with what they give, and that match all *others*."""
        docs, scores = self._added_up(leaves)
        matches = Matches(self._whole(docs), scores=scores)
        for other in others:
            self._budget.check()
            matches = matches.only(self._operand(other).among(matches.docs))
        return matches if all(not scoring_leaves(node) for node in others) else replace(matches, scores=None)

    def _whole(self, docs: Docs) -> Docs:
        """Return all articles as the collection has them, of which some things are known, where these are all."""
        return self._collection.everything if len(docs) == self._collection.count else docs

    def _added_up(self, leaves: Sequence[Leaf]) -> tuple[Docs, Scores]:
        """Return the articles that have any of the leaves, and what those give them."""
        nodes, collection = list(dict.fromkeys(leaves)), self._collection
        sources = [source for node in nodes for source in self._sources(node)] if native.passes else []
        if native.passes and len(sources) <= MAX_PASSED:
            return match_any(native.passes, collection, sources)
        lists, tables = [], []
        for node in nodes:
            leaf = self._with_table(node)
            weight = ranking.weight(node, collection.count, leaf.count)
            if isinstance(leaf, FrequentPostings):
                tables.append((leaf.table, weight))
            else:
                lists.append((leaf.docs(), weight * leaf.scores(leaf.postings())))
        return add_up(lists, collection.size, tables)

    def _sources(self, node: Leaf) -> Sequence[Source]:
        """Return what a leaf gives, as passes take it."""
        word = weigh_word(self._collection, node)
        if word:
            return sources_of(word)
        leaf = self.leaf(node)
        weight = ranking.weight(node, self._collection.count, leaf.count)
        return [(leaf.docs(), weight * leaf.scores(leaf.postings()))]

    def _with_table(self, node: Leaf, wanted: int | None = None) -> Postings:
        """Return the postings of a leaf that are quickest, where they are *wanted* for so many articles, or for all.

        No table is worth making for passes in C.
        """
        leaf = self.leaf(node)
        if native.passes is None:
            leaf = self._leaves[node] = with_table(self._collection, leaf, wanted)
        return leaf

    def _count(self, node: Leaf) -> int:
        return self.leaf(node).count

    def _joined(self, leaves: Sequence[Leaf], operands: Sequence[Operand], late: Sequence[Pattern] = ()) -> Matches:
        """Return the articles that have all *leaves* and *late* ones, and match the operands.

        What a pattern stands for is in so many articles that it is only looked for among those of the other leaves.
        """
        # All that a word gives is needed of one that stands alone.
        first = self.leaf(leaves[0]) if leaves[1:] else self._with_table(leaves[0])
        docs = first.docs()
        known: dict[Leaf, Docs | None] = {leaves[0]: first.postings()}
        for node in leaves[1:]:
            self._budget.check()
            if not len(docs):
                break
            postings, there = self._with_table(node, len(docs)).locate(docs)
            known[node] = postings
            docs = _keep(there, docs, known)
        for operand in operands:
            self._budget.check()
            docs = _keep(operand.among(docs), docs, known)
        patterns: dict[Leaf, Postings] = {}
        for node in late:
            patterns[node] = leaf = self._among(node, docs)
            docs = _take(docs.searchsorted(leaf.docs()), docs, known)
            known[node] = leaf.postings()
        return Matches(docs, known, patterns=patterns)

    def _words_of(self, nodes: Sequence[Node]) -> list[WeighedWord]:
        """Return distinct words of any field, and what they weigh; none if other nodes are among them."""
        words: list[WeighedWord] = []
        for node in dict.fromkeys(nodes) if len(nodes) <= MAX_PASSED else ():
            word = weigh_word(self._collection, node)
            if word is None:
                return []
            words.append(word)
        return words

    def _all_of(self, passes: ModuleType, words: Sequence[WeighedWord], operands: Sequence[Operand] = ()) -> Matches:
        """Return the articles that have all words and match the operands, and what the words give them."""
        docs, scores = match_all(passes, self._collection, words)
        matches = Matches(self._whole(docs), scores=scores)
        for operand in sorted(operands, key=cost):
            self._budget.check()
            matches = matches.only(operand.among(matches.docs))
        return matches

    def _among(self, node: Pattern, docs: Docs) -> Postings:
        """Return the postings of a pattern, of which only those of *docs* are worked out."""
        if not len(docs):
            return nothing(self._collection)
        return expanded_postings(self._collection, node, self._budget.check, docs)

    def _operand(self, node: Node) -> Operand:  # noqa: PLR0911 - one for each kind
        if isinstance(node, Leaf):
            return PostingSet(self.leaf(node))
        if isinstance(node, Not):
            return Complement(self._collection, self._operand(node.node))
        if isinstance(node, And):
            return Intersection(self._operands(node.nodes), self._budget)
        if isinstance(node, Or):
            return Union(self._collection, self._operands(node.nodes), self._budget)
        if isinstance(node, Everything):
            return All(self._collection)
        if isinstance(node, Like):
            return Alike(self._collection, node, list(map(self.leaf, node.words)), self._budget.check)
        return condition(self._collection, node)

    def _make(self, node: Leaf) -> Postings:
        if isinstance(node, Word | Phrase):
            return self._words(node)
        return expanded_postings(self._collection, node, self._budget.check)

    def _words(self, node: Word | Phrase) -> Postings:
        row = query_terms(node.text)
        if not row:
            return nothing(self._collection)
        if isinstance(node, Word) and len(row) == 1:
            return word_postings(self._collection, row[0], node.field)
        slop = node.slop if isinstance(node, Phrase) else 0
        return phrase_postings(self._collection, row, slop, node.field, self._budget.check)


def _keep(there: Mask, docs: Docs, known: dict[Leaf, Docs | None]) -> Docs:
    """Keep the articles that are *there*, and of what is known their part."""
    return docs if np.count_nonzero(there) == len(there) else _take(there.nonzero()[0], docs, known)


def _take(kept: Docs, docs: Docs, known: dict[Leaf, Docs | None]) -> Docs:
    """Take the articles at places, and of what is known their part."""
    for node, postings in known.items():
        known[node] = kept if postings is None else postings.take(kept)
    return docs.take(kept)
