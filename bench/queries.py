"""Queries that readers might ask of a corpus, by kind, made of the corpus itself; the same ones every time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, pairwise
from typing import Any, Literal

from language import FUNCTION_WORDS

from search.analysis import terms

#: Seeds that queries are made of.
SAMPLE = 20_000
#: Pairs of neighbours that count as frequent, so that phrases of them are the hard ones.
FREQUENT_PAIRS = 100
PREFIX_LETTERS = 3
#: Days of a date range.
SHORTEST_RANGE, LONGEST_RANGE = 7, 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search, as no engine says it."""

    kind: str
    words: tuple[str, ...] = ()
    join: Literal["and", "or", "phrase"] = "and"
    #: The beginning of one more word.
    prefix: str = ""
    provider: str = ""
    #: First and last day.
    date_from: date | None = None
    date_to: date | None = None
    #: Sorted by date, not by relevance.
    newest: bool = False

    @property
    def text_without_prefix(self) -> str:
        """The words in the syntax that Lede, Whoosh, FTS5, tantivy and Xapian have in common.

        >>> Query(kind="or", words=("rates", "rise"), join="or").text
        'rates OR rise'
        """
        if self.join == "phrase":
            return '"{}"'.format(" ".join(self.words))
        return (" OR " if self.join == "or" else " ").join(self.words)

    @property
    def text(self) -> str:
        """The words and the prefix."""
        return f"{self.text_without_prefix} {self.prefix}*" if self.prefix else self.text_without_prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What queries are made of."""

    #: Words of titles and of excerpts.
    texts: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    providers: tuple[str, ...]
    days: tuple[date, ...]
    #: Neighbours that occur most.
    frequent_pairs: tuple[tuple[str, str], ...]


def take_sample(seeds: Iterable[dict[str, Any]]) -> Sample:
    """Take the first seeds, the words of which are plain enough for every engine."""
    first = list(islice(seeds, SAMPLE))
    texts = tuple((tuple(terms(seed["title"])), tuple(terms(seed["excerpt"]))) for seed in first)
    pairs = Counter(pair for text in texts for words in text for pair in pairwise(words) if all(map(_is_plain, pair)))
    return Sample(
        texts=texts,
        providers=tuple(seed["provider"]["name"] for seed in first),
        days=tuple(date.fromisoformat(seed["publishedDateTime"][:10]) for seed in first),
        frequent_pairs=tuple(pair for pair, _ in pairs.most_common(FREQUENT_PAIRS)),
    )


def make_queries(sample: Sample, number: int, *, seed: int = 1) -> list[Query]:
    """Return *number* queries of each kind, kind after kind. Each one finds something.

    Words are taken from a random article each time, so that frequent words are asked for more often, as readers do.
    """
    return [
        query
        for kind, make in KINDS.items()
        for query in _make(kind, make, sample, number, random.Random(f"{seed}{kind}"))  # noqa: S311 - no secret
    ]


_Maker = Callable[[str, Sample, random.Random], Query | None]


def _make(kind: str, make: _Maker, sample: Sample, number: int, rng: random.Random) -> Iterable[Query]:
    # An article may be too short for a kind; a corpus of which none will do is none to measure with.
    made = (make(kind, sample, rng) for _ in range(1_000 * number))
    return islice((query for query in made if query), number)


def _words_of(count: int, join: Literal["and", "or"]) -> _Maker:
    def make(kind: str, sample: Sample, rng: random.Random) -> Query | None:
        words = _choose(sample, rng.randrange(len(sample.texts)), count, rng)
        return Query(kind=kind, words=words, join=join) if words else None

    return make


def _phrase(kind: str, sample: Sample, rng: random.Random) -> Query | None:
    title, _ = rng.choice(sample.texts)
    pairs = [pair for pair in pairwise(title) if all(map(_is_plain, pair)) and not set(pair) <= FUNCTION_WORDS.keys()]
    return Query(kind=kind, words=rng.choice(pairs), join="phrase") if pairs else None


def _frequent_phrase(kind: str, sample: Sample, rng: random.Random) -> Query | None:
    pairs = sample.frequent_pairs
    return Query(kind=kind, words=rng.choice(pairs), join="phrase") if pairs else None


def _provider(kind: str, sample: Sample, rng: random.Random) -> Query | None:
    place = rng.randrange(len(sample.texts))
    words = _choose(sample, place, 1, rng)
    return Query(kind=kind, words=words, provider=sample.providers[place]) if words else None


def _prefix(kind: str, sample: Sample, rng: random.Random) -> Query | None:
    words = _choose(sample, rng.randrange(len(sample.texts)), 2, rng)
    # Stems keep the beginnings of long words; of short ones not always.
    if not words or len(words[1]) <= PREFIX_LETTERS + 1:
        return None
    return Query(kind=kind, words=words[:1], prefix=words[1][:PREFIX_LETTERS])


def _newest(kind: str, _sample: Sample, _rng: random.Random) -> Query:
    return Query(kind=kind, newest=True)


def _dates(kind: str, sample: Sample, rng: random.Random) -> Query | None:
    place = rng.randrange(len(sample.texts))
    words = _choose(sample, place, 1, rng)
    length = rng.randint(SHORTEST_RANGE, LONGEST_RANGE)
    first = sample.days[place] - timedelta(days=rng.randrange(length))
    last = first + timedelta(days=length - 1)
    return Query(kind=kind, words=words, date_from=first, date_to=last) if words else None


def _choose(sample: Sample, place: int, count: int, rng: random.Random) -> tuple[str, ...]:
    """Return different words of one article that say something; none where there are too few."""
    title, excerpt = sample.texts[place]
    words = sorted({word for word in title + excerpt if _is_plain(word)} - FUNCTION_WORDS.keys())
    return tuple(rng.sample(words, count)) if len(words) >= count else ()


def _is_plain(word: str) -> bool:
    """Tell whether every engine takes *word* for one word."""
    return word.isascii() and word.isalnum() and len(word) > 1


KINDS: dict[str, _Maker] = {
    "one word": _words_of(1, "and"),
    "two words": _words_of(2, "and"),
    "three words": _words_of(3, "and"),
    "two words, or": _words_of(2, "or"),
    "three words, or": _words_of(3, "or"),
    "phrase": _phrase,
    "frequent phrase": _frequent_phrase,
    "word, provider": _provider,
    "word, prefix": _prefix,
    "all, newest": _newest,
    "word, dates": _dates,
}
