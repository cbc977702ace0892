"""The pages: a skin of HTML over the search, complete without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, render_template, request
from msgspec.structs import replace

from search.articles import Article, Story
from search.engine import Reader
from search.query import Filters, Query, parse
from search.results import Hit, Page
from search.saved import read_saved_queries
from search.timeline import make_timeline
from web import exits, headlines, links, manual, panels, timeline, typography
from web.answers import HTML, answer_search, today, unless_known
from web.parameters import is_typing, page_query, wants_fragment
from web.service import current_reader
from web.stories import Chapter, read_chapters
from web.unfinished import with_last_word_begun

blueprint = Blueprint("pages", __name__)
for show in (
    typography.counted,
    typography.cut,
    typography.day,
    typography.days,
    typography.duration,
    typography.instant,
    typography.snippet,
    links.outward,
    manual.coded,
):
    blueprint.add_app_template_filter(show)


@blueprint.get("/")
def search() -> Response:
    """The search page: every article where nothing is asked, the front page; or the results alone, for the script."""
    reader = current_reader()
    is_fragment = wants_fragment(request.args)
    template = "results.html" if is_fragment else "search.html"

    def read() -> Query:
        query = page_query(request.args)
        return with_last_word_begun(reader, query) if is_typing(request.args) else query

    return answer_search(
        reader,
        read,
        lambda query: typography.dense(render_template(template, **_search_values(reader, query))).encode(),
        content_type=HTML,
        template=template,
        # It says how long ago things were.
        is_daily=True,
        is_typing=is_fragment,
    )


@blueprint.get("/articles/<identifier>")
def article(identifier: str) -> Response:
    """One article and its story."""
    reader = current_reader()
    found = reader.article(identifier)
    story = reader.story_of(identifier)
    return unless_known(
        reader.generation,
        (identifier, today()),
        lambda: _page("article.html", article=found, story=story, chapters=read_chapters(reader, story)),
    )


@blueprint.get("/stories/<identifier>")
def story(identifier: str) -> Response:
    """One story, episode by episode."""
    reader = current_reader()
    found = reader.story(identifier)
    return unless_known(
        reader.generation,
        (identifier, today()),
        lambda: _story_page(found, read_chapters(reader, found)),
    )


@blueprint.get("/queries")
def queries() -> Response:
    """The saved queries, each with its page and its feeds."""
    saved = read_saved_queries(current_app.config["QUERIES"])
    return unless_known(
        "", saved, lambda: _page("queries.html", saved=saved, address=lambda one: links.search_url(one.query))
    )


@blueprint.get("/help")
def language() -> Response:
    """How to search: the query language by examples, and the keys."""
    return unless_known("", "help", lambda: _page("help.html", language=manual.LANGUAGE, askable=manual.is_askable))


@blueprint.app_template_filter()
def age(article: Article) -> str:
    """Say how long ago *article* appeared; empty where nobody knows."""
    return typography.age(article.published_at, datetime.now(UTC)) if article.published_at else ""


def _search_values(reader: Reader, query: Query) -> Mapping[str, object]:
    page = reader.search(query)
    chips, text = panels.chips(query), typography.cut(page.query.strip())
    return {
        "text": text,
        "title": f"{text} – Lede" if text else "Lede, news search",
        "query": query,
        "page": page,
        "is_front": not query.parsed.text.strip() and query.filters == Filters(),
        "state": links.to_parameters(replace(query, page=1)),
        "feed": links.to_parameters(replace(_corrected(query, page), page=1)),
        "panels": panels.panels(query, page),
        "chips": chips,
        "exits": exits.ways_out(reader, query, chips) if not page.total else [],
        "sortings": panels.sortings(query),
        "pager": panels.pager(query, page),
        "timeline": timeline.draw(query, page.timeline),
        "unfiltered": links.search_url(links.unfiltered(query)),
        "literally": links.search_url(replace(query, page=1, match="all")),
        "explained": links.search_url(replace(query, explain=not query.explain)),
        "more_of": lambda hit: _more_of(query, hit),
        "about": lambda topic: links.search_url(links.narrowed(query, topic=(topic,))),
    }


def _corrected(query: Query, page: Page) -> Query:
    """Return the query with the words that gave the hits: a feed corrects none."""
    return replace(query, parsed=parse(page.suggestion)) if page.suggestion else query


def _more_of(query: Query, hit: Hit) -> str:
    return links.search_url(links.narrowed(query, provider=(hit.article.provider.name,)))


def _story_page(found: Story, chapters: tuple[Chapter, ...]) -> Response:
    articles = [article for chapter in chapters for article in chapter.articles]
    days = make_timeline(own.published_at.date() if own.published_at else None for own in articles)
    within = Query(parsed=parse(f"story:{found.id}"))
    titles = dict(
        zip((own.id for own in articles), headlines.differing([own.title[:512] for own in articles]), strict=True)
    )
    return _page("story.html", story=found, chapters=chapters, timeline=timeline.draw(within, days), titles=titles)


def _page(template: str, **values: object) -> Response:
    return Response(render_template(template, **values), mimetype="text/html")
