"""A catalog to the files of a generation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from search.articles import Article
from search.catalog import Catalog, fingerprint
from search.engines.whoosh.arrays import Arrays, write_arrays
from search.engines.whoosh.attributes import attribute_arrays, moment_to_age
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.columns import make_columns
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.inversion import invert
from search.engines.whoosh.segment import Segment

COLUMNS = "columns.arrays"


def write_generation(catalog: Catalog, folder: Path) -> None:
    articles = sorted(catalog.articles, key=_newest_first)
    fingerprints = {article.id: fingerprint(article) for article in articles}
    write_arrays(folder / "segment-0.arrays", invert(articles, Dictionary()) | attribute_arrays(articles, fingerprints))
    segment = Segment(Arrays(folder / "segment-0.arrays"))
    write_arrays(folder / COLUMNS, make_columns([segment], np.ones(len(segment), bool), catalog.stories))


def open_generation(folder: Path) -> Collection:
    segments = [Segment(Arrays(file)) for file in sorted(folder.glob("segment-*.arrays"))]
    return Collection(segments, Arrays(folder / COLUMNS))


def _newest_first(article: Article) -> tuple[int, str]:
    return moment_to_age(article.published_at), article.id
