from __future__ import annotations

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zstandard
from factories import article, catalog
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from search.engines.memory import MemoryEngine
from search.engines.whoosh import WhooshEngine
from search.query import Query
from search.results import Page
from search.settings import Settings
from web import create_app
from web.cache import Answer, AnswerCache

RATES = article("Rates rise again", excerpt="The bank raised rates.")
SNOW = article("Snow in April", excerpt="Snow fell on the bank.")
STEPS = st.tuples(st.sampled_from("ab"), st.text(max_size=3), st.binary(max_size=2_000))


class CountingEngine(MemoryEngine):
    """Counts the searches of its readers."""

    searches = 0

    def open(self) -> Any:
        reader = super().open()
        search = reader.search

        def count(query: Query) -> Page:
            self.searches += 1
            return search(query)

        reader.search = count  # type: ignore[method-assign]
        return reader


def served(cache_bytes: int = 1 << 20) -> tuple[CountingEngine, FlaskClient]:
    engine = CountingEngine()
    engine.publish(catalog(RATES, SNOW))
    return engine, create_app(Settings(cache_bytes=cache_bytes), engine).test_client()


@pytest.mark.parametrize("path", ["/api/v1/search?q=bank", "/?q=bank"])
def test_a_search_is_made_once_and_answered_alike(path: str) -> None:
    engine, client = served()

    first, second = client.get(path), client.get(path)

    assert engine.searches == 1
    assert (second.status, second.data, dict(second.headers)) == (first.status, first.data, dict(first.headers))
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert client.head(path).data == b""


@pytest.mark.parametrize(
    "spellings",
    [
        ["/api/v1/search?q=bank&size=20", "/api/v1/search?size=20&q=bank", "/api/v1/search?q=%62ank"],
        [
            "/api/v1/search?q=the%20bank&page=1",
            "/api/v1/search?q=the+bank&sort=&visitor=7",
            "/api/v1/search?q=the+bank",
        ],
        ["/?q=bank&sort=relevance", "/?q=bank", "/?utm_source=letter&q=bank"],
    ],
)
@pytest.mark.parametrize("accepted", ["", "zstd"])
def test_another_spelling_of_a_request_is_the_same_request(spellings: list[str], accepted: str) -> None:
    engine, client = served()

    answers = [client.get(path, headers={"Accept-Encoding": accepted}) for path in [*spellings, *spellings]]

    assert engine.searches == 1
    assert len({(answer.status, unpacked(answer), answer.headers["ETag"], answer.mimetype) for answer in answers}) == 1


def test_a_spelling_that_was_read_once_is_known() -> None:
    cache = AnswerCache(10_000)
    cache.keep("a", "?q=bank", Answer("tag", b"found"))

    assert cache.find("a", "?q=bank&page=1") is None
    assert cache.find_same("a", "?q=bank&page=1", "tag") == Answer("tag", b"found")

    assert "?q=bank&page=1" in cache
    assert cache.find("a", "?q=bank&page=1") == Answer("tag", b"found")
    cache.keep("a", "?q=bank&page=1", Answer("other", b"else"))
    assert cache.find("a", "?q=bank&page=1") == Answer("other", b"else")


def test_spellings_have_little_room() -> None:
    cache = AnswerCache(100_000)
    cache.keep("a", "?q=bank", Answer("tag", b"found"))

    for number in range(2_000):
        cache.find_same("a", f"?q=bank&visitor={number}", "tag")

    assert cache.size < 10_000
    assert cache.find("a", "?q=bank&visitor=0") is None
    assert cache.find("a", "?q=bank&visitor=1999") == Answer("tag", b"found")


def test_another_request_is_not() -> None:
    engine, client = served()

    for path in (
        "?q=bank",
        "?q=Bank",
        "?q=bank&page=2",
        "?q=bank&sort=newest",
        "?q=bank&provider=a",
        "?q=bank&provider=b",
    ):
        client.get("/api/v1/search" + path)

    assert engine.searches == 6


def test_the_page_and_the_api_do_not_answer_for_one_another() -> None:
    _, client = served()

    assert client.get("/?q=bank").mimetype == "text/html"
    assert client.get("/api/v1/search?q=bank").mimetype == "application/json"


def test_neither_makes_the_other_forgotten() -> None:
    engine, client = served()

    for _ in range(3):
        for path in ("/?q=bank", "/?q=bank&fragment=1", "/api/v1/search?q=bank"):
            client.get(path)

    assert engine.searches == 3


@pytest.mark.parametrize("accepted", ["", "zstd", "gzip, zstd", "gzip", "identity", "br"])
@pytest.mark.parametrize("path", ["/api/v1/search?q=bank", "/?q=bank"])
def test_a_remembered_answer_says_what_the_application_would_say(path: str, accepted: str) -> None:
    # Long enough to be packed.
    engine = MemoryEngine()
    engine.publish(catalog(*(article(f"Bank {number}") for number in range(9))))
    client = create_app(Settings(), engine).test_client()
    headers = {"Accept-Encoding": accepted} if accepted else {}
    answers = [client.get(path, headers=headers) for _ in range(3)]

    first, *others = [(one.status, *sorted(one.headers)) for one in answers]
    for other in others:
        assert [said for said in other if said[0] != "Content-Length"] == [
            said for said in first if said[0] != "Content-Length"
        ]
    assert len({unpacked(answer) for answer in answers}) == 1
    assert all(int(answer.headers["Content-Length"]) == len(answer.data) for answer in answers)


def unpacked(answer: TestResponse) -> bytes:
    packed = answer.data
    if answer.content_encoding == "gzip":
        return gzip.decompress(packed)
    return zstandard.decompress(packed) if answer.content_encoding == "zstd" else packed


def test_a_page_is_of_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, client = served()

    for day in ("2021-12-09", "2021-12-09", "2021-12-10", "2021-12-10"):
        monkeypatch.setattr("web.answers.today", lambda day=day: day)
        client.get("/?q=bank")
        client.get("/api/v1/search?q=bank")

    # The API says no ages.
    assert engine.searches == 3


def test_what_is_remembered_is_remembered_for_other_sites_too() -> None:
    engine = MemoryEngine()
    engine.publish(catalog(RATES))
    client = create_app(Settings(cors_origins=("https://a.example",)), engine).test_client()

    for _ in range(3):
        answer = client.get("/api/v1/search?q=bank", headers={"Origin": "https://a.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert "Access-Control-Allow-Origin" not in client.get("/api/v1/search?q=bank").headers
        assert "Origin" in client.get("/api/v1/search?q=bank").vary


def test_another_generation_never_answers() -> None:
    engine, client = served()
    before = client.get("/api/v1/search?q=bank").get_json()

    engine.publish(catalog(RATES))
    after = client.get("/api/v1/search?q=bank").get_json()

    assert (before["total"], after["total"]) == (2, 1)
    assert before["generation"] != after["generation"]


def test_errors_are_not_remembered() -> None:
    engine, client = served()
    engine.publish(catalog(SNOW))

    assert [client.get("/api/v1/search?q=bank&page=0").status_code for _ in range(2)] == [400, 400]
    assert client.get("/api/v1/search?q=bank").status_code == 200


def test_without_bytes_nothing_is_remembered() -> None:
    engine, client = served(cache_bytes=0)

    client.get("/api/v1/search?q=bank")
    client.get("/api/v1/search?q=bank")

    assert engine.searches == 2


@given(st.lists(st.text(alphabet='bank rates"-(*~:', max_size=12), max_size=8))
def test_a_remembered_answer_is_what_a_fresh_one_would_be(texts: list[str]) -> None:
    (_, remembering), (_, fresh) = served(), served(cache_bytes=0)

    for text in [*texts, *texts]:
        one, other = (
            client.get("/api/v1/search", query_string={"q": text}).get_json() for client in (remembering, fresh)
        )
        assert {**one, "took_ms": 0} == {**other, "took_ms": 0}


@given(st.lists(STEPS), st.integers(0, 4_000))
def test_there_are_never_more_bytes_than_allowed_nor_answers_of_another_generation(
    steps: list[tuple[str, str, bytes]], allowed: int
) -> None:
    cache = AnswerCache(allowed)
    kept: dict[tuple[str, str], set[bytes]] = {}

    for generation, asked, content in steps:
        cache.keep(generation, asked, Answer("tag", content))
        kept.setdefault((generation, asked), set()).add(content)
        found = cache.find(generation, asked)
        assert cache.size <= allowed
        packed = cache.find(generation, asked, packed=True)
        assert cache.size <= allowed
        assert packed is None or zstandard.decompress(packed.content) in kept[generation, asked]
        assert found is None or found.content in kept[generation, asked]
        assert cache.find("another", asked) is None


@given(st.lists(STEPS), st.integers(0, 4_000))
def test_an_answer_is_found_by_its_tag_as_long_as_it_is_kept(steps: list[tuple[str, str, bytes]], allowed: int) -> None:
    cache = AnswerCache(allowed)

    for generation, asked, content in steps:
        tag = hashlib.sha256(asked.encode() + b"\0" + content).hexdigest()
        cache.keep(generation, asked, Answer(tag, content))
        found = cache.find_same(generation, f"{asked} again", tag)
        assert found is None or found.content == content
        # Room for the spelling may have been made.
        assert cache.find(generation, asked) in {found, None}
        assert cache.find(generation, f"{asked} again") in {found, None}
        assert cache.find_same("another", asked, tag) is None
        assert cache.size <= allowed


def test_the_least_recently_used_go_first() -> None:
    cache = AnswerCache(1_000)
    content = hashlib.shake_128().digest(200)  # nothing that compression makes smaller
    for asked in ("one", "two"):
        cache.keep("a", asked, Answer("tag", content))

    cache.find("a", "one")
    cache.keep("a", "three", Answer("tag", content))

    assert [bool(cache.find("a", asked)) for asked in ("one", "two", "three")] == [True, False, True]


@given(st.binary(max_size=50_000), st.text())
def test_what_is_kept_comes_back_as_it_was(content: bytes, asked: str) -> None:
    cache = AnswerCache(1 << 20)

    cache.keep("a", asked, Answer("tag", content))

    assert cache.find("a", asked) == Answer("tag", content)


def test_threads_may_share_it() -> None:
    cache = AnswerCache(5_000)

    def use(number: int) -> None:
        for step in range(500):
            asked = str((number * step) % 17)
            cache.keep("ab"[step % 50 == 0], asked, Answer(asked, asked.encode() * step))
            found = cache.find("a", asked)
            assert found is None or set(found.content.split(asked.encode())) <= {b""}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert 0 <= cache.size <= 5_000


@pytest.mark.parametrize(("path", "mimetype"), [("/api/v1/search", "application/problem+json"), ("/", "text/html")])
def test_a_search_over_its_time_is_given_up_with_a_sentence_and_never_remembered(
    tmp_path: Path, path: str, mimetype: str
) -> None:
    WhooshEngine(tmp_path).publish(catalog(RATES))
    client = create_app(Settings(index=tmp_path, time_budget=1e-9)).test_client()

    for _ in range(2):
        response = client.get(path, query_string={"q": "rates"})

        assert (response.status_code, response.mimetype) == (503, mimetype)
        assert int(response.headers["Retry-After"]) > 0
        assert response.headers["Cache-Control"] == "no-store"
        assert "he search took longer than the 1e-09 s it may: ask for something narrower" in response.text
