"""The worst that can be asked of many articles: it is answered right, and ends where its time does."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from factories import article, catalog
from msgspec.structs import replace

from search.catalog import Catalog
from search.engine import Reader
from search.engines.memory import MemoryEngine
from search.engines.whoosh import WhooshEngine, expansion
from search.engines.whoosh.engine import WhooshReader
from search.engines.whoosh.execution import Execution
from search.engines.whoosh.generations import Generations
from search.engines.whoosh.opening import open_generation
from search.errors import SearchTimeoutError
from search.query import Query, parse

COUNT = 20_000
#: 64 words, each in some of the articles.
WORDS = [f"word{first}{second}" for first in "abcdefgh" for second in "abcdefgh"]
LIKENED = article(" ".join(WORDS[:16]), url="https://likened.example/", published="2010-01-01")
HARD = {
    "two words that all articles have": parse("common everywhere"),
    "a phrase of frequent words": parse('"common everywhere"'),
    "a loose phrase of frequent words": parse('"everywhere common"~40'),
    "a loose phrase of a word again and again": parse('"' + "common " * 70 + '"~62'),
    "a short prefix": parse("wo*"),
    "a pattern that fits everything": parse("wo?d*"),
    "a misspelling near many terms": parse("wordaa~2"),
    "as many words as a query may have": parse(" OR ".join(WORDS)),
    "as many words as a query may have, all wanted": parse(" ".join(WORDS)),
    "everything but a word": parse("-wordab"),
    "what is like an article": parse(f"like:{LIKENED.id}"),
    "what is not like one, as of a day": parse(f"-like:{LIKENED.id} asof:2015"),
    "everything": parse(""),
}


@pytest.fixture(scope="module")
def news() -> Catalog:
    """Return small articles, made of few words each."""
    chance = random.Random(0)  # noqa: S311 - the same articles every time
    return catalog(
        LIKENED,
        *(
            article(
                f"common {'everywhere' if n % 2 else 'is everywhere'} {' '.join(chance.choices(WORDS, k=3))}",
                url=f"https://{n % 90}.example/{n}",
                published=f"20{n % 20:02}-{1 + n % 12:02}-{1 + n % 28:02}",
            )
            for n in range(COUNT)
        ),
    )


@pytest.fixture(scope="module")
def folder(news: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the articles, and return the folder of the generation."""
    index = tmp_path_factory.mktemp("many")
    WhooshEngine(index).publish(news)
    return Generations(index).open_newest()[1]


@pytest.fixture(scope="module")
def reader(folder: Path) -> Reader:
    """Return a reader with all the time it needs."""
    return WhooshReader("", folder, 0, seconds=60)


@pytest.fixture(scope="module")
def memory(news: Catalog) -> Reader:
    """Return the engine of dicts and loops."""
    engine = MemoryEngine()
    engine.publish(news)
    return engine.open()


@pytest.mark.parametrize("name", HARD)
def test_the_answer_is_that_of_the_loop(name: str, reader: Reader, memory: Reader) -> None:
    query = Query(parsed=HARD[name], facets=False)

    found, expected = reader.search(query), memory.search(query)

    assert (found.total, found.listed, found.relaxed) == (expected.total, expected.listed, expected.relaxed)
    assert [hit.article.id for hit in found.hits] == [hit.article.id for hit in expected.hits]
    assert [hit.more_from_domain for hit in found.hits] == [hit.more_from_domain for hit in expected.hits]
    assert [hit.score for hit in found.hits] == pytest.approx([hit.score for hit in expected.hits])


@pytest.mark.parametrize("sort", ["newest", "oldest", "quality"])
def test_everything_is_sorted_to_the_last_page(sort: str, reader: Reader, memory: Reader) -> None:
    query = Query(parsed=parse(""), sort=sort, size=100, page=100, facets=False)  # type: ignore[arg-type]

    assert [hit.article.id for hit in reader.search(query).hits] == [
        hit.article.id for hit in memory.search(query).hits
    ]


@pytest.mark.parametrize("name", HARD)
def test_a_search_ends_where_its_time_does(name: str, folder: Path) -> None:
    reader = WhooshReader("", folder, 0, seconds=1e-9)
    query = Query(parsed=HARD[name])

    for asked in (query, replace(query, sort="newest"), replace(query, match="any")):
        with pytest.raises(SearchTimeoutError):
            reader.search(asked)
        with pytest.raises(SearchTimeoutError):
            Execution(asked, open_generation(folder), 1e-9).page("")


def test_a_pattern_of_very_many_postings_is_added_up_a_part_at_a_time(
    reader: Reader, memory: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expansion, "CHUNK", 1000)
    query = Query(parsed=parse("title:w*"), facets=False)

    found, expected = reader.search(query), memory.search(query)

    assert found.total == expected.total
    assert [hit.article.id for hit in found.hits] == [hit.article.id for hit in expected.hits]


def test_who_only_searches_does_not_wait_for_whoosh_to_be_imported(folder: Path) -> None:
    code = "import sys, search; search.open_index(sys.argv[1]).search('wo* common'); print('whoosh' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, folder.parents[1]], check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"
