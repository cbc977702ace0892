"""The pages: a skin of HTML over the search, complete without JavaScript."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, current_app, render_template, request

from search.engine import Reader
from search.query import Filters, Query, parse
from search.results import Hit, Page
from search.saved import read_saved_queries
from web import links, panels, timeline, typography
from web.answers import HTML, answer_search, unless_known
from web.parameters import page_query
from web.service import current_reader
from web.stories import read_chapters

blueprint = Blueprint("pages", __name__)
for show in (
    typography.counted,
    typography.day,
    typography.days,
    typography.instant,
    typography.snippet,
    links.outward,
):
    blueprint.add_app_template_filter(show)


@blueprint.get("/")
def search() -> Response:
    """The search page: every article where nothing is asked, the front page."""
    reader = current_reader()
    return answer_search(
        reader,
        lambda: page_query(request.args),
        lambda query: _search_page(reader, query).encode(),
        content_type=HTML,
    )


@blueprint.get("/articles/<identifier>")
def article(identifier: str) -> Response:
    """One article and its story."""
    reader = current_reader()
    found = reader.article(identifier)
    story = reader.story_of(identifier)
    return unless_known(
        reader.generation,
        identifier,
        lambda: _page("article.html", article=found, story=story, chapters=read_chapters(reader, story)),
    )


@blueprint.get("/stories/<identifier>")
def story(identifier: str) -> Response:
    """One story, episode by episode."""
    reader = current_reader()
    found = reader.story(identifier)
    return unless_known(
        reader.generation,
        identifier,
        lambda: _page("story.html", story=found, chapters=read_chapters(reader, found)),
    )


@blueprint.get("/queries")
def queries() -> Response:
    """The saved queries, each with its page and its feeds."""
    saved = read_saved_queries(current_app.config["QUERIES"])
    return unless_known(
        "", saved, lambda: _page("queries.html", saved=saved, address=lambda one: links.search_url(one.query))
    )


def _search_page(reader: Reader, query: Query) -> str:
    page = reader.search(query)
    return render_template(
        "search.html",
        query=query,
        page=page,
        is_front=not query.parsed.text.strip() and query.filters == Filters(),
        state=links.to_parameters(replace(query, page=1)),
        feed=links.to_parameters(replace(_corrected(query, page), page=1)),
        panels=panels.panels(query, page),
        chips=panels.chips(query),
        sortings=panels.sortings(query),
        pager=panels.pager(query, page),
        timeline=timeline.draw(query, page.timeline),
        unfiltered=links.search_url(links.unfiltered(query)),
        literally=links.search_url(replace(query, page=1, match="all")),
        loosely=links.search_url(replace(query, page=1, match="any")),
        more_of=lambda hit: _more_of(query, hit),
        about=lambda topic: links.search_url(links.narrowed(query, topic=(topic,))),
    )


def _corrected(query: Query, page: Page) -> Query:
    """Return the query with the words that gave the hits: a feed corrects none."""
    return replace(query, parsed=parse(page.suggestion)) if page.suggestion else query


def _more_of(query: Query, hit: Hit) -> str:
    return links.search_url(links.narrowed(query, provider=(hit.article.provider.name,)))


def _page(template: str, **values: object) -> Response:
    return Response(render_template(template, **values), mimetype="text/html")
