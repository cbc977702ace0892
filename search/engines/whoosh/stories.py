"""The stories of a collection, from the columns that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from search.articles import Episode, Story
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.segment import Docs
from search.keys import number_to_id

#: What a collection remembers by this name.
_NUMBERS = "stories"


def members_of(collection: Collection, identifier: str) -> Docs:
    """Return the articles of a story, the oldest first; none where there is no such story."""
    columns, story = collection.columns, _number_of(collection, identifier)
    if story is None:
        alone = collection.number_of(identifier)
        is_alone = alone is not None and not 0 <= columns["story"][alone] < len(columns["story.id"])
        return np.array([alone] if is_alone else [], np.intp)
    bounds = columns["episode.article"][columns["story.episode"][story : story + 2]]
    return columns["episode.member"][bounds[0] : bounds[1]].astype(np.intp)


def story_id(collection: Collection, number: int) -> str:
    """Return the id of an article's story."""
    return stories_of(collection, [number])[0][0]


def stories_of(collection: Collection, numbers: Sequence[int]) -> list[tuple[str, int, int]]:
    """Return the id, articles and outlets of articles' stories; one without others is a story of its own."""
    chosen, columns = np.array(numbers, np.intp), collection.columns
    found = zip(collection.ids.take(chosen).tolist(), columns["story"].take(chosen).tolist(), strict=True)
    ids, sizes, outlets = (columns[name] for name in ("story.id", "story.size", "story.outlets"))
    return [
        (number_to_id(int(ids[story])), int(sizes[story]), int(outlets[story]))
        if 0 <= story < len(ids)
        else (number_to_id(id_), 1, 1)
        for id_, story in found
    ]


def find_story(collection: Collection, identifier: str) -> Story | None:
    """Return a story, None where there is none."""
    columns, number = collection.columns, _number_of(collection, identifier)
    if number is None:
        alone = Episode(article_ids=(identifier,), outlets=1)
        return Story(id=identifier, episodes=(alone,), outlets=1) if len(members_of(collection, identifier)) else None
    first, end = columns["story.episode"][number : number + 2].tolist()
    bounds = columns["episode.article"][first : end + 1].tolist()
    listed, outlets = columns["episode.member"], columns["episode.outlets"][first:end].tolist()
    episodes = [
        Episode(article_ids=tuple(map(collection.id_of, listed[low:high].tolist())), outlets=count)
        for low, high, count in zip(bounds, bounds[1:], outlets, strict=False)
    ]
    return Story(id=identifier, episodes=tuple(episodes), outlets=int(columns["story.outlets"][number]))


def _number_of(collection: Collection, identifier: str) -> int | None:
    """Return the number of the story of several articles that has an id, None where there is none."""
    known: Mapping[str, int] | None = collection.remembered.get(_NUMBERS)
    if known is None:
        known = {number_to_id(number): place for place, number in enumerate(collection.columns["story.id"].tolist())}
        collection.remembered[_NUMBERS] = known
    return known.get(identifier)
