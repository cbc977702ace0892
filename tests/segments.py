"""Segments and collections in memory, made of a few articles as the engine makes them of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from factories import article
from hypothesis import strategies as st

from search import native
from search.analysis import stem
from search.articles import Article, Story
from search.catalog import Catalog, fingerprint
from search.engine import Reader
from search.engines.memory import MemoryEngine
from search.engines.whoosh import WhooshEngine, bits, phrases, recent, rows, sums
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.attributes import attribute_arrays
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.columns import make_columns
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.inversion import invert
from search.engines.whoosh.segment import Segment
from search.keys import moment_to_age
from search.query import Query, parse

#: Suffixes that the stemmer takes away one after the other, so that a stem has any number of forms.
SUFFIXES = (
    ("", "al", "ance", "er", "ic", "able", "ant", "ent", "ate", "ous", "ive", "ize"),
    ("", "ful", "ness", "ative"),
    ("", "ization", "ation", "ator", "fulness", "ousness", "iveness", "li"),
)

#: Any text as a seed's becomes, white space folded; words that share stems and scripts among them.
words = st.sampled_from(
    "rate rates rating Rates' bank Bank's sense AI café C++ U.S. 10,000 e-mail AT&T 東京都 京都 the ﬁ İ ß x".split()
) | st.text(min_size=1, max_size=6)
#: Shares of the articles above which words are frequent (nothing is, some are, all are), and how many articles are
#: looked at in one go; whether that is done by the passes in C, and from how many postings on what is found is kept.
Way = tuple[int, int, bool, int]
ways = st.sampled_from(
    [
        (*way, *passed)
        for way in ((0, 2), (recent.FREQUENT, 1 << 14), (1000, 1 << 14), (1000, 3))
        for passed in ((True, 0), (True, 1 << 14), (False, 0))
    ]
)
texts = st.lists(words, max_size=8).map(lambda found: " ".join(" ".join(found).split()))


def newest_first(articles: Sequence[Article]) -> list[Article]:
    """Return articles in the order in which a segment numbers them; undated ones come last."""
    return sorted(articles, key=lambda one: (moment_to_age(one.published_at), one.id))


def arrays_of(articles: Sequence[Article]) -> dict[str, Array]:
    """Return the arrays of a segment with *articles*, numbered from the newest."""
    ordered = newest_first(articles)
    prints = {one.id: fingerprint(one) for one in ordered}
    return invert(ordered, Dictionary()) | attribute_arrays(ordered, prints)


def collection_of(
    *groups: Sequence[Article], gone: Mapping[int, Sequence[int]] | None = None, stories: Sequence[Story] = ()
) -> Collection:
    """Make a collection with a segment for each group; *gone* are numbers within a segment, by its number."""
    segments = [Segment(arrays_of(group)) for group in groups]
    masks = [np.ones(len(segment), bool) for segment in segments]
    for number, docs in (gone or {}).items():
        masks[number][list(docs)] = False
    return Collection(segments, make_columns(segments, np.concatenate([*masks, np.empty(0, bool)]), stories))


def forms_of_one_stem(word: str, count: int) -> list[str]:
    """Return different words with the same stem."""
    first, second, third = SUFFIXES
    ends = ("", "s", "ed", "ing", "ly", "edly", "ingly")
    made = {f"{word}{a}{b}{c}{d}": None for a in first for b in second for c in third for d in ends}
    found = [form for form in made if stem(form) == stem(word)]
    assert len(found) >= count
    return found[:count]


def numbered(titles: Sequence[str], **fields: object) -> list[Article]:
    """Make an article of each title, with a URL of its own."""
    return [article(title, url=f"https://news.example/{number}", **fields) for number, title in enumerate(titles)]


def told(reader: Reader, text: str, **options: Any) -> dict[str, Any]:
    """Return everything that a page says but how long it took, with numbers as exact as floating point gives them."""
    page = reader.search(Query(parsed=parse(text), **options))
    return {
        "total": page.total,
        "listed": page.listed,
        "relaxed": page.relaxed,
        "facets": dict(page.facets),
        "timeline": page.timeline,
        "hits": [
            (hit.article, round(hit.score, 9), hit.highlights, hit.story, hit.also, hit.more_from_domain)
            for hit in page.hits
        ],
    }


@contextmanager
def searching(way: Way) -> Iterator[None]:
    """Search in one of the :data:`ways`, of which others are for more articles than a test has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent, "FREQUENT", way[0])
        for module in (bits, phrases, rows, sums):
            patch.setattr(module, "_STRETCH", way[1])
        patch.setattr(rows, "_LARGE", 0)
        patch.setattr(rows, "_COSTLY", way[3])
        patch.setattr(native, "passes", native.passes if way[2] else None)
        yield


@contextmanager
def both(news: Catalog) -> Iterator[tuple[Reader, Reader]]:
    """Open a catalog in the engine under test, and in the one of dicts and loops."""
    memory = MemoryEngine()
    memory.publish(news)
    with TemporaryDirectory() as folder:
        whoosh = WhooshEngine(Path(folder))
        whoosh.publish(news)
        yield whoosh.open(), memory.open()
