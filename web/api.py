"""The API: a skin of JSON over the search."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, request

from search.wire import completions_to_wire, page_to_json
from web import openapi
from web.answers import JSON, answer_search, as_json, send_content, unless_known
from web.parameters import api_query, typed_text
from web.service import current_reader
from web.stories import read_chapters
from web.wire import coverage_to_wire

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/search")
def search() -> Response:
    """Ranked articles for a query, with facets and a timeline."""
    reader = current_reader()
    return answer_search(
        reader, lambda: api_query(request.args), lambda query: page_to_json(reader.search(query)), content_type=JSON
    )


@blueprint.get("/suggest")
def suggest() -> Response:
    """What somebody who has typed so far may be about to type."""
    reader, text = current_reader(), typed_text(request.args)
    return unless_known(
        reader.generation,
        text,
        lambda: as_json(completions_to_wire(reader.generation, text, reader.suggest(text))),
    )


@blueprint.get("/openapi.json")
def description() -> Response:
    """What this API is, for programs."""
    return send_content(orjson.dumps(openapi.describe()), JSON)


@blueprint.get("/articles/<identifier>")
def article(identifier: str) -> Response:
    """One article, its story, and how that was told, episode by episode."""
    reader = current_reader()
    found = reader.article(identifier)
    story = reader.story_of(identifier)
    return unless_known(
        reader.generation,
        identifier,
        lambda: as_json(coverage_to_wire(reader.generation, found, story, read_chapters(reader, story))),
    )
