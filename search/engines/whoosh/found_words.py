"""Words as the compiled passes take them: what is known of each, and the articles that have all or any of several."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from search import ranking
from search.analysis import query_terms, stem
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.part import Part, Scores
from search.engines.whoosh.segment import Docs, Place
from search.engines.whoosh.words import MIXED
from search.query import Leaf, Word

#: Words of which a part, or a collection, remembers what is known.
_REMEMBERED = 4096
#: Words or sources that a pass takes.
MAX_PASSED = 64
#: Parts of a source that is no word.
_LISTED = 2


class FoundWord(NamedTuple):
    """What does not depend on what else is searched, of a word in one segment."""

    term: str
    place: Place
    #: Articles that are there.
    articles: int
    codes: Array
    tags: Array | None
    #: Where its postings begin in each half of the articles, and where the last ones end.
    bounds: Array
    #: As :func:`search._passes.saturate` takes the word.
    passed: tuple[Any, ...]
    #: The same, with where its postings are, and what its articles are counted from.
    placed: tuple[Any, ...]


#: A word as it was found in each part of a collection, and what it weighs.
WeighedWord = tuple[Sequence[FoundWord | None], float]
#: What :func:`search._passes.match_any` adds up: a word of one part, or a list of articles and what they are given.
Source = tuple[Any, ...]


def find_word(part: Part, term: str) -> FoundWord | None:
    """Return what is known of a word, None where no form of it occurs; of what was searched last, it is remembered."""
    known: FoundWord | None = part.words.get(term)
    if known is None:
        place = part.segment.find_word(term, stem(term))
        if place is None:
            return None
        if len(part.words) >= _REMEMBERED:
            part.words.clear()
        known = part.words[term] = _look_up(part, term, place)
    return known


def _look_up(part: Part, term: str, place: Place) -> FoundWord:
    codes = part.segment.codes[place.start : place.end]
    tags = part.segment.arrays["tag"][place.tag_start : place.tag_end] if place.tag_end > place.tag_start else None
    mixed_postings, mixed_codes, *tables = part.word_arrays
    mixed = slice(place.mixed_start, place.mixed_end) if tags is not None else slice(0)
    # No posting has the tag of a form that stands beside others only, nor of one that is nowhere.
    tag = -1 if place.term < 0 or (tags is not None and place.tag == MIXED) else place.tag
    of_form = mixed_postings[mixed], mixed_codes[mixed], *tables, tag, MIXED, place.start
    passed = codes, tags, *of_form, ranking.OTHER_FORM, ranking.K1
    docs, bounds = part.segment.bounds_of(place.stem)
    articles = place.end - place.start - part.dead_postings(place.stem)
    return FoundWord(term, place, articles, codes, tags, bounds, passed, (passed, docs, bounds, part.base))


def weigh_word(collection: Collection, node: Leaf) -> WeighedWord | None:
    """Return a word of any field; None for all other leaves, and for a word that is nowhere."""
    if type(node) is not Word or node.field is not None:
        return None
    known: WeighedWord | None = collection.words.get(node.text)
    if known is None:
        known = _weigh(collection, node)
        if len(collection.words) >= _REMEMBERED:
            collection.words.clear()
        collection.words[node.text] = known
    return known if known[0] else None


def _weigh(collection: Collection, node: Word) -> WeighedWord:
    row = query_terms(node.text)
    found = [find_word(part, row[0]) for part in collection.parts] if len(row) == 1 else []
    if not any(found):
        return (), 0.0
    count = sum([word.articles for word in found if word])
    return found, ranking.weight(node, collection.count, count)


def sources_of(word: WeighedWord) -> list[Source]:
    """Return what a word gives, part by part."""
    found, weight = word
    return [(*own.placed, weight) for own in found if own]


def match_all(passes: ModuleType, collection: Collection, words: Sequence[WeighedWord]) -> tuple[Docs, Scores]:
    """Return the articles that have all words, and the sums of what those give."""
    parts = collection.parts
    if len(parts) == 1:
        return _match_part(passes, parts[0], [(found[0], weight) for found, weight in words])
    matched = [_match_part(passes, part, [(f[at], weight) for f, weight in words]) for at, part in enumerate(parts)]
    docs, scores = zip(*matched, strict=True)
    return np.concatenate(docs), np.concatenate(scores)


def _match_part(passes: ModuleType, part: Part, words: Sequence[tuple[FoundWord | None, float]]) -> tuple[Docs, Scores]:
    listed = [(*word.placed, weight) for word, weight in words if word]
    # Postings of articles that are gone are among them.
    size = min([len(word.codes) for word, _ in words if word]) if len(listed) == len(words) else 0
    docs, scores = np.empty(size, np.intp), np.empty(size)
    count = passes.match_all(listed, part.living, docs, scores) if size else 0
    return docs[:count], scores[:count]


def match_any(passes: ModuleType, collection: Collection, sources: Sequence[Source]) -> tuple[Docs, Scores]:
    """Return the articles that any of the sources has, and the sums of what those give."""
    room = min(sum([len(source[0][0] if len(source) > _LISTED else source[0]) for source in sources]), collection.size)
    docs, scores = np.empty(room, np.intp), np.empty(room)
    count = passes.match_any(sources, collection.living, collection.size, docs, scores)
    return docs[:count], scores[:count]
