"""Articles and stories as plain lists of JSON, for files and between processes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
