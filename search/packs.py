"""Seeds as bytes, to be kept and to be sent: lists of seeds, and each distinct article of them once.

JSON, and nothing that could run: ``[fingerprints, articles, lists]``, where a seed is ``[line, article]``, or
``[line, article, [article, ...], is_removed]`` if it says more than that; an article is its place in ``articles``. The
first two are counted from those of the seed before. The fingerprints of all articles stand together, 16 hexadecimal
digits each; an article that is also elsewhere may be null, and is found there by its fingerprint. All is compressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from search.articles import Article, Seed
from search.keys import NO_FINGERPRINTS, Fingerprints, to_bytes
from search.line_records import LineRecords, remembered_lines
from search.recorded import Recorded, with_articles
from search.records import MARK_BYTES, Sharing, fingerprint, to_record
from search.seeds import SourcedSeed

#: The fastest that zstd offers without growing much.
_LEVEL = 1
_decode = msgspec.json.Decoder(tuple[str, list[Article | None], msgspec.Raw]).decode
_decode_rows = msgspec.json.Decoder(list[list[list[Any]]]).decode


def pack(lists: Iterable[Sequence[SourcedSeed]], elsewhere: Fingerprints = NO_FINGERPRINTS) -> bytes:
    """Write lists of seeds; the same ones always give the same bytes.

    Args:
        lists: the seeds.
        elsewhere: the fingerprints of articles that are left out, since they can be had from elsewhere.
    """
    table = _Table(elsewhere)
    return table.written([table.rows(seeds) for seeds in lists])


def pack_records(found: LineRecords, elsewhere: Fingerprints = NO_FINGERPRINTS) -> bytes:
    """Write the seeds of lines as :func:`pack` does one list of them."""
    articles = found.recorded
    here = ~elsewhere.holds(articles.fingerprints)
    records = np.full(len(articles), b"null", object)
    records[here] = articles.chosen(here).records()
    return _written(articles.fingerprints.astype("<u8").tobytes(), b",".join(records), b"[[%b]]" % found.rows)


class Unpacked:
    """What :func:`pack` wrote; an article that several seeds hold is one object."""

    def __init__(self, packed: bytes, sharing: Sharing) -> None:
        digits, self._articles, self._rows = _decode(zstandard.ZstdDecompressor().decompress(packed))
        self._sharing, self._marks = sharing, np.frombuffer(bytes.fromhex(digits), "<u8")
        self._left_out = np.array([article is None for article in self._articles], bool)

    def missing(self) -> NDArray[np.uint64]:
        """Return the fingerprints of the articles that were left out."""
        marks: NDArray[np.uint64] = self._marks[self._left_out]
        return marks

    def lines(self, found: Recorded) -> LineRecords | None:
        """Return what :func:`pack_records` packed; None where an article that was left out was not found.

        Args:
            found: those of the articles that were left out that were found, in their order.
        """
        if len(found) != np.count_nonzero(self._left_out):
            return None
        recorded = with_articles(found, list(filter(None, self._articles)), {})
        places = np.empty(len(recorded), np.intp)
        places[np.argsort(~self._left_out, kind="stable")] = np.arange(len(recorded))
        return remembered_lines(recorded.chosen(places), bytes(self._rows)[2:-2])

    def lists(self, found: Recorded) -> list[list[SourcedSeed] | None]:
        """Return what was packed; None for a list of which an article that was left out was not found.

        Args:
            found: as for :meth:`lines`.
        """
        marks, by_mark = to_bytes(self._marks), dict(zip(to_bytes(found.fingerprints), found, strict=True))
        self._articles = [article or by_mark.get(mark) for article, mark in zip(self._articles, marks, strict=True)]
        self._sharing.share(filter(None, self._articles))
        return [self._list(rows, marks) for rows in _decode_rows(self._rows)]

    def _list(self, rows: list[list[Any]], marks: list[bytes]) -> list[SourcedSeed] | None:
        lines, places = accumulate([row[0] for row in rows]), accumulate([row[1] for row in rows])
        try:
            return [
                SourcedSeed(line, self._seed(row, own), marks[own])
                for row, line, own in zip(rows, lines, places, strict=True)
            ]
        except LookupError:
            return None

    def _seed(self, row: list[Any], own: int) -> Seed:
        article = self._article(own)
        if len(row) == len(("line", "own")):
            return Seed(article=article)
        return Seed(article=article, related=tuple([self._article(place) for place in row[2]]), is_removed=row[3])

    def _article(self, place: int) -> Article:
        article = self._articles[place]
        if article is None:
            raise LookupError
        return article


class _Table:
    """Each distinct article once; related lists repeat them by the hundred."""

    def __init__(self, elsewhere: Fingerprints = NO_FINGERPRINTS) -> None:
        self._elsewhere = elsewhere
        # By record, or by fingerprint where the article is elsewhere.
        self._places: dict[bytes, int] = {}
        # Nearly all repetitions are the same object, which is found without writing it.
        self._by_identity: dict[int, int] = {}

    @cached_property
    def fingerprints(self) -> list[bytes]:
        """Of all articles; to be asked for when all are there."""
        return [key if len(key) == MARK_BYTES else fingerprint(key) for key in self._places]

    def written(self, rows: list[list[list[Any]]]) -> bytes:
        articles = b",".join([b"null" if len(key) == MARK_BYTES else key for key in self._places])
        return _written(b"".join(self.fingerprints), articles, orjson.dumps(rows))

    def rows(self, seeds: Sequence[SourcedSeed]) -> list[list[Any]]:
        rows: list[list[Any]] = []
        last_line = last_own = 0
        by_identity = self._by_identity
        for line, seed, mark in seeds:
            article = seed.article
            own = by_identity.get(id(article))
            if own is None:
                own = self._add(article, mark)
            row: list[Any] = [line - last_line, own - last_own]
            if seed.related or seed.is_removed:
                row += [self._place(article) for article in seed.related], seed.is_removed
            rows.append(row)
            last_line, last_own = line, own
        return rows

    def _place(self, article: Article) -> int:
        place = self._by_identity.get(id(article))
        return self._add(article, b"") if place is None else place

    def _add(self, article: Article, mark: bytes) -> int:
        key = mark if mark in self._elsewhere else self._key(article, mark)
        place = self._by_identity[id(article)] = self._places.setdefault(key, len(self._places))
        return place

    def _key(self, article: Article, mark: bytes) -> bytes:
        record = to_record(article)
        found = fingerprint(record) if self._elsewhere and not mark else b""
        return found if found in self._elsewhere else record


def _written(marks: bytes, articles: bytes, rows: bytes) -> bytes:
    content = b'["%b",[%b],%b]' % (marks.hex().encode(), articles, rows)
    return zstandard.ZstdCompressor(_LEVEL).compress(content)
