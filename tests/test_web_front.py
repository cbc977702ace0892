"""What is answered before the application is asked is what the application would answer."""

from __future__ import annotations

import time
from typing import Any

import pytest
from factories import article, catalog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from search.engines.memory import MemoryEngine
from search.query import Query
from search.results import Page
from search.settings import Settings
from web import create_app
from web.front import SEARCH_ENDPOINT, SEARCH_PATH, Front

PATHS = (
    "/api/v1/search?q=bank",
    "/api/v1/search?q=bank&size=3&page=2&facets=0",
    "/api/v1/search?q=bank&explain=1",
    "/api/v1/search",
    "/api/v1/search?q=%C3%A9t%C3%A9+%F0%9F%98%80",
    "/api/v1/search?q=%ff",
    "/api/v1/search?q=bank&q=rates",
    "/api/v1/search?provider=Example+Times",
    "/api/v1/search?page=x",
    "/api/v1/search?size=0",
    "/api/v1/search?page=9999&size=100",
    "/api/v1/search?sort=worst",
)


class BrokenEngine(MemoryEngine):
    """Cannot search, and counts how often it was to."""

    searches = 0

    def open(self) -> Any:
        reader = super().open()

        def fail(query: Query) -> Page:
            self.searches += 1
            time.sleep(0.02)
            raise RuntimeError(query.sort)

        reader.search = fail  # type: ignore[method-assign] # of this reader alone
        return reader


def served(engine: MemoryEngine | None = None, **settings: Any) -> Flask:
    engine = engine or MemoryEngine()
    engine.publish(catalog(*(article(f"Bank {number} été", url=f"https://a.example/{number}") for number in range(9))))
    return create_app(Settings(cache_bytes=0, **settings), engine)


def told(answer: TestResponse) -> tuple[Any, ...]:
    """Return what an answer says but how long it took, which decides how many bytes there are."""
    body = answer.get_json() | {"took_ms": 0} if not answer.content_encoding else None
    headers = [header for header in sorted(answer.headers) if header[0] != "Content-Length"]
    return answer.status, headers, body


def test_it_knows_the_search_as_the_application_does() -> None:
    assert [(rule.rule, rule.endpoint) for rule in served().url_map.iter_rules() if rule.rule == SEARCH_PATH] == [
        (SEARCH_PATH, SEARCH_ENDPOINT)
    ]


@pytest.mark.parametrize("accepted", ["", "zstd", "gzip"])
@pytest.mark.parametrize("path", PATHS)
def test_it_says_what_the_application_says(path: str, accepted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"Accept-Encoding": accepted} if accepted else {}
    client = served().test_client()

    first = told(client.get(path, headers=headers))
    monkeypatch.setattr(Front, "find", lambda *_: None)

    assert first == told(client.get(path, headers=headers))


def test_it_answers_without_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    app = served()
    monkeypatch.setattr(Flask, "full_dispatch_request", None)

    assert app.test_client().get("/api/v1/search?q=bank").get_json()["total"] == 9


def test_what_fails_is_tried_once_and_told_by_the_application(caplog: pytest.LogCaptureFixture) -> None:
    engine = BrokenEngine()
    answer = served(engine).test_client().get("/api/v1/search?q=bank")

    assert (answer.status_code, answer.mimetype, engine.searches) == (500, "application/problem+json", 1)
    assert "in fail\n    raise RuntimeError(query.sort)" in caplog.text


def test_what_fails_took_as_long_as_it_did(caplog: pytest.LogCaptureFixture) -> None:
    served(BrokenEngine(), slow_query_ms=20).test_client().get("/api/v1/search?q=bank")

    assert "slow: " in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/search?q=bank", "/api/v1/search?page=x"])
def test_a_visit_counts_once(path: str) -> None:
    client = served(rate_limit="2/minute").test_client()

    assert [asked(client, path).status_code == 429 for _ in range(3)] == [False, False, True]


def test_searches_are_counted_and_timed(caplog: pytest.LogCaptureFixture) -> None:
    client = served(slow_query_ms=0, log_json=False).test_client()
    client.get("/api/v1/search?q=bank")

    figures = client.get("/metrics").text

    assert 'lede_requests_total{method="GET",route="/api/v1/search",status="200"} 1.0' in figures
    assert 'lede_answers_total{from="index"} 1.0' in figures
    assert "bank" not in figures + caplog.text


def asked(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
