"""What only the web sends as JSON; the values that the command line prints too are in :mod:`search.wire`."""

from __future__ import annotations

from collections.abc import Sequence

from search.articles import Article, Story
from search.records import article_to_wire, moment_to_wire
from search.wire import Wire, provider_to_wire
from web.stories import Chapter


def coverage_to_wire(generation: str, article: Article, story: Story, chapters: Sequence[Chapter]) -> Wire:
    """Write an article with its story, told episode by episode."""
    return article_to_wire(article) | {
        "generation": generation,
        "story": {"id": story.id, "articles": len(story.article_ids), "outlets": story.outlets},
        "episodes": [chapter_to_wire(chapter) for chapter in chapters],
    }


def chapter_to_wire(chapter: Chapter) -> Wire:
    """Write one episode; its articles are the oldest first."""
    return {
        "from": moment_to_wire(chapter.start),
        "to": moment_to_wire(chapter.end),
        "outlets": chapter.outlets,
        "articles": [_mention_to_wire(article) for article in chapter.articles],
    }


def _mention_to_wire(article: Article) -> Wire:
    return {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "provider": provider_to_wire(article.provider),
        "published_at": moment_to_wire(article.published_at),
    }
