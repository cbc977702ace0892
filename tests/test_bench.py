from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus import read_texts, write_corpus
from endurance import Client, Memory, Tally, judge
from factories import SeedFolder, seed
from language import FUNCTION_WORDS, Language, invent_language, learn_language
from peers import FACETS, make_peer
from peers.lede import LedePeer
from peers.peer import read_seeds
from queries import KINDS, Query, make_queries, take_sample
from serving import Load, read_load
from tables import agreement, exponent, ratios, summarize

import search
from search.analysis import stem, terms
from search.reindex import check

BENCH = Path(__file__).parents[1] / "bench"
ARTICLES = 3_000


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "seeds"
    write_corpus(folder, ARTICLES)
    return folder


@pytest.fixture(scope="module")
def indexes(seeds: Path) -> Path:
    folder = seeds.parent / "indexes"
    for name in ("lede", "sqlite"):
        assert make_peer(name, folder / name).build(seeds) == ARTICLES
    return folder


@pytest.fixture(scope="module")
def language() -> Language:
    return invent_language()


@pytest.fixture(scope="module")
def text(language: Language) -> list[str]:
    """Return as much text as the real archive has."""
    numbers = language.speak(np.random.default_rng(1), 194_000)
    return [language.words[number] for number in numbers.tolist()]


def test_a_corpus_is_the_same_every_time(seeds: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "again", ARTICLES)

    assert (tmp_path / "again" / "00000.jsonl").read_bytes() == (seeds / "00000.jsonl").read_bytes()


def test_another_random_seed_says_something_else_in_the_same_words(seeds: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "other", ARTICLES, seed=2)
    one, other = (list(read_seeds(folder)) for folder in (seeds, tmp_path / "other"))

    assert {each["originalUrl"] for each in one}.isdisjoint(each["originalUrl"] for each in other)
    assert {each["provider"]["name"] for each in one[:9]} & {each["provider"]["name"] for each in other}
    assert one[0]["topics"][0] == other[0]["topics"][0]


def test_a_small_corpus_is_the_beginning_of_a_larger_one(seeds: Path, tmp_path: Path) -> None:
    write_corpus(tmp_path / "larger", 10_007)

    lines = (tmp_path / "larger" / "00000.jsonl").read_bytes().splitlines()
    assert lines[:ARTICLES] == (seeds / "00000.jsonl").read_bytes().splitlines()
    assert len((tmp_path / "larger" / "00001.jsonl").read_bytes().splitlines()) == 7


def test_every_seed_is_accepted(seeds: Path, tmp_path: Path) -> None:
    report = check([seeds], tmp_path / "index")

    assert report.problems == ()
    assert report.warnings == ()
    assert report.unknown_keys == {}
    assert report.articles == ARTICLES
    assert 0 < report.stories < ARTICLES // 20


def test_groups_are_mutual(seeds: Path) -> None:
    related = {
        each["originalUrl"]: {other["webUrl"] for other in each.get("related", ())} for each in read_seeds(seeds)
    }

    assert all(url in related[other] for url, others in related.items() for other in others)


def test_articles_look_like_the_measured_ones(seeds: Path) -> None:
    articles = list(read_seeds(seeds))
    providers = Counter(article["provider"]["name"] for article in articles)
    titles = [len(terms(article["title"])) for article in articles]
    excerpts = [len(terms(article["excerpt"])) for article in articles]
    repeated = [
        len(set(terms(article["title"])) & set(terms(article["excerpt"]))) / len(set(terms(article["title"])))
        for article in articles
    ]

    assert np.mean(titles) == pytest.approx(10.9, abs=0.5)
    assert np.mean(excerpts) == pytest.approx(28.3, abs=1)
    assert np.mean(repeated) == pytest.approx(0.53, abs=0.08)
    assert providers.most_common(1)[0][1] / ARTICLES == pytest.approx(0.432, abs=0.03)
    assert 250 < len(providers) <= 423
    assert len({topic for article in articles for topic in article["topics"]}) == 20
    assert {article["publishedDateTime"][:4] for article in articles} == {"2020", "2021"}


def test_the_subject_is_in_most_articles(seeds: Path) -> None:
    articles = list(read_seeds(seeds))
    subject = articles[0]["topics"][0].lower()

    share = np.mean([subject in terms(f"{article['title']} {article['excerpt']}") for article in articles])

    assert 0.7 < share < 0.86


def test_words_follow_zipf(text: list[str]) -> None:
    counts = sorted(Counter(text).values(), reverse=True)
    ranks = np.arange(10, 1_000)

    slope = np.polyfit(np.log(ranks), np.log(counts[10:1_000]), 1)[0]

    # Measured: -0.91.
    assert -1.15 < slope < -0.8


def test_the_vocabulary_follows_heaps(language: Language, text: list[str]) -> None:
    sizes = [20_000, 50_000, 100_000, 194_000]
    grown = exponent(sizes, [len(set(text[:size])) for size in sizes])

    # Measured: 0.46 to 0.51, and 10,501 different words.
    assert 0.4 < grown < 0.6
    assert 7_500 < len(set(text)) < 12_000
    assert len(set(language.words)) == len(language.words)


def test_words_stand_together(text: list[str]) -> None:
    pairs = Counter(pairwise(text))

    repeated = sum(count for count in pairs.values() if count >= 5) / pairs.total()

    # Measured: 0.49. By chance alone it would be under a third.
    assert 0.37 < repeated < 0.55


def test_forms_share_stems(text: list[str]) -> None:
    words = set(text)
    stems = {stem(word) for word in words}

    # Measured: 1.42.
    assert 1.3 < len(words) / len(stems) < 1.6
    assert sum(word.endswith("ing") for word in words) / len(words) == pytest.approx(0.08, abs=0.03)


def test_function_words_have_their_share(text: list[str]) -> None:
    assert sum(word in FUNCTION_WORDS for word in text) / len(text) == pytest.approx(0.27, abs=0.04)


def test_a_language_can_be_learnt(folder: SeedFolder) -> None:
    for number in range(3):
        folder.write(f"{number}.md", seed(title=f"Rates rise again in {number}"))

    learnt = learn_language(read_texts(folder.path))

    said = {learnt.words[number] for number in learnt.speak(np.random.default_rng(1), 200).tolist()}
    assert {"rates", "rise", "again"} <= said <= set(learnt.words)


def test_learning_nothing_is_refused(folder: SeedFolder) -> None:
    folder.write("empty.md", seed(title="!", excerpt="?"))

    with pytest.raises(ValueError, match="no words"):
        learn_language(read_texts(folder.path))


def test_a_corpus_of_learnt_words_is_accepted(folder: SeedFolder, tmp_path: Path) -> None:
    folder.write("one.md", seed(title="Rates rise again"))

    write_corpus(tmp_path / "learnt", 50, vocabulary=folder.path)

    assert check([tmp_path / "learnt"], tmp_path / "index").problems == ()


def test_there_are_as_many_queries_of_each_kind_as_wanted(seeds: Path) -> None:
    queries = make_queries(take_sample(read_seeds(seeds)), 30)

    assert Counter(query.kind for query in queries) == dict.fromkeys(KINDS, 30)
    assert queries == make_queries(take_sample(read_seeds(seeds)), 30)


def test_queries_are_read_as_they_are_meant(seeds: Path, indexes: Path) -> None:
    with search.open_index(indexes / "lede") as index:
        for query in make_queries(take_sample(read_seeds(seeds)), 10):
            assert index.search(query.text, size=1).notices == (), query


def test_every_query_finds_something(seeds: Path, indexes: Path) -> None:
    peers = [make_peer(name, indexes / name) for name in ("lede", "sqlite")]
    queries = make_queries(take_sample(read_seeds(seeds)), 10)

    for peer in peers:
        peer.open()
    nothing = [
        (query, peer)
        for query in queries
        for peer in peers
        # Prefixes are not in every version of the query language.
        if not (query.prefix and isinstance(peer, LedePeer)) and not peer.search(query, facets=False).total
    ]
    for peer in peers:
        peer.close()

    assert nothing == []


@pytest.mark.parametrize("name", ["lede", "sqlite"])
def test_facets_count_the_matches(seeds: Path, indexes: Path, name: str) -> None:
    peer = make_peer(name, indexes / name)
    query = Query(kind="one word", words=(next(read_seeds(seeds))["topics"][0].lower(),))

    peer.open()
    plain, counted = peer.search(query, facets=False), peer.search(query, facets=True)
    peer.close()

    assert plain.facets == {}
    assert (plain.ids, plain.total) == (counted.ids, counted.total)
    assert sum(counted.facets["type"].values()) == counted.total


def test_lede_and_sqlite_agree(seeds: Path, indexes: Path) -> None:
    totals = []
    for name in ("lede", "sqlite"):
        peer = make_peer(name, indexes / name)
        peer.open()
        queries = [query for query in make_queries(take_sample(read_seeds(seeds)), 20) if query.join != "phrase"]
        totals.append([peer.search(query, facets=False).total for query in queries])
        peer.close()

    assert np.mean([mine == other for mine, other in zip(*totals, strict=True)]) > 0.8


def test_searching_prints_every_table_and_keeps_the_figures(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    printed = run(
        *("searching.py", "--sizes", "200,400", "--peers", "lede,sqlite,unheard-of", "--queries", "3"),
        *("--json", str(figures), "--folder", str(tmp_path / "work")),
    )

    runs = json.loads(figures.read_text("utf-8"))["runs"]
    assert [each["articles"] for each in runs] == [200, 400]
    assert list(runs[0]["peers"]) == ["lede", "sqlite"]
    assert set(runs[0]["peers"]["lede"]["latencies"]["plain"]) == set(KINDS)
    assert "unheard-of is left out" in printed.stderr
    for part in ("articles/s", "without facets", "with facets", "same total", "exponents"):
        assert part in printed.stdout


def test_suggesting_prints_a_line_for_each_kind(tmp_path: Path) -> None:
    run("corpus.py", str(tmp_path / "seeds"), "--articles", "300")
    search.reindex([tmp_path / "seeds"], tmp_path / "index")

    lines = run("suggesting.py", str(tmp_path / "index"), str(tmp_path / "seeds"), "--count", "5").stdout.splitlines()

    assert lines[0].startswith("300 articles; a search for one word: median")
    assert len(lines) == 9


def test_updating_finds_what_is_new() -> None:
    assert "until found" in run("updating.py", "--articles", "100", "--new", "3", "--rounds", "1").stdout


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux says what processes share")
def test_endurance_counts_failures_and_watches_memory() -> None:
    printed = run("endurance.py", "--articles", "200", "--seconds", "4", "--every", "2").stdout.splitlines()

    assert re.fullmatch(r"200 articles; at most [\d,]+ requests/s; asking for [\d,]+/s", printed[0])
    assert len(printed) == 5
    assert re.fullmatch(r"[\d,]+ requests, 0 failed; p99 .* ms; [234] generations seen; .*", printed[-1])


@pytest.mark.parametrize(
    ("failures", "last", "expected"), [([], 100, 0), ([], 109, 0), ([], 120, 1), (["503 /api/v1/search"], 100, 1)]
)
def test_endurance_leaves_with_1_where_something_failed_or_grew(failures: list[str], last: int, expected: int) -> None:
    tallies = [Tally(latencies=[0.1]), Tally(latencies=[0.2], failures=failures)]
    memories = [Memory(resident=500, anonymous=size) for size in (100, last)]

    assert judge(tallies, memories) == expected


def test_a_request_that_fails_is_counted() -> None:
    stop = threading.Event()
    client = Client("http://127.0.0.1:9", ["/api/v1/search"], 0.01, stop)
    client.start()
    time.sleep(0.2)
    tally = client.take()
    stop.set()
    client.join()

    assert "refused" in tally.failures[0]


def test_the_generator_is_a_command(tmp_path: Path) -> None:
    run("corpus.py", str(tmp_path / "seeds"), "--articles", "5")

    assert len(list(read_seeds(tmp_path / "seeds"))) == 5


def test_serving_says_what_is_missing() -> None:
    command = [sys.executable, str(BENCH / "serving.py")]

    done = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": ""})

    assert done.returncode == 1
    assert "apt install wrk" in done.stderr


def test_what_wrk_prints_is_read() -> None:
    printed = "     50%  812.00us\n     99%    1.50s\nRequests/sec:   1234.50\n"

    assert read_load(printed) == Load(per_second=1234.5, p50=0.812, p99=1500.0)


def test_ratios_are_of_what_both_answered() -> None:
    race: dict[str, Any] = {
        "lede": {"plain": {"one word": [[1.0, 5], [2.0, 6], [9.0, 7]]}},
        "slow": {"plain": {"one word": [[2.0, 5], [4.0, 9]]}},
    }

    assert ratios(race)["slow"]["plain"]["one word"] == {"p50": 2.0, "p95": 2.0, "p99": 2.0}
    assert agreement(race["lede"], race["slow"]) == {"one word": 0.5}
    assert summarize(race["slow"])["plain"]["one word"]["queries"] == 2


def test_the_facets_are_what_lede_counts(indexes: Path) -> None:
    with search.open_index(indexes / "lede") as index:
        names = set(index.search("").facets)

    # One is the name of a provider, not its words; the months stand for the timeline.
    assert {name.removesuffix("_name") for name in FACETS} - {"month"} == names


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / script), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True)
