"""A catalog to the files of a generation: as a whole, or as what has changed beside the segments of the last one.

::

    segment-*.arrays   articles, from the newest to the oldest, with everything that is searched in them
    columns.arrays     what is known of each of them only among all the others
    SEGMENTS.json      the segments, in the order of their numbers
    _MAIN_1.toc        the same for Whoosh's own open_dir, which Lede never reads

A small change makes a small segment, and marks what it replaces as gone; once there are many segments, or much is
gone, they are merged. A segment is copied into the generation that goes on using it, so that damage to one generation
leaves the other whole.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from search import native
from search.articles import Article
from search.catalog import Catalog
from search.engines.whoosh.arrays import Array, Arrays, write_arrays
from search.engines.whoosh.attributes import attribute_arrays, fingerprint_column
from search.engines.whoosh.codec import write_toc
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.columns import make_columns
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.generations import sync
from search.engines.whoosh.inversion import batches, invert
from search.engines.whoosh.merging import merge_segments
from search.engines.whoosh.opening import COLUMNS, SEGMENTS, open_generation, segment_files
from search.engines.whoosh.segment import Segment
from search.keys import Marks, ids_to_numbers, look_up, moment_to_age
from search.recorded import Recorded, written

#: Articles that are inverted in one go; more become several segments, which are merged. Takes about half a GB.
RUN = 1 << 17
#: Segments that a generation has at most.
MAX_SEGMENTS = 4
#: The part of all articles, gone or new, from which on everything is written anew.
MAX_CHANGED = 0.25

Mask = NDArray[np.bool_]


class SegmentFile:
    """A segment in its file, and which of its articles are still there."""

    def __init__(self, file: Path, living: Mask | None = None) -> None:
        self.file, self.segment = file, Segment(Arrays(file))
        self.living = np.ones(len(self.segment), bool) if living is None else living

    @property
    def count(self) -> int:
        """Articles that are still there."""
        return int(np.count_nonzero(self.living))


def write_whoosh_table(folder: Path, collection: Collection) -> None:
    """Write the table of contents for Whoosh's own `open_dir` into the folder that *collection* was opened in."""
    gone = [np.flatnonzero(~part.living).tolist() if part.living is not None else [] for part in collection.parts]
    write_toc(folder, [(file.name, numbers) for file, numbers in zip(segment_files(folder), gone, strict=True)])


def write_generation(catalog: Catalog, folder: Path, last: Path | None = None) -> None:
    """Write all files of a generation.

    Args:
        catalog: what it holds.
        folder: empty.
        last: the folder of the generation before, whose segments may be used; None writes everything anew.
    """
    parts = _unchanged(catalog, last) if last and catalog.articles else []
    fresh = _fresh(catalog, parts)
    if not parts or len(fresh) + _gone(parts) > MAX_CHANGED * len(catalog.articles):
        parts, fresh = [], catalog.articles
    parts = [_copied(part, folder) for part in parts]
    if fresh:
        parts.append(_write_articles(fresh, _fingerprints(catalog), folder))
    parts = _merged(parts, folder)
    with ThreadPoolExecutor(1) as thread:
        # The disk is waited for when they are published; it can begin.
        synced = [thread.submit(sync, part.file) for part in parts]
        _write_columns(parts, catalog, folder)
        for one in synced:
            one.result()


def _unchanged(catalog: Catalog, last: Path) -> list[SegmentFile]:
    """Return the segments of the last generation, and which of their articles are in the catalog as they are."""
    ids, prints = _ids(catalog.articles), fingerprint_column(catalog.articles, _fingerprints(catalog))
    collection = open_generation(last)
    parts = []
    for file, known in zip(segment_files(last), collection.parts, strict=True):
        segment = known.segment
        places, there = look_up(segment.ids, ids)
        same = there & (prints[places] == segment.arrays["fingerprint"])
        parts.append(SegmentFile(file, same if known.living is None else same & known.living))
    return [part for part in parts if part.count]


def _fresh(catalog: Catalog, parts: Sequence[SegmentFile]) -> Sequence[Article]:
    """Return the articles that are in no part as they are."""
    if not parts:
        return catalog.articles
    known = np.sort(np.concatenate([part.segment.ids[part.living] for part in parts]))
    return _chosen(catalog.articles, np.flatnonzero(~look_up(_ids(catalog.articles), known)[1]))


def _gone(parts: Sequence[SegmentFile]) -> int:
    return sum(len(part.segment) - part.count for part in parts)


def _copied(part: SegmentFile, folder: Path) -> SegmentFile:
    return SegmentFile(Path(shutil.copyfile(part.file, folder / part.file.name)), part.living)


def _write_articles(articles: Sequence[Article], fingerprints: Mapping[str, bytes], folder: Path) -> SegmentFile:
    """Write articles as one segment, by way of several where they are many."""
    ordered = _chosen(articles, np.lexsort((_ids(articles), _ages(articles))))
    dictionary = Dictionary()
    runs = [_write_segment(_arrays_of(run, fingerprints, dictionary), folder) for run in _runs(ordered)]
    return runs[0] if len(runs) == 1 else _merge(runs, folder)


def _runs(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    return (articles[at : at + RUN] for at in range(0, len(articles), RUN))


def _arrays_of(
    articles: Sequence[Article], fingerprints: Mapping[str, bytes], dictionary: Dictionary
) -> dict[str, Array]:
    # Side by side: what NumPy, the compressor and the compiled passes do needs no turn at the interpreter.
    with ThreadPoolExecutor(1) as thread:
        if not native.passes:
            if isinstance(articles, Recorded):
                fingerprints, articles = Marks(articles.ids, articles.fingerprints), articles.articles()
            attributes = thread.submit(attribute_arrays, articles, fingerprints)
            return invert(articles, dictionary) | attributes.result()
        # The records come first, since the other side waits for them.
        records = [thread.submit(written, batch) for batch in batches(articles)]
        attributes = thread.submit(attribute_arrays, articles, fingerprints, map(Future.result, records))
        return invert(articles, dictionary, map(Future.result, records)) | attributes.result()


def _fingerprints(catalog: Catalog) -> Mapping[str, bytes]:
    """Return the fingerprints of articles that do not have them themselves."""
    return {} if isinstance(catalog.articles, Recorded) else catalog.fingerprints


def _chosen(articles: Sequence[Article], places: NDArray[np.intp]) -> Sequence[Article]:
    return articles.chosen(places) if isinstance(articles, Recorded) else [articles[at] for at in places.tolist()]


def _ids(articles: Sequence[Article]) -> NDArray[np.uint64]:
    return articles.ids if isinstance(articles, Recorded) else ids_to_numbers(article.id for article in articles)


def _ages(articles: Sequence[Article]) -> NDArray[np.int64]:
    if isinstance(articles, Recorded):
        return articles.ages
    return np.array([moment_to_age(article.published_at) for article in articles], np.int64)


def _write_segment(arrays: Mapping[str, Array], folder: Path) -> SegmentFile:
    file = folder / f"segment-{secrets.token_hex(4)}.arrays"
    write_arrays(file, arrays)
    return SegmentFile(file)


def _merge(parts: Sequence[SegmentFile], folder: Path) -> SegmentFile:
    merged = _write_segment(merge_segments([p.segment for p in parts], [p.living for p in parts]), folder)
    for part in parts:
        part.file.unlink()
    return merged


def _merged(parts: list[SegmentFile], folder: Path) -> list[SegmentFile]:
    """Merge the smaller half of too many segments, so that there are few, and each article is seldom moved."""
    if len(parts) <= MAX_SEGMENTS:
        return parts
    by_size = sorted(parts, key=lambda part: part.count, reverse=True)
    kept = by_size[: MAX_SEGMENTS // 2]
    return [*kept, _merge(by_size[len(kept) :], folder)]


def _write_columns(parts: Sequence[SegmentFile], catalog: Catalog, folder: Path) -> None:
    living = np.concatenate([part.living for part in parts]) if parts else np.empty(0, bool)
    write_arrays(folder / COLUMNS, make_columns([part.segment for part in parts], living, catalog.shared_stories))
    (folder / SEGMENTS).write_bytes(orjson.dumps([part.file.name for part in parts]))
    write_toc(folder, [(part.file.name, np.flatnonzero(~part.living).tolist()) for part in parts])
