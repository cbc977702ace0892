"""The one place where HTTP parameters become a checked query. Whoever holds a query never checks it again."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Literal, cast

from msgspec.structs import replace
from werkzeug.datastructures import MultiDict

from search.errors import BadParameterError
from search.query import Filters, ParsedQuery, Query, parse
from search.query.faults import MAX_CHARACTERS
from search.query.request import PAGE_SIZE, Collapse, Match, Sort

#: Values of one repeatable parameter; a longer list is no choice that a reader made.
MAX_VALUES = 100
#: Articles in a feed, where nothing is said.
FEED_SIZE = 50
#: Characters of a bad value that its error repeats.
MAX_ECHO = 40

_TEXT, _FROM, _TO = "q", "from", "to"
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_FLAGS: Mapping[str, bool] = {"0": False, "1": True}
_DIVERSITY: Mapping[str, bool] = {"none": False, **_FLAGS}
#: Control characters are no part of a word, and some (NUL) cannot be shown in a page.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")


def page_query(arguments: MultiDict[str, str]) -> Query:
    """Read a search as the page offers it.

    Raises:
        BadParameterError: If a value cannot be; it names the parameter. Unknown parameters are ignored.
    """
    return replace(
        _common(arguments),
        page=_whole_number(arguments, "page", 1),
        explain=_one_of(arguments, "explain", _FLAGS, default=False),
    )


def wants_fragment(arguments: MultiDict[str, str]) -> bool:
    """Tell whether only the results are wanted, without the page around them.

    Raises:
        BadParameterError: If the value is neither 0 nor 1.
    """
    return _one_of(arguments, "fragment", _FLAGS, default=False)


def is_typing(arguments: MultiDict[str, str]) -> bool:
    """Tell whether somebody is in the middle of typing the query.

    Raises:
        BadParameterError: If the value is neither 0 nor 1.
    """
    return _one_of(arguments, "typing", _FLAGS, default=False)


def api_query(arguments: MultiDict[str, str]) -> Query:
    """Read a search as programs may ask it: as the page offers it, and how much of the answer is wanted.

    Raises:
        BadParameterError: If a value cannot be; it names the parameter. Unknown parameters are ignored.
    """
    others = tuple([pair for pair in arguments.items(multi=True) if pair[0] != _TEXT])
    return replace(_api_query(others), parsed=_parsed(arguments))


@lru_cache(maxsize=64)
def _api_query(others: tuple[tuple[str, str], ...]) -> Query:
    """Read everything but the text, in which programs ask for the same again and again."""
    arguments = MultiDict(others)
    return replace(
        _common(arguments),
        page=_whole_number(arguments, "page", 1),
        size=_whole_number(arguments, "size", PAGE_SIZE),
        facets=_one_of(arguments, "facets", _FLAGS, default=True),
        explain=_one_of(arguments, "explain", _FLAGS, default=False),
    )


def feed_query(arguments: MultiDict[str, str]) -> Query:
    """Read a search as feeds are asked for it: as the page offers it, but the newest first, and more of it.

    Unless *match* says otherwise all words must be there: a feed that waits for them is not to be filled with the rest.

    Raises:
        BadParameterError: If a value cannot be; it names the parameter. Unknown parameters are ignored.
    """
    return replace(
        _common(arguments, sort="newest", match="all"),
        page=_whole_number(arguments, "page", 1),
        size=_whole_number(arguments, "size", FEED_SIZE),
        facets=False,
    )


def typed_text(arguments: MultiDict[str, str]) -> str:
    """Read what was typed so far."""
    return arguments.get(_TEXT, "").translate(_CONTROLS)[:MAX_CHARACTERS]


def _common(arguments: MultiDict[str, str], *, sort: Sort = "relevance", match: Match = "auto") -> Query:
    """Read everything but the page, whose limit depends on its size."""
    return Query(
        parsed=_parsed(arguments),
        filters=_filters(arguments),
        sort=cast("Sort", _text(arguments, "sort", sort)),
        match=cast("Match", _text(arguments, "match", match)),
        collapse=cast("Collapse", _text(arguments, "collapse", "title")),
        diversity=_one_of(arguments, "diversity", _DIVERSITY, default=True),
    )


def _parsed(arguments: MultiDict[str, str]) -> ParsedQuery:
    return parse(arguments.get(_TEXT, "").translate(_CONTROLS))


def _filters(arguments: MultiDict[str, str]) -> Filters:
    return Filters(
        provider=_texts(arguments, "provider"),
        topic=_texts(arguments, "topic"),
        category=_texts(arguments, "category"),
        type=_texts(arguments, "type"),
        date_from=_day(arguments, _FROM, "first"),
        date_to=_day(arguments, _TO, "last"),
    )


def _text(arguments: MultiDict[str, str], name: str, default: str) -> str:
    """Return the first value; an empty one, as forms send it, counts as not given."""
    # Of what is missing, asking whether it is there takes a fraction of getting it.
    return (name in arguments and arguments[name]) or default


def _texts(arguments: MultiDict[str, str], name: str) -> tuple[str, ...]:
    values = arguments.getlist(name) if name in arguments else ()
    if len(values) > MAX_VALUES:
        raise BadParameterError(name, f"at most {MAX_VALUES} values can be chosen")
    return tuple(dict.fromkeys(value for value in values if value))


def _whole_number(arguments: MultiDict[str, str], name: str, default: int) -> int:
    text = _text(arguments, name, str(default))
    # `int` alone would take other alphabets' digits, underscores, signs and blanks.
    if not (text.isascii() and text.isdigit()):
        raise BadParameterError(name, f"{_echo(text)} is not a whole number")
    # Nine digits are beyond every limit already, and converting thousands of them would be an error of its own.
    return int(text.lstrip("0")[:9] or "0")


def _one_of(arguments: MultiDict[str, str], name: str, meanings: Mapping[str, bool], *, default: bool) -> bool:
    text = _text(arguments, name, "")
    if not text:
        return default
    if text not in meanings:
        raise BadParameterError(name, f"{_echo(text)} is not one of {', '.join(meanings)}")
    return meanings[text]


def _day(arguments: MultiDict[str, str], name: str, end: Literal["first", "last"]) -> date | None:
    """Read a day, or the first or last day of the month or year that is named."""
    text = _text(arguments, name, "")
    if not text:
        return None
    match = _DATE.fullmatch(text)
    if not match:
        raise BadParameterError(name, f"{_echo(text)} is not a date such as 2021-12-09, 2021-12 or 2021")
    numbers = [int(part) for part in match.groups() if part]
    try:
        return _first_day(*numbers) if end == "first" else _last_day(*numbers)
    except ValueError as exc:
        raise BadParameterError(name, f"{_echo(text)} is not in the calendar") from exc


def _first_day(year: int, month: int = 1, day: int = 1) -> date:
    return date(year, month, day)


def _last_day(year: int, month: int = 12, day: int | None = None) -> date:
    return date(year, month, calendar.monthrange(year, month)[1] if day is None else day)


def _echo(text: str) -> str:
    return repr(text if len(text) <= MAX_ECHO else f"{text[:MAX_ECHO]}…")
