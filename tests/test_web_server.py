from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import SeedFolder, seed, wait_until

import search
from search.errors import LedeError
from search.settings import Settings
from web import create_app
from web.server import GRACE, ServeError, application, find_address, serve

COMMAND = (sys.executable, "-c", "from search.cli import lede; lede()", "serve")
SECONDS = 30


class Server:
    """`lede serve` on a free port, in processes of its own."""

    def __init__(self, index: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", "--index", str(index), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        self.announced = self.process.stdout.readline()
        found = re.search(r":(\d+) ", self.announced)
        if not found:
            self.process.kill()
            pytest.fail(f"it said {self.announced!r}, and {self.process.communicate()}")
        self.port = int(found[1])

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.get("/healthz")[0] == http.client.OK
        except ConnectionError:
            return False

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        if not children.exists():
            pytest.skip("only Linux lists the children of a process")
        return {int(child) for child in children.read_text().split()}

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Tell it to stop; return its exit code, and what it said besides the announcement."""
        self.process.send_signal(how)
        said, complaints = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said + complaints


Start = Callable[..., Server]


@pytest.fixture
def start(index_path: Path) -> Iterator[Start]:
    """Return what serves the test's index; it is stopped after the test."""
    servers: list[Server] = []

    def run(*arguments: str) -> Server:
        servers.append(Server(index_path, *arguments))
        return servers[-1]

    yield run
    for server in servers:
        with server.process:
            server.process.terminate()


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that somebody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_it_says_where_it_is_in_one_line_and_answers_at_once(start: Start) -> None:
    server = start("--workers", "2")

    status, body = server.get("/healthz")

    assert server.announced == f"Lede is at http://127.0.0.1:{server.port} (2 workers); stop with Ctrl-C\n"
    assert (status, body) == (200, {"status": "ok"})


def test_workers_know_the_saved_queries_of_the_folder_that_is_named(
    start: Start, folder: SeedFolder, index_path: Path, tmp_path: Path
) -> None:
    folder.write("rates.md", seed())
    search.reindex([folder.path], index_path)
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "rates.yaml").write_text("title: Rates\nq: rates\n")

    assert start("--queries", str(saved)).get("/queries/rates.json")[0] == http.client.OK
    assert start().get("/queries/rates.json")[0] == http.client.NOT_FOUND


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0, 0.02, 0.05, 0.5])
def test_it_stops_soon_when_told_to_and_says_nothing(start: Start, how: signal.Signals, seconds: float) -> None:
    """Even while some of its workers are still starting."""
    server = start("--workers", "4")
    workers = server.workers()
    time.sleep(seconds)

    begun = time.monotonic()
    assert server.stop(how) == (0, "")
    assert time.monotonic() - begun < GRACE + 2
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_ctrl_c_reaches_every_process_and_stops_it_soon(start: Start) -> None:
    """A terminal sends it to the whole group."""
    server = start("--workers", "4")
    server.get("/healthz")

    begun = time.monotonic()
    os.killpg(server.process.pid, signal.SIGINT)
    said, complaints = server.process.communicate(timeout=SECONDS)

    assert (server.process.returncode, said, complaints) == (0, "", "")
    assert time.monotonic() - begun < GRACE + 2


def test_it_follows_the_index_without_a_restart(start: Start, folder: SeedFolder, index_path: Path) -> None:
    """From no index at all, through a first one, to the next."""
    server = start("--workers", "2")
    assert server.get("/readyz")[0] == 503

    totals = []
    for number in range(1, 3):
        folder.write(f"{number}.md", seed(f"Rates rise, part {number}"))
        search.reindex([folder.path], index_path)
        totals.append({server.get("/api/v1/search?q=rates")[1]["total"] for _ in range(8)})

    assert totals == [{1}, {2}]


def test_the_figures_are_those_of_all_workers(start: Start) -> None:
    server = start("--workers", "2")

    for _ in range(20):
        server.get("/healthz")

    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=SECONDS) as response:
        told = response.read().decode()
    assert 'lede_requests_total{method="GET",route="/healthz",status="200"} 20.0' in told
    assert "lede_index_ready 0.0" in told


def test_the_limit_is_one_for_all_workers(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDE_RATE_LIMIT", "7/hour")
    monkeypatch.setenv("LEDE_TRUSTED_PROXIES", "127.0.0.1")
    server = start("--workers", "3")

    # Each request is a connection of its own, and any worker may take it.
    found = [server.get("/api/v1/search", **{"X-Forwarded-For": "203.0.113.9"})[0] for _ in range(20)]

    assert found == [503] * 7 + [429] * 13
    assert server.get("/api/v1/search", **{"X-Forwarded-For": "203.0.113.10"})[0] == 503


def test_a_worker_that_dies_is_replaced(start: Start) -> None:
    server = start("--workers", "2")
    victim = min(server.workers())

    os.kill(victim, signal.SIGKILL)

    wait_until(lambda: len(server.workers() - {victim}) == 2)
    # It may have been the first to listen, and the others be on their way.
    wait_until(server.answers)


def test_idle_visitors_do_not_keep_others_out(start: Start) -> None:
    """Connections on which nothing is asked are no work."""
    server = start("--workers", "1")
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]

    try:
        assert server.get("/healthz")[0] == 200
    finally:
        for connection in idle:
            connection.close()


def test_what_is_being_answered_is_finished_before_it_stops(start: Start, folder: SeedFolder, index_path: Path) -> None:
    """Nobody who asked before the signal is left without an answer."""
    folder.write("lines.jsonl", "\n".join(json.dumps(line(number)) for number in range(3_000)))
    search.reindex([folder.path], index_path)
    server = start("--workers", "1")
    server.get("/readyz")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)

    connection.request("GET", "/api/v1/search?q=rates&size=100")
    stopping = threading.Timer(0.01, server.process.terminate)
    stopping.start()
    answer = connection.getresponse()
    body = json.loads(answer.read())

    stopping.join()
    connection.close()
    assert (answer.status, body["total"]) == (200, 3_000)
    assert server.process.wait(SECONDS) == 0


def line(number: int) -> dict[str, Any]:
    provider = {"name": f"Outlet {number % 50}", "domain": f"o{number % 50}.example"}
    return {"title": f"Rates {number}", "webUrl": f"https://news.example/{number}", "provider": provider}


def refusal(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_port_in_use_is_one_clear_line(taken: int) -> None:
    code, said = refusal("--port", str(taken))

    assert code == 1
    where = f"127.0.0.1, port {taken}"
    assert said == f"Error: cannot listen at {where}: Address already in use: choose others with --host and --port\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--port", "70000"), 2, "port cannot be '70000'"),
        (("--workers", "0"), 2, "workers cannot be '0'"),
        (("--port", "0", "--engine", "sphinx"), 2, "unknown engine 'sphinx'"),
    ],
)
def test_a_setting_that_cannot_be_is_one_clear_line(arguments: tuple[str, ...], code: int, said: str) -> None:
    found, line_said = refusal(*arguments)

    assert found == code
    assert said in line_said
    assert line_said.count("\n") == 1


@pytest.mark.parametrize("host", ["192.0.2.1", "no\x00host", "." * 300, "x" * 300])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ServeError) as caught:
        serve(Settings(host=host))

    assert isinstance(caught.value, LedeError)
    assert "choose others with --host and --port" in str(caught.value)


def test_port_0_is_one_that_is_free() -> None:
    address, port = find_address("localhost", 0)

    assert address in {"127.0.0.1", "::1"}
    assert 0 < port <= 65_535


def test_a_worker_reads_its_settings_from_the_environment(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDE_INDEX", str(index_path))

    response = application().test_client().get("/readyz")

    assert response.status_code == 503


def test_the_first_visitor_waits_for_no_template(
    folder: SeedFolder, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("one.md", seed("Rates rise"))
    search.reindex([folder.path], index_path)
    monkeypatch.setenv("LEDE_INDEX", str(index_path))
    worker = application()

    monkeypatch.setattr(worker.jinja_env, "compile", None)

    assert "1 article for" in worker.test_client().get("/?q=rates").text


def test_making_the_application_touches_no_index(index_path: Path) -> None:
    create_app(Settings(index=index_path))

    assert not index_path.exists()
