"""Values to what JSON can hold, in one place: the same for the API and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import orjson

from search.articles import Provider
from search.engine import Statistics
from search.errors import Location, SeedError
from search.records import article_to_wire, moment_to_wire
from search.report import Finding, Report
from search.results import Completion, Hit, Match, Notice, Page, WrittenFacets, WrittenHits
from search.written import hits_to_json

Wire = dict[str, Any]
_encode = msgspec.json.Encoder().encode


def page_to_json(page: Page) -> bytes:
    """Write a page of results; what the engine has at hand as JSON is taken as it is."""
    hits = page.hits.written() if isinstance(page.hits, WrittenHits) else hits_to_json(map(_written, page.hits))
    facets = page.facets.written() if isinstance(page.facets, WrittenFacets) else _encode(dict(page.facets))
    return orjson.dumps(
        {
            "query": page.query,
            "total": page.total,
            "page": page.page,
            "size": page.size,
            "took_ms": round(page.took_ms, 3),
            "generation": page.generation,
            "notices": [notice_to_wire(notice) for notice in page.notices],
            "searched": page.searched,
            "suggestion": page.suggestion,
            "relaxed": page.relaxed,
            "hits": orjson.Fragment(hits),
            "facets": orjson.Fragment(facets),
            "timeline": orjson.Fragment(_encode(page.timeline)),
        }
    )


def completions_to_wire(generation: str, text: str, completions: Sequence[Completion]) -> Wire:
    """Write completions of a text."""
    return {"query": text, "generation": generation, "completions": list(map(asdict, completions))}


def notice_to_wire(notice: Notice) -> Wire:
    """Write what was ignored, cut or read differently."""
    return {"code": notice.code, "text": notice.text}


def _written(hit: Hit) -> tuple[bytes, Match]:
    story = (hit.story.id, hit.story.articles, hit.story.outlets)
    match = Match(hit.score, hit.highlights, story, hit.also, hit.more_from_domain, hit.explanation)
    return orjson.dumps(article_to_wire(hit.article)), match


def provider_to_wire(provider: Provider) -> Wire:
    """Write who published."""
    return {"name": provider.name, "domain": provider.domain}


def report_to_wire(report: Report, *, with_details: bool = False) -> Wire:
    """Write what a reindex did; the details are what a check of the seeds wants to know beside."""
    wire = {
        "generation": report.generation,
        "articles": report.articles,
        "stories": report.stories,
        "files": asdict(report.files),
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "seconds": {name: getattr(report.seconds, name) for name in ("read", "index", "total")},
        "problems": [_problem_to_wire(problem) for problem in report.problems],
    }
    if report.queries:
        wire["queries"] = [_finding_to_wire(finding) for finding in report.queries]
    if with_details:
        wire["warnings"] = [_remark(w.where, w.code, w.text) for w in report.warnings]
        wire["unknown_keys"] = dict(report.unknown_keys)
    return wire


def _finding_to_wire(finding: Finding) -> Wire:
    articles = [{"id": article.id, "title": article.title, "url": article.url} for article in finding.articles]
    return {"name": finding.name, "title": finding.title, "new": finding.new, "articles": articles}


def statistics_to_wire(statistics: Statistics, refused: int) -> Wire:
    """Write what is served, in numbers."""
    newest = moment_to_wire(statistics.newest)
    return asdict(statistics) | {"newest": newest, "refused": refused}


def _problem_to_wire(problem: SeedError) -> Wire:
    return _remark(problem.where, problem.code, f"{problem.fault}: {problem.advice}")


def _remark(where: Location, code: str, message: str) -> Wire:
    return {"file": where.printable, "line": where.line, "column": where.column, "code": code, "message": message}
