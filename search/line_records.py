"""What ranges of lines say, as bytes and columns: the records of their articles, and the seeds that refer to them.

A hundred thousand articles take a tenth of the time so that they take as objects, and most are never asked for as such.
The compiled pass makes them of lines that hold nothing unusual, in a tenth of the time that the short way of
:mod:`search.lines` takes, and what it answers is what that would answer; all other lines are left to it. Where the pass
was not compiled, all are. An optimisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter

import numpy as np
import orjson
from numpy.typing import NDArray

from search import native
from search.articles import Article, Seed
from search.recorded import NONE, Recorded, in_a_row, with_articles
from search.records import to_record

#: Columns of seeds, and of lines that are left.
_OF_SEED, _OF_OTHER = 4, 3
_LINE, _OWN, _RELATED = 0, 1, 2
#: Values in the row of a seed that says nothing but its own article.
_SHORT = 2

#: A seed by its line, the places of its article and of related ones, and whether it takes its article away.
Placed = tuple[int, int, list[int], bool]


@dataclass(frozen=True, slots=True, eq=False)
class LineRecords:
    """What was made of some lines."""

    #: The articles in the lines.
    recorded: Recorded
    #: The seeds as rows of :mod:`search.packs`, commas between them.
    rows: bytes
    #: Of each seed its line, counted from 1, the place of its article, how many others it is related to, and whether it
    #: takes its article away.
    seeds: NDArray[np.uint32]
    #: The places of these.
    related: NDArray[np.uint32]
    #: The number, the first byte and the end of each line that is left.
    others: NDArray[np.uint32]
    #: The keys of seeds that are not read, with an end of a line behind each.
    unread: bytes

    @property
    def bytes_left(self) -> int:
        """Count the bytes of the lines that are left."""
        return int((self.others[:, 2] - self.others[:, 1]).sum(dtype=np.int64))

    def own_ids(self) -> NDArray[np.uint64]:
        """Return the ids of the articles that the seeds are of."""
        return self.recorded.ids[self.seeds[:, _OWN]]

    def places(self, chosen: NDArray[np.intp] | None = None) -> Iterator[Placed]:
        """Yield the seeds, or the chosen ones, in the order of their lines."""
        ends = np.cumsum(self.seeds[:, 2], dtype=np.intp)
        seeds, ends = (self.seeds, ends) if chosen is None else (self.seeds[chosen], ends[chosen])
        for (line, own, count, removed), end in zip(seeds.tolist(), ends.tolist(), strict=True):
            yield line, own, self.related[end - count : end].tolist() if count else [], removed != 0


#: Of no lines.
NOTHING = LineRecords(
    NONE,
    b"",
    np.empty((0, _OF_SEED), np.uint32),
    np.empty(0, np.uint32),
    np.empty((0, _OF_OTHER), np.uint32),
    b"",
)


def read_records(content: bytes) -> LineRecords | None:
    """Return the records of whole lines; None where nothing was compiled."""
    if native.passes is None:
        return None
    records, starts, ids, ages, marks, rows, seeds, related, others, unread = native.passes.read_lines(content)
    columns = (np.frombuffer(ids, np.uint64), np.frombuffer(ages, np.int64), np.frombuffer(marks, "<u8"))
    return LineRecords(
        in_a_row(records, np.frombuffer(starts, np.uint32), *columns),
        rows,
        np.frombuffer(seeds, np.uint32).reshape(-1, _OF_SEED),
        np.frombuffer(related, np.uint32),
        np.frombuffer(others, np.uint32).reshape(-1, _OF_OTHER),
        unread,
    )


def with_seeds(found: LineRecords, seeds: Iterable[tuple[int, Seed]]) -> LineRecords:
    """Return the same with the seeds of the lines that were left, which are given with their lines."""
    more = _More(len(found.recorded))
    added = [more.placed(line, seed) for line, seed in seeds]
    if not added:
        return replace(found, others=NOTHING.others, unread=b"")
    placed = sorted([*found.places(), *added], key=itemgetter(0))
    return LineRecords(
        recorded=with_articles(found.recorded, more.articles, {}),
        rows=_rows(placed),
        seeds=np.array([[line, own, len(related), gone] for line, own, related, gone in placed], np.uint32),
        related=np.fromiter(chain.from_iterable(related for _, _, related, _ in placed), np.uint32),
        others=NOTHING.others,
        unread=b"",
    )


class _More:
    """The articles of seeds, to be put behind others, each once."""

    def __init__(self, before: int) -> None:
        self._before = before
        self.articles: list[Article] = []
        self._places: dict[bytes, int] = {}

    def placed(self, line: int, seed: Seed) -> Placed:
        return line, self._place(seed.article), list(map(self._place, seed.related)), seed.is_removed

    def _place(self, article: Article) -> int:
        place = self._places.setdefault(to_record(article), self._before + len(self.articles))
        if place == self._before + len(self.articles):
            self.articles.append(article)
        return place


def remembered_lines(recorded: Recorded, rows: bytes) -> LineRecords:
    """Return what was once made of lines, of all articles and the rows of the seeds."""
    listed = orjson.loads(b"[%b]" % rows)
    seeds = np.zeros((len(listed), _OF_SEED), np.uint32)
    seeds[:, _LINE] = np.cumsum([row[0] for row in listed], dtype=np.int64)
    seeds[:, _OWN] = np.cumsum([row[1] for row in listed], dtype=np.int64)
    longer = [(place, row[2], row[3]) for place, row in enumerate(listed) if len(row) > _SHORT]
    for place, related, is_removed in longer:
        seeds[place, _RELATED:] = len(related), is_removed
    related = np.fromiter(chain.from_iterable(related for _, related, _ in longer), np.uint32)
    return LineRecords(recorded, rows, seeds, related, NOTHING.others, unread=b"")


def _rows(placed: Sequence[Placed]) -> bytes:
    """Write seeds as :mod:`search.packs` does."""
    rows: list[list[object]] = []
    last_line = last_own = 0
    for line, own, related, is_removed in placed:
        more: list[object] = [related, is_removed] if related or is_removed else []
        rows.append([line - last_line, own - last_own, *more])
        last_line, last_own = line, own
    return orjson.dumps(rows)[1:-1]
