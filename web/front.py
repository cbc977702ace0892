"""Answers that are remembered, sent before anything is made of a request. An optimisation: skip it at first.

What it sends is what the application would send, to the last header, and it is counted and written down alike. Whatever
it is not sure of, the application answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import parse_qs

import zstandard
from flask import Flask

from search.errors import LedeError
from web.answers import FRESHNESS, cache_of, is_of_today, key, weak
from web.cache import Answer
from web.compression import MIN_BYTES, wanted
from web.limiting import TooManyRequestsError, limiter_of
from web.logs import log_of
from web.metrics import figures_of
from web.service import service_of

Environ = dict[str, Any]
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
        self._service, self._cache = service_of(app), cache_of(app)
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
        kept = self._kept(environ)
        if kept is None or not self._is_allowed(environ, is_typing=kept.is_typing):
            return None
        headers, content = self._as_sent(kept, is_packed=encoding is not None)
        self._note(kept.route, environ, time.perf_counter() - began)
        return headers, content

    def _kept(self, environ: Environ) -> Answer | None:
        asked = key(environ)
        if asked not in self._cache:
            return None
        try:
            generation = self._service.reader().generation
        except LedeError:
            return None
        kept = self._cache.find(generation, asked, packed=True)
        return kept if kept and is_of_today(kept) else None

    def _is_allowed(self, environ: Environ, *, is_typing: bool) -> bool:
        visitor = self._limiter.visitor(environ) if self._limiter else None
        try:
            if self._limiter and visitor:
                self._limiter.check(visitor, is_typing=is_typing)
        except TooManyRequestsError:
            # It is not counted, and the application says how long to wait.
            return False
        return True

    def _as_sent(self, kept: Answer, *, is_packed: bool) -> tuple[list[tuple[str, str]], bytes]:
        is_packed = is_packed and zstandard.frame_content_size(kept.content) >= MIN_BYTES
        content = kept.content if is_packed else self._cache.unpacked(kept)
        headers = [
            ("Content-Type", kept.content_type),
            ("Content-Length", str(len(content))),
            ("ETag", weak(kept.tag)),
            ("Cache-Control", FRESHNESS),
            ("Vary", "Accept-Encoding"),
        ]
        return [*headers, ("Content-Encoding", "zstd")] if is_packed else headers, content

    def _note(self, route: str, environ: Environ, seconds: float) -> None:
        self._figures.note(route, "GET", 200, seconds)
        self._figures.note_search(is_remembered=True)
        self._log.note(route, "GET", 200, seconds, lambda: parse_qs(environ.get("QUERY_STRING", "")).get("q", [""])[0])
