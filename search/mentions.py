"""What seeds say, and which of them say nothing but that there is an article of which nobody else speaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.articles import Seed
from search.keys import ids_to_numbers
from search.line_records import LineRecords
from search.recorded import Recorded, recorded
from search.records import MARK_BYTES

# Columns of the seeds of lines.
_OWN, _RELATED, _REMOVED = 1, 2, 3


class Mention(NamedTuple):
    """A seed, and the place it comes from inside its folder, which decides between equally new ones."""

    name: str
    line: int
    seed: Seed
    #: Of the seed's own article; empty where it is not known yet.
    fingerprint: bytes = b""


class MentionedLines(NamedTuple):
    """The seeds of some lines, and the place that they come from."""

    name: str
    #: Lines before the first one.
    base: int
    records: LineRecords


def part_lone(mentions: Iterable[Mention]) -> tuple[dict[str, Mention], list[Mention]]:
    """Part the seeds that say nothing but their own article, which no other seed is about, from all others."""
    lone: dict[str, Mention] = {}
    others: list[Mention] = []
    for mention in mentions:
        seed = mention.seed
        first = lone.setdefault(seed.article.id, mention)
        if first is not mention or seed.related or seed.is_removed:
            others.append(mention)
    for mention in others.copy():
        first = lone.pop(mention.seed.article.id, mention)
        if first is not mention:
            others.append(first)
    return lone, others


class Told(NamedTuple):
    """What the seeds of lines say, parted."""

    #: All articles in the lines.
    everything: Recorded
    #: The places of those of which a seed says nothing but that they are, and no other seed is; in the order of ids.
    lone: NDArray[np.intp]
    #: The other seeds.
    mentions: list[Mention]
    #: The places of the articles in these, by their identity.
    places: dict[int, int]


def part_lone_lines(tables: Sequence[MentionedLines], mentions: Sequence[Mention]) -> Told:
    """Do what :func:`part_lone` does for the seeds of lines, by the column; *mentions* is what others say."""
    everything, seeds = recorded([table.records for table in tables]), [table.records.seeds for table in tables]
    before = np.cumsum([0, *(table.records.count for table in tables)])
    places = np.concatenate([own[:, _OWN] + first for own, first in zip(seeds, before.tolist(), strict=False)])
    ids, more = everything.ids[places], np.concatenate([own[:, _RELATED] | own[:, _REMOVED] for own in seeds])
    order = np.argsort(ids)
    ranked = ids[order]
    repeats = np.flatnonzero(ranked[1:] == ranked[:-1])
    is_lone = more == 0
    is_lone[order[repeats]] = is_lone[order[repeats + 1]] = False
    is_lone &= ~np.isin(ids, ids_to_numbers(mention.seed.article.id for mention in mentions))
    told = np.split(~is_lone, np.cumsum([len(own) for own in seeds])[:-1])
    result = Told(everything, places[order[is_lone[order]]], [], {})
    for table, which, first in zip(tables, told, before.tolist(), strict=False):
        if which.any():
            _tell(table, which.nonzero()[0], first, result)
    return result


def _tell(table: MentionedLines, which: NDArray[np.intp], first: int, told: Told) -> None:
    """Tell some of the seeds of lines, whose articles begin at the *first* place."""
    records = table.records
    placed = list(records.places(which))
    needed = sorted({place for _, own, related, _ in placed for place in (own, *related)})
    listed = told.everything.chosen(np.array(needed) + first).articles()
    # They live as long as what is told.
    told.places.update(zip(map(id, listed), (place + first for place in needed), strict=True))
    articles = dict(zip(needed, listed, strict=True))
    for line, own, related, is_removed in placed:
        others = tuple([articles[place] for place in related])
        seed = Seed(article=articles[own], related=others, is_removed=is_removed)
        mark = records.marks[MARK_BYTES * own : MARK_BYTES * (own + 1)]
        told.mentions.append(Mention(table.name, table.base + line, seed, mark))
