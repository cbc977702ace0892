"""SQLite's full-text index FTS5, through Python's own module."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from peers.peer import FACETS, SIZE, WEIGHTS, Answer, Facets, Peer, read_seeds, texts_of
from queries import Query

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
"""


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
        self._connection = sqlite3.connect(self.folder / "articles.db", isolation_level="DEFERRED")

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Select the best ten, and count."""
        source, condition, values = _translate(query)
        order = "published DESC" if query.newest else "rank"
        rows = self._select(f"SELECT url FROM {source} WHERE {condition} ORDER BY {order} LIMIT {SIZE}", values)  # noqa: S608
        ((total,),) = self._select(f"SELECT count(*) FROM {source} WHERE {condition}", values)  # noqa: S608
        counted = self._count(f"SELECT articles.id FROM {source} WHERE {condition}", values) if facets else {}  # noqa: S608
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
        table, key = ("topics", "article") if facet == "topic" else ("articles", "id")
        statement = f"SELECT {column}, count(*) FROM matched JOIN {table} ON {key} = matched.id GROUP BY 1"  # noqa: S608
        if table == "articles":
            statement = statement.replace("ON id", "ON articles.id")
        return {str(value): int(str(number)) for value, number in self._select(statement, [])}


def _translate(query: Query) -> tuple[str, str, list[str]]:
    """Return table, condition and values; words need the full-text table, which is joined with the other one."""
    source, conditions, values = "articles", ["1"], []
    if query.words:
        source = "texts JOIN articles ON articles.id = texts.rowid"
        conditions.append("texts MATCH ?")
        values.append(query.text)
    if query.provider:
        conditions.append("articles.provider = ?")
        values.append(query.provider)
    if query.date_from and query.date_to:
        conditions.append("published BETWEEN ? AND ?")
        values += [f"{query.date_from}T00:00:00Z", f"{query.date_to}T23:59:59Z"]
    return source, " AND ".join(conditions), values


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
