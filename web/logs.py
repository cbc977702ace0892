"""What is written down of requests: where the time went, and never who asked what."""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime

import orjson
from flask import Flask, Response, g, request

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

    @app.after_request
    def note(response: Response) -> Response:
        took = round(1000 * (time.perf_counter() - g.began), 1)
        if slow_query_ms and took >= slow_query_ms:
            facts = _facts(response, took) | {"words": len(request.args.get("q", "").split())}
            _logger.warning("slow: %s", orjson.dumps(facts).decode(), extra={"facts": facts})
        elif log_json:
            _logger.info("answered", extra={"facts": _facts(response, took)})
        return response


def _facts(response: Response, took: float) -> dict[str, object]:
    route = request.url_rule.rule if request.url_rule else "unknown"
    return {"route": route, "method": request.method, "status": response.status_code, "ms": took}


def _write_json(app: Flask) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for logger in (_logger, app.logger):
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)
