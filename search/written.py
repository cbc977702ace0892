"""Hits as the API sends them: an article, and in the same object why and where it matched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from search.articles import Article
from search.results import Explanation, Match


def hits_to_json(hits: Iterable[tuple[bytes, Match]]) -> bytes:
    """Return a list of hits; of each, its article as JSON, and the rest."""
    return b"[" + b",".join([article[:-1] + b"," + _match_to_json(match)[1:] for article, match in hits]) + b"]"


def copies_to_json(copies: Sequence[Article]) -> bytes:
    """Return what a hit says of its copies."""
    return orjson.dumps(_copies(copies))


def explanation_to_json(explanation: Explanation) -> bytes:
    """Return why a hit has its score."""
    return orjson.dumps(_explanation(explanation))


def _match_to_json(match: Match) -> bytes:
    score, highlights, (story, articles, outlets), also, more_from_domain, explanation = match
    wire: dict[str, Any] = {
        "score": score,
        "highlights": {"title": highlights.get("title", ()), "excerpt": highlights.get("excerpt", ())},
        "story": {"id": story, "articles": articles, "outlets": outlets},
        "also": _copies(also),
        "more_from_domain": more_from_domain,
    }
    return orjson.dumps(wire | {"explanation": _explanation(explanation)} if explanation else wire)


def _copies(copies: Sequence[Article]) -> list[dict[str, str]]:
    return [{"id": copy.id, "provider": copy.provider.name, "url": copy.url} for copy in copies]


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {"factors": dict(explanation.factors), "sentence": explanation.sentence}
