from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from factories import SeedFolder, mention, seed
from hypothesis import given
from hypothesis import strategies as st

import search
from search.alerts import with_findings
from search.engines import make_engine
from search.errors import NotFoundError, SeedError
from search.query import Filters
from search.report import Report
from search.saved import KEYS, SavedQuery, find_saved_query, read_saved_queries

NOBODY = 65534
RATES = "title: Interest rates\nq: rates\n"


@pytest.fixture
def queries(tmp_path: Path) -> SeedFolder:
    """Return an empty folder of saved queries."""
    return SeedFolder(tmp_path / "queries")


@pytest.fixture
def told(queries: SeedFolder, reindexed: Callable[..., Report]) -> Callable[..., Report]:
    """Return what reindexes the test's folder, and runs the test's saved queries."""

    def run(**options: Any) -> Report:
        return reindexed(queries=queries.path, **options)

    return run


def only(queries: SeedFolder, content: str | bytes) -> SavedQuery:
    queries.write("one.yaml", content)
    saved = read_saved_queries(queries.path)
    assert saved.problems == ()
    return saved.queries[0]


def problem(queries: SeedFolder, content: str | bytes, name: str = "one.yaml") -> str:
    queries.write(name, content)
    saved = read_saved_queries(queries.path)
    assert saved.queries == ()
    return str(saved.problems[0]).removeprefix(f"{queries.path}/")


# Files


def test_a_saved_query_says_what_the_address_of_a_page_can(queries: SeedFolder) -> None:
    saved = only(
        queries,
        'title: "AT&amp;T, again"\nq: "rates -fall"\nprovider: [Herald, Times]\ntopic: AI\ncategory: news\n'
        "type: []\nfrom: 2021-02\nto: 2021\nsort: oldest\n",
    )

    query = saved.query
    assert (saved.name, saved.title, query.parsed.text, query.sort) == ("one", "AT&T, again", "rates -fall", "oldest")
    assert query.filters == Filters(
        provider=("Herald", "Times"),
        topic=("AI",),
        category=("news",),
        date_from=date(2021, 2, 1),
        date_to=date(2021, 12, 31),
    )


def test_a_saved_query_finds_what_has_all_words_the_newest_first(queries: SeedFolder) -> None:
    query = only(queries, b"\xef\xbb\xbf---\r\ntitle: Rates\r\nq: rates  bank\r\n...\r\n").query

    assert (query.match, query.sort) == ("all", "newest")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("q: a\n", 'one.yaml:1:1: the title is missing: add `title: "..."`'),
        ("title: a\nq:\n", 'one.yaml:2:1: the query is missing: add `q: "..."`'),
        ("", "one.yaml:1:1: not a mapping of keys to values: write `key: value` lines"),
        (RATES + "provder: x\n", "one.yaml:3:1: the key 'provder' is unknown: the keys are title, q, provider, topic,"),
        (RATES + "q: x\n", "one.yaml:3:1: this key stands in its mapping a second time"),
        (RATES + "topic: &a [x]\n", "one.yaml:3:8: anchors are not allowed"),
        (RATES + "topic: !!set x\n", "one.yaml:3:8: tags are not allowed"),
        (RATES + "topic: [[x]]\n", "one.yaml:3:9: a topic is not a text"),
        (RATES + "topic: {x: y}\n", "one.yaml:3:1: topic is not a text"),
        (RATES + "from: yesterday\n", "one.yaml:3:1: from: 'yesterday' is not a date: write it as 2021-12-09"),
        (RATES + "from: 2022\nto: 2021\n", "one.yaml:3:1: from: 2022-01-01 is later than 2021-12-31"),
        (RATES + "sort: best\n", "one.yaml:3:1: sort: 'best' is not one of relevance, newest, oldest, quality"),
        ("title: [unclosed\n", "one.yaml:1:8: not YAML"),
        (b"title: caf\xe9\nq: a\n", "one.yaml:1:11: not UTF-8 (byte 0xe9)"),
        (b"#" * (1 << 20) + b"\n", "one.yaml:1:1: larger than 1,048,576 bytes"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_the_remedy(
    queries: SeedFolder, content: str | bytes, expected: str
) -> None:
    assert problem(queries, content).startswith(expected)


def test_a_name_must_be_fit_for_an_address(queries: SeedFolder) -> None:
    expected = "this name cannot be part of an address"

    assert expected in problem(queries, RATES, "a b.yaml")
    assert expected in problem(queries, RATES, os.fsdecode(b"\xff.yaml"))


def test_a_bad_one_costs_only_itself_and_other_files_are_passed_over(queries: SeedFolder) -> None:
    queries.write("good.yaml", RATES)
    queries.write("good.yml", RATES)
    queries.write("bad.yaml", "q: a")
    queries.write("README.md", "---\n")
    queries.write("below/deep.yaml", "q: a")
    (queries.path / "link.yaml").symlink_to("/etc/hostname")

    saved = read_saved_queries(queries.path)

    assert [one.name for one in saved.queries] == ["good"]
    assert {(Path(one.where.file).name, one.code) for one in saved.problems} == {
        ("bad.yaml", "title-missing"),
        ("good.yml", "duplicate-name"),
        ("link.yaml", "outside"),
    }


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    assert read_saved_queries(tmp_path / "nowhere").queries == ()


def test_a_folder_that_cannot_be_listed_is_a_problem() -> None:
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "queries"
        folder.mkdir(mode=0)
        # Others may come as far as the folder, of which they read nothing.
        Path(parent).chmod(0o755)
        with _without_rights():
            problems = read_saved_queries(folder).problems

    assert [problem.code for problem in problems] == ["unreadable"]


@contextmanager
def _without_rights() -> Iterator[None]:
    """Be somebody whom the modes of files concern, which root is not."""
    owner = os.geteuid()
    if owner == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(owner)


def test_what_of_a_query_is_not_understood_is_a_warning(queries: SeedFolder) -> None:
    queries.write("one.yaml", "title: One\nq: foo:bar rates #2\n")

    warnings = read_saved_queries(queries.path).warnings

    assert [(one.code, one.where.line) for one in warnings] == [("unknown-field", 2), ("comment", 2)]


def test_one_is_found_by_its_name(queries: SeedFolder) -> None:
    queries.write("good.yaml", RATES)
    queries.write("bad.yaml", "q: a")
    (queries.path / "link.yaml").symlink_to("/etc/hostname")

    assert find_saved_query(queries.path, "good").title == "Interest rates"
    for broken in ("bad", "link"):
        with pytest.raises(SeedError, match=broken):
            find_saved_query(queries.path, broken)
    for unknown in ("worse", "../queries/good", "good.yaml", ""):
        with pytest.raises(NotFoundError, match="no query has the id"):
            find_saved_query(queries.path, unknown)


@given(st.binary(max_size=200) | st.dictionaries(st.sampled_from(KEYS), st.text(max_size=40)).map(repr).map(str.encode))
def test_no_file_is_more_than_a_problem(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "one.yaml").write_bytes(content)

        saved = read_saved_queries(Path(folder))

    assert len(saved.queries) + len(saved.problems) == 1


# What is new


def test_only_articles_that_were_not_served_before_are_told(
    folder: SeedFolder, queries: SeedFolder, told: Callable[..., Report]
) -> None:
    queries.write("rates.yaml", RATES)
    folder.write("old.md", seed("Rates rise", publishedDateTime="2021-12-31"))
    folder.write("other.md", seed("Snow falls", excerpt=""))
    told()
    # Older than what is served already, so that it would stand behind it.
    folder.write("new.md", seed("Rates fall", publishedDateTime="2021-01-01", related=[mention("Rates stand")]))
    folder.write("old.md", seed("Rates rise", excerpt="Changed.", publishedDateTime="2021-12-31"))

    report = told()

    assert (report.added, report.changed) == (2, 1)
    finding = report.queries[0]
    assert (finding.name, finding.title, finding.new) == ("rates", "Interest rates", 2)
    assert [article.title for article in finding.articles] == ["Rates stand", "Rates fall"]


def test_without_new_articles_nothing_is_told(
    folder: SeedFolder, queries: SeedFolder, told: Callable[..., Report]
) -> None:
    queries.write("rates.yaml", RATES)
    folder.write("one.md", seed("Rates rise"))

    assert [told().queries[0].new, told().queries[0].new, told(full=True).queries[0].new] == [1, 0, 0]


def test_every_new_article_is_counted_and_the_newest_are_named(
    folder: SeedFolder, queries: SeedFolder, told: Callable[..., Report]
) -> None:
    queries.write("rates.yaml", RATES)
    lines = [
        f'{{"title": "Rates rise", "webUrl": "https://a.example/{n}", "provider": {{"name": "A"}}}}'
        for n in range(10_150)
    ]
    folder.write("many.jsonl", "\n".join(lines))

    finding = told().queries[0]

    assert (finding.new, len(finding.articles), len({one.id for one in finding.articles})) == (10_150, 100, 100)


def test_words_that_are_missing_are_not_made_up_for(
    folder: SeedFolder, queries: SeedFolder, told: Callable[..., Report]
) -> None:
    queries.write("near.yaml", "title: Near\nq: rates volcano\n")
    queries.write("misspelt.yaml", "title: Misspelt\nq: ratess\n")
    folder.write("one.md", seed("Rates rise"))

    assert [finding.new for finding in told().queries] == [0, 0]


def test_a_bad_one_is_a_problem_of_the_reindex_and_the_others_run(
    folder: SeedFolder, queries: SeedFolder, told: Callable[..., Report]
) -> None:
    queries.write("bad.yaml", "q: rates")
    queries.write("rates.yaml", RATES)
    folder.write("one.md", seed("Rates rise"))

    report = told()

    assert [one.code for one in report.problems] == ["title-missing"]
    assert [(finding.name, finding.new) for finding in report.queries] == [("rates", 1)]
    assert report.files.refused == 0


def test_one_that_takes_too_long_is_a_problem_and_what_is_published_stays(
    folder: SeedFolder, queries: SeedFolder, reindexed: Callable[..., Report], index_path: Path
) -> None:
    queries.write("rates.yaml", RATES)
    folder.write("one.md", seed("Rates rise"))
    report = reindexed()
    with search.open_index(index_path) as index:
        new = frozenset(hit.article.id for hit in index.search("").hits)

    hurried = make_engine("whoosh", index_path, time_budget=1e-9)
    report = with_findings(report, hurried, read_saved_queries(queries.path), new)

    assert [(one.code, one.where.line) for one in report.problems] == [("timeout", 2)]
    assert report.queries == ()
