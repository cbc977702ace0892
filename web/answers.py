"""How an answer is sent: as JSON, and not at all where the visitor has it already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import orjson
from flask import Response, current_app, request


def as_json(value: Mapping[str, object], *, status: int = 200, mimetype: str = "application/json") -> Response:
    """Send *value*."""
    return json_bytes(orjson.dumps(value), status=status, mimetype=mimetype)


def json_bytes(content: bytes, *, status: int = 200, mimetype: str = "application/json") -> Response:
    """Send what is JSON already."""
    return Response(content, status=status, mimetype=mimetype)


def unless_known(generation: str, asked: object, answer: Callable[[], Response]) -> Response:
    """Send what *answer* makes, or 304 without making it where the visitor holds it already.

    A new *generation* makes every answer new; *asked* is the request as a checked value, whose repr tells it from any
    other.
    """
    tag = _tag(generation, asked)
    known = request.if_none_match
    # "*" asks whether there is any answer at all, which only making it can tell.
    is_known = known.contains_weak(tag) and not known.star_tag
    response = Response(status=304) if is_known else answer()
    # Weak, since two answers differ in the time they took.
    response.set_etag(tag, weak=True)
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def _tag(generation: str, asked: object) -> str:
    parts = (current_app.config["BUILD"], str(request.endpoint), generation, repr(asked))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
