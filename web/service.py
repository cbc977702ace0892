"""The one door between the web and the index."""

from __future__ import annotations

import threading
from typing import cast

from flask import Flask, current_app

from search.engine import Engine, Reader
from search.index import Index

_KEY = "lede.service"


class Service:
    """The newest generation of an engine's index, opened once there is one. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._index: Index | None = None
        self._lock = threading.Lock()

    def reader(self) -> Reader:
        """Return the newest generation.

        Raises:
            NoIndexError: If nothing was ever published.
            IndexDamagedError: If no published generation is whole.
        """
        index = self._index or self._open()
        index.refresh()
        return index.reader

    def _open(self) -> Index:
        with self._lock:
            if self._index is None:
                self._index = Index(self._engine)
            return self._index


def service_of(app: Flask) -> Service:
    """Return what *app* answers from."""
    return cast("Service", app.extensions[_KEY])


def install(app: Flask, engine: Engine) -> None:
    """Let *app* answer from *engine*."""
    app.extensions[_KEY] = Service(engine)


def current_reader() -> Reader:
    """Return the newest generation; a request asks once and holds on to it, so that its answers fit together."""
    return cast("Service", current_app.extensions[_KEY]).reader()
