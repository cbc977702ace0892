"""How long a reindex takes, against bare parsing of the same bytes with PyYAML's C loader in as many processes.

    python bench/reindexing.py SEEDS [--jobs N] [--rounds N]

Prints medians over the rounds, in which the contestants take turns:

- bare parsing: the front matter of every file read and loaded by ``yaml.CSafeLoader``, nothing else done with it;
- full: ``search.reindex(full=True)`` into an empty folder, the engine's own share of it apart;
- unchanged: the same again without a change; beside it, what starting the command takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

import search
from search.files import EXTENSIONS


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    files = sorted(file for file in arguments.seeds.rglob("*") if file.suffix in EXTENSIONS)
    bare, full, engine, unchanged, command, start = (list[float]() for _ in range(6))
    for _ in range(arguments.rounds):
        bare.append(timed(lambda: parse_bare(files, arguments.jobs)))
        with tempfile.TemporaryDirectory() as index:
            report = search.reindex([arguments.seeds], index, full=True, jobs=arguments.jobs)
            full.append(report.seconds.total)
            engine.append(report.seconds.publish)
            unchanged.append(timed(lambda index=index: search.reindex([arguments.seeds], index)))  # type: ignore[misc]
            command.append(timed(lambda index=index: run_command(arguments.seeds, index)))  # type: ignore[misc]
            start.append(timed(run_version))
    show(len(files), arguments.jobs, bare, full, engine)
    show_unchanged(unchanged, command, start)


def show(files: int, jobs: int, bare: list[float], full: list[float], engine: list[float]) -> None:
    """Print the full reindex against the floor."""
    own = [total - publish for total, publish in zip(full, engine, strict=True)]
    print(f"{files} files, {jobs} processes, medians of {len(bare)} rounds")
    print(f"bare parsing, CSafeLoader    {statistics.median(bare):7.2f} s")
    print(f"full reindex                 {statistics.median(full):7.2f} s")
    print(f"  the engine's writer        {statistics.median(engine):7.2f} s")
    print(f"  all the rest               {statistics.median(own):7.2f} s")
    ratio = statistics.median([mine / theirs for mine, theirs in zip(own, bare, strict=True)])
    print(f"  the rest / bare parsing    {ratio:7.2f}")


def show_unchanged(unchanged: list[float], command: list[float], start: list[float]) -> None:
    """Print the reindex without a change."""
    print(f"reindex without a change     {statistics.median(unchanged):7.3f} s")
    print(f"  as a command               {statistics.median(command):7.3f} s")
    print(f"  of which start-up          {statistics.median(start):7.3f} s")


def timed(run: Callable[[], object]) -> float:
    """Return how many seconds *run* takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def parse_bare(files: list[Path], jobs: int) -> None:
    """Load every file's front matter, in *jobs* processes."""
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        pool.map(load, files, chunksize=16)


def load(file: Path) -> None:
    """Load one file's front matter."""
    content = file.read_bytes()
    yaml.load(content[4 : content.find(b"\n---", 4)], Loader=yaml.CSafeLoader)


def run_command(seeds: Path, index: str) -> None:
    """Run the command as a user does."""
    subprocess.run([*COMMAND, "reindex", "--quiet", "--seeds", str(seeds), "--index", index], check=True)  # noqa: S603


def run_version() -> None:
    """Run a command that does nothing, to know what starting takes."""
    subprocess.run([*COMMAND, "--version"], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


COMMAND = (sys.executable, "-c", "from search.cli import lede; lede()")

if __name__ == "__main__":
    main()
