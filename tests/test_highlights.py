from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import terms
from search.highlights import highlight, occurrences


def marked(text: str, words: str = "", *phrases: str) -> str:
    """Return *text* with brackets around what is highlighted."""
    shown, at = "", 0
    for start, end in highlight(text, set(words.split()), [phrase.split() for phrase in phrases]):
        shown += f"{text[at:start]}[{text[start:end]}]"
        at = end
    return shown + text[at:]


@pytest.mark.parametrize(
    ("expected", "words", "phrases"),
    [
        ("The [U.S.] bans", "us", []),
        ("[Cafés] and [café]", "cafes cafe", []),
        ("\N{GRINNING FACE} [rates] rise", "rates", []),
        ("rates [rise again] and rise", "", ["rise again"]),
        ("[rates rise] and [rise again]", "", ["rates rise", "rise again"]),
        ("[rates rise again]", "", ["rates rise", "rise again"]),
        ("[hong kong hong kong]", "", ["hong kong hong", "kong hong kong"]),
        ("no [rates] here", "rates", ["rise again", "rates rise"]),
        ("[AT&T]'s [C++], and [.NET]", "at&t c++ .net", []),
        ("in [北京大]学", "北京 京大", []),
        ("nothing", "", []),
        ("nothing", "", [""]),
        ("", "rates", ["rates rise"]),
        ('<b>[rates]</b> & "rise"', "rates", []),
    ],
)
def test_what_was_searched_for_is_marked(expected: str, words: str, phrases: Sequence[str]) -> None:
    assert marked(expected.replace("[", "").replace("]", ""), words, *phrases) == expected


def test_a_phrase_reaches_over_what_is_no_word() -> None:
    assert marked("Rates: rise -- again!", "", "rates rise again") == "[Rates: rise -- again]!"


places = st.sets(st.integers(0, 9), max_size=5).map(sorted)


@given(st.lists(places, min_size=1, max_size=3), st.integers(0, 4))
def test_a_phrase_ends_where_some_choice_of_rising_places_is_close_enough(columns: list[list[int]], slop: int) -> None:
    rising = [chosen for chosen in product(*columns) if list(chosen) == sorted(set(chosen))]
    ends = {chosen[-1] for chosen in rising if chosen[-1] - chosen[0] - (len(columns) - 1) <= slop}

    assert [last for _, last in occurrences(columns, slop)] == sorted(ends)


texts = st.text(st.sampled_from(list("ab AB.'é中国\N{GRINNING FACE}")), max_size=40)


@given(
    texts,
    st.sets(st.sampled_from(["a", "b", "ab", "中国", "e"])),
    st.lists(st.lists(st.sampled_from("ab"), max_size=3)),
)
def test_spans_are_inside_the_text_in_order_and_apart(
    text: str, words: set[str], phrases: Sequence[Sequence[str]]
) -> None:
    spans = highlight(text, words, phrases)

    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


@given(texts)
def test_every_term_of_a_text_is_found_in_it(text: str) -> None:
    assert bool(highlight(text, set(terms(text)), [])) == bool(terms(text))
    assert not terms(text) or highlight(text, set(), [terms(text)])
