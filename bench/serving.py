"""Requests a second of `lede serve`, against a view that does nothing but return the same bytes.

    python bench/serving.py [--articles 100000] [--queries 2000] [--seconds 10] [--rounds 3] [--engine NAME]

Both run under the same server with the same settings and two workers, and are asked by wrk for distinct URLs of the
API, in turn. The answers of the floor are as long as Lede's are in the median. Prints medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from corpus import write_corpus
from flask import Flask, Response
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server
from peers.peer import read_seeds
from queries import make_queries, take_sample

import search
from web import server as settings

WORKERS, CONNECTIONS, THREADS = 2, 16, 1
#: Where the floor finds its answer.
BODY = "BENCH_BODY"
#: Answers that are looked at for their length.
LOOKED_AT = 200
#: How often, and how many seconds apart, it is looked whether a server listens already.
TRIES, PAUSE = 200, 0.05
#: What wrk asks for: the lines of a file, one after the other.
SCRIPT = """
local paths, at = {}, 0
for line in io.lines(%r) do paths[#paths + 1] = line end
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What wrk says of one run; times in milliseconds."""

    per_second: float
    p50: float
    p99: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=2_000, help="distinct URLs")
    parser.add_argument("--seconds", type=int, default=10, help="of one run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", default="", help="Lede's own choice, if none is given")
    parser.add_argument("--floor", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.floor:
        serve_floor(options.floor)
    elif not shutil.which("wrk"):
        sys.exit("wrk is missing; on Debian and Ubuntu: apt install wrk")
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Index a corpus, serve it, and load both servers in turn."""
    engine = {"engine": options.engine} if options.engine else {}
    write_corpus(folder / "seeds", options.articles)
    search.reindex([folder / "seeds"], folder / "index", **engine)
    paths = write_paths(folder, options.queries)
    flags = [
        f"--index={folder / 'index'}",
        f"--workers={WORKERS}",
        "--port=0",
        *(f"--{k}={v}" for k, v in engine.items()),
    ]
    with serving([sys.executable, "-c", "from search.cli import lede; lede()", "serve", *flags]) as lede:
        (folder / "body").write_bytes(median_answer(lede, paths[:LOOKED_AT]))
        port = free_port()
        with serving([sys.executable, __file__, f"--floor={port}"], **{BODY: str(folder / "body")}) as floor:
            for address in (lede, floor):
                load(address, folder, 1)
            rounds = [(load(lede, folder, options.seconds), load(floor, folder, options.seconds))
                      for _ in range(options.rounds)]  # fmt: skip
    show(rounds, len(paths))


def write_paths(folder: Path, number: int) -> list[str]:
    """Write what wrk asks for: distinct queries of all kinds that are made of words."""
    queries = make_queries(take_sample(read_seeds(folder / "seeds")), number)
    texts = dict.fromkeys(query.text for query in queries if query.text and not query.prefix)
    # Kind after kind is how they were made; a stride mixes them.
    mixed = [text for start in range(97) for text in list(texts)[start::97]][:number]
    paths = [f"/api/v1/search?{urlencode({'q': text})}" for text in mixed]
    (folder / "paths").write_text("\n".join(paths) + "\n", "ascii")
    (folder / "wrk.lua").write_text(SCRIPT % str(folder / "paths"), "utf-8")
    return paths


def median_answer(address: str, paths: Sequence[str]) -> bytes:
    """Return the answer of median length."""
    answers = []
    for path in paths:
        with urllib.request.urlopen(address + path) as answer:  # noqa: S310 - our own server
            answers.append(bytes(answer.read()))
    return sorted(answers, key=len)[len(answers) // 2]


def load(address: str, folder: Path, seconds: int) -> Load:
    """Load a server with wrk.

    Raises:
        RuntimeError: If any answer was an error, since errors are fast.
    """
    flags = ["--latency", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(folder / "wrk.lua")]
    done = subprocess.run(["wrk", *flags, address], check=True, capture_output=True, text=True)  # noqa: S603, S607
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(done.stdout)
    return read_load(done.stdout)


def read_load(printed: str) -> Load:
    r"""Read what wrk prints.

    >>> read_load("  50%  812.00us\n  99%  1.50s\nRequests/sec:  123.4")
    Load(per_second=123.4, p50=0.812, p99=1500.0)
    """
    times = {
        p: float(number) * _UNITS[unit] for p, number, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)", printed)
    }
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if not per_second:
        raise RuntimeError(printed)
    return Load(per_second=float(per_second[1]), p50=times["50"], p99=times["99"])


def show(rounds: list[tuple[Load, Load]], urls: int) -> None:
    """Print both, and the ratio of requests a second."""
    print(f"{urls:,} distinct URLs, {WORKERS} workers, {CONNECTIONS} connections, medians of {len(rounds)} rounds")
    for name, runs in zip(("lede serve", "bytes only"), zip(*rounds, strict=True), strict=True):
        middle = {key: statistics.median(getattr(run, key) for run in runs) for key in ("per_second", "p50", "p99")}
        times = f"p50 {middle['p50']:7.2f} ms   p99 {middle['p99']:7.2f} ms"
        print(f"{name}   {middle['per_second']:9,.0f} requests/s   {times}")
    print(f"ratio        {statistics.median(mine.per_second / other.per_second for mine, other in rounds):9.3f}")


@contextmanager
def serving(command: Sequence[str], **environment: str) -> Iterator[str]:
    """Run a server that says its address in its first line; yield the address."""
    # The floor is found by its module's name, from wherever this is run.
    folder = Path(__file__).parent
    surroundings = os.environ | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings, cwd=folder) as server:  # noqa: S603
        try:
            line = server.stdout.readline() if server.stdout else ""
            address = re.search(r"http://\S+:\d+", line)
            if not address:
                raise RuntimeError(f"{' '.join(command)} does not serve: {line}")
            wait_for(address[0])
            yield address[0]
        finally:
            server.terminate()


def wait_for(address: str) -> None:
    """Return as soon as something listens at *address*.

    Raises:
        OSError: If nothing does in time.
    """
    host, _, port = address.removeprefix("http://").rpartition(":")
    for tries in range(TRIES):
        try:
            socket.create_connection((host, int(port))).close()
            break
        except OSError:
            if tries == TRIES - 1:
                raise
            time.sleep(PAUSE)


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def floor() -> Flask:
    """Build the application that does nothing."""
    app, body = Flask(__name__), Path(os.environ[BODY]).read_bytes()

    @app.get("/api/v1/search")
    def answer() -> Response:
        return Response(body, mimetype="application/json")

    return app


def serve_floor(port: int) -> None:
    """Serve it as `lede serve` serves Lede."""
    server = Server(
        "serving:floor",
        factory=True,
        interface=Interfaces.WSGI,
        address="127.0.0.1",
        port=port,
        workers=WORKERS,
        blocking_threads=settings.THREADS,
        backpressure=settings.CONNECTIONS,
        backlog=settings.BACKLOG,
        workers_kill_timeout=settings.GRACE,
        http1_settings=HTTP1Settings(header_read_timeout=settings.PATIENCE),
        websockets=False,
        log_access=False,
        log_level=LogLevels.error,
    )
    print(f"http://127.0.0.1:{port}", flush=True)
    server.serve()


if __name__ == "__main__":
    main()
