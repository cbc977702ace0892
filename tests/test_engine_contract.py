"""What every engine promises; each test here runs against each of them."""

from __future__ import annotations

import math
import multiprocessing
import random
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from factories import article, catalog
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from segments import Way, searching, ways

from search import native
from search.articles import Article, Image
from search.catalog import Catalog, fingerprint
from search.engine import Engine, Reader
from search.engines.memory import MemoryEngine
from search.engines.whoosh import WhooshEngine, completion
from search.errors import ImportRefusedError, NoIndexError, NotFoundError, PageTooDeepError, SearchTimeoutError
from search.keys import moment_to_age, to_bytes, to_column
from search.query import SORTS, Filters, Query, parse
from search.records import to_record
from search.results import Explanation, Hit, Page
from search.wire import page_to_json

FILTERS = {"provider", "topic", "category", "type", "date_from", "date_to"}


@pytest.fixture(params=["memory", "whoosh", "whoosh in NumPy"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return each engine in turn, with nothing published yet."""
    if request.param == "whoosh in NumPy":
        monkeypatch.setattr(native, "passes", None)
    return MemoryEngine() if request.param == "memory" else WhooshEngine(tmp_path / "index")


@pytest.fixture
def whoosh(tmp_path: Path) -> WhooshEngine:
    """Return the engine that keeps its index in files."""
    return WhooshEngine(tmp_path / "index")


def serve(engine: Engine, *articles: Article, related: tuple[tuple[Article, ...], ...] = ()) -> Reader:
    engine.publish(catalog(*articles, related=related))
    return engine.open()


def ask(reader: Reader, text: str = "", **options: Any) -> Page:
    """Search with everything on one page, unless the options say otherwise."""
    chosen = Filters(**{name: options.pop(name) for name in FILTERS & options.keys()})
    return reader.search(Query(parsed=parse(text), filters=chosen, **{"size": 100, **options}))


def titles(page: Page) -> list[str]:
    return [hit.article.title for hit in page.hits]


def found(reader: Reader, text: str, **options: Any) -> set[str]:
    return set(titles(ask(reader, text, **options)))


def counts(page: Page, facet: str) -> dict[str, int]:
    return {value.value: value.count for value in page.facets[facet]}


# Time


@pytest.mark.parametrize(
    "text", ["rates", "rates bank", '"rates rise"', "rat*", "rates~", "bank OR rates", "-bank rates"]
)
def test_a_search_that_takes_longer_than_it_may_is_given_up(tmp_path: Path, text: str) -> None:
    engine = WhooshEngine(tmp_path / "index", seconds=1e-9)
    reader = serve(engine, article("Rates rise", excerpt="The bank raised rates."))

    with pytest.raises(SearchTimeoutError, match="took longer than the 1e-09 s it may: ask for something narrower"):
        ask(reader, text)


# Generations


def test_before_anything_is_published_there_is_nothing_to_open(engine: Engine) -> None:
    assert (engine.current(), engine.served(), dict(engine.fingerprints())) == (None, None, {})
    with pytest.raises(NoIndexError):
        engine.open()


def test_what_was_published_is_served(engine: Engine) -> None:
    news = catalog(article("Rates rise"))

    generation = engine.publish(news)

    assert generation == news.generation == engine.served() == engine.open().generation
    assert engine.current() is not None


def test_another_publish_has_another_name_even_for_the_same_articles(engine: Engine) -> None:
    news = catalog(article("Rates rise"))

    names = {(engine.publish(news), engine.current()) for _ in range(3)}

    assert len(names) == 3
    assert {generation for generation, _ in names} == {news.generation}


def test_an_open_reader_keeps_its_generation_while_another_is_published(engine: Engine) -> None:
    old = serve(engine, article("Rates rise"))
    new = serve(engine, article("Rates fall"))

    assert titles(ask(old, "rates")) == ["Rates rise"]
    assert titles(ask(new, "rates")) == ["Rates fall"]


def test_fingerprints_tell_which_articles_have_changed(engine: Engine) -> None:
    same, before, after = (
        article("Same"),
        article("Old", url="https://x.example/1"),
        article("New", url="https://x.example/1"),
    )
    engine.publish(catalog(same, before))
    old = engine.fingerprints()
    engine.publish(catalog(same, after))
    new = engine.fingerprints()

    assert old.keys() == new.keys() == {same.id, before.id}
    assert {id_ for id_ in old if old[id_] != new[id_]} == {before.id}


# Exports


@pytest.fixture
def other(tmp_path: Path, engine: Engine) -> Engine:
    """Return a second engine of the same kind, with nothing published yet."""
    return MemoryEngine() if isinstance(engine, MemoryEngine) else WhooshEngine(tmp_path / "other")


def exported(engine: Engine) -> bytes:
    target = BytesIO()
    engine.export(target)
    return target.getvalue()


def test_published_articles_are_found_by_their_fingerprints(engine: Engine) -> None:
    image = Image(url="https://i.example/a", width=3, height=None)
    full = article("One", excerpt="caf\u00e9", topics=("AI", "ML"), quality=17, is_published=False, image=image)
    bare, other = article("Two", published=None), article("Three")
    engine.publish(catalog(full, other))
    engine.publish(catalog(full, bare, other))
    sought = list(map(fingerprint, (full, bare, article("Nowhere"), full)))

    found = engine.recall(to_column(sought))

    engine.publish(catalog(other))
    engine.publish(catalog(other))
    by_mark = {fingerprint(full): full, fingerprint(bare): bare}
    assert dict(zip(to_bytes(found.fingerprints), found, strict=True)) == by_mark
    assert found.records() == list(map(to_record, found))
    assert sorted(found.fingerprints.tolist()) == found.fingerprints.tolist()
    assert found.ids.tolist() == [int(one.id, 16) for one in found]
    assert found.ages.tolist() == [moment_to_age(one.published_at) for one in found]
    assert not len(engine.recall(to_column([])))


def test_before_anything_is_published_nothing_is_found_by_a_fingerprint(engine: Engine) -> None:
    assert not len(engine.recall(to_column([fingerprint(article("One"))])))


def test_what_was_exported_is_served_where_it_is_imported(engine: Engine, other: Engine) -> None:
    rates, others = article("Rates rise", topics=("AI",), quality=7), [article(f"Part {n}") for n in range(20)]
    reader = serve(engine, rates, *others, related=((rates, others[0], others[1]),))

    generation = other.import_(BytesIO(exported(engine)))

    assert generation == reader.generation == other.served() == other.open().generation
    assert other.verify() == []
    assert other.fingerprints() == engine.fingerprints()
    mine, its = (ask(each.open(), "rates OR part") for each in (engine, other))
    assert [replace(page, took_ms=0) for page in (mine, its)] == [replace(mine, took_ms=0)] * 2
    assert other.open().story_of(rates.id) == reader.story_of(rates.id)


def test_an_export_follows_changes_made_piece_by_piece(engine: Engine, other: Engine) -> None:
    """What is gone stays gone."""
    news = [article(f"Number {n}") for n in range(40)]
    engine.publish(catalog(*news))
    engine.publish(catalog(*news[1:], article("Number 40")))

    other.import_(BytesIO(exported(engine)))

    assert found(other.open(), "number") == {f"Number {n}" for n in range(1, 41)}
    assert other.verify() == []


def test_the_same_generation_gives_the_same_export(engine: Engine, other: Engine) -> None:
    serve(engine, article("Rates rise"))
    first = exported(engine)

    other.import_(BytesIO(first))

    assert exported(engine) == first == exported(other)


def test_an_index_of_nothing_can_be_exported_too(engine: Engine, other: Engine) -> None:
    serve(engine)

    other.import_(BytesIO(exported(engine)))

    assert ask(other.open()).total == 0


def test_before_anything_is_published_there_is_nothing_to_export(engine: Engine) -> None:
    with pytest.raises(NoIndexError):
        exported(engine)


def test_an_import_is_a_publication_like_any_other(engine: Engine, other: Engine) -> None:
    old = serve(other, article("Rates fall"))
    before = other.current()
    serve(engine, article("Rates rise"))

    other.import_(BytesIO(exported(engine)))

    assert other.current() != before
    assert (titles(ask(old)), titles(ask(other.open()))) == (["Rates fall"], ["Rates rise"])
    other.publish(catalog(article("Rates rest")))
    assert titles(ask(other.open())) == ["Rates rest"]


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 2_000, b"PK\3\4", b"[]", b"{}", b"[1,[],[]]", b"\x28\xb5\x2f\xfd", b"x" * 9]
)
def test_what_is_no_export_is_refused_and_changes_nothing(engine: Engine, content: bytes) -> None:
    serve(engine, article("Rates rise"))
    before = engine.current()

    with pytest.raises(ImportRefusedError, match="nothing was changed"):
        engine.import_(BytesIO(content))

    assert engine.current() == before
    assert titles(ask(engine.open())) == ["Rates rise"]


def test_an_export_that_is_cut_off_or_altered_is_refused_or_the_same(engine: Engine, other: Engine) -> None:
    serve(engine, *(article(f"Number {n}") for n in range(30)))
    whole, chance = exported(engine), random.Random(7)  # noqa: S311
    altered = [whole[: chance.randrange(len(whole))] for _ in range(60)]
    for _ in range(120):
        place = chance.randrange(len(whole))
        altered.append(whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :])

    taken = 0
    for content in altered:
        try:
            other.import_(BytesIO(content))
        except ImportRefusedError:
            continue
        taken += 1
        assert other.served() == engine.served()
        assert other.verify() == []

    # A frame of the compressor has a few bytes that say nothing of what is in it.
    assert taken < 20


def test_what_was_published_verifies(engine: Engine) -> None:
    serve(engine, article("Rates rise", topics=("AI", "Data Science")), article("東京都の金利"))

    assert engine.verify() == []


def test_a_catalog_of_nothing_can_be_published_and_searched(engine: Engine) -> None:
    reader = serve(engine)

    page = ask(reader, "rates -fall", explain=True)

    assert (page.total, page.hits, page.timeline and page.timeline.buckets) == (0, (), ())
    assert engine.verify() == []


def test_closing_twice_is_closing_once(engine: Engine) -> None:
    reader = serve(engine, article())

    reader.close()
    reader.close()


# Words


def test_all_words_must_be_there_in_whatever_fields(engine: Engine) -> None:
    spread = article("Rates", excerpt="A central bank", provider="Herald", topics=("Finance",))
    reader = serve(engine, spread, article("Rates fall"), article("Herald of finance"))

    assert found(reader, "rates central herald finance") == {"Rates"}


def test_other_forms_of_a_word_are_found_behind_the_word_itself(engine: Engine) -> None:
    reader = serve(engine, article("Elections today"), article("Election today"), article("Selection today"))

    assert titles(ask(reader, "election")) == ["Election today", "Elections today"]
    assert titles(ask(reader, "elections")) == ["Elections today", "Election today"]


@pytest.mark.parametrize("text", ["cafe", "CAFÉ", "Ｃａｆé", "cafés"])
def test_case_accents_and_width_do_not_count(engine: Engine, text: str) -> None:
    reader = serve(engine, article("Un café à Paris"), article("Tea"))

    assert found(reader, text) == {"Un café à Paris"}


@pytest.mark.parametrize("text", ["京都", "東京", "東京都"])
def test_scripts_without_spaces_are_found_by_any_part(engine: Engine, text: str) -> None:
    reader = serve(engine, article("東京都の金利"), article("大阪の天気"))

    assert found(reader, text) == {"東京都の金利"}


def test_a_phrase_wants_its_words_in_these_forms_next_to_one_another_in_order(engine: Engine) -> None:
    reader = serve(
        engine,
        article("The central bank acts"),
        article("Bank of the central station"),
        article("The central banks act"),
        article("Central, as a bank"),
    )

    assert found(reader, '"central bank"') == {"The central bank acts"}


def test_a_phrase_reaches_over_no_two_fields_and_no_two_topics(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise", excerpt="Fast", topics=("Data", "Science")))

    assert found(reader, '"rise fast"', match="all") == set()
    assert found(reader, '"data science"', match="all") == set()
    assert found(reader, "rise fast data science") == {"Rates rise"}


def test_what_is_excluded_is_not_found(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise"), article("Rates fall"), article("Rates fall hard"))

    assert found(reader, "rates -falls") == {"Rates rise"}
    assert found(reader, 'rates -"fall hard"') == {"Rates rise", "Rates fall"}
    assert found(reader, "-rise") == {"Rates fall", "Rates fall hard"}


def test_one_side_of_an_or_suffices(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise"), article("Rates fall"), article("Snow fall"), article("Rates"))

    assert found(reader, "rates rise OR fall") == {"Rates rise", "Rates fall"}
    assert found(reader, '"rates rise" OR snow') == {"Rates rise", "Snow fall"}


@pytest.mark.parametrize("text", ["", "   ", '""', "?!", "-"])
def test_without_a_word_everything_is_found(engine: Engine, text: str) -> None:
    reader = serve(engine, article("Rates rise"), article("Snow fall"))

    assert ask(reader, text).total == 2


def test_a_word_in_the_title_counts_more_than_one_in_the_excerpt(engine: Engine) -> None:
    reader = serve(engine, article("Snow today", excerpt="Rates fell"), article("Rates today", excerpt="Snow fell"))

    assert titles(ask(reader, "rates")) == ["Rates today", "Snow today"]
    assert titles(ask(reader, "snow")) == ["Snow today", "Rates today"]


# Fields, filters and patterns


def test_a_field_is_searched_alone(engine: Engine) -> None:
    reader = serve(
        engine,
        article("Rates rise", excerpt="Banks", provider="Herald", topics=("Data Science", "AI")),
        article("Banks", excerpt="Rising rates", provider="Data", topics=("Herald",)),
    )

    assert found(reader, "title:rate") == found(reader, "excerpt:bank") == {"Rates rise"}
    assert found(reader, "provider:herald") == found(reader, 'topic:"data science"') == {"Rates rise"}
    assert found(reader, 'topic:"science ai"', match="all") == set()
    assert found(reader, "title:(rates OR banks)") == {"Rates rise", "Banks"}
    assert found(reader, "rates -title:rates") == {"Banks"}


def test_slop_lets_so_many_words_stand_in_between_and_keeps_the_order(engine: Engine) -> None:
    reader = serve(engine, article("Rates will rise"), article("Rates rise"), article("Rise of rates"))

    assert found(reader, '"rates rise"~1') == {"Rates will rise", "Rates rise"}
    assert found(reader, '"rates rise"~0') == {"Rates rise"}
    assert found(reader, '"rise rates"~5') == {"Rise of rates"}


def test_slop_counts_in_total_and_reaches_into_no_other_topic(engine: Engine) -> None:
    reader = serve(engine, article("A one b two c", topics=("Data", "Science now")), article("A b c"))

    assert found(reader, '"a b c"~1') == {"A b c"}
    assert found(reader, '"a b c"~2') == {"A b c", "A one b two c"}
    assert found(reader, '"data science"~9', match="all") == set()
    assert found(reader, 'topic:"science now"~9') == {"A one b two c"}


def test_a_phrase_counts_by_where_it_ends(engine: Engine) -> None:
    """In "rates rates rise" it ends once, in "rates rise rise" twice."""
    reader = serve(engine, article("Rates rates rise"), article("Rates rise rise"))

    assert titles(ask(reader, '"rates rise"~2')) == ["Rates rise rise", "Rates rates rise"]


def test_a_prefix_a_pattern_and_a_fuzzy_word_find_the_terms_they_stand_for(engine: Engine) -> None:
    reader = serve(engine, article("Élections"), article("Electric cars"), article("Women"), article("Woman"))

    assert found(reader, "ELECT*") == {"Élections", "Electric cars"}
    assert found(reader, "él*ons") == {"Élections"}
    assert found(reader, "wom?n") == {"Women", "Woman"}
    assert found(reader, "wmoen~") == {"Women"}
    assert found(reader, "wmoen~2") == {"Women", "Woman"}
    assert found(reader, "vomen~", match="all") == set()
    assert found(reader, "wom* -women") == {"Woman"}


def test_fewer_edits_rank_higher(engine: Engine) -> None:
    reader = serve(engine, article("Women today"), article("Woman today"), article("Wimin today"))

    assert titles(ask(reader, "women~2")) == ["Women today", "Woman today", "Wimin today"]


def test_every_term_of_a_prefix_counts_alike(engine: Engine) -> None:
    news = [article(title, url=f"https://{n}.example/") for n, title in enumerate(["Rate", "Rates", "Rated"])]

    scores = {hit.score for hit in ask(serve(engine, *news), "rate*").hits}

    assert len(scores) == 1


def test_a_site_takes_its_subdomains_and_no_look_alikes(engine: Engine) -> None:
    reader = serve(
        engine,
        article("One", domain="ft.com"),
        article("Two", domain="news.ft.com"),
        article("Three", domain="notft.com"),
    )

    assert found(reader, "site:FT.com") == {"One", "Two"}
    assert found(reader, "-site:ft.com") == {"Three"}
    assert found(reader, "site:(news.ft.com OR notft.com)") == {"Two", "Three"}


def test_values_and_flags_choose_articles(engine: Engine) -> None:
    picture = Image(url="https://a.example/1.png", width=None, height=None)
    reader = serve(
        engine,
        article("One", category="Café news", type="Article", is_published=True),
        article("Two", type="video", is_published=False, image=picture),
        article("Three"),
    )

    assert found(reader, 'category:"cafe NEWS"') == found(reader, "type:article") == {"One"}
    assert found(reader, "-type:article") == {"Two", "Three"}
    assert found(reader, "is:published") == {"One"}
    assert found(reader, "is:unpublished") == {"Two", "Three"}
    assert found(reader, "has:image") == {"Two"}


def test_numbers_choose_what_is_known_to_be_within(engine: Engine) -> None:
    first, second = article("One", quality=70, heat=5), article("Two", quality=71, domain="b.example")
    reader = serve(engine, first, second, article("Three"), related=((first, second),))

    assert found(reader, "quality:>=70") == {"One", "Two"}
    assert found(reader, "quality:<71") == found(reader, "heat:5") == {"One"}
    assert found(reader, "quality:71..90") == {"Two"}
    assert found(reader, "-quality:70") == {"Two", "Three"}
    assert found(reader, "outlets:2") == {"One", "Two"}
    assert found(reader, "outlets:<2") == {"Three"}


def test_dates_in_the_query_reach_from_the_first_to_the_last_moment_of_what_is_named(engine: Engine) -> None:
    reader = serve(
        engine,
        article("One", published="2020-12-31T23:59:59Z"),
        article("Two", published="2021-01-01T00:00:00Z"),
        article("Three", published="2021-12-31T23:59:59Z"),
        article("Undated", published=None),
    )

    assert found(reader, "date:2021") == {"Two", "Three"}
    assert found(reader, "before:2020") == {"One"}
    assert found(reader, "before:2021-01") == found(reader, "before:2021-01-01") == {"One", "Two"}
    assert found(reader, "after:2021-02") == {"Three"}
    assert found(reader, "date:2020-12-31..2021-01-01") == {"One", "Two"}
    assert found(reader, "-date:2021") == {"One", "Undated"}


def test_a_story_is_searched_by_its_id(engine: Engine) -> None:
    first, second = article("One"), article("Two")
    reader = serve(engine, first, second, article("Three"), related=((first, second),))

    assert found(reader, f"story:{reader.story_of(first.id).id}") == {"One", "Two"}
    assert found(reader, "story:nobody") == set()


def test_brackets_hold_together(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise"), article("Rates fall"), article("Snow"), article("Rates"))

    assert found(reader, "(rates rise) OR snow") == {"Rates rise", "Snow"}
    assert found(reader, "rates -(rise OR fall)") == {"Rates"}
    assert found(reader, "NOT (rates fall)") == {"Rates rise", "Snow", "Rates"}


def test_filters_give_no_score(engine: Engine) -> None:
    reader = serve(engine, article("Rates", quality=50, type="video"))

    plain, filtered, alone = (ask(reader, text, explain=True) for text in ("rates", "rates type:video", "type:video"))

    assert factors(plain, "text") == factors(filtered, "text")
    assert factors(alone, "text") == [1.0]


# Matching


def test_what_is_filtered_and_excluded_stays_so_where_words_are_missing(engine: Engine) -> None:
    reader = serve(
        engine,
        article("Rates rise", type="video"),
        article("Rates rise fast", type="article"),
        article("Rates rise again", type="video"),
    )

    relaxed = ask(reader, "rates rise zebra type:video -(again OR snow)")
    loose = ask(reader, "rates zebra type:video -again", match="any")

    assert (titles(relaxed), relaxed.relaxed) == (["Rates rise"], True)
    assert (titles(loose), loose.relaxed) == (["Rates rise"], False)


def test_where_nothing_has_all_words_the_most_of_them_suffice_and_the_page_says_so(engine: Engine) -> None:
    reader = serve(
        engine, article("Rates rise"), article("Rates rise fast"), article("Rates"), article("Rates rise fast again")
    )

    page = ask(reader, "rates rise fast zebra -again")

    assert page.relaxed
    assert titles(page) == ["Rates rise fast", "Rates rise"]


def test_match_all_lets_no_fallback_pass(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise"))

    page = ask(reader, "rates zebra", match="all")

    assert (page.total, page.relaxed) == (0, False)


def test_match_any_ranks_whatever_has_a_word(engine: Engine) -> None:
    reader = serve(engine, article("Rates"), article("Rates rise"), article("Snow"), article("Rise again"))

    page = ask(reader, "rates rise -again", match="any")

    assert (titles(page), page.relaxed) == (["Rates rise", "Rates"], False)


# Corrections


@pytest.fixture
def spelt(engine: Engine) -> Reader:
    """Return a reader whose articles hold words that are easily misspelt."""
    return serve(
        engine,
        article("Government raises interest", excerpt="A newspaper says so."),
        article("Government and machine learning"),
        article("Interest of a committee", excerpt="Learning is all."),
        *(article(f"Parliament sits {number}", excerpt="Votes are counted") for number in range(12)),
        article("Parliment of fools", excerpt="A typo"),
    )


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("goverment", "government"),
        ("Goverment RAISES", "government RAISES"),
        ("govermnent intrest", "government interest"),
        ("comittte", None),  # two edits, and eight letters
        ("commmittee's", "committee"),
        ("govrnmnet", "government"),  # two edits, and nine letters
        ("votse", "votes"),
        ("vote zebra", None),
        ("learming OR zebra", "learning OR zebra"),
        ("(goverment OR zebra) raises", "government OR zebra raises"),
        ("goverment -zebra", "government -zebra"),
        ("machinelearning", "machine learning"),
        ("news paper", "newspaper"),
        ("goverment machinelearning", "government machine learning"),
        ("parliment votes", "parliament votes"),
    ],
)
def test_misspelt_words_are_corrected_to_what_gives_hits(spelt: Reader, typed: str, searched: str | None) -> None:
    page = ask(spelt, typed)

    assert page.suggestion == searched
    assert page.relaxed == (searched is None and page.total > 0)
    if searched:
        assert page.searched == searched
        assert page.total == ask(spelt, searched, match="all").total > 0
        assert parse(searched).tree == parse(str(parse(searched).tree)).tree


@pytest.mark.parametrize(
    "typed",
    [
        '"goverment"',
        "title:goverment",
        "-title:government goverment*",
        "vots",  # four letters
        "overnment",  # another first letter
        "g0verment",
        "zebra",
        "type:articel",
    ],
)
def test_what_is_not_a_plain_word_or_near_to_one_is_left_as_it_is(spelt: Reader, typed: str) -> None:
    page = ask(spelt, typed)

    assert (page.suggestion, page.total) == (None, 0)
    assert page.searched == str(parse(typed).tree)


def test_exclusions_are_never_corrected(spelt: Reader) -> None:
    assert ask(spelt, "goverment -intrest").searched == "government -intrest"


def test_a_word_that_is_there_is_not_corrected(spelt: Reader) -> None:
    page = ask(spelt, "parliment")

    assert (page.suggestion, titles(page)) == (None, ["Parliment of fools"])


def test_match_all_lets_no_correction_pass(spelt: Reader) -> None:
    page = ask(spelt, "goverment", match="all")

    assert (page.total, page.suggestion, page.searched) == (0, None, "goverment")


def test_match_any_corrects_words_that_nothing_has(spelt: Reader) -> None:
    page = ask(spelt, "goverment parliment zebra", match="any")

    assert page.suggestion == "government parliment zebra"
    assert page.searched == "government OR parliment OR zebra"
    assert set(titles(page)) == {
        "Government raises interest",
        "Government and machine learning",
        "Parliment of fools",
    }


def test_most_words_suffice_of_the_corrected_ones(spelt: Reader) -> None:
    page = ask(spelt, "goverment intrest zebra giraffe")

    assert (page.relaxed, page.suggestion) == (True, "government interest zebra giraffe")
    assert page.searched == "government interest zebra giraffe"
    assert titles(page) == ["Government raises interest"]


def test_what_a_filter_leaves_nothing_of_is_corrected_all_the_same(spelt: Reader) -> None:
    page = ask(spelt, "goverment", provider=("nobody",))

    assert (page.total, page.suggestion) == (0, "government")


def test_the_filters_decide_between_corrections(engine: Engine) -> None:
    reader = serve(
        engine,
        *(article(f"The market {n}", provider="Herald", url=f"https://{n}.example/") for n in range(9)),
        article("A marker", provider="Post"),
    )

    assert ask(reader, "markep").suggestion == "market"
    assert ask(reader, "markep", provider=("Post",)).suggestion == "marker"
    assert ask(reader, "markep", provider=("Nobody",)).suggestion == "market"
    assert ask(reader, "marker", provider=("Herald",)).suggestion is None


def test_where_no_correction_is_left_by_the_filters_most_words_suffice(engine: Engine) -> None:
    reader = serve(
        engine,
        article("Government raises interest", provider="Herald"),
        article("Interest falls", provider="Post"),
    )

    page = ask(reader, "goverment interest", provider=("Post",))

    assert (page.suggestion, page.relaxed, titles(page)) == ("government interest", True, ["Interest falls"])


@pytest.mark.parametrize("match", ["auto", "any"])
def test_a_word_is_split_only_into_neighbours(engine: Engine, match: str) -> None:
    reader = serve(engine, article("Learning of a machine"), article("News of paper", excerpt="Paper news"))

    assert ask(reader, "machinelearning", match=match).suggestion is None
    assert ask(reader, "papernews", match=match).suggestion == "paper news"


def test_a_slip_from_a_rare_word_is_less_likely_than_one_from_two_that_often_meet(engine: Engine) -> None:
    often = [article(f"Azure AI, part {number}") for number in range(12)]
    reader = serve(engine, article("Azurea again"), *often)

    assert ask(reader, "azureai").suggestion == "azure ai"
    assert ask(reader, "azureaa").suggestion == "azurea"


def test_function_words_are_not_most_of_the_words(engine: Engine) -> None:
    reader = serve(engine, article("The rates"), article("The wombat and the rates"), article("To be"))

    assert titles(ask(reader, "the giraffe")) == []
    assert titles(ask(reader, "the giraffe wombat")) == ["The wombat and the rates"]
    assert titles(ask(reader, "to be the")) == ["To be"]


def test_dates_turn_freshness_off_when_they_are_excluded_too(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise", published="2019-05-01"), article("Snow", published="2021-05-01"))

    (hit,) = ask(reader, "rates -after:2021", explain=True).hits

    assert hit.explanation
    assert hit.explanation.factors["freshness"] == 1


def test_scores_fall_down_a_relaxed_page_too(spelt: Reader) -> None:
    page = ask(spelt, "government learning committee zebra", diversity=False)

    assert page.relaxed
    assert [hit.score for hit in page.hits] == sorted((hit.score for hit in page.hits), reverse=True)


# More like this, and as of a day


@pytest.fixture
def alike(engine: Engine) -> Reader:
    """Return a reader of three articles about elephants, one of which shares more with the first, and of others."""
    return serve(
        engine,
        article("Elephants cross the river", excerpt="Drought drives herds of elephants north."),
        article("Drought dries the river", excerpt="Herds of elephants are on the move."),
        article("Elephants in the north", excerpt="Seen at last.", published="2021-12-01"),
        *(article(f"Rates rise {number}", excerpt="The bank said so in the morning.") for number in range(30)),
    )


def id_of(reader: Reader, title: str) -> str:
    return next(hit.article.id for hit in ask(reader, f'title:"{title}"').hits)


def test_what_is_alike_shares_telling_words_and_is_another(alike: Reader) -> None:
    like = f"like:{id_of(alike, 'Elephants cross the river')}"

    page = ask(alike, like)

    assert titles(page) == ["Drought dries the river", "Elephants in the north"]
    assert page.searched == like
    assert page.hits[0].highlights["title"] == ((0, 7), (18, 23))
    assert found(alike, f"{like} before:2021-12-05") == {"Elephants in the north"}
    assert found(alike, f"{like} rates") == set()
    assert len(found(alike, f"-{like}")) == 31
    assert found(alike, f'{like} OR "rates rise 7"') == {*titles(page), "Rates rise 7"}


@pytest.mark.parametrize("match", ["auto", "all", "any"])
def test_nothing_is_like_an_article_that_is_not_there(alike: Reader, match: str) -> None:
    assert ask(alike, "like:0123456789abcdef", match=match).total == 0
    assert ask(alike, "like:x", match=match).total == 0


def test_copies_of_an_article_are_not_what_is_like_it(engine: Engine) -> None:
    twins = [article("Rates rise again", url=f"https://{n}.example/", provider=f"Paper {n}") for n in range(2)]
    others = [article("Rates rise in the east", url="https://2.example/"), article("Rates rise again!")]
    reader = serve(engine, *twins, *others, related=(tuple(twins),))

    like = f"like:{twins[0].id}"

    assert found(reader, like) == found(reader, like, collapse="none") == {one.title for one in others}
    assert found(reader, f"like:{'0' * 16} OR ({like} east)") == {"Rates rise in the east"}


def test_likeness_stays_required_where_words_are_missing(alike: Reader) -> None:
    like = f"like:{id_of(alike, 'Elephants cross the river')}"

    page = ask(alike, f"{like} herds zebra")

    assert (titles(page), page.relaxed) == (["Drought dries the river"], True)


def test_as_of_a_day_what_is_later_is_hidden_and_ages_are_counted_from_there(engine: Engine) -> None:
    reader = serve(
        engine,
        article("Rates", published="2021-12-31T23:59:59Z"),
        article("Rates again", published="2021-12-01"),
        article("Rates later", published="2022-01-01"),
        article("Rates undated", published=None),
    )

    page = ask(reader, "rates asof:2021-12-31", explain=True)

    assert titles(page)[0] == "Rates"
    assert set(titles(page)) == {"Rates", "Rates again", "Rates undated"}
    assert factors(page, "freshness")[0] == pytest.approx(1.15, abs=1e-6)
    assert found(reader, "asof:2021") == found(reader, "asof:2021-12") == set(titles(page))
    assert found(reader, "-asof:2021") == {"Rates later"}
    assert found(reader, "asof:2021 asof:2021-12-15") == {"Rates again", "Rates undated"}
    assert factors(ask(reader, "rates OR asof:2021", explain=True), "freshness").count(1.15) == 1
    for hit in page.hits:
        assert hit.explanation is not None
        assert math.prod(hit.explanation.factors.values()) == pytest.approx(hit.score, abs=1e-9)


# Hostile text

HOSTILE = [
    *(sign * 100_000 for sign in '"()-*?~:[]\\/%&;\0\n'),
    *("a~9 ", "?* ", "*a* ", "goverment~2 ", "NOT ", "OR ", "-(", '-"', "title:(", "like:x ", "asof:0000 "),
    " ".join(f"govermen{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(64)),
    " ".join(["news paper"] * 32),
    "x" * 512,
    "goverment" * 50,
    "\ud800\udfff",
    "\u202egoverment\u202c \u0301\u0301",
    "goverment &#0; &#xD800; &NotAnEntity;",
]


@pytest.mark.parametrize("match", ["auto", "all", "any"])
def test_no_text_is_an_error(spelt: Reader, match: str) -> None:
    for text in HOSTILE:
        for whole in (text, text * 100):
            page = ask(spelt, whole, match=match)
            page.searched.encode()
            assert parse(page.searched).tree == parse(str(parse(page.searched).tree)).tree
            for one in spelt.suggest(whole):
                assert one.hits


# Completions


@pytest.fixture
def telling(engine: Engine) -> Reader:
    """Return a reader with words, names and titles that begin alike."""
    return serve(
        engine,
        article("Sensors sense", provider="Sensor Weekly", topics=("Sensors", "AI")),
        article("SenseTime delays IPO", provider="Wall Street Journal", topics=("AI",), excerpt="The sensors."),
        article("SenseTime adds sensors", provider="The Sentinel"),
        article("sensetime ADDS Sensors!", provider="The Sentinel"),
        article("Rates rise in the senate", provider="Herald"),
    )


def completed(reader: Reader, text: str, kind: str | None = None) -> list[tuple[str, int]]:
    return [(one.text, one.hits) for one in reader.suggest(text) if kind in {None, one.kind}]


def test_a_word_is_completed_by_what_most_articles_have_once_for_all_its_forms(telling: Reader) -> None:
    assert completed(telling, "sens", "word") == [("sensors", 4), ("sensetime", 3), ("sense", 1)]
    assert completed(telling, "SENSOR", "word") == [("sensors", 4)]


def test_words_before_the_last_one_must_be_there_too(telling: Reader) -> None:
    assert completed(telling, "rates se", "word") == [("rates senate", 1)]
    assert completed(telling, "rates OR ipo -sense se", "word")[0][0] == "rates OR ipo -sense senate"


def test_names_are_completed_from_the_beginning_of_any_of_their_words(telling: Reader) -> None:
    assert completed(telling, "wall str", "provider") == [("Wall Street Journal", 1)]
    assert completed(telling, "journ", "provider") == [("Wall Street Journal", 1)]
    assert completed(telling, "sen", "provider") == [("The Sentinel", 2), ("Sensor Weekly", 1)]
    assert completed(telling, "ai", "topic") == [("AI", 2)]


def test_a_name_that_was_typed_whole_comes_first(telling: Reader) -> None:
    assert telling.suggest("herald")[0].kind == "provider"
    assert telling.suggest("sensors")[0].kind == "topic"


def test_titles_are_completed_by_all_of_their_words_and_each_comes_once(telling: Reader) -> None:
    assert completed(telling, "adds sen", "title") == [("SenseTime adds sensors", 2)]
    assert completed(telling, "sen", "title")
    assert completed(telling, "se", "title") == []


def test_titles_are_completed_whatever_their_terms_are_made_of(engine: Engine) -> None:
    # It is a term of three characters, with a sign in the middle that is part of no other.
    engine.publish(catalog(article("¼ off")))

    assert completed(engine.open(), "¼", "title") == [("¼ off", 1)]


def test_from_five_letters_a_slip_is_forgiven(telling: Reader) -> None:
    assert completed(telling, "sesetim", "word") == [("sensetime", 3)]
    assert completed(telling, "snesor", "word") == [("sensors", 4)]
    assert completed(telling, "sesn", "word") == []


@pytest.mark.parametrize(
    "text", ["", " ", "-sens", "title:sens", '"sens', "(sens", "sens*", "sens~", "rates OR", "!?", "東京 (", "NOT sens"]
)
def test_what_is_no_plain_word_is_not_completed(telling: Reader, text: str) -> None:
    assert telling.suggest(text) == ()


def test_behind_a_blank_only_what_goes_on_after_the_word_is_completed(telling: Reader) -> None:
    assert completed(telling, "sensor ") == [("Sensor Weekly", 1), *completed(telling, "sensor ", "title")]
    assert completed(telling, "sensor ", "title") != completed(telling, "sens", "title") != []
    assert completed(telling, "sens ") == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("machine-l", [("machine-learning", 2)]),
        ("Machine-Learning", [("Machine-learning", 2)]),
        ("rates covid-1", [("rates covid-19", 1)]),
        ("asp.net", [("asp.net", 1)]),
        ("machine-z", []),
    ],
)
def test_the_last_part_of_a_compound_is_completed(engine: Engine, typed: str, expected: list[tuple[str, int]]) -> None:
    reader = serve(
        engine,
        article("Machine-learning rates"),
        article("Machine learning, less of it"),
        article("Learning of a machine by lathe"),
        article("Covid-19 rates in ASP.NET"),
    )

    assert completed(reader, typed, "word") == expected


def test_words_that_hold_a_sentence_together_come_behind_the_others(engine: Engine) -> None:
    reader = serve(engine, article("The trade"), article("The theatre"), article("The rates"))

    assert completed(reader, "t", "word") == [("theatre", 1), ("trade", 1), ("the", 3)]


def test_what_is_gone_completes_nothing_and_what_came_later_does(engine: Engine) -> None:
    others = [article(f"Rates rise {number}", excerpt="The bank said so.") for number in range(20)]
    serve(engine, *others, article("Sensors sensed", provider="Sensor Weekly", url="https://x.example/"))

    reader = serve(engine, *others, article("Sensor sold", provider="Herald", url="https://x.example/"))

    assert completed(reader, "sens") == [("sensor", 1), ("Sensor sold", 1)]
    assert completed(reader, "sensors") == [("sensor", 1)]  # a slip away
    assert completed(reader, "sensed") == []
    assert completed(reader, "rat", "word") == [("rates", 20)]
    assert completed(reader, "her", "provider") == [("Herald", 1)]
    assert completed(reader, "sensr", "word") == [("sensor", 1)]
    assert ("rates rise", 20) in completed(reader, "rates ri", "word")


# Filters and facets


def facetted(engine: Engine) -> Reader:
    return serve(
        engine,
        article("Rates one", provider="Herald", topics=("AI", "Data"), type="video", category="news"),
        article("Rates two", provider="Herald", topics=("AI",), type="article", category="news"),
        article("Rates three", provider="Post", topics=("Data",), type="article", category="event"),
        article("Snow", provider="Times", topics=("AI",), type="article", category="news"),
    )


def test_values_of_a_facet_are_ored_and_facets_anded(engine: Engine) -> None:
    reader = facetted(engine)

    assert found(reader, "", provider=("Herald", "Post"), topic=("Data",)) == {"Rates one", "Rates three"}
    assert found(reader, "", type=("article",), category=("news",)) == {"Rates two", "Snow"}
    assert found(reader, "", provider=("Nobody",)) == set()


def test_a_filter_finds_its_value_however_it_is_typed(engine: Engine) -> None:
    reader = facetted(engine)

    assert found(reader, "rates", provider=("HERALD",), topic=("ai",)) == {"Rates one", "Rates two"}


def test_facets_count_what_was_found(engine: Engine) -> None:
    page = ask(facetted(engine), "rates")

    assert counts(page, "provider") == {"Herald": 2, "Post": 1}
    assert counts(page, "topic") == {"AI": 2, "Data": 2}
    assert counts(page, "type") == {"article": 2, "video": 1}
    assert counts(page, "category") == {"news": 2, "event": 1}


def test_a_choice_does_not_change_the_counts_of_its_own_facet(engine: Engine) -> None:
    page = ask(facetted(engine), "rates", provider=("Post",))

    assert counts(page, "provider") == {"Herald": 2, "Post": 1}
    assert counts(page, "topic") == {"Data": 1}
    assert [value.value for value in page.facets["provider"] if value.selected] == ["Post"]
    assert page.total == 1


def test_a_chosen_value_that_nothing_has_is_listed_with_none(engine: Engine) -> None:
    page = ask(facetted(engine), "rates", provider=("Times",))

    assert counts(page, "provider") == {"Herald": 2, "Post": 1, "Times": 0}


def test_facets_that_were_not_asked_for_are_left_out(engine: Engine) -> None:
    page = ask(facetted(engine), "rates", facets=False)

    assert (page.total, page.facets, page.timeline) == (3, {}, None)


def test_among_some_articles_nothing_else_is_found_or_counted(engine: Engine) -> None:
    news = [article(f"Rates rise {number}", provider=f"Outlet {number % 2}") for number in range(250)]
    chosen = frozenset(one.id for one in news[:120])
    reader = serve(engine, *news, article("Markets shrug"))

    page = ask(reader, "rates", sort="newest", collapse="none", among=chosen | {"unknown", "0" * 16})

    assert page.total == sum(counts(page, "provider").values()) == 120
    assert {hit.article.id for hit in page.hits} <= chosen
    assert ask(reader, "markets", among=chosen).total == ask(reader, among=frozenset()).total == 0


def test_dates_are_whole_days_both_inclusive_and_leave_out_the_undated(engine: Engine) -> None:
    reader = serve(
        engine,
        article("One", published="2021-12-09T00:00:00Z"),
        article("Two", published="2021-12-10T23:59:59Z"),
        article("Three", published="2021-12-11T00:00:00Z"),
        article("Undated", published=None),
    )

    assert found(reader, "", date_from=date(2021, 12, 10)) == {"Two", "Three"}
    assert found(reader, "", date_to=date(2021, 12, 10)) == {"One", "Two"}
    assert found(reader, "", date_from=date(2021, 12, 9), date_to=date(2021, 12, 9)) == {"One"}


# Order


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["New", "Middle", "Old", "Undated"]),
        ("oldest", ["Old", "Middle", "New", "Undated"]),
        ("quality", ["Old", "New", "Undated", "Middle"]),
    ],
)
def test_sorts_put_what_is_unknown_last(engine: Engine, sort: str, expected: list[str]) -> None:
    reader = serve(
        engine,
        article("Old", published="2020-01-01", quality=90),
        article("Middle", published="2021-01-01"),
        article("New", published="2022-01-01", quality=10),
        article("Undated", published=None, quality=0),
    )

    assert titles(ask(reader, "", sort=sort)) == expected


@pytest.mark.parametrize("sort", SORTS)
def test_ties_fall_newest_first_and_then_by_id(engine: Engine, sort: str) -> None:
    moments = ["2021-12-09", "2021-12-09", "2021-12-09"]
    news = [article("Rates", url=f"https://{n}.example/", published=moment) for n, moment in enumerate(moments)]
    reader = serve(engine, *news)

    hits = ask(reader, "rates", sort=sort, collapse="none").hits

    assert [hit.article.id for hit in hits] == sorted(one.id for one in news)


def test_of_two_that_fit_alike_the_newer_comes_first(engine: Engine) -> None:
    reader = serve(engine, article("Rates one", published="2021-12-01"), article("Rates two", published="2021-12-09"))

    assert titles(ask(reader, "rates")) == ["Rates two", "Rates one"]


def test_ties_fall_newest_first_also_where_freshness_is_off(engine: Engine) -> None:
    days = ["2021-12-09", "2021-12-01", "2021-12-20", "2021-12-05"]
    reader = serve(engine, *[article(f"Rates {day}", published=day) for day in days])

    page = ask(reader, "rates", date_from=date(2021, 1, 1))

    assert titles(page) == [f"Rates {day}" for day in sorted(days, reverse=True)]


def many(number: int = 45) -> list[Article]:
    start = datetime(2021, 1, 1, tzinfo=UTC)
    return [
        article(
            f"Rates number {n}",
            domain=f"{n % 4}.example",
            published=(start + timedelta(days=n % 17)).isoformat(),
            quality=n % 5 * 20,
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("diversity", [True, False])
def test_pages_never_overlap_and_hold_everything_together(engine: Engine, sort: str, diversity: bool) -> None:  # noqa: FBT001
    reader = serve(engine, *many())

    pages = [ask(reader, "rates", sort=sort, diversity=diversity, page=n, size=7) for n in range(1, 9)]

    seen = [hit.article.id for page in pages for hit in page.hits]
    assert [len(page.hits) for page in pages] == [7, 7, 7, 7, 7, 7, 3, 0]
    assert len(set(seen)) == 45
    assert {page.total for page in pages} == {45}


def test_a_page_beyond_what_paging_reaches_is_refused() -> None:
    with pytest.raises(PageTooDeepError):
        Query(parsed=parse(""), page=101, size=100)


# Copies and domains


def copies(engine: Engine) -> Reader:
    news = [article("Rates rise!", url=f"https://{n}.example/", provider=f"Paper {n}") for n in range(3)]
    other = article("Rates rise!", url="https://other.example/")
    return serve(engine, *news, other, related=(tuple(news),))


def test_copies_of_a_title_within_a_story_are_one_hit_that_names_the_others(engine: Engine) -> None:
    page = ask(copies(engine), "rates")

    assert page.total == 4
    assert sorted(len(hit.also) for hit in page.hits) == [0, 2]
    assert sum(1 + len(hit.also) for hit in page.hits) == page.total


def test_copies_are_listed_one_by_one_when_asked_and_the_total_stays(engine: Engine) -> None:
    page = ask(copies(engine), "rates", collapse="none")

    assert (page.total, len(page.hits)) == (4, 4)
    assert all(hit.also == () for hit in page.hits)


def crowded(engine: Engine) -> Reader:
    crowd = [article(f"Rates {n}", domain="crowd.example", provider="Crowd", quality=100) for n in range(15)]
    rest = [article(f"Rates and more {n}", domain=f"{n}.example", provider=f"Paper {n}", quality=0) for n in range(12)]
    return serve(engine, *crowd, *rest)


def domains(hits: Sequence[Hit]) -> list[str]:
    return [hit.article.provider.domain for hit in hits]


def test_no_domain_takes_more_than_three_of_the_first_ten_while_others_match(engine: Engine) -> None:
    hits = ask(crowded(engine), "rates").hits

    assert domains(hits[:10]).count("crowd.example") == 3
    assert len(hits) == 27
    assert [hit.more_from_domain for hit in hits if hit.more_from_domain] == [12]
    assert hits[2].more_from_domain == 12


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("rates", {"diversity": False}),
        ("rates", {"provider": ("Crowd",)}),
        ("rates", {"sort": "quality"}),
        ("rates site:crowd.example", {}),
        ("rates (provider:crowd OR snow)", {}),
    ],
)
def test_domains_are_not_spread_where_the_reader_wants_it_otherwise(
    engine: Engine, text: str, options: dict[str, Any]
) -> None:
    hits = ask(crowded(engine), text, **options).hits

    assert set(domains(hits[:10])) == {"crowd.example"}
    assert not any(hit.more_from_domain for hit in hits)


def test_a_domain_takes_all_places_where_no_other_matches(engine: Engine) -> None:
    reader = serve(engine, *[article(f"Rates {n}") for n in range(12)])

    hits = ask(reader, "rates").hits

    assert len(hits) == 12
    assert not any(hit.more_from_domain for hit in hits)


# What a page says


@pytest.mark.parametrize("days", [[], [0], [0, 0, 29], [0, 30], [0, 400, 900], [0, 40_000], [0, 700_000]])
def test_the_timeline_and_the_undated_make_the_total(engine: Engine, days: list[int]) -> None:
    start = date(1, 2, 3)
    dated = [article(f"Rates {n}", published=(start + timedelta(days=day)).isoformat()) for n, day in enumerate(days)]
    reader = serve(engine, *dated, article("Rates undated", published=None))

    page = ask(reader, "rates")

    assert page.timeline is not None
    assert len(page.timeline.buckets) <= 30
    assert sum(bucket.count for bucket in page.timeline.buckets) + page.timeline.undated == page.total
    assert all(one.start < other.start for one, other in pairwise(page.timeline.buckets))


def test_highlights_are_the_words_that_were_found_in_code_points_of_the_text(engine: Engine) -> None:
    title, excerpt = "😀 Élections: the e-mail", "No election. The E‑Mail of U.S. banks"
    reader = serve(engine, article(title, excerpt=excerpt))

    hit = ask(reader, 'election email "us banks"').hits[0]

    assert [title[start:end] for start, end in hit.highlights["title"]] == ["Élections", "e-mail"]
    assert [excerpt[start:end] for start, end in hit.highlights["excerpt"]] == ["election", "E‑Mail", "U.S. banks"]


@pytest.mark.parametrize(
    ("text", "title", "excerpt"),
    [
        ("title:rates", ["Rates"], []),
        ("excerpt:rate", [], ["Rates"]),
        ("rat*", ["Rates"], ["Rates"]),
        ("ra*s", ["Rates"], ["Rates"]),
        ("raets~", ["Rates"], ["Rates"]),
        ('"rates quickly"~2', ["Rates rise quickly"], []),
        ("type:video", [], []),
    ],
)
def test_what_is_highlighted_is_what_was_found_where(
    engine: Engine, text: str, title: list[str], excerpt: list[str]
) -> None:
    reader = serve(engine, article("Rates rise quickly", excerpt="Rates again", type="video"))

    hit = ask(reader, text, match="any").hits[0]

    assert [hit.article.title[slice(*span)] for span in hit.highlights["title"]] == title
    assert [hit.article.excerpt[slice(*span)] for span in hit.highlights["excerpt"]] == excerpt


def test_what_is_excluded_is_not_highlighted(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise", excerpt=""))

    assert ask(reader, "-fall").hits[0].highlights == {"title": (), "excerpt": ()}


def test_the_factors_of_an_explanation_multiply_to_the_score(engine: Engine) -> None:
    news = [article("Rates rise", url=f"https://{n}.example/", quality=n * 30, heat=n * 40) for n in range(4)]
    reader = serve(engine, *news, related=(tuple(news[:2]),))

    hits = ask(reader, "rates rise", explain=True, collapse="none").hits

    assert len(hits) == 4
    for hit in hits:
        assert hit.explanation is not None
        assert math.isclose(math.prod(hit.explanation.factors.values()), hit.score, rel_tol=1e-9)
        assert set(hit.explanation.factors) == {"text", "freshness", "quality", "heat", "coverage"}


def test_freshness_is_off_where_the_query_names_dates(engine: Engine) -> None:
    reader = serve(engine, article("Rates one", published="2020-01-01"), article("Rates two", published="2021-01-01"))

    plain = ask(reader, "rates", explain=True)
    dated = ask(reader, "rates", explain=True, date_from=date(2020, 1, 1))
    worded = ask(reader, "rates after:2020", explain=True)

    assert factors(worded, "freshness") == [1.0, 1.0]
    assert factors(plain, "freshness") == [pytest.approx(1.15), pytest.approx(0.85, abs=0.02)]
    assert factors(dated, "freshness") == [1.0, 1.0]


def factors(page: Page, name: str) -> list[float]:
    return [hit.explanation.factors[name] for hit in page.hits if hit.explanation]


def test_scores_fall_down_the_page(engine: Engine) -> None:
    scores = [hit.score for hit in ask(serve(engine, *many()), "rates number", diversity=False).hits]

    assert scores == sorted(scores, reverse=True)


def test_a_page_says_what_it_answers(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise"))

    page = ask(reader, "rates  -fall", page=2, size=5)

    assert (page.query, page.searched, page.page, page.size) == ("rates  -fall", "rates -fall", 2, 5)
    assert page.generation == reader.generation
    assert page.took_ms >= 0


# Articles, stories, statistics


def test_articles_and_stories_are_got_by_their_ids(engine: Engine) -> None:
    first, second, alone = article("One", published="2021-01-01"), article("Two"), article("Alone")
    reader = serve(engine, first, second, alone, related=((first, second),))

    assert reader.article(second.id) == second
    assert reader.story(first.id).article_ids == (first.id, second.id)
    assert reader.story_of(second.id) == reader.story(first.id)
    assert reader.story_of(alone.id).article_ids == (alone.id,)


@pytest.mark.parametrize("get", ["article", "story", "story_of"])
@pytest.mark.parametrize("identifier", ["", "nobody", "0" * 16, "-000000000000001", "0x00000000000001"])
def test_an_unknown_id_is_not_found(engine: Engine, get: str, identifier: str) -> None:
    reader = serve(engine, article())

    with pytest.raises(NotFoundError):
        getattr(reader, get)(identifier)


def test_a_hit_tells_of_its_story(engine: Engine) -> None:
    first, second = article("Rates", domain="a.example"), article("More of it", domain="b.example")
    reader = serve(engine, first, second, related=((first, second),))

    story = ask(reader, "rates").hits[0].story

    assert (story.id, story.articles, story.outlets) == (reader.story_of(first.id).id, 2, 2)


def test_statistics_count_what_is_served(engine: Engine) -> None:
    first, second = article("One", published="2021-01-01", provider="Herald"), article("Two", published="2021-02-01")
    reader = serve(engine, first, second, article("Three", published=None), related=((first, second),))

    statistics = reader.statistics()

    assert (statistics.articles, statistics.stories, statistics.providers) == (3, 1, 2)
    assert statistics.newest == datetime(2021, 2, 1, tzinfo=UTC)
    assert statistics.generation == reader.generation


# One engine against the other

known_words = st.sampled_from(
    "rate rates rising bank Bank's sense AI café C++ U.S. 10,000 e-mail 東京都 京都 the government newspaper".split()
)
words = known_words | st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters='"-'), min_size=1, max_size=5
)
texts = st.lists(words, max_size=6).map(" ".join)
moments = st.sampled_from([None, "2019-02-03", "2021-12-08T07:49:00Z", "2021-12-09", "2021-12-30"])
numbers = st.none() | st.sampled_from([0, 17, 100, 180])


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Draw a few articles that share words, providers and moments, and stories of some of them."""
    news = [
        article(
            draw(words) + " " + draw(texts),
            url=f"https://{number}.example/",
            excerpt=draw(texts),
            provider=draw(st.sampled_from(["Herald", "AI Post", "東京"])),
            domain=draw(st.sampled_from(["a.example", "b.example"])),
            published=draw(moments),
            topics=tuple(draw(st.lists(words, max_size=3, unique=True))),
            quality=draw(numbers),
            heat=draw(numbers),
            type=draw(st.sampled_from([None, "article", "video"])),
        )
        for number in range(draw(st.integers(0, 12)))
    ]
    lists = draw(st.lists(st.lists(st.sampled_from(news), min_size=2, max_size=5), max_size=3)) if news else []
    return catalog(*news, related=tuple(tuple(one) for one in lists))


phrases = st.lists(words, min_size=1, max_size=3).map(lambda found: f'"{" ".join(found)}"')
leaves = (
    words
    | phrases
    | words.map("-{}".format)
    | phrases.map("-{}".format)
    | st.sampled_from(
        ["OR", '"', "*", "zebra", "ra*", "-ba*", "b?nk", "ca*e", "raets~", "raising~2", "title:rate", "("]
    )
    | st.sampled_from("goverment govenrmetn governmet newpaper newspapers bankrate ratesrising goverment's".split())
    | st.sampled_from(["news paper", "sen se", "(govrnment OR rate)", "-goverment", '"goverment"', "title:goverment"])
    | st.sampled_from([article("x", url=f"https://{n}.example/").id for n in range(4)]).map("like:{}".format)
    | st.sampled_from(["asof:2021-12-09", "asof:2021-11", "-asof:2021-12-08", "-like:0", "(asof:2020 OR rate)"])
    | st.sampled_from([")", "-(", "topic:rat*", '"rate bank"~2', "site:a.example", "before:2021-12-08", "outlets:>1"])
    | st.sampled_from(
        ["quality:>17", "heat:17..100", "type:video", "is:unpublished", "has:image", "topic:(ai OR rate)"]
    )
)
fields_of_text = st.sampled_from(["title", "excerpt", "provider", "topic"])
patterns = st.builds("{}{}".format, words.map(lambda word: word[:2]), st.sampled_from(["*", "*s", "?*"]))
operators = (
    patterns
    | words.map("{}~".format)
    | words.map("{}~2".format)
    | st.builds("{}~{}".format, phrases, st.integers(1, 3))
    | st.builds("{}:{}".format, fields_of_text, words | phrases | patterns)
    | st.builds("{}:{}".format, fields_of_text, st.builds("{}~2".format, phrases))
    | st.sampled_from(
        "site:a.example -site:b.example type:video category:news quality:>=50 heat:<60 outlets:>1 is:published "
        "is:unpublished has:image before:2021-12-09 after:2021-12-08 date:2021-12 -date:2021-12-09".split()
    )
    | st.builds("({} OR {})".format, words, words)
    | st.builds("-({} {})".format, words, words)
)
queries = st.builds(
    Query,
    parsed=st.lists(leaves | operators, max_size=5).map(" ".join).map(parse),
    filters=st.builds(
        Filters,
        provider=st.lists(st.sampled_from(["Herald", "herald", "nobody"]), max_size=2).map(tuple),
        topic=st.lists(words, max_size=1).map(tuple),
        type=st.lists(st.sampled_from(["article", "video"]), max_size=1).map(tuple),
        date_from=st.none() | st.just(date(2021, 12, 8)),
        date_to=st.none() | st.just(date(2021, 12, 9)),
    ),
    sort=st.sampled_from(SORTS),
    page=st.integers(1, 2),
    size=st.sampled_from([1, 3, 100]),
    match=st.sampled_from(["auto", "all", "any"]),
    collapse=st.sampled_from(["title", "none"]),
    diversity=st.booleans(),
    among=st.none() | st.frozensets(st.sampled_from([article("x", url=f"https://{n}.example/").id for n in range(6)])),
    facets=st.booleans(),
    explain=st.booleans(),
)


def answer(reader: Reader, query: Query) -> Page:
    """Return the page with everything looked up, and its numbers without what floating point adds."""
    page = reader.search(query)
    hits = tuple(Hit(**{field.name: rounded(getattr(hit, field.name)) for field in fields(Hit)}) for hit in page.hits)
    return replace(page, took_ms=0.0, generation="", hits=hits, facets=dict(page.facets))


def rounded(value: Any) -> Any:
    if isinstance(value, Explanation):
        factors = {name: round(factor, 9) for name, factor in value.factors.items()}
        return Explanation(factors=factors, sentence=value.sentence)
    return round(value, 9) if isinstance(value, float) else value


@given(catalogs(), st.lists(queries, min_size=1, max_size=8), ways)
@settings(max_examples=settings().max_examples * 3 // 5)
def test_both_engines_give_equal_pages(news: Catalog, asked: list[Query], way: Way) -> None:
    memory = MemoryEngine()
    memory.publish(news)
    with TemporaryDirectory() as folder, searching(way):
        whoosh = WhooshEngine(Path(folder))
        whoosh.publish(news)
        reader = whoosh.open()

        pages = [answer(reader, query) for query in asked]
        faults = whoosh.verify()
        reader.close()

    assert pages == [answer(memory.open(), query) for query in asked]
    assert faults == []


beginnings = st.lists(
    words
    | words.map(lambda word: word[:2])
    | st.sampled_from(["ratse", "newspp", "OR", "-the", '"', "b", "title:rate"]),
    min_size=1,
    max_size=3,
).map(" ".join)


@given(catalogs(), st.lists(beginnings, min_size=1, max_size=5), st.booleans())
def test_both_engines_complete_alike_and_every_completion_finds_as_much_as_it_says(
    news: Catalog,
    typed: list[str],
    is_large: bool,  # noqa: FBT001 - drawn
) -> None:
    memory = MemoryEngine()
    memory.publish(news)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for limit in ("_FEW", "_MAX_POSTINGS") if is_large else ():
            # As where there are too many titles and postings to look at one by one.
            patch.setattr(completion, limit, 0)
        whoosh = WhooshEngine(Path(folder))
        whoosh.publish(news)
        reader = whoosh.open()

        found = [reader.suggest(text) for text in typed]
        totals = [ask(reader, one.query, match="all").total for some in found for one in some]
        reader.close()

    assert found == [memory.open().suggest(text) for text in typed]
    assert totals == [one.hits for some in found for one in some]
    assert all(len(some) <= 8 and all(one.hits for one in some) for some in found)


@given(catalogs(), catalogs(), st.lists(beginnings, min_size=1, max_size=5))
def test_both_engines_complete_alike_whatever_was_published_before(
    before: Catalog, news: Catalog, typed: list[str]
) -> None:
    memory = MemoryEngine()
    memory.publish(news)
    with TemporaryDirectory() as folder:
        whoosh = WhooshEngine(Path(folder))
        whoosh.publish(before)
        whoosh.publish(news)
        reader = whoosh.open()

        found = [reader.suggest(text) for text in typed]
        reader.close()

    assert found == [memory.open().suggest(text) for text in typed]


@given(catalogs(), queries)
def test_what_an_engine_has_written_already_is_what_its_values_say(news: Catalog, query: Query) -> None:
    with TemporaryDirectory() as folder:
        for engine in (MemoryEngine(), WhooshEngine(Path(folder))):
            engine.publish(news)
            page = engine.open().search(query)

            assert page_to_json(page) == page_to_json(replace(page, hits=tuple(page.hits), facets=dict(page.facets)))


@given(catalogs(), queries)
def test_totals_are_what_the_pages_hold_together(news: Catalog, query: Query) -> None:
    memory = MemoryEngine()
    memory.publish(news)
    page = memory.open().search(replace(query, page=1, size=100))

    assert sum(1 + len(hit.also) for hit in page.hits) == page.total
    assert page.total == memory.open().search(replace(query, collapse="none", diversity=False)).total


# Threads and processes

VOCABULARY = [f"word{first}{second}" for first in "abcdef" for second in "abcdefghij"]


def crowd_of_words(count: int = 150) -> list[Article]:
    chance = random.Random(count)  # noqa: S311 - the same articles every time
    return [
        article(
            " ".join(chance.choices(VOCABULARY, k=8)), url=f"https://{n}.example/", topics=(chance.choice(VOCABULARY),)
        )
        for n in range(count)
    ]


def many_queries(count: int) -> list[Query]:
    chance = random.Random(count)  # noqa: S311
    return [
        Query(parsed=parse(" ".join(chance.choices(VOCABULARY, k=2)) + ' -"wordab wordac"'), match="any", facets=False)
        for _ in range(count)
    ]


@pytest.fixture
def _same_switches() -> Iterator[None]:
    """Let threads interrupt one another as often afterwards as before."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_same_switches")
def test_eight_threads_on_one_reader_get_the_answers_of_one_thread(whoosh: WhooshEngine) -> None:
    reader, queries = serve(whoosh, *crowd_of_words()), many_queries(2_000)
    alone = [answer(reader, query) for query in queries]

    sys.setswitchinterval(1e-4)
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda query: answer(reader, query), queries))

    assert together == alone


def test_processes_forked_after_opening_share_the_reader(whoosh: WhooshEngine) -> None:
    reader, queries = serve(whoosh, *crowd_of_words()), many_queries(200)
    expected = [answer(reader, query) for query in queries]
    fork = multiprocessing.get_context("fork")
    results: SimpleQueue[bool] = fork.SimpleQueue()

    def search_again() -> None:
        results.put([answer(reader, query) for query in queries] == expected)

    processes = [fork.Process(target=search_again) for _ in range(3)]
    for process in processes:
        process.start()
    here = [answer(reader, query) for query in queries]
    for process in processes:
        process.join(60)

    assert here == expected
    assert [results.get() for _ in processes] == [True, True, True]


def test_titles_that_differ_in_a_sign_that_means_something_are_no_copies(engine: Engine) -> None:
    first, second = article("Learn C++ now"), article("Learn C# now")

    page = ask(serve(engine, first, second, related=((first, second),)), "learn")

    assert len(page.hits) == page.listed == 2


def test_a_search_that_the_filters_leave_nothing_of_is_not_called_relaxed(engine: Engine) -> None:
    reader = serve(engine, article("Rates rise again"))

    page = ask(reader, "rates xyzzy", provider=("Nobody",))

    assert (page.total, page.relaxed) == (0, False)


def test_copies_are_in_the_total_but_not_in_the_list(engine: Engine) -> None:
    page = ask(copies(engine), "rates", size=1)

    assert page.listed < page.total
