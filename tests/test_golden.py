"""The order of answers as a file: a deliberate change rewrites it, and the review reads the difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml
from factories import article, catalog

from search.articles import Article
from search.catalog import Catalog
from search.engine import Engine, Reader
from search.engines.memory import MemoryEngine
from search.engines.whoosh import WhooshEngine
from search.query import Query, parse
from search.results import Hit

GOLDEN = Path(__file__).parent / "golden"
RANKING = GOLDEN / "ranking.txt"
PREFACE, *BLOCKS = RANKING.read_text("utf-8").rstrip().split("\n\n# ")


@pytest.fixture(scope="module", params=["memory", "whoosh"])
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    engine: Engine = MemoryEngine()
    if request.param == "whoosh":
        engine = WhooshEngine(tmp_path_factory.mktemp("golden") / "index")
    engine.publish(read_catalog())
    opened = engine.open()
    yield opened
    opened.close()


def read_catalog() -> Catalog:
    entries = yaml.safe_load((GOLDEN / "articles.yaml").read_text("utf-8"))
    made = [(entry.pop("story", ""), make_article(**entry)) for entry in entries]
    stories = groupby(sorted((each for each in made if each[0]), key=lambda each: each[0]), key=lambda each: each[0])
    return catalog(*(one for _, one in made), related=tuple(tuple(one for _, one in group) for _, group in stories))


def make_article(title: str, outlet: str, *, slug: str = "", **fields: Any) -> Article:
    name, domain = outlet.removesuffix(">").split(" <")
    slug = slug or "-".join(re.findall(r"\w+", title.lower()))
    day = fields.pop("published", "2024-03-01")
    return article(
        title, url=f"https://{domain}/{slug}", provider=name, domain=domain, published=f"{day}T08:00:00Z", **fields
    )


def questions(block: str) -> list[str]:
    """Return the lines that say what is asked and promised, without what was found."""
    first, *others = block.split("\n")
    return [first, *(line for line in others if line.startswith(("? ", "= ")))]


def answer(reader: Reader, block: str) -> list[Hit]:
    text, _, options = questions(block)[1].removeprefix("? ").partition(" | ")
    chosen: dict[str, Any] = dict(option.split("=") for option in options.split())
    if "diversity" in chosen:
        chosen["diversity"] = chosen["diversity"] != "none"
    return list(reader.search(Query(parsed=parse(text), size=100, **chosen)).hits)


def written(reader: Reader, block: str) -> str:
    lines = [f"{place}. {describe(hit)}" for place, hit in enumerate(answer(reader, block), 1)]
    return "\n".join([*questions(block), *lines])


def describe(hit: Hit) -> str:
    also = "".join(f", also {copy.provider.name}" for copy in hit.also)
    return f"{hit.article.title} ({hit.article.provider.name}{also})"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: questions(block)[0].rstrip("."))
def test_every_engine_ranks_as_the_file_says(reader: Reader, block: str) -> None:
    assert written(reader, block) == block


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if "\n= " in block], ids=lambda block: questions(block)[0].rstrip(".")
)
def test_the_wanted_article_is_first(reader: Reader, block: str) -> None:
    """Rewriting the file does not change what is wanted."""
    wanted = questions(block)[2].removeprefix("= ")

    assert answer(reader, block)[0].article.title == wanted


def rewrite() -> None:
    """Write the file anew, with what is found now."""
    engine = MemoryEngine()
    engine.publish(read_catalog())
    reader = engine.open()
    RANKING.write_text("\n\n# ".join([PREFACE, *(written(reader, block) for block in BLOCKS)]) + "\n", "utf-8")


if __name__ == "__main__":
    rewrite()
