"""The whole service under load: no request fails, and none is answered from two generations at once."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from factories import SeedFolder, seed

import search

REINDEXES = 20
CLIENTS = 8
_SERVE = "from search.cli import lede; lede()"


@pytest.fixture
def port(folder: SeedFolder, index_path: Path) -> Iterator[int]:
    """Serve the test's index with two processes; return the port."""
    folder.write("first.md", seed("Generation 0", slug="marker"))
    search.reindex([folder.path], index_path)
    command = [sys.executable, "-c", _SERVE, "serve", "--port", "0", "--workers", "2", "--index", str(index_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        announced = re.search(r":(\d+) ", server.stdout.readline())
        assert announced
        try:
            yield int(announced[1])
        finally:
            server.terminate()


class Client(threading.Thread):
    """Searches without a pause, over one connection, until told to stop."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__()
        self._port, self._stop_asked = port, stop
        self.answers: list[tuple[int, dict[str, object]]] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            while not self._stop_asked.is_set():
                connection.request("GET", "/api/v1/search?q=generation&facets=0")
                response = connection.getresponse()
                self.answers.append((response.status, json.loads(response.read())))
            connection.close()
        except (OSError, http.client.HTTPException, ValueError) as exc:
            self.error = exc


def test_reindexing_under_load_fails_no_request_and_mixes_no_generations(
    port: int, folder: SeedFolder, index_path: Path
) -> None:
    """Every generation has one more article, and a marker that says how many there are."""
    stop = threading.Event()
    clients = [Client(port, stop) for _ in range(CLIENTS)]
    expected = {}
    with search.open_index(index_path) as index:
        expected[index.generation] = (1, "Generation 0")
    for client in clients:
        client.start()

    for number in range(1, REINDEXES + 1):
        folder.write("first.md", seed(f"Generation {number}", slug="marker", quality=100))
        folder.write(f"more-{number}.md", seed(f"More of a generation, part {number}"))
        expected[search.reindex([folder.path], index_path).generation] = (number + 1, f"Generation {number}")
    stop.set()
    for client in clients:
        client.join()

    assert [client.error for client in clients if client.error] == []
    answers = [answer for client in clients for answer in client.answers]
    assert {status for status, _ in answers} == {200}
    for _, page in answers:
        total, marker = expected[str(page["generation"])]
        assert page["total"] == total
        assert marker in json.dumps(page["hits"])
    assert len({page["generation"] for _, page in answers}) > REINDEXES // 2
