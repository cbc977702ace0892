"""Lede and its peers: building, size, memory, and the latency of the same queries, at several sizes.

    python bench/searching.py --sizes 10000,100000,1000000 --peers lede,tantivy,sqlite [--queries N] [--json FILE]

For each size a corpus is generated, and every peer builds its index of it and opens it cold, each time in a process of
its own. Then all are asked the same queries in one process, query by query, in turn. A peer may be a variant, such as
``lede:opensearch``; one that is not installed is left out, and said so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tables
from corpus import write_corpus
from peers import NAMES
from trial import folder_of

TRIAL = Path(__file__).with_name("trial.py")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure every size, print the tables, and keep the figures."""
    options = read_arguments(arguments)
    runs = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for articles in options.sizes:
            runs.append(measure(folder, articles, options))
            tables.show_run(runs[-1])
            # As soon as there is something: a large size may take hours, or all memory.
            keep(options.json, runs)
    if len(runs) > 1:
        tables.show_growth(runs)


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return sizes as numbers and peers as names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=_numbers, default=[10_000], help="numbers of articles, with commas")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(NAMES), help="names, with commas")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--seconds", type=float, default=60.0, help="that a peer may spend on one kind of queries")
    parser.add_argument("--seed", type=int, default=1, help="of the corpus")
    parser.add_argument("--folder", type=Path, help="for corpora and indexes; kept, and what is there is used again")
    parser.add_argument("--json", type=Path, help="file for the figures, which plot.py draws")
    return parser.parse_args(arguments)


def measure(folder: Path, articles: int, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one size."""
    seeds = folder / f"seeds-{articles}-{options.seed}"
    if not seeds.exists():
        write_corpus(seeds, articles, seed=options.seed)
    indexes = folder / f"indexes-{articles}-{options.seed}"
    peers = {}
    for name in options.peers:
        if built := build(name, indexes, seeds):
            peers[name] = built | {"cold": run("open", name, indexes, seeds)}
    if not peers:
        sys.exit("none of these peers is installed")
    race = run("race", ",".join(peers), indexes, seeds, f"--queries={options.queries}", f"--seconds={options.seconds}")
    for name, found in peers.items():
        found["latencies"] = tables.summarize(race[name])
        found["agreement"] = tables.agreement(race.get("lede", {}), race[name])
    ratios = tables.ratios(race) if "lede" in race else {}
    return {"articles": articles, "machine": machine(), "peers": peers, "ratios": ratios}


def build(name: str, indexes: Path, seeds: Path) -> dict[str, Any] | None:
    """Build an index, unless it is there; return what it took, None where the peer is not installed."""
    note = folder_of(indexes, name).with_suffix(".json")
    if not note.exists():
        indexes.mkdir(parents=True, exist_ok=True)
        # What an earlier run did not finish.
        shutil.rmtree(folder_of(indexes, name), ignore_errors=True)
        try:
            built = run("build", name, indexes, seeds)
        except subprocess.CalledProcessError as exc:
            reason = exc.stderr.strip().splitlines()[-1:] or [f"ended with {exc.returncode}"]
            print(f"{name} is left out: {reason[0]}", file=sys.stderr)
            return None
        note.write_text(json.dumps(built), "utf-8")
    return {"build": json.loads(note.read_text("utf-8"))}


def run(*arguments: str | Path) -> Any:  # noqa: ANN401 - whatever the trial found
    """Measure one thing in a process of its own."""
    command = [sys.executable, str(TRIAL), *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(done.stdout)


def machine() -> dict[str, Any]:
    """Say where this was measured."""
    return {"processors": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}


def keep(file: Path | None, runs: list[dict[str, Any]]) -> None:
    """Write the figures."""
    if file:
        file.write_text(json.dumps({"runs": runs}, indent=1) + "\n", "utf-8")


def _numbers(text: str) -> list[int]:
    return [int(number.replace("_", "")) for number in text.split(",")]


if __name__ == "__main__":
    main()
