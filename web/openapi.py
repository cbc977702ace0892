"""The API's own description, OpenAPI 3.1, made of the limits that requests are checked against."""

from __future__ import annotations

from typing import Any, get_args

from search import __version__
from search.query import MAX_HITS, MAX_SIZE, SORTS
from search.query.faults import MAX_CHARACTERS
from search.query.request import PAGE_SIZE, Collapse, Match
from search.results import CompletionKind
from search.suggest import MAX_COMPLETIONS
from search.timeline import INTERVALS, MAX_BUCKETS
from web.parameters import MAX_VALUES

Schema = dict[str, Any]

# Which years are leap years, and that one day comes before the other, is beyond what a pattern can say.
_DAY = (
    "^((?!0000)[0-9]{4}(-(0[1-9]|1[0-2]|02-(0[1-9]|1[0-9]|2[0-8])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|02-29))?)?$"
)
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_NUMBER: Schema = {"type": ["integer", "null"]}


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
        "components": {"schemas": _schemas()},
    }


def _search() -> Schema:
    return _operation(
        "search",
        "Ranked articles for a query, with facets and a timeline",
        [
            _parameter("q", _TEXT, f"What to search for, in the query language; {MAX_CHARACTERS} characters are read."),
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
        "503",
    )


def _suggest() -> Schema:
    text = _parameter("q", _TEXT, "What was typed so far.")
    return _operation("suggest", "What may be about to be typed", [text], "Completions", "503")


def _article() -> Schema:
    identifier = {"name": "id", "in": "path", "required": True, "schema": _TEXT, "description": "Of the article."}
    return _operation("article", "One article, its story and episodes", [identifier], "Coverage", "404", "503")


def _itself() -> Schema:
    answer = {"description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operationId": "openapi",
        "summary": "This document",
        "responses": {"200": answer, "304": {"description": "It is known already."}},
    }


def _health(name: str, text: str, properties: Schema) -> Schema:
    schema = _object(properties)
    answer = {"description": text, "content": {"application/json": {"schema": schema}}}
    return {"operationId": name, "summary": text, "responses": {"200": answer}}


def _readiness() -> Schema:
    found = _health(
        "ready",
        "There is an index, and it answers a query.",
        {"status": {"const": "ready"}, "generation": _TEXT, "articles": _COUNT},
    )
    found["responses"]["503"] = _problem("There is nothing to search yet, or it cannot be searched.")
    return found


def _operation(name: str, summary: str, parameters: list[Schema], schema: str, *problems: str) -> Schema:
    answer = {
        "description": f"{summary}.",
        "headers": {"ETag": {"schema": _TEXT, "description": "Of the generation and the request."}},
        "content": {"application/json": {"schema": _reference(schema)}},
    }
    said = {
        "400": "A parameter cannot be; `parameter` names it.",
        "404": "Nothing has this id.",
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
    return {"description": text, "content": {"application/problem+json": {"schema": _reference("Problem")}}}


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


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Schema, *optional: str) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(items: Schema, **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits}


def _schemas() -> Schema:
    span = {"type": "array", "prefixItems": [_COUNT, _COUNT], "minItems": 2, "maxItems": 2}
    story = _object({"id": _TEXT, "articles": _COUNT, "outlets": _COUNT})
    image = _object({"url": _TEXT, "width": _MAYBE_NUMBER, "height": _MAYBE_NUMBER})
    mention = {name: _article_fields()[name] for name in ("id", "url", "title", "provider", "published_at")}
    return {
        "Problem": _object(
            {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT, "parameter": _TEXT},
            "parameter",
        ),
        "Provider": _object({"name": _TEXT, "domain": _TEXT}),
        "Image": image,
        "Hit": _object({**_article_fields(), **_match_fields(span, story)}, "explanation"),
        "Page": _object(_page_fields()),
        "Completions": _object(
            {
                "query": _TEXT,
                "generation": _TEXT,
                "completions": _list(_completion(), maxItems=MAX_COMPLETIONS),
            }
        ),
        "Mention": _object(mention),
        "Coverage": _object(
            {**_article_fields(), "generation": _TEXT, "story": story, "episodes": _list(_episode(), minItems=1)}
        ),
    }


def _article_fields() -> Schema:
    return {
        "id": _TEXT,
        "url": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "excerpt": _TEXT,
        "provider": _reference("Provider"),
        "published_at": _MOMENT,
        "type": _MAYBE_TEXT,
        "category": _MAYBE_TEXT,
        "topics": _list(_TEXT),
        "quality": _MAYBE_NUMBER,
        "heat": _MAYBE_NUMBER,
        "is_published": {"type": ["boolean", "null"]},
        "image": {"anyOf": [_reference("Image"), {"type": "null"}]},
    }


def _match_fields(span: Schema, story: Schema) -> Schema:
    return {
        "score": {"type": "number", "minimum": 0},
        "highlights": _object({"title": _list(span), "excerpt": _list(span)}),
        "story": story,
        "also": _list(_object({"id": _TEXT, "provider": _TEXT, "url": _TEXT})),
        "more_from_domain": _COUNT,
        "explanation": _object(
            {"factors": {"type": "object", "additionalProperties": {"type": "number"}}, "sentence": _TEXT}
        ),
    }


def _page_fields() -> Schema:
    value = _object({"value": _TEXT, "count": _COUNT, "selected": {"type": "boolean"}})
    facets = _object(dict.fromkeys(("provider", "topic", "category", "type"), _list(value)))
    bucket = _object({"from": {"type": "string", "format": "date"}, "count": _COUNT})
    timeline = _object(
        {
            "interval": {"enum": list(INTERVALS)},
            "buckets": _list(bucket, maxItems=MAX_BUCKETS),
            "undated": _COUNT,
        }
    )
    return {
        "query": _TEXT,
        "total": _COUNT,
        "page": {"type": "integer", "minimum": 1},
        "size": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        "took_ms": {"type": "number", "minimum": 0},
        "generation": _TEXT,
        "notices": _list(_object({"code": _TEXT, "text": _TEXT})),
        "searched": _TEXT,
        "suggestion": _MAYBE_TEXT,
        "relaxed": {"type": "boolean"},
        "hits": _list(_reference("Hit"), maxItems=MAX_SIZE),
        "facets": {"anyOf": [facets, {"type": "object", "maxProperties": 0}]},
        "timeline": {"anyOf": [timeline, {"type": "null"}]},
    }


def _completion() -> Schema:
    kind = {"enum": list(get_args(CompletionKind))}
    return _object({"text": _TEXT, "kind": kind, "hits": {"type": "integer", "minimum": 1}, "query": _TEXT})


def _episode() -> Schema:
    return _object(
        {"from": _MOMENT, "to": _MOMENT, "outlets": _COUNT, "articles": _list(_reference("Mention"), minItems=1)}
    )
