"""Seeds as bytes, to be kept and to be sent: lists of seeds, and each distinct article of them once.

JSON, and nothing that could run: ``[fingerprints, articles, lists]``, where a seed is ``[line, article]``, or
``[line, article, [article, ...], is_removed]`` if it says more than that; an article is its place in ``articles``. The
fingerprints of all articles stand together, 16 hexadecimal digits each. All of it is compressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec
import orjson
import zstandard

from search.articles import Article, Seed
from search.records import Sharing, fingerprint, to_record
from search.seeds import SourcedSeed

#: The fastest that zstd offers without growing much.
_LEVEL = 1
_decode = msgspec.json.Decoder(tuple[str, list[Article], list[list[list[Any]]]]).decode


def pack(lists: Iterable[Sequence[SourcedSeed]]) -> bytes:
    """Write lists of seeds; the same ones always give the same bytes."""
    table = _Table()
    rows = [[table.row(sourced) for sourced in seeds] for seeds in lists]
    return table.written(rows)


def pack_with_fingerprints(seeds: Sequence[SourcedSeed]) -> tuple[bytes, list[SourcedSeed]]:
    """Write one list of seeds; return it also with the fingerprints that were found on the way."""
    table = _Table()
    rows = [table.row(sourced) for sourced in seeds]
    marks = table.fingerprints
    found = [SourcedSeed(one.line, one.seed, marks[row[1]]) for one, row in zip(seeds, rows, strict=True)]
    return table.written([rows]), found


class Unpacker:
    """Undoes :func:`pack`; what one unpacks shares the providers and the short texts that it repeats."""

    def __init__(self) -> None:
        self._sharing = Sharing()

    def unpack(self, packed: bytes) -> list[list[SourcedSeed]]:
        """Return what was packed; an article that several seeds hold is one object."""
        digits, articles, lists = _decode(zstandard.ZstdDecompressor().decompress(packed))
        self._sharing.share(articles)
        marks = bytes.fromhex(digits)
        return [[_seed(row, articles, marks) for row in rows] for rows in lists]


def _seed(row: list[Any], articles: list[Article], marks: bytes) -> SourcedSeed:
    line, own = row[0], row[1]
    mark = marks[8 * own : 8 * own + 8]
    if len(row) == len(("line", "own")):
        return SourcedSeed(line, Seed(article=articles[own]), mark)
    related = tuple([articles[place] for place in row[2]])
    return SourcedSeed(line, Seed(article=articles[own], related=related, is_removed=row[3]), mark)


class _Table:
    """Each distinct article once; related lists repeat them by the hundred."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        # Nearly all repetitions are the same object, which is found without writing it.
        self._by_identity: dict[int, int] = {}

    @cached_property
    def fingerprints(self) -> list[bytes]:
        """Of all articles; to be asked for when all are there."""
        return list(map(fingerprint, self._places))

    def written(self, rows: list[list[list[Any]]]) -> bytes:
        digits = b"".join(self.fingerprints).hex().encode()
        plain = b'["%b",[%b],%b]' % (digits, b",".join(self._places), orjson.dumps(rows))
        return zstandard.ZstdCompressor(_LEVEL).compress(plain)

    def row(self, sourced: SourcedSeed) -> list[Any]:
        seed = sourced.seed
        if not seed.related and not seed.is_removed:
            return [sourced.line, self._place(seed.article)]
        related = [self._place(article) for article in seed.related]
        return [sourced.line, self._place(seed.article), related, seed.is_removed]

    def _place(self, article: Article) -> int:
        place = self._by_identity.get(id(article))
        if place is None:
            place = self._places.setdefault(to_record(article), len(self._places))
            self._by_identity[id(article)] = place
        return place
