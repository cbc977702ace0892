"""The query tree: frozen values that print themselves in the query language.

Texts are as they were typed; :mod:`search.analysis` makes terms of them. A field is ``title``, ``excerpt``,
``provider`` or ``topics``, and None where all of them are searched.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

#: What a field of the index is called in the language, where the two differ.
_NAMES = {"topics": "topic"}
# Two slashes behind a colon would make an address of it, and a minus there is ignored.
_NEEDS_QUOTES = re.compile(r"[\s()]|^-|^//")


class Word(Struct, frozen=True):
    """Articles that hold the word, or another form of it; a word of several terms, in a row and in this form."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        """Write the word as it was typed."""
        return _within(self.field, self.text)


class Phrase(Struct, frozen=True):
    """Articles that hold the words in this order, in these forms."""

    text: str
    #: Other words that may stand in between, in total.
    slop: int = 0
    field: str | None = None

    def __str__(self) -> str:
        """Write the phrase in quotes."""
        return _within(self.field, f'"{self.text}"~{self.slop}' if self.slop else f'"{self.text}"')


class Prefix(Struct, frozen=True):
    """Articles that hold a term that starts with the text."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        """Write the text with a star behind it."""
        return _within(self.field, f"{self.text}*")


class Wildcard(Struct, frozen=True):
    """Articles that hold a term that fits: ``*`` stands for any characters or none, ``?`` for one."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        """Write the pattern."""
        return _within(self.field, self.text)


class Fuzzy(Struct, frozen=True):
    """Articles that hold a term that differs from the text by so many edits, 1 or 2, but not in its first character."""

    text: str
    distance: int = 1
    field: str | None = None

    def __str__(self) -> str:
        """Write the word with a tilde behind it."""
        return _within(self.field, f"{self.text}~" if self.distance == 1 else f"{self.text}~{self.distance}")


class Number(Struct, frozen=True):
    """Articles whose ``quality``, ``heat`` or ``outlets`` is known and within bounds, both inclusive."""

    name: str
    low: int | None
    high: int | None

    def __str__(self) -> str:
        """Write the bounds, or the one number."""
        if self.low is None:
            return f"{self.name}:<={self.high}"
        if self.high is None:
            return f"{self.name}:>={self.low}"
        return f"{self.name}:{self.low}" if self.low == self.high else f"{self.name}:{self.low}..{self.high}"


class Dates(Struct, frozen=True):
    """Articles that were published within days of UTC, both inclusive."""

    first: date | None
    last: date | None

    def __str__(self) -> str:
        """Write the shortest text that names these days."""
        if self.first is None:
            return f"before:{_last(self.last)}" if self.last else ""
        if self.last is None:
            return f"after:{_first(self.first)}"
        for text, last in zip(_spellings(self.first), _ends(self.first), strict=True):
            if self.last == last and text.startswith(_first(self.first)):
                return f"date:{text}"
        return f"date:{_first(self.first)}..{_last(self.last)}"


class Value(Struct, frozen=True):
    """Articles whose ``category`` or ``type`` is the text; case and accents do not count."""

    name: str
    text: str

    def __str__(self) -> str:
        """Write the value, in quotes where it needs them."""
        return f'{self.name}:"{self.text}"' if _NEEDS_QUOTES.search(self.text) else f"{self.name}:{self.text}"


class Site(Struct, frozen=True):
    """Articles of a domain, or of one below it."""

    domain: str

    def __str__(self) -> str:
        """Write the domain."""
        return f"site:{self.domain}"


class Flag(Struct, frozen=True):
    """Articles that are ``published``, are not (``unpublished``), or have an ``image``."""

    name: str

    def __str__(self) -> str:
        """Write the flag."""
        return f"has:{self.name}" if self.name == "image" else f"is:{self.name}"


class InStory(Struct, frozen=True):
    """Articles of one story."""

    id: str

    def __str__(self) -> str:
        """Write the story's id."""
        return f"story:{self.id}"


class AsOf(Struct, frozen=True):
    """Articles that are not later than a day of UTC; what is undated is not."""

    day: date

    def __str__(self) -> str:
        """Write the longest time that ends with the day."""
        return f"asof:{_last(self.day)}"


class Like(Struct, frozen=True):
    """Articles that share telling words with an article; neither the article itself nor its copies."""

    id: str
    #: What tells the article from others, once it was looked up.
    words: tuple[Word, ...] = ()

    @property
    def least(self) -> int:
        """How many of the words an article must have: a quarter, but two of them, and one at least."""
        return max(1, min(len(self.words), max(2, -(-len(self.words) // 4))))

    def __str__(self) -> str:
        """Write the article's id."""
        return f"like:{self.id}"


class Not(Struct, frozen=True):
    """Everything but."""

    node: Node

    def __str__(self) -> str:
        """Write the exclusion."""
        return f"-({self.node})" if isinstance(self.node, And | Or) else f"-{self.node}"


class And(Struct, frozen=True):
    """Articles that match every part; two parts or more, none of them an And."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        """Write the parts next to each other."""
        return " ".join(str(node) for node in self.nodes)


class Or(Struct, frozen=True):
    """Articles that match at least one part; two parts or more, none of them an Or."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        """Write the parts with ``OR`` between."""
        return " OR ".join(f"({node})" if isinstance(node, And) else str(node) for node in self.nodes)


class Everything(Struct, frozen=True):
    """Every article."""

    def __str__(self) -> str:
        """Write nothing, which finds everything."""
        return ""


#: What articles are found and ranked by.
Leaf = Word | Phrase | Prefix | Wildcard | Fuzzy
#: What articles are only chosen by.
Filter = Number | Dates | AsOf | Value | Site | Flag | InStory
Node = Leaf | Filter | Like | Not | And | Or | Everything


def all_of(nodes: Sequence[Node]) -> Node:
    """Return what matches all of *nodes*, of which there is at least one."""
    parts = [part for node in nodes for part in (node.nodes if isinstance(node, And) else (node,))]
    return And(tuple(parts)) if len(parts) > 1 else parts[0]


def one_of(nodes: Sequence[Node]) -> Node:
    """Return what matches at least one of *nodes*, of which there is at least one."""
    parts = [part for node in nodes for part in (node.nodes if isinstance(node, Or) else (node,))]
    return Or(tuple(parts)) if len(parts) > 1 else parts[0]


def _within(field: str | None, text: str) -> str:
    return f"{_NAMES.get(field, field)}:{text}" if field else text


def _spellings(day: date) -> tuple[str, str, str]:
    """Write the year, the month and the day."""
    iso = day.isoformat()
    return iso[:4], iso[:7], iso


def _ends(day: date) -> tuple[date, date, date]:
    """Return the last day of the year, of the month and of the day."""
    return date(day.year, 12, 31), day.replace(day=calendar.monthrange(day.year, day.month)[1]), day


def _first(day: date) -> str:
    """Write the longest time that begins with *day*."""
    year, month, whole = _spellings(day)
    if day.day > 1:
        return whole
    return month if day.month > 1 else year


def _last(day: date) -> str:
    """Write the longest time that ends with *day*."""
    return next(text for text, end in zip(_spellings(day), _ends(day), strict=True) if end == day)
