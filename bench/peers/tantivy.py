"""Tantivy, a search library in Rust, through its Python package."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import tantivy
from queries import Query

from peers.peer import (
    FACETS,
    SIZE,
    TEXTS,
    WEIGHTS,
    Answer,
    Facets,
    Peer,
    Seed,
    facets_of,
    published,
    read_seeds,
    texts_of,
)

#: Bytes that documents may take before they are written; what its documentation recommends for bulk loads and more.
HEAP_BYTES = 256_000_000
#: More values than any facet has, since a smaller number would make counts inexact.
MAX_VALUES = 10_000


class TantivyPeer(Peer):
    """Texts by ``en_stem`` and stored, dates and facets as fast fields, as many threads as it likes.

    Queries go through its parser, with words required by default and the title boosted. The variant ``unstored`` keeps
    no texts but the URL.
    """

    def build(self, seeds: Path) -> int:
        """Add every document, commit once, and wait for its merges."""
        self.folder.mkdir(parents=True)
        index = tantivy.Index(self._schema(), path=str(self.folder))
        writer = index.writer(heap_size=HEAP_BYTES)
        number = 0
        for number, seed in enumerate(read_seeds(seeds), 1):  # noqa: B007 - counts them
            writer.add_document(_document(seed))
        writer.commit()
        writer.wait_merging_threads()
        return number

    def open(self) -> None:
        """Open the index."""
        self._index = tantivy.Index.open(str(self.folder))
        self._searcher = self._index.searcher()

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Search with an exact count; facets by its aggregations."""
        translated = self._translate(query)
        order = {"order_by_field": "published"} if query.newest else {}
        found = self._searcher.search(translated, SIZE, count=True, **order)
        urls = tuple(self._searcher.doc(address).get_first("url") for _, address in found.hits)
        return Answer(ids=urls, total=found.count, facets=self._count(translated) if facets else {})

    def close(self) -> None:
        """Let go of the index."""
        del self._searcher, self._index

    def _schema(self) -> Any:  # noqa: ANN401 - an object of the library
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("url", stored=True, tokenizer_name="raw", index_option="basic")
        for field in TEXTS:
            builder.add_text_field(field, stored=self.variant != "unstored", tokenizer_name="en_stem")
        for field in FACETS:
            builder.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
        builder.add_date_field("published", stored=True, indexed=True, fast=True)
        return builder.build()

    def _translate(self, query: Query) -> Any:  # noqa: ANN401 - an object of the library
        parts = [self._words(query.text_without_prefix)] if query.words else []
        if query.prefix:
            # Its parser has prefixes at the end of phrases only.
            fields = [self._prefix(field, query.prefix) for field in TEXTS]
            parts.append(tantivy.Query.boolean_query([(tantivy.Occur.Should, field) for field in fields]))
        if query.provider:
            only = tantivy.Query.term_query(self._index.schema, "provider_name", query.provider, "basic")
            parts.append(tantivy.Query.const_score_query(only, 0.0))
        if query.date_from and query.date_to:
            first = datetime.combine(query.date_from, time.min, UTC)
            last = datetime.combine(query.date_to, time.max, UTC)
            dates = tantivy.Query.range_query(
                self._index.schema, "published", tantivy.FieldType.Date, first, last, include_upper=True
            )
            parts.append(tantivy.Query.const_score_query(dates, 0.0))
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return tantivy.Query.all_query()
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts])

    def _words(self, text: str) -> Any:  # noqa: ANN401 - an object of the library
        boosts = dict(zip(TEXTS, WEIGHTS, strict=True))
        return self._index.parse_query(text, list(TEXTS), field_boosts=boosts, conjunction_by_default=True)

    def _prefix(self, field: str, prefix: str) -> Any:  # noqa: ANN401 - an object of the library
        return tantivy.Query.regex_query(self._index.schema, field, f"{prefix}.*")

    def _count(self, query: Any) -> Facets:  # noqa: ANN401 - an object of the library
        asked = {field: {"terms": {"field": field, "size": MAX_VALUES}} for field in FACETS}
        counted = self._searcher.aggregate(query, asked)
        return {field: {each["key"]: each["doc_count"] for each in counted[field]["buckets"]} for field in FACETS}


def _document(seed: Seed) -> Any:  # noqa: ANN401 - an object of the library
    document = tantivy.Document()
    document.add_text("url", seed["originalUrl"])
    for field, text in texts_of(seed).items():
        document.add_text(field, text)
    for field, values in facets_of(seed).items():
        for value in values:
            document.add_text(field, value)
    document.add_date("published", published(seed))
    return document
