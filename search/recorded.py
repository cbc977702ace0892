"""Articles as their records: each is made when somebody asks for it, which for most nobody ever does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.articles import Article
from search.keys import ids_to_numbers, look_up, moment_to_age, to_column
from search.records import fingerprint, to_record, to_records

#: Stands for the shelf where others have the number of a content.
SHELVED = -1

_decode_list = msgspec.json.Decoder(list[Article]).decode


class Shelf(Protocol):
    """Has articles by their places, of which nobody has made records."""

    def articles(self, places: NDArray[np.intp]) -> list[Article]:
        """Return some of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded(Sequence[Article]):
    """Articles, of which the bytes are somewhere among others', or on a shelf; all arrays have one entry an article."""

    contents: tuple[bytes, ...] = ()
    #: In which of the contents, and from where to where; or ``SHELVED``, and the place there.
    which: NDArray[np.signedinteger[Any]]
    starts: NDArray[np.integer[Any]]
    ends: NDArray[np.integer[Any]]
    #: As numbers, see :mod:`search.keys`.
    ids: NDArray[np.uint64]
    ages: NDArray[np.int64]
    fingerprints: NDArray[np.uint64]
    #: None where all articles are among the contents.
    shelf: Shelf | None = None

    def __len__(self) -> int:
        """Count them."""
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Article: ...
    @overload
    def __getitem__(self, place: slice) -> Recorded: ...
    def __getitem__(self, place: int | slice) -> Article | Recorded:
        """Return one article, or some of them, as their records."""
        if isinstance(place, slice):
            return self.chosen(place)
        return self.chosen(np.array([place])).articles()[0]

    def __iter__(self) -> Iterator[Article]:
        """Iterate over the articles, all of which are made."""
        return iter(self.articles())

    def __eq__(self, other: object) -> bool:
        """Tell whether the articles are the same, by their fingerprints."""
        if not isinstance(other, Recorded):
            return NotImplemented
        return np.array_equal(self.ids, other.ids) and np.array_equal(self.fingerprints, other.fingerprints)

    __hash__ = None  # type: ignore[assignment]  # as of every other list

    def chosen(self, places: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Recorded:
        """Return some of them, as their records."""
        columns = {name: getattr(self, name)[places] for name in _COLUMNS}
        return Recorded(contents=self.contents, shelf=self.shelf, **columns)

    def find(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return those of the articles with these *ids* that are there; it must be in the order of ids."""
        places, there = look_up(ids_to_numbers(ids), self.ids)
        return {article.id: article for article in self.chosen(places[there])}

    def records(self) -> list[bytes]:
        """Return their records, as :func:`search.records.to_record` writes them."""
        here, found = self.which != SHELVED, np.empty(len(self), object)
        places = zip(self.which[here].tolist(), self.starts[here].tolist(), self.ends[here].tolist(), strict=True)
        found[here] = [self.contents[which][start:end] for which, start, end in places]
        found[~here] = list(map(to_record, self._shelved(~here)))
        return found.tolist()

    def written(self) -> bytes:
        """Return the records as one list, as :func:`search.records.to_records` writes them."""
        return b"[%b]" % b",".join(self.records())

    def articles(self) -> list[Article]:
        """Return all of them."""
        here, found = self.which != SHELVED, np.empty(len(self), object)
        found[here] = _decode_list(self.chosen(here).written())
        found[~here] = self._shelved(~here)
        return found.tolist()

    def _shelved(self, which: NDArray[np.bool_]) -> list[Article]:
        return self.shelf.articles(self.starts[which].astype(np.intp)) if self.shelf else []


_COLUMNS = ("which", "starts", "ends", "ids", "ages", "fingerprints")


def written(articles: Sequence[Article]) -> bytes:
    """Return the records of articles, however they are had, as one list."""
    return articles.written() if isinstance(articles, Recorded) else to_records(articles)


def in_a_row(
    records: bytes,
    starts: NDArray[np.uint32],
    ids: NDArray[np.uint64],
    ages: NDArray[np.int64],
    fingerprints: NDArray[np.uint64],
) -> Recorded:
    """Return the articles of records that follow one another, with a byte between them."""
    ends = np.empty_like(starts)
    ends[:-1] = starts[1:] - 1
    ends[-1:] = len(records)
    which = np.zeros(len(starts), np.int8)
    return Recorded(
        contents=(records,), which=which, starts=starts, ends=ends, ids=ids, ages=ages, fingerprints=fingerprints
    )


def joined(lists: Sequence[Recorded]) -> Recorded:
    """Return the articles of several lists, one behind the other; there is one shelf among them at most."""
    contents = np.array([len(one.contents) for one in lists], np.intp)
    moved = (np.cumsum(contents) - contents).repeat(np.array(list(map(len, lists)), np.intp))
    columns = {name: np.concatenate([getattr(NONE, name), *(getattr(one, name) for one in lists)]) for name in _COLUMNS}
    columns["which"] = np.where(columns["which"] == SHELVED, SHELVED, columns["which"] + moved)
    shelf = next((one.shelf for one in lists if one.shelf), None)
    return Recorded(contents=tuple(content for one in lists for content in one.contents), shelf=shelf, **columns)


def with_articles(known: Recorded, articles: Sequence[Article], fingerprints: Mapping[str, bytes]) -> Recorded:
    """Return *known* and more articles behind them.

    Args:
        known: articles.
        articles: others.
        fingerprints: of some of the others, by their ids.
    """
    if not articles:
        return known
    records = list(map(to_record, articles))
    marks = [fingerprints.get(one.id) or fingerprint(record) for one, record in zip(articles, records, strict=True)]
    sizes = np.fromiter(map(len, records), np.intp, len(records))
    ends = np.cumsum(sizes)
    more = Recorded(
        contents=(b"".join(records),),
        which=np.zeros(len(records), np.intp),
        starts=ends - sizes,
        ends=ends,
        ids=ids_to_numbers(article.id for article in articles),
        ages=np.array([moment_to_age(article.published_at) for article in articles], np.int64),
        fingerprints=to_column(marks),
    )
    return joined([known, more])


#: No articles.
NONE = Recorded(
    which=np.empty(0, np.intp),
    starts=np.empty(0, np.intp),
    ends=np.empty(0, np.intp),
    ids=np.empty(0, np.uint64),
    ages=np.empty(0, np.int64),
    fingerprints=np.empty(0, np.uint64),
)
