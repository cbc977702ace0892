"""Articles and stories as plain lists of JSON, for files and between processes."""

from __future__ import annotations

from datetime import datetime
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


def article_from_record(record: Record) -> Article:
    """Undo :func:`article_to_record`."""
    id_, url, title, excerpt, provider, published, type_, category, topics, quality, heat, is_published, image = record
    return Article(
        id=id_,
        url=url,
        title=title,
        excerpt=excerpt,
        provider=Provider(name=provider[0], domain=provider[1]),
        published_at=datetime.fromisoformat(published) if published else None,
        type=type_,
        category=category,
        topics=tuple(topics),
        quality=quality,
        heat=heat,
        is_published=is_published,
        image=Image(url=image[0], width=image[1], height=image[2]) if image else None,
    )


def article_to_json(article: Article) -> bytes:
    """Return what the API sends of an article but its id and date, as JSON."""
    wire = article_to_wire(article)
    del wire["id"], wire["published_at"]
    return orjson.dumps(wire)


def article_from_json(content: bytes, identifier: str, published: datetime | None) -> Article:
    """Undo :func:`article_to_json`."""
    wire = orjson.loads(content)
    wire["provider"] = Provider(**wire["provider"])
    wire["topics"] = tuple(wire["topics"])
    wire["image"] = Image(**wire["image"]) if wire["image"] else None
    return Article(id=identifier, published_at=published, **wire)


def article_to_wire(article: Article) -> dict[str, Any]:
    """Return an article as the API sends it."""
    image = article.image
    return {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "excerpt": article.excerpt,
        "provider": {"name": article.provider.name, "domain": article.provider.domain},
        "published_at": moment_to_wire(article.published_at),
        "type": article.type,
        "category": article.category,
        "topics": list(article.topics),
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
