from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.analysis import MAX_TERM, fold, has_terms, query_terms, stem, terms, tokenize


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("U.S.", "US"),
        ("u.s.", "U.S"),
        ("U.S.A.", "usa"),
        ("e-mail", "email"),
        ("E\u2011Mails", "emails"),
        ("T-shirt", "tshirt"),
        ("café", "CAFE\u0301"),
        ("Łódź", "lodz"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("Ｆｕｌｌ", "full"),
        ("O'Neill", "O\u2019Neill"),
        ("O'Neill", "oneill"),
        ("Biden's", "Biden\u2019s"),
        ("Biden's", "biden"),
        ("10,000", "10000"),
        ("COVID-19", "covid 19"),
        ("AI/ML", "ai ml"),
        ("état-major", "etat major"),
        ("C++", "c++"),
        ("AT&T", "at&t"),
        (".NET", ".net"),
    ],
)
def test_these_are_found_by_one_another(first: str, second: str) -> None:
    assert terms(first) == terms(second) != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ C# F# .NET ASP.NET", "c++ c# f# .net asp .net"),
        ("AT&T, S&P 500 and R&D", "at&t s&p 500 and r&d"),
        ("5G, 4K and 1.10 or 3,5", "5g 4k and 1.10 or 3 5"),
        ("1,234,567.8 and 1,00,000 or 12,34", "1234567.8 and 100000 or 12 34"),
        ("Covid19 GPT3 H1N1 CO2 web3.0", "covid 19 gpt 3 h1n1 co2 web 3 0"),
        ("Covid-19 in the U.S.-China talks", "covid 19 in the us china talks"),
        ("The Who", "the who"),
        ("To be or not to be", "to be or not to be"),
        ("(C++) C#, U.S.; 'tis it's", "c++ c# us tis it"),
        ("C C+ C++20", "c c c++ 20"),
        ("i.e. Ph.D. a.m.", "ie phd am"),
        ("foo_bar node.js", "foo bar node js"),
        ("\N{GRINNING FACE} -- !?", ""),
        ("", ""),
    ],
)
def test_a_text_is_cut_into_what_readers_search_for(text: str, expected: str) -> None:
    assert terms(text) == expected.split()
    assert has_terms(text) == bool(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("北京大学", "北京 京大 大学"),
        ("東", "東"),
        ("カタカナ", "カタ タカ カナ"),
        ("한국어", "한국 국어"),
        ("日本のAI株", "日本 本の ai 株"),
        ("华为5G手机", "华为 5g 手机"),
        ("使用C++和.NET编程", "使用 c++ 和 .net 编程"),
        ("AT&T株", "at&t 株"),
    ],
)
def test_scripts_without_blanks_are_cut_into_pairs_beside_other_words(text: str, expected: str) -> None:
    assert terms(text) == expected.split()


def test_offsets_count_characters_of_the_text_as_it_is() -> None:
    text = "\N{GRINNING FACE} Cafe\u0301s in the U.S."

    assert [text[token.start : token.end] for token in tokenize(text)] == ["Cafe\u0301s", "in", "the", "U.S."]


def test_a_long_word_is_cut_the_same_way_everywhere() -> None:
    assert terms("x" * 1_000) == terms("x" * MAX_TERM) == ["x" * MAX_TERM]


@pytest.mark.parametrize(
    ("words", "root"),
    [
        ("election elections", "elect"),
        ("rise rises rising", "rise"),
        ("c++", "c++"),
        ("at&t", "at&t"),
        ("5g", "5g"),
        ("us", "us"),
        ("北京", "北京"),
    ],
)
def test_forms_of_a_word_share_their_stem(words: str, root: str) -> None:
    assert {stem(word) for word in words.split()} == {root}


letters = st.sampled_from(
    list("aZé.&'+#-\u2010\u2019\u0301 ,19٣_中国ひカ한ßİﬁøⅣ²½\N{GRINNING FACE}\u200d\n")
    + list("`\u00b4\u02bbﾃﾞ\u3099\ufe0f\u1112\u1161\u11abก๒")
)
texts = st.text(letters, max_size=30) | st.text(max_size=30)


@settings(max_examples=1_000)
@given(texts)
@example("\u02bb\u02bb\u200d1")
@example("\ufe70 a\ufc5e")
@example("\ufdfa\ufdfa\ufdfa&\ufdfa\ufdfa\ufdfa")
def test_tokens_are_inside_the_text_and_in_order(text: str) -> None:
    tokens = tokenize(text)

    spans = [(token.start, token.end) for token in tokens]
    assert spans == sorted(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(0 < len(token.term) <= MAX_TERM and not set(token.term) & set(string.whitespace) for token in tokens)


@settings(max_examples=1_000)
@given(texts)
def test_what_a_token_covers_has_its_term_when_it_stands_alone(text: str) -> None:
    """A highlighted word, searched for, finds what it was highlighted in."""
    for token in tokenize(text):
        assert terms(text[token.start : token.end]) == [token.term]


@given(texts)
def test_a_text_has_terms_if_there_is_anything_to_search_for(text: str) -> None:
    assert has_terms(text) == bool(terms(text))


@given(texts)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_case_makes_no_difference(text: str) -> None:
    assert [fold(term) for term in terms(text)] == terms(text)


@pytest.mark.parametrize(
    ("text", "word"), [("電子メール", "メール"), ("個人データ漏洩", "データ"), ("コンピューター", "ュー")]
)
def test_a_long_vowel_stands_within_its_word(text: str, word: str) -> None:
    assert set(terms(word)) <= set(terms(text))


pieces = st.sampled_from(["U.S.", "e-mail", "AT&T's", "東京都", "10,000", ".NET", "café", "-"])


@given(st.text() | st.lists(pieces).map(" ".join))
def test_a_query_is_read_like_any_text(text: str) -> None:
    assert query_terms(text) == tuple(terms(text))
