"""The articles that a phrase is looked for in, and where its terms are in them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from search.engines.whoosh.arrays import Array
from search.engines.whoosh.bits import Bits
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.locating import BISECTION, locate
from search.engines.whoosh.part import Mask, Part
from search.engines.whoosh.segment import Docs


class Candidates:
    """The articles of a segment, or of *docs* alone, that may have all of the terms; deleted ones may be among them.

    Of terms that have a table nobody knows yet whether they are there, since their bits tell as quickly as anything
    would. Where all terms have one, every article is a candidate.
    """

    def __init__(self, collection: Collection, part: Part, terms: Sequence[int], docs: Docs | None = None) -> None:
        self._collection, self._segment, self._bits = collection, part.segment, part.bits
        self._terms, self._postings = terms, dict[int, Docs]()
        rest = sorted(terms, key=part.segment.size_of_stem)
        if docs is None and not part.bits.has_table(rest[0], len(part.segment)):
            docs = self._docs_of(rest.pop(0))
        for term in rest:
            if docs is not None and not part.bits.has_table(term, len(docs)):
                docs = self._having(term, docs)
        self._docs = docs

    def __len__(self) -> int:
        """Count the candidates."""
        return len(self._segment if self._docs is None else self._docs)

    def docs(self, which: Docs) -> Docs:
        """Return the articles of some candidates."""
        return which if self._docs is None else self._docs.take(which)

    def bits(self, which: Docs | slice) -> list[Bits]:
        """Return for each term its first positions in each of some candidates, as bits; 0 where it is not."""
        docs = None if self._docs is None else self._docs[which]
        return [
            bits[which] if docs is None or term in self._postings else bits.take(docs, mode="clip")
            for term, bits in zip(self._terms, self._known_bits, strict=True)
        ]

    def positions(self, which: Docs) -> list[tuple[Docs, Array]]:
        """Return for each term how often it is in some candidates, which have it, and all its positions there."""
        return [self._segment.occurrences(term, self._postings_of(term, which)) for term in self._terms]

    @cached_property
    def _known_bits(self) -> list[Bits]:
        """The bits of each term in the candidates; of a frequent one in every article."""
        at, table, postings = self._bits.at, self._bits.table, self._postings
        return [at(term, postings[term]) if term in postings else table(term) for term in self._terms]

    def _postings_of(self, term: int, which: Docs) -> Docs:
        if term in self._postings:
            return self._postings[term][which]
        return self._segment.locate(self._segment.stem_of(term), self.docs(which))[0]

    def _docs_of(self, term: int) -> Docs:
        postings = self._postings[term] = self._segment.postings_of(term)
        return self._segment.docs(self._segment.stem_of(term))[postings]

    def _having(self, term: int, docs: Docs) -> Docs:
        """Return those of the articles that have a term, and keep where it is in them."""
        segment, stem = self._segment, self._segment.stem_of(term)
        if segment.size_of_stem(term) > BISECTION * len(docs):
            self._postings[term], there = segment.locate(stem, docs)
        else:
            self._postings[term], there = locate(segment.docs(stem), docs, self._collection)
        docs = self._keep(there, docs)
        return self._keep(segment.holding(term, self._postings[term]), docs)

    def _keep(self, mask: Mask, docs: Docs) -> Docs:
        if np.count_nonzero(mask) == len(mask):
            return docs
        kept = mask.nonzero()[0]
        self._postings = {term: postings.take(kept) for term, postings in self._postings.items()}
        return docs.take(kept)
