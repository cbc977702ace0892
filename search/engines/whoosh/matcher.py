"""Whoosh's view of one term's postings: a cursor of its own over arrays that all share."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property

from search.engines.whoosh.lexicon import Lexicon, Postings
from search.engines.whoosh.library import Format, LeafMatcher, ReadTooFar, TermInfo


class ArrayMatcher(LeafMatcher):
    """The postings of a term in a field, as one block; see :class:`whoosh.matching.Matcher`.

    Belongs to one thread, as all matchers do. What it reads is shared, and never changes.
    """

    def __init__(
        self, term: tuple[str, bytes], postings: Postings, lexicon: Lexicon, format_: Format, scorer: object
    ) -> None:
        self.format, self.scorer = format_, scorer
        self._term, self._postings, self._lexicon = term, postings, lexicon
        self._ids: list[int] = postings.docs.tolist()
        self._place = 0

    @cached_property
    def _weights(self) -> list[float]:
        weights: list[float] = self._postings.frequencies.astype(float).tolist()
        return weights

    @cached_property
    def _positions(self) -> list[list[int]]:
        return self._lexicon.positions(self._postings)

    def copy(self) -> ArrayMatcher:
        """Return a matcher that stands where this one does."""
        twin = ArrayMatcher(self._term, self._postings, self._lexicon, self.format, self.scorer)
        twin._place = self._place
        return twin

    def is_active(self) -> bool:
        """Tell whether there is a current posting."""
        return self._place < len(self._ids)

    def reset(self) -> None:
        """Go back to the first posting."""
        self._place = 0

    def id(self) -> int:
        """Return the current article; past the end the last one, for which some of Whoosh's spans ask there."""
        try:
            return self._ids[self._place]
        except IndexError:
            return self._ids[-1]

    def all_ids(self) -> Iterator[int]:
        """Iterate over the articles from the current one on."""
        return iter(self._ids[self._place :])

    def weight(self) -> float:
        """Return how often the current article has the term."""
        return self._weights[self._place]

    def value(self) -> bytes:
        """Return what Whoosh would have stored with the current posting."""
        encoded: bytes = self.format.encode(self._positions[self._place])
        return encoded

    def value_as(self, astype: str) -> object:
        """Return the positions as they are, anything else by way of :meth:`value`, as the format makes it."""
        if astype == "positions" and self.supports(astype):
            return list(self._positions[self._place])
        decoded: object = super().value_as(astype)
        return decoded

    def items_as(self, astype: str) -> Iterator[tuple[int, object]]:
        """Yield the remaining articles, each with :meth:`value_as`."""
        while self.is_active():
            yield self.id(), self.value_as(astype)
            self.next()

    def next(self) -> bool:
        """Go to the next posting; tell whether the block, which is all there is, has ended.

        Raises:
            ReadTooFar: If it had ended before.
        """
        self._check_active()
        self._place += 1
        return not self.is_active()

    def skip_to(self, target: int) -> None:
        """Go to the first posting from the current one on whose article is not before *target*.

        Raises:
            ReadTooFar: If there is no current one.
        """
        self._check_active()
        self._place = bisect_left(self._ids, target, self._place)

    def skip_to_quality(self, minquality: float) -> int:
        """Go to the end if no posting can score more than *minquality*; return how many blocks were skipped."""
        if not self.is_active() or self.block_quality() > minquality:
            return 0
        self._place = len(self._ids)
        return 1

    def block_min_id(self) -> int:
        """Return the first article of the block."""
        return self._ids[0]

    def block_max_id(self) -> int:
        """Return its last article."""
        return self._ids[-1]

    def block_min_length(self) -> int:
        """Return the length of its shortest field."""
        return int(self._postings.lengths.min())

    def block_max_length(self) -> int:
        """Return the length of its longest field."""
        return int(self._postings.lengths.max())

    def block_max_weight(self) -> float:
        """Return the highest weight in it."""
        return float(self._postings.frequencies.max())

    def _check_active(self) -> None:
        if not self.is_active():
            raise ReadTooFar


def term_info(postings: Postings) -> TermInfo:
    """Return what Whoosh wants to know of a term before it reads the postings.

    A new one each time: Whoosh writes into it.
    """
    return TermInfo(
        weight=float(postings.frequencies.sum()),
        df=len(postings.docs),
        minlength=int(postings.lengths.min()),
        maxlength=int(postings.lengths.max()),
        maxweight=float(postings.frequencies.max()),
        minid=int(postings.docs[0]),
        maxid=int(postings.docs[-1]),
    )
