"""The files of a generation, opened to be searched; see :mod:`search.engines.whoosh.writer` for what they are."""

from __future__ import annotations

from pathlib import Path

import orjson

from search.engines.whoosh.arrays import Arrays
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.segment import Segment

COLUMNS, SEGMENTS = "columns.arrays", "SEGMENTS.json"


def open_generation(folder: Path) -> Collection:
    """Open the files of a generation, all of which have been checked."""
    return Collection([Segment(Arrays(file)) for file in segment_files(folder)], Arrays(folder / COLUMNS))


def open_imported(folder: Path) -> Collection:
    """Open the files of a generation that come from elsewhere, and no file beside them.

    Raises:
        ValueError: If the segments that are listed are others than those that are there.
    """
    if sorted(segment_files(folder)) != sorted(folder.glob("segment-*")):
        msg = "the segments that are listed are others than those that are there"
        raise ValueError(msg)
    return open_generation(folder)


def segment_files(folder: Path) -> list[Path]:
    """Return the files of a generation's segments, in the order of their numbers."""
    names: list[str] = orjson.loads((folder / SEGMENTS).read_bytes())
    return [folder / name for name in names]
