"""Where words are in the titles and excerpts of hits: as arrays, and as lists of spans."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.results import Span

FIELDS = ("title", "excerpt")
Highlights = dict[str, tuple[Span, ...]]


class Marks(NamedTuple):
    """Where the searched words are in the titles and excerpts of articles."""

    #: How many spans each text has: the first title, the first excerpt, ...
    counts: NDArray[np.uint32]
    #: Where each begins and ends, one text after the other.
    spans: NDArray[np.uint32]

    @classmethod
    def of(cls, highlights: Iterable[Highlights]) -> Marks:
        """Return the marks that :meth:`listed` makes *highlights* of."""
        texts = [found[name] for found in highlights for name in FIELDS]
        ends = [end for spans in texts for span in spans for end in span]
        return cls(np.array(list(map(len, texts)), np.uint32), np.array(ends, np.uint32))

    def listed(self) -> list[Highlights]:
        """Return the spans of each article, by field."""
        ends = iter(self.spans.tolist())
        pairs = zip(ends, ends, strict=True)
        texts = [tuple(islice(pairs, count)) for count in self.counts.tolist()]
        return [dict(zip(FIELDS, texts[at : at + 2], strict=True)) for at in range(0, len(texts), 2)]
