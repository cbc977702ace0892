"""Misspelt words of a query: which they are, and the tree that was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from itertools import islice, pairwise
from typing import Protocol, TypeVar

from msgspec import Struct

from search.analysis import query_terms
from search.query.request import Match
from search.query.rewrite import any_of
from search.query.tree import And, Leaf, Node, Or, Phrase, Word, all_of, one_of
from search.spelling import ONE_EDIT, allowed_edits, ranked, splits

#: Trees that are searched before one is given up; each takes a search.
MAX_TRIED = 8
#: Words that are considered in place of one.
MAX_ALTERNATIVES = 3
#: How many times more articles must have another word for one that some have to be a slip.
FAR_MORE = 10

Found = TypeVar("Found", bound=Sized)


class Lexis(Protocol):
    """What an engine tells of its words."""

    def count(self, leaf: Leaf) -> int:
        """Return how many articles a word or phrase finds."""
        ...

    def near(self, term: str, edits: int) -> Mapping[str, int]:
        """Return the terms that are up to so many edits away, and how many articles have each in this form."""
        ...


class Reading(Struct, frozen=True):
    """One way to read a query."""

    tree: Node
    #: The query it was corrected to, None where it is as it was typed.
    suggestion: str | None = None
    #: Half of the words suffice.
    is_relaxed: bool = False


def first_that_finds(
    readings: Iterator[Reading], find: Callable[[Reading], Found], is_left: Callable[[Found], bool]
) -> tuple[Reading, Found]:
    """Return the reading that counts, and what it finds.

    That is the query as it was typed, if it finds anything, whatever the filters leave of it. Otherwise it is the first
    reading of which the filters leave anything, or, where they leave nothing of any, the first that finds anything: who
    looks at it can see which filter to take away.

    Args:
        readings: at least one, in the order of their likelihood; no more of them are made than are needed.
        find: finds what a reading finds, without the filters of the request.
        is_left: tells whether these filters leave anything of it.
    """
    first = next(readings)
    found = find(first)
    if len(found):
        return first, found
    best = None
    for reading in readings:
        if len(other := find(reading)):
            if is_left(other):
                return reading, other
            best = best or (reading, other)
    return best or (first, found)


def readings(tree: Node, match: Match, lexis: Lexis) -> Iterator[Reading]:
    """Yield the ways to read a query, the likeliest first.

    As it was typed; with words corrected; so that most words suffice, those corrected that no article has. Where any
    word suffices, a word that no article has can only be corrected, and where all are wanted, nothing is.
    """
    if match != "any":
        yield Reading(tree)
    if match == "all":
        return
    unknown = _unknown(tree, lexis)
    mended = replaced(tree, _likeliest(unknown))
    suggestion = None if mended == tree else str(mended)
    if match == "any":
        yield Reading(any_of(mended), suggestion)
        return
    yield from (Reading(other, str(other)) for other in islice(_corrections(tree, unknown, lexis), MAX_TRIED))
    yield Reading(mended, suggestion, is_relaxed=True)


def _corrections(tree: Node, unknown: Mapping[Word, Sequence[Node]], lexis: Lexis) -> Iterator[Node]:
    """Yield trees with other words, the likeliest first.

    Words that no article has are corrected. Where there are none, the words just do not meet in an article: then two
    are joined to one, or one is taken for a slip of a word that far more articles have.
    """
    best = _likeliest(unknown)
    if best:
        yield replaced(tree, best)
    for pair in _pairs(tree):
        if (not unknown or not unknown.keys().isdisjoint(pair)) and lexis.count(joined := _joined(*pair)):
            yield replaced(_with_joined(tree, pair, joined), best)
    for word, nodes in unknown.items():
        yield from (replaced(tree, {**best, word: node}) for node in nodes[1:])
    words = _words(tree)
    for word in () if unknown else words:
        # To take a word for another one of the query would leave it out.
        yield from (replaced(tree, {word: other}) for other in _far_more(word, lexis) if other not in words)


def _likeliest(unknown: Mapping[Word, Sequence[Node]]) -> dict[Word, Node]:
    return {word: nodes[0] for word, nodes in unknown.items() if nodes}


def _unknown(tree: Node, lexis: Lexis) -> dict[Word, list[Node]]:
    """Return the words that no article has, and what may have been meant by each: at best nothing is found."""
    return {word: _alternatives(word, lexis) for word in _words(tree) if not lexis.count(word)}


def _alternatives(word: Word, lexis: Lexis) -> list[Node]:
    term = _term(word)
    if len(term) < ONE_EDIT:
        return []
    counts = lexis.near(term, allowed_edits(term))
    near = ranked(term, counts)[:MAX_ALTERNATIVES]
    halves = _halves(term, lexis)
    # A slip from a word that hardly any article has is less likely than one from two that often meet.
    is_split = near and halves and counts[near[0]] * FAR_MORE <= max(halves.values())
    words: list[Node] = [*map(Word, near)]
    return ([*halves, *words] if is_split else [*words, *halves])[:MAX_ALTERNATIVES]


def _halves(term: str, lexis: Lexis) -> dict[Node, int]:
    """Return the two words that a term was made of by leaving out the space, and how many articles have them so.

    Most often neighbours come first.
    """
    counts = {halves: _meetings(*halves, lexis) for halves in splits(term)}
    best = sorted((halves for halves in counts if counts[halves]), key=lambda halves: -counts[halves])
    return {And(tuple(map(Word, halves))): counts[halves] for halves in best}


def _meetings(one: str, other: str, lexis: Lexis) -> int:
    """Return how many articles have two words next to each other; most parts of a word are none, which is soon seen."""
    are_words = lexis.count(Word(one)) and lexis.count(Word(other))
    return lexis.count(Phrase(f"{one} {other}")) if are_words else 0


def _far_more(word: Word, lexis: Lexis) -> list[Node]:
    term = _term(word)
    if len(term) < ONE_EDIT:
        return []
    least = FAR_MORE * lexis.count(word)
    near = {other: count for other, count in lexis.near(term, allowed_edits(term)).items() if count >= least}
    return [*map(Word, ranked(term, near)[:1])]


def _words(tree: Node) -> list[Word]:
    """Return the words that may be corrected, each once: plain ones of letters, not excluded and of no field."""
    if isinstance(tree, And | Or):
        return list(dict.fromkeys(word for node in tree.nodes for word in _words(node)))
    return [tree] if isinstance(tree, Word) and _is_plain(tree) else []


def _pairs(tree: Node) -> list[tuple[Word, Word]]:
    """Return the words that stand next to each other."""
    if not isinstance(tree, And | Or):
        return []
    here = [
        (one, other)
        for one, other in pairwise(tree.nodes if isinstance(tree, And) else ())
        if isinstance(one, Word) and isinstance(other, Word) and _is_plain(one) and _is_plain(other)
    ]
    return [*here, *(pair for node in tree.nodes for pair in _pairs(node))]


def _is_plain(word: Word) -> bool:
    found = query_terms(word.text)
    return word.field is None and len(found) == 1 and found[0].isalpha()


def _term(word: Word) -> str:
    return query_terms(word.text)[0]


def _joined(one: Word, other: Word) -> Word:
    return Word(_term(one) + _term(other))


def replaced(tree: Node, others: Mapping[Word, Node]) -> Node:
    """Return the tree with other nodes in place of words, each once; what is excluded stays as it is."""
    if isinstance(tree, And):
        return all_of(_once(tree.nodes, [replaced(node, others) for node in tree.nodes]))
    if isinstance(tree, Or):
        return one_of(list(dict.fromkeys(replaced(node, others) for node in tree.nodes)))
    return others.get(tree, tree) if isinstance(tree, Word) else tree


def _once(typed: Sequence[Node], nodes: Sequence[Node]) -> list[Node]:
    """Leave out what was put in place of another node and is there already; what was typed twice stays."""
    kept: list[Node] = []
    for before, node in zip(typed, nodes, strict=True):
        if node == before or (node not in typed and node not in kept):
            kept.append(node)
    return kept


def _with_joined(tree: Node, pair: Sequence[Word], joined: Word) -> Node:
    if not isinstance(tree, And | Or):
        return tree
    nodes = [_with_joined(node, pair, joined) for node in tree.nodes]
    if isinstance(tree, Or):
        return one_of(nodes)
    for at in range(len(nodes) - 1):
        if nodes[at : at + 2] == list(pair):
            return all_of([*nodes[:at], joined, *nodes[at + 2 :]])
    return all_of(nodes)
