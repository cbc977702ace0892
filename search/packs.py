"""Seeds as bytes, to be kept and to be sent: lists of seeds, and each distinct article of them once.

JSON, and nothing that could run: ``[fingerprints, articles, lists]``, where a seed is ``[line, article]``, or
``[line, article, [article, ...], is_removed]`` if it says more than that; an article is its place in ``articles``. The
first two are counted from those of the seed before. The fingerprints of all articles stand together, 16 hexadecimal
digits each; an article that is also elsewhere may be null, and is found there by its fingerprint. All is compressed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
import orjson
import zstandard

from search.articles import Article, Seed
from search.keys import Fingerprints
from search.line_records import LineRecords
from search.records import MARK_BYTES, Sharing, fingerprint, to_record
from search.seeds import SourcedSeed

#: The fastest that zstd offers without growing much.
_LEVEL = 1
_decode = msgspec.json.Decoder(tuple[str, list[Article | None], msgspec.Raw]).decode
_decode_rows = msgspec.json.Decoder(list[list[list[Any]]]).decode


def pack(lists: Iterable[Sequence[SourcedSeed]], elsewhere: Collection[bytes] = frozenset()) -> bytes:
    """Write lists of seeds; the same ones always give the same bytes.

    Args:
        lists: the seeds.
        elsewhere: the fingerprints of articles that are left out, since they can be had from elsewhere.
    """
    table = _Table(elsewhere)
    return table.written([table.rows(seeds) for seeds in lists])


def pack_records(found: LineRecords, elsewhere: Collection[bytes] = frozenset()) -> bytes:
    """Write the seeds of lines as :func:`pack` does one list of them."""
    records = found.records
    left_out = _held(found.marks, elsewhere)
    if any(left_out):
        places = zip(left_out, found.starts.tolist(), found.ends().tolist(), strict=True)
        records = b",".join([b"null" if is_out else records[start:end] for is_out, start, end in places])
    return _written(found.marks, records, b"[[%b]]" % found.rows)


def _held(marks: bytes, elsewhere: Collection[bytes]) -> list[bool]:
    """Tell which fingerprints, one behind the other, are *elsewhere*."""
    if isinstance(elsewhere, Fingerprints):
        held: list[bool] = elsewhere.holds(np.frombuffer(marks, "<u8")).tolist()
        return held
    return [marks[at : at + MARK_BYTES] in elsewhere for at in range(0, len(marks), MARK_BYTES)]


class Unpacked:
    """What :func:`pack` wrote; an article that several seeds hold is one object."""

    def __init__(self, packed: bytes, sharing: Sharing) -> None:
        digits, self._articles, self._rows = _decode(zstandard.ZstdDecompressor().decompress(packed))
        sharing.share(filter(None, self._articles))
        self._marks = bytes.fromhex(digits)

    def missing(self) -> list[bytes]:
        """Return the fingerprints of the articles that were left out."""
        return [self._mark(place) for place, article in enumerate(self._articles) if article is None]

    def fill_in(self, found: Mapping[bytes, Article]) -> None:
        """Put articles that were left out where they belong, as many as were found, by their fingerprints."""
        listed = enumerate(self._articles)
        self._articles = [found.get(self._mark(place)) if one is None else one for place, one in listed]

    def lists(self) -> list[list[SourcedSeed] | None]:
        """Return what was packed; None for a list that is not whole, as an article of it was not found."""
        return [self._list(rows) for rows in _decode_rows(self._rows)]

    def _list(self, rows: list[list[Any]]) -> list[SourcedSeed] | None:
        lines, places = accumulate([row[0] for row in rows]), accumulate([row[1] for row in rows])
        try:
            return list(map(self._seed, rows, lines, places))
        except LookupError:
            return None

    def _seed(self, row: list[Any], line: int, own: int) -> SourcedSeed:
        article, mark = self._article(own), self._mark(own)
        if len(row) == len(("line", "own")):
            return SourcedSeed(line, Seed(article=article), mark)
        related = tuple([self._article(place) for place in row[2]])
        return SourcedSeed(line, Seed(article=article, related=related, is_removed=row[3]), mark)

    def _article(self, place: int) -> Article:
        article = self._articles[place]
        if article is None:
            raise LookupError
        return article

    def _mark(self, place: int) -> bytes:
        return self._marks[MARK_BYTES * place : MARK_BYTES * (place + 1)]


class _Table:
    """Each distinct article once; related lists repeat them by the hundred."""

    def __init__(self, elsewhere: Collection[bytes] = frozenset()) -> None:
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
