"""Answers of the API's search, and all that are remembered, sent before Flask makes anything of a request.

An optimisation: skip it at first. What it sends is what the application would send, to the last header, and it is
counted and written down alike. Whatever it is not sure of, the application answers; what fails here fails there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus

import zstandard
from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict

from search.engine import Reader
from search.errors import LedeError
from search.query import Query
from search.wire import page_to_json
from web.answers import BEGAN, FAILED, FRESHNESS, JSON, cache_of, is_of_today, key, make_tag, weak
from web.cache import Answer
from web.compression import MIN_BYTES, pack, wanted
from web.limiting import TooManyRequestsError, limiter_of
from web.logs import log_of
from web.metrics import figures_of
from web.parameters import api_query
from web.service import service_of

Environ = dict[str, Any]
#: As the application knows it.
SEARCH_PATH, SEARCH_ENDPOINT = "/api/v1/search", "api.search"
#: What asks for something else than the answer as it is.
_CONDITIONS = frozenset({"HTTP_IF_NONE_MATCH", "HTTP_RANGE"})


def install(app: Flask, *, except_below: Collection[str] = ()) -> None:
    """Let *app*, to which everything else was added, send what it remembers; not what is *except_below* some paths."""
    answer, front = app.wsgi_app, Front(app, tuple(except_below))

    def first(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        found = front.find(environ)
        if found is None:
            return answer(environ, start_response)
        headers, content = found
        start_response("200 OK", headers)
        return [content]

    app.wsgi_app = first  # type: ignore[method-assign] # as Flask documents it


class Front:
    """Knows what it may send without asking the application."""

    def __init__(self, app: Flask, except_below: tuple[str, ...]) -> None:
        self._app, self._service, self._cache = app, service_of(app), cache_of(app)
        self._limiter, self._figures, self._log = limiter_of(app), figures_of(app), log_of(app)
        self._except_below = except_below

    def find(self, environ: Environ) -> tuple[list[tuple[str, str]], bytes] | None:
        """Return the headers and the content of the answer, None where the application has to answer."""
        began = time.perf_counter()
        if environ["REQUEST_METHOD"] != "GET" or not _CONDITIONS.isdisjoint(environ):
            return None
        encoding = wanted(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if encoding not in {None, "zstd"} or environ.get("PATH_INFO", "").startswith(self._except_below):
            return None
        kept = self._kept(environ, packed=encoding is not None)
        if kept and self._is_allowed(environ, is_typing=kept.is_typing):
            answer, content, is_packed, is_remembered = kept, kept.content, kept.is_packed, True
            if is_packed and zstandard.frame_content_size(content) < MIN_BYTES:
                content, is_packed = zstandard.decompress(content), False
        elif kept is None and (read := self._read(environ, began)):
            answer, is_remembered = read
            is_packed = encoding is not None and len(answer.content) >= MIN_BYTES
            content = pack(answer.content, "zstd") if is_packed else answer.content
        else:
            return None
        self._note(answer.route, environ, time.perf_counter() - began, is_remembered=is_remembered)
        return _headers(answer, content, is_packed=is_packed), content

    def _kept(self, environ: Environ, *, packed: bool) -> Answer | None:
        asked = key(environ)
        reader = self._reader() if asked in self._cache else None
        kept = self._cache.find(reader.generation, asked, packed=packed) if reader else None
        return kept if kept and is_of_today(kept) else None

    def _read(self, environ: Environ, began: float) -> tuple[Answer, bool] | None:
        """Return the answer to a search by the API, and whether it was given before; None for any other request."""
        reader = self._reader() if environ.get("PATH_INFO") == SEARCH_PATH else None
        # A visit counts once: whoever is allowed here is not counted by the application.
        if reader is None or not self._is_allowed(environ, is_typing=False):
            return None
        try:
            query = api_query(_arguments(environ))
            tag = make_tag(self._app, SEARCH_ENDPOINT, reader.generation, query)
            same = self._cache.find_same(reader.generation, key(environ), tag)
            return (same, True) if same else (self._made(environ, reader, query, tag), False)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the application knows what to say
            environ[FAILED], environ[BEGAN] = exc, began
            return None

    def _made(self, environ: Environ, reader: Reader, query: Query, tag: str) -> Answer:
        made = Answer(tag, page_to_json(reader.search(query)), JSON, SEARCH_PATH)
        self._cache.keep(reader.generation, key(environ), made)
        return made

    def _reader(self) -> Reader | None:
        try:
            return self._service.reader()
        except LedeError:
            return None

    def _is_allowed(self, environ: Environ, *, is_typing: bool) -> bool:
        visitor = self._limiter.visitor(environ) if self._limiter else None
        try:
            if self._limiter and visitor:
                self._limiter.check(visitor, is_typing=is_typing)
        except TooManyRequestsError:
            # It is not counted, and the application says how long to wait.
            return False
        return True

    def _note(self, route: str, environ: Environ, seconds: float, *, is_remembered: bool) -> None:
        self._figures.note(route, "GET", 200, seconds)
        self._figures.note_search(is_remembered=is_remembered)
        self._log.note(route, "GET", 200, seconds, lambda: parse_qs(environ.get("QUERY_STRING", "")).get("q", [""])[0])


def _arguments(environ: Environ) -> ImmutableMultiDict[str, str]:
    """Read the parameters as Flask's request does, which takes longer to make than they do."""
    text = environ.get("QUERY_STRING", "").encode("latin-1").decode()
    name, equals, value = text.partition("=")
    if name == "q" and equals and "&" not in value:
        # Nothing else is said by most.
        return ImmutableMultiDict({name: unquote_plus(value, errors="werkzeug.url_quote")})
    return ImmutableMultiDict(parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"))


def _headers(answer: Answer, content: bytes, *, is_packed: bool) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(content))),
        ("ETag", weak(answer.tag)),
        ("Cache-Control", FRESHNESS),
        ("Vary", "Accept-Encoding"),
    ]
    return [*headers, ("Content-Encoding", "zstd")] if is_packed else headers
