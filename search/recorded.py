"""Articles as their records: each is made when somebody asks for it, which for most nobody ever does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.articles import Article
from search.keys import ids_to_numbers, moment_to_age, numbers_to_ids, to_bytes
from search.line_records import LineRecords
from search.records import fingerprint, to_record, to_records

_decode = msgspec.json.Decoder(Article).decode
_decode_list = msgspec.json.Decoder(list[Article]).decode


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded(Sequence[Article]):
    """Articles, of which the bytes are somewhere among others'; all arrays have one entry an article."""

    contents: tuple[bytes, ...]
    #: In which of the contents, and from where to where.
    which: NDArray[np.intp]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    #: As numbers, see :mod:`search.keys`.
    ids: NDArray[np.uint64]
    ages: NDArray[np.int64]
    fingerprints: NDArray[np.uint64]

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
        content = self.contents[self.which[place]]
        return _decode(content[self.starts[place] : self.ends[place]])

    def __eq__(self, other: object) -> bool:
        """Tell whether the articles are the same, by their fingerprints."""
        if not isinstance(other, Recorded):
            return NotImplemented
        return np.array_equal(self.ids, other.ids) and np.array_equal(self.fingerprints, other.fingerprints)

    __hash__ = None  # type: ignore[assignment]  # as of every other list

    def chosen(self, places: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Recorded:
        """Return some of them, as their records."""
        return Recorded(contents=self.contents, **{name: getattr(self, name)[places] for name in _COLUMNS})

    def find(self, ids: Iterable[str]) -> dict[str, Article]:
        """Return those of the articles with these *ids* that are there; it must be in the order of ids."""
        numbers = ids_to_numbers(ids)
        found = self.chosen(np.searchsorted(self.ids, numbers[np.isin(numbers, self.ids)]))
        return {article.id: article for article in found.articles()}

    def fingerprints_by_id(self) -> dict[str, bytes]:
        """Map every article's id to its fingerprint, in their order."""
        return dict(zip(numbers_to_ids(self.ids), to_bytes(self.fingerprints), strict=True))

    def written(self) -> bytes:
        """Return the records as one list, as :func:`search.records.to_records` writes them."""
        contents = self.contents
        places = zip(self.which.tolist(), self.starts.tolist(), self.ends.tolist(), strict=True)
        return b"[%b]" % b",".join([contents[which][start:end] for which, start, end in places])

    def articles(self) -> list[Article]:
        """Return all of them."""
        return _decode_list(self.written())


_COLUMNS = ("which", "starts", "ends", "ids", "ages", "fingerprints")


def written(articles: Sequence[Article]) -> bytes:
    """Return the records of articles, however they are had, as one list."""
    return articles.written() if isinstance(articles, Recorded) else to_records(articles)


def recorded(tables: Sequence[LineRecords]) -> Recorded:
    """Return all articles of some lines, table by table."""
    return Recorded(
        contents=tuple(table.records for table in tables),
        which=np.repeat(np.arange(len(tables)), [table.count for table in tables]),
        starts=_joined([table.starts for table in tables], np.intp),
        ends=_joined([table.ends() for table in tables], np.intp),
        ids=_joined([table.ids for table in tables], np.uint64),
        ages=_joined([table.ages for table in tables], np.int64),
        fingerprints=np.frombuffer(b"".join(table.marks for table in tables), "<u8"),
    )


def with_articles(known: Recorded, articles: Sequence[Article], fingerprints: Mapping[str, bytes]) -> Recorded:
    """Return *known* and more articles, all in the order of their ids.

    Args:
        known: articles.
        articles: others.
        fingerprints: of some of the others, by their ids.
    """
    records = list(map(to_record, articles))
    marks = [fingerprints.get(one.id) or fingerprint(record) for one, record in zip(articles, records, strict=True)]
    ends = np.cumsum(np.fromiter(map(len, records), np.intp, len(records)))
    columns: dict[str, Any] = {
        "which": np.full(len(records), len(known.contents)),
        "starts": np.concatenate([[0], ends[:-1]])[: len(records)],
        "ends": ends,
        "ids": ids_to_numbers(article.id for article in articles),
        "ages": np.array([moment_to_age(article.published_at) for article in articles], np.int64),
        "fingerprints": np.frombuffer(b"".join(marks), "<u8"),
    }
    joined = {name: np.concatenate([getattr(known, name), columns[name]]) for name in _COLUMNS}
    everything = Recorded(contents=(*known.contents, b"".join(records)), **joined)
    return everything.chosen(np.argsort(everything.ids))


def _joined(arrays: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *arrays]).astype(dtype)
