"""What tests are made of: seeds that name only what a test is about, and folders of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.articles import Article, Provider, Seed
from search.catalog import Catalog, make_catalog
from search.files import SeedFile, Stamp
from search.mentions import Mention
from search.parse import parse_date
from search.urls import article_id, domain_of

#: The inputs that the project does not contain: other people's texts. Tests skip where they are not.
SHARED = Path(__file__).parents[2] / "shared"
#: Set where nothing may be skipped.
REQUIRE_ALL = os.environ.get("TESTS_REQUIRE_ALL") == "1"


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what other processes do."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def seed(title: str | None = "Rates rise again", *, slug: str | None = None, **fields: Any) -> str:
    """Write a seed as front matter; a field that is None is left out.

    JSON is YAML, which makes every value a quoted one. The URL follows from *slug*, or the title.
    """
    name = slug or "-".join((title or "untitled").lower().split())
    keys: dict[str, Any] = {
        "title": title,
        "excerpt": "The central bank raised its rate by a quarter point.",
        "publishedDateTime": "2021-12-09T07:49:00Z",
        "webUrl": f"https://news.example/{name}",
        "type": "article",
        "category": "news",
        "provider": {"name": "Example News", "domain": "news.example"},
    }
    lines = [f"{key}: {json.dumps(value)}" for key, value in (keys | fields).items() if value is not None]
    return "\n".join(["---", *lines, "---", ""])


def mention(title: str = "Rates rise again", *, slug: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return an entry of a related list."""
    name = slug or "-".join(title.lower().split())
    keys = {
        "title": title,
        "webUrl": f"https://news.example/{name}",
        "publishedDateTime": "2021-12-09T07:49:00Z",
        "provider": {"name": "Example News", "domain": "news.example"},
    }
    return {key: value for key, value in (keys | fields).items() if value is not None}


def article(title: str = "Rates rise again", *, url: str | None = None, **fields: Any) -> Article:
    """Make an article; ``published`` is a text, ``provider`` a name."""
    url = url or f"https://news.example/{'-'.join(title.lower().split())}"
    published: str | None = fields.pop("published", "2021-12-09T07:49:00Z")
    provider: str = fields.pop("provider", "Example News")
    domain: str = fields.pop("domain", domain_of(url))
    return Article(
        id=article_id(url),
        url=url,
        title=title,
        provider=Provider(name=provider, domain=domain),
        published_at=parse_date(published) if published else None,
        **fields,
    )


def catalog(*articles: Article, related: tuple[tuple[Article, ...], ...] = ()) -> Catalog:
    """Make a catalog: every article has a seed; the first of each tuple in *related* lists the others."""
    lists = {group[0].id: group[1:] for group in related}
    mentions = [
        Mention(f"{number:06}.md", 1, Seed(article=own, related=lists.get(own.id, ())))
        for number, own in enumerate(articles)
    ]
    return make_catalog(mentions)


def seed_file(name: str = "seed.md") -> SeedFile:
    """Name a file that need not exist."""
    return SeedFile(name, name, Stamp(0, 0, 0, 0), name)


class SeedFolder:
    """A folder of seeds that a test writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file, and the folders above it."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def remove(self, name: str) -> None:
        """Delete a file."""
        (self.path / name).unlink()
