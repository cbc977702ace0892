"""Where sorted numbers are among others."""

from __future__ import annotations

import numpy as np

from search.engines.whoosh.collection import Collection
from search.engines.whoosh.part import Mask
from search.engines.whoosh.segment import Docs

#: How many times more postings than articles there must be for bisection to beat looking at every posting.
BISECTION = 16


def locate(own: Docs, wanted: Docs, collection: Collection | None) -> tuple[Docs, Mask]:
    """Return where *wanted* are in *own*, both sorted and without repetition, and which of them are."""
    if not len(own) or not len(wanted):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool)
    if collection is None or len(own) > BISECTION * len(wanted) or len(wanted) > BISECTION * len(own):
        places = own.searchsorted(wanted)
    else:
        # Whatever an earlier use left in the scratch memory is found out by the comparison.
        scratch = collection.scratch()
        scratch[own] = collection.numbers[: len(own)]
        places = scratch.take(wanted, mode="clip").astype(np.intp)
    np.minimum(places, len(own) - 1, out=places)
    return places, own.take(places, mode="clip") == wanted
