"""Lede's web application: a search page and a JSON API over one index."""

from __future__ import annotations

import os
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from flask import Flask

from search.engine import Engine
from search.engines import make_engine
from search.settings import Settings, read_settings
from web import (
    answers,
    api,
    assets,
    compression,
    cors,
    errors,
    feeds,
    front,
    limiting,
    logs,
    metrics,
    ops,
    pages,
    security,
    service,
)


class Application(Flask):
    """Flask without asynchronous views: every hook would be looked at anew in each request, whether it is one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function."""
        return func


def create_app(settings: Settings | None = None, engine: Engine | None = None) -> Flask:
    """Put the application together.

    It starts without an index, and serves one as soon as it is there.

    Args:
        settings: read from ``lede.toml`` and the environment where not given.
        engine: the one that *settings* name where not given.

    Raises:
        SettingsError: If a setting cannot be.
    """
    app = Application(__name__)
    # An address has one spelling; any other is unknown, instead of a redirect.
    app.url_map.merge_slashes = False
    if settings is None:
        settings = Settings() if engine else read_settings({})
    if engine is None:
        engine = make_engine(settings.engine, settings.index, time_budget=settings.time_budget)
    service.install(app, engine)
    answers.install(app, settings.cache_bytes, compression.MIN_BYTES)
    assets.install(app)
    # Lines of a template that only steer are no part of the page, and would weigh a fifth of it.
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["shows_images"] = settings.images
    errors.install(app)
    metrics.install(app)
    rate = "" if settings.rate_limit == "off" else settings.rate_limit
    shared = os.environ.get(metrics.FOLDER)
    trusted = [ip_network(proxy) for proxy in settings.trusted_proxies]
    limiting.install(app, rate, trusted, Path(shared) if shared else None)
    cors.install(app, settings.cors_origins)
    compression.install(app)
    logs.install(app, log_json=settings.log_json, slow_query_ms=settings.slow_query_ms)
    app.config["BASE_URL"], app.config["INDEX"] = settings.base_url.rstrip("/"), settings.index
    app.config["QUERIES"] = settings.queries_folder
    for blueprint in (pages.blueprint, api.blueprint, feeds.blueprint, ops.blueprint):
        app.register_blueprint(blueprint)
    # The first is the last that anybody adds, but for what is said to browsers, whoever answers.
    front.install(app, except_below=[cors.PREFIX] if settings.cors_origins else [])
    security.install(app, images=settings.images)
    return app
