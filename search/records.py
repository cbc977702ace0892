"""Articles and stories as JSON: as lists of their fields, for files and between processes, and as the API has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
import orjson
from msgspec.structs import force_setattr

from search.articles import Article, Image, Provider, Story

#: Of a fingerprint.
MARK_BYTES = 8

_encode = msgspec.json.Encoder().encode


class _WireProvider(msgspec.Struct):
    name: str
    domain: str


class _WireImage(msgspec.Struct):
    url: str
    width: int | None
    height: int | None


class _WireArticle(msgspec.Struct):
    """What :func:`article_to_json` writes."""

    url: str
    title: str
    excerpt: str
    provider: _WireProvider
    type: str | None
    category: str | None
    topics: tuple[str, ...]
    quality: int | None
    heat: int | None
    is_published: bool | None
    image: _WireImage | None


_decode = msgspec.json.Decoder(_WireArticle).decode


def to_record(value: Article | Story) -> bytes:
    """Return what is kept of *value*, as JSON; the same value gives the same record on any machine."""
    return _encode(value)


def to_records(articles: Sequence[Article]) -> bytes:
    """Return the records of articles, as one list."""
    return _encode(articles)


def fingerprint(record: bytes) -> bytes:
    """Return a hash of an article's content, ``MARK_BYTES``; *record* is its record."""
    return blake2b(record, digest_size=MARK_BYTES).digest()


class Sharing:
    """Lets many articles share what they repeat: providers and short texts."""

    def __init__(self) -> None:
        self._providers: dict[Provider, Provider] = {}
        self._words: dict[str | None, str | None] = {}
        self._topics: dict[tuple[str, ...], tuple[str, ...]] = {}

    def share(self, articles: Iterable[Article]) -> None:
        """Replace what was there before in *articles*, which nobody else holds yet, by what was there first."""
        providers, words, topics = self._providers.setdefault, self._words.setdefault, self._topics.setdefault
        for article in articles:
            # They are frozen for everybody else.
            force_setattr(article, "provider", providers(article.provider, article.provider))
            force_setattr(article, "type", words(article.type, article.type))
            force_setattr(article, "category", words(article.category, article.category))
            force_setattr(article, "topics", topics(article.topics, article.topics))


def article_to_json(article: Article) -> bytes:
    """Return what the API sends of an article but its id and date, as JSON."""
    return orjson.dumps(_attributes(article))


def article_from_json(content: bytes, identifier: str, published: datetime | None) -> Article:
    """Undo :func:`article_to_json`."""
    wire = _decode(content)
    image = wire.image
    return Article(
        id=identifier,
        url=wire.url,
        title=wire.title,
        excerpt=wire.excerpt,
        provider=Provider(name=wire.provider.name, domain=wire.provider.domain),
        published_at=published,
        type=wire.type,
        category=wire.category,
        topics=wire.topics,
        quality=wire.quality,
        heat=wire.heat,
        is_published=wire.is_published,
        image=Image(url=image.url, width=image.width, height=image.height) if image else None,
    )


def article_to_wire(article: Article) -> dict[str, Any]:
    """Return an article as the API sends it."""
    return {"id": article.id, "published_at": moment_to_wire(article.published_at), **_attributes(article)}


def _attributes(article: Article) -> dict[str, Any]:
    image, provider = article.image, article.provider
    return {
        "url": article.url,
        "title": article.title,
        "excerpt": article.excerpt,
        "provider": {"name": provider.name, "domain": provider.domain},
        "type": article.type,
        "category": article.category,
        "topics": article.topics,
        "quality": article.quality,
        "heat": article.heat,
        "is_published": article.is_published,
        "image": {"url": image.url, "width": image.width, "height": image.height} if image else None,
    }


def moment_to_wire(moment: datetime | None) -> str | None:
    """Write a moment to the second, with a Z.

    >>> from datetime import UTC
    >>> moment_to_wire(datetime(2021, 12, 9, 7, 49, tzinfo=UTC))
    '2021-12-09T07:49:00Z'
    """
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z" if moment else None
