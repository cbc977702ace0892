"""Lede itself, through its public library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from queries import Query

import search
from peers.peer import SIZE, Answer, Peer


class LedePeer(Peer):
    """Lede as its users have it; a variant names the engine.

    An answer costs more here than at the peers: hits come with their articles, highlights and stories, copies are
    folded, and sources mixed. Only the fallbacks for queries without a hit are off, since no peer has any.
    """

    def build(self, seeds: Path) -> int:
        """Reindex, from parsing the files to publishing."""
        return search.reindex([seeds], self.folder, **self._engine()).articles

    def open(self) -> None:
        """Open the newest generation."""
        self._index = search.open_index(self.folder, **self._engine())

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Search in the query language; facets and timeline are counted together."""
        page = self._index.search(
            query.text,
            provider=[query.provider] if query.provider else (),
            date_from=query.date_from,
            date_to=query.date_to,
            sort="newest" if query.newest else "relevance",
            size=SIZE,
            match="all",
            facets=facets,
        )
        counted = {name: {value.value: value.count for value in values} for name, values in page.facets.items()}
        return Answer(ids=tuple(hit.article.url for hit in page.hits), total=page.total, facets=counted)

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _engine(self) -> dict[str, Any]:
        return {"engine": self.variant} if self.variant else {}
