"""Which other sites' scripts may read the API; none, unless they are named."""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, request

#: Below this is what scripts may read.
PREFIX = "/api/"
#: Seconds that a browser may remember what it was allowed.
MAX_AGE = 3600


def install(app: Flask, origins: Collection[str]) -> None:
    """Let scripts of *origins* read the API, without credentials; ``*`` is everybody."""
    if not origins:
        return

    @app.after_request
    def allow(response: Response) -> Response:
        if request.path.startswith(PREFIX):
            _allow(response, request.headers.get("Origin", ""), origins)
        return response


def _allow(response: Response, origin: str, origins: Collection[str]) -> None:
    if "*" not in origins:
        # What is kept for one site must not be given to another.
        response.vary.add("Origin")
        if origin.lower() not in origins:
            return
    # Said around the application, the other answer would stand beside this one.
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
        response.headers["Access-Control-Max-Age"] = str(MAX_AGE)
