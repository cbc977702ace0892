from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.stories import group_stories


def links(*pairs: tuple[str, str], alone: str = "") -> dict[str, set[str]]:
    found: dict[str, set[str]] = {article: set() for article in alone}
    for first, second in pairs:
        found.setdefault(first, set()).add(second)
        found.setdefault(second, set()).add(first)
    return found


def clique(articles: str) -> list[tuple[str, str]]:
    return list(combinations(articles, 2))


def groups(found: dict[str, set[str]]) -> list[str]:
    return sorted("".join(sorted(group)) for group in group_stories(found))


def test_related_articles_are_one_story_and_a_lone_one_is_its_own() -> None:
    assert groups(links(*clique("abcd"), alone="x")) == ["abcd", "x"]


def test_one_seed_with_its_related_list_is_a_story() -> None:
    """The articles of the list need not have seeds of their own that say so too."""
    assert groups(links(*[("s", other) for other in "abcdefg"])) == ["abcdefgs"]


def test_relations_reach_over_an_article_in_the_middle() -> None:
    assert groups(links(("a", "b"), ("b", "c"))) == ["abc"]


def test_a_single_link_does_not_glue_two_stories() -> None:
    assert groups(links(*clique("abc"), *clique("xyz"), ("c", "x"))) == ["abc", "xyz"]


def test_a_single_shared_article_does_not_glue_two_stories_and_goes_with_the_larger() -> None:
    assert groups(links(*clique("abcm"), *clique("mwxyz"))) == ["abc", "mwxyz"]


def test_two_lists_that_share_one_article_are_two_stories() -> None:
    found = links(*[("s", other) for other in "abcm"], *[("t", other) for other in "mxyz"])

    assert groups(found) == ["abcms", "txyz"]


def test_a_second_link_is_taken_as_meant() -> None:
    assert groups(links(*clique("abc"), *clique("xyz"), ("c", "x"), ("b", "y"))) == ["abcxyz"]


def test_a_few_articles_at_the_edge_of_a_story_stay_with_it() -> None:
    assert groups(links(*clique("abcd"), ("d", "e"), ("e", "f"))) == ["abcdef"]


def test_two_seeds_that_list_the_same_articles_are_one_story() -> None:
    found = links(*[(s, other) for s in "st" for other in "abc"])

    assert groups(found) == ["abcst"]


pairs = st.lists(st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from("abcdefghijkl")), max_size=30)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter_and_every_article_is_in_one_story(
    found: list[tuple[str, str]], random: object
) -> None:
    related = [pair for pair in found if pair[0] != pair[1]]
    shuffled = sorted(related, key=lambda _: random.random())  # type: ignore[attr-defined]

    first = groups(links(*related, alone="abcdefghijkl"))
    second = groups(links(*[pair[::-1] for pair in shuffled], alone="lkjihgfedcba"))

    assert first == second
    assert sorted("".join(first)) == sorted("abcdefghijkl")


@given(pairs)
def test_a_story_is_connected_by_the_links_inside_it(found: list[tuple[str, str]]) -> None:
    related = links(*[pair for pair in found if pair[0] != pair[1]], alone="abcdefghijkl")

    for group in group_stories(related):
        reached, pending = set(), [min(group)]
        while pending:
            article = pending.pop()
            reached.add(article)
            pending += (related[article] & group) - reached
        assert reached == group


@pytest.mark.parametrize("larger", ["s", "A"])
def test_a_shared_article_goes_with_the_larger_story_however_they_are_called(larger: str) -> None:
    found = links(*[("m", other) for other in "abx"], *[(larger, other) for other in "fghijkx"])

    assert groups(found) == sorted(["abm", "".join(sorted(f"{larger}fghijkx"))])


def test_an_article_that_is_related_to_two_stories_is_not_left_alone() -> None:
    found = links(*clique("abcd"), *clique("wxyz"), ("m", "a"), ("m", "w"), ("a", "w"))

    assert groups(found) == ["abcdm", "wxyz"]
