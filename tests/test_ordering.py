"""A list is put in order only as far as a page needs it, and is what putting all of it in order would give."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
from factories import article
from hypothesis import example, given
from hypothesis import strategies as st
from segments import collection_of

from search.articles import Article, Episode, Story
from search.engines import paging
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.ordering import Keys, Listed, Ordering

pytestmark = pytest.mark.usefixtures("passes")

SIZE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Articles to order: how many of one domain, of others, and in groups of copies; the better ones first."""

    dominant: int = 0
    others: int = 0
    copies: tuple[int, ...] = ()
    #: Domain that the copies are of; the first of each group is the dominant one's.
    copied_by: str = "copies.example"
    segments: int = 1
    #: Different keys; fewer are more ties.
    keys: int = 1000
    chance: int = 0


shapes = st.builds(
    Shape,
    dominant=st.sampled_from([0, 1, 3, 4, 9, 25, 90]),
    others=st.integers(0, 14),
    copies=st.lists(st.sampled_from([2, 3, 12, 50]), max_size=3).map(tuple),
    copied_by=st.sampled_from(["copies.example", "other0.example", "big.example"]),
    segments=st.sampled_from([1, 2]),
    keys=st.sampled_from([1, 2, 5, 1000]),
    chance=st.integers(0, 10),
)


def articles_of(shape: Shape) -> tuple[list[Article], list[Story]]:
    domains = ["big.example"] * shape.dominant + [f"other{n % 5}.example" for n in range(shape.others)]
    own = [_made(f"alone {n}", domain, n) for n, domain in enumerate(domains)]
    stories = []
    for group, size in enumerate(shape.copies):
        first = len(own)
        named = ["big.example", *[shape.copied_by] * (size - 1)]
        own += [_made(f"copied {group}", domain, first + n) for n, domain in enumerate(named)]
        ids = tuple(one.id for one in own[first:])
        stories.append(Story(id=ids[0], episodes=(Episode(article_ids=ids, outlets=1),), outlets=1))
    return own, stories


def _made(title: str, domain: str, number: int) -> Article:
    return article(title, url=f"https://{number}.example/", domain=domain, published=f"2021-{1 + number % 9:02}-03")


@lru_cache(maxsize=64)
def made(shape: Shape) -> tuple[Collection, np.ndarray]:
    """Return a collection, and a key for each of its articles: those of the dominant domain tend to the front."""
    own, stories = articles_of(shape)
    chance = random.Random(shape.chance)  # noqa: S311 - the same order every time
    shuffled = chance.sample(own, len(own))
    cut = len(own) // 2 if shape.segments > 1 else 0
    collection = collection_of(*[group for group in (shuffled[:cut], shuffled[cut:]) if group], stories=stories)
    drawn = [chance.randrange(shape.keys) for _ in own]
    lift = [shape.keys / 2 * (collection.texts("domain")[n] == "big.example") for n in collection.domain.tolist()]
    return collection, np.add(drawn, lift) / shape.keys


def ordered_fully(collection: Collection, keys: np.ndarray, *, collapse: bool, diversity: bool) -> list[paging.Listed]:
    """Put everything in order with the functions that the engine of dicts uses."""
    own = [collection.article(number) for number in range(collection.size)]
    ages = sorted(range(len(own)), key=lambda n: (-_moment(own[n]), own[n].id))
    ranked = sorted(range(len(own)), key=lambda n: (-round(float(keys[n]), 9), ages.index(n)))
    groups = [int(copy) or -number - 1 for number, copy in enumerate(collection.copies)]
    listed = paging.collapse_copies(ranked, groups) if collapse else [paging.Listed(number) for number in ranked]
    return paging.diversify(listed, own) if diversity else listed


def _moment(own: Article) -> float:
    return own.published_at.timestamp() if own.published_at else 0.0


def told(listed: Listed, ordering: Ordering) -> list[tuple[int, list[int], int]]:
    return [
        (place, ordering.copies_of(place).tolist(), more)
        for place, more in zip(listed.places, listed.more_from_domain, strict=True)
    ]


@given(shape=shapes, collapse=st.booleans(), diversity=st.booleans())
@example(shape=Shape(dominant=90, others=14), collapse=False, diversity=True)
@example(shape=Shape(dominant=400, others=14), collapse=False, diversity=True)
@example(shape=Shape(dominant=400, others=14, copies=(50,)), collapse=True, diversity=True)
@example(shape=Shape(dominant=90, others=14, copies=(50,)), collapse=True, diversity=True)
@example(shape=Shape(dominant=90, others=14, keys=1), collapse=False, diversity=True)
@example(shape=Shape(dominant=90, others=14, copies=(50, 50, 50), keys=2), collapse=True, diversity=True)
def test_every_page_is_a_stretch_of_the_whole_list(shape: Shape, collapse: bool, diversity: bool) -> None:  # noqa: FBT001
    collection, keys = made(shape)
    docs = np.arange(collection.size)
    # What an article gives itself, and what its match gives, in all shares.
    prior = np.where(docs % 2, keys, 1.0) if shape.chance % 2 else None
    own = keys if prior is None else np.where(docs % 2, 1.0, keys)
    ordering = Ordering(collection, docs, Keys(docs, prior, own), collapse=collapse, diversity=diversity)

    whole = ordered_fully(collection, keys, collapse=collapse, diversity=diversity)
    expected = [(item.number, item.also, item.more_from_domain) for item in whole]

    assert ordering.count() == len(expected)
    for first in range(0, len(expected) + SIZE, SIZE):
        assert told(ordering.stretch(first, first + SIZE), ordering) == expected[first : first + SIZE]
    assert told(ordering.stretch(0, 1000), ordering) == expected


@given(shapes, st.booleans())
def test_without_keys_the_order_is_that_of_the_articles(shape: Shape, collapse: bool) -> None:  # noqa: FBT001
    collection, _ = made(Shape(dominant=shape.dominant, others=shape.others, copies=shape.copies))
    docs = np.arange(0, collection.size, 1 + shape.chance % 3)
    ordering = Ordering(collection, docs, None, collapse=collapse, diversity=False)
    seen: set[int] = set()

    listed = ordering.stretch(0, len(docs)).places

    for place, copy in enumerate(collection.copies[docs].tolist()):
        assert (place in listed) == (not collapse or not copy or copy not in seen)
        seen.add(copy)
    assert listed == sorted(listed)
    assert ordering.count() == len(listed)


def test_nothing_is_an_empty_list() -> None:
    (collection, _), docs = made(Shape(others=3)), np.empty(0, np.intp)
    ordering = Ordering(collection, docs, Keys(docs, None, np.empty(0)), collapse=True, diversity=True)

    assert (ordering.count(), ordering.stretch(0, 10).places) == (0, [])


@pytest.mark.parametrize("dominant", [30, 60, 90, 400])
def test_a_crowd_of_copies_hides_no_domain_from_the_first_places(dominant: int) -> None:
    """Seven domains match, however many copies of what is already listed are better than they."""
    collection, _ = made(Shape(dominant=dominant, others=7, copies=(50,)))
    domains = np.array(collection.texts("domain"))[collection.domain]
    keys = np.where(domains == "big.example", 3.0, np.where(domains == "copies.example", 2.0, 1.0))
    docs = np.arange(collection.size)
    ordering = Ordering(collection, docs, Keys(docs, keys, None), collapse=True, diversity=True)

    first = [domains[place] for place in ordering.stretch(0, 10).places]

    assert first.count("big.example") == 3
    assert ordering.stretch(0, 10).places == ordering.stretch(0, 200).places[:10]
