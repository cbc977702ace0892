"""Reports and results as lines on a terminal; plain text where it is none."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence

import click

from search.engine import Statistics
from search.report import Finding, Report
from search.results import Hit, Page, Span

MAX_WIDTH = 100
#: Characters of a text; who wants to read on follows the link.
MAX_SHOWN = 400
#: New articles that are named for a saved query.
MAX_NAMED = 10
_INDENT = "    "


def show_problems(report: Report, *, with_warnings: bool) -> None:
    """Write one line for each refused seed, and for each warning."""
    for problem in report.problems:
        click.echo(str(problem), err=True)
    for warning in report.warnings if with_warnings else ():
        click.echo(f"{warning.where}: warning: {warning.text}", err=True)


def show_report(report: Report, *, check: bool, verbose: bool) -> None:
    """Write what a reindex, or a check of the seeds, did."""
    files = report.files
    parts = [
        f"{files.read:,} read",
        f"{files.unchanged:,} unchanged",
        f"{files.refused:,} refused",
        f"{files.vanished:,} vanished",
    ]
    click.echo(f"Seed files: {', '.join(parts)}.")
    click.echo(f"Articles: {report.articles:,}, {report.stories:,} stories of two or more.")
    if not check:
        click.echo(f"Index: {report.added:,} added, {report.changed:,} changed, {report.removed:,} removed.")
        click.echo(f"Generation: {report.generation}.")
    for finding in report.queries:
        _show_finding(finding)
    if verbose:
        seconds = report.seconds
        shares = f"reading {seconds.read:.2f}, indexing {seconds.index:.2f} (the engine {seconds.publish:.2f})"
        click.echo(f"Seconds: {seconds.total:.2f}, of these {shares}.")
    if (verbose or check) and report.unknown_keys:
        counted = ", ".join(f"{_safe(key)} ({count:,})" for key, count in report.unknown_keys.items())
        click.echo(f"Keys that were ignored: {counted}.")


def _show_finding(finding: Finding) -> None:
    click.echo(f"Saved query {finding.name} ({_safe(finding.title)}): {finding.new:,} new.")
    for article in finding.articles[:MAX_NAMED]:
        click.echo(f"{_INDENT}{_link(article.url, _safe(article.title))}, {_safe(article.provider.name)}")
    if finding.new > MAX_NAMED:
        click.echo(f"{_INDENT}... and {finding.new - MAX_NAMED:,} more")


def show_statistics(statistics: Statistics, refused: int) -> None:
    """Write what is served, in numbers."""
    newest = statistics.newest.strftime("%Y-%m-%d %H:%M UTC") if statistics.newest else "none is dated"
    rows = (
        ("Articles", f"{statistics.articles:,}"),
        ("Stories of two or more", f"{statistics.stories:,}"),
        ("Providers", f"{statistics.providers:,}"),
        ("Size on disk", f"{statistics.size_bytes / 1_000_000:,.2f} MB"),
        ("Newest article", newest),
        ("Generation", statistics.generation),
        ("Refused seeds", f"{refused:,}"),
    )
    for name, value in rows:
        click.echo(f"{name:24}{value}")


def show_page(page: Page) -> None:
    """Write the hits, best first."""
    for notice in page.notices:
        click.echo(notice.text, err=True)
    if page.suggestion:
        click.echo(f"Showing results for: {_safe(page.suggestion)} (what is in quotes is never corrected)", err=True)
    if page.relaxed:
        click.echo("No article has all these words; these have at least half of them.", err=True)
    for number, hit in enumerate(page.hits, (page.page - 1) * page.size + 1):
        _show_hit(number, hit)
    noun = "article" if page.total == 1 else "articles"
    click.echo(f"{page.total:,} {noun} in {page.took_ms:.1f} ms")


def _show_hit(number: int, hit: Hit) -> None:
    article = hit.article
    title = _marked(_cut(article.title), hit.highlights.get("title", ()), bold=True)
    click.echo(f"{number:>2}. {_link(article.url, title)}")
    date = article.published_at.date().isoformat() if article.published_at else "undated"
    click.echo(f"{_INDENT}{_safe(_cut(article.provider.name))}, {date}")
    width = min(shutil.get_terminal_size().columns, MAX_WIDTH)
    for line in textwrap.wrap(_safe(_cut(article.excerpt)), width, initial_indent=_INDENT, subsequent_indent=_INDENT):
        click.echo(line)
    click.echo(f"{_INDENT}{click.style(_safe(article.url), dim=True)}")
    if hit.also:
        click.echo(f"{_INDENT}also at {', '.join(_safe(copy.provider.name) for copy in hit.also)}")
    if hit.explanation:
        click.echo(f"{_INDENT}{hit.explanation.sentence}")
    click.echo()


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _marked(text: str, spans: Sequence[Span], *, bold: bool) -> str:
    """Underline the spans of a text."""
    parts, at = [], 0
    for start, end in spans:
        parts += [
            click.style(_safe(text[at:start]), bold=bold),
            click.style(_safe(text[start:end]), bold=bold, underline=True),
        ]
        at = end
    return "".join([*parts, click.style(_safe(text[at:]), bold=bold)])


def _link(url: str, text: str) -> str:
    """Make a text clickable, in terminals that know how (the escape sequence OSC 8)."""
    return f"\033]8;;{_safe(url)}\033\\{text}\033]8;;\033\\" if sys.stdout.isatty() else text


def _safe(text: str) -> str:
    """Take away what a terminal would obey: control characters, and those that turn the writing round."""
    return "".join(character for character in text if character.isprintable())
