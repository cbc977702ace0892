"""Completions, word by word and article by article."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from search.analysis import fold, query_terms, stem
from search.engines.documents import Documents
from search.engines.matching import Matcher, Postings
from search.query import Node, Phrase
from search.query.parser import TEXT_FIELDS
from search.ranking import DECIMALS
from search.results import CompletionKind
from search.suggest import MAX_TITLES, Name, Typed, by_use


class Completions:
    """What completes a text; see :class:`search.suggest.Source`."""

    def __init__(self, postings: Postings, matcher: Matcher, documents: Documents) -> None:
        self._postings, self._matcher, self._documents = postings, matcher, documents

    def words(self, typed: Typed) -> Iterator[tuple[str, int]]:
        """Yield terms that the word that is being typed may become, one for each stem."""
        among = self._matcher.matching(typed.tree)
        fitting = [term for term in self._postings.vocabulary() if typed.fits(term)]
        counts = {stem_: len(self._having(stem_) & among) for stem_ in map(stem, fitting)}
        for stem_, count in sorted(((stem_, count) for stem_, count in counts.items() if count), key=by_use):
            forms = [term for term in fitting if stem(term) == stem_]
            yield min(forms, key=lambda term: (-len(self._matcher.having(term)), term)), count

    def _having(self, stem_: str) -> AbstractSet[int]:
        return frozenset().union(*(self._matcher.having(form) for form in self._postings.forms(stem_)))

    def names(self, kind: CompletionKind) -> Sequence[Name]:
        """Return the names of all providers or topics."""
        values = self._documents.count_values(kind, range(len(self._documents.articles)), (), most=None)
        return [Name(value.value, fold(value.value), value.count) for value in values]

    def titles(self, words: Sequence[str], beginning: str) -> Iterator[tuple[str, int]]:
        """Yield the titles of the best articles that have the words there, and how many have each in theirs."""
        documents, prior = self._documents, self._documents.prior(self._documents.newest)
        found = self._titled(term for term in self._postings.vocabulary() if term.startswith(beginning))
        found = found.intersection(*(self._titled(self._postings.forms(stem(word))) for word in words))
        ranked = sorted(found, key=lambda n: (-round(prior[n], DECIMALS), documents.rank_by_age[n]))
        titles = [documents.articles[number].title for number in ranked[:MAX_TITLES]]
        spelt = list(map(query_terms, titles))
        for place, title in enumerate(titles):
            if spelt.index(spelt[place]) == place:
                yield title, self.total_named("title", title)

    def _titled(self, terms: Iterable[str]) -> frozenset[int]:
        """Return the articles that have any of the terms in their title."""
        return frozenset().union(*(self._postings.positions("title", term) for term in terms))

    def total_named(self, kind: CompletionKind, name: str) -> int:
        """Return how many articles have the terms of a name in a row."""
        return self.total(Phrase(name.replace('"', " "), 0, TEXT_FIELDS[kind]))

    def total(self, tree: Node) -> int:
        """Return how many articles match."""
        return len(self._matcher.matching(tree))
