"""Static files, kept by browsers for a year, since their address changes with the program."""

from __future__ import annotations

import hashlib
from importlib import resources
from importlib.resources.abc import Traversable

from flask import Flask, Response, request

_YEAR = 365 * 24 * 3600


def install(app: Flask) -> None:
    """Put the build into static addresses and give those a long life."""
    build = build_id()
    app.config["BUILD"] = build

    @app.url_defaults
    def add_build(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values["v"] = build

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and request.args.get("v") == build and response.status_code < 400:  # noqa: PLR2004
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.max_age = _YEAR
            response.cache_control.immutable = True
        return response


def build_id() -> str:
    """Hash the program's own files: after an upgrade nobody is told that an answer is unchanged."""
    digest = hashlib.sha256()
    for package in ("search", "web"):
        _feed(digest, resources.files(package))
    return digest.hexdigest()[:12]


def _feed(digest: hashlib._Hash, folder: Traversable) -> None:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            _feed(digest, entry)
        elif entry.is_file():
            digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
