from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from factories import article, catalog
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from werkzeug.test import create_environ, run_wsgi_app

from search.articles import Article, Image
from search.engines.memory import MemoryEngine
from search.settings import Settings
from web import create_app
from web.syndication import Feed, to_atom

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
    unknown = client.get("/stories/unknown/feed.atom")
    assert (unknown.status_code, unknown.mimetype) == (404, "application/problem+json")


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

    text, queries, hits, addresses = response.get_json()

    assert response.mimetype == "application/x-suggestions+json"
    assert (text, queries[0], hits[0], addresses[0]) == ("rat", "rates", "3 articles", "http://localhost/?q=rates")
    assert len(queries) == len(hits) == len(addresses)


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    """Return a folder with a saved query, and one that is broken."""
    (tmp_path / "rates.yaml").write_text("title: <Interest> rates\nq: rates\nprovider: [Times, Herald]\n", "utf-8")
    (tmp_path / "broken.yaml").write_text("title: Broken\n", "utf-8")
    return tmp_path


def test_a_saved_query_is_a_feed_by_its_name(queries: Path) -> None:
    client = client_of(RATES, LATER, UNDATED, queries=queries)

    found = read(client.get("/queries/rates.atom").text)

    assert found.feed.title == "Lede: <Interest> rates"
    assert [entry.title for entry in found.entries] == ["Rates fall", "Rates stand"]
    assert len(client.get("/queries/rates.json?size=1").get_json()["items"]) == 1
    page = re.sub("<.*?>", "", client.get(found.feed.links[1].href.removeprefix("http://localhost")).text)
    assert "Rates fall" in page
    assert "Rates rise" not in page


def test_the_id_of_a_saved_querys_feed_stays_when_it_searches_for_something_else(queries: Path) -> None:
    client = client_of(RATES, queries=queries)
    before = read(client.get("/queries/rates.atom").text).feed.id

    (queries / "rates.yaml").write_text("title: Snow\nq: snow\n", "utf-8")

    assert read(client.get("/queries/rates.atom").text).feed.id == before


def test_an_unknown_saved_query_is_not_found_and_a_broken_one_not_empty(queries: Path) -> None:
    client = client_of(RATES, queries=queries)

    unknown, broken = client.get("/queries/snow.atom"), client.get("/queries/broken.json")

    assert (unknown.status_code, broken.status_code) == (404, 503)
    assert broken.get_json()["type"] == "urn:lede:problem:broken-query"
    assert str(queries) not in broken.text


def test_saved_queries_are_listed_with_their_pages_and_feeds(queries: Path) -> None:
    client = client_of(RATES, queries=queries)

    response = client.get("/queries")

    assert "&lt;Interest&gt; rates" in response.text
    assert 'href="/?q=rates&amp;provider=Times&amp;provider=Herald&amp;sort=newest&amp;match=all"' in response.text
    assert 'href="/queries/rates.atom"' in response.text
    assert "1 saved query cannot be read" in response.text
    assert 'href="/queries"' in client.get("/").text
    assert client.get("/queries", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_without_saved_queries_the_list_says_how_to_make_one(tmp_path: Path) -> None:
    client = client_of(RATES, queries=tmp_path / "nowhere")

    assert "There are none." in client.get("/queries").text
    assert 'href="/queries"' not in client.get("/").text


def test_a_feed_is_not_filled_with_what_is_merely_near(client: FlaskClient) -> None:
    assert [len(read(client.get(f"/feed.atom?q={q}").text).entries) for q in ("rates+volcano", "ratess")] == [0, 0]
    assert len(read(client.get("/feed.atom?q=ratess&match=auto").text).entries) == 3


def test_the_feed_of_a_corrected_search_has_the_corrected_words(client: FlaskClient) -> None:
    corrected, unknown = client.get("/?q=ratess").text, client.get("/?q=volcano").text

    assert corrected.count('href="/feed.atom?q=rates" type="application/atom+xml"') == 2
    assert unknown.count('href="/feed.atom?q=volcano" type="application/atom+xml"') == 3


def test_a_story_is_cut_to_its_newest_articles(client: FlaskClient) -> None:
    found = read(client.get(f"{story_path(client)}.atom?size=1").text)

    assert (found.feed.title, [entry.title for entry in found.entries]) == ("Lede: Rates rise", ["Rates fall"])
    assert client.get(f"{story_path(client)}.json?size=101").status_code == 400


def test_a_feed_without_articles_is_one(client: FlaskClient) -> None:
    found = read(client.get("/feed.atom?q=volcano").text)

    assert (found.entries, found.feed.updated) == ([], "1970-01-01T00:00:00Z")
    assert client.get("/feed.json?q=volcano").get_json()["items"] == []


@pytest.mark.parametrize(
    "host", ["a b", '"><script>', "[::1", "x:99999", "a@b", "ex\xe4mple.org", "xn--x", "xn--exmple-cua.org", "[::1]:80"]
)
def test_whatever_the_host_is_called_the_feed_is_well_formed_or_refused(host: str) -> None:
    engine = MemoryEngine()
    engine.publish(catalog(RATES))
    environ = create_environ("/feed.atom?q=rates")
    environ["HTTP_HOST"] = host

    content, status, _ = run_wsgi_app(create_app(engine=engine), environ, buffered=True)

    if status.startswith("200"):
        assert f"http://{host.removesuffix(':80')}/feed.atom" in str(
            read(b"".join(content).decode()).feed.links[0].href
        )
    assert status.startswith(("200", "400"))


def test_addresses_begin_with_the_base_that_is_set_whatever_host_is_asked() -> None:
    client = client_of(RATES, base_url="https://news.example/lede/")

    feed = client.get("/feed.json", headers={"Host": "evil.example"})
    description = client.get("/opensearch.xml", headers={"Host": "evil.example"})

    assert feed.get_json()["home_page_url"] == "https://news.example/lede/?sort=newest&match=all"
    assert "evil" not in feed.text + description.text
    assert 'template="https://news.example/lede/?q={searchTerms}"' in description.text


@given(st.text(), st.text(), st.lists(st.text(max_size=9), max_size=3))
def test_whatever_an_article_says_the_feed_is_well_formed_and_says_it(
    title: str, excerpt: str, topics: list[str]
) -> None:
    told = replace(RATES, title=title, excerpt=excerpt, topics=tuple(topics))
    feed = Feed(key="x", title=title, home="http://h/", own=f"http://h/?{title}", articles=[told])

    root = ET.fromstring(to_atom(feed))  # noqa: S314 - written by ourselves
    entry = root.find(f"{ATOM}entry")

    assert entry is not None
    assert visible(entry.findtext(f"{ATOM}title") or "") == visible(title)
    assert visible(entry.findtext(f"{ATOM}summary") or "") == visible(excerpt)
    assert len(entry.findall(f"{ATOM}category")) == len(topics)


def visible(text: str) -> str:
    """Return what every XML document can hold, but white space, which parsers fold."""
    return "".join(re.findall(r"[^\x00-\x20\ud800-\udfff\ufffe\uffff]", text))


def test_json_feed_has_what_its_version_demands() -> None:
    pictured = replace(LATER, image=Image(url="https://times.example/a.png", width=None, height=None))
    found = client_of(RATES, pictured, UNDATED, HOSTILE).get("/feed.json").get_json()

    assert len({item["id"] for item in found["items"]}) == len(found["items"]) == 4
    for item in found["items"]:
        assert {type(item[key]) for key in ("id", "url", "title", "content_text")} == {str}
        assert all(author["name"] for author in item["authors"])
        assert "date_published" not in item or datetime.fromisoformat(item["date_published"]).tzinfo
    assert found["items"][1]["image"] == "https://times.example/a.png"


def test_a_title_of_a_hundred_kilobytes_is_a_title() -> None:
    long = article("long " * 20_000, url="https://long.example/")
    client = client_of(long)

    assert read(client.get("/feed.atom").text).entries[0].title == long.title.strip()
    assert len(read(client.get(f"/stories/{long.id}/feed.atom").text).feed.title) < 140
    assert len(read(client.get(f"/feed.atom?q={'x' * 400}").text).feed.title) < 140


def test_who_knows_no_more_than_a_date_is_sent_what_came_late(client: FlaskClient) -> None:
    """An article that is added or corrected later may be older than all that is known."""
    known = {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}

    assert "Last-Modified" not in client.get("/feed.json").headers
    assert client.get("/feed.json", headers=known).status_code == 200
