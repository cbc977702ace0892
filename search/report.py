"""What a reindex says it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from search.articles import Article
from search.errors import SeedError
from search.parse import SeedWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts:
    """What became of the files; every file that is there is counted once."""

    #: Read now, and good.
    read: int = 0
    #: Not read again, since their bytes are the known ones, and good.
    unchanged: int = 0
    #: Wholly or partly refused, now or before.
    refused: int = 0
    #: Known from before, and not there any more.
    vanished: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """Where the time went."""

    #: To list, read and parse the seeds.
    read: float
    #: To merge them and to write the index.
    index: float
    #: The part of ``index`` that the engine took to write and publish a generation.
    publish: float
    total: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a saved query finds among the articles that were not served before."""

    #: Of the saved query, like the title.
    name: str
    title: str
    #: Articles.
    new: int = 0
    #: The newest of them, 100 at most.
    articles: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a reindex did."""

    generation: str
    articles: int
    #: Stories of two articles or more.
    stories: int
    files: FileCounts
    #: Articles, against what was served before.
    added: int = 0
    changed: int = 0
    removed: int = 0
    seconds: Seconds
    problems: tuple[SeedError, ...] = ()
    warnings: tuple[SeedWarning, ...] = ()
    #: Keys that are not read, and how many seeds read now have them.
    unknown_keys: Mapping[str, int] = field(default_factory=dict)
    #: One for each saved query, in the order of their names.
    queries: tuple[Finding, ...] = ()
