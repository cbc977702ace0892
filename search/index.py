"""An open index, as a library: what the command line, the web and other programs search with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import date
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from search.articles import Article, Story
from search.engine import Engine, Reader, Statistics
from search.engines import make_engine
from search.errors import IndexDamagedError, NoIndexError
from search.query import Filters, Query, parse
from search.query.request import Collapse, Match, Sort
from search.results import Completion, Page
from search.settings import TIME_BUDGET

#: Seconds before a generation that could not be opened is tried again.
RETRY_SECONDS = 1.0


class Index:
    """The newest generation of an index. Safe to share between threads, and by processes forked after it was opened.

    A fork copies the locks of the other threads as they are at that moment, so it must come before they search.

    It keeps answering from its generation while `reindex` publishes another, until :meth:`refresh`.

    Raises:
        NoIndexError: If nothing was ever published.
        IndexDamagedError: If no published generation is whole.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        # Asked for before opening: a generation published in between is then seen by the next refresh.
        self._seen = engine.current()
        self._retry_at = 0.0
        self._reader = engine.open()

    @property
    def reader(self) -> Reader:
        """The generation of this moment; hold on to it where several answers must fit together."""
        return self._reader

    @property
    def generation(self) -> str:
        """Id of the generation that answers."""
        return self._reader.generation

    def refresh(self) -> bool:
        """Move to the newest generation; return whether there was one.

        Costs a look at one small file where nothing has changed. The old reader is not closed, since other threads may
        be in the middle of it; it goes when the last of them lets go.
        """
        try:
            current = self._engine.current()
            is_new = current != self._seen and time.monotonic() >= self._retry_at
            return is_new and self._move_to(current)
        except (NoIndexError, IndexDamagedError):
            # What is open is whole, and answers on whatever has become of the folder.
            return False

    def _move_to(self, current: str | None) -> bool:
        with self._lock:
            if current == self._seen:
                return False
            # Opening looks at every byte, so that a generation that cannot be opened must not be tried by every search.
            self._retry_at = time.monotonic() + RETRY_SECONDS
            self._reader = self._engine.open()
            self._seen, self._retry_at = current, 0.0
            return True

    def search(  # noqa: PLR0913 - the signature is the library's promise, all but the text by name
        self,
        text: str,
        *,
        provider: Iterable[str] = (),
        topic: Iterable[str] = (),
        category: Iterable[str] = (),
        type: Iterable[str] = (),  # noqa: A002 - the field's name in the seed and in the URL
        date_from: date | None = None,
        date_to: date | None = None,
        sort: Sort = "relevance",
        page: int = 1,
        size: int = 20,
        match: Match = "auto",
        facets: bool = True,
        collapse: Collapse = "title",
        diversity: bool = True,
        explain: bool = False,
    ) -> Page:
        """Search for *text*, in the query language, among the articles that the filters leave.

        Raises:
            BadParameterError: If a parameter is out of its range; it names the parameter.
            SearchTimeoutError: If it takes longer than the index was opened to allow.
        """
        filters = Filters(
            provider=_values(provider),
            topic=_values(topic),
            category=_values(category),
            type=_values(type),
            date_from=date_from,
            date_to=date_to,
        )
        return self._reader.search(
            Query(
                parsed=parse(text),
                filters=filters,
                sort=sort,
                page=page,
                size=size,
                match=match,
                facets=facets,
                collapse=collapse,
                diversity=diversity,
                explain=explain,
            )
        )

    def suggest(self, text: str) -> tuple[Completion, ...]:
        """Return up to 8 completions of *text*: words, providers, topics and titles, each with its number of hits.

        Raises:
            SearchTimeoutError: If it takes longer than the index was opened to allow.
        """
        return self._reader.suggest(text)

    def article(self, identifier: str) -> Article:
        """Return one article; raises NotFoundError."""
        return self._reader.article(identifier)

    def story(self, identifier: str) -> Story:
        """Return one story; raises NotFoundError."""
        return self._reader.story(identifier)

    def statistics(self) -> Statistics:
        """Return what is served, in numbers."""
        return self._reader.statistics()

    def close(self) -> None:
        """Give back files and memory."""
        self._reader.close()

    def __enter__(self) -> Self:
        """Return the index itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the index."""
        self.close()


def _values(chosen: Iterable[str]) -> tuple[str, ...]:
    """Take a single value for what it is meant as, not for its letters."""
    return (chosen,) if isinstance(chosen, str) else tuple(chosen)


def open_index(
    index: str | PathLike[str] = "index", *, engine: str = "whoosh", time_budget: float = TIME_BUDGET
) -> Index:
    """Open the newest generation in the folder *index*; a search may take *time_budget* seconds.

    Raises:
        NoIndexError: If nothing was ever published there.
        IndexDamagedError: If no published generation is whole.
    """
    return Index(make_engine(engine, Path(index), time_budget=time_budget))
