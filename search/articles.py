"""The values that flow through Lede: articles, the seeds they come from, and the stories they belong to.

Written as JSON, each is a list of its fields. The collector of cycles need not look at them: they hold nothing that
could hold them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Provider(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Who published an article."""

    name: str
    #: Without ``www.``, lower case; of the article's URL where the seed names none.
    domain: str


class Image(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A picture of an article, on somebody else's host."""

    #: Absolute, http or https.
    url: str
    #: In pixels; None where the seed does not say.
    width: int | None
    height: int | None


class Article(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One news article, cleaned; the unit that is indexed and found.

    Made by :mod:`search.parse` only, so later stages never check it again.
    """

    #: Hash of the canonical URL; the same article in two seeds has the same id.
    id: str
    #: As the seed has it; http or https.
    url: str
    #: Plain text, like the excerpt: entities decoded, white space folded.
    title: str
    excerpt: str = ""
    provider: Provider
    #: Aware, UTC; None where no seed gives a date.
    published_at: datetime | None = None
    type: str | None = None
    category: str | None = None
    topics: tuple[str, ...] = ()
    #: 0 to 100 in the main; None where unknown, which ranks as neutral.
    quality: int | None = None
    heat: int | None = None
    #: The editor's flag; None for an article that only related lists mention.
    is_published: bool | None = None
    image: Image | None = None


class Seed(Struct, frozen=True, kw_only=True, array_like=True):
    """What one seed says: its own article, and the ones its editor related to it."""

    article: Article
    related: tuple[Article, ...] = ()
    is_removed: bool = False


class Episode(Struct, frozen=True, kw_only=True, array_like=True):
    """A run of one story's coverage without a gap of more than five days."""

    #: Oldest first; undated articles are in the first episode.
    article_ids: tuple[str, ...]
    #: Distinct provider domains.
    outlets: int


class Story(Struct, frozen=True, kw_only=True, array_like=True):
    """Articles that editors related to one another; an article on its own is a story of one."""

    #: The id of the story's first article, which later coverage does not change.
    id: str
    #: Oldest first.
    episodes: tuple[Episode, ...]
    outlets: int

    @property
    def article_ids(self) -> tuple[str, ...]:
        """Every member, oldest first."""
        return tuple(id_ for episode in self.episodes for id_ in episode.article_ids)
