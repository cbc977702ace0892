from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from factories import article, catalog
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from werkzeug.datastructures import MultiDict

from search.articles import Article, Image, Provider
from search.engines.memory import MemoryEngine
from search.query import Query
from search.results import Bucket, Timeline
from search.settings import Settings
from search.timeline import INTERVALS, make_timeline
from web import create_app, manual
from web.headlines import differing
from web.parameters import page_query
from web.timeline import draw, last_day
from web.typography import Segment, days, segments, snippet

RATES = article("Rates rise again", excerpt="The bank raised rates.", topics=("Economy",), type="article")
MARKETS = article("Markets shrug", url="https://herald.example/markets", provider="Herald", published="2021-12-10")
COPY = article("Rates rise again", url="https://times.example/copy", provider="Times", published="2021-12-09T09:00:00Z")
LATER = article("Rates fall", url="https://times.example/fall", provider="Times", published="2021-12-24T08:00:00Z")
VIDEO = article("Snow in April", type="video", is_published=False, published=None)
STORY = (RATES, MARKETS, COPY, LATER)

Visit = Callable[..., "Document"]


class Document(HTMLParser):
    """A page as a reader meets it: its links by their text, its text, its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.links: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] | None = None
        self._pieces: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag == "a":
            self._open = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            attributes = next(found for name, found in reversed(self.elements) if name == "a")
            self.links.append((" ".join("".join(self._open).split()), attributes))
            self._open = None

    def handle_data(self, data: str) -> None:
        self._pieces.append(data)
        if self._open is not None:
            self._open.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces).split())

    def link(self, text: str) -> str:
        """Return where the first link with *text* in it leads."""
        return next(str(attributes["href"]) for shown, attributes in self.links if text in shown)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def engine() -> MemoryEngine:
    engine = MemoryEngine()
    engine.publish(catalog(*STORY, VIDEO, related=(STORY,)))
    return engine


@pytest.fixture
def visit(engine: MemoryEngine) -> Visit:
    """Return what opens an address of the test's articles."""
    return visitor(create_app(engine=engine).test_client())


def visitor(client: FlaskClient) -> Visit:
    def get(path: str, status: int = 200) -> Document:
        response = client.get(path)
        assert (response.status_code, response.mimetype) == (status, "text/html"), response.text
        return Document(response.text)

    return get


def showing(*articles: Article) -> Visit:
    engine = MemoryEngine()
    engine.publish(catalog(*articles))
    return visitor(create_app(engine=engine).test_client())


def asked(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


def test_a_hit_is_shown_with_where_it_comes_from(visit: Visit) -> None:
    page = visit("/?q=fall")

    assert page.link("Rates fall") == "https://times.example/fall"
    assert "1 article for fall" in page.text
    assert "Times times.example 24 December 2021" in page.text
    assert page.all("time") == [{"datetime": "2021-12-24T08:00:00Z"}]
    assert "<mark>fall</mark>" in page.html


def test_type_and_flag_are_shown_where_they_say_something(visit: Visit) -> None:
    assert "undated video unpublished" in visit("/?q=snow").text
    assert "unpublished" not in visit("/?q=fall").text


def test_a_story_and_its_copies_are_linked(visit: Visit) -> None:
    page = visit("/?q=bank+rates+again&match=any")

    assert page.link("4 articles from 3 outlets") == f"/stories/{RATES.id}"
    assert "also at Times" in page.text
    assert page.link("Times") == COPY.url


def test_what_was_moved_down_can_be_asked_for() -> None:
    flood = [article(f"Rates part {n}", url=f"https://wire.example/{n}", provider="Wire", topics=()) for n in range(9)]
    other = [article(f"Rates story {n}", url=f"https://o{n}.example/", provider=f"O{n}") for n in range(9)]

    address = showing(*flood, *other)("/?q=rates").link("more from wire.example")

    assert asked(address) == {"q": ["rates"], "provider": ["Wire"]}


def test_the_search_box_keeps_the_words_and_the_filters(visit: Visit) -> None:
    page = visit("/?q=%22rates%22&provider=Times&from=2021&sort=newest&page=1")

    fields = [(field["name"], field["value"]) for field in page.all("input")]
    assert ("q", '"rates"') in fields
    assert {("provider", "Times"), ("from", "2021-01-01"), ("sort", "newest")} <= set(fields)
    assert not any(name == "page" for name, _ in fields)


def test_a_facet_value_is_a_link_that_toggles_it(visit: Visit) -> None:
    chosen = visit("/?q=rates").link("Times 2")
    assert asked(chosen) == {"q": ["rates"], "provider": ["Times"]}

    page = visit(chosen)
    selected = [(text, link) for text, link in page.links if link.get("aria-current") and "Times" in text]
    assert [asked(str(link["href"])) for _, link in selected] == [{"q": ["rates"]}]
    assert asked(page.link("Example News")) == {"q": ["rates"], "provider": ["Times", "Example News"]}


def test_a_value_is_toggled_in_whatever_letter_case_it_was_asked(visit: Visit) -> None:
    page = visit("/?provider=TIMES")

    selected = [link for text, link in page.links if link.get("aria-current") and "Times" in text]
    assert [link["href"] for link in selected] == ["/"]


def test_every_filter_in_force_can_be_taken_off(visit: Visit) -> None:
    page = visit("/?q=rates&provider=Times&from=2021-12-01&to=2021-12-31")

    assert asked(page.link("Remove Publisher: Times")).keys() == {"q", "from", "to"}
    assert asked(page.link("Remove From: 1 December 2021")).keys() == {"q", "provider", "to"}
    assert asked(page.link("Remove To: 31 December 2021")).keys() == {"q", "provider", "from"}
    assert asked(page.link("Remove all")) == {"q": ["rates"]}


def test_long_facets_are_folded() -> None:
    many = [article(f"Rates {n}", url=f"https://o{n}.example/", provider=f"Outlet {n:02}") for n in range(30)]

    page = showing(*many)("/?q=rates")

    assert "Next 5 under Publisher" in page.text
    assert "Rarer ones: search for provider:…" in page.text
    assert page.link("Outlet 11")


def test_few_facets_are_shown_to_the_last() -> None:
    page = showing(*(article("Rates", url=f"https://o{n}.example/", provider=f"Outlet {n:02}") for n in range(9)))("/")

    assert "2 more under Publisher" in page.text
    assert "Rarer ones" not in page.text


def test_sorting_is_linked_and_the_order_in_force_is_marked(visit: Visit) -> None:
    page = visit("/?q=rates&sort=oldest")

    current = [text for text, link in page.links if link.get("aria-current")]
    assert current == ["Oldest"]
    assert asked(page.link("Relevance")) == {"q": ["rates"]}
    assert [page.text.index(title) for title in ("Rates rise again", "Rates fall")] == sorted(
        page.text.index(title) for title in ("Rates rise again", "Rates fall")
    )


def test_pages_are_linked_to_their_neighbours() -> None:
    visit = showing(*(article(f"Rates {n}", url=f"https://o{n}.example/", provider=f"O{n}") for n in range(45)))

    first, second, third = visit("/?q=rates"), visit("/?q=rates&page=2"), visit("/?q=rates&page=3")

    assert "Page 1 of 3" in first.text
    assert asked(first.link("Next")) == {"q": ["rates"], "page": ["2"]}
    assert [link["rel"] for text, link in second.links if text in {"← Previous", "Next →"}] == ["prev", "next"]
    assert asked(second.link("Previous")) == {"q": ["rates"]}
    assert not [text for text, _ in third.links if "Next" in text]
    assert len(third.all("article")) == 5


def test_beyond_the_last_page_there_is_a_way_back(visit: Visit) -> None:
    page = visit("/?q=fall&page=7")

    assert "There is nothing on this page" in page.text
    assert asked(page.link("last page")) == {"q": ["fall"]}


def test_bars_narrow_to_their_days(visit: Visit) -> None:
    page = visit("/?q=rates")

    bars = [link for text, link in page.links if text.startswith("24 December")]
    assert [asked(str(bar["href"])) for bar in bars] == [{"q": ["rates"], "from": ["2021-12-24"], "to": ["2021-12-24"]}]
    assert "Articles by day, 9–24 December 2021; most in 9 December 2021: 2 articles." in page.text


def test_bars_never_widen_what_was_chosen() -> None:
    query = page_query_of("from=2021-05-10&to=2021-11-20")
    timeline = make_timeline([date(2021, 5, 10), date(2021, 11, 20), None])
    assert timeline.interval == "week"

    with create_app(engine=MemoryEngine()).test_request_context():
        drawing = draw(query, timeline)

    assert drawing
    assert drawing.undated == 1
    assert asked(drawing.bars[0].url)["from"] == ["2021-05-10"]
    assert asked(drawing.bars[-1].url)["to"] == ["2021-11-20"]


def page_query_of(text: str) -> Query:
    return page_query(MultiDict(parse_qs(text)))


@given(st.lists(st.dates(), min_size=1, max_size=40))
def test_bars_cover_every_day_once(found: list[date]) -> None:
    timeline = make_timeline(found)
    starts = [bucket.start for bucket in timeline.buckets]

    ends = [last_day(timeline.interval, start) for start in starts]

    assert all((after - before).days == 1 for before, after in zip(ends, starts[1:], strict=False))
    assert starts[0] <= min(found)
    assert max(found) <= ends[-1]


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_last_bar_of_all_ends_with_the_calendar(interval: str) -> None:
    assert last_day(interval, INTERVALS[interval](date.max)) == date.max


def test_a_timeline_of_undated_articles_is_not_drawn() -> None:
    assert draw(page_query_of(""), Timeline(interval="day", buckets=(), undated=3)) is None
    assert draw(page_query_of(""), None) is None


def test_one_article_among_thousands_is_still_a_bar() -> None:
    buckets = (Bucket(start=date(2021, 1, 1), count=100_000), Bucket(start=date(2021, 1, 2), count=1))

    with create_app(engine=MemoryEngine()).test_request_context():
        drawing = draw(page_query_of(""), Timeline(interval="day", buckets=buckets, undated=0))

    assert drawing
    assert drawing.bars[1].height > 1


def test_nothing_found_offers_ways_out(visit: Visit) -> None:
    """Each with the number of its articles, and none that leads nowhere."""
    page = visit("/?q=rates+shrug&match=all&provider=Times&from=2021-12-01")

    assert "No articles for rates shrug" in page.text
    assert asked(page.link("Without shrug")) == {
        "q": ["rates"],
        "provider": ["Times"],
        "from": ["2021-12-01"],
        "match": ["all"],
    }
    assert "Without shrug 2 articles" in page.text
    assert asked(page.link("Any of the words")) == {
        "q": ["rates shrug"],
        "provider": ["Times"],
        "from": ["2021-12-01"],
        "match": ["any"],
    }
    assert not [text for text, _ in page.links if text == "Without From: 1 December 2021"]
    assert page.link("See all articles") == "/"


def test_what_is_excluded_may_be_let_in_again(visit: Visit) -> None:
    page = visit("/?q=-rates+-snow&type=shrug&match=all")

    assert not [text for text, _ in page.links if "without" in text and text.startswith(("Without", "Only"))]
    assert asked(visit("/?q=rates+-rates&match=all").link("Also with rates")) == {"q": ["rates"], "match": ["all"]}


def test_every_way_out_finds_as_many_as_it_says(visit: Visit) -> None:
    page = visit("/?q=shrug+snow+site:times.example&match=all&topic=Economy&type=video")

    exits = re.findall(
        r'<li><a href="([^"]+)">[^/]*?(?:</bdi></strong>)?</a> <span class="count">(\d+) article', page.html
    )

    assert exits
    for address, count in exits:
        assert int(count) > 0
        assert f"<h1>{count} article" in visit(address.replace("&amp;", "&")).html


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("https://www.times.example/rates?utm_source=mail", ["The article at this address:", "Everything from"]),
        ("times.example/rates", ["The article at this address:", "Everything from"]),
        ("times.example", ["Everything from"]),
        ("http://nobody.example/rates", []),
        ("times.example rates zebra", []),
        ("title:zebra.example", []),
        ("https://[zebra", []),
    ],
)
def test_an_address_leads_to_what_is_there(typed: str, expected: list[str]) -> None:
    engine = MemoryEngine()
    engine.publish(catalog(article("Rates rise", url="https://times.example/rates")))

    page = visitor(create_app(engine=engine).test_client())(f"/?q={quote(typed)}")

    found = [text for text, _ in page.links if text.startswith(("The article at", "Everything from"))]
    assert [text.startswith(label) for text, label in zip(found, expected, strict=True)] == [True] * len(expected)


def test_where_nothing_smaller_helps_each_part_is_offered_alone(visit: Visit) -> None:
    page = visit("/?q=shrug+snow&match=all&provider=Nobody&topic=Nothing")

    assert asked(page.link("Only shrug")) == {"q": ["shrug"]}
    assert asked(page.link("Only snow")) == {"q": ["snow"]}


def test_a_search_that_no_part_of_finds_anything_says_so(visit: Visit) -> None:
    assert "nor any part of it" in visit("/?q=penguins").text


@pytest.mark.parametrize(
    ("typed", "said", "rest"),
    [
        ("rates -night", "without night", "rates"),
        ("rates site:times.example", "from times.example", "rates"),
        ("rates before:2021", "until 31 December 2021", "rates"),
        ("rates after:2021-12", "since 1 December 2021", "rates"),
        ("rates date:2021-12-09", "9 December 2021", "rates"),
        ("rates asof:2021-12-09", "as of 9 December 2021", "rates"),
        ("rates (bank OR fall)", "bank or fall", "rates"),
        ("rates -(bank fall)", "without bank and fall", "rates"),
        ("rates type:video", "type: video", "rates"),
        ("rates quality:>=70", "quality at least 70", "rates"),
        ("rates heat:<=70", "heat at most 70", "rates"),
        ("rates quality:5..9", "quality 5 to 9", "rates"),
        ("rates outlets:3", "outlets 3", "rates"),
        ("rates is:unpublished", "unpublished", "rates"),
        ("rates has:image", "with an image", "rates"),
        ("rates story:abc", "in one story", "rates"),
        ("rates like:abc", "like one article", "rates"),
        ('rates title:"snow in"', "“snow in” in title", "rates"),
        ("rates ban*", "ban…", "rates"),
    ],
)
def test_what_was_typed_is_read_back_and_can_be_taken_off(visit: Visit, typed: str, said: str, rest: str) -> None:
    page = visit(f"/?q={quote(typed)}")

    assert asked(page.link(f"Remove {said}×")) == {"q": [rest]}


def test_a_lone_word_is_not_said_twice(visit: Visit) -> None:
    assert not [text for text, _ in visit("/?q=rates").links if text.startswith("Remove")]


def test_counts_beside_a_choice_are_what_they_would_add(visit: Visit) -> None:
    page = visit("/?q=rates&provider=Times")

    assert "Times 2 " in page.text
    assert "Example News +1" in page.text
    assert asked(page.link("Any publisher")) == {"q": ["rates"]}
    both = visit(page.link("Example News"))
    assert "3 articles for rates" in both.text


def test_why_the_order_is_so_is_told_on_demand(visit: Visit) -> None:
    page = visit("/?q=rates")
    assert "freshness" not in page.text

    explained = visit(page.link("Why this order?"))

    assert "× freshness" in explained.text
    assert explained.link("Hide the scores") == "/?q=rates"


def test_the_fragment_is_the_part_of_the_page_that_a_search_changes(visit: Visit) -> None:
    for address in ("/?q=rates", "/?q=penguins", "/?provider=Times&sort=newest"):
        whole, part = visit(address).html, visit(f"{address}&fragment=1").html
        took = re.compile(r"Searched in [\d.]+ ms")

        assert part.startswith('<div id="results"')
        assert took.sub("", part).strip() in took.sub("", whole)


def test_a_fragment_is_not_taken_for_the_page(engine: MemoryEngine) -> None:
    client = create_app(engine=engine).test_client()

    tags = [client.get(address).headers["ETag"] for address in ("/?q=rates", "/?q=rates&fragment=1")]

    assert len(set(tags)) == 2


def test_a_timeline_is_a_table_too(visit: Visit) -> None:
    page = visit("/?q=rates")

    assert '<th scope="row">9 December 2021</th><td>2</td>' in page.html


def test_help_offers_every_example_as_a_search(visit: Visit) -> None:
    page = visit("/help")

    for row in manual.LANGUAGE:
        for example in row.examples:
            if manual.is_askable(example):
                assert asked(page.link(example)) == {"q": [example]}
    assert page.link("How to search") == "/help"
    assert "</code><code>" not in page.html


def test_a_full_page_and_all_it_needs_weigh_less_than_60_kilobytes() -> None:
    """Twenty articles with everything, every facet and bar there can be, the style and the script."""
    rich = [
        article(
            f"Rates rise again as the central bank meets for the {n}th time this year",
            url=f"https://outlet-{n}.example/news/economy/rates-rise-again-{n}",
            provider=f"The Outlet of Record {n}",
            excerpt="The committee of the bank raised them by a quarter of a point, as was expected of it by most of "
            "those who had been asked, and will look at the figures before it does so again.",
            topics=("Economy", "Central banks", f"Topic {n}"),
            published=f"2021-{n % 12 + 1:02}-0{n % 9 + 1}",
            category=f"category {n % 8}",
            type=f"type {n % 8}",
        )
        for n in range(60)
    ]
    engine = MemoryEngine()
    engine.publish(catalog(*rich))
    client = create_app(engine=engine).test_client()

    answers = [
        client.get(file)
        for file in ("/?q=central+rates&sort=newest", "/static/lede.css", "/static/lede.js", "/static/icon.svg")
    ]

    weight = sum(len(answer.data) for answer in answers)
    for answer in answers:
        answer.close()

    assert weight < 60_000


PICTURED = Image(url="https://pictures.example/a.jpg", width=1280, height=640)


@pytest.mark.parametrize(
    ("images", "url", "shown"),
    [
        (False, "https://pictures.example/a.jpg", False),
        (True, "https://pictures.example/a.jpg", True),
        (True, "http://pictures.example/a.jpg", False),
    ],
)
def test_images_are_shown_where_that_is_set(*, images: bool, url: str, shown: bool) -> None:
    """The policy allows them then, and only then; what is not encrypted is never fetched."""
    engine = MemoryEngine()
    engine.publish(catalog(article(image=replace(PICTURED, url=url))))
    client = create_app(Settings(images=images), engine).test_client()

    response = client.get("/?q=rates")

    pictures = Document(response.text).all("img")
    assert [picture["src"] for picture in pictures] == [url] * shown
    assert all(
        (picture["loading"], picture["referrerpolicy"], picture["alt"]) == ("lazy", "no-referrer", "")
        and picture["width"]
        and picture["height"]
        for picture in pictures
    )
    assert ("img-src 'self' https:" in response.headers["Content-Security-Policy"]) == images


def test_a_story_says_who_was_first_and_what_headlines_add(visit: Visit) -> None:
    page = visit(f"/stories/{RATES.id}")

    assert "Example News was first, 71 minutes before Times" in page.text
    assert "Rates <mark>fall</mark>" in page.html
    bar = next(str(link["href"]) for text, link in page.links if "24 December 2021: 1 article" in text)
    assert asked(bar) == {"q": [f"story:{RATES.id}"], "from": ["2021-12-24"], "to": ["2021-12-24"]}


@given(st.lists(st.text(max_size=60), max_size=8))
def test_compared_headlines_keep_their_text(titles: list[str]) -> None:
    found = differing(titles)

    assert ["".join(piece.text for piece in title) for title in found] == titles


def test_a_relaxed_answer_says_so(visit: Visit) -> None:
    page = visit("/?q=snow+penguins")

    assert "No article has all these words; these have at least half of them." in page.text
    assert asked(page.link("Only articles with all of them"))["match"] == ["all"]


def test_what_was_ignored_is_said(visit: Visit) -> None:
    assert "A quotation mark was not closed" in visit('/?q="rates').text


def test_a_correction_is_said_and_can_be_refused(visit: Visit) -> None:
    page = visit("/?q=ratse")
    refused = visit(page.link("exactly what I typed"))

    assert "Showing results for rates instead of ratse." in page.text
    assert asked(page.link("exactly what I typed")) == {"q": ["ratse"], "match": ["all"]}
    assert "No articles for ratse" in refused.text


def test_an_empty_index_says_what_to_do() -> None:
    page = showing()("/")

    assert "The index is empty" in page.text
    assert "reindex" in page.text


def test_without_an_index_the_page_says_what_to_do() -> None:
    page = visitor(create_app(engine=MemoryEngine()).test_client())("/", status=503)

    assert "No index yet" in page.text
    assert "<code>reindex</code>" in page.html


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/?page=x", 400, "Page: 'x' is not a whole number."),
        ("/nothing", 404, "There is nothing at this address."),
        ("/articles/nothing", 404, "No article has the id 'nothing'."),
        ("/stories/<b>", 404, "No story has the id '<b>'."),
        ("/articles//nothing", 404, "There is nothing at this address."),
    ],
)
def test_an_error_is_a_page_with_the_same_sentence(visit: Visit, path: str, status: int, said: str) -> None:
    page = visit(path, status)

    assert said in page.text
    assert page.link("See all articles") == "/"


def test_an_error_keeps_the_rest_of_the_search(visit: Visit) -> None:
    page = visit("/?q=rates+fall&provider=Times&from=2022&to=2021&page=2", status=400)

    [box] = [attributes for attributes in page.all("input") if attributes["name"] == "q"]
    hidden = {attributes["name"]: attributes["value"] for attributes in page.all("input")}
    assert box["value"] == "rates fall"
    assert hidden == {"q": "rates fall", "provider": "Times", "to": "2021"}
    assert asked(page.link("Search without it")) == {"q": ["rates fall"], "provider": ["Times"], "to": ["2021"]}


def test_a_page_after_the_last_says_so(visit: Visit) -> None:
    assert "Page 7, after the last of 1" in visit("/?q=rates&page=7").text


def test_an_article_has_a_page_with_its_story(visit: Visit) -> None:
    page = visit(f"/articles/{MARKETS.id}")

    assert page.link("Markets shrug") == MARKETS.url
    assert page.link("Read it at herald.example") == MARKETS.url
    assert page.link("The story") == f"/stories/{RATES.id}"
    assert page.link("Rates fall") == f"/articles/{LATER.id}"
    assert asked(page.link("More like this")) == {"q": [f"like:{MARKETS.id}"]}


def test_a_story_has_a_page_in_episodes(visit: Visit) -> None:
    page = visit(f"/stories/{RATES.id}")

    assert "4 articles from 3 outlets, in 2 episodes" in page.text
    told = page.text.split("Headlines", 1)[1]
    places = [told.index(part) for part in ("9–10 December 2021", "Markets shrug", "24 December 2021", "Rates fall")]
    assert places == sorted(places)


def test_every_page_has_its_landmarks_and_headings_in_order(visit: Visit) -> None:
    for path in ("/", "/?q=rates", "/?q=penguins", f"/articles/{RATES.id}", f"/stories/{RATES.id}"):
        page = visit(path)
        levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert len(page.all("main")) == 1
        assert page.link("Skip to the content") == "#main"
        assert {"for": "q", "class": "unseen"} in page.all("label")


def test_there_is_nothing_inline_and_nothing_from_elsewhere(visit: Visit) -> None:
    for path in ("/", "/?q=rates", f"/articles/{RATES.id}", f"/stories/{RATES.id}"):
        page = visit(path)
        assert page.all("style") == page.all("img") == page.all("iframe") == []
        assert [str(script["src"]).split("?")[0] for script in page.all("script")] == ["/static/lede.js"]
        assert not any("style" in attributes for _, attributes in page.elements)
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert all(str(link["href"]).startswith("/") for link in page.all("link"))


HOSTILE = [
    "<script>alert(1)</script> rates",
    '"><img src=x onerror=alert(1)> rates',
    "</title></textarea>--></script><svg onload=alert(1)> rates",
    "{{ 7 * 7 }} {% raw %} rates",
    "&lt;b&gt; &amp; &#x27; rates",
    "\u202eetar\u202d \u2066 rates",
    "' onmouseover='alert(1) rates",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_seed_says_is_text(text: str) -> None:
    own = Article(
        id="0000000000000bad",
        url='https://news.example/"onclick="alert(1)?a=<b>&c=\'',
        title=text,
        excerpt=text,
        provider=Provider(name=text, domain="news.example"),
        type=text,
        category=text,
        topics=(text,),
    )
    visit = showing(own)

    for path in ("/?q=rates", "/articles/0000000000000bad", "/stories/0000000000000bad", "/"):
        page = visit(path)
        assert len(page.all("script")) == 1
        assert page.all("img") == []
        assert [attributes for name, attributes in page.elements if name == "svg"] == [
            attributes for name, attributes in page.elements if name == "svg" and "onload" not in attributes
        ]
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert " ".join(text.split()) in page.text
    assert visit("/?q=rates").link("rates") == own.url


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_visitor_asks_is_text(visit: Visit, text: str) -> None:
    page = visit("/?" + "&".join(f"{name}={quote(text, safe='')}" for name in ("q", "provider", "topic", "type")))

    assert len(page.all("script")) == 1
    assert page.all("img") == []
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "JavaScript:alert(1)", " https://x", ""])
def test_only_the_web_is_linked(url: str) -> None:
    """The parser lets no such address in; should one get in, it is shown without a link."""
    own = Article(id="00000000000000dd", url=url, title="Rates", provider=Provider(name="Odd", domain="odd.example"))

    for path in ("/?q=rates", "/articles/00000000000000dd"):
        page = showing(own)(path)
        assert url not in [link["href"] for _, link in page.links]
        assert "javascript" not in page.html.lower()
        assert "Rates" in page.text


def test_links_out_tell_nobody_where_from(visit: Visit) -> None:
    outward = [link for _, link in visit("/?q=rates").links if str(link["href"]).startswith("http")]

    assert outward
    assert all(link["rel"] == "noopener" for link in outward)


def test_a_title_of_100_kilobytes_does_not_fill_the_page() -> None:
    page = showing(article("rates " * 17_000, url="https://long.example/"))("/?q=rates")

    assert len(page.html) < 20_000


def test_a_query_of_100_kilobytes_is_not_repeated_by_every_link(visit: Visit) -> None:
    page = visit("/?q=" + "rates+" * 17_000)

    assert "Only the first 512 characters were searched." in page.text
    assert len(page.html) < 60_000


# In order, and none over another: what begins one ends where the next may begin.
spans = (
    st.lists(st.integers(0, 400), max_size=12)
    .map(sorted)
    .map(lambda cuts: list(zip(cuts[::2], cuts[1::2], strict=False)))
)


@given(st.text(max_size=400), spans)
def test_segments_are_the_text_cut_at_its_spans(text: str, found: list[tuple[int, int]]) -> None:
    pieces = segments(text, found)

    assert "".join(piece.text for piece in pieces) == text
    marked = "".join(piece.text for piece in pieces if piece.is_match)
    assert marked == "".join(text[start:end] for start, end in found)


@given(st.text(max_size=400), spans, st.integers(80, 200))
def test_a_snippet_is_a_part_of_the_text(text: str, found: list[tuple[int, int]], length: int) -> None:
    pieces = snippet(text, found, length=length)

    shown = "".join(piece.text for piece in pieces).removeprefix("… ").removesuffix(" …")
    assert shown in text
    assert len(shown) <= length
    assert all(piece.text for piece in pieces)


def test_a_snippet_shows_the_first_match() -> None:
    text = "word " * 200 + "rates " + "word " * 200

    pieces = snippet(text, [(1000, 1005)])

    assert Segment("rates", is_match=True) in pieces
    assert (pieces[0].text, pieces[-1].text) == ("… ", " …")
    assert pieces[1].text.startswith("word ")


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2021, 12, 9), date(2021, 12, 9), "9 December 2021"),
        (date(2021, 12, 9), date(2021, 12, 11), "9–11 December 2021"),
        (date(2021, 11, 30), date(2021, 12, 1), "30 November – 1 December 2021"),
        (date(2020, 12, 31), date(2021, 1, 1), "31 December 2020 – 1 January 2021"),
        (date(2021, 1, 1), date(2021, 6, 30), "January – June 2021"),
        (date(2019, 10, 1), date(2021, 8, 31), "October 2019 – August 2021"),
        (date(2019, 10, 2), date(2021, 8, 31), "2 October 2019 – 31 August 2021"),
        (date(1, 1, 1), date(9999, 12, 31), "1–9999"),
        (None, None, "undated"),
    ],
)
def test_a_span_of_days_repeats_nothing(first: date | None, last: date | None, shown: str) -> None:
    assert days(first, last) == shown


def test_endless_names_make_no_endless_page() -> None:
    engine = MemoryEngine()
    long = {name: f"{name} " * 9_000 for name in ("provider", "type", "category")}
    engine.publish(catalog(article("Rates rise", topics=("topic " * 9_000,), **long)))

    page = create_app(engine=engine).test_client().get("/?q=rates").text

    assert len(page) < 20_000
    assert "provider provider" in page


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("rat", {"Rates rise", "Ratio falls"}),
        ("rise rat", {"Rates rise"}),
        ("fall", {"Ratio falls"}),
        ("rates", {"Rates rise"}),
        # Nothing is guessed at the end of a word, in quotes, or where nothing begins so.
        ("rise rat ", {"Rates rise"}),
        ("zebr", set()),
        ('"rat"', set()),
        ("r", set()),
    ],
)
def test_while_somebody_types_the_last_word_is_the_beginning_of_one(typed: str, titles: set[str]) -> None:
    engine = MemoryEngine()
    urls = {title: f"https://a.example/{number}" for number, title in enumerate(["Rates rise", "Ratio falls"])}
    engine.publish(catalog(*(article(title, url=url) for title, url in urls.items())))

    page = visitor(create_app(engine=engine).test_client())(f"/?q={quote(typed)}&fragment=1&typing=1")

    assert {title for title in urls if any(shown == title for shown, _ in page.links)} == titles


def test_what_was_typed_to_the_end_is_searched_as_it_stands(visit: Visit) -> None:
    assert "No articles" in visit("/?q=rat&fragment=1").text
    assert "No articles" in visit("/?q=rat").text
