"""How an answer is sent: as JSON, and not at all where the visitor has it already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import cast

import orjson
from flask import Flask, Response, current_app, g, request

from search.engine import Reader
from search.query import Query
from web.cache import Answer, AnswerCache

_KEY = "lede.answers"
JSON, HTML = "application/json", "text/html; charset=utf-8"


def install(app: Flask, cache_bytes: int) -> None:
    """Let *app* remember answers to searches, in so many bytes."""
    app.extensions[_KEY] = AnswerCache(cache_bytes)


def as_json(value: Mapping[str, object], *, status: int = 200, mimetype: str = JSON) -> Response:
    """Send *value*."""
    return Response(orjson.dumps(value), status=status, content_type=mimetype)


def answer_search(
    reader: Reader, read: Callable[[], Query], write: Callable[[Query], bytes], *, content_type: str, edition: str = ""
) -> Response:
    """Send what a search gives, as it was given before where it was; 304 where the visitor holds it already.

    Args:
        reader: whose answer it is.
        read: makes the query of the request.
        write: answers it; what it raises is never remembered.
        content_type: of what it writes.
        edition: what else the answer depends on; another one makes every answer new.
    """
    generation = reader.generation + edition
    cache = cast("AnswerCache", current_app.extensions[_KEY])
    # As it was spelt: the same search in another spelling is worth less than never having to read it.
    asked = f"{request.path}?{request.environ.get('QUERY_STRING', '')}"
    answer = cache.find(generation, asked)
    g.is_remembered = answer is not None
    if answer is None:
        query = read()
        tag = _tag(generation, query)
        if _is_known(tag):
            return _tagged(Response(status=304), tag)
        answer = Answer(tag, write(query))
        cache.keep(generation, asked, answer)
    return _tagged(Response(answer.content, content_type=content_type), answer.tag)


def send_content(content: bytes, content_type: str) -> Response:
    """Send *content*, or 304 where the visitor holds just that: not each generation makes it new.

    No date is said: an article that is corrected, or comes late, has an older one than what a visitor may know.
    """
    response = Response(content, content_type=content_type)
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


def unless_known(generation: str, asked: object, answer: Callable[[], Response]) -> Response:
    """Send what *answer* makes, or 304 without making it where the visitor holds it already.

    A new *generation* makes every answer new; *asked* is the request as a checked value, whose repr tells it from any
    other.
    """
    tag = _tag(generation, asked)
    return _tagged(Response(status=304) if _is_known(tag) else answer(), tag)


def _is_known(tag: str) -> bool:
    if "HTTP_IF_NONE_MATCH" not in request.environ:
        return False
    known = request.if_none_match
    # "*" asks whether there is any answer at all, which only making it can tell.
    return known.contains_weak(tag) and not known.star_tag


def _tagged(response: Response, tag: str) -> Response:
    # Weak, since two answers differ in the time they took.
    response.headers["ETag"] = f'W/"{tag}"'
    response.headers["Cache-Control"] = "no-cache"
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def _tag(generation: str, asked: object) -> str:
    parts = (current_app.config["BUILD"], str(request.endpoint), generation, repr(asked))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
