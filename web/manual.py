"""The query language as a table, for the page that explains it; the README has the same, held to it by a test."""

from __future__ import annotations

import re
from typing import NamedTuple

#: What an example has in place of an id, which is another one in every index.
PLACEHOLDERS = ("STORY", "ARTICLE")


class Row(NamedTuple):
    """Examples of one thing, and what they find; code in it stands between backticks."""

    examples: tuple[str, ...]
    finds: str


LANGUAGE = (
    Row(("sensetime blacklist",), "both words, in whatever fields, or other forms of them"),
    Row(('"investment blacklist"',), "the phrase: these words in these forms, next to one another, in this order"),
    Row(('"bar investment giant"~3',), "the phrase with up to three other words in between, in total (at most 99)"),
    Row(
        ("sensetime -ipo", '-"hong kong"', "NOT ipo"),
        "what does not have it; `-` must stand directly before what it excludes",
    ),
    Row(
        ("finance OR blacklist", "finance OR blacklist sensetime"),
        "either; `OR` joins just its two neighbours, so the second is `(finance OR blacklist) sensetime`",
    ),
    Row(
        ("(giant delays) OR finance", "sensetime -(ipo OR giant)", "ai AND ipo"),
        "brackets hold together, up to 8 within one another; `AND` may be written, and is meant anyway",
    ),
    Row(("intel*",), "words that begin so; at least two letters"),
    Row(
        ("sens?time", "inv*ent"),
        "words that fit, `?` being any letter and `*` any letters or none, behind at least two letters; "
        "a `?` at the end of a word is a question mark",
    ),
    Row(
        ("blaklist~", "blakclits~2"),
        "words that differ by one letter, or by two: one more, one less, another one, or two neighbours "
        "swapped; the first is kept",
    ),
    Row(
        ("title:giant", 'excerpt:"artificial intelligence"', "topic:ai", "provider:wall", "title:(giant OR finance)"),
        "in one field; a word, phrase, prefix or bracket directly behind the colon",
    ),
    Row(("site:ft.com", "-site:wsj.com", "site:(ft.com OR nikkei.com)"), "articles of a domain, and of those below it"),
    Row(("category:news", "type:article"), "articles of a category or a type"),
    Row(
        ("date:2021", "date:2021-12", "date:2021-12-10", "date:2021-12-01..2021-12-09", "date:2021-12.."),
        "published then, in UTC; a range counts both ends whole, and may be open at one",
    ),
    Row(
        ("after:2021-12-10", "before:2021-12-09"),
        "published since the first moment of what is named, or up to its last moment",
    ),
    Row(
        ("quality:>=70", "quality:>70", "quality:<=37", "quality:<70", "quality:94", "quality:50..90"),
        "quality within bounds; what is unknown never is",
    ),
    Row(("heat:<100 OR outlets:4", "outlets:>=3"), "the same for heat, and for the outlets of the article's episode"),
    Row(
        ("is:unpublished", "is:published OR ipo", "has:image OR ipo"),
        "by the editor's flag (unknown is unpublished), or with an image",
    ),
    Row(("story:STORY",), "the articles of a story"),
    Row(
        ("like:ARTICLE", "like:ARTICLE after:2021 -site:wsj.com"),
        "more like an article: what shares a quarter of its twelve most telling words, or two of fewer than nine; "
        "not the article itself, nor its copies",
    ),
    Row(
        ("asof:2021-12-10",),
        "as if it were the end of that day: what is later is hidden, and ages are counted from there; stories and "
        "their outlets are counted as they are now",
    ),
)


def coded(text: str) -> list[tuple[str, bool]]:
    """Cut *text* into pieces, and tell which are code.

    >>> coded("or `OR`, that is")
    [('or ', False), ('OR', True), (', that is', False)]
    """
    pieces = ((piece, place % 2 == 1) for place, piece in enumerate(re.split("`", text)))
    return [(piece, is_code) for piece, is_code in pieces if piece]


def is_askable(example: str) -> bool:
    """Tell whether *example* can be searched for as it stands."""
    return not any(name in example for name in PLACEHOLDERS)
