"""The names of providers and topics as completions need them: worked out once for a generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from search.analysis import fold, query_terms
from search.engines.whoosh.arrays import ranges
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.counting import Counts, count_everything, spread
from search.engines.whoosh.segment import Docs
from search.results import CompletionKind
from search.suggest import Name

_Row = tuple[str, ...]


class Names(NamedTuple):
    """All names of one kind."""

    listed: Sequence[Name]
    #: For the terms of each name, how many articles have them in a row, in one name of this kind.
    hits: Mapping[_Row, int]


def names_of(collection: Collection, kind: CompletionKind) -> Names:
    """Return the names of providers or topics; the collection remembers them."""
    found: Names | None = collection.remembered.get(kind)
    if found is None:
        found = collection.remembered[kind] = _read_names(collection, kind)
    return found


def _read_names(collection: Collection, kind: CompletionKind) -> Names:
    counts, columns = count_everything(collection)[kind], collection.columns
    texts = collection.texts(kind)
    own = counts if kind == "provider" else spread(collection, kind, counts)
    listed = [Name(text, fold(text), count) for text, count in zip(texts, own.tolist(), strict=True)]
    owners = entries = np.arange(len(texts))
    if kind == "topic":
        owners = np.repeat(np.arange(len(counts)), np.diff(columns["combination.topic.of"]))
        entries = columns["combination.topic"].astype(np.intp)
    return Names(listed, _count_rows(list(map(query_terms, texts)), owners, entries, counts))


def _count_rows(rows: Sequence[_Row], owners: Docs, entries: Docs, counts: Counts) -> Mapping[_Row, int]:
    """Count for each of the rows the articles that hold it.

    Args:
        rows: the terms of each name.
        owners: sets of names; shape (entries,).
        entries: a name of the set beside it, shape (entries,).
        counts: how many articles have each set.
    """
    distinct = {row: number for number, row in enumerate(dict.fromkeys(rows))}
    held = [_rows_within(row, distinct) for row in rows]
    ends = np.cumsum([0, *map(len, held)])
    flat = np.array([number for numbers in held for number in numbers], np.intp)
    of_owner = np.repeat(owners, np.diff(ends)[entries])
    width = max(len(distinct), 1)
    pairs = np.unique(of_owner * width + flat[ranges(ends[entries], ends[entries + 1])])
    totals = np.bincount(pairs % width, counts[pairs // width], len(distinct)).astype(np.intp)
    return dict(zip(distinct, totals.tolist(), strict=True))


def _rows_within(row: _Row, wanted: Mapping[_Row, int]) -> list[int]:
    """Return the numbers of the wanted rows that a row has, itself among them."""
    sizes = {len(other) for other in wanted} - {0}
    parts = {row[at : at + size] for size in sizes for at in range(len(row) - size + 1)}
    return [wanted[part] for part in parts if part in wanted]
