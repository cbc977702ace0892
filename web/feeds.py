"""Feeds of searches and stories, for programs that look again and again, and the description that browsers read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlencode, urljoin

from flask import Blueprint, Response, current_app, request, url_for

from search.query import Query
from search.query.request import PAGE_SIZE
from web import links, opensearch
from web.answers import send_content, unless_known
from web.parameters import feed_query, typed_text
from web.service import current_reader
from web.syndication import ATOM, JSON_FEED, Feed, to_atom, to_json_feed

blueprint = Blueprint("feeds", __name__)
_WRITERS: Mapping[str, tuple[Callable[[Feed], bytes], str]] = {
    "atom": (to_atom, ATOM),
    "json": (to_json_feed, JSON_FEED),
}


@blueprint.get("/feed.atom", defaults={"form": "atom"})
@blueprint.get("/feed.json", defaults={"form": "json"})
def search(form: str) -> Response:
    """The articles that a search finds, newest first where it does not say otherwise."""
    query = feed_query(request.args)
    state = urlencode(links.to_parameters(_as_page(query)))
    feed = Feed(
        key=f"search:{state}",
        title=f"Lede: {query.parsed.text.strip() or 'all news'}",
        home=absolute(f"{url_for('pages.search')}?{state}"),
        own=absolute(request.full_path.rstrip("?")),
        articles=[hit.article for hit in current_reader().search(query).hits],
    )
    return _send(feed, form)


@blueprint.get("/stories/<identifier>/feed.atom", defaults={"form": "atom"})
@blueprint.get("/stories/<identifier>/feed.json", defaults={"form": "json"})
def story(identifier: str, form: str) -> Response:
    """The articles of a story, newest first."""
    reader = current_reader()
    found = reader.story(identifier)
    articles = [reader.article(id_) for id_ in reversed(found.article_ids)]
    feed = Feed(
        key=f"story:{found.id}",
        title=f"Lede: {articles[-1].title}",
        home=absolute(url_for("pages.story", identifier=identifier)),
        own=absolute(request.path),
        articles=articles,
    )
    return _send(feed, form)


@blueprint.get("/opensearch.xml")
def describe() -> Response:
    """How a browser may search here from its address bar."""
    return send_content(opensearch.describe(absolute("/").rstrip("/")), opensearch.DESCRIPTION)


@blueprint.get("/opensearch/suggest")
def suggest() -> Response:
    """Completions, as the address bar of a browser wants them."""
    reader, text = current_reader(), typed_text(request.args)
    return unless_known(
        reader.generation,
        text,
        lambda: Response(opensearch.suggestions(text, reader.suggest(text)), content_type=opensearch.SUGGESTIONS),
    )


def absolute(path: str) -> str:
    """Return the whole address of *path*: at the base that is set, or at the host that was asked."""
    base: str = current_app.config["BASE_URL"] or request.host_url
    return urljoin(base.rstrip("/") + "/", path.lstrip("/"))


def _as_page(query: Query) -> Query:
    return replace(query, size=PAGE_SIZE)


def _send(feed: Feed, form: str) -> Response:
    write, content_type = _WRITERS[form]
    return send_content(write(feed), content_type, modified=feed.updated)
