"""Whoosh 2.7.4 as it comes, in pure Python."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from queries import Query
from whoosh import fields, index, query, sorting
from whoosh.analysis import StemmingAnalyzer
from whoosh.qparser import MultifieldParser

from peers.peer import FACETS, SIZE, TEXTS, Answer, Peer, facets_of, published, read_seeds, texts_of

#: Megabytes that it may collect before it writes a run; its documentation advises more than the default of 128.
LIMIT_MB = 256


class WhooshPeer(Peer):
    """Its own codec, default BM25F, a stemming analyzer that keeps stop words, columns for sorting and facets."""

    def build(self, seeds: Path) -> int:
        """Add every document in one process, and commit once."""
        self.folder.mkdir(parents=True)
        number = 0
        with index.create_in(str(self.folder), _schema()).writer(limitmb=LIMIT_MB) as writer:
            for number, seed in enumerate(read_seeds(seeds), 1):  # noqa: B007 - counts them
                facets = {name: ",".join(values) for name, values in facets_of(seed).items()}
                when = published(seed).replace(tzinfo=None)
                writer.add_document(url=seed["originalUrl"], published=when, **texts_of(seed), **facets)
        return number

    def open(self) -> None:
        """Open the index."""
        opened = index.open_dir(str(self.folder))
        self._searcher = opened.searcher()
        self._parser = MultifieldParser(list(TEXTS), opened.schema)

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Search through its parser, without a limit to the count; facets by its grouping."""
        options: dict[str, Any] = {"sortedby": "published", "reverse": True} if query.newest else {}
        if facets:
            by = sorting.Facets()
            for name in FACETS:
                by.add_field(name, allow_overlap=name == "topic", maptype=sorting.Count)
            options["groupedby"] = by
        found = self._searcher.search(self._words(query), limit=SIZE, filter=_filter(query), **options)
        counted = {name: {str(key): n for key, n in found.groups(name).items()} for name in FACETS} if facets else {}
        return Answer(ids=tuple(hit["url"] for hit in found), total=len(found), facets=counted)

    def close(self) -> None:
        """Close the searcher."""
        self._searcher.close()

    def _words(self, asked: Query) -> Any:  # noqa: ANN401 - an object of the library
        return self._parser.parse(asked.text) if asked.words else query.Every()


def _schema() -> Any:  # noqa: ANN401 - an object of the library
    analyzer = StemmingAnalyzer(stoplist=None)
    texts = {name: fields.TEXT(analyzer=analyzer, field_boost=2.0 if name == "title" else 1.0) for name in TEXTS}
    facets = {name: fields.KEYWORD(commas=True, sortable=True) for name in FACETS}
    return fields.Schema(url=fields.ID(stored=True), published=fields.DATETIME(sortable=True), **texts, **facets)


def _filter(asked: Query) -> Any:  # noqa: ANN401 - an object of the library
    if asked.provider:
        return query.Term("provider_name", asked.provider)
    if asked.date_from and asked.date_to:
        first, last = (datetime.combine(day, time.min, UTC) for day in (asked.date_from, asked.date_to))
        return query.DateRange(
            "published", first.replace(tzinfo=None), last.replace(hour=23, minute=59, second=59, tzinfo=None)
        )
    return None
