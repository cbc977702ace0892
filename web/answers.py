"""How an answer is sent: as JSON, and not at all where the visitor has it already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

import orjson
from flask import Flask, Response, current_app, g, request

from search.engine import Reader
from search.query import Query
from web.cache import Answer, AnswerCache

_KEY = "lede.answers"
#: Where the exception is that the answer to a request ended with, before the application was asked, and when it began.
FAILED, BEGAN = "lede.failed", "lede.began"
#: Whoever keeps an answer asks each time whether it still holds.
FRESHNESS = "no-cache"
JSON, HTML = "application/json", "text/html; charset=utf-8"


def install(app: Flask, cache_bytes: int, min_packed: int) -> None:
    """Let *app* remember answers to searches, in so many bytes; none shorter than *min_packed* is sent packed."""
    app.extensions[_KEY] = AnswerCache(cache_bytes, min_packed)


def as_json(value: Mapping[str, object], *, status: int = 200, mimetype: str = JSON) -> Response:
    """Send *value*."""
    return Response(orjson.dumps(value), status=status, content_type=mimetype)


def answer_search(  # noqa: PLR0913 - the request is as a whole what they say, all but three by name
    reader: Reader,
    read: Callable[[], Query],
    write: Callable[[Query], bytes],
    *,
    content_type: str,
    template: str = "",
    is_daily: bool = False,
    is_typing: bool = False,
) -> Response:
    """Send what a search gives, as it was given before where it was; 304 where the visitor holds it already.

    Args:
        reader: whose answer it is.
        read: makes the query of the request.
        write: answers it; what it raises is never remembered.
        content_type: of what it writes.
        template: of what it writes, where an endpoint has several.
        is_daily: whether every day makes every answer new.
        is_typing: whether this is one of many requests while somebody types.
    """
    generation, cache = reader.generation, cache_of(current_app)
    # As it was spelt, since what is found so never has to be read.
    asked = key(request.environ)
    answer = cache.find(generation, asked)
    if answer and not is_of_today(answer):
        answer = None
    g.is_remembered = answer is not None
    if answer is None:
        query, day = read(), today() if is_daily else ""
        tag = _tag_of(generation + day + template, query)
        if _is_known(tag):
            return _tagged(Response(status=304), tag)
        route = request.url_rule.rule if request.url_rule else ""
        if failed := request.environ.get(FAILED):
            raise failed
        answer = cache.find_same(generation, asked, tag)
        g.is_remembered = answer is not None
        if answer is None:
            answer = Answer(tag, write(query), content_type, route, is_typing, day)
            cache.keep(generation, asked, answer)
    return _tagged(Response(answer.content, content_type=content_type), answer.tag)


def cache_of(app: Flask) -> AnswerCache:
    """Return what *app* remembers."""
    return cast("AnswerCache", app.extensions[_KEY])


def key(environ: Mapping[str, str]) -> str:
    """Return by what the answer to a request is remembered."""
    return f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')}"


def is_of_today(answer: Answer) -> bool:
    """Tell whether an answer still holds."""
    return not answer.day or answer.day == today()


def today() -> str:
    """Name what ages are counted from, which makes yesterday's pages old."""
    return datetime.now(UTC).date().isoformat()


def send_content(content: bytes, content_type: str) -> Response:
    """Send *content*, or 304 where the visitor holds just that: not each generation makes it new.

    No date is said: an article that is corrected, or comes late, has an older one than what a visitor may know.
    """
    response = Response(content, content_type=content_type)
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.headers["Cache-Control"] = FRESHNESS
    response.make_conditional(request)
    return response


def unless_known(generation: str, asked: object, answer: Callable[[], Response]) -> Response:
    """Send what *answer* makes, or 304 without making it where the visitor holds it already.

    A new *generation* makes every answer new; *asked* is the request as a checked value, whose repr tells it from any
    other.
    """
    tag = _tag_of(generation, asked)
    return _tagged(Response(status=304) if _is_known(tag) else answer(), tag)


def weak(tag: str) -> str:
    """Write a tag as a weak one, since two answers differ in the time they took."""
    return f'W/"{tag}"'


def _is_known(tag: str) -> bool:
    if "HTTP_IF_NONE_MATCH" not in request.environ:
        return False
    known = request.if_none_match
    # "*" asks whether there is any answer at all, which only making it can tell.
    return known.contains_weak(tag) and not known.star_tag


def _tagged(response: Response, tag: str) -> Response:
    response.headers["ETag"] = weak(tag)
    response.headers["Cache-Control"] = FRESHNESS
    if "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request)
    return response


def _tag_of(generation: str, asked: object) -> str:
    return make_tag(current_app, str(request.endpoint), generation, asked)


def make_tag(app: Flask, endpoint: str, generation: str, asked: object) -> str:
    """Return what tells an answer from any other; *asked* is the request as a checked value."""
    parts = (app.config["BUILD"], endpoint, generation, repr(asked))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
