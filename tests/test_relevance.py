from __future__ import annotations

import json
import math
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import shared
from corpus import write_corpus
from hypothesis import given
from hypothesis import strategies as st
from judged import Collection, clean, document_of, read_collection, url_of

import search
from search.query import parse
from search.query.tree import And, Everything, Word

# They are of the bench group, which a developer need not install.
pytest.importorskip("bm25s", reason="bm25s is not installed: make bench")
pytest.importorskip("pytrec_eval", reason="pytrec_eval is not installed: make bench")

from measures import difference, score
from misspellings import count_words, index_words, read_misspellings, shares
from rankers import Bm25sRanker, LedeRanker, without
from titles import crowded_share, make_queries, read_articles, story_scores

BENCH = Path(__file__).parents[1] / "bench"

DOCUMENTS = [
    {"id": "1", "title": "Ferry runs aground", "text": "All aboard were brought to safety."},
    {"id": "2/b", "title": "", "text": "A ferry left the harbour in fog."},
    {"id": "3", "title": "Orchard opens", "text": "Apples for the harbour town."},
    {"id": "4", "title": "Nothing else", "text": ""},
]
FILES = {
    "docs.jsonl": DOCUMENTS,
    "queries.jsonl": [
        {"id": "a", "text": 'Where did the "ferry" run aground? (NOT the orchard)'},
        {"id": "b", "text": "apples"},
        {"id": "unjudged", "text": "fog"},
    ],
    "queries-typo.jsonl": [{"id": "a", "text": "ferry agruond"}, {"id": "b", "text": "appels"}],
    "qrels.tsv": "query\tdocument\tgain\na\t1\t2\na\t2/b\t1\na\t4\t0\nb\t3\t1\n",
    "exclude.tsv": "query\tdocument\na\t2/b\n",
}
PAIRS = "written\tmeant\nharbuor\tharbour\nferyr\tferry\nferyr\tfern\nxpples\tapples\n"


def pack(archive: Path, files: dict[str, Any]) -> Path:
    with tarfile.open(archive, "w:xz") as packed:
        for name, content in files.items():
            text = content if isinstance(content, str) else "".join(json.dumps(line) + "\n" for line in content)
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            packed.addfile(member, BytesIO(text.encode()))
    return archive


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    pack(folder / "small.tar.xz", {f"small/{name}": content for name, content in FILES.items()})
    pack(folder / "words.tar.xz", {"first/pairs.tsv": PAIRS, "second/pairs.tsv": "written\tmeant\nappels\tapples\n"})
    return folder


@pytest.fixture(scope="module")
def collection(archives: Path) -> Collection:
    found = read_collection(archives / "small.tar.xz")
    assert found
    return found


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[search.Index]:
    folder = tmp_path_factory.mktemp("titles")
    write_corpus(folder / "seeds", 2_000)
    search.reindex([folder / "seeds"], folder / "index")
    with search.open_index(folder / "index", time_budget=60) as opened:
        yield opened


# Reading


def test_a_collection_is_read(collection: Collection) -> None:
    assert collection.name == "small"
    assert collection.documents["1"] == ("Ferry runs aground", "All aboard were brought to safety.")
    assert set(collection.queries) == set(collection.misspelt) == {"a", "b"}
    assert collection.judgements == {"a": {"1": 2, "2/b": 1}, "b": {"3": 1}}
    assert collection.excluded == {"a": {"2/b"}}


def test_what_is_no_collection_is_told_apart(archives: Path) -> None:
    assert read_collection(archives / "words.tar.xz") is None
    assert read_misspellings(archives / "small.tar.xz") == []


@given(st.text())
def test_a_cleaned_query_holds_words_and_nothing_else(text: str) -> None:
    tree = parse(clean(text)).tree

    assert all(isinstance(node, Word) for node in (tree.nodes if isinstance(tree, And) else [tree])) or tree == (
        Everything()
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_document_is_known_by_its_url(name: str) -> None:
    assert document_of(url_of(name)) == name


# Ranking


def test_both_rank_what_has_any_of_the_words(collection: Collection, tmp_path: Path) -> None:
    queries = {query: clean(text) for query, text in collection.queries.items()}
    lede = LedeRanker(collection, tmp_path)
    runs = (lede.run(queries), Bm25sRanker(collection).run(queries))
    lede.close()

    for run in runs:
        assert max(run["a"], key=run["a"].__getitem__) == "1"
        assert "2/b" in run["a"]
        assert list(run["b"]) == ["3"]
        assert list(without(run, collection.excluded)["a"].values()) == [
            value for document, value in run["a"].items() if document != "2/b"
        ]


def test_nothing_but_the_words_decides(collection: Collection, tmp_path: Path) -> None:
    lede = LedeRanker(collection, tmp_path)
    with search.open_index(tmp_path / "index") as opened:
        explanations = [hit.explanation for hit in opened.search("ferry", explain=True).hits]
    lede.close()

    assert len(explanations) == 2
    assert all(found and math.prod(found.factors.values()) == found.factors["text"] for found in explanations)


# Measures


def test_measures_are_what_they_are_by_hand() -> None:
    run = {"a": {"x": 3.0, "y": 2.0, "z": 1.0}, "b": {}}

    found = score(run, {"a": {"y": 1, "other": 1}, "b": {"x": 1}})

    ideal = 1 + 1 / math.log2(3)
    assert found["ndcg_cut_10"].tolist() == pytest.approx([1 / math.log2(3) / ideal, 0])
    assert found["map"].tolist() == pytest.approx([0.25, 0])
    assert found["recall_100"].tolist() == pytest.approx([0.5, 0])


def test_a_band_is_around_the_difference_and_the_same_every_time() -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.random(200), rng.random(200)

    found = difference([ours, ours[:50]], [theirs, theirs[:50]])

    assert found == difference([ours, ours[:50]], [theirs, theirs[:50]])
    assert found.low < found.mean < found.high
    assert found.mean == pytest.approx(((ours - theirs).mean() + (ours - theirs)[:50].mean()) / 2)
    assert difference([ours], [ours]) == (0, 0, 0)


# Titles


def test_queries_are_words_of_titles_and_the_same_every_time(index: search.Index) -> None:
    articles, _ = read_articles(index)
    queries = make_queries(articles, 2, 4)

    assert len(articles) == 2_000
    assert queries == make_queries(articles[::-1], 2, 4)
    assert {len(query.text.split()) for query in queries} == {2, 3, 4}
    assert all(set(query.text.split()) <= set(query.article.title.lower().split()) for query in queries)


def test_titles_find_their_stories(index: search.Index) -> None:
    articles, stories = read_articles(index)
    queries = make_queries([article for article in articles if article.id in stories], 4, 4)

    found = story_scores(index, queries, stories, diversity=True)

    assert len(found) == len(queries) > 20
    assert 0 < found.mean() < 1


def test_diversity_keeps_domains_from_crowding_a_page(index: search.Index) -> None:
    queries = make_queries(read_articles(index)[0], 1, 1)[:50]

    assert crowded_share(index, queries, diversity=True) == 0
    assert crowded_share(index, queries, diversity=False) > 0


# Misspellings


def test_misspellings_are_counted(archives: Path, tmp_path: Path) -> None:
    lists = read_misspellings(archives / "words.tar.xz")

    with index_words(lists, None, tmp_path) as opened:
        vocabulary = count_words(read_articles(opened)[0])
        chosen, suggested, reachable = shares(opened, vocabulary, lists[0])

    assert [each.name for each in lists] == ["first", "second"]
    assert vocabulary == dict.fromkeys(("apples", "fern", "ferry", "harbour"), 1)
    # Of the two words that one is right for, only one can be chosen; the first letter of another is wrong.
    assert (chosen, suggested, reachable) == (2 / 4, 2 / 4, 2 / 4)


# The command


def test_the_command_prints_every_table(archives: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "seeds", 300)
    seeds = (tmp_path / "seeds" / "00000.jsonl").read_text("ascii")
    corpus = pack(tmp_path / "corpus.tar.xz", {"seeds/00000.jsonl": seeds})
    command = [sys.executable, str(BENCH / "relevance.py"), str(archives), "--corpus", str(corpus)]

    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    for part in (
        "small",
        "mean",
        "as typed",
        "lost by a misspelling",
        "mended right",
        "first",
        "crowded by one domain",
    ):
        assert part in printed


@pytest.mark.parametrize("name", ["cacm", "cranfield"])
def test_the_order_is_no_worse_than_lucenes(name: str, tmp_path: Path) -> None:
    collection = read_collection(shared(f"relevance/{name}.tar.xz"))
    assert collection
    queries = {query: clean(text) for query, text in collection.queries.items()}
    lede = LedeRanker(collection, tmp_path)
    runs = [without(ranker.run(queries), collection.excluded) for ranker in (lede, Bm25sRanker(collection))]
    lede.close()

    ours, theirs = (score(run, collection.judgements)["ndcg_cut_10"].mean() for run in runs)

    assert ours > theirs
