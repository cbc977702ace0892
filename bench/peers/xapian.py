"""Xapian, a search library in C++, through Debian's package python3-xapian."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from queries import Query

from peers.peer import FACETS, SIZE, Answer, Facets, Peer, facets_of, read_seeds, texts_of

try:
    import xapian
except ImportError:
    # Debian's Python packages are for its own Python; one in a virtual environment may use them if it is the same.
    sys.path.append("/usr/lib/python3/dist-packages")
    import xapian

#: Where values are kept; the topics of an article are one value.
_DATE, *_SLOTS = range(1 + len(FACETS))
#: Documents between two writes; its documentation advises as many as memory allows.
FLUSH_DOCUMENTS = 200_000


class XapianPeer(Peer):
    """All texts as one field with positions, the title's words counted twice; the default weighting, which is BM25.

    Queries go through its parser. Facets are counted by its match spies, topics by the few combinations of them.
    """

    def build(self, seeds: Path) -> int:
        """Add every document, and commit."""
        database = xapian.WritableDatabase(str(self.folder), xapian.DB_CREATE)
        generator = xapian.TermGenerator()
        generator.set_stemmer(xapian.Stem("english"))
        number = 0
        for number, seed in enumerate(read_seeds(seeds), 1):
            database.add_document(_document(generator, seed))
            if number % FLUSH_DOCUMENTS == 0:
                database.commit()
        database.commit()
        database.close()
        return number

    def open(self) -> None:
        """Open the database."""
        self._database = xapian.Database(str(self.folder))
        self._parser = xapian.QueryParser()
        self._parser.set_database(self._database)
        self._parser.set_stemmer(xapian.Stem("english"))
        self._parser.set_default_op(xapian.Query.OP_AND)

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Search, looking at every match so that the count is exact."""
        enquire = xapian.Enquire(self._database)
        enquire.set_query(self._translate(query))
        if query.newest:
            enquire.set_sort_by_value(_DATE, True)  # noqa: FBT003 - newest first; by position only
        spies = [xapian.ValueCountMatchSpy(slot) for slot in _SLOTS] if facets else []
        for spy in spies:
            enquire.add_matchspy(spy)
        found = enquire.get_mset(0, SIZE, self._database.get_doccount())
        urls = tuple(match.document.get_data().decode() for match in found)
        return Answer(ids=urls, total=found.get_matches_estimated(), facets=_count(spies))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _translate(self, query: Query) -> Any:  # noqa: ANN401 - an object of the library
        flags = xapian.QueryParser.FLAG_BOOLEAN | xapian.QueryParser.FLAG_PHRASE | xapian.QueryParser.FLAG_WILDCARD
        translated = self._parser.parse_query(query.text, flags) if query.words else xapian.Query.MatchAll
        if query.provider:
            translated = xapian.Query(xapian.Query.OP_FILTER, translated, xapian.Query(_provider(query.provider)))
        if query.date_from and query.date_to:
            dates = xapian.Query(
                xapian.Query.OP_VALUE_RANGE, _DATE, f"{query.date_from}T00:00:00Z", f"{query.date_to}T23:59:59Z"
            )
            translated = xapian.Query(xapian.Query.OP_FILTER, translated, dates)
        return translated


def _document(generator: Any, seed: dict[str, Any]) -> Any:  # noqa: ANN401 - objects of the library
    document = xapian.Document()
    generator.set_document(document)
    for field, text in texts_of(seed).items():
        generator.index_text(text, 2 if field == "title" else 1)
        # No phrase spans two fields.
        generator.increase_termpos()
    document.set_data(seed["originalUrl"])
    document.add_boolean_term(_provider(seed["provider"]["name"]))
    document.add_value(_DATE, seed["publishedDateTime"])
    for slot, values in zip(_SLOTS, facets_of(seed).values(), strict=True):
        document.add_value(slot, ",".join(values))
    return document


def _provider(name: str) -> str:
    return f"XP:{name}"


def _count(spies: list[Any]) -> Facets:
    """Return the counts of the spies, taking joined values apart."""
    facets: Facets = {}
    for name, spy in zip(FACETS, spies, strict=False):
        counts = facets.setdefault(name, {})
        for item in spy.values():
            for value in item.term.decode().split(","):
                counts[value] = counts.get(value, 0) + item.termfreq
    return facets
