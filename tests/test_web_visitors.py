"""What visitors may ask, how often, from where, and what is written down of it."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import zstandard
from factories import article, catalog, wait_until
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from limits import parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.test import TestResponse

from search.engines.memory import MemoryEngine
from search.settings import Settings
from web import create_app
from web.visitors import visitor_of
from web.visits import FILE, SharedVisits

STRANGER, OTHER = {"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "203.0.113.10"}


def client_of(**settings: Any) -> FlaskClient:
    engine = MemoryEngine()
    engine.publish(catalog(*(article(f"Rates rise {n}", url=f"https://a.example/{n}") for n in range(9))))
    return create_app(Settings(**settings), engine).test_client()


def ask(client: FlaskClient, times: int, path: str = "/api/v1/search?q=rates", **options: Any) -> list[int]:
    found = []
    for _ in range(times):
        with client.get(path, **options) as response:
            found.append(response.status_code)
    return found


# How often


def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    client = client_of(rate_limit="3/20 seconds")

    assert ask(client, 4, environ_base=STRANGER) == [200, 200, 200, 429]
    refused = client.get("/api/v1/search?q=rates", environ_base=STRANGER)
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert refused.get_json()["type"] == "urn:lede:problem:too-many-requests"
    assert client.get("/", environ_base=STRANGER).mimetype == "text/html"
    assert ask(client, 1, environ_base=OTHER) == [200]


def test_the_page_may_search_more_often_while_somebody_types() -> None:
    client = client_of(rate_limit="2/20 seconds")

    assert ask(client, 9, "/?q=rates&fragment=1", environ_base=STRANGER) == [200] * 8 + [429]
    assert ask(client, 3, "/?q=rates", environ_base=STRANGER) == [200, 200, 429]


def test_the_limits_are_the_ones_that_are_promised() -> None:
    assert ask(client_of(), 16, environ_base=STRANGER) == [200] * 15 + [429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/v1/suggest?q=ra", "/static/lede.css"])
def test_what_costs_nothing_is_not_counted(path: str) -> None:
    assert ask(client_of(rate_limit="1/minute"), 5, path, environ_base=STRANGER) == [200] * 5


def test_this_machine_and_nobody_else_may_ask_as_often_as_it_likes() -> None:
    assert ask(client_of(rate_limit="1/minute"), 5) == [200] * 5
    assert ask(client_of(rate_limit="off"), 30, environ_base=STRANGER) == [200] * 30


def test_only_trusted_proxies_say_who_asks() -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
    open_to_lies = client_of(rate_limit="1/minute")
    behind = client_of(rate_limit="1/minute", trusted_proxies=("127.0.0.1/32",))

    assert ask(open_to_lies, 3, headers=forwarded) == [200] * 3
    assert ask(behind, 2, headers=forwarded) == [200, 429]
    assert ask(behind, 1, headers={"X-Forwarded-For": "198.51.100.8"}) == [200]


def test_a_network_of_ipv6_is_one_visitor() -> None:
    client = client_of(rate_limit="1/minute")

    assert ask(client, 1, environ_base={"REMOTE_ADDR": "2001:db8::1"}) == [200]
    assert ask(client, 1, environ_base={"REMOTE_ADDR": "2001:db8::ffff"}) == [429]
    assert ask(client, 1, environ_base={"REMOTE_ADDR": "2001:db8:0:1::1"}) == [200]


@pytest.fixture(params=["this process", "several processes"])
def window(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MovingWindowRateLimiter]:
    if request.param == "this process":
        yield MovingWindowRateLimiter(MemoryStorage())
    else:
        with closing(SharedVisits(tmp_path)) as visits:
            yield MovingWindowRateLimiter(visits)


def test_visits_count_for_a_while(window: MovingWindowRateLimiter) -> None:
    limit, longer = parse_many("2/second; 4/hour")

    assert [window.hit(limit, "one") for _ in range(3)] == [True, True, False]
    assert (window.test(limit, "one"), window.test(limit, "other")) == (False, True)
    assert window.get_window_stats(limit, "one").remaining == 0
    assert time.time() < window.get_window_stats(limit, "one").reset_time <= time.time() + 1
    wait_until(lambda: window.test(limit, "one"))
    assert window.hit(longer, "one", cost=4)
    assert window.hit(limit, "one")
    assert not window.hit(longer, "one")
    assert not window.hit(longer, "other", cost=5)


def test_visits_are_those_of_all_processes(tmp_path: Path) -> None:
    (limit,) = parse_many("3/hour")

    with closing(SharedVisits(tmp_path)) as mine, closing(SharedVisits(tmp_path)) as yours:
        windows = [MovingWindowRateLimiter(visits) for visits in (mine, yours)]
        assert [window.hit(limit, "one") for window in windows * 2] == [True, True, True, False]


def test_what_cannot_be_counted_is_let_pass(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (limit,) = parse_many("1/hour")

    with closing(SharedVisits(tmp_path)) as visits, closing(sqlite3.connect(tmp_path / FILE)) as file:
        file.execute("DROP TABLE visits")
        window = MovingWindowRateLimiter(visits)

        assert window.hit(limit, "one")
        assert window.test(limit, "one")
    assert "visits cannot be counted" in caplog.text


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_a_proxy_says_is_no_error(forwarded: str, remote: str) -> None:
    visitor_of(remote, forwarded, [ip_network("0.0.0.0/0"), ip_network("::/0")])


# From where


def allowed(response: TestResponse) -> str | None:
    return response.headers.get("Access-Control-Allow-Origin")


def test_no_other_site_may_read_the_api_unless_it_is_named() -> None:
    named = client_of(cors_origins=("https://a.example",))
    origin, other = {"Origin": "https://a.example"}, {"Origin": "https://b.example"}

    assert allowed(client_of().get("/api/v1/search", headers=origin)) is None
    assert allowed(named.get("/api/v1/search", headers=origin)) == "https://a.example"
    assert allowed(named.get("/api/v1/search", headers=other)) is None
    assert "Origin" in named.get("/api/v1/search", headers=other).headers["Vary"]
    assert allowed(named.get("/", headers=origin)) is None
    assert allowed(client_of(cors_origins=("*",)).get("/api/v1/search", headers=other)) == "*"


def test_a_browser_that_asks_first_is_told_what_it_may() -> None:
    response = client_of(cors_origins=("*",)).options("/api/v1/search", headers={"Origin": "https://a.example"})

    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "Access-Control-Allow-Credentials" not in response.headers


# Packed


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("zstd, gzip, br", "zstd"),
        ("gzip;q=1.0, zstd;q=0.1", "gzip"),
        ("br", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
def test_answers_are_packed_as_the_visitor_unpacks_them(accepted: str, encoding: str | None) -> None:
    client = client_of()
    plain = client.get("/api/v1/search?q=rates")

    packed = client.get("/api/v1/search?q=rates", headers={"Accept-Encoding": accepted})

    unpack: dict[str | None, Any] = {"gzip": gzip.decompress, "zstd": zstandard.decompress, None: bytes}
    assert packed.headers.get("Content-Encoding") == encoding
    assert unpack[encoding](packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert packed.headers["ETag"] == plain.headers["ETag"]


def test_what_is_small_or_unchanged_is_not_packed() -> None:
    client = client_of()
    headers = {"Accept-Encoding": "gzip"}
    tag = client.get("/api/v1/search?q=rates").headers["ETag"]

    unchanged = client.get("/api/v1/search?q=rates", headers=headers | {"If-None-Match": tag})

    assert "Content-Encoding" not in client.get("/healthz", headers=headers).headers
    assert (unchanged.status_code, unchanged.data) == (304, b"")


# Written down


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Callable[[], list[Any]]:
    return lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_every_request_is_a_line_of_json_that_does_not_say_who_asked_what(lines: Any) -> None:
    client = client_of(log_json=True, slow_query_ms=0)

    client.get("/api/v1/search?q=secret", environ_base=STRANGER)
    client.get("/nowhere")
    written = lines()

    assert [(line["route"], line["status"]) for line in written] == [("/api/v1/search", 200), ("unknown", 404)]
    assert set(written[0]) == {"time", "level", "message", "route", "method", "status", "ms"}
    assert "secret" not in str(written)
    assert STRANGER["REMOTE_ADDR"] not in str(written)


def test_slow_answers_are_named_without_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(slow_query_ms=1)

    client.get("/", query_string={"q": "secret words " * 20})

    (record,) = [record for record in caplog.records if record.name == "lede"]
    assert record.message.startswith("slow: ")
    assert '"words":40' in record.message
    assert "secret" not in record.message
