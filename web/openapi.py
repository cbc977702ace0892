"""The API's own description, OpenAPI 3.1, made of the limits that requests are checked against."""

from __future__ import annotations

from typing import get_args

from search import __version__
from search.query import MAX_HITS, MAX_SIZE, SORTS
from search.query.faults import MAX_CHARACTERS
from search.query.request import PAGE_SIZE, Collapse, Match
from web.parameters import MAX_VALUES
from web.schemas import COUNT, TEXT, Schema, record, reference, shapes

# Which years are leap years, and that one day comes before the other, is beyond what a pattern can say.
_DAY = (
    "^((?!0000)[0-9]{4}(-(0[1-9]|1[0-2]|02-(0[1-9]|1[0-9]|2[0-8])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|02-29))?)?$"
)


def describe() -> Schema:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lede",
            "version": __version__,
            "description": "Full-text search for curated news. Everything is read by GET; nothing needs a key.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/api/v1/search": {"get": _search()},
            "/api/v1/suggest": {"get": _suggest()},
            "/api/v1/articles/{id}": {"get": _article()},
            "/api/v1/openapi.json": {"get": _itself()},
            "/healthz": {"get": _health("live", "The process lives.", {"status": {"const": "ok"}})},
            "/readyz": {"get": _readiness()},
        },
        "components": {"schemas": shapes()},
    }


def _search() -> Schema:
    return _operation(
        "search",
        "Ranked articles for a query, with facets and a timeline",
        [
            _parameter("q", TEXT, f"What to search for, in the query language; {MAX_CHARACTERS} characters are read."),
            *(_repeated(name) for name in ("provider", "topic", "category", "type")),
            _parameter("from", {"type": "string", "pattern": _DAY}, "The first day, UTC; a month or year begins it."),
            _parameter("to", {"type": "string", "pattern": _DAY}, "The last day, UTC; a month or year ends it."),
            _parameter("sort", _one_of(*SORTS), "The order of the hits."),
            _parameter("match", _one_of(*get_args(Match)), "How many of the words suffice."),
            _parameter("collapse", _one_of(*get_args(Collapse)), "Whether copies are folded."),
            _parameter("diversity", _one_of("1", "0", "none"), "Whether a domain may fill a page."),
            _parameter("page", _number(1, MAX_HITS), f"From 1; paging reaches {MAX_HITS} hits."),
            _parameter("size", _number(1, MAX_SIZE, PAGE_SIZE), "Hits on a page."),
            _parameter("facets", _one_of("1", "0"), "Whether values are counted."),
            _parameter("explain", _one_of("0", "1"), "Whether every score is explained."),
        ],
        "Page",
        "400",
        "429",
        "503",
    )


def _suggest() -> Schema:
    text = _parameter("q", TEXT, "What was typed so far.")
    return _operation("suggest", "What may be about to be typed", [text], "Completions", "503")


def _article() -> Schema:
    identifier = {"name": "id", "in": "path", "required": True, "schema": TEXT, "description": "Of the article."}
    return _operation("article", "One article, its story and episodes", [identifier], "Coverage", "404", "429", "503")


def _itself() -> Schema:
    answer = {"description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operationId": "openapi",
        "summary": "This document",
        "responses": {"200": answer, "304": {"description": "It is known already."}},
    }


def _health(name: str, text: str, properties: Schema) -> Schema:
    schema = record(properties)
    answer = {"description": text, "content": {"application/json": {"schema": schema}}}
    return {"operationId": name, "summary": text, "responses": {"200": answer}}


def _readiness() -> Schema:
    found = _health(
        "ready",
        "There is an index, and it answers a query.",
        {"status": {"const": "ready"}, "generation": TEXT, "articles": COUNT},
    )
    found["responses"]["503"] = _problem("There is nothing to search yet, or it cannot be searched.")
    return found


def _operation(name: str, summary: str, parameters: list[Schema], schema: str, *problems: str) -> Schema:
    answer = {
        "description": f"{summary}.",
        "headers": {"ETag": {"schema": TEXT, "description": "Of the generation and the request."}},
        "content": {"application/json": {"schema": reference(schema)}},
    }
    said = {
        "400": "A parameter cannot be; `parameter` names it.",
        "404": "Nothing has this id.",
        "429": "More was asked from this address than `rate_limit` allows; `Retry-After` says when to come back.",
        "503": "There is no index yet, or the search took longer than it may.",
    }
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": answer,
            "304": {"description": "The answer that the visitor holds is still right."},
            **{status: _problem(said[status]) for status in problems},
        },
    }


def _problem(text: str) -> Schema:
    return {"description": text, "content": {"application/problem+json": {"schema": reference("Problem")}}}


def _parameter(name: str, schema: Schema, text: str) -> Schema:
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _repeated(name: str) -> Schema:
    values = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_VALUES}
    return _parameter(name, values, "May be repeated, which ORs the values.") | {"style": "form", "explode": True}


def _one_of(default: str, *others: str) -> Schema:
    # Forms send what was left empty, which counts as not given.
    return {"enum": [default, *others, ""], "default": default}


def _number(least: int, most: int, default: int = 1) -> Schema:
    return {"type": ["integer", "string"], "minimum": least, "maximum": most, "maxLength": 0, "default": default}
