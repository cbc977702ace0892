"""What is known of articles beside their words: as columns, and whole, each compressed on its own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from search import native
from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.vocabulary import Vocabulary, in_order, pack_texts
from search.keys import age_to_moment, ids_to_numbers, moment_to_age, number_to_id, numbers_to_ids, to_column
from search.recorded import Recorded, written
from search.records import article_from_json, article_to_json

#: Stands for "unknown" in columns of numbers.
UNKNOWN = -1
MICROSECONDS_A_DAY = 86_400_000_000
#: Names of the columns whose values are texts, of which an article has one or none.
NAMES: Mapping[str, Callable[[Article], str | None]] = {
    "provider": lambda article: article.provider.name,
    "domain": lambda article: article.provider.domain,
    "category": lambda article: article.category,
    "type": lambda article: article.type,
}
#: Columns of plain numbers, one an article; the searched text's own among them.
COLUMNS = ("id", "fingerprint", "age", "quality", "heat", "flags", "length", "title.hash")
#: Beyond so many, merged articles are compressed anew.
MAX_DICTIONARIES = 16
#: Bits of the flags.
PUBLISHED, NOT_PUBLISHED, IMAGE = 1, 2, 4

_LEVEL = 3
#: Articles that are compressed in one call.
_BATCH = 1024
_DICTIONARY_BYTES = 1 << 16
#: Articles that the dictionary is learnt from; fewer than the first make none.
_MIN_SAMPLES, _MAX_SAMPLES = 500, 4000


def attribute_arrays(
    articles: Sequence[Article], fingerprints: Mapping[str, bytes], records: Iterable[bytes] | None = None
) -> dict[str, Array]:
    """Return the columns of *articles*, which are numbered as they come, and the articles themselves.

    Args:
        articles: all of them.
        fingerprints: by id.
        records: of the articles, in lists as :func:`search.records.to_records` writes them, if there are passes.
    """
    if native.passes and records is not None:
        return _compiled(native.passes, articles, fingerprints, records)
    arrays: dict[str, Array] = {
        "id": ids_to_numbers(article.id for article in articles),
        "fingerprint": fingerprint_column(articles, fingerprints),
        "age": np.array([moment_to_age(article.published_at) for article in articles], np.int64),
        "quality": _smallest(np.array([UNKNOWN if a.quality is None else a.quality for a in articles], np.int32)),
        "heat": _smallest(np.array([UNKNOWN if a.heat is None else a.heat for a in articles], np.int32)),
        "flags": np.array([_flags(article) for article in articles], np.uint8),
    }
    for name, value in NAMES.items():
        arrays |= _names(name, [value(article) for article in articles])
    return arrays | _topics([article.topics for article in articles]) | _stored(articles)


def fingerprint_column(articles: Sequence[Article], fingerprints: Mapping[str, bytes]) -> NDArray[np.uint64]:
    """Return the fingerprints of articles, which are by id where the articles do not have them themselves."""
    if isinstance(articles, Recorded):
        return articles.fingerprints
    return to_column([fingerprints[article.id] for article in articles])


class Stored:
    """The articles of a segment, whole. Safe to share between threads."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._view, self._starts, self._by = arrays["stored"].data, arrays["stored.start"], arrays["stored.by"]
        self._ages, self._ids, self._fingerprints = arrays["age"], arrays["id"], arrays["fingerprint"]
        whole, ends = arrays["stored.dictionary"].tobytes(), np.cumsum(arrays["stored.dictionary.size"]).tolist()
        #: What articles were compressed against; nothing where they were too few.
        self.dictionaries = [whole[first:end] for first, end in zip([0, *ends], ends, strict=False)]
        self._dictionaries = [_dictionary(learnt) for learnt in self.dictionaries]
        self._local = threading.local()

    def json(self, number: int) -> bytes:
        """Return an article as what the API sends of it; but for ``id`` and ``published_at``, which columns have."""
        start, end = self._starts.item(number), self._starts.item(number + 1)
        return self._decompressor(self._by.item(number)).decompress(self._view[start:end])

    def contents(self, numbers: NDArray[np.intp]) -> list[bytes]:
        """Return articles as :meth:`json` does one."""
        columns = (self._starts[numbers].tolist(), self._starts[numbers + 1].tolist(), self._by[numbers].tolist())
        view = self._view
        if len(self.dictionaries) == 1:
            decompress = self._decompressor(0).decompress
            return [decompress(view[start:end]) for start, end, _ in zip(*columns, strict=True)]
        return [self._decompressor(by).decompress(view[start:end]) for start, end, by in zip(*columns, strict=True)]

    def _decompressor(self, number: int) -> zstandard.ZstdDecompressor:
        """Return this thread's own, since one is not safe to share."""
        known: dict[Any, zstandard.ZstdDecompressor] = self._local.__dict__
        found = known.get(number)
        if found is None:
            found = known[number] = zstandard.ZstdDecompressor(dict_data=self._dictionaries[number])
        return found

    def article(self, number: int) -> Article:
        """Return an article."""
        published = age_to_moment(self._ages.item(number))
        return article_from_json(self.json(number), number_to_id(self._ids.item(number)), published)

    def articles(self, numbers: NDArray[np.intp]) -> list[Article]:
        """Return several articles."""
        moments = map(age_to_moment, self._ages[numbers].tolist())
        return list(map(article_from_json, self.contents(numbers), numbers_to_ids(self._ids[numbers]), moments))


def merge_attributes(
    segments: Sequence[Any], chosen: Sequence[NDArray[np.intp]], order: NDArray[np.intp]
) -> dict[str, Array]:
    """Return the columns and articles of several segments as those of one.

    Args:
        segments: what is merged.
        chosen: which articles of each are kept.
        order: of the kept articles, one segment after the other, those that come first, second ...
    """
    tables = [segment.arrays for segment in segments]
    merged = {name: _gathered(tables, chosen, name)[order] for name in COLUMNS}
    for name in NAMES:
        values = [_texts_of(arrays, name, docs) for arrays, docs in zip(tables, chosen, strict=True)]
        merged |= _names(name, _in_order(values, order))
    topics = [_topics_of(arrays, docs) for arrays, docs in zip(tables, chosen, strict=True)]
    merged |= _topics(_in_order(topics, order)) | _merged_spans(tables, chosen, order)
    merged["length"] = merged["length"].astype(np.min_scalar_type(int(merged["length"].max(initial=0))))
    return merged | _merged_stored(segments, chosen, order)


def _gathered(tables: Sequence[Mapping[str, Array]], chosen: Sequence[NDArray[np.intp]], name: str) -> Array:
    return np.concatenate([arrays[name][docs] for arrays, docs in zip(tables, chosen, strict=True)])


def _in_order(values: Sequence[Sequence[Any]], order: NDArray[np.intp]) -> list[Any]:
    listed = list(chain.from_iterable(values))
    return [listed[place] for place in order.tolist()]


def _texts_of(arrays: Mapping[str, Array], name: str, docs: NDArray[np.intp]) -> list[str | None]:
    known: list[str | None] = [*Vocabulary(arrays, name), None]
    return [known[number] for number in arrays[name][docs].tolist()]


def _topics_of(arrays: Mapping[str, Array], docs: NDArray[np.intp]) -> list[tuple[str, ...]]:
    known = list(Vocabulary(arrays, "topic"))
    starts, topics = arrays["topic.of"].tolist(), arrays["topic"].tolist()
    return [tuple([known[topic] for topic in topics[starts[doc] : starts[doc + 1]]]) for doc in docs.tolist()]


def _merged_spans(
    tables: Sequence[Mapping[str, Array]], chosen: Sequence[NDArray[np.intp]], order: NDArray[np.intp]
) -> dict[str, Array]:
    counts = [arrays["length"][:, :2].sum(axis=1, dtype=np.intp) for arrays in tables]
    return {"span": _moved_runs([arrays["span"] for arrays in tables], counts, chosen, order)[0]}


def _merged_stored(
    segments: Sequence[Any], chosen: Sequence[NDArray[np.intp]], order: NDArray[np.intp]
) -> dict[str, Array]:
    tables = [segment.arrays for segment in segments]
    dictionaries = list(dict.fromkeys(one for segment in segments for one in segment.stored.dictionaries))
    if len(dictionaries) > MAX_DICTIONARIES:
        articles = [
            segment.stored.article(doc) for segment, docs in zip(segments, chosen, strict=True) for doc in docs.tolist()
        ]
        return _stored([articles[place] for place in order.tolist()])
    counts = [np.diff(arrays["stored.start"].astype(np.intp)) for arrays in tables]
    packed, sizes = _moved_runs([arrays["stored"] for arrays in tables], counts, chosen, order)
    numbers = [[dictionaries.index(one) for one in segment.stored.dictionaries] for segment in segments]
    which = [
        np.array(known, np.uint8)[arrays["stored.by"][docs]]
        for known, arrays, docs in zip(numbers, tables, chosen, strict=True)
    ]
    return _packed(packed, sizes, dictionaries, np.concatenate(which)[order])


def _moved_runs(
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


def _stored(articles: Sequence[Article]) -> dict[str, Array]:
    packing = _Packing(list(map(article_to_json, _samples(articles))))
    # Not all at once, since what orjson writes takes pages of memory, however short it is.
    for at in range(0, len(articles), _BATCH):
        packing.add(list(map(article_to_json, articles[at : at + _BATCH])))
    return packing.arrays()


class _Packing:
    """Compresses articles, against what is learnt of some of them first."""

    def __init__(self, samples: list[bytes]) -> None:
        self._learnt = _learn(samples)
        compression = _dictionary(self._learnt)
        self._compressor = zstandard.ZstdCompressor(_LEVEL, dict_data=compression, write_dict_id=False)
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


def _compiled(
    passes: Any,  # noqa: ANN401 - a module
    articles: Sequence[Article],
    fingerprints: Mapping[str, bytes],
    records: Iterable[bytes],
) -> dict[str, Array]:
    """Do what :func:`attribute_arrays` does by the compiled pass, which others have the interpreter beside."""
    packing = _Packing(_written_by(passes, written(_samples(articles))))
    room = passes.make_columns(secrets.randbits(64))
    for some in records:
        packing.add(zstandard.BufferWithSegments(*passes.add_records(room, some)))
    columns = passes.take_columns(room)
    (id_, age, quality, heat, flags), coded = columns[:5], [np.frombuffer(codes, np.uint32) for codes in columns[5:11]]
    *codes, counts, topics = coded
    *names, topic_names = columns[11:]
    arrays: dict[str, Array] = {
        "id": np.frombuffer(id_, np.uint64),
        "fingerprint": fingerprint_column(articles, fingerprints),
        "age": np.frombuffer(age, np.int64),
        "quality": _smallest(np.frombuffer(quality, np.int32)),
        "heat": _smallest(np.frombuffer(heat, np.int32)),
        "flags": np.frombuffer(flags, np.uint8),
    }
    for name, own, texts in zip(NAMES, codes, names, strict=True):
        arrays |= _coded(name, own, texts)
    starts = np.concatenate([[0], np.cumsum(counts)])
    return arrays | _coded("topic", topics, topic_names) | {"topic.of": starts.astype(np.uint32)} | packing.arrays()


def _written_by(passes: Any, records: bytes) -> list[bytes]:  # noqa: ANN401 - a module
    """Do what :func:`article_to_json` does with each of some articles."""
    contents, segments = passes.add_records(passes.make_columns(0), records)
    places = np.frombuffer(segments, np.uint64).reshape(-1, 2).tolist()
    return [contents[start : start + size] for start, size in places]


def _samples(articles: Sequence[Article]) -> Sequence[Article]:
    return articles[:: max(1, len(articles) // _MAX_SAMPLES)]


def _coded(name: str, codes: NDArray[np.uint32], texts: Sequence[str]) -> dict[str, Array]:
    """Return a column of texts as numbers, and the texts; *codes* are places in *texts* plus one, 0 for none."""
    order = in_order(texts)
    ranks = np.empty(len(texts) + 1, np.min_scalar_type(len(texts)))
    ranks[0] = len(texts)
    ranks[np.array(order, np.intp) + 1] = np.arange(len(texts))
    return {**pack_texts(name, [texts[place] for place in order]), name: ranks.take(codes)}


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


def _smallest(numbers: NDArray[np.int32]) -> Array:
    return numbers.astype(np.int16) if numbers.max(initial=0) <= np.iinfo(np.int16).max else numbers


def _flags(article: Article) -> int:
    published = 0 if article.is_published is None else PUBLISHED if article.is_published else NOT_PUBLISHED
    return published | (IMAGE if article.image else 0)


def _names(name: str, values: Sequence[str | None]) -> dict[str, Array]:
    """Return a column of texts as numbers, and the texts; an article without one has the number after the last."""
    texts = sorted({value for value in values if value is not None})
    numbers: dict[Any, int] = {text: number for number, text in enumerate(texts)}
    numbers[None] = len(texts)
    return {
        **pack_texts(name, texts),
        name: np.array([numbers[value] for value in values], np.min_scalar_type(len(texts))),
    }


def _topics(values: Sequence[tuple[str, ...]]) -> dict[str, Array]:
    """Return the topics of each article: where they begin in the list of all."""
    texts = sorted(set(chain.from_iterable(values)))
    numbers = {text: number for number, text in enumerate(texts)}
    starts = np.fromiter(accumulate(map(len, values), initial=0), np.int64, len(values) + 1)
    listed = [numbers[topic] for topics in values for topic in topics]
    return {
        **pack_texts("topic", texts),
        "topic": np.array(listed, np.min_scalar_type(len(texts))),
        "topic.of": starts.astype(np.uint32),
    }
