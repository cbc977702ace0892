"""Mentions to articles, stories and episodes: what the seeds say, all together.

A pure function of the seeds: the same ones give the same catalog, in whatever order and however many steps they came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from search import records
from search.articles import Article, Episode, Seed, Story
from search.keys import Fingerprints, Marks
from search.mentions import Mention, MentionedLines, Told, part_lone, part_lone_lines
from search.recorded import Recorded, with_articles
from search.records import to_record
from search.stories import group_stories

#: A longer silence within a story ends an episode.
EPISODE_GAP = timedelta(days=5)
#: Part of the generation id: raise it whenever the same articles must be indexed differently.
INDEX_FORMAT = 6
#: Of indexes that can be read and searched, too, until the next reindex writes a new one.
OLDER_FORMATS = (5,)

_NEVER = datetime.min.replace(tzinfo=UTC)
_AT_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything that is to be indexed."""

    #: In the order of their ids.
    articles: Sequence[Article]
    #: Stories of two articles or more, in the order of their ids.
    shared_stories: tuple[Story, ...]
    #: Of some of the articles, by id, in their order; the others' are found when they are asked for.
    known_fingerprints: Mapping[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def stories(self) -> tuple[Story, ...]:
        """All stories, in the order of their ids; an article on its own is a story of one."""
        shared = {id_ for story in self.shared_stories for id_ in story.article_ids}
        alone = [_story_of_one(article.id) for article in self.articles if article.id not in shared]
        # Sorting takes two runs that are in order already for what they are.
        return tuple(sorted([*alone, *self.shared_stories], key=attrgetter("id")))

    @cached_property
    def fingerprints(self) -> Marks:
        """The hash of every article's content, by id."""
        if isinstance(self.articles, Recorded):
            return Marks(self.articles.ids, self.articles.fingerprints)
        known = self.known_fingerprints
        if len(known) == len(self.articles) and all(known.values()):
            return Marks.of(known)
        return Marks.of({article.id: known.get(article.id) or fingerprint(article) for article in self.articles})

    @cached_property
    def fingerprint_set(self) -> Fingerprints:
        """The hashes alone, to be looked up."""
        return Fingerprints(self.fingerprints.fingerprints)

    @cached_property
    def generation(self) -> str:
        """Id of the index made of this: a hash of every article and story; 16 hexadecimal digits."""
        return generation_id(self.fingerprints.fingerprints, self.shared_stories)

    @property
    def story_count(self) -> int:
        """Stories of two articles or more."""
        return len(self.shared_stories)


def fingerprint(article: Article) -> bytes:
    """Return a hash of an article's content, 8 bytes."""
    return records.fingerprint(to_record(article))


def generation_id(fingerprints: NDArray[np.uint64], stories: Iterable[Story]) -> str:
    """Return the id of a generation: a hash of the fingerprints of its articles and of its stories of two or more.

    Both are in the order of their ids; 16 hexadecimal digits.
    """
    digest = blake2b(str(INDEX_FORMAT).encode(), digest_size=8)
    digest.update(fingerprints.astype("<u8").tobytes())
    for story in stories:
        digest.update(to_record(story))
    return digest.hexdigest()


def make_catalog(mentions: Iterable[Mention], tables: Sequence[MentionedLines] = ()) -> Catalog:
    """Merge what seeds say of articles.

    A seed's own entry beats a mention in a related list; between equals the newest seed wins: the one with the later
    date, then the one whose name comes last. An article whose winning seed says ``removed`` is left out, wherever it
    is mentioned.

    Args:
        mentions: the seeds.
        tables: more of them; where there are any, the catalog has its articles as records.
    """
    if not tables:
        return _merged(mentions, None)
    mentions = list(mentions)
    told = part_lone_lines(tables, mentions)
    return _merged([*mentions, *told.mentions], told)


def _merged(mentions: Iterable[Mention], told: Told | None) -> Catalog:
    """Merge mentions, beside articles as records, of which no seed is and some may be related to them."""
    recorded = told.everything.chosen(told.lone) if told else None
    lone, others = part_lone(mentions)
    others.sort(key=_age)
    articles: dict[str, Article] = {}
    removed: set[str] = set()
    fingerprints: dict[str, bytes] = {}
    for mention in others:
        articles.update({article.id: article for article in mention.seed.related})
    for mention in others:
        article = mention.seed.article
        articles[article.id], fingerprints[article.id] = article, mention.fingerprint
        (removed.add if mention.seed.is_removed else removed.discard)(article.id)
    for identifier in removed:
        del articles[identifier]
    # An own entry beats what others say.
    articles |= {identifier: lone[identifier].seed.article for identifier in articles.keys() & lone.keys()}
    alone = recorded.find(articles) if recorded else {}
    articles |= alone
    stories = [_story(group, articles) for group in group_stories(_links(others, articles)) if len(group) > 1]
    winners = lone
    for identifier in articles.keys() - lone.keys() - alone.keys():
        seed = Seed(article=articles[identifier])
        winners[identifier] = Mention(name="", line=0, seed=seed, fingerprint=fingerprints.get(identifier, b""))
    order = sorted(winners)
    listed = tuple([winners[identifier].seed.article for identifier in order])
    known = {identifier: winners[identifier].fingerprint for identifier in order}
    return Catalog(
        articles=_recorded(listed, told, known) if told else listed,
        shared_stories=tuple(sorted(stories, key=attrgetter("id"))),
        known_fingerprints={} if told else known,
    )


def _recorded(articles: Sequence[Article], told: Told, fingerprints: Mapping[str, bytes]) -> Recorded:
    """Return articles, and those that are alone, as records; most were records before."""
    places = [told.places.get(id(article), -1) for article in articles]
    as_they_were = np.array([place for place in places if place >= 0], np.intp)
    known = told.everything.chosen(np.concatenate([told.lone, as_they_were]))
    others = [one for one, place in zip(articles, places, strict=True) if place < 0]
    found = with_articles(known, others, fingerprints)
    return found.chosen(np.argsort(found.ids))


def _age(mention: Mention) -> tuple[datetime, str, int, _Text]:
    # Whoever withdraws an article without a date means all that was ever said of it.
    undated = _AT_LAST if mention.seed.is_removed else _NEVER
    return (mention.seed.article.published_at or undated, mention.name, mention.line, _Text(mention.seed))


@dataclass(frozen=True, slots=True)
class _Text:
    """A seed in the order of its text, for where nothing else tells two apart; written only if it comes to that."""

    seed: Seed

    def __lt__(self, other: _Text) -> bool:
        return repr(self.seed) < repr(other.seed)


def _links(mentions: Iterable[Mention], articles: Mapping[str, Article]) -> Mapping[str, set[str]]:
    """Link the articles that any is related to, both ways; those without links are left out."""
    links: defaultdict[str, set[str]] = defaultdict(set)
    for mention in mentions:
        own = mention.seed.article.id
        if own in articles:
            links[own].update([article.id for article in mention.seed.related if article.id in articles])
    for article, related in list(links.items()):
        related.discard(article)
        for other in related:
            if article not in links[other]:
                links[other].add(article)
    return links


def _story_of_one(identifier: str) -> Story:
    return Story(id=identifier, episodes=(Episode(article_ids=(identifier,), outlets=1),), outlets=1)


def _story(group: Iterable[str], articles: Mapping[str, Article]) -> Story:
    """Order a story's articles by time and cut it where it falls silent; undated ones come first."""
    members = sorted((articles[id_] for id_ in group), key=lambda article: (article.published_at or _NEVER, article.id))
    runs: list[list[Article]] = [[]]
    last = None
    for article in members:
        now = article.published_at
        if now and last and now - last > EPISODE_GAP:
            runs.append([])
        runs[-1].append(article)
        last = now or last
    episodes = tuple(Episode(article_ids=tuple(a.id for a in run), outlets=_outlets(run)) for run in runs)
    first = next((article for article in members if article.published_at), members[0])
    return Story(id=first.id, episodes=episodes, outlets=_outlets(members))


def _outlets(articles: Iterable[Article]) -> int:
    return len({article.provider.domain for article in articles})
