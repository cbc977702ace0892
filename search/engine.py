"""The contract between Lede and whatever holds its index.

What a docstring promises here, one suite (``tests/test_engine_contract.py``) holds every engine to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from search.articles import Article, Story
from search.catalog import Catalog
from search.keys import Marks
from search.query import Query
from search.recorded import Recorded
from search.results import Completion, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What is served."""

    generation: str
    articles: int
    #: Stories of two articles or more.
    stories: int
    providers: int
    #: On disk, all files of the generation.
    size_bytes: int
    newest: datetime | None


class Reader(Protocol):
    """One open generation. Never changes; safe to share between threads; answers until closed."""

    #: A hash of its articles and stories, the same on any machine.
    generation: str

    def search(self, query: Query) -> Page:
        """Answer *query*, ranked, with an exact total.

        Raises:
            SearchTimeoutError: If it takes longer than the engine was made to allow.
        """
        ...

    def suggest(self, text: str) -> tuple[Completion, ...]:
        """Return what somebody who has typed *text* may be about to type; see :func:`search.suggest.suggest`.

        Raises:
            SearchTimeoutError: If it takes longer than the engine was made to allow.
        """
        ...

    def article(self, identifier: str) -> Article:
        """Return the article.

        Raises:
            NotFoundError: If no article has this id.
        """
        ...

    def story(self, identifier: str) -> Story:
        """Return the story.

        Raises:
            NotFoundError: If no story has this id.
        """
        ...

    def story_of(self, identifier: str) -> Story:
        """Return the story that the article belongs to.

        Raises:
            NotFoundError: If no article has this id.
        """
        ...

    def statistics(self) -> Statistics:
        """Return what is served, in numbers."""
        ...

    def close(self) -> None:
        """Give back files and memory; a second call does nothing."""
        ...


class Engine(Protocol):
    """Holds generations of an index, of which the newest whole one is served."""

    def current(self) -> str | None:
        """Name what is served, None where nothing is; cheap enough for every request.

        The name is opaque, and another one whenever something was published.
        """
        ...

    def served(self) -> str | None:
        """Return the id of the newest generation, None where there is none or its files are not whole."""
        ...

    def open(self) -> Reader:
        """Open the newest generation that is whole.

        Raises:
            NoIndexError: If nothing was ever published.
            IndexDamagedError: If no published generation is whole.
        """
        ...

    def prepare(self) -> None:
        """Do ahead what publishing need not wait for, while others are at work."""
        ...

    def publish(self, catalog: Catalog, *, anew: bool = False) -> str:
        """Make *catalog* what is served, all at once, and return its generation id.

        What is served already may be used again where that saves work, unless *anew*.

        Until it returns, and if it raises or dies, readers see the old generation.

        Raises:
            IndexWriteError: If it cannot be written; the old generation is still served.
        """
        ...

    def export(self, target: IO[bytes]) -> str:
        """Write the newest generation that is whole to *target*, and return its id.

        The same generation gives what any engine of this kind and version can import, on any machine. It may be
        replaced meanwhile: what is written is of one generation.

        Raises:
            NoIndexError: If nothing was ever published.
            IndexDamagedError: If no published generation is whole.
            OSError: If *target* cannot be written; what was written by then is no export.
        """
        ...

    def import_(self, source: IO[bytes]) -> str:
        """Make what :meth:`export` wrote what is served, all at once, and return its generation id: the same one.

        *source* is foreign input. Until it returns, and if it raises or dies, readers see the old generation.

        Raises:
            ImportRefusedError: If *source* is anything else, or not whole.
            IndexWriteError: If it cannot be written here.
        """
        ...

    def fingerprints(self) -> Marks:
        """Map every served article's id to a hash of its content; empty where nothing is served."""
        ...

    def recall(self, fingerprints: NDArray[np.uint64]) -> Recorded:
        """Return the published articles with these fingerprints; those that nothing whole has are left out.

        They are in the order of their fingerprints, each once, and can be looked at whatever is published meanwhile.
        """
        ...

    def verify(self) -> list[str]:
        """Check what is served against its checksums, and every article against its postings; return what is wrong."""
        ...
