"""Feeds, for programs that look again and again, and what browsers need to search from their address bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, request, url_for
from msgspec.structs import replace

from search.query import Query
from search.saved import find_saved_query
from web import links, opensearch, typography
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
    state = urlencode(links.to_parameters(query))
    return _send_search(query, form, key=f"search:{state}", title=query.parsed.text.strip() or "all news")


@blueprint.get("/queries/<name>.atom", defaults={"form": "atom"})
@blueprint.get("/queries/<name>.json", defaults={"form": "json"})
def saved(name: str, form: str) -> Response:
    """The articles that a saved query finds, newest first where it does not say otherwise."""
    kept = find_saved_query(current_app.config["QUERIES"], name)
    query = replace(kept.query, size=feed_query(request.args).size, facets=False)
    return _send_search(query, form, key=f"query:{name}", title=kept.title)


@blueprint.get("/stories/<identifier>/feed.atom", defaults={"form": "atom"})
@blueprint.get("/stories/<identifier>/feed.json", defaults={"form": "json"})
def story(identifier: str, form: str) -> Response:
    """The articles of a story, newest first."""
    reader = current_reader()
    found = reader.story(identifier)
    size = feed_query(request.args).size
    feed = Feed(
        key=f"story:{found.id}",
        title=_titled(reader.article(found.article_ids[0]).title),
        home=absolute(url_for("pages.story", identifier=identifier)),
        own=_own(),
        articles=[reader.article(id_) for id_ in found.article_ids[: -size - 1 : -1]],
    )
    return _send(feed, form)


@blueprint.get("/opensearch.xml")
def describe() -> Response:
    """How a browser may search here from its address bar."""
    return send_content(opensearch.describe(absolute("")), opensearch.DESCRIPTION)


@blueprint.get("/opensearch/suggest")
def suggest() -> Response:
    """Completions, as the address bar of a browser wants them."""
    reader, text = current_reader(), typed_text(request.args)
    return unless_known(
        reader.generation,
        text,
        lambda: Response(
            opensearch.suggestions(text, reader.suggest(text), _search_address), content_type=opensearch.SUGGESTIONS
        ),
    )


def absolute(path: str) -> str:
    """Return the whole address of *path*: at the base that is set, or at the host that was asked."""
    base: str = current_app.config["BASE_URL"]
    if not base and not request.host:
        # Whoever asks a host that cannot be is sent to none.
        abort(HTTPStatus.BAD_REQUEST)
    # Not `host_url`, which decodes international names, and fails where they are none.
    return f"{base or f'{request.scheme}://{request.host}'}{path}"


def _search_address(text: str) -> str:
    return absolute(url_for("pages.search", q=text))


def _own() -> str:
    return absolute(request.full_path.rstrip("?"))


def _titled(text: str) -> str:
    return f"Lede: {typography.cut(text)}"


def _send_search(query: Query, form: str, *, key: str, title: str) -> Response:
    feed = Feed(
        key=key,
        title=_titled(title),
        home=absolute(links.search_url(query)),
        own=_own(),
        articles=[hit.article for hit in current_reader().search(query).hits],
    )
    return _send(feed, form)


def _send(feed: Feed, form: str) -> Response:
    write, content_type = _WRITERS[form]
    return send_content(write(feed), content_type)
