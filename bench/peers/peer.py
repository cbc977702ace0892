"""What every search engine under comparison can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from queries import Query

#: One line of the corpus, as JSON gives it.
Seed = dict[str, Any]
Facets = dict[str, dict[str, int]]

#: Hits that are asked for.
SIZE = 10
#: Fields that words are searched in, and how much more a word in the title counts where weights can be set.
TEXTS = ("title", "excerpt", "provider", "topics")
WEIGHTS = (2.0, 1.0, 1.0, 1.0)
#: What facets are counted of; the month stands for the timeline.
FACETS = ("provider_name", "topic", "category", "type", "month")


class UnsupportedError(Exception):
    """This engine has no such query."""


class MissingError(Exception):
    """This engine is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The first hits, and how many there are."""

    #: URLs of the best ten.
    ids: tuple[str, ...]
    #: Exact.
    total: int
    #: Value and count by facet; empty where facets were not asked for.
    facets: Facets = field(default_factory=dict)


class Peer(ABC):
    """One engine, with its index in *folder*.

    Raises:
        MissingError: If it is not installed.
    """

    #: How facets are counted: by an aggregation of its own, or over the matches.
    facets_by = "own"

    def __init__(self, folder: Path, variant: str = "") -> None:
        self.folder, self.variant = folder, variant

    @abstractmethod
    def build(self, seeds: Path) -> int:
        """Write the index of the ``.jsonl`` files in *seeds*, ready to be opened; return the number of documents."""

    @abstractmethod
    def open(self) -> None:
        """Make ready to search."""

    @abstractmethod
    def search(self, query: Query, *, facets: bool) -> Answer:
        """Answer *query*.

        Raises:
            UnsupportedError: If the engine has no such query.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back files and memory."""

    def size(self) -> int:
        """Return the bytes that the index takes on disk."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def read_seeds(folder: Path) -> Iterator[Seed]:
    """Yield every seed as a dictionary, in the order of the files."""
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as lines:
            yield from map(orjson.loads, lines)


def texts_of(seed: Seed) -> dict[str, str]:
    """Return what words are searched in."""
    provider, topics = seed["provider"]["name"], " ".join(seed["topics"])
    return {"title": seed["title"], "excerpt": seed["excerpt"], "provider": provider, "topics": topics}


def facets_of(seed: Seed) -> dict[str, list[str]]:
    """Return the values of all facets."""
    return {
        "provider_name": [seed["provider"]["name"]],
        "topic": seed["topics"],
        "category": [seed["category"]],
        "type": [seed["type"]],
        "month": [seed["publishedDateTime"][:7]],
    }


def published(seed: Seed) -> datetime:
    """Return when the article was published."""
    return datetime.fromisoformat(seed["publishedDateTime"]).astimezone(UTC)


def count(values: Iterable[str]) -> dict[str, int]:
    """Return how often each value occurs."""
    return dict(Counter(values))
