"""The 4,958 real seeds, where they are at hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import search
from search import Index, Report
from search.analysis import stem, terms
from search.articles import Article
from search.cli import lede
from search.engines.fields import field_texts


@pytest.fixture(scope="module")
def second_run(corpus: Path, corpus_index: Path) -> Report:
    """Reindex once more, without a change."""
    return search.reindex([corpus], corpus_index)


@pytest.fixture
def index(corpus_index: Path) -> Index:
    """Open the index of the real seeds."""
    return search.open_index(corpus_index)


@pytest.fixture(scope="module")
def elsewhere(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Reindex a copy of the seeds, in several processes."""
    path = tmp_path_factory.mktemp("elsewhere")
    return search.reindex([shutil.copytree(corpus, path / "seeds")], path / "index", jobs=3)


def test_every_real_seed_is_read_and_none_refused(elsewhere: Report) -> None:
    files = elsewhere.files
    assert (files.read, files.unchanged, files.refused, files.vanished) == (4958, 0, 0, 0)
    assert (elsewhere.articles, elsewhere.added, elsewhere.stories) == (4942, 4942, 533)
    assert elsewhere.problems == ()


def test_the_same_seeds_elsewhere_give_the_same_generation(elsewhere: Report, index: Index) -> None:
    assert elsewhere.generation == index.generation


def test_a_second_run_finds_nothing_to_do(second_run: Report, index: Index) -> None:
    files = second_run.files
    assert (files.read, files.unchanged, files.refused, files.vanished) == (0, 4958, 0, 0)
    assert (second_run.added, second_run.changed, second_run.removed) == (0, 0, 0)
    assert second_run.generation == index.generation


def test_the_index_verifies(corpus_index: Path) -> None:
    result = CliRunner().invoke(lede, ["verify", "--index", str(corpus_index)])

    assert (result.exit_code, result.stderr) == (0, "")


def test_statistics_are_those_of_the_corpus(index: Index) -> None:
    statistics = index.statistics()

    assert (statistics.articles, statistics.stories) == (4942, 533)
    assert statistics.newest is not None
    assert statistics.newest.year == 2021


def test_a_search_for_nothing_finds_everything(index: Index) -> None:
    page = index.search("")

    assert page.total == 4942
    assert page.timeline is not None
    assert sum(bucket.count for bucket in page.timeline.buckets) + page.timeline.undated == 4942


@pytest.mark.parametrize("text", ["kubernetes", '"machine learning"', "security -defender", "azure cosmos db"])
def test_what_is_found_holds_the_words(index: Index, text: str) -> None:
    page = index.search(text, match="all", size=50, diversity=False)
    sought = stem(text.strip('"').split()[0])

    assert 0 < page.total < 4942
    assert all(sought in stems(hit.article) for hit in page.hits)
    assert [hit.score for hit in page.hits] == sorted((hit.score for hit in page.hits), reverse=True)


def stems(article: Article) -> set[str]:
    return {stem(term) for text in field_texts(article).values() for term in terms(text)}


def test_a_title_is_found_first_by_its_own_words(index: Index) -> None:
    """Of every fiftieth article; a few share their titles, and are then copies of one another."""
    articles = [hit.article for page in range(1, 50) for hit in index.search("", size=100, page=page).hits][::50]
    first = [index.search(article.title, match="all", diversity=False).hits[:3] for article in articles]

    found = [
        article.title in {hit.article.title for hit in hits} for article, hits in zip(articles, first, strict=True)
    ]
    assert sum(found) >= 0.95 * len(found)


def test_a_facet_counts_what_choosing_it_finds(index: Index) -> None:
    page = index.search("security")
    counted = page.facets["provider"][:5]

    assert [index.search("security", provider=[value.value]).total for value in counted] == [v.count for v in counted]
