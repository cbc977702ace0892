"""Articles against their postings."""

from __future__ import annotations

from search.engines.whoosh.collection import Collection


def verify(collection: Collection) -> list[str]:
    return []
