from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from factories import article, catalog
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from search.articles import Image
from search.engines.memory import MemoryEngine
from web import create_app
from web.openapi import describe

RATES = article(
    "Rates rise again",
    excerpt="The bank raised rates.",
    topics=("Economy",),
    image=Image(url="https://news.example/rates.jpg", width=1280, height=640),
    published="2021-12-09",
    quality=17,
)
LATER = article("Rates fall", url="https://times.example/fall", provider="Times", published=None)


def make() -> Flask:
    engine = MemoryEngine()
    engine.publish(catalog(RATES, LATER, related=((RATES, LATER),)))
    return create_app(engine=engine)


@pytest.fixture(scope="module")
def app() -> Flask:
    return make()


# Without a network between, nothing unpacks what is sent packed.
UNPACKED = {"Accept-Encoding": "identity"}
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", make())


@schema.parametrize()
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_is_what_its_description_says(case: schemathesis.Case[Any]) -> None:
    # That a page lies too deep for its size, or one day before the other, no schema can say.
    case.call_and_validate(excluded_checks=[positive_data_acceptance], headers=UNPACKED)


@schema.parametrize()
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_is_answered(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=[not_a_server_error], headers=UNPACKED)


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return what holds an answer against one of the schemas."""
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": describe()["components"]}
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/search?q=rates&explain=1&from=2021", "Page"),
        ("/api/v1/search?q=rates&facets=0&size=1", "Page"),
        ("/api/v1/search?q=raets+zebra+a*", "Page"),
        ("/api/v1/suggest?q=rat", "Completions"),
        (f"/api/v1/articles/{RATES.id}", "Coverage"),
        ("/api/v1/search?page=x", "Problem"),
        ("/api/v1/articles/x", "Problem"),
    ],
)
def test_answers_have_exactly_the_described_shape(app: Flask, path: str, name: str) -> None:
    body: dict[str, Any] = app.test_client().get(path).get_json()

    assert [error.message for error in validator(name).iter_errors(body)] == []


def test_every_path_of_the_api_is_described(app: Flask) -> None:
    routes = {rule.rule.replace("<identifier>", "{id}") for rule in app.url_map.iter_rules()}

    described = set(describe()["paths"])

    assert {route for route in routes if route.startswith("/api/")} | {"/healthz", "/readyz"} == described
