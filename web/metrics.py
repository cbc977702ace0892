"""Figures for Prometheus: of requests, of what is remembered, and of the index. No text, no address of a visitor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from search.cache import count_refused
from search.errors import LedeError
from web.answers import BEGAN
from web.service import current_reader

#: Names the folder that the processes of a server share: their figures are there, so that each can tell those of all,
#: and how often visitors asked. One process needs none.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
#: Seconds: from an answer that was remembered to one that was nearly given up.
BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_KEY = "lede.metrics"


class Figures:
    """What is counted while requests are answered."""

    def __init__(self) -> None:
        # The library looks for the folder when it is imported, which is before a server has made one.
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self._requests = Counter("lede_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "lede_request_seconds", "Time to answer a request.", ("route",), registry=self.registry, buckets=BUCKETS
        )
        self._answers = Counter(
            "lede_answers", "Searches answered: remembered, or searched.", ("from",), registry=self.registry
        )
        # Looking a child up by its labels takes longer than counting.
        self._count = lru_cache(maxsize=1024)(self._requests.labels)
        self._observe = lru_cache(maxsize=256)(self._seconds.labels)
        self._remembered, self._searched = self._answers.labels("memory"), self._answers.labels("index")

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._count(route, method, str(status)).inc()
        self._observe(route).observe(seconds)

    def note_search(self, *, is_remembered: bool) -> None:
        """Count a search that was answered, as it was before or anew."""
        (self._remembered if is_remembered else self._searched).inc()


class _Index(Collector):
    """What is served at this moment, which every process knows alike."""

    def collect(self) -> Iterable[Metric]:
        """Look at the index; nothing is told of one that cannot be opened."""
        try:
            statistics = current_reader().statistics()
        except LedeError:
            yield GaugeMetricFamily("lede_index_ready", "Whether there is an index.", value=0)
            return
        refused = count_refused(current_app.config["INDEX"])
        yield GaugeMetricFamily("lede_index_ready", "Whether there is an index.", value=1)
        yield GaugeMetricFamily("lede_articles", "Articles served.", value=statistics.articles)
        yield GaugeMetricFamily("lede_stories", "Stories of two articles or more.", value=statistics.stories)
        yield GaugeMetricFamily("lede_index_bytes", "Size of the index on disk.", value=statistics.size_bytes)
        yield GaugeMetricFamily("lede_refused_seeds", "Seeds refused by the last reindex.", value=refused)
        generation = GaugeMetricFamily("lede_index_generation", "The generation served.", labels=["generation"])
        generation.add_metric([statistics.generation], 1)
        yield generation


def figures_of(app: Flask) -> Figures:
    """Return what *app* has counted in this process."""
    return cast("Figures", app.extensions[_KEY])


def install(app: Flask) -> None:
    """Count the requests of *app*."""
    figures = app.extensions[_KEY] = Figures()

    @app.before_request
    def begin() -> None:
        g.began = request.environ.get(BEGAN) or time.perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unknown"
        figures.note(route, request.method, response.status_code, time.perf_counter() - g.began)
        if "is_remembered" in g:
            figures.note_search(is_remembered=g.is_remembered)
        return response


def tell() -> Response:
    """Return all figures, those of the other processes of the server among them."""
    registry = CollectorRegistry()
    if FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Those(figures_of(current_app)))
    registry.register(_Index())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Those(Collector):
    """What this process has counted."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Pass on what was counted."""
        return self._figures.registry.collect()
