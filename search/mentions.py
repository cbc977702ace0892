"""What seeds say, and which of them say nothing but that there is an article of which nobody else speaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from search.articles import Seed
from search.keys import ids_to_numbers, look_up, to_bytes
from search.line_records import LineRecords
from search.recorded import Recorded, joined

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
    lists, seeds = [table.records.recorded for table in tables], [table.records.seeds for table in tables]
    everything, before = joined(lists), np.cumsum([0, *map(len, lists)])
    places = np.concatenate([own[:, _OWN] + first for own, first in zip(seeds, before.tolist(), strict=False)])
    ids, more = everything.ids[places], np.concatenate([own[:, _RELATED] | own[:, _REMOVED] for own in seeds])
    order = np.argsort(ids)
    ranked = ids[order]
    repeats = np.flatnonzero(ranked[1:] == ranked[:-1])
    is_lone = more == 0
    is_lone[order[repeats]] = is_lone[order[repeats + 1]] = False
    is_lone &= ~look_up(ids, np.sort(ids_to_numbers(mention.seed.article.id for mention in mentions)))[1]
    told = np.split(~is_lone, np.cumsum([len(own) for own in seeds])[:-1])
    placed = [
        _Placed(table, line, own + first, [place + first for place in related], is_removed)
        for table, which, first in zip(tables, told, before.tolist(), strict=False)
        for line, own, related, is_removed in table.records.places(which.nonzero()[0])
    ]
    return _told(everything, places[order[is_lone[order]]], placed)


class _Placed(NamedTuple):
    """A seed of some lines, by the places of its articles among those of all."""

    table: MentionedLines
    line: int
    own: int
    related: list[int]
    is_removed: bool


def _told(everything: Recorded, lone: NDArray[np.intp], placed: Sequence[_Placed]) -> Told:
    """Return what is told, given the seeds that are not lone."""
    needed = sorted({place for one in placed for place in (one.own, *one.related)})
    chosen = everything.chosen(np.array(needed, np.intp))
    listed = chosen.articles()
    articles = dict(zip(needed, listed, strict=True))
    marks = dict(zip(needed, to_bytes(chosen.fingerprints), strict=True))
    mentions = [
        Mention(
            table.name,
            table.base + line,
            Seed(article=articles[own], related=tuple([articles[one] for one in related]), is_removed=is_removed),
            marks[own],
        )
        for table, line, own, related, is_removed in placed
    ]
    # They live as long as what is told.
    return Told(everything, lone, mentions, dict(zip(map(id, listed), needed, strict=True)))
