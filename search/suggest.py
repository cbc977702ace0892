"""Completions: what somebody who has typed so far may be about to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import NamedTuple, Protocol

from search.analysis import FUNCTION_WORDS, fold, query_terms, stem, tokenize
from search.query import And, Everything, Node, Word, parse
from search.query.faults import MAX_CHARACTERS
from search.query.lexer import speakable
from search.query.tree import all_of
from search.query.words import OPERATORS
from search.results import Completion, CompletionKind
from search.spelling import ONE_EDIT

#: Completions in all, and of each kind where there are enough of all.
MAX_COMPLETIONS = 8
SHARES: Mapping[CompletionKind, int] = {"word": 3, "provider": 2, "topic": 1, "title": 2}
#: Of how many of the best articles titles are completed.
MAX_TITLES = 20
#: Terms that are looked at as the last part of a compound, each of which takes a search.
MAX_PARTS = 30
#: Letters from which titles are completed: fewer are in too many.
MIN_TITLE = 3
# What else begins like them is likelier to be searched for.
_FUNCTION_STEMS = frozenset(map(stem, FUNCTION_WORDS))
_OTHER = frozenset('"():*?~')


class Name(NamedTuple):
    """The name of a provider or a topic."""

    text: str
    folded: str
    #: How many have it.
    articles: int


class Source(Protocol):
    """What an engine tells of its articles to whoever completes."""

    def words(self, typed: Typed) -> Iterator[tuple[str, int]]:
        """Yield terms that :meth:`Typed.fits`, one for each stem: the form that most articles have.

        With each comes how many articles have the stem, together with what was typed before: one at least. The order
        is that of :func:`by_use`.
        """
        ...

    def names(self, kind: CompletionKind) -> Sequence[Name]:
        """Return the names of all providers or topics."""
        ...

    def total_named(self, kind: CompletionKind, name: str) -> int:
        """Return how many articles have the terms of one of these names in a row in their provider or one topic."""
        ...

    def titles(self, words: Sequence[str], beginning: str) -> Iterator[tuple[str, int]]:
        """Yield the titles of the :data:`MAX_TITLES` best articles that have the words, and a term that begins so.

        All of them in the title, the words in any form, the best article first. How good one is, is what is known of
        it beside any words. Of titles of the same terms, the first counts. With each comes how many articles have its
        terms in a row in their title.
        """
        ...

    def total(self, tree: Node) -> int:
        """Return how many articles match."""
        ...


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed so far: a query, and behind it the beginning of a word."""

    #: As it was typed; whatever comes directly before the term that is being typed, as in ``covid-19``, included.
    before: str
    #: What *before* means.
    tree: Node
    #: The term that is being typed.
    last: str
    #: Characters of a term that, as the last word, is simply asked for beside what *tree* does; 0 where none would be.
    room: int
    #: What stands between *before* and that term.
    gap: str = " "
    #: True where nothing begins with it, so that a slip is looked for.
    is_loose: bool = False
    #: True behind a blank, where the word is whole and the next one has not begun.
    is_over: bool = False

    def fits(self, term: str) -> bool:
        """Tell whether the word that is being typed may become *term*."""
        return begins_nearly(term, self.last) if self.is_loose else term.startswith(self.last)

    def is_beside(self, term: str) -> bool:
        """Tell whether the completed query asks for the term beside what was typed before, and for nothing else."""
        return len(term) <= self.room and query_terms(term) == (term,)

    def completed(self, term: str) -> str:
        """Return the query with *term* as its last word."""
        return f"{self.before}{self.gap}{term}".strip()


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

    >>> typed = read_typed("hong Kon")
    >>> typed.before, typed.tree, typed.last, typed.is_over
    ('hong', Word(text='hong', field=None), 'kon', False)
    """
    text = speakable(text[:MAX_CHARACTERS])
    *_, end = text.split() or [""]
    before = text.rstrip()[: -len(end) or None].strip()
    found, is_over = tokenize(end), text[-1:].isspace()
    is_plain = _OTHER.isdisjoint(end) and not end.startswith("-") and end not in OPERATORS
    if not found or not is_plain or text.count('"') % 2 or before.split()[-1:] == ["NOT"]:
        return None
    last = found[-1]
    if len(found) > 1:
        # What the parts of a compound have in common is looked at last: they need not meet in it.
        before = f"{before} {end[: last.start]}".strip()
        return Typed(before, parse(before).tree, last.term, room=0, gap="", is_over=is_over)
    tree = parse(before).tree
    return Typed(before, tree, last.term, _room(before, tree, last.term), is_over=is_over)


def _room(before: str, tree: Node, last: str) -> int:
    """Return how long a term may be that is read as a word beside *before*, as the *last* one is; 0 if that is not."""
    if not before:
        return MAX_CHARACTERS
    whole = parse(f"{before} {last}").tree
    longest = max(len(before) + 1, len(str(whole)) - len(last))
    return max(0, MAX_CHARACTERS - longest) if whole == all_of([tree, Word(last)]) else 0


def _words(typed: Typed, source: Source) -> Iterator[Completion]:
    if typed.is_over:
        return
    found = 0
    for term, count in islice(source.words(typed), None if typed.gap else MAX_PARTS):
        query = typed.completed(term)
        if hits := count if typed.is_beside(term) else source.total(parse(query).tree):
            found += 1
            yield Completion(text=query, kind="word", hits=hits, query=query)
    if not found and not typed.is_loose and len(typed.last) >= ONE_EDIT:
        yield from _words(replace(typed, is_loose=True), source)


def _names(typed: Typed, kind: CompletionKind, source: Source) -> Iterator[Completion]:
    """Complete to names that the whole text, or one of their words, begins."""
    wanted = fold(typed.completed(typed.last))
    begun = f" {wanted} " if typed.is_over else f" {wanted}"
    names = [name for name in source.names(kind) if wanted in name.folded and begun in f" {name.folded} "]
    names.sort(key=lambda name: (name.folded != wanted, -name.articles, name.text))
    return _named(((name.text, source.total_named(kind, name.text)) for name in names), kind)


def _titles(typed: Typed, source: Source) -> Iterator[Completion]:
    words = _plain_words(typed.tree)
    if words is None or len(typed.last) < MIN_TITLE:
        return iter(())
    terms = [term for word in words for term in query_terms(word.text)]
    return _named(source.titles([*terms, typed.last] if typed.is_over else terms, typed.last), "title")


def _plain_words(tree: Node) -> list[Word] | None:
    """Return the words that a tree is made of; None where it is more than that."""
    nodes = tree.nodes if isinstance(tree, And) else () if isinstance(tree, Everything) else (tree,)
    words = [node for node in nodes if isinstance(node, Word) and node.field is None]
    return words if len(words) == len(nodes) else None


def _named(counted: Iterable[tuple[str, int]], kind: CompletionKind) -> Iterator[Completion]:
    for name, hits in counted:
        inner = " ".join(name.replace('"', " ").split())
        query = f'{kind}:"{inner}"'
        if len(query) <= MAX_CHARACTERS and hits:
            yield Completion(text=name, kind=kind, hits=hits, query=query)


def begins_nearly(term: str, typed: str) -> bool:
    """Tell whether a term has a beginning at most one edit away from what was typed, the first letter kept.

    An edit adds, drops or replaces a letter, or swaps two neighbours.

    >>> begins_nearly("microsoft", "mircos"), begins_nearly("microsoft", "micrs"), begins_nearly("microsoft", "nicros")
    (True, True, False)
    """
    if term[:1] != typed[:1]:
        return False
    # An edit further on would leave as it is what differs first.
    at = next((at for at, letter in enumerate(typed) if term[at : at + 1] != letter), len(typed))
    return (
        at == len(typed)
        or term.startswith(typed[at:], at + 1)
        or term.startswith(typed[at + 1 :], at)
        or (at < len(term) and term.startswith(typed[at + 1 :], at + 1))
        or term.startswith(typed[at + 1 : at + 2] + typed[at] + typed[at + 2 :], at)
    )


def by_use(item: tuple[str, int]) -> tuple[bool, int, str]:
    """Return the key by which stems are sorted, with the number of articles: function words come last."""
    stem_, count = item
    return stem_ in _FUNCTION_STEMS, -count, stem_


def _mixed(found: Mapping[CompletionKind, Iterator[Completion]], typed: str) -> list[Completion]:
    """Return the best of each kind, filled up with whatever there is; names that were typed whole come first."""
    chosen = [one for kind, some in found.items() for one in islice(some, SHARES[kind])]
    chosen += islice(chain(*found.values()), MAX_COMPLETIONS - len(chosen))
    return sorted(chosen, key=lambda one: one.kind not in {"provider", "topic"} or fold(one.text) != typed)
