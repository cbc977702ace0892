"""bm25s, which holds every score in a sparse matrix, in NumPy."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray
from queries import Query

from peers.peer import FACETS, SIZE, Answer, Facets, Peer, UnsupportedError, facets_of, published, read_seeds, texts_of

_PATTERN = r"(?u)\b\w+\b"


class Bm25sPeer(Peer):
    """The default method, PyStemmer's English, one field, which is all that it has; no phrases.

    It ranks whatever has at least one word. To require words, each is scored apart, and those articles are kept where
    none of the scores is zero. Facets are counted over the matches by NumPy.
    """

    facets_by = "NumPy over the matches"

    def build(self, seeds: Path) -> int:
        """Tokenize everything at once, index and save."""
        self.folder.mkdir(parents=True)
        urls, texts, dates, facets = [], [], [], []
        for seed in read_seeds(seeds):
            urls.append(seed["originalUrl"])
            texts.append(" ".join(texts_of(seed).values()))
            dates.append(int(published(seed).timestamp()))
            facets.append(facets_of(seed))
        model = bm25s.BM25()
        tokens = bm25s.tokenize(
            texts, token_pattern=_PATTERN, stopwords=None, stemmer=Stemmer.Stemmer("english"), show_progress=False
        )
        model.index(tokens, show_progress=False)
        model.save(self.folder / "model", show_progress=False)
        (self.folder / "urls.json").write_text(json.dumps(urls), "utf-8")
        np.savez(self.folder / "columns.npz", allow_pickle=False, dates=dates, **_columns(facets))
        return len(urls)

    def open(self) -> None:
        """Load everything into memory."""
        self._stemmer = Stemmer.Stemmer("english")
        self._model = bm25s.BM25.load(self.folder / "model")
        self._urls: list[str] = json.loads((self.folder / "urls.json").read_text("utf-8"))
        with np.load(self.folder / "columns.npz") as columns:
            self._columns = dict(columns)
        self._by_date = np.argsort(-self._columns["dates"], kind="stable")

    def search(self, query: Query, *, facets: bool) -> Answer:
        """Score all articles, and take the best."""
        if query.join == "phrase":
            raise UnsupportedError("bm25s has no positions")
        matches, scores = self._match(query)
        total = int(np.count_nonzero(matches))
        best = self._by_date[matches[self._by_date]][:SIZE] if scores is None else _best(scores * matches, total)
        urls = tuple(self._urls[number] for number in best.tolist())
        return Answer(ids=urls, total=total, facets=self._count(matches) if facets else {})

    def close(self) -> None:
        """Let go of everything."""
        del self._model, self._urls, self._columns, self._by_date

    def _match(self, query: Query) -> tuple[NDArray[np.bool_], NDArray[np.float32] | None]:
        kept = self._kept(query)
        groups = [[word] for word in self._stemmer.stemWords(list(query.words))]
        if query.join == "or":
            groups = [[word for group in groups for word in group]]
        if query.prefix:
            groups.append([word for word in self._model.vocab_dict if word.startswith(query.prefix)])
        if not groups:
            return kept, None
        scores = [self._model.get_scores(group) for group in groups]
        return reduce(np.logical_and, (each > 0 for each in scores), kept), reduce(np.add, scores)

    def _kept(self, query: Query) -> NDArray[np.bool_]:
        dates = self._columns["dates"]
        kept = np.ones(len(dates), dtype=bool)
        if query.provider:
            place = int(np.flatnonzero(self._columns["provider_name_values"] == query.provider)[0])
            # Every article has one provider, so that codes stand in the order of the articles.
            kept &= self._columns["provider_name_codes"] == place
        if query.date_from and query.date_to:
            first, last = (np.datetime64(day, "D") for day in (query.date_from, query.date_to))
            days = dates.astype("datetime64[s]").astype("datetime64[D]")
            kept &= (days >= first) & (days <= last)
        return kept

    def _count(self, matches: NDArray[np.bool_]) -> Facets:
        return {name: self._count_one(name, matches) for name in FACETS}

    def _count_one(self, name: str, matches: NDArray[np.bool_]) -> dict[str, int]:
        codes, rows = self._columns[f"{name}_codes"], self._columns[f"{name}_rows"]
        values = self._columns[f"{name}_values"]
        counts = np.bincount(codes[matches[rows]], minlength=len(values))
        return {str(values[place]): int(counts[place]) for place in np.flatnonzero(counts).tolist()}


def _columns(facets: list[dict[str, list[str]]]) -> dict[str, NDArray[Any]]:
    """Return for each facet its values, and the pairs of code and row."""
    columns: dict[str, NDArray[Any]] = {}
    for name in FACETS:
        pairs = [(value, row) for row, article in enumerate(facets) for value in article[name]]
        values, codes = np.unique([value for value, _ in pairs], return_inverse=True)
        columns |= {
            f"{name}_values": values,
            f"{name}_codes": codes,
            f"{name}_rows": np.array([row for _, row in pairs]),
        }
    return columns


def _best(scores: NDArray[np.float32], total: int) -> NDArray[np.int64]:
    size = min(SIZE, total)
    top = np.argpartition(scores, len(scores) - size)[len(scores) - size :] if size else np.empty(0, dtype=np.int64)
    return top[np.argsort(-scores[top], kind="stable")]
