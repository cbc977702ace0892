"""What is known of articles beside their words: as columns, and whole, each compressed on its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.vocabulary import pack_texts
from search.records import article_from_json, article_to_json

#: Stands for "no date" and "unknown" in columns of numbers.
UNDATED = int(np.iinfo(np.int64).max)
UNKNOWN = -1
#: Names of the columns whose values are texts, of which an article has one or none.
NAMES: Mapping[str, Callable[[Article], str | None]] = {
    "provider": lambda article: article.provider.name,
    "domain": lambda article: article.provider.domain,
    "category": lambda article: article.category,
    "type": lambda article: article.type,
}
#: Bits of the flags.
PUBLISHED, NOT_PUBLISHED, IMAGE = 1, 2, 4

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEVEL = 3
_DICTIONARY_BYTES = 1 << 16
#: Articles that the dictionary is learnt from; fewer than the first make none.
_MIN_SAMPLES, _MAX_SAMPLES = 500, 4000


def attribute_arrays(articles: Sequence[Article], fingerprints: Mapping[str, bytes]) -> dict[str, Array]:
    """Return the columns of *articles*, which are numbered as they come, and the articles themselves."""
    arrays: dict[str, Array] = {
        "id": ids_to_numbers(article.id for article in articles),
        "fingerprint": np.frombuffer(b"".join([fingerprints[article.id] for article in articles]), "<u8"),
        "age": np.array([moment_to_age(article.published_at) for article in articles], np.int64),
        "quality": _numbers(article.quality for article in articles),
        "heat": _numbers(article.heat for article in articles),
        "flags": np.array([_flags(article) for article in articles], np.uint8),
    }
    for name, value in NAMES.items():
        arrays |= _names(name, [value(article) for article in articles])
    return arrays | _topics([article.topics for article in articles]) | _stored(articles)


def ids_to_numbers(ids: Iterable[str]) -> NDArray[np.uint64]:
    """Return the ids of articles, 16 hexadecimal digits each, as numbers of the same order."""
    return np.frombuffer(bytes.fromhex("".join(ids)), ">u8").astype(np.uint64)


def number_to_id(number: int) -> str:
    """Undo :func:`ids_to_numbers`."""
    return f"{number:016x}"


def moment_to_age(moment: datetime | None) -> int:
    """Return a number that is smaller the later the moment is: microseconds before 1970, less one; the largest for none.

    Articles are numbered from the newest to the oldest, so that this column is sorted.
    """
    return UNDATED if moment is None else ~((moment - EPOCH) // _MICROSECOND)


def age_to_moment(age: int) -> datetime | None:
    """Undo :func:`moment_to_age`."""
    return None if age == UNDATED else EPOCH + timedelta(microseconds=~age)


class Stored:
    """The articles of a segment, whole. Safe to share between threads."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._bytes, self._starts = arrays["stored"], arrays["stored.start"]
        self._ages, self._ids = arrays["age"], arrays["id"]
        self._dictionary = _dictionary(arrays["stored.dictionary"])
        self._local = threading.local()

    def json(self, number: int) -> bytes:
        """Return an article as what the API sends of it; but for ``id`` and ``published_at``, which columns have."""
        packed = self._bytes[self._starts[number] : self._starts[number + 1]]
        decompressor = getattr(self._local, "decompressor", None)
        if decompressor is None:
            decompressor = self._local.decompressor = zstandard.ZstdDecompressor(dict_data=self._dictionary)
        content: bytes = decompressor.decompress(packed)
        return content

    def article(self, number: int) -> Article:
        """Return an article."""
        published = age_to_moment(int(self._ages[number]))
        return article_from_json(self.json(number), number_to_id(int(self._ids[number])), published)


def _stored(articles: Sequence[Article]) -> dict[str, Array]:
    plain = [article_to_json(article) for article in articles]
    dictionary = _learn(plain[:: max(1, len(plain) // _MAX_SAMPLES)])
    compressor = zstandard.ZstdCompressor(_LEVEL, dict_data=_dictionary(dictionary), write_dict_id=False)
    packed = list(map(compressor.compress, plain))
    starts = np.fromiter(accumulate(map(len, packed), initial=0), np.int64, len(packed) + 1)
    return {
        "stored": np.frombuffer(b"".join(packed), np.uint8),
        "stored.start": starts.astype(np.uint32 if starts[-1] < 1 << 32 else np.uint64),
        "stored.dictionary": dictionary,
    }


def _learn(samples: list[bytes]) -> NDArray[np.uint8]:
    if len(samples) < _MIN_SAMPLES:
        return np.empty(0, np.uint8)
    # With its parameters given, it takes a tenth of a second instead of trying them out.
    trained = zstandard.train_dictionary(_DICTIONARY_BYTES, samples, k=256, d=8)
    return np.frombuffer(trained.as_bytes(), np.uint8)


def _dictionary(packed: NDArray[np.uint8]) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(packed.tobytes()) if len(packed) else None


def _numbers(values: Iterable[int | None]) -> NDArray[np.int32]:
    return np.array([UNKNOWN if value is None else value for value in values], np.int32)


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
