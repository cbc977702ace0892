"""What is known of articles beside their words, as columns."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from search import native
from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.stored import Packing, merge_stored, moved_runs, pack_articles, samples_of
from search.engines.whoosh.vocabulary import Vocabulary, in_order, pack_texts
from search.keys import ids_to_numbers, moment_to_age, to_column
from search.recorded import Recorded, written

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
#: Bits of the flags.
PUBLISHED, NOT_PUBLISHED, IMAGE = 1, 2, 4


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
    return arrays | _topics([article.topics for article in articles]) | pack_articles(articles)


def fingerprint_column(articles: Sequence[Article], fingerprints: Mapping[str, bytes]) -> NDArray[np.uint64]:
    """Return the fingerprints of articles, which are by id where the articles do not have them themselves."""
    if isinstance(articles, Recorded):
        return articles.fingerprints
    return to_column([fingerprints[article.id] for article in articles])


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
    return merged | merge_stored(segments, chosen, order)


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
    return {"span": moved_runs([arrays["span"] for arrays in tables], counts, chosen, order)[0]}


def _compiled(
    passes: Any,  # noqa: ANN401 - a module
    articles: Sequence[Article],
    fingerprints: Mapping[str, bytes],
    records: Iterable[bytes],
) -> dict[str, Array]:
    """Do what :func:`attribute_arrays` does by the compiled pass, which others have the interpreter beside."""
    packing = Packing(_written_by(passes, written(samples_of(articles))))
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


def _coded(name: str, codes: NDArray[np.uint32], texts: Sequence[str]) -> dict[str, Array]:
    """Return a column of texts as numbers, and the texts; *codes* are places in *texts* plus one, 0 for none."""
    order = in_order(texts)
    ranks = np.empty(len(texts) + 1, np.min_scalar_type(len(texts)))
    ranks[0] = len(texts)
    ranks[np.array(order, np.intp) + 1] = np.arange(len(texts))
    return {**pack_texts(name, [texts[place] for place in order]), name: ranks.take(codes)}


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
