"""Words as the compiled passes take them: what is known of each, and the articles that have all or any of several."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from search import ranking
from search.analysis import query_terms, stem
from search.engines.whoosh.collection import Collection
from search.engines.whoosh.part import Part, Scores
from search.engines.whoosh.places import Place, find_place
from search.engines.whoosh.segment import Docs
from search.query import Node, Word

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
    #: As :func:`search._passes.match_all` takes the word, but for its weight.
    passed: tuple[Any, ...]

    @property
    def size(self) -> int:
        """Postings, those of articles that are gone among them."""
        return self.place.end - self.place.start


#: A word as it was found in each part of a collection, and what it weighs.
WeighedWord = tuple[Sequence[FoundWord | None], float]
#: What :func:`search._passes.match_any` adds up: a word of one part, or a list of articles and what they are given.
Source = tuple[Any, ...]


def find_word(part: Part, term: str) -> FoundWord | None:
    """Return what is known of a word, None where no form of it occurs; of what was searched last, it is remembered."""
    known: FoundWord | None = part.words.get(term)
    if known is None:
        place = find_place(part.segment, part.stem_arrays, term, stem(term))
        if place is None:
            return None
        if len(part.words) >= _REMEMBERED:
            part.words.clear()
        articles = place.end - place.start - part.dead_postings(place.stem)
        known = part.words[term] = FoundWord(term, place, articles, (part.word_arrays, place, part.base))
    return known


def weigh_word(collection: Collection, node: Node) -> WeighedWord | None:
    """Return a word of any field; None for all other nodes, and for a word that is nowhere."""
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
    return [(*own.passed, weight) for own in found if own]


def _size_of(source: Source) -> int:
    listed, place, *_ = source
    return place.end - place.start if len(source) > _LISTED else len(listed)


def match_all(passes: ModuleType, collection: Collection, words: Sequence[WeighedWord]) -> tuple[Docs, Scores]:
    """Return the articles that have all words, and the sums of what those give."""
    parts = collection.parts
    if len(parts) == 1:
        return _match_part(passes, parts[0], words, 0)
    matched = [_match_part(passes, part, words, number) for number, part in enumerate(parts)]
    docs, scores = zip(*matched, strict=True)
    return np.concatenate(docs), np.concatenate(scores)


def _match_part(passes: ModuleType, part: Part, words: Sequence[WeighedWord], number: int) -> tuple[Docs, Scores]:
    listed, sizes = [], []
    for found, weight in words:
        word = found[number]
        if word is None:
            return np.empty(0, np.intp), np.empty(0)
        listed.append((*word.passed, weight))
        sizes.append(word.place.end - word.place.start)
    docs, scores = np.empty(min(sizes), np.intp), np.empty(min(sizes))
    count = passes.match_all(listed, part.living, docs, scores)
    return docs[:count], scores[:count]


def match_any(passes: ModuleType, collection: Collection, sources: Sequence[Source]) -> tuple[Docs, Scores]:
    """Return the articles that any of the sources has, and the sums of what those give."""
    room = min(sum(map(_size_of, sources)), collection.size)
    docs, scores = np.empty(room, np.intp), np.empty(room)
    count = passes.match_any(sources, collection.living, collection.size, docs, scores)
    return docs[:count], scores[:count]
