"""SQLite's full-text index FTS5, through Python's own module."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from queries import Query

from peers.peer import FACETS, SIZE, WEIGHTS, Answer, Facets, Peer, read_seeds, texts_of

CACHE_KB = 65_536
MAPPED_BYTES = 1 << 30

_COLUMNS = "url, title, excerpt, provider, topics, published, category, type, month"
_SCHEMA = f"""
    PRAGMA journal_mode = WAL;
    CREATE TABLE articles (id INTEGER PRIMARY KEY, {_COLUMNS});
    CREATE TABLE topics (article INTEGER, topic TEXT, PRIMARY KEY (article, topic)) WITHOUT ROWID;
    CREATE VIRTUAL TABLE texts USING fts5 (
        title, excerpt, provider, topics, content = 'articles', content_rowid = 'id', tokenize = 'porter unicode61'
    );
"""
_FINISH = f"""
    INSERT INTO texts (texts) VALUES ('rebuild');
    INSERT INTO texts (texts) VALUES ('optimize');
    INSERT INTO texts (texts, rank) VALUES ('rank', 'bm25{WEIGHTS}');
    CREATE INDEX by_date ON articles (published);
    CREATE INDEX by_provider ON articles (provider);
    ANALYZE;
    PRAGMA wal_checkpoint (TRUNCATE);
"""  # noqa: S608 - of our own constants


class SqlitePeer(Peer):
    """An external-content FTS5 table (``porter``, ``bm25`` with the title's weight doubled) beside a plain one.

    Facets are counted by GROUP BY over the matches, found once for all of them.
    """

    facets_by = "GROUP BY over the matches"

    def build(self, seeds: Path) -> int:
        """Insert everything in one transaction, then build the index and optimize it."""
        self.folder.mkdir(parents=True)
        self.open()
        self._connection.executescript(_SCHEMA)
        with self._connection:
            self._connection.executemany("INSERT INTO articles VALUES (?,?,?,?,?,?,?,?,?,?)", _rows(seeds))
            self._connection.executemany("INSERT OR IGNORE INTO topics VALUES (?,?)", _topics(seeds))
        self._connection.executescript(_FINISH)
        (number,) = self._connection.execute("SELECT count(*) FROM articles").fetchone()
        self.close()
        return int(number)

    def open(self) -> None:
        """Connect."""
        self._connection = sqlite3.connect(self.folder / "articles.db")
        # The default cache of 2 MB is for small devices.
        self._connection.executescript(f"PRAGMA cache_size = -{CACHE_KB}; PRAGMA mmap_size = {MAPPED_BYTES};")

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Select the best ten, and count."""
        table, condition, values = _translate(query)
        # Only one that is named in full needs the plain table: counting is faster without.
        joined = "texts JOIN articles ON articles.id = texts.rowid" if query.words else "articles"
        order = "published DESC" if query.newest else "rank"
        rows = self._select(f"SELECT url FROM {joined} WHERE {condition} ORDER BY {order} LIMIT {SIZE}", values)  # noqa: S608
        ((total,),) = self._select(f"SELECT count(*) FROM {table} WHERE {condition}", values)  # noqa: S608
        key = "articles.id" if table == joined else "texts.rowid"
        counted = self._count(f"SELECT {key} FROM {table} WHERE {condition}", values) if facets else {}  # noqa: S608
        return Answer(ids=tuple(str(url) for (url,) in rows), total=int(str(total)), facets=counted)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def _select(self, statement: str, values: list[str]) -> list[tuple[object, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def _count(self, matches: str, values: list[str]) -> Facets:
        self._connection.execute("CREATE TEMP TABLE IF NOT EXISTS matched (id INTEGER PRIMARY KEY)")
        self._connection.execute("DELETE FROM matched")
        self._connection.execute(f"INSERT INTO matched {matches}", values)
        return {name: self._count_one(name) for name in FACETS}

    def _count_one(self, facet: str) -> dict[str, int]:
        column = {"provider_name": "provider"}.get(facet, facet)
        other = "topics ON article" if facet == "topic" else "articles ON articles.id"
        # CROSS JOIN keeps the order of the tables; its planner would rather walk through all articles by provider.
        statement = f"SELECT {column}, count(*) FROM matched CROSS JOIN {other} = matched.id GROUP BY 1"  # noqa: S608
        return {str(value): int(str(number)) for value, number in self._select(statement, [])}


def _translate(query: Query) -> tuple[str, str, list[str]]:
    """Return tables, condition and values; words need the full-text table, the rest the plain one."""
    conditions, values = ["1"], []
    if query.words:
        conditions.append("texts MATCH ?")
        values.append(query.text)
    if query.provider:
        conditions.append("articles.provider = ?")
        values.append(query.provider)
    if query.date_from and query.date_to:
        conditions.append("published BETWEEN ? AND ?")
        values += [f"{query.date_from}T00:00:00Z", f"{query.date_to}T23:59:59Z"]
    is_plain = len(values) == 1 and query.words
    table = "texts JOIN articles ON articles.id = texts.rowid" if query.words else "articles"
    return "texts" if is_plain else table, " AND ".join(conditions), values


def _rows(seeds: Path) -> Iterator[tuple[object, ...]]:
    for number, seed in enumerate(read_seeds(seeds)):
        when = seed["publishedDateTime"]
        yield (
            number,
            seed["originalUrl"],
            *texts_of(seed).values(),
            when,
            seed["category"],
            seed["type"],
            when[:7],
        )


def _topics(seeds: Path) -> Iterator[tuple[int, str]]:
    for number, seed in enumerate(read_seeds(seeds)):
        for topic in seed["topics"]:
            yield number, topic
