from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.urls import article_id, canonical_url, check_url, domain_of

# What does not count


@pytest.mark.parametrize(
    "spelling",
    [
        "http://example.org/News/a",
        "HTTPS://example.org/News/a",
        "https://EXAMPLE.Org/News/a",
        "https://www.example.org/News/a",
        "https://WWW.example.org/News/a",
        "https://example.org:443/News/a",
        "http://example.org:80/News/a",
        "https://example.org:/News/a",
        "https://example.org./News/a",
        "https://reader:secret@example.org/News/a",
        "https://example.org/News/a/",
        "https://example.org/News/a//",
        "https://example.org/News/a#top",
        "https://example.org/News/a/#",
        "https://example.org/News/a?",
        "https://example.org/News/a?&&",
        "https://example.org/News/a?utm_source=x&UTM_Medium=y&utm_=",
        "https://example.org/News/a?fbclid=x&gclid=y&msclkid",
        "https://example.org/News/a/?mc_cid=1&mc_eid=2&igshid=3&_ga=4&_hsenc=5&_hsmi=6&mkt_tok=7&ref_src=8&cmpid=9#z",
    ],
)
def test_these_are_spellings_of_one_article(spelling: str) -> None:
    one = "https://example.org/News/a"

    assert canonical_url(check_url(spelling)) == canonical_url(one) == "example.org/News/a"
    assert article_id(check_url(spelling)) == article_id(one)


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/news/a",
        "https://example.org/News/b",
        "https://example.org/News//a",
        "https://example.org/",
        "https://example.com/News/a",
        "https://news.example.org/News/a",
        "https://wwwexample.org/News/a",
        "https://example.org:8443/News/a",
        "https://example.org/News/a?id=1",
        "https://example.org/News/a?utm=1",
        "https://example.org/News/a?ref=x",
        "https://example.org/News/a?gain_ga=4",
        "https://example.org/News/%61",
    ],
)
def test_these_are_other_articles(other: str) -> None:
    assert article_id(check_url(other)) != article_id("https://example.org/News/a")


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://e.example/?b=2&a=1", "e.example?b=2&a=1"),
        ("https://e.example/?a=1&b=2", "e.example?a=1&b=2"),
        ("https://e.example/?a=1&utm_source=x&b=2", "e.example?a=1&b=2"),
        ("https://e.example/?A=1", "e.example?A=1"),
        ("https://e.example/a;b/?c=/d/", "e.example/a;b?c=/d/"),
        ("https://www.example/", "example"),
        ("https://www./", "www"),
        ("https://[2001:DB8::1]:8080/a", "2001:db8::1:8080/a"),
    ],
)
def test_what_counts_is_kept_in_its_order(url: str, canonical: str) -> None:
    assert canonical_url(check_url(url)) == canonical


def test_an_id_is_sixteen_hexadecimal_digits_and_never_changes() -> None:
    """Links to articles, feeds and stories hang on it."""
    assert article_id("https://www.ft.com/content/8ee73509-e364-494e-b4c8-ff9a4f675078") == "90b71872c74b2ec4"


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://WWW.Example.org/", "example.org"),
        ("https://news.example.org:8080", "news.example.org"),
        ("https://www.www.example", "www.example"),
        ("https://user@example.org./", "example.org"),
        ("https://münchen.example/ü", "münchen.example"),
    ],
)
def test_a_domain_is_the_host_in_lower_case_without_www(url: str, domain: str) -> None:
    assert domain_of(check_url(url)) == domain


# What is let in


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("javascript:alert(1)", "'javascript'"),
        ("JavaScript:alert(1)", "'javascript'"),
        ("java\nscript:alert(1)", "'javascript'"),
        (" \tjavascript:alert(1)", "'javascript'"),
        ("\x01javascript:alert(1)", "scheme"),
        ("data:text/html,<script>", "'data'"),
        ("vbscript:x", "'vbscript'"),
        ("file:///etc/passwd", "'file'"),
        ("ftp://example.org/", "'ftp'"),
        ("mailto:a@example.org", "'mailto'"),
        ("/relative", "it has no scheme"),
        ("relative", "it has no scheme"),
        ("//example.org/a", "it has no scheme"),
        ("example.org/a", "it has no scheme"),
        ("", "it has no scheme"),
        ("https://", "no host"),
        ("https:///a", "no host"),
        ("https:example.org", "no host"),
        ("http:/example.org", "no host"),
        ("https://:80/", "no host"),
        ("https://@/", "no host"),
        ("https://example.org:port/", "(?i)port"),
        ("https://example.org:99999/", "(?i)port"),
        ("https://[::1/", "(?i)ipv6"),
        ("https://[nonsense]/", "(?i)address"),
    ],
)
def test_what_a_reader_may_not_be_sent_to_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        check_url(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" https://example.org/a b\n", "https://example.org/a%20b"),
        ("https://example.org/a\n\tb", "https://example.org/ab"),
        ('https://example.org/"<x>"', "https://example.org/%22%3Cx%3E%22"),
        ("https://example.org/a\\b^`{|}", "https://example.org/a%5Cb%5E%60%7B%7C%7D"),
        ("https://example.org/a\u00a0b\u2028c\u200b", "https://example.org/a%C2%A0b%E2%80%A8c%E2%80%8B"),
        ("https://example.org/a\x00\x1f\x7f", "https://example.org/a%00%1F%7F"),
        ("https://example.org/100%25/ü?q=ä#é", "https://example.org/100%25/ü?q=ä#é"),
        ("https://example.org/a'b(c)[d]~!$&*+,;=:@", "https://example.org/a'b(c)[d]~!$&*+,;=:@"),
    ],
)
def test_a_url_is_made_what_a_browser_makes_of_it(text: str, url: str) -> None:
    assert check_url(text) == url


# Any text

HOSTS = ["example.org", "WWW.Example.org", "[::1]", "www.", "a", "münchen.de", "1.2.3.4", "x:80", "u:p@h", "a_b", "--"]
PATHS = [
    "",
    "/",
    "/a/",
    "/a//b",
    "?x=1&utm_source=y",
    "#top",
    "/<b>",
    "\"'",
    "\u2028",
    ":81",
    "\\",
    "%",
    "//",
    "\x00",
    ";",
]
paths = st.lists(st.sampled_from(PATHS) | st.text(max_size=4), max_size=4).map("".join)
likely = st.builds("{}://{}/{}".format, st.sampled_from(["http", "https", "HTTPS"]), st.sampled_from(HOSTS), paths)
unlikely = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http", "https", "javascript", "java\nscript", "", "data", " https"]),
    st.sampled_from(["://", ":", "//", ":/"]),
    st.sampled_from([*HOSTS, "", "a b", "@", "[", ":"]) | st.text(max_size=5),
    paths,
)
UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\"<>\\\u2028\u2029]")


def attempt(text: str) -> str | None:
    """Return the URL, None where it is refused."""
    try:
        return check_url(text)
    except ValueError:
        return None


checked = (likely | unlikely).map(attempt).filter(bool).map(str)


@settings(max_examples=500)
@given(likely | unlikely | st.text())
def test_any_text_is_refused_or_a_url_that_is_fit_for_a_page(text: str) -> None:
    url = attempt(text)

    parts = urlsplit(url or "https://refused.example")
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert not UNFIT.search(url or "")


@settings(max_examples=500)
@given(checked)
def test_checking_a_url_again_changes_nothing(url: str) -> None:
    assert check_url(url) == url


@settings(max_examples=500)
@given(checked)
def test_every_url_has_an_id_a_domain_and_a_canonical_form_that_is_its_own(url: str) -> None:
    canonical = canonical_url(url)

    assert len(article_id(url)) == 16
    assert domain_of(url)
    assert attempt(f"https://{canonical}") is None or canonical_url(f"https://{canonical}") == canonical


@given(checked.filter(lambda url: "#" not in url), st.sampled_from(["#", "#top", "#a?utm_source=x", "#/a/#"]))
def test_a_fragment_never_makes_another_article(url: str, fragment: str) -> None:
    assert article_id(url + fragment) == article_id(url)
