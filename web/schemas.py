"""The shapes of the API's answers, as JSON schemas that say what each field means."""

from __future__ import annotations

from typing import Any, get_args

from search.query import MAX_SIZE
from search.results import CompletionKind
from search.suggest import MAX_COMPLETIONS
from search.timeline import INTERVALS, MAX_BUCKETS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_NUMBER: Schema = {"type": ["integer", "null"]}
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_GENERATION: Schema = TEXT | {"description": "The state of the index that answered."}


def reference(name: str, text: str = "") -> Schema:
    """Point to the shape of that name."""
    return {"$ref": f"#/components/schemas/{name}"} | ({"description": text} if text else {})


def record(properties: Schema, *optional: str) -> Schema:
    """Describe an object with these fields and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def shapes() -> Schema:
    """Return every shape that has a name."""
    mention = {name: _article()[name] for name in ("id", "url", "title", "provider", "published_at")}
    return {
        "Page": record(_page()),
        "Hit": record({**_article(), **_match()}, "explanation"),
        "Facets": record(dict.fromkeys(("provider", "topic", "category", "type"), _rows(_facet()))),
        "Timeline": record(_timeline()),
        "Completions": record(_completions()),
        "Coverage": record(_coverage()),
        "Episode": record(_episode()),
        "Mention": record(mention),
        "Story": record(_story()),
        "Provider": record({"name": TEXT, "domain": _said(TEXT, "Without `www.`; the URL's, unless the seed says.")}),
        "Image": record({"url": TEXT, "width": _MAYBE_NUMBER, "height": _MAYBE_NUMBER}),
        "Problem": record(_problem(), "parameter"),
    }


def _rows(items: Schema, text: str = "", **limits: int) -> Schema:
    return {"type": "array", "items": items, **limits} | ({"description": text} if text else {})


def _said(schema: Schema, text: str) -> Schema:
    return schema | {"description": text}


def _page() -> Schema:
    notice = record({"code": TEXT, "text": TEXT})
    facets = [reference("Facets"), {"type": "object", "maxProperties": 0}]
    return {
        "query": _said(TEXT, "As it was asked."),
        "searched": _said(TEXT, "What was really searched, in the query language."),
        "total": _said(COUNT, "Every article that matches, folded copies included."),
        "page": {"type": "integer", "minimum": 1},
        "size": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        "took_ms": {"type": "number", "minimum": 0, "description": "Milliseconds that the search took."},
        "generation": _GENERATION,
        "notices": _rows(notice, "What of the request was ignored, cut or read differently, in plain words."),
        "suggestion": _said(_MAYBE_TEXT, "The corrected query, where misspelt words were corrected."),
        "relaxed": _said(_FLAG, "No article has all words; these have at least half of them."),
        "hits": _rows(reference("Hit"), "The best first.", maxItems=MAX_SIZE),
        "facets": {"anyOf": facets, "description": "Of all matches; empty where they were not asked for."},
        "timeline": {"anyOf": [reference("Timeline"), {"type": "null"}], "description": "All matches over time."},
    }


def _article() -> Schema:
    return {
        "id": _said(TEXT, "Short and stable; a hash of the canonical URL."),
        "url": {"type": "string", "format": "uri-reference"},
        "title": TEXT,
        "excerpt": TEXT,
        "provider": reference("Provider"),
        "published_at": _said(_MOMENT, "UTC."),
        "type": _said(_MAYBE_TEXT, "As `article` or `video`."),
        "category": _said(_MAYBE_TEXT, "As `news` or `event`."),
        "topics": _rows(TEXT),
        "quality": _said(_MAYBE_NUMBER, "The editors' grade."),
        "heat": _MAYBE_NUMBER,
        "is_published": _said({"type": ["boolean", "null"]}, "The editors' flag."),
        "image": {"anyOf": [reference("Image"), {"type": "null"}]},
    }


def _match() -> Schema:
    span = {"type": "array", "prefixItems": [COUNT, COUNT], "minItems": 2, "maxItems": 2}
    copy = record({"id": TEXT, "provider": TEXT, "url": TEXT})
    factors = {"type": "object", "additionalProperties": {"type": "number"}}
    explanation = record({"factors": _said(factors, "Their product is the score."), "sentence": TEXT})
    return {
        "score": {"type": "number", "minimum": 0},
        "highlights": record({"title": _rows(span), "excerpt": _rows(span)})
        | {"description": "Start and end of what matched, in Unicode code points of the plain text."},
        "story": reference("Story"),
        "also": _rows(copy, "Copies with the same title from the same story."),
        "more_from_domain": _said(COUNT, "Hits of the same domain that were moved down."),
        "explanation": _said(explanation, "Where it was asked for."),
    }


def _facet() -> Schema:
    return record({"value": TEXT, "count": COUNT, "selected": _FLAG})


def _timeline() -> Schema:
    bucket = record({"from": {"type": "string", "format": "date"}, "count": COUNT})
    return {
        "interval": {"enum": list(INTERVALS)},
        "buckets": _rows(bucket, maxItems=MAX_BUCKETS),
        "undated": _said(COUNT, "Matches without a date; with the buckets they make the total."),
    }


def _completions() -> Schema:
    completion = {
        "text": _said(TEXT, "To be shown."),
        "kind": {"enum": list(get_args(CompletionKind))},
        "hits": {"type": "integer", "minimum": 1, "description": "Articles that the query finds."},
        "query": _said(TEXT, "To be searched for."),
    }
    return {
        "query": _said(TEXT, "As it was typed."),
        "generation": _GENERATION,
        "completions": _rows(record(completion), "The likeliest first.", maxItems=MAX_COMPLETIONS),
    }


def _coverage() -> Schema:
    return {
        **_article(),
        "generation": _GENERATION,
        "story": reference("Story"),
        "episodes": _rows(reference("Episode"), "How the story was told, the first first.", minItems=1),
    }


def _story() -> Schema:
    return {"id": TEXT, "articles": COUNT, "outlets": _said(COUNT, "Distinct outlets, not mentions.")}


def _episode() -> Schema:
    return {"from": _MOMENT, "to": _MOMENT, "outlets": COUNT, "articles": _rows(reference("Mention"), minItems=1)}


def _problem() -> Schema:
    return {
        "type": _said(TEXT, "`urn:lede:problem:` and the kind of problem."),
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": _said(TEXT, "What is wrong, and what to do."),
        "parameter": _said(TEXT, "The name of the one that cannot be."),
    }
