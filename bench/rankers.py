"""What answers the queries of a judged collection: Lede, and bm25s as the ruler beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from judged import Collection, Texts, document_of, write_seeds

import search

#: Answers to a query that are looked at.
DEPTH = 100

#: Scores of the best documents, by query.
Run = dict[str, dict[str, float]]


class LedeRanker:
    """Lede through its library, with whatever has at least one of the words, and nothing folded or mixed.

    Args:
        collection: what is searched.
        folder: for seeds and index.
    """

    def __init__(self, collection: Collection, folder: Path) -> None:
        write_seeds(collection, folder / "seeds")
        report = search.reindex([folder / "seeds"], folder / "index")
        if report.articles != len(collection.documents):
            raise ValueError(f"{collection.name}: {report.articles} of {len(collection.documents)} documents indexed")
        self._index = search.open_index(folder / "index", time_budget=60)

    def run(self, queries: Texts) -> Run:
        """Answer the queries; equal scores are equal to the nine decimals that decide Lede's order."""
        return {query: self._answer(text) for query, text in queries.items()}

    def _answer(self, text: str) -> dict[str, float]:
        page = self._index.search(text, match="any", collapse="none", diversity=False, size=DEPTH, facets=False)
        return {document_of(hit.article.url): round(hit.score, 9) for hit in page.hits}

    def close(self) -> None:
        """Close the index."""
        self._index.close()


class Bm25sRanker:
    """Lucene's BM25 over title and text as one text, with Snowball's stemmer and bm25s's own words and stop words."""

    def __init__(self, collection: Collection) -> None:
        self._names = np.array(list(collection.documents))
        self._stemmer = Stemmer.Stemmer("english")
        self._model = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        texts = [f"{title} {text}" for title, text in collection.documents.values()]
        self._model.index(self._tokens(texts), show_progress=False)

    def run(self, queries: Texts) -> Run:
        """Answer the queries."""
        tokens = self._tokens(list(queries.values()))
        return {query: self._answer(words) for query, words in zip(queries, tokens, strict=True)}

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        tokens: list[list[str]] = bm25s.tokenize(texts, stemmer=self._stemmer, return_ids=False, show_progress=False)
        return tokens

    def _answer(self, words: list[str]) -> dict[str, float]:
        known = [word for word in words if word in self._model.vocab_dict]
        if not known:
            return {}
        scores = self._model.get_scores(known)
        best = np.argsort(-scores, kind="stable")[:DEPTH]
        best = best[scores[best] > 0]
        return dict(zip(self._names[best].tolist(), scores[best].tolist(), strict=True))


def without(run: Run, excluded: Mapping[str, frozenset[str]]) -> Run:
    """Take the excluded documents out of the answers."""
    nothing: frozenset[str] = frozenset()
    return {
        query: {document: score for document, score in answer.items() if document not in excluded.get(query, nothing)}
        for query, answer in run.items()
    }
