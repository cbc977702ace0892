"""A story with its articles, as it is told: episode by episode, the oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from search.articles import Article, Story
from search.engine import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One episode of a story; never empty."""

    #: Oldest first, undated ones before.
    articles: tuple[Article, ...]
    #: Distinct provider domains.
    outlets: int

    @property
    def start(self) -> datetime | None:
        """When the first dated article appeared; None where none is dated."""
        return min(self._moments, default=None)

    @property
    def end(self) -> datetime | None:
        """When the last dated article appeared; None where none is dated."""
        return max(self._moments, default=None)

    @property
    def lead(self) -> tuple[Article, Article] | None:
        """The first dated article, and the first of another outlet; None where there are no two such."""
        dated = sorted((own for own in self.articles if own.published_at), key=_moment)
        followers = (own for own in dated if own.provider.domain != dated[0].provider.domain)
        follower = next(followers, None)
        return (dated[0], follower) if follower else None

    @property
    def _moments(self) -> list[datetime]:
        return [article.published_at for article in self.articles if article.published_at]


def _moment(article: Article) -> datetime:
    return article.published_at or datetime.max.replace(tzinfo=UTC)


def read_chapters(reader: Reader, story: Story) -> tuple[Chapter, ...]:
    """Look up the articles of every episode of *story*."""
    return tuple(
        Chapter(articles=tuple(map(reader.article, episode.article_ids)), outlets=episode.outlets)
        for episode in story.episodes
    )
