from __future__ import annotations

import pytest
from factories import article, catalog
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from search.engines.memory import MemoryEngine
from web import create_app

RATES = article("Rates rise")


@pytest.fixture
def client() -> FlaskClient:
    engine = MemoryEngine()
    engine.publish(catalog(RATES))
    return create_app(engine=engine).test_client()


def figures(client: FlaskClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every figure by its name and labels, as Prometheus reads them."""
    response = client.get("/metrics")
    assert response.mimetype == "text/plain"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status_and_never_by_what_was_asked(client: FlaskClient) -> None:
    for path in ("/api/v1/search?q=secret", "/api/v1/search?q=secret", "/api/v1/search?page=x", "/secret"):
        client.get(path)

    found = figures(client)

    assert found["lede_requests_total", labels(route="/api/v1/search", method="GET", status="200")] == 2
    assert found["lede_requests_total", labels(route="/api/v1/search", method="GET", status="400")] == 1
    assert found["lede_requests_total", labels(route="unknown", method="GET", status="404")] == 1
    assert found["lede_request_seconds_count", labels(route="/api/v1/search")] == 3
    assert found["lede_request_seconds_bucket", labels(route="/api/v1/search", le="+Inf")] == 3
    assert "secret" not in client.get("/metrics").text


def test_remembered_answers_are_told_from_searches(client: FlaskClient) -> None:
    for _ in range(3):
        client.get("/api/v1/search?q=rates")

    found = figures(client)

    assert found["lede_answers_total", labels(**{"from": "memory"})] == 2
    assert found["lede_answers_total", labels(**{"from": "index"})] == 1


def test_the_index_is_told_of(client: FlaskClient) -> None:
    found = figures(client)

    assert found["lede_index_ready", ()] == 1
    assert found["lede_articles", ()] == 1
    assert found["lede_refused_seeds", ()] == 0
    assert found["lede_index_generation", labels(generation=catalog(RATES).generation)] == 1


def test_without_an_index_the_figures_say_so() -> None:
    found = figures(create_app(engine=MemoryEngine()).test_client())

    assert found["lede_index_ready", ()] == 0
    assert ("lede_articles", ()) not in found


def labels(**values: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))
