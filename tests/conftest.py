from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import REQUIRE_ALL, SHARED, SeedFolder
from hypothesis import HealthCheck, settings

import search
from search import native
from search.report import Report

# The machine decides how long an example takes; how many there are is what counts.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=2_000)
settings.load_profile(os.environ.get("TESTS_HYPOTHESIS", "quick"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith("LEDE_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module", params=["C", "NumPy"])
def passes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make the passes over arrays in C, and then in NumPy."""
    if request.param == "C" and native.passes is None:
        missing("the passes in C are not compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "passes", native.passes if request.param == "C" else None)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> SeedFolder:
    """Return an empty folder of seeds."""
    return SeedFolder(tmp_path / "seeds")


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    """Name the folder that the index of this test goes to."""
    return tmp_path / "index"


@pytest.fixture
def reindexed(folder: SeedFolder, index_path: Path) -> Callable[..., Report]:
    """Return what reindexes the test's folder into the test's index."""

    def run(**options: Any) -> Report:
        return search.reindex([folder.path], index_path, **options)

    return run


@pytest.fixture
def found(index_path: Path) -> Callable[..., list[str]]:
    """Return what searches the test's index, and gives the titles of the hits."""

    def run(text: str = "", **options: Any) -> list[str]:
        with search.open_index(index_path) as index:
            return [hit.article.title for hit in index.search(text, **{"size": 100, **options}).hits]

    return run


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the 4,958 real seeds; they are other people's, and no part of the project."""
    archive = shared("corpus/azure-news.tar.xz")
    target = tmp_path_factory.mktemp("corpus")
    with tarfile.open(archive) as packed:
        # Python 3.11.4 and newer refuse what would reach out of the folder, if they are told to.
        packed.extraction_filter = getattr(tarfile, "data_filter", None)
        packed.extractall(target)  # noqa: S202 - as far as this Python can
    return target / "_news"


@pytest.fixture(scope="session")
def corpus_index(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the real seeds once, for tests that only read."""
    target = tmp_path_factory.mktemp("corpus-index")
    search.reindex([corpus], target)
    return target


def shared(name: str) -> Path:
    """Return a file of the shared inputs; skip the test where there are none."""
    file = SHARED / name
    if not file.exists():
        missing(f"{name} is not beside this checkout")
    return file


def missing(what: str) -> None:
    """Skip a test for want of *what*, unless nothing may be skipped."""
    if REQUIRE_ALL:
        pytest.fail(f"{what}, and TESTS_REQUIRE_ALL is set")
    pytest.skip(what)
