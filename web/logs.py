"""What is written down of requests: where the time went, and never who asked what."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import orjson
from flask import Flask, Response, g, request

_KEY = "lede.log"
_logger = logging.getLogger("lede")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts = getattr(record, "facts", {})
        line = {"time": moment, "level": record.levelname.lower(), "message": record.getMessage(), **facts}
        return orjson.dumps(line).decode()


def install(app: Flask, *, log_json: bool, slow_query_ms: int) -> None:
    """Let *app*, whose requests :mod:`web.metrics` times, write a line for each, if wanted, and for each slow one.

    Args:
        app: whose requests.
        log_json: write every request and every complaint as JSON, to standard error.
        slow_query_ms: milliseconds from which an answer was slow; 0 is never.
    """
    if log_json:
        _write_json(app)
    log = app.extensions[_KEY] = RequestLog(is_whole=log_json, slow_query_ms=slow_query_ms)

    @app.after_request
    def note(response: Response) -> Response:
        route, seconds = request.url_rule.rule if request.url_rule else "unknown", time.perf_counter() - g.began
        log.note(route, request.method, response.status_code, seconds, lambda: request.args.get("q", ""))
        return response


def log_of(app: Flask) -> RequestLog:
    """Return what the requests to *app* are written to."""
    return cast("RequestLog", app.extensions[_KEY])


class RequestLog:
    """Writes a line for each slow request, or for each at all.

    Args:
        is_whole: whether it is for each.
        slow_query_ms: milliseconds from which an answer was slow; 0 is never.
    """

    def __init__(self, *, is_whole: bool, slow_query_ms: int) -> None:
        self._is_whole, self._slow_query_ms = is_whole, slow_query_ms

    def note(self, route: str, method: str, status: int, seconds: float, asked: Callable[[], str]) -> None:
        """Write of one request, of what was *asked* only how many words."""
        took = round(1000 * seconds, 1)
        is_slow = self._slow_query_ms and took >= self._slow_query_ms
        if not is_slow and not self._is_whole:
            return
        facts: dict[str, object] = {"route": route, "method": method, "status": status, "ms": took}
        if is_slow:
            facts["words"] = len(asked().split())
            _logger.warning("slow: %s", orjson.dumps(facts).decode(), extra={"facts": facts})
        else:
            _logger.info("answered", extra={"facts": facts})


def _write_json(app: Flask) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for logger in (_logger, app.logger):
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)
