"""The page in a real browser: what a reader sees, with a keyboard, on a phone, in the dark, without JavaScript."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import missing
from factories import SeedFolder, mention, seed
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect, sync_playwright

import search

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WIDTHS = (320, 360, 768, 1440, 3840)
PAGES = (
    "/",
    "/?q=rates",
    "/?q=rates&explain=1",
    "/?q=shrug+hebrew&match=all",
    "/?q=rates&provider=Example+News&from=2021",
    "/?q=xyzzy",
    "/?page=0",
    "/nowhere",
    "/help",
    "/queries",
)
HOSTILE = "<script>document.title='owned'</script> & \"quotes\" \u202egnp.exe " + "long" * 60


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a small index; return its address."""
    base = tmp_path_factory.mktemp("site")
    folder = SeedFolder(base / "seeds")
    folder.write(
        "rates.md",
        seed(
            "Rates rise again",
            topics=["Economy"],
            published=False,
            related=[
                mention(
                    "Markets shrug at rates", publishedDateTime="2021-12-20T10:00:00Z", provider={"name": "Other News"}
                ),
                mention("Rates rise again", slug="copy", provider={"name": "Third News"}),
            ],
        ),
    )
    folder.write("hebrew.md", seed("שלום \u202e Sensetime", slug="hebrew", excerpt=None, provider={"name": "עיתון"}))
    folder.write("hostile.md", seed(HOSTILE, slug="hostile", excerpt=f"rates {HOSTILE}"))
    for number in range(25):
        folder.write(
            f"more-{number}.md",
            seed(f"More about rates, part {number}", publishedDateTime=f"2021-11-{number + 1:02}T08:00:00Z"),
        )
    SeedFolder(base / "queries").write("rates.yaml", "title: Interest rates\nq: rates\n")
    search.reindex([folder.path], base / "index")
    command = [sys.executable, "-c", "from search.cli import lede; lede()", "serve", "--port", "0", "--workers", "1"]
    command += ["--index", str(base / "index")]
    environment = os.environ | {"LEDE_QUERIES": str(base / "queries")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        announced = re.search(r"http://\S+", server.stdout.readline())
        assert announced
        yield announced[0]
        server.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium."""
    program = shutil.which("chromium")
    if program is None:
        missing("chromium is not installed")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def reader(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Open a window as the test's parameter describes it; it may reach nothing but the site."""
    context = browser.new_context(**getattr(request, "param", {}))
    yield context
    context.close()


@pytest.fixture
def page(reader: BrowserContext, site: str) -> Iterator[Page]:
    """Open a tab that fails the test for whatever the browser complains of."""
    tab = reader.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(site) else None)
    yield tab
    assert [text for text in complaints if "status of 40" not in text] == []


def search_box(page: Page) -> Locator:
    """Return the box, which is a combobox where the script runs."""
    return page.get_by_label("Search the news")


def every_page(page: Page, site: str) -> list[str]:
    """Return the address of one page of every kind."""
    page.goto(f"{site}/?q=rates")
    linked = [page.locator(f"a[href^='/{kind}/']").first.get_attribute("href") for kind in ("stories", "articles")]
    return [f"{site}{path}" for path in (*PAGES, *linked)]


@pytest.mark.parametrize(
    "reader",
    [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 800}}],
    indirect=True,
)
def test_no_page_has_a_barrier_that_axe_knows_of(page: Page, site: str) -> None:
    for address in every_page(page, site):
        page.goto(address)

        found = Axe().run(page)

        assert found.violations_count == 0, f"{address}: {found.generate_report()}"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(page: Page, site: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in every_page(page, site):
        page.goto(address)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}, {"java_script_enabled": True}], indirect=True)
def test_a_reader_searches_narrows_and_turns_pages(page: Page, site: str) -> None:
    """By typing and clicking alone; the address holds everything, so that going back works."""
    page.goto(site)
    search_box(page).fill("rates")
    search_box(page).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("29 articles")

    page.get_by_role("complementary").get_by_role("link", name="Other News").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 article")
    page.get_by_role("link", name="Remove Publisher: Other News").click()
    page.get_by_role("link", name="Next", exact=False).click()
    expect(page).to_have_url(re.compile(r"page=2"))

    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 article")


def wait_for(page: Page, condition: str) -> None:
    """Wait until an expression holds; Playwright's own way evaluates it within the page, which its policy forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"it never came to {condition}")


def test_the_keyboard_reaches_the_search_box_and_the_first_hit(page: Page, site: str) -> None:
    """The skip link comes first, and what has the focus can be seen to have it."""
    page.goto(f"{site}/?q=rates")
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    # The browser gives what an address names the focus when it draws the next time, and nothing takes it away then.
    wait_for(page, "document.activeElement.id === 'main'")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")

    assert skip == "#main"
    wait_for(page, "document.activeElement.closest('main') && document.activeElement.id !== 'main'")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_a_hostile_seed_is_only_text(page: Page, site: str) -> None:
    page.goto(f'{site}/?q="quotes"')

    expect(page.get_by_role("heading", level=3).first).to_contain_text("<script>")
    assert page.title() != "owned"
    assert page.locator("main script").count() == 0


def test_titles_lead_to_the_article_without_giving_away_where_from(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=markets+shrug")

    link = page.get_by_role("link", name="Markets shrug at rates").first

    assert link.get_attribute("href") == "https://news.example/markets-shrug-at-rates"
    assert "noopener" in str(link.get_attribute("rel"))
    assert page.locator("mark").count() > 0


def test_bars_of_the_timeline_narrow_the_days_and_are_told_in_words(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    bar = page.locator("svg a").first
    address = str(bar.get_attribute("href"))
    page.goto(site + address)

    assert "from=" in address
    assert "to=" in address
    expect(page.get_by_role("link", name=re.compile("Remove From"))).to_be_visible()


@pytest.mark.parametrize("reader", [{"forced_colors": "active"}, {"reduced_motion": "reduce"}], indirect=True)
def test_readers_with_other_settings_see_the_page_too(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")

    expect(page.get_by_role("heading", level=3).first).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_page_prints_without_what_only_a_screen_needs(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=3).first).to_be_visible()
    expect(page.get_by_role("complementary")).to_be_hidden()


def test_the_whole_page_weighs_little(page: Page, site: str) -> None:
    """Under 60 KB with its style and icon."""
    weights: list[int] = []
    page.on("response", lambda answer: weights.append(len(answer.body())))
    page.goto(f"{site}/?q=rates", wait_until="networkidle")

    assert sum(weights) < 60_000


def test_a_bar_can_be_followed_by_keyboard_and_is_seen_to_have_the_focus(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    bar = page.get_by_role("link", name="20–26 December 2021: 1 article")
    color = bar.locator(".bar").evaluate("element => getComputedStyle(element).fill")

    bar.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(bar).to_be_focused()
    expect(bar.locator(".bar")).not_to_have_css("fill", color)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("1 article")


def test_a_byline_from_right_to_left_keeps_its_order(page: Page, site: str) -> None:
    """Neither a Hebrew name nor an override in the title turns around what stands beside it."""
    page.goto(f"{site}/?q=sensetime")

    boxes = [page.locator(f".hit {name}").bounding_box() for name in (".outlet", ".domain", "time")]

    lefts = [box["x"] for box in boxes if box]
    assert len(lefts) == 3
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("reader", [{"viewport": {"width": 360, "height": 800}}], indirect=True)
def test_on_a_phone_the_filters_are_one_tap_away(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    filters = page.get_by_role("heading", name="Narrow it down")
    expect(filters).not_to_be_in_viewport()

    page.get_by_role("link", name="Filter these articles").click()

    expect(filters).to_be_in_viewport()


@pytest.mark.parametrize(("reader", "is_dark"), [({"color_scheme": "dark"}, True), ({}, False)], indirect=["reader"])
def test_the_page_is_as_dark_as_the_reader_likes_it(page: Page, site: str, *, is_dark: bool) -> None:
    page.goto(site)

    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert (max(map(int, re.findall(r"\d+", paper))) < 64) == is_dark


def test_results_and_their_count_appear_as_one_types(page: Page, site: str) -> None:
    """The box keeps its focus and caret; only the count is announced; the address is the search's."""
    page.goto(site)

    search_box(page).press_sequentially("markets", delay=20)

    expect(page.get_by_role("heading", level=1)).to_contain_text("1 article")
    expect(page.get_by_role("status")).to_have_text("1 article")
    expect(page).to_have_url(f"{site}/?q=markets")
    expect(page).to_have_title("markets – Lede")
    expect(search_box(page)).to_be_focused()
    assert page.evaluate("document.activeElement.selectionStart") == len("markets")


def test_a_word_that_is_not_finished_finds_what_begins_with_it(page: Page, site: str) -> None:
    page.goto(site)

    search_box(page).press_sequentially("markets shru", delay=20)

    expect(page.get_by_role("heading", level=1)).to_contain_text("1 article")
    expect(page.get_by_role("link", name="Remove shru…")).to_be_visible()
    expect(search_box(page)).to_have_value("markets shru")


def test_what_a_reader_opened_stays_open_as_one_types(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    page.get_by_text("As a table").click()

    search_box(page).fill("rates rise")
    expect(page).to_have_title("rates rise – Lede")

    expect(page.get_by_role("columnheader", name="When")).to_be_visible()


def test_going_back_returns_to_the_search_before_this_one(page: Page, site: str) -> None:
    """What was typed on the way leaves no entries of its own."""
    page.goto(f"{site}/?q=rates")
    search_box(page).fill("")
    search_box(page).press_sequentially("shrug", delay=20)
    expect(page.get_by_role("heading", level=1)).to_contain_text("shrug")

    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_contain_text("29 articles for rates")
    expect(search_box(page)).to_have_value("rates")
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shrug")


def test_a_late_answer_never_replaces_a_newer_one(page: Page, site: str) -> None:
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)

    page.route(re.compile("q=rates&fragment"), keep)
    page.goto(site)
    search_box(page).fill("rates")
    expect(page.locator("[aria-busy]")).to_be_visible()

    search_box(page).fill("shrug")
    expect(page.get_by_role("heading", level=1)).to_contain_text("shrug")
    for route in late:
        route.fulfill(body='<div id="results"><h1>Late</h1></div>', content_type="text/html")
    page.wait_for_timeout(200)

    assert late
    expect(page.get_by_role("heading", level=1)).to_contain_text("shrug")


def test_a_search_that_is_not_answered_says_so(page: Page, site: str) -> None:
    page.route(re.compile("fragment"), lambda route: route.fulfill(status=404))
    page.goto(site)

    search_box(page).fill("rates")

    expect(page.get_by_role("status")).to_contain_text("did not answer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("29 articles")


def test_a_suggestion_is_taken_by_keyboard(page: Page, site: str) -> None:
    """As the ARIA pattern has it: the focus stays in the box, which names the option that is chosen."""
    page.goto(site)
    page.keyboard.press("/")
    box = search_box(page)
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press_sequentially("mark", delay=20)
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")

    page.keyboard.press("ArrowDown")
    option = page.get_by_role("option", selected=True)
    expect(option).to_contain_text("markets")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert Axe().run(page).violations_count == 0
    page.keyboard.press("Enter")

    expect(box).to_have_value("markets")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^1 article for markets"))


def test_a_suggestion_is_taken_by_pointer_on_a_page_without_results_too(page: Page, site: str) -> None:
    page.goto(f"{site}/help")
    search_box(page).press_sequentially("mark", delay=20)

    page.get_by_role("option", name="markets").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^1 article for markets"))


def test_escape_closes_then_empties(page: Page, site: str) -> None:
    page.goto(site)
    search_box(page).press_sequentially("mark", delay=20)
    expect(page.get_by_role("listbox")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(search_box(page)).to_have_value("mark")
    page.keyboard.press("Escape")

    expect(search_box(page)).to_have_value("")
    expect(page.get_by_role("heading", level=1)).to_have_text("In the news")


def test_arrows_go_through_the_results(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    titles = page.locator(".hit h3 a")
    page.keyboard.press("/")

    page.keyboard.press("ArrowDown")
    expect(titles.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(search_box(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")

    expect(search_box(page)).to_be_focused()


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
def test_help_and_reasons_need_no_script(page: Page, site: str) -> None:
    page.goto(f"{site}/?q=rates")
    page.get_by_role("link", name="Why this order?").click()
    expect(page.locator(".score").first).to_contain_text("freshness")

    page.get_by_role("link", name="How to search").click()
    page.get_by_role("link", name="inv*ent").click()

    expect(search_box(page)).to_have_value("inv*ent")
