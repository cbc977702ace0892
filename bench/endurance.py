"""`lede serve` under load for a long time, while `reindex` publishes a new generation every few seconds.

    python bench/endurance.py [--articles 20000] [--seconds 300] [--every 10] [--share 0.5] [--connections 8]

First measures how many requests a second the server answers to this client at most, none of which it remembers, since a
new generation makes it forget everything. Then asks for a share of that, at times fixed in advance: a late answer makes
the next one later, and its time is counted from when it should have been asked. Prints a line for each reindex:
requests, failures, latency, and the memory of all processes of the server, pages that they share counted once;
anonymous memory is what the index's own files have no part in. Leaves with 1 if a request failed, or if anonymous
memory has grown by more than a tenth since the first fifth of the time.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from corpus import write_corpus
from serving import write_paths

import search

PROGRAM = "from search.cli import lede; lede()"
#: Seconds for which the server is asked as fast as it answers.
PROBE_SECONDS = 5.0
#: Enough requests for that.
PROBE_TURNS = 50
TIMEOUT = 30.0
#: Growth of anonymous memory that is still called flat.
MAX_GROWTH = 1.1
_MB = 1_000_000


@dataclass(slots=True)
class Tally:
    """What became of the requests of a while; times in seconds."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    generations: set[str] = field(default_factory=set)

    def percentile(self, share: float) -> float:
        """Return the latency, in milliseconds, that this share of requests kept to.

        >>> Tally(latencies=[0.1, 0.3, 0.2]).percentile(0.5)
        200.0
        """
        ordered = sorted(self.latencies) or [0.0]
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes of all processes of the server."""

    resident: int
    anonymous: int


class Client(threading.Thread):
    """Asks over one connection, every *interval* seconds, or as fast as it is answered where that is 0."""

    def __init__(self, address: str, paths: Sequence[str], interval: float, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._place, self._paths, self._interval, self._stop_asked = urlsplit(address).netloc, paths, interval, stop
        self.tally = Tally()

    def run(self) -> None:
        """Ask until told to stop."""
        connection = http.client.HTTPConnection(self._place, timeout=TIMEOUT)
        due, number = time.perf_counter(), 0
        while not self._stop_asked.is_set():
            if self._interval:
                due += self._interval
                time.sleep(max(0.0, due - time.perf_counter()))
            else:
                due = time.perf_counter()
            self._ask(connection, self._paths[number % len(self._paths)], due)
            number += 1
        connection.close()

    def take(self) -> Tally:
        """Return what happened since this was last asked."""
        taken, self.tally = self.tally, Tally()
        return taken

    def _ask(self, connection: http.client.HTTPConnection, path: str, due: float) -> None:
        tally = self.tally
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            page = json.loads(answer.read())
            if answer.status == http.client.OK:
                tally.generations.add(page["generation"])
            else:
                tally.failures.append(f"{answer.status} {path}")
        except (OSError, http.client.HTTPException, ValueError, KeyError) as exc:
            tally.failures.append(f"{exc!r} {path}")
            connection.close()
        tally.latencies.append(time.perf_counter() - due)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two reindexes")
    parser.add_argument("--share", type=float, default=0.5, help="of what the server can answer")
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return endure(Path(folder), options)


def endure(folder: Path, options: argparse.Namespace) -> int:
    """Serve a corpus that changes, under load; return the exit code."""
    write_corpus(folder / "seeds", options.articles)
    search.reindex([folder / "seeds"], folder / "index")
    paths = write_paths(folder, 2_000)
    with serving(folder / "index") as (process, address):
        most = ask(address, [*anew(paths)], 0.0, options.connections, PROBE_SECONDS)
        interval = options.connections / (options.share * most)
        print(
            f"{options.articles:,} articles; at most {most:,.0f} requests/s; asking for {options.share * most:,.0f}/s"
        )
        lines = list(watch(folder, process.pid, address, Pace(paths, interval, options)))
    return judge([tally for tally, _ in lines], [memory for _, memory in lines])


@dataclass(frozen=True, slots=True)
class Pace:
    """What is asked, and how often."""

    paths: Sequence[str]
    interval: float
    options: argparse.Namespace


def watch(folder: Path, server: int, address: str, pace: Pace) -> Iterator[tuple[Tally, Memory]]:
    """Keep asking; reindex again and again; print and yield what happened in between."""
    stop = threading.Event()
    clients = start(address, pace.paths, pace.interval, pace.options.connections, stop)
    begun = time.perf_counter()
    print("  time    requests  failed      p50      p99      max   reindex   resident  anonymous")
    for number in range(1, int(pace.options.seconds / pace.options.every) + 1):
        seconds = reindex(folder, number)
        time.sleep(max(0.0, begun + number * pace.options.every - time.perf_counter()))
        tally, memory = joined([client.take() for client in clients]), memory_of(server)
        times = "".join(f"{tally.percentile(share):6.1f} ms" for share in (0.5, 0.99, 1.0))
        sizes = f"{memory.resident / _MB:8.1f} MB{memory.anonymous / _MB:8.1f} MB"
        counts = f"{len(tally.latencies):10,}{len(tally.failures):8,}"
        print(f"{time.perf_counter() - begun:5.0f} s {counts} {times}{seconds:7.2f} s {sizes}", flush=True)
        yield tally, memory
    stop.set()
    for client in clients:
        client.join()


def judge(tallies: Sequence[Tally], memories: Sequence[Memory]) -> int:
    """Print the sums, and return the exit code."""
    whole = joined(tallies)
    first = max(memory.anonymous for memory in memories[: max(1, len(memories) // 5)])
    growth = memories[-1].anonymous / first
    print(
        f"{len(whole.latencies):,} requests, {len(whole.failures):,} failed; p99 {whole.percentile(0.99):.1f} ms; "
        f"{len(whole.generations)} generations seen; anonymous memory x {growth:.3f}"
    )
    for failure in whole.failures[:20]:
        print(failure)
    return int(bool(whole.failures) or growth > MAX_GROWTH)


def start(address: str, paths: Sequence[str], interval: float, connections: int, stop: threading.Event) -> list[Client]:
    """Start clients that together ask for different things at different times."""
    clients = [Client(address, [*paths[n::connections]], interval, stop) for n in range(connections)]
    for client in clients:
        client.start()
        time.sleep(interval / connections)
    return clients


def ask(address: str, paths: Sequence[str], interval: float, connections: int, seconds: float) -> float:
    """Ask for a while; return the answers a second."""
    stop = threading.Event()
    clients = start(address, paths, interval, connections, stop)
    time.sleep(seconds)
    stop.set()
    for client in clients:
        client.join()
    return sum(len(client.tally.latencies) for client in clients) / seconds


def anew(paths: Sequence[str]) -> Iterator[str]:
    """Yield *paths* again and again, each time in another spelling, so that no answer is remembered."""
    for turn in range(PROBE_TURNS):
        yield from (f"{path}&turn={turn}" for path in paths)


def reindex(folder: Path, number: int) -> float:
    """Add a seed, change another, and reindex in a process of its own, as the timer does; return the seconds."""
    for name, title in ((f"new-{number}", f"News of round {number}"), ("same", f"The same, round {number}")):
        fields = {"title": title, "webUrl": f"https://news.example/{name}", "provider": {"name": "Example News"}}
        (folder / "seeds" / f"{name}.json").write_text(json.dumps(fields), "utf-8")
    started = time.perf_counter()
    flags = ["--quiet", f"--seeds={folder / 'seeds'}", f"--index={folder / 'index'}"]
    # With the priority that deploy/lede-reindex.service gives it.
    subprocess.run(["nice", "-n", "10", sys.executable, "-c", PROGRAM, "reindex", *flags], check=True)  # noqa: S603, S607
    return time.perf_counter() - started


def joined(tallies: Sequence[Tally]) -> Tally:
    """Add up."""
    return Tally(
        latencies=[one for tally in tallies for one in tally.latencies],
        failures=[one for tally in tallies for one in tally.failures],
        generations=set().union(*(tally.generations for tally in tallies)),
    )


def memory_of(server: int) -> Memory:
    """Add up the memory of the server and its workers."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split()
    texts = [Path(f"/proc/{process}/smaps_rollup").read_text("ascii") for process in (server, *children)]

    def total(name: str) -> int:
        return 1024 * sum(
            int(size) for text in texts for size in re.findall(rf"^{name}: +(\d+) kB", text, re.MULTILINE)
        )

    return Memory(resident=total("Pss"), anonymous=total("Pss_Anon"))


@contextmanager
def serving(index: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the server; yield its process and its address."""
    command = [sys.executable, "-c", PROGRAM, "serve", "--port=0", f"--index={index}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            line = server.stdout.readline() if server.stdout else ""
            address = re.search(r"http://\S+:\d+", line)
            if not address:
                msg = f"it does not serve: {line}"
                raise RuntimeError(msg)
            yield server, address[0]
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
