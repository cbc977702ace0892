"""Articles and stories as plain lists of JSON, for files and between processes."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from search.articles import Article, Episode, Image, Provider, Story

Record = list[Any]


def article_to_record(article: Article) -> Record:
    """Return *article* as what JSON can hold; the same article gives the same record on any machine."""
    image = article.image
    return [
        article.id,
        article.url,
        article.title,
        article.excerpt,
        [article.provider.name, article.provider.domain],
        article.published_at.isoformat() if article.published_at else None,
        article.type,
        article.category,
        list(article.topics),
        article.quality,
        article.heat,
        article.is_published,
        [image.url, image.width, image.height] if image else None,
    ]


def fingerprint(record: bytes) -> bytes:
    """Return a hash of an article's content, 8 bytes; *record* is its record as JSON, written by orjson."""
    return blake2b(record, digest_size=8).digest()


def article_from_record(record: Record) -> Article:
    """Undo :func:`article_to_record`."""
    return ArticleDecoder().article(record)


class ArticleDecoder:
    """Undoes :func:`article_to_record` for many records, which then share what they repeat."""

    def __init__(self) -> None:
        self._providers: dict[tuple[str, str], Provider] = {}
        self._words: dict[str, str] = {}

    def article(self, record: Record) -> Article:
        """Return the article that *record* was made of."""
        id_, url, title, excerpt, provider, published, type_, category, topics, quality, heat, flag, image = record
        word = self._words.setdefault
        return Article(
            id=id_,
            url=url,
            title=title,
            excerpt=excerpt,
            provider=self._providers.get(tuple(provider)) or self._provider(*provider),
            published_at=datetime.fromisoformat(published) if published else None,
            type=word(type_, type_),
            category=word(category, category),
            topics=tuple([word(topic, topic) for topic in topics]),
            quality=quality,
            heat=heat,
            is_published=flag,
            image=Image(url=image[0], width=image[1], height=image[2]) if image else None,
        )

    def _provider(self, name: str, domain: str) -> Provider:
        provider = self._providers[name, domain] = Provider(name=name, domain=domain)
        return provider


def article_to_json(article: Article) -> bytes:
    """Return what the API sends of an article but its id and date, as JSON."""
    return orjson.dumps(_attributes(article))


def article_from_json(content: bytes, identifier: str, published: datetime | None) -> Article:
    """Undo :func:`article_to_json`."""
    wire = orjson.loads(content)
    wire["provider"] = Provider(**wire["provider"])
    wire["topics"] = tuple(wire["topics"])
    wire["image"] = Image(**wire["image"]) if wire["image"] else None
    return Article(id=identifier, published_at=published, **wire)


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


def story_to_record(story: Story) -> Record:
    """Return *story* as what JSON can hold."""
    return [story.id, story.outlets, [[episode.outlets, list(episode.article_ids)] for episode in story.episodes]]


def story_from_record(record: Record) -> Story:
    """Undo :func:`story_to_record`."""
    id_, outlets, episodes = record
    return Story(
        id=id_,
        outlets=outlets,
        episodes=tuple(Episode(outlets=count, article_ids=tuple(ids)) for count, ids in episodes),
    )
