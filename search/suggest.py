"""Completions: what somebody who has typed so far may be about to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Protocol

from search.analysis import FUNCTION_WORDS, fold, query_terms, stem
from search.query import And, Everything, Node, Prefix, Word, parse
from search.query.faults import MAX_CHARACTERS
from search.query.lexer import speakable
from search.query.tree import all_of
from search.query.words import OPERATORS
from search.results import Completion, CompletionKind
from search.spelling import ONE_EDIT, edits

#: Completions in all, and of each kind where there are enough of all.
MAX_COMPLETIONS = 8
SHARES: Mapping[CompletionKind, int] = {"word": 3, "provider": 2, "topic": 1, "title": 2}
#: Of how many of the best articles titles are completed.
MAX_TITLES = 20
#: Letters from which titles are completed: fewer are in too many.
MIN_TITLE = 3
# What else begins like them is likelier to be searched for.
_FUNCTION_STEMS = frozenset(map(stem, FUNCTION_WORDS))
_SIGNS = frozenset('"():*?~')


class Source(Protocol):
    """What an engine tells of its articles to whoever completes."""

    def words(self, typed: Typed) -> Iterator[str]:
        """Yield terms that :meth:`Typed.fits`, one for each stem: the form that most articles have.

        Only stems that articles have together with what was typed before, in the order of :func:`by_use`.
        """
        ...

    def names(self, kind: CompletionKind) -> Sequence[tuple[str, int]]:
        """Return the names of all providers or topics, and how many articles have each."""
        ...

    def titles(self, tree: Node) -> Iterator[str]:
        """Yield the titles of the :data:`MAX_TITLES` best articles that match, the best first.

        How good they are is what is known of them beside any words. Of titles of the same terms, the first counts.
        """
        ...

    def total(self, tree: Node) -> int:
        """Return how many articles match."""
        ...

    def total_named(self, kind: CompletionKind, name: str) -> int:
        """Return how many articles have the terms of *name* in a row in their title, provider or one topic."""
        ...


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed so far: a query, and behind it the beginning of a word."""

    #: As it was typed.
    before: str
    #: What *before* means.
    tree: Node
    #: The term that is being typed.
    last: str
    #: True where nothing begins with it, so that a slip is looked for.
    is_loose: bool = False

    def fits(self, term: str) -> bool:
        """Tell whether the word that is being typed may become *term*."""
        if not self.is_loose:
            return term.startswith(self.last)
        return term[:1] == self.last[:1] and any(edits(self.last, start, 1) <= 1 for start in self._starts(term))

    def _starts(self, term: str) -> set[str]:
        return {term[: len(self.last) + more] for more in (-1, 0, 1)}

    def completed(self, term: str) -> str:
        """Return the query with *term* as its last word."""
        return f"{self.before} {term}".strip()


def suggest(text: str, source: Source) -> tuple[Completion, ...]:
    """Return up to :data:`MAX_COMPLETIONS` completions of *text*; none of what is no plain word at its end."""
    typed = read_typed(text)
    if typed is None:
        return ()
    found: dict[CompletionKind, Iterator[Completion]] = {
        "word": _words(typed, source),
        "provider": _names(typed, "provider", source),
        "topic": _names(typed, "topic", source),
        "title": _titles(typed, source),
    }
    return tuple(_mixed(found, fold(typed.completed(typed.last))))


def read_typed(text: str) -> Typed | None:
    """Return what was typed; None where its end is no plain word.

    >>> read_typed("hong Kon")
    Typed(before='hong', tree=Word(text='hong', field=None), last='kon', is_loose=False)
    """
    text = speakable(text[:MAX_CHARACTERS])
    *_, end = text.split() or [""]
    before = text.rstrip()[: -len(end) or None].strip()
    found = query_terms(end)
    is_plain = len(found) == 1 and _SIGNS.isdisjoint(end) and not end.startswith("-") and end not in OPERATORS
    if not is_plain or text.count('"') % 2:
        return None
    return Typed(before, parse(before).tree, found[0])


def _words(typed: Typed, source: Source) -> Iterator[Completion]:
    found = 0
    for term in source.words(typed):
        query = typed.completed(term)
        if hits := source.total(parse(query).tree):
            found += 1
            yield Completion(text=query, kind="word", hits=hits, query=query)
    if not found and not typed.is_loose and len(typed.last) >= ONE_EDIT:
        yield from _words(replace(typed, is_loose=True), source)


def _names(typed: Typed, kind: CompletionKind, source: Source) -> Iterator[Completion]:
    """Complete to names that the whole text, or one of their words, begins."""
    wanted = " " + fold(typed.completed(typed.last))
    names = [(name, count) for name, count in source.names(kind) if wanted in " " + fold(name)]
    ordered = sorted(names, key=lambda item: (fold(item[0]) != wanted[1:], -item[1], item[0]))
    return _named((name for name, _ in ordered), kind, source)


def _titles(typed: Typed, source: Source) -> Iterator[Completion]:
    words = _plain_words(typed.tree)
    if words is None or len(typed.last) < MIN_TITLE:
        return iter(())
    tree = all_of([*(Word(word.text, "title") for word in words), Prefix(typed.last, "title")])
    return _named(source.titles(tree), "title", source)


def _plain_words(tree: Node) -> list[Word] | None:
    """Return the words that a tree is made of; None where it is more than that."""
    nodes = tree.nodes if isinstance(tree, And) else () if isinstance(tree, Everything) else (tree,)
    words = [node for node in nodes if isinstance(node, Word) and node.field is None]
    return words if len(words) == len(nodes) else None


def _named(names: Iterable[str], kind: CompletionKind, source: Source) -> Iterator[Completion]:
    for name in names:
        inner = " ".join(name.replace('"', " ").split())
        query = f'{kind}:"{inner}"'
        if len(query) <= MAX_CHARACTERS and (hits := source.total_named(kind, name)):
            yield Completion(text=name, kind=kind, hits=hits, query=query)


def by_use(item: tuple[str, int]) -> tuple[bool, int, str]:
    """Return the key by which stems are sorted, with the number of articles: function words come last."""
    stem_, count = item
    return stem_ in _FUNCTION_STEMS, -count, stem_


def _mixed(found: Mapping[CompletionKind, Iterator[Completion]], typed: str) -> list[Completion]:
    """Return the best of each kind, filled up with whatever there is; names that were typed whole come first."""
    chosen = [one for kind, some in found.items() for one in islice(some, SHARES[kind])]
    chosen += islice(chain(*found.values()), MAX_COMPLETIONS - len(chosen))
    return sorted(chosen, key=lambda one: one.kind not in {"provider", "topic"} or fold(one.text) != typed)
