"""What completions take, by what was typed, beside a search for one word.

    python bench/suggesting.py INDEX SEEDS [--count N]

Prints milliseconds of the processor, so that other programs do not count, and the median as a share of that of a plain
search for one word in the same process.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from peers.peer import read_seeds

import search

#: Seeds from whose titles it is typed.
SAMPLED = 20_000
#: Kinds of beginnings: from the words of a title to what is typed.
KINDS: dict[str, Callable[[list[str], random.Random], str]] = {
    "one letter": lambda words, _: words[0][:1],
    "two letters": lambda words, _: words[0][:2],
    "three letters": lambda words, _: words[0][:3],
    "five letters": lambda words, _: words[0][:5],
    "whole word": lambda words, _: words[0],
    "two words": lambda words, _: f"{words[0]} {words[1][:3]}",
    "three words": lambda words, _: f"{words[0]} {words[1]} {words[2][:3]}",
    "a slip": lambda words, chance: _slip(words[0], chance),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args(arguments)
    chance = random.Random(7)  # noqa: S311 - the same beginnings each time
    titles = [words for words in map(_words, islice(read_seeds(options.seeds), SAMPLED)) if len(words) > 2]  # noqa: PLR2004
    with search.open_index(options.index) as index:
        plain = _milliseconds(index.search, [chance.choice(titles)[0] for _ in range(options.count)])
        print(f"{index.statistics().articles:,} articles; a search for one word: {_line(plain)}")
        for kind, make in KINDS.items():
            found = _milliseconds(index.suggest, [make(chance.choice(titles), chance) for _ in range(options.count)])
            print(f"{kind:14} {_line(found)}, {np.median(found) / np.median(plain):.1f} x a search")


def _words(seed: dict[str, object]) -> list[str]:
    return [word for word in str(seed["title"]).lower().split() if word.isalpha() and len(word) > 4]  # noqa: PLR2004


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _milliseconds(ask: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """Return the processor time that each text takes, after a first one that does not count."""
    ask(texts[0])
    found = []
    for text in texts:
        started = time.thread_time()
        ask(text)
        found.append(1000 * (time.thread_time() - started))
    return found


def _line(milliseconds: Sequence[float]) -> str:
    median, most, worst = np.percentile(milliseconds, [50, 99, 100])
    return f"median {median:.2f} ms, p99 {most:.2f}, worst {worst:.2f}"


if __name__ == "__main__":
    main()
