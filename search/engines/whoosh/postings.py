"""Postings out of a Whoosh index."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from search.engines.matching import Positions
from search.engines.whoosh.library import IndexReader, TermNotFound

#: Postings that are kept decoded, of all terms together.
MAX_DECODED = 300_000


class WhooshPostings:
    """Reads positions through Whoosh's own reader; see :class:`search.engines.matching.Postings`.

    Whoosh's matchers share one cursor into the file, so that only one thread may read at a time; what was read is kept.
    """

    def __init__(
        self, reader: IndexReader, lengths: Mapping[str, Sequence[int]], forms: Mapping[str, Sequence[str]]
    ) -> None:
        self._reader, self._lengths, self._forms = reader, lengths, forms
        self._lock = threading.Lock()
        self._decoded: OrderedDict[tuple[str, str], Positions] = OrderedDict()
        self._size = 0

    def positions(self, field: str, term: str) -> Positions:
        """Return the positions of an exact term."""
        key = (field, term)
        with self._lock:
            if key in self._decoded:
                self._decoded.move_to_end(key)
                return self._decoded[key]
            found = self._decoded[key] = self._read(field, term)
            # An absent term is remembered too, and counts, or a stream of nonsense would fill the memory.
            self._size += len(found) + 1
            while self._size > MAX_DECODED and len(self._decoded) > 1:
                _, oldest = self._decoded.popitem(last=False)
                self._size -= len(oldest) + 1
            return found

    def forms(self, stem_: str) -> Sequence[str]:
        """Return the terms that have this stem."""
        return self._forms.get(stem_, ())

    def vocabulary(self) -> Sequence[str]:
        """Return every term."""
        return sorted(term for terms in self._forms.values() for term in terms)

    def lengths(self, field: str) -> Sequence[int]:
        """Return the number of terms in a field, of each article."""
        return self._lengths[field]

    def _read(self, field: str, term: str) -> Positions:
        try:
            matcher = self._reader.postings(field, term)
        except TermNotFound:
            return {}
        found: dict[int, Sequence[int]] = {}
        while matcher.is_active():
            found[matcher.id()] = matcher.value_as("positions")
            matcher.next()
        return found
