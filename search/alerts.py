"""What is new, told by the saved queries that find it."""

from __future__ import annotations

import dataclasses
from contextlib import closing

from msgspec.structs import replace

from search.engine import Engine, Reader
from search.errors import SearchTimeoutError, SeedError
from search.query import MAX_SIZE
from search.report import Finding, Report
from search.saved import SavedQueries, SavedQuery


def with_findings(report: Report, engine: Engine, saved: SavedQueries, new: frozenset[str]) -> Report:
    """Return *report* with what saved queries find among new articles, and with what is wrong with their files.

    Args:
        report: of a run that is over.
        engine: serves what the run published; a saved query that takes it too long is a problem, and no more.
        saved: what the folder of saved queries holds.
        new: ids of the articles that were not served before.
    """
    findings, problems = _find(engine, saved, new) if saved.queries and new else (_nothing(saved), [])
    return dataclasses.replace(
        report,
        queries=tuple(findings),
        problems=(*report.problems, *saved.problems, *problems),
        warnings=(*report.warnings, *saved.warnings),
    )


def _find(engine: Engine, saved: SavedQueries, new: frozenset[str]) -> tuple[list[Finding], list[SeedError]]:
    findings: list[Finding] = []
    problems: list[SeedError] = []
    with closing(engine.open()) as reader:
        for one in saved.queries:
            try:
                findings.append(_finding(reader, one, new))
            except SearchTimeoutError as exc:
                problems.append(SeedError(one.where, "timeout", str(exc), "change the query, or remove its file"))
    return findings, problems


def _finding(reader: Reader, saved: SavedQuery, new: frozenset[str]) -> Finding:
    query = replace(saved.query, sort="newest", collapse="none", facets=False, size=MAX_SIZE, among=new)
    page = reader.search(query)
    articles = tuple(hit.article for hit in page.hits)
    return Finding(name=saved.name, title=saved.title, new=page.total, articles=articles)


def _nothing(saved: SavedQueries) -> list[Finding]:
    return [Finding(name=one.name, title=one.title) for one in saved.queries]
