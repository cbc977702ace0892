"""Everything that can be typed, asked of the real seeds where they are at hand: both engines, and what was meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import search
from search.analysis import terms
from search.articles import Article
from search.engine import Reader
from search.engines.memory import MemoryEngine
from search.query import MAX_SIZE, Query, parse
from search.query.parser import FIELDS
from search.reading import Progress
from search.survey import Survey

Test = Callable[[Article], bool]


def text_of(article: Article) -> str:
    return " ".join(
        terms(f"{article.title} | {article.excerpt} | {article.provider.name} | {' | '.join(article.topics)}")
    )


def has(*words: str) -> Test:
    return lambda article: any(word in text_of(article) for word in words)


def day_of(article: Article) -> str:
    return article.published_at.date().isoformat() if article.published_at else ""


def whatever(_article: Article) -> bool:
    return True


#: What may be typed, and what every article that is found by it is.
OPERATORS: Sequence[tuple[str, Test]] = [
    ("kubernetes security", has("secur")),
    ('"machine learning"', has("machine learning")),
    ('"data center"~3', has("data")),
    ("kubernetes -security", lambda article: "security" not in terms(article.title)),
    ('azure -"machine learning"', lambda article: "machine learning" not in text_of(article)),
    ("security NOT microsoft", lambda article: "microsoft" not in terms(article.title)),
    ("kubernetes OR openai", has("kubernetes", "openai", "open ai")),
    ("(kubernetes OR docker) AND security", has("kubernetes", "docker")),
    ("kuber*", has("kuber")),
    ("kub?rnet*s", has("kubernetes")),
    ("kubernetis~", has("kubernetes")),
    ("kubrenetis~2", has("kubernetes")),
    ("title:kubernetes", lambda article: "kubernetes" in terms(article.title)),
    ("excerpt:kubernetes", lambda article: "kubernetes" in terms(article.excerpt)),
    ("topic:security", lambda article: "secur" in " ".join(article.topics).lower()),
    ("provider:business", lambda article: "business" in terms(article.provider.name)),
    ("site:microsoft.com", lambda article: article.provider.domain.endswith("microsoft.com")),
    ("site:https://www.zdnet.com/topic", lambda article: article.provider.domain == "zdnet.com"),
    ("category:News kubernetes", lambda article: article.category == "news"),
    ("-type:video kubernetes", lambda article: article.type != "video"),
    ("date:2020-03", lambda article: day_of(article).startswith("2020-03")),
    ("date:2020-12-01..2021-01", lambda article: "2020-12-01" <= day_of(article) <= "2021-01-31"),
    ("after:2021", lambda article: day_of(article) >= "2021"),
    ("before:2020-02", lambda article: "" < day_of(article) <= "2020-02-31"),
    ("asof:2020-02", lambda article: day_of(article) <= "2020-02-31"),
    ("quality:>=70", lambda article: article.quality is not None and article.quality >= 70),
    ("quality:50..60", lambda article: article.quality in range(50, 61)),
    ("heat:>20", lambda article: article.heat is not None and article.heat > 20),
    ("outlets:>=3", whatever),
    ("is:published", lambda article: article.is_published is True),
    ("is:unpublished", lambda article: not article.is_published),
    ("has:image", lambda article: article.image is not None),
    ("story:STORY", whatever),
    ("like:ARTICLE", has("jedi", "pentagon", "contract", "amazon", "aws")),
    ("like:ARTICLE -site:zdnet.com after:2020-05", lambda article: day_of(article) >= "2020-05"),
    ("(like:ARTICLE OR kubernetes) asof:2020 -security", lambda article: day_of(article) <= "2020-12-31"),
]


@pytest.fixture(scope="module")
def memory(corpus: Path) -> Reader:
    """Return the engine of dicts and loops, with the real seeds."""
    survey = Survey([corpus], None, {})
    survey.read(1, Progress())
    engine = MemoryEngine()
    engine.publish(survey.catalog())
    return engine.open()


@pytest.mark.parametrize(("text", "is_meant"), OPERATORS)
def test_every_operator_finds_some_of_the_real_articles(
    text: str, is_meant: Test, corpus_index: Path, memory: Reader
) -> None:
    with search.open_index(corpus_index) as index:
        known = index.search("title:jedi title:pentagon title:contract", match="all").hits[0]
        asked = text.replace("STORY", known.story.id).replace("ARTICLE", known.article.id)
        page = index.search(asked, match="all", size=MAX_SIZE)
        expected = memory.search(Query(parsed=parse(asked), match="all", size=MAX_SIZE))

        assert 0 < page.total < index.statistics().articles
        assert page.notices == ()
        assert [hit.article.title for hit in page.hits if not is_meant(hit.article)] == []
        assert page.total == expected.total
        assert [hit.article.id for hit in page.hits] == [hit.article.id for hit in expected.hits]
        assert [hit.score for hit in page.hits] == pytest.approx([hit.score for hit in expected.hits], abs=1e-9)


def test_every_field_is_asked() -> None:
    asked = " ".join(text for text, _ in OPERATORS)

    assert [name for name in FIELDS if f"{name}:" not in asked] == []


def test_more_like_an_article_is_of_its_matter(corpus_index: Path) -> None:
    with search.open_index(corpus_index) as index:
        own = index.search("title:jedi title:pentagon title:contract", match="all").hits[0].article
        alike = [hit.article for hit in index.search(f"like:{own.id}", size=10).hits]

        assert own.id not in {article.id for article in alike}
        assert sum("jedi" in terms(article.title) for article in alike) >= 7
