"""The columns of a generation: what is known of an article only among the others, or must be the same over segments.

They are written anew with every generation, which costs a few passes over arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from search.articles import Story
from search.engines.whoosh.arrays import Array, ranks_of
from search.engines.whoosh.attributes import NAMES
from search.engines.whoosh.priors import prior
from search.engines.whoosh.segment import Segment
from search.engines.whoosh.vocabulary import Vocabulary, pack_texts
from search.keys import ids_to_numbers


def make_columns(segments: Sequence[Segment], living: NDArray[np.bool_], stories: Sequence[Story]) -> dict[str, Array]:
    """Return the columns over the articles of all segments, one segment after the other.

    Args:
        segments: what is to be served.
        living: which articles are still there.
        stories: those of several articles.
    """
    columns: dict[str, Array] = {"living": living if not living.all() else np.empty(0, bool)}
    for name in NAMES:
        columns |= _names(segments, name)
    columns |= _combinations(segments, columns)
    # Of these, only the combinations are asked for, and of a single segment only its own numbers.
    unneeded = ("category", "type") if len(segments) > 1 else NAMES
    columns |= dict.fromkeys(unneeded, np.empty(0, np.uint8))
    columns |= _stories(segments, living, stories)
    columns["prior"] = prior(segments, living, columns["outlets"])
    columns["age.rank"] = _age_ranks(segments)
    columns["copy"] = _copies(segments, living, columns["story"], len(stories))
    return columns | _dead(segments, living)


def _names(segments: Sequence[Segment], name: str) -> dict[str, Array]:
    """Return a column of names over all segments; an article without one has the number after the last."""
    vocabularies = [list(Vocabulary(segment.arrays, name)) for segment in segments]
    texts = sorted(set(chain.from_iterable(vocabularies)))
    numbers = {text: number for number, text in enumerate(texts)}
    columns = [
        np.array([*map(numbers.__getitem__, known), len(texts)])[segment.arrays[name]]
        for known, segment in zip(vocabularies, segments, strict=True)
    ]
    return {**pack_texts(name, texts), name: _joined(columns).astype(np.min_scalar_type(len(texts)))}


def _combinations(segments: Sequence[Segment], columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return the combinations of topics, category and type, which are few, and which of them each article has.

    Counting them counts the values of three facets at once.
    """
    vocabularies = [list(Vocabulary(segment.arrays, "topic")) for segment in segments]
    texts = sorted(set(chain.from_iterable(vocabularies)))
    numbers = {text: number for number, text in enumerate(texts)}
    sets: dict[bytes, int] = {}
    of_article = [
        _topic_sets(segment, known, numbers, sets) for known, segment in zip(vocabularies, segments, strict=True)
    ]
    categories, types = int(columns["category.key"].size) + 1, int(columns["type.key"].size) + 1
    keys = (_joined(of_article) * categories + columns["category"]) * types + columns["type"]
    found, which = np.unique(keys, return_inverse=True)
    members = [np.frombuffer(topics, np.int64) for topics in sets]
    of_found = [members[number] for number in (found // (categories * types)).tolist()]
    starts = np.fromiter(accumulate(map(len, of_found), initial=0), np.uint32, len(of_found) + 1)
    return {
        **pack_texts("topic", texts),
        "combination": which.astype(np.min_scalar_type(len(found))),
        "combination.topic.of": starts,
        "combination.topic": _joined(of_found).astype(np.uint32),
        "combination.category": (found // types % categories).astype(np.uint32),
        "combination.type": (found % types).astype(np.uint32),
    }


def _topic_sets(
    segment: Segment, known: Sequence[str], numbers: Mapping[str, int], sets: dict[bytes, int]
) -> NDArray[np.int64]:
    """Return the number of each article's set of topics; sets that were not met before are added."""
    starts = segment.arrays["topic.of"].astype(np.int64)
    topics = np.array([numbers[text] for text in known], np.int64)[segment.arrays["topic"]]
    counts = np.diff(starts)
    of_article = np.empty(len(counts), np.int64)
    for count in np.unique(counts).tolist():
        which = np.flatnonzero(counts == count)
        rows = topics[starts[which][:, None] + np.arange(count)] if count else np.empty((len(which), 0), np.int64)
        ranks = ranks_of(rows, len(numbers))
        examples = np.empty(int(ranks.max()) + 1, np.intp)
        examples[ranks] = np.arange(len(ranks))
        known_as = [sets.setdefault(row.tobytes(), len(sets)) for row in rows[examples]]
        of_article[which] = np.array(known_as, np.int64)[ranks]
    return of_article


def _stories(segments: Sequence[Segment], living: NDArray[np.bool_], stories: Sequence[Story]) -> dict[str, Array]:
    """Return each article's story; the stories; and the outlets of each article's episode.

    An article that is alone has the number after the last story.
    """
    ids = _joined([segment.ids for segment in segments]).astype(np.uint64)
    there = np.flatnonzero(living)
    order = there[np.argsort(ids[there])]
    episodes = [episode for story in stories for episode in story.episodes]
    members = ids_to_numbers(chain.from_iterable(episode.article_ids for episode in episodes))
    numbers = order[np.searchsorted(ids[order], members)] if len(members) else np.empty(0, np.int64)
    sizes = np.array([len(episode.article_ids) for episode in episodes], np.int64)
    story_sizes = np.array([len(story.article_ids) for story in stories], np.int64)
    story, outlets = np.full(len(ids), len(stories)), np.ones(len(ids), np.int64)
    story[numbers] = np.repeat(np.arange(len(stories)), story_sizes)
    outlets[numbers] = np.repeat(np.array([episode.outlets for episode in episodes], np.int64), sizes)
    return {
        "story": story.astype(np.min_scalar_type(len(stories))),
        "outlets": outlets.astype(np.min_scalar_type(outlets.max(initial=0))),
        "story.id": ids_to_numbers(story.id for story in stories),
        "story.outlets": np.array([story.outlets for story in stories], np.uint32),
        "story.episode": _starts([len(story.episodes) for story in stories]),
        "story.size": story_sizes.astype(np.uint32),
        "episode.outlets": np.array([episode.outlets for episode in episodes], np.uint32),
        "episode.article": _starts(sizes.tolist()),
        "episode.member": numbers.astype(np.uint32),
    }


def _age_ranks(segments: Sequence[Segment]) -> NDArray[np.uint32]:
    """Return the place of each article from the newest to the oldest, then by id; nothing for a single segment."""
    if len(segments) < 2:  # noqa: PLR2004 - where the numbers say it already
        return np.empty(0, np.uint32)
    order = np.lexsort((_joined([s.ids for s in segments]), _joined([s.ages for s in segments])))
    ranks = np.empty(len(order), np.uint32)
    ranks[order] = np.arange(len(order))
    return ranks


def _copies(segments: Sequence[Segment], living: NDArray[np.bool_], story: Array, stories: int) -> Array:
    """Return the same number, from 1, for articles of one story with the same normalised title; 0 for all others."""
    titles = _joined([segment.arrays["title.hash"] for segment in segments]).astype(np.uint64)
    told = np.flatnonzero((story < stories) & living & (titles != 0))
    pairs = np.stack([story[told].astype(np.uint64), titles[told]], axis=1)
    _, which, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    copies = np.zeros(len(story), np.int64)
    copied = counts[which] > 1
    copies[told[copied]] = np.unique(which[copied], return_inverse=True)[1] + 1
    return copies.astype(np.min_scalar_type(copies.max(initial=0)))


def _dead(segments: Sequence[Segment], living: NDArray[np.bool_]) -> dict[str, Array]:
    """Return, for segments with articles that are gone, how many postings of each stem are of those."""
    found: dict[str, Array] = {}
    base = 0
    for number, segment in enumerate(segments):
        gone = ~living[base : base + len(segment)]
        if gone.any():
            found[f"dead.{number}"] = segment.count_postings(gone)
        base += len(segment)
    return found


def _starts(counts: Sequence[int]) -> NDArray[np.uint32]:
    return np.fromiter(accumulate(counts, initial=0), np.uint32, len(counts) + 1)


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int64)
