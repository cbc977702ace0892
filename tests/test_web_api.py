from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from factories import article, catalog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from search.articles import Article, Image
from search.engine import Reader
from search.engines.memory import MemoryEngine
from search.errors import IndexDamagedError
from web import create_app
from web.security import HEADERS

RATES = article(
    "Rates rise again",
    excerpt="The bank raised rates.",
    topics=("Economy",),
    type="article",
    category="news",
    quality=17,
    is_published=False,
    image=Image(url="https://news.example/rates.jpg", width=1280, height=640),
)
MARKETS = article("Markets shrug", url="https://herald.example/markets", provider="Herald", published="2021-12-10")
LATER = article("Rates fall", url="https://times.example/fall", provider="Times", published="2021-12-24T08:00:00Z")
ALONE = article("Snow in April", url="https://weather.example/snow", provider="Weather", published=None)
EVERYTHING = catalog(RATES, MARKETS, LATER, ALONE, related=((RATES, MARKETS, LATER),))


@pytest.fixture
def engine() -> MemoryEngine:
    engine = MemoryEngine()
    engine.publish(EVERYTHING)
    return engine


@pytest.fixture
def client(engine: MemoryEngine) -> FlaskClient:
    return create_app(engine=engine).test_client()


def of(*articles: Article) -> FlaskClient:
    """Return a client of an index that holds just *articles*."""
    engine = MemoryEngine()
    engine.publish(catalog(*articles))
    return create_app(engine=engine).test_client()


def answer(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    body: dict[str, Any] = response.get_json()
    return body


def test_a_hit_says_everything_that_is_promised(client: FlaskClient) -> None:
    page = answer(client.get("/api/v1/search?q=bank"))

    assert set(page) == {
        *("query", "total", "page", "size", "took_ms", "generation", "notices", "searched", "suggestion", "relaxed"),
        *("hits", "facets", "timeline"),
    }
    hit = page["hits"][0]
    assert hit.pop("score") > 0
    assert hit == {
        "id": RATES.id,
        "url": "https://news.example/rates-rise-again",
        "title": "Rates rise again",
        "excerpt": "The bank raised rates.",
        "provider": {"name": "Example News", "domain": "news.example"},
        "published_at": "2021-12-09T07:49:00Z",
        "type": "article",
        "category": "news",
        "topics": ["Economy"],
        "quality": 17,
        "heat": None,
        "is_published": False,
        "image": {"url": "https://news.example/rates.jpg", "width": 1280, "height": 640},
        "highlights": {"title": [], "excerpt": [[4, 8]]},
        "story": {"id": RATES.id, "articles": 3, "outlets": 3},
        "also": [],
        "more_from_domain": 0,
    }


def test_what_is_unknown_is_null(client: FlaskClient) -> None:
    hit = answer(client.get("/api/v1/search?q=snow"))["hits"][0]

    assert [hit[name] for name in ("published_at", "type", "category", "quality", "is_published", "image")] == [
        None
    ] * 6


def test_highlights_count_characters_not_bytes() -> None:
    """An emoji is one code point, four bytes, and two units of JavaScript's."""
    client = of(article("💸 Zinsen é rates"))

    hit = answer(client.get("/api/v1/search?q=rates"))["hits"][0]

    start, end = hit["highlights"]["title"][0]
    assert hit["title"][start:end] == "rates"


def test_facets_and_timeline_come_unless_they_are_not_wanted(client: FlaskClient) -> None:
    with_them = answer(client.get("/api/v1/search?q=rates"))
    without = answer(client.get("/api/v1/search?q=rates&facets=0"))

    assert with_them["facets"]["provider"][0] == {"value": "Example News", "count": 1, "selected": False}
    assert with_them["timeline"]["buckets"][0] == {"from": "2021-12-09", "count": 1}
    assert with_them["timeline"]["undated"] == 0
    assert (without["facets"], without["timeline"]) == ({}, None)


def test_repeating_a_parameter_ors_its_values(client: FlaskClient) -> None:
    page = answer(client.get("/api/v1/search?provider=Herald&provider=Weather"))

    assert sorted(hit["title"] for hit in page["hits"]) == ["Markets shrug", "Snow in April"]


def test_an_explanation_multiplies_to_the_score(client: FlaskClient) -> None:
    hit = answer(client.get("/api/v1/search?q=bank&explain=1"))["hits"][0]

    product = 1.0
    for factor in hit["explanation"]["factors"].values():
        product *= factor
    assert product == pytest.approx(hit["score"], abs=1e-9)
    assert hit["explanation"]["sentence"]


def test_pages_do_not_overlap(client: FlaskClient) -> None:
    pages = [answer(client.get(f"/api/v1/search?size=3&page={number}")) for number in (1, 2)]

    ids = [hit["id"] for page in pages for hit in page["hits"]]
    assert len(ids) == len(set(ids)) == pages[0]["total"] == 4


def test_a_relaxed_answer_says_so(client: FlaskClient) -> None:
    page = answer(client.get("/api/v1/search?q=bank+penguins"))

    assert page["relaxed"] is True
    assert answer(client.get("/api/v1/search?q=bank+penguins&match=all"))["total"] == 0


def test_control_characters_separate_words(client: FlaskClient) -> None:
    page = answer(client.get("/api/v1/search?q=%00rates%00%1brise%7f%0d%0a"))

    assert page["total"] == 1
    assert "\x00" not in page["query"]


def test_completions_say_what_to_search_for_and_how_much_there_is(client: FlaskClient) -> None:
    body = answer(client.get("/api/v1/suggest?q=rat"))

    assert (body["query"], bool(body["generation"])) == ("rat", True)
    assert body["completions"][0] == {"text": "rates", "kind": "word", "hits": 2, "query": "rates"}
    assert {one["kind"] for one in body["completions"]} == {"word", "title"}
    for one in body["completions"]:
        assert answer(client.get("/api/v1/search", query_string={"q": one["query"]}))["total"] == one["hits"]


@pytest.mark.parametrize("query", ["", "?q=", "?q=%22", "?q=%ff%00", "?q=" + "a" * 2000, "?q=%ed%a0%80"])
def test_nothing_to_complete_is_no_error(client: FlaskClient, query: str) -> None:
    assert answer(client.get(f"/api/v1/suggest{query}"))["completions"] == []


def test_an_article_comes_with_its_story_episode_by_episode(client: FlaskClient) -> None:
    found = answer(client.get(f"/api/v1/articles/{MARKETS.id}"))

    assert (found["id"], found["title"]) == (MARKETS.id, "Markets shrug")
    assert found["story"] == {"id": RATES.id, "articles": 3, "outlets": 3}
    assert [[entry["title"] for entry in episode["articles"]] for episode in found["episodes"]] == [
        ["Rates rise again", "Markets shrug"],
        ["Rates fall"],
    ]
    assert found["episodes"][0]["from"] == "2021-12-09T07:49:00Z"
    assert found["episodes"][0]["outlets"] == 2


def test_an_undated_article_alone_is_a_story_of_one(client: FlaskClient) -> None:
    found = answer(client.get(f"/api/v1/articles/{ALONE.id}"))

    assert found["story"]["articles"] == 1
    assert (found["episodes"][0]["from"], found["episodes"][0]["to"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "status", "problem", "said"),
    [
        ("/api/v1/search?page=x", 400, "bad-parameter", "page: 'x' is not a whole number"),
        ("/api/v1/search?size=101", 400, "bad-parameter", "size: a page holds 1 to 100 hits"),
        ("/api/v1/search?page=501", 400, "bad-parameter", "page: paging ends at 10,000 hits"),
        ("/api/v1/search?sort=best", 400, "bad-parameter", "sort: 'best' is not one of relevance"),
        ("/api/v1/search?from=2021-02-30", 400, "bad-parameter", "from: '2021-02-30' is not in the calendar"),
        ("/api/v1/articles/nothing", 404, "unknown-id", "no article has the id 'nothing'"),
    ],
)
def test_a_refusal_is_a_problem_that_names_what_is_wrong(
    client: FlaskClient, path: str, status: int, problem: str, said: str
) -> None:
    response = client.get(path)

    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    body = response.get_json()
    assert body["type"] == f"urn:lede:problem:{problem}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].startswith(said)
    assert body.get("parameter") == (said.split(":", maxsplit=1)[0] if status == 400 else None)


def test_unknown_paths_and_methods_are_problems_too(client: FlaskClient) -> None:
    unknown = client.get("/api/v1/nothing")
    posted = client.post("/api/v1/search")

    assert (unknown.status_code, unknown.get_json()["type"]) == (404, "about:blank")
    assert (posted.status_code, posted.mimetype) == (405, "application/problem+json")
    assert {"GET", "HEAD"} <= set(posted.headers["Allow"].split(", "))


class BrokenReader:
    """Fails at everything, with a message that nobody may see."""

    generation = "broken"

    def search(self, query: object) -> None:
        message = f"secret of the server, and {query}"
        raise RuntimeError(message)


class BrokenEngine(MemoryEngine):
    def current(self) -> str | None:
        return "broken"

    def open(self) -> Any:
        return BrokenReader()


def test_a_fault_of_ours_gives_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    """Neither to the visitor, nor what the visitor asked for to the log."""
    client = create_app(engine=BrokenEngine()).test_client()

    with caplog.at_level(logging.DEBUG):
        response = client.get("/api/v1/search?q=privatequestion")

    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert "secret" not in response.text
    assert "RuntimeError" in caplog.text
    assert "test_web_api" in caplog.text
    assert "privatequestion" not in caplog.text


def test_without_an_index_the_server_lives_and_says_what_to_do() -> None:
    client = create_app(engine=MemoryEngine()).test_client()

    assert client.get("/healthz").get_json() == {"status": "ok"}
    for path in ("/readyz", "/api/v1/search?q=rates", "/api/v1/articles/x"):
        response = client.get(path)
        assert (response.status_code, response.mimetype) == (503, "application/problem+json")
        assert int(response.headers["Retry-After"]) > 0
        assert "run `reindex`" in response.get_json()["detail"]


def test_a_damaged_index_is_not_an_empty_answer() -> None:
    class DamagedEngine(MemoryEngine):
        def open(self) -> Any:
            raise IndexDamagedError(__file__, "checksum")  # type: ignore[arg-type] # any place will do

    response = create_app(engine=DamagedEngine()).test_client().get("/api/v1/search?q=rates")

    assert (response.status_code, response.get_json()["type"]) == (503, "urn:lede:problem:index-damaged")
    assert __file__ not in response.text


def test_an_index_is_found_when_it_appears_and_followed_when_it_changes() -> None:
    engine = MemoryEngine()
    client = create_app(engine=engine).test_client()
    assert client.get("/readyz").status_code == 503

    engine.publish(catalog(RATES))
    first = answer(client.get("/readyz"))
    engine.publish(catalog(RATES, MARKETS))
    second = answer(client.get("/readyz"))

    assert (first["articles"], second["articles"]) == (1, 2)
    assert first["generation"] != second["generation"]


def test_a_request_answers_from_one_generation_throughout() -> None:
    """Even if the next one is published between its steps."""

    class RestlessReader:
        def __init__(self, reader: Reader, publish: Any) -> None:
            self._reader, self._publish = reader, publish

        def __getattr__(self, name: str) -> Any:
            self._publish()
            return getattr(self._reader, name)

    class RestlessEngine(MemoryEngine):
        def open(self) -> Any:
            return RestlessReader(super().open(), lambda: self.publish(catalog(LATER)))

    engine = RestlessEngine()
    engine.publish(EVERYTHING)
    client = create_app(engine=engine).test_client()

    found = answer(client.get(f"/api/v1/articles/{MARKETS.id}"))

    assert found["generation"] == EVERYTHING.generation
    assert found["story"]["articles"] == 3


@pytest.mark.parametrize(
    "path",
    ["/api/v1/search?q=rates", "/api/v1/suggest?q=rat", f"/api/v1/articles/{RATES.id}", "/?q=rates", "/"],
)
def test_a_repeated_request_is_not_answered_twice(client: FlaskClient, path: str) -> None:
    first = client.get(path)

    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "no-cache"


def test_a_tag_stands_for_the_question_however_it_is_written(client: FlaskClient) -> None:
    def tag(path: str) -> str:
        return client.get(path).headers["ETag"]

    assert tag("/api/v1/search?q=rates&page=1") == tag("/api/v1/search?utm_source=x&size=20&q=rates")
    assert tag("/api/v1/search?q=rates") != tag("/api/v1/search?q=rate")
    assert tag("/api/v1/search?q=rates") != tag("/?q=rates")


def test_a_new_generation_is_a_new_answer(client: FlaskClient, engine: MemoryEngine) -> None:
    tag = client.get("/api/v1/search?q=rates").headers["ETag"]
    engine.publish(catalog(RATES))

    response = client.get("/api/v1/search?q=rates", headers={"If-None-Match": tag})

    assert response.status_code == 200


def test_any_tag_fits_only_where_there_is_an_answer(client: FlaskClient) -> None:
    anything: Mapping[str, str] = {"If-None-Match": "*"}

    assert client.get("/api/v1/search", headers=anything).status_code == 304
    assert client.get("/api/v1/articles/nothing", headers=anything).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/search", f"/api/v1/articles/{RATES.id}", f"/stories/{RATES.id}", "/healthz", "/readyz"]
)
def test_head_answers_as_get_without_the_body(client: FlaskClient, path: str) -> None:
    response = client.head(path)

    assert (response.status_code, response.data) == (200, b"")
    assert int(response.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/?page=x", 400),
        ("/nothing", 404),
        ("/api/v1/search", 200),
        ("/api/v1/search?page=x", 400),
        ("/api/v1/nothing", 404),
        (f"/articles/{RATES.id}", 200),
        ("/stories/nothing", 404),
        ("/static/lede.css", 200),
        ("/static/nothing.css", 404),
        ("/healthz", 200),
        ("/readyz", 200),
    ],
)
def test_every_answer_tells_browsers_what_they_may_do(client: FlaskClient, path: str, status: int) -> None:
    with client.get(path) as response:
        assert response.status_code == status
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
        assert "Set-Cookie" not in response.headers


def test_faults_and_unchanged_answers_tell_it_too(client: FlaskClient) -> None:
    tag = client.get("/").headers["ETag"]
    unchanged = client.get("/", headers={"If-None-Match": tag})
    fault = create_app(engine=BrokenEngine()).test_client().get("/")

    for response in (unchanged, fault):
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


def test_static_files_are_kept_for_as_long_as_their_address_names_the_build(client: FlaskClient) -> None:
    page = client.get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    with client.get(address) as dated, client.get("/static/lede.css") as undated:
        assert dated.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert undated.headers["Cache-Control"] == "no-cache"
        assert undated.mimetype == "text/css"


def test_a_moment_is_written_to_the_second() -> None:
    odd = article("Odd", published=None)
    moment = datetime(999, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    client = of(Article(id=odd.id, url=odd.url, title="Odd", provider=odd.provider, published_at=moment))

    assert answer(client.get("/api/v1/search"))["hits"][0]["published_at"] == "0999-01-02T03:04:05Z"
