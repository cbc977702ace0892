"""How long a few new seeds take to be found among many: from starting the command to a search that finds them.

    python bench/updating.py [--articles 100000] [--new 10] [--rounds 5] [--engine NAME]

Prints medians over the rounds, each of which adds a file of new seeds, and then runs the command again without a
change. What the command takes to start is printed beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus import write_corpus

import search

COMMAND = (sys.executable, "-c", "from search.cli import lede; lede()")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rounds and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--new", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", default="", help="Lede's own choice, if none is given")
    options = parser.parse_args(arguments)
    engine = ("--engine", options.engine) if options.engine else ()
    with tempfile.TemporaryDirectory() as temporary:
        seeds, index = Path(temporary, "seeds"), Path(temporary, "index")
        write_corpus(seeds / "old", options.articles)
        command = (*COMMAND, "reindex", "--quiet", "--seeds", str(seeds), "--index", str(index), *engine)
        first = timed(*command)
        rounds = range(2, 2 + options.rounds)
        updates, unchanged = zip(*(play(seeds, index, command, options, number) for number in rounds), strict=True)
    print(f"{options.articles:,} articles, medians of {options.rounds} rounds, seconds")
    print(f"indexing all of them            {first:8.2f}")
    print(f"{options.new:,} new ones, until found{'':10}{statistics.median(updates):8.2f}")
    print(f"without a change                {statistics.median(unchanged):8.2f}")
    print(f"  of which start-up             {statistics.median(timed(*COMMAND, '--version') for _ in rounds):8.2f}")


def play(
    seeds: Path, index: Path, command: Sequence[str], options: argparse.Namespace, number: int
) -> tuple[float, float]:
    """Add new seeds, made of random seed *number*; return the seconds until they are found, and of no change."""
    write_corpus(seeds / f"new-{number}", options.new, seed=number)
    title = json.loads((seeds / f"new-{number}" / "00000.jsonl").read_bytes().splitlines()[0])["title"]
    started = time.perf_counter()
    run(*command)
    find(index, title, options.engine)
    updated = time.perf_counter() - started
    return updated, timed(*command)


def find(index: Path, title: str, engine: str) -> None:
    """Search for an article by its title.

    Raises:
        RuntimeError: If it is not found, so that whatever was measured is no update.
    """
    chosen: dict[str, Any] = {"engine": engine} if engine else {}
    with search.open_index(index, **chosen) as opened:
        found = opened.search(f'"{title}"', match="all")
    if title not in (hit.article.title for hit in found.hits):
        raise RuntimeError(f"{title!r} was added, and is not found")


def timed(*command: str) -> float:
    """Return how many seconds *command* takes."""
    started = time.perf_counter()
    run(*command)
    return time.perf_counter() - started


def run(*command: str) -> None:
    """Run a command as a user does."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


if __name__ == "__main__":
    main()
