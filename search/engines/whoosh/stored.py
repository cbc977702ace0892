"""Whole articles in a segment, each compressed on its own, against what is learnt of some of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from search import native
from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.keys import age_to_moment, number_to_id
from search.records import article_from_json, article_to_json

#: Beyond so many, merged articles are compressed anew.
MAX_DICTIONARIES = 16
#: A tenth fewer bytes than with what zstd takes of its own for texts as short as these, for two microseconds each. They
#: are beside nothing else that zstd writes, so that none of them needs to be told from it.
_PARAMETERS = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_GREEDY,
    window_log=17,
    hash_log=17,
    chain_log=17,
    search_log=3,
    min_match=5,
    format=zstandard.FORMAT_ZSTD1_MAGICLESS,
    write_content_size=True,
    write_dict_id=False,
)
#: The first byte of a frame that begins with what tells it from other files, and of no other.
_MAGIC = 0x28
#: Articles that are compressed in one call.
_BATCH = 1024
_DICTIONARY_BYTES = 1 << 16
#: Articles that the dictionary is learnt from; fewer than the first make none.
_MIN_SAMPLES, _MAX_SAMPLES = 500, 4000


class Stored:
    """The articles of a segment, whole. Safe to share between threads."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._packed, self._starts, self._by = arrays["stored"], arrays["stored.start"], arrays["stored.by"]
        self._named = arrays["id"], arrays["age"]
        whole, ends = arrays["stored.dictionary"].tobytes(), np.cumsum(arrays["stored.dictionary.size"]).tolist()
        #: What articles were compressed against; nothing where they were too few.
        self.dictionaries = [whole[first:end] for first, end in zip([0, *ends], ends, strict=False)]
        self._dictionaries = [_dictionary(learnt) for learnt in self.dictionaries]
        self._local = threading.local()

    def json(self, number: int) -> bytes:
        """Return an article as what the API sends of it; but for ``id`` and ``published_at``, which columns have."""
        return self.contents([number])[0]

    def contents(self, numbers: Sequence[int]) -> list[bytes]:
        """Return articles as :meth:`json` does one."""
        pieces = self._pieces(list(numbers))
        try:
            if len(self.dictionaries) == 1:
                return list(map(self._decompressor(0).decompress, pieces))
            by = self._by[list(numbers)].tolist()
            return [self._decompressor(one).decompress(piece) for one, piece in zip(by, pieces, strict=True)]
        except zstandard.ZstdError:
            return list(map(self._of_whatever_format, numbers))

    def _pieces(self, numbers: list[int]) -> list[bytes]:
        """Return what is stored of articles."""
        if native.passes:
            pieces: list[bytes] = native.passes.take_stored(numbers, self._packed, self._starts)
            return pieces
        starts, whole = self._starts.data, self._packed.data
        return [bytes(whole[starts[number] : starts[number + 1]]) for number in numbers]

    def _of_whatever_format(self, number: int) -> bytes:
        """Return an article that may be from before index format 6, when frames began with what tells them as such."""
        piece = self._pieces([number])[0]
        decompressor = self._decompressor(int(self._by[number]), is_old=piece[0] == _MAGIC)
        return decompressor.decompress(piece)

    def _decompressor(self, number: int, *, is_old: bool = False) -> zstandard.ZstdDecompressor:
        """Return this thread's own, since one is not safe to share."""
        known: dict[Any, zstandard.ZstdDecompressor] = self._local.__dict__
        found = known.get((number, is_old))
        if found is None:
            format_ = zstandard.FORMAT_ZSTD1 if is_old else zstandard.FORMAT_ZSTD1_MAGICLESS
            found = zstandard.ZstdDecompressor(dict_data=self._dictionaries[number], format=format_)
            known[number, is_old] = found
        return found

    def article(self, number: int) -> Article:
        """Return an article."""
        return self.articles([number])[0]

    def articles(self, numbers: Sequence[int]) -> list[Article]:
        """Return several articles."""
        named, contents = self._names(list(numbers)), self.contents(numbers)
        return [
            article_from_json(content, identifier, age_to_moment(age))
            for (identifier, age), content in zip(named, contents, strict=True)
        ]

    def _names(self, numbers: list[int]) -> Iterable[tuple[str, int]]:
        """Return the ids and ages of articles."""
        if native.passes:
            names: list[tuple[str, int]] = native.passes.name_articles(numbers, *self._named)
            return names
        ids, ages = (column[numbers].tolist() for column in self._named)
        return zip(map(number_to_id, ids), ages, strict=True)


def merge_stored(
    segments: Sequence[Any], chosen: Sequence[NDArray[np.intp]], order: NDArray[np.intp]
) -> dict[str, Array]:
    """Return the articles of several segments as those of one: the *chosen* of each, all in the *order* given."""
    tables = [segment.arrays for segment in segments]
    dictionaries = list(dict.fromkeys(one for segment in segments for one in segment.stored.dictionaries))
    if len(dictionaries) > MAX_DICTIONARIES:
        articles = [
            segment.stored.article(doc) for segment, docs in zip(segments, chosen, strict=True) for doc in docs.tolist()
        ]
        return pack_articles([articles[place] for place in order.tolist()])
    counts = [np.diff(arrays["stored.start"].astype(np.intp)) for arrays in tables]
    packed, sizes = moved_runs([arrays["stored"] for arrays in tables], counts, chosen, order)
    numbers = [[dictionaries.index(one) for one in segment.stored.dictionaries] for segment in segments]
    which = [
        np.array(known, np.uint8)[arrays["stored.by"][docs]]
        for known, arrays, docs in zip(numbers, tables, chosen, strict=True)
    ]
    return _packed(packed, sizes, dictionaries, np.concatenate(which)[order])


def moved_runs(
    runs: Sequence[Array],
    counts: Sequence[NDArray[np.intp]],
    chosen: Sequence[NDArray[np.intp]],
    order: NDArray[np.intp],
) -> tuple[Array, NDArray[np.intp]]:
    """Return the runs of bytes of the chosen articles in their new order, and how long each is."""
    pieces: list[memoryview] = []
    for run, count, docs in zip(runs, counts, chosen, strict=True):
        begins, view = (np.cumsum(count) - count)[docs], run.data
        pieces += map(view.__getitem__, map(slice, begins.tolist(), (begins + count[docs]).tolist()))
    sizes = np.concatenate([count[docs] for count, docs in zip(counts, chosen, strict=True)])[order]
    return np.frombuffer(b"".join(map(pieces.__getitem__, order.tolist())), np.uint8), sizes


def pack_articles(articles: Sequence[Article]) -> dict[str, Array]:
    """Return articles, compressed."""
    packing = Packing(list(map(article_to_json, samples_of(articles))))
    # Not all at once, since what orjson writes takes pages of memory, however short it is.
    for at in range(0, len(articles), _BATCH):
        packing.add(list(map(article_to_json, articles[at : at + _BATCH])))
    return packing.arrays()


class Packing:
    """Compresses articles, against what is learnt of some of them first."""

    def __init__(self, samples: list[bytes]) -> None:
        self._learnt = _learn(samples)
        compression = _dictionary(self._learnt)
        self._compressor = zstandard.ZstdCompressor(compression_params=_PARAMETERS, dict_data=compression)
        self._packed: list[bytes] = []

    def add(self, written: Any) -> None:  # noqa: ANN401 - whatever the library takes for many texts
        """Compress articles as :func:`article_to_json` writes them.

        Many in one call, during which other threads have the interpreter to themselves.
        """
        compressed: Any = self._compressor.multi_compress_to_buffer(written)
        self._packed += map(bytes, compressed)

    def arrays(self) -> dict[str, Array]:
        """Return all of them."""
        sizes = np.fromiter(map(len, self._packed), np.intp, len(self._packed))
        which = np.zeros(len(sizes), np.uint8)
        return _packed(np.frombuffer(b"".join(self._packed), np.uint8), sizes, [self._learnt], which)


def samples_of(articles: Sequence[Article]) -> Sequence[Article]:
    """Return the articles that the dictionary is learnt from."""
    return articles[:: max(1, len(articles) // _MAX_SAMPLES)]


def _packed(packed: Array, sizes: NDArray[np.intp], dictionaries: Sequence[bytes], which: Array) -> dict[str, Array]:
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return {
        "stored": packed,
        "stored.start": starts.astype(np.uint32 if starts[-1] < 1 << 32 else np.uint64),
        "stored.by": which,
        "stored.dictionary": np.frombuffer(b"".join(dictionaries), np.uint8),
        "stored.dictionary.size": np.array(list(map(len, dictionaries)), np.uint32),
    }


def _learn(samples: list[Any]) -> bytes:
    if len(samples) < _MIN_SAMPLES:
        return b""
    # With its parameters given, it takes a tenth of a second instead of trying them out.
    return zstandard.train_dictionary(_DICTIONARY_BYTES, samples, k=256, d=8).as_bytes()


def _dictionary(learnt: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(learnt) if learnt else None
