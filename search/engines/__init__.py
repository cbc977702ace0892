"""The engines, by name; only an engine's own package imports that engine's library."""

from __future__ import annotations

from pathlib import Path

from search.engine import Engine
from search.engines.whoosh import WhooshEngine
from search.errors import SettingsError
from search.settings import TIME_BUDGET

#: Their names.
ENGINES = ("whoosh",)


def make_engine(name: str, folder: Path, *, time_budget: float = TIME_BUDGET) -> Engine:
    """Return the engine called *name*, holding its index in *folder*; a search may take *time_budget* seconds.

    Raises:
        SettingsError: If there is no such engine.
    """
    check_engine(name)
    return WhooshEngine(folder, seconds=time_budget)


def check_engine(name: str) -> None:
    """See whether there is an engine called *name*.

    Raises:
        SettingsError: If there is no such engine.
    """
    if name not in ENGINES:
        msg = f"unknown engine {name!r}; the engines are {', '.join(ENGINES)}"
        raise SettingsError(msg)
