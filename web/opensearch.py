"""How a browser searches here from its address bar: OpenSearch 1.1, and its extension for suggestions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

import orjson

from search.results import Completion
from web.typography import counted

DESCRIPTION, SUGGESTIONS = "application/opensearchdescription+xml; charset=utf-8", "application/x-suggestions+json"
_XML = "http://a9.com/-/spec/opensearch/1.1/"


def describe(base: str) -> bytes:
    """Return the description of the site at *base*, an absolute address without a slash at its end."""
    root = ET.Element("OpenSearchDescription", {"xmlns": _XML})
    for name, text in (("ShortName", "Lede"), ("Description", "Search the news"), ("InputEncoding", "UTF-8")):
        ET.SubElement(root, name).text = text
    ET.SubElement(root, "Image", width="16", height="16", type="image/svg+xml").text = f"{base}/static/icon.svg"
    for kind, path in (
        ("text/html", "/?q={searchTerms}"),
        (SUGGESTIONS, "/opensearch/suggest?q={searchTerms}"),
        ("application/atom+xml", "/feed.atom?q={searchTerms}"),
        ("application/feed+json", "/feed.json?q={searchTerms}"),
    ):
        ET.SubElement(root, "Url", type=kind, template=f"{base}{path}")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def suggestions(text: str, completions: Sequence[Completion], address: Callable[[str], str]) -> bytes:
    """Return completions of *text* as browsers want them.

    That is the text, the queries, how many articles each finds, and the absolute *address* of the page that shows them.
    """
    queries = [one.query for one in completions]
    hits = [counted(one.hits, "article") for one in completions]
    return orjson.dumps([text, queries, hits, list(map(address, queries))])
