"""What is measured in a process of its own, for its memory and its first answer; run by ``searching.py``.

    python bench/trial.py build PEER INDEX SEEDS
    python bench/trial.py open PEER INDEX SEEDS
    python bench/trial.py race PEER,PEER,... INDEXES SEEDS [--queries N] [--seconds S]

Each prints one object of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from peers import Peer, UnsupportedError, make_peer
from peers.peer import read_seeds
from queries import Query, make_queries, take_sample

#: Queries of each kind that are asked before memory is looked at.
TASTED = 10
#: How queries are asked, and which peers count facets then.
MODES: dict[str, Callable[[str], bool]] = {
    "plain": lambda _: False,
    "mixed": lambda name: name.startswith("lede"),
    "facets": lambda _: True,
}
_KB = 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one thing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("build", "open", "race"))
    parser.add_argument("peers")
    parser.add_argument("index", type=Path)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(arguments)
    if options.what == "race":
        peers = {name: make_peer(name, folder_of(options.index, name)) for name in options.peers.split(",")}
        found = race(peers, make_queries(take_sample(read_seeds(options.seeds)), options.queries), options.seconds)
    else:
        peer = make_peer(options.peers, folder_of(options.index, options.peers))
        found = build(peer, options.seeds) if options.what == "build" else open_cold(peer, options.seeds)
    json.dump(found, sys.stdout)


def folder_of(indexes: Path, peer: str) -> Path:
    """Return the folder of a peer's index among others."""
    return indexes / peer.replace(":", "-")


def build(peer: Peer, seeds: Path) -> dict[str, Any]:
    """Build the index; return what it takes."""
    started = time.perf_counter()
    articles = peer.build(seeds)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "articles": articles, "disk_bytes": peer.size(), "peak_bytes": peak_bytes()}


def open_cold(peer: Peer, seeds: Path) -> dict[str, Any]:
    """Open the index and answer one query; then a few more of all kinds, to see what memory they take."""
    # The sample would count as the engine's memory, so that its few queries are all that is kept.
    before = peak_bytes()
    queries = make_queries(take_sample(_first(seeds)), TASTED)
    started = time.perf_counter()
    peer.open()
    peer.search(queries[0], facets=False)
    seconds = time.perf_counter() - started
    for query in queries:
        ask(peer, query, facets=True)
    peer.close()
    return {"seconds": seconds, "peak_bytes": peak_bytes(), "imported_bytes": before, "facets_by": peer.facets_by}


def race(peers: dict[str, Peer], queries: list[Query], limit: float) -> dict[str, Any]:
    """Ask all peers the same queries in turn: without facets, then Lede alone with facets, then all.

    A peer that has spent *limit* seconds on a kind is not asked more of it. Returns, by peer, mode and kind, pairs of
    seconds and total.
    """
    for peer in peers.values():
        peer.open()
    runners = {
        name: {mode: Runner(peer, limit, facets=counts(name)) for mode, counts in MODES.items()}
        for name, peer in peers.items()
    }
    for mode in MODES:
        for turn, query in enumerate(queries):
            for name in _rotated(list(peers), turn):
                runners[name][mode].run(query)
    for peer in peers.values():
        peer.close()
    return {name: {mode: runner.answers for mode, runner in modes.items()} for name, modes in runners.items()}


class Runner:
    """One peer in a race, in one mode; its first query of each kind is a warm-up that does not count."""

    def __init__(self, peer: Peer, limit: float, *, facets: bool = False) -> None:
        self._peer, self._limit, self._facets = peer, limit, facets
        self._warm: set[str] = set()
        self.answers: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def run(self, query: Query) -> None:
        """Ask *query*, unless its kind has taken too long."""
        if sum(seconds for seconds, _ in self.answers[query.kind]) > self._limit:
            return
        if query.kind not in self._warm:
            self._warm.add(query.kind)
            ask(self._peer, query, facets=self._facets)
        if answer := ask(self._peer, query, facets=self._facets):
            self.answers[query.kind].append(answer)


def ask(peer: Peer, query: Query, *, facets: bool) -> tuple[float, int] | None:
    """Return how many seconds an answer takes, and its total; None where the peer has no such query."""
    started = time.perf_counter()
    try:
        total = peer.search(query, facets=facets).total
    except UnsupportedError:
        return None
    return time.perf_counter() - started, total


def peak_bytes() -> int:
    """Return the most memory that this process had resident, and the largest of those that it waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = Path("/proc/self/status")
    # Linux counts in what this process had before its program began, which is the memory of the one that started it.
    if status.exists():
        own = next(int(line.split()[1]) for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return _KB * (own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


def _first(seeds: Path) -> Iterator[dict[str, Any]]:
    """Yield some seeds, few enough not to weigh."""
    for number, seed in enumerate(read_seeds(seeds)):
        if number == _KB:
            return
        yield seed


def _rotated(names: list[str], turn: int) -> list[str]:
    """Let another one begin each time."""
    start = turn % len(names)
    return names[start:] + names[:start]


if __name__ == "__main__":
    main()
