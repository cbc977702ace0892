"""Articles as Atom (RFC 4287) and as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): values in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5
from xml.etree import ElementTree as ET

import orjson

from search.articles import Article
from search.records import moment_to_wire

ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json; charset=utf-8"
#: What the ids of entries are made in, so that they are the same whoever serves the articles.
NAMESPACE = UUID("1d6a0b5c-0b9c-5d1e-9f43-0e6d1f6b8a57")
#: Atom wants a moment of every entry; an article without a date has this one, which never changes.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
# Characters that no XML 1.0 document may have, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A list of articles that changes."""

    #: Tells the feed from others, wherever it is served.
    key: str
    title: str
    #: Absolute addresses of the page that shows the same, and of the feed itself.
    home: str
    own: str
    #: The newest first.
    articles: Sequence[Article]

    @property
    def updated(self) -> datetime:
        """When the newest article was published, so that it changes only with what is in the feed."""
        return max(map(_updated, self.articles), default=UNDATED)


def entry_id(key: str) -> str:
    """Return the id of an article's or a feed's key: the same on every host, and after every reindex.

    >>> entry_id("article:0011223344556677")
    'urn:uuid:b52a80a0-8185-55a7-8507-47b60163f0a6'
    """
    return uuid5(NAMESPACE, key).urn


def to_atom(feed: Feed) -> bytes:
    """Write *feed* as Atom."""
    root = ET.Element("feed", {"xmlns": _XML})
    _add(root, "id", entry_id(feed.key))
    _add(root, "title", feed.title, type="text")
    _add(root, "updated", _written(feed.updated))
    _add(root, "generator", "Lede")
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.own)
    _add(root, "link", rel="alternate", type="text/html", href=feed.home)
    for article in feed.articles:
        _add_entry(root, article)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def to_json_feed(feed: Feed) -> bytes:
    """Write *feed* as JSON Feed."""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": feed.home,
            "feed_url": feed.own,
            "items": list(map(_item, feed.articles)),
        }
    )


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})
    element.text = _clean(text) or None
    return element


def _add_entry(root: ET.Element, article: Article) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", entry_id(f"article:{article.id}"))
    _add(entry, "title", article.title, type="text")
    _add(entry, "link", rel="alternate", href=article.url)
    _add(entry, "updated", _written(_updated(article)))
    if article.published_at:
        _add(entry, "published", _written(article.published_at))
    _add(_add(entry, "author"), "name", article.provider.name)
    for topic in article.topics:
        _add(entry, "category", term=topic)
    _add(entry, "summary", article.excerpt, type="text")


def _item(article: Article) -> Mapping[str, object]:
    item: dict[str, object] = {
        "id": entry_id(f"article:{article.id}"),
        "url": article.url,
        "title": article.title,
        "content_text": article.excerpt,
        "authors": [{"name": article.provider.name}],
        "tags": article.topics,
    }
    if article.image:
        item["image"] = article.image.url
    return item | ({"date_published": _written(article.published_at)} if article.published_at else {})


def _updated(article: Article) -> datetime:
    return article.published_at or UNDATED


def _written(moment: datetime) -> str:
    return moment_to_wire(moment) or ""


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)
