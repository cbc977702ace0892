from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from factories import article, catalog
from flask.testing import FlaskClient

from search.articles import Article
from search.engines.memory import MemoryEngine
from search.settings import Settings
from web import create_app

ATOM = "{http://www.w3.org/2005/Atom}"
RATES = article("Rates rise", excerpt="The bank raised rates.", topics=("Economy",), published="2021-12-09T07:49:00Z")
LATER = article("Rates fall", url="https://times.example/fall", provider="Times", published="2021-12-24T08:00:00Z")
UNDATED = article("Rates stand", url="https://herald.example/stand", provider="Herald", published=None)
HOSTILE = article(
    "<script>alert(1)</script> ]]> \x0b\ufffe & \u202eesrever",
    url="https://evil.example/?a=1&b=%22%3E%3Cscript%3E",
    excerpt="x" * 100_000 + " <b>&amp;</b>",
    provider='"><img src=x>',
    topics=("<i>", 'a"b'),
    published="2021-12-25",
)


def client_of(*articles: Article, related: tuple[tuple[Article, ...], ...] = (), **settings: Any) -> FlaskClient:
    engine = MemoryEngine()
    engine.publish(catalog(*articles, related=related))
    return create_app(Settings(**settings), engine).test_client()


@pytest.fixture
def client() -> FlaskClient:
    return client_of(RATES, LATER, UNDATED, related=((RATES, LATER),))


def story_path(client: FlaskClient) -> str:
    story = client.get(f"/api/v1/articles/{RATES.id}").get_json()["story"]["id"]
    return f"/stories/{story}/feed"


def read(text: str) -> Any:
    """Read a feed as a feed reader does; it must find nothing wrong."""
    found = feedparser.parse(text, sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.get("bozo_exception")
    return found


def test_a_search_is_a_feed_of_what_it_finds_the_newest_first(client: FlaskClient) -> None:
    response = client.get("/feed.atom?q=rates")

    found = read(response.text)

    assert response.content_type == "application/atom+xml; charset=utf-8"
    assert (found.version, found.feed.title) == ("atom10", "Lede: rates")
    assert [entry.title for entry in found.entries] == ["Rates fall", "Rates rise", "Rates stand"]
    assert found.entries[1].link == RATES.url
    assert found.entries[1].author == RATES.provider.name
    assert found.entries[1].published == found.entries[1].updated == "2021-12-09T07:49:00Z"
    assert [tag.term for tag in found.entries[1].tags] == ["Economy"]
    assert found.entries[1].summary == "The bank raised rates."
    assert found.feed.updated == "2021-12-24T08:00:00Z"


def test_json_feed_says_the_same(client: FlaskClient) -> None:
    atom = read(client.get("/feed.atom?q=rates").text)

    found = client.get("/feed.json?q=rates").get_json()

    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"] == "http://localhost/feed.json?q=rates"
    assert [item["id"] for item in found["items"]] == [entry.id for entry in atom.entries]
    assert [item["title"] for item in found["items"]] == [entry.title for entry in atom.entries]
    assert found["items"][0]["date_published"] == "2021-12-24T08:00:00Z"
    assert "date_published" not in found["items"][2]


@pytest.mark.parametrize("path", ["/feed.atom?q=rates&sort=oldest", "/feed.atom?q=%22%3C%26", "/feed.atom"])
def test_a_feed_has_what_the_standard_demands(client: FlaskClient, path: str) -> None:
    root = ET.fromstring(client.get(path).data)  # noqa: S314 - written by ourselves

    for part in (root, *root.iter(f"{ATOM}entry")):
        assert [len(part.findall(f"{ATOM}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
        assert datetime.fromisoformat(part.findtext(f"{ATOM}updated") or "").tzinfo
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links["self"] == f"http://localhost{path}"
    assert (links["alternate"] or "").startswith("http://localhost/?")


def test_a_feed_takes_the_parameters_of_the_page(client: FlaskClient) -> None:
    assert len(read(client.get("/feed.atom?provider=Times&q=rates").text).entries) == 1
    assert len(read(client.get("/feed.atom?size=2").text).entries) == 2
    problem = client.get("/feed.atom?size=many")
    assert (problem.status_code, problem.mimetype) == (400, "application/problem+json")


def test_a_story_is_a_feed(client: FlaskClient) -> None:
    found = read(client.get(f"{story_path(client)}.atom").text)

    assert [entry.title for entry in found.entries] == ["Rates fall", "Rates rise"]
    assert len(client.get(f"{story_path(client)}.json").get_json()["items"]) == 2
    assert client.get("/stories/unknown/feed.atom").status_code == 404


def test_ids_stay_the_same_on_another_host_and_after_another_reindex() -> None:
    one, other = client_of(RATES), client_of(RATES, LATER, base_url="https://news.example/")

    here, there = read(one.get("/feed.atom?q=rise").text), read(other.get("/feed.atom?q=rise").text)

    assert (here.feed.id, here.entries[0].id) == (there.feed.id, there.entries[0].id)
    assert here.entries[0].id.startswith("urn:uuid:")
    assert there.feed.links[0].href == "https://news.example/feed.atom?q=rise"


def test_a_feed_is_sent_again_only_when_its_content_has_changed() -> None:
    engine = MemoryEngine()
    engine.publish(catalog(RATES))
    client = create_app(engine=engine).test_client()
    first = client.get("/feed.atom?q=rates")
    known = {"If-None-Match": first.headers["ETag"]}

    engine.publish(catalog(RATES, article("Snow", url="https://weather.example/")))
    unchanged = client.get("/feed.atom?q=rates", headers=known)
    engine.publish(catalog(RATES, LATER))

    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert client.get("/feed.atom?q=rates", headers=known).status_code == 200
    assert first.headers["Last-Modified"] == "Thu, 09 Dec 2021 07:49:00 GMT"


def test_nothing_hostile_becomes_markup() -> None:
    client = client_of(HOSTILE)

    found = read(client.get("/feed.atom").text)

    assert "<script" not in client.get("/feed.atom").text
    assert found.entries[0].title.startswith("<script>alert(1)</script> ]]>")
    assert found.entries[0].title_detail.type == "text/plain"
    assert client.get("/feed.json").get_json()["items"][0]["title"] == HOSTILE.title


def test_pages_tell_of_their_feeds_and_of_the_search(client: FlaskClient) -> None:
    page = client.get("/?q=rates&provider=Times").text
    story = client.get(story_path(client).removesuffix("/feed")).text

    assert 'href="/feed.atom?q=rates&amp;provider=Times" type="application/atom+xml"' in page
    assert 'href="/opensearch.xml" type="application/opensearchdescription+xml"' in page
    assert f'href="{story_path(client)}.json" type="application/feed+json"' in story


def test_a_browser_learns_how_to_search_here(client: FlaskClient) -> None:
    response = client.get("/opensearch.xml")

    root = ET.fromstring(response.data)  # noqa: S314 - written by ourselves
    name = "{http://a9.com/-/spec/opensearch/1.1/}"
    urls = {url.get("type"): url.get("template") or "" for url in root.findall(f"{name}Url")}

    assert response.mimetype == "application/opensearchdescription+xml"
    assert len(root.findtext(f"{name}ShortName") or "") <= 16
    assert urls["text/html"] == "http://localhost/?q={searchTerms}"
    for template in urls.values():
        path = template.replace("{searchTerms}", "rat").removeprefix("http://localhost")
        assert client.get(path).status_code == 200


def test_the_address_bar_gets_completions(client: FlaskClient) -> None:
    response = client.get("/opensearch/suggest?q=rat")

    text, queries, hits = response.get_json()

    assert response.mimetype == "application/x-suggestions+json"
    assert (text, queries[0], hits[0]) == ("rat", "rates", "3 articles")
