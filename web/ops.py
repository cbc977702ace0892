"""What a supervisor asks: whether the process lives, and whether it can answer."""

from __future__ import annotations

from flask import Blueprint, Response

from search.query import Query, parse
from web import metrics
from web.answers import as_json
from web.service import current_reader

blueprint = Blueprint("ops", __name__)

_EVERYTHING = Query(parsed=parse(""), size=1, facets=False)


@blueprint.after_request
def never_keep(response: Response) -> Response:
    """Let nobody between answer for the server."""
    response.cache_control.no_store = True
    return response


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return as_json({"status": "ok"})


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Figures for Prometheus."""
    return metrics.tell()


@blueprint.get("/readyz")
def readyz() -> Response:
    """There is an index, and it answers a real query."""
    page = current_reader().search(_EVERYTHING)
    return as_json({"status": "ready", "generation": page.generation, "articles": page.total})
