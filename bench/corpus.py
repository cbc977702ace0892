"""Invented seeds in any number: news-like statistics, nobody's text. The same arguments make the same bytes.

    python bench/corpus.py FOLDER --articles 100000 [--seed 1] [--vocabulary SEEDS]

Writes ``FOLDER/00000.jsonl`` and so on, 10,000 articles a file. A larger corpus begins with the files of a smaller one.

The figures are measured on an archive of 4,942 real articles; for those of its words see ``language.py``.

- Titles have 10.9 words (standard deviation 3.1), excerpts 28.3 (12.1); of a title's words 53 % are in its excerpt too.
- 423 providers; the first one has 43.2 % of the articles, the others follow Zipf's law with exponent 1.15.
- 20 topics; the first one is in all articles, 28 % have another one; quality is even over 0 to 100; 27 % have heat,
  the median being 67; 53 % have an image; 13 % are marked as published.
- 98 % of the dates are within 18 months (here two years, evenly), 4 % of them at a weekend, a fifth in one hour.
- In the archive nearly every article has related ones, more than news at large would; here 5 % do, in groups of 2 to 4.
- All are ``article`` and ``news``; here one in thirty is something else, so that there is something to count.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from language import Ids, Language, invent_language, learn_language

import search
from search.analysis import terms

#: Articles of a file, each file being made by itself.
FILE_ARTICLES = 10_000
TITLE_WORDS, TITLE_SPREAD, EXCERPT_WORDS, EXCERPT_SPREAD = 10.9, 3.1, 28.3, 12.1
#: Share of an excerpt's words that the title has said; what brings 53 % of the title's into the excerpt.
REPEATED = 0.22
PROVIDERS, FIRST_PROVIDER, PROVIDER_EXPONENT = 423, 0.432, 1.15
TOPICS, SECOND_TOPIC, TOPIC_EXPONENT = 20, 0.28, 0.9
WITH_IMAGE, WITH_HEAT, PUBLISHED, OTHER_KIND, RELATED = 0.53, 0.27, 0.13, 1 / 30, 0.05
#: Shares of the weekdays from Monday on.
WEEKDAYS = (0.16, 0.28, 0.25, 0.17, 0.10, 0.02, 0.02)
BUSY_HOUR, IN_BUSY_HOUR = 16, 0.18
FIRST_DAY = datetime(2020, 1, 6, tzinfo=UTC)
WEEKS = 104

Seed = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all articles share: the language, who publishes, and about what."""

    language: Language
    capitalized: tuple[str, ...]
    providers: tuple[dict[str, str], ...]
    topics: tuple[str, ...]
    seed: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vocabulary", type=Path, metavar="SEEDS", help="learn words and pairs of them from these")
    options = parser.parse_args(arguments)
    write_corpus(options.folder, options.articles, seed=options.seed, vocabulary=options.vocabulary)


def write_corpus(folder: Path, articles: int, *, seed: int = 1, vocabulary: Path | None = None) -> None:
    """Write *articles* seeds into *folder*, which is made where it is missing.

    Args:
        folder: for the ``.jsonl`` files.
        articles: how many seeds.
        seed: decides what is said; the language is the same for all.
        vocabulary: a folder of seeds whose words and pairs of words are used in place of the invented ones.
    """
    world = make_world(seed, learn_language(read_texts(vocabulary)) if vocabulary else invent_language())
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, articles, FILE_ARTICLES)):
        seeds = make_seeds(world, number)
        lines = (json.dumps(seed, separators=(",", ":")) for seed in seeds[: articles - start])
        (folder / f"{number:05}.jsonl").write_text("\n".join(lines) + "\n", "ascii")


def read_texts(seeds: Path) -> Iterator[list[str]]:
    """Yield the words of the titles and excerpts in a folder of seeds, of the newest 10,000 articles at most."""
    with tempfile.TemporaryDirectory() as folder:
        search.reindex([seeds], folder)
        with search.open_index(folder) as index:
            for page in range(1, 101):
                found = index.search("", sort="newest", page=page, size=100, facets=False, diversity=False)
                for hit in found.hits:
                    yield terms(hit.article.title)
                    yield terms(hit.article.excerpt)
                if page * 100 >= found.listed:
                    return


def make_world(seed: int, language: Language) -> World:
    """Choose providers and topics, the same for every *seed*."""
    rng = np.random.default_rng(2)
    capitalized = [
        language.words[number].capitalize() for number in rng.integers(0, len(language.words), 4 * PROVIDERS)
    ]
    lengths = rng.integers(1, 4, PROVIDERS).tolist()
    chosen = [capitalized[4 * place : 4 * place + length] for place, length in enumerate(lengths)]
    return World(
        language=language,
        capitalized=tuple(word.capitalize() for word in language.words),
        providers=tuple(_provider(number, words) for number, words in enumerate(chosen)),
        topics=_topics(language, rng),
        seed=seed,
    )


def _provider(number: int, words: list[str]) -> dict[str, str]:
    # The number keeps two providers of one name apart.
    return {"name": " ".join(words), "domain": f"{'-'.join(words).lower()}-{number}.example"}


def _topics(language: Language, rng: np.random.Generator) -> tuple[str, ...]:
    """Return the subject, which is the most frequent word of some length, and others; short ones if need be."""
    said = np.bincount(language.speak(rng, 20_000), minlength=len(language.words))
    frequent = [language.words[number] for number in np.argsort(-said, kind="stable").tolist()]
    longest_function_word = len("which")
    return tuple(sorted(map(str.capitalize, frequent), key=lambda word: len(word) <= longest_function_word)[:TOPICS])


def make_seeds(world: World, number: int) -> list[Seed]:
    """Make the seeds of file *number*, always ``FILE_ARTICLES`` of them."""
    rng = np.random.default_rng([world.seed, number])
    titles, excerpts = _texts(world, rng)
    providers = _providers(world, rng)
    columns = {
        "publishedDateTime": _dates(rng),
        "originalUrl": [
            f"https://{provider['domain']}/{world.seed}/{number}-{place}" for place, provider in enumerate(providers)
        ],
        "provider": providers,
        "topics": _article_topics(world, rng),
        "quality": rng.integers(0, 101, FILE_ARTICLES).tolist(),
        "heat": _heats(rng),
        "published": (rng.random(FILE_ARTICLES) < PUBLISHED).tolist(),
        "type": np.where(rng.random(FILE_ARTICLES) < OTHER_KIND, "video", "article").tolist(),
        "category": np.where(rng.random(FILE_ARTICLES) < OTHER_KIND, "event", "news").tolist(),
    }
    keys = ("title", "excerpt", *columns)
    seeds = [dict(zip(keys, row, strict=True)) for row in zip(titles, excerpts, *columns.values(), strict=True)]
    _add_images(seeds, rng)
    _relate(seeds, rng)
    return seeds


def _texts(world: World, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Return titles and excerpts; half of the titles have capitals throughout."""
    title_lengths = rng.normal(TITLE_WORDS, TITLE_SPREAD, FILE_ARTICLES).round().clip(3, 24).astype(np.int64)
    excerpt_lengths = rng.normal(EXCERPT_WORDS, EXCERPT_SPREAD, FILE_ARTICLES).round().clip(0, 80).astype(np.int64)
    said = world.language.speak(rng, int(title_lengths.sum()))
    told = world.language.speak(rng, int(excerpt_lengths.sum()))
    _repeat(rng, (said, title_lengths), (told, excerpt_lengths))
    headline = (rng.random(FILE_ARTICLES) < 0.5).tolist()  # noqa: PLR2004 - half of them
    titles = _cut(said, title_lengths)
    return (
        [_title(world, words, headline=capitals) for words, capitals in zip(titles, headline, strict=True)],
        [_excerpt(world, words) for words in _cut(told, excerpt_lengths)],
    )


def _repeat(rng: np.random.Generator, titles: tuple[Ids, Ids], excerpts: tuple[Ids, Ids]) -> None:
    """Let some words of the excerpts be words of their titles."""
    (said, title_lengths), (told, excerpt_lengths) = titles, excerpts
    article = np.repeat(np.arange(FILE_ARTICLES), excerpt_lengths)
    places = np.flatnonzero(rng.random(len(told)) < REPEATED)
    of = article[places]
    within = (rng.random(len(places)) * title_lengths[of]).astype(np.int64)
    told[places] = said[np.cumsum(title_lengths)[of] - title_lengths[of] + within]


def _cut(words: Ids, lengths: Ids) -> Iterator[list[int]]:
    flat, end = words.tolist(), 0
    for length in lengths.tolist():
        yield flat[end : end + length]
        end += length


def _title(world: World, words: list[int], *, headline: bool) -> str:
    names = world.capitalized if headline else world.language.words
    return " ".join([world.capitalized[words[0]], *map(names.__getitem__, words[1:])])


def _excerpt(world: World, words: list[int]) -> str:
    """Write two sentences of a longer one, none of none."""
    middle = len(words) // 2 if len(words) > 2 * TITLE_WORDS else 0
    sentences = [part for part in (words[:middle], words[middle:]) if part]
    return " ".join(_title(world, part, headline=False) + "." for part in sentences)


def _dates(rng: np.random.Generator) -> list[str]:
    days = rng.integers(0, WEEKS, FILE_ARTICLES) * 7 + rng.choice(7, FILE_ARTICLES, p=WEEKDAYS)
    hours = np.where(rng.random(FILE_ARTICLES) < IN_BUSY_HOUR, BUSY_HOUR, rng.integers(0, 24, FILE_ARTICLES))
    seconds = (days * 24 + hours) * 3600 + rng.integers(0, 3600, FILE_ARTICLES)
    return [f"{FIRST_DAY + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}" for second in seconds.tolist()]


def _zipf(count: int, exponent: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = np.arange(1, count + 1) ** -exponent
    return np.asarray(weights / weights.sum())


def _providers(world: World, rng: np.random.Generator) -> list[dict[str, str]]:
    others = 1 + rng.choice(PROVIDERS - 1, FILE_ARTICLES, p=_zipf(PROVIDERS - 1, PROVIDER_EXPONENT))
    chosen = np.where(rng.random(FILE_ARTICLES) < FIRST_PROVIDER, 0, others)
    return [world.providers[number] for number in chosen.tolist()]


def _article_topics(world: World, rng: np.random.Generator) -> list[list[str]]:
    others = 1 + rng.choice(TOPICS - 1, FILE_ARTICLES, p=_zipf(TOPICS - 1, TOPIC_EXPONENT))
    chosen = np.where(rng.random(FILE_ARTICLES) < SECOND_TOPIC, others, 0)
    # A learnt language may have fewer words than there should be topics.
    subject, others_of = world.topics[0], [world.topics[number % len(world.topics)] for number in chosen.tolist()]
    return [list(dict.fromkeys((subject, other))) for other in others_of]


def _heats(rng: np.random.Generator) -> list[int]:
    heats = rng.lognormal(np.log(67), 0.9, FILE_ARTICLES).astype(np.int64)
    known: list[int] = np.where(rng.random(FILE_ARTICLES) < WITH_HEAT, heats, -1).tolist()
    return known


def _add_images(seeds: list[Seed], rng: np.random.Generator) -> None:
    for place in np.flatnonzero(rng.random(FILE_ARTICLES) < WITH_IMAGE).tolist():
        seeds[place]["images"] = [{"url": f"https://images.example/{place}.jpg", "width": 1280, "height": 640}]


def _relate(seeds: list[Seed], rng: np.random.Generator) -> None:
    """Let neighbours be related, each to all others of its group, and published within a day of one another."""
    sizes = rng.integers(2, 5, FILE_ARTICLES // 4)
    for place in np.flatnonzero(rng.random(len(sizes)) < RELATED * 4 / sizes).tolist():
        group = seeds[4 * place : 4 * place + sizes[place]]
        for seed in group:
            seed["publishedDateTime"] = group[0]["publishedDateTime"]
        for seed in group:
            seed["related"] = [_mention(other) for other in group if other is not seed]


def _mention(seed: Seed) -> Seed:
    keys = ("title", "excerpt", "publishedDateTime", "type", "provider", "quality")
    return {"webUrl": seed["originalUrl"]} | {key: seed[key] for key in keys}


if __name__ == "__main__":
    main()
