"""What a collection tells of its words, for those that are misspelt, and for articles that are likened by them."""

from __future__ import annotations

from collections.abc import Callable

from search.engines.whoosh.collection import Collection
from search.engines.whoosh.plan import Planner
from search.likeness import telling_words
from search.query import Leaf, Word
from search.spelling import near


class Words:
    """The words of a collection, for one search; see :class:`search.query.correction.Lexis`.

    Args:
        collection: whose words they are.
        planner: of the search.
        check: called between steps, and may raise.
    """

    def __init__(self, collection: Collection, planner: Planner, check: Callable[[], None]) -> None:
        self._collection, self._planner, self._check = collection, planner, check

    def count(self, leaf: Leaf) -> int:
        """Return how many articles a word, phrase or pattern finds."""
        return self._planner.leaf(leaf).count

    def telling(self, identifier: str) -> tuple[Word, ...]:
        """Return the words that tell an article from the others; none where there is no such article."""
        number = self._collection.number_of(identifier)
        if number is None:
            return ()
        return telling_words(self._collection.article(number), self._collection.count, self.count)

    def near(self, term: str, edits: int) -> dict[str, int]:
        """Return the terms that are up to so many edits away, and how many articles have each in this form."""
        counts: dict[str, int] = {}
        for part in self._collection.parts:
            self._check()
            terms = part.segment.terms
            numbers = {terms[number]: number for number in terms.similar(term, edits)}
            for text in near(term, numbers, edits):
                counts[text] = counts.get(text, 0) + part.count_form(numbers[text])
        return {text: counts[text] for text in sorted(counts) if counts[text]}
