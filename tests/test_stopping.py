"""`lede serve` told to stop, or to begin anew, in the middle of its work."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from factories import SeedFolder, seed, wait_until
from test_web_server import Server

import search
from web.server import GRACE

SECONDS = 30
#: A request that came this long before a signal has been taken up by then.
TAKEN_UP = 0.25


class Asked(NamedTuple):
    """A request: when it was sent, and what became of it."""

    at: float
    answer: int | Exception


class Visitor(threading.Thread):
    """Asks again and again until nobody listens any more, or it is told to stop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self.asked: list[Asked] = []
        self.is_done = False

    def run(self) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)) as connection:
            self._ask(connection)

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        while not self.is_done:
            at = time.monotonic()
            try:
                connection.request("GET", f"/api/v1/search?q=rates&page={len(self.asked) % 7 + 1}")
                response = connection.getresponse()
                response.read()
                self.asked.append(Asked(at, response.status))
            except ConnectionRefusedError:
                self.is_done = True
            except (OSError, http.client.HTTPException) as exc:
                self.asked.append(Asked(at, exc))
                connection.close()


@pytest.fixture
def server(folder: SeedFolder, index_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve an article from a folder where a lede.toml may be put."""
    monkeypatch.chdir(tmp_path)
    folder.write("one.md", seed("Rates rise"))
    search.reindex(folder.path, index_path)
    running = Server(index_path, "--workers", "2")
    running.get("/readyz")
    yield running
    with running.process:
        running.process.kill()


@pytest.fixture
def visitors(server: Server) -> Iterator[list[Visitor]]:
    """Return eight visitors who have been asking for a while."""
    started = [Visitor(server.port) for _ in range(8)]
    for visitor in started:
        visitor.start()
    wait_until(lambda: all(len(visitor.asked) > 20 for visitor in started))
    yield started
    for visitor in started:
        visitor.is_done = True
        visitor.join(SECONDS)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_under_load_it_answers_what_it_has_taken_up_and_leaves_with_0(
    server: Server, visitors: list[Visitor], how: signal.Signals
) -> None:
    time.sleep(4 * TAKEN_UP)
    told = time.monotonic()
    code, said = server.stop(how)
    took = time.monotonic() - told
    for visitor in visitors:
        visitor.join(SECONDS)

    assert (code, said) == (0, "")
    assert took < GRACE + 1
    before = [asked.answer for visitor in visitors for asked in visitor.asked if asked.at < told - TAKEN_UP]
    assert len(before) > 50
    assert set(before) == {200}
    # At the very end a visitor may find a connection closed, never an error for an answer.
    after = [asked.answer for visitor in visitors for asked in visitor.asked if asked.at >= told - TAKEN_UP]
    assert {answer for answer in after if isinstance(answer, int)} <= {200}


def test_a_hangup_has_it_read_its_settings_again_without_going_away(
    server: Server, visitors: list[Visitor], tmp_path: Path
) -> None:
    workers = server.workers()
    (tmp_path / "lede.toml").write_text("time_budget = 1e-9\n", "utf-8")

    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not workers & server.workers())
    wait_until(lambda: all(visitor.asked[-1].answer == 503 for visitor in visitors))

    assert server.process.poll() is None
    answers = [asked.answer for visitor in visitors for asked in visitor.asked]
    lost = [answer for answer in answers if isinstance(answer, Exception)]
    assert set(answers) - set(lost) == {200, 503}
    # A connection is closed by the process that it was to, and perhaps by the other one, if it came there next.
    assert len(lost) <= 2 * len(visitors)
    assert server.stop() == (0, "")


def test_it_stops_while_connections_are_open_on_which_nothing_is_asked(server: Server) -> None:
    idle = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS) for _ in range(20)]
    for connection in idle:
        connection.connect()

    told = time.monotonic()
    code, said = server.stop()

    assert (code, said) == (0, "")
    assert time.monotonic() - told < GRACE + 1
    for connection in idle:
        connection.close()


def test_a_second_signal_does_not_hurry_it_into_an_error(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGTERM)

    assert server.stop() == (0, "")


def test_it_stops_in_the_middle_of_a_reindex_that_goes_on(server: Server, folder: SeedFolder, index_path: Path) -> None:
    """They know nothing of each other."""
    for number in range(300):
        folder.write(f"{number}.md", seed(f"Rates {number}"))
    command = [sys.executable, "-c", "import search, sys; search.reindex(sys.argv[1], sys.argv[2])"]
    reindex = subprocess.Popen([*command, str(folder.path), str(index_path)])

    assert server.stop() == (0, "")
    assert reindex.wait(SECONDS) == 0
    with search.open_index(index_path) as index:
        assert index.search("rates").total == 301
