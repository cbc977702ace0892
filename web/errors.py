"""Errors to answers, in one table: problem+json for programs, a page that says the same for people."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from search.errors import (
    BadParameterError,
    IndexDamagedError,
    IndexUnreadableError,
    NoIndexError,
    NotFoundError,
    SearchTimeoutError,
    SeedError,
)
from web import links
from web.answers import as_json
from web.limiting import TooManyRequestsError
from web.parameters import typed_text

#: Seconds after which asking again may help where there is no index, and where there was too little time.
RETRY_AFTER = 30
RETRY_SEARCH_AFTER = 5
#: What routing finds out, in plain words.
_SENTENCES = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address can only be read: use GET or HEAD",
}
#: Where programs ask; everything else is read by people.
#: What of a search that failed is worth keeping beside its text.
_KEPT = frozenset({*links.FACETS, "from", "to", "sort", "match", "collapse", "diversity"})
_FEEDS = (".atom", ".json")
_FOR_PROGRAMS = ("/api/", "/feed.", "/healthz", "/metrics", "/opensearch", "/queries/", "/readyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as RFC 9457 writes it."""

    status: int
    type: str = "about:blank"
    title: str
    detail: str
    #: The parameter that is to blame.
    parameter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What one kind of error becomes; *detail* stands in for a sentence that names folders of the server."""

    status: HTTPStatus
    name: str
    title: str
    detail: str | None = None
    #: Seconds after which asking again may help.
    retry_after: int | None = None


_KINDS: dict[type[Exception], _Kind] = {
    BadParameterError: _Kind(status=HTTPStatus.BAD_REQUEST, name="bad-parameter", title="Bad parameter"),
    NotFoundError: _Kind(status=HTTPStatus.NOT_FOUND, name="unknown-id", title="Not found"),
    NoIndexError: _Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        name="no-index",
        title="No index yet",
        detail="there is nothing to search yet: run `reindex` first",
        retry_after=RETRY_AFTER,
    ),
    IndexUnreadableError: _Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        name="index-unreadable",
        title="Unreadable index",
        detail="the index cannot be read just now: try again",
        retry_after=RETRY_AFTER,
    ),
    IndexDamagedError: _Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        name="index-damaged",
        title="Damaged index",
        detail="the index is damaged: run `reindex` to build it anew",
        retry_after=RETRY_AFTER,
    ),
    SeedError: _Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        name="broken-query",
        title="Broken saved query",
        detail="this saved query cannot be read: `reindex --check` says why",
    ),
    TooManyRequestsError: _Kind(
        status=HTTPStatus.TOO_MANY_REQUESTS, name="too-many-requests", title="Too many requests"
    ),
    SearchTimeoutError: _Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        name="search-timeout",
        title="Search took too long",
        retry_after=RETRY_SEARCH_AFTER,
    ),
}


def install(app: Flask) -> None:
    """Let every error of *app* be answered from the table."""
    for kind in _KINDS:
        app.register_error_handler(kind, _answer_known)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer_known(error: Exception) -> Response:
    kind = next(_KINDS[parent] for parent in type(error).__mro__ if parent in _KINDS)
    response = _send(
        Problem(
            status=kind.status,
            type=f"urn:lede:problem:{kind.name}",
            title=kind.title,
            detail=kind.detail or str(error),
            parameter=getattr(error, "name", None),
        )
    )
    retry_after = getattr(error, "retry_after", kind.retry_after)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _answer_http(error: HTTPException) -> Response:
    """Answer what routing found out: an unknown path, a wrong method."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    response = _send(Problem(status=status, title=status.phrase, detail=_SENTENCES.get(status, status.phrase)))
    allowed = dict(error.get_headers()).get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _answer_unexpected(error: Exception) -> Response:
    """Answer a fault of ours. The message stays out of the log too: it may repeat what somebody searched for."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    current_app.logger.error("%s in %s:\n%s", type(error).__name__, request.endpoint, frames)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _send(Problem(status=status, title=status.phrase, detail="something went wrong on our side; it is logged"))


def _asked_beside(parameter: str | None) -> list[tuple[str, str]]:
    """Return what a search was asked for but what is to blame, so that nobody has to type or choose it again."""
    if request.endpoint != "pages.search":
        return []
    others = [(name, value) for name, value in request.args.items(multi=True) if name in _KEPT and name != parameter]
    return [("q", typed_text(request.args)), *others]


def _send(problem: Problem) -> Response:
    if request.path.startswith(_FOR_PROGRAMS) or request.path.endswith(_FEEDS):
        wire = {"type": problem.type, "title": problem.title, "status": int(problem.status), "detail": problem.detail}
        more = {"parameter": problem.parameter} if problem.parameter else {}
        response = as_json(wire | more, status=problem.status, mimetype="application/problem+json")
    else:
        page = render_template("error.html", problem=problem, state=_asked_beside(problem.parameter))
        response = Response(page, status=problem.status)
    response.cache_control.no_store = True
    return response
