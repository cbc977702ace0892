"""Values to JSON, in one place; every answer of the API is made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from search.articles import Article, Image, Provider, Story
from search.results import Explanation, FacetValue, Hit, Notice, Page, Timeline
from web.stories import Chapter

Wire = dict[str, Any]


def page_to_wire(page: Page) -> Wire:
    """Write a page of results."""
    return {
        "query": page.query,
        "total": page.total,
        "page": page.page,
        "size": page.size,
        "took_ms": round(page.took_ms, 3),
        "generation": page.generation,
        "notices": [notice_to_wire(notice) for notice in page.notices],
        "searched": page.searched,
        "suggestion": page.suggestion,
        "relaxed": page.relaxed,
        "hits": [hit_to_wire(hit) for hit in page.hits],
        "facets": {name: [facet_to_wire(value) for value in values] for name, values in page.facets.items()},
        "timeline": timeline_to_wire(page.timeline) if page.timeline else None,
    }


def notice_to_wire(notice: Notice) -> Wire:
    """Write what was ignored, cut or read differently."""
    return {"code": notice.code, "text": notice.text}


def hit_to_wire(hit: Hit) -> Wire:
    """Write one hit: its article, and why and where it matched."""
    wire = article_to_wire(hit.article) | {
        "score": hit.score,
        "highlights": {name: [list(span) for span in hit.highlights.get(name, ())] for name in ("title", "excerpt")},
        "story": {"id": hit.story.id, "articles": hit.story.articles, "outlets": hit.story.outlets},
        "also": [{"id": copy.id, "provider": copy.provider.name, "url": copy.url} for copy in hit.also],
        "more_from_domain": hit.more_from_domain,
    }
    return wire | {"explanation": explanation_to_wire(hit.explanation)} if hit.explanation else wire


def article_to_wire(article: Article) -> Wire:
    """Write an article, whole."""
    return {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "excerpt": article.excerpt,
        "provider": provider_to_wire(article.provider),
        "published_at": moment_to_wire(article.published_at),
        "type": article.type,
        "category": article.category,
        "topics": list(article.topics),
        "quality": article.quality,
        "heat": article.heat,
        "is_published": article.is_published,
        "image": image_to_wire(article.image) if article.image else None,
    }


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


def provider_to_wire(provider: Provider) -> Wire:
    """Write who published."""
    return {"name": provider.name, "domain": provider.domain}


def image_to_wire(image: Image) -> Wire:
    """Write a picture."""
    return {"url": image.url, "width": image.width, "height": image.height}


def explanation_to_wire(explanation: Explanation) -> Wire:
    """Write why a hit has its score."""
    return {"factors": dict(explanation.factors), "sentence": explanation.sentence}


def facet_to_wire(value: FacetValue) -> Wire:
    """Write a value to choose."""
    return {"value": value.value, "count": value.count, "selected": value.selected}


def timeline_to_wire(timeline: Timeline) -> Wire:
    """Write the hits over time."""
    return {
        "interval": timeline.interval,
        "buckets": [{"from": bucket.start.isoformat(), "count": bucket.count} for bucket in timeline.buckets],
        "undated": timeline.undated,
    }


def moment_to_wire(moment: datetime | None) -> str | None:
    """Write a moment to the second, with a Z.

    >>> from datetime import UTC, datetime
    >>> moment_to_wire(datetime(2021, 12, 9, 7, 49, tzinfo=UTC))
    '2021-12-09T07:49:00Z'
    """
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z" if moment else None


def _mention_to_wire(article: Article) -> Wire:
    return {
        "id": article.id,
        "url": article.url,
        "title": article.title,
        "provider": provider_to_wire(article.provider),
        "published_at": moment_to_wire(article.published_at),
    }
