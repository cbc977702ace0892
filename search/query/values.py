"""What stands behind a filter's colon, as a node; None where it cannot be understood."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date

from search.query.tree import AsOf, Dates, Filter, Flag, InStory, Like, Number, Site, Value

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_NUMBER = re.compile(r"(>=|<=|>|<|)(-?[0-9]{1,9})")
_RANGE = re.compile(r"(-?[0-9]{1,9})?\.\.(-?[0-9]{1,9})?")
#: Numbers in a query have nine digits at most, so that each can be written again as it was read.
_LARGEST = 999_999_999
# Whatever of an address stands around the domain may be pasted along with it.
_SITE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:www\.|\*\.|\.)*(?P<domain>[\w-]+(?:\.[\w-]+)*)\.?(?::[0-9]*)?(?:[/?#].*)?"
)
_ID = re.compile(r"[0-9A-Za-z_-]+")


def read_filter(name: str, text: str) -> Filter | Like | None:
    """Read the *text* behind the field *name*, one of :data:`FAULTS`; None where it cannot be understood.

    >>> read_filter("quality", ">70"), read_filter("before", "2021-12")
    (Number(name='quality', low=71, high=None), Dates(first=None, last=datetime.date(2021, 12, 31)))
    """
    return _READERS[name](name, text)


def _read_value(name: str, text: str) -> Filter | None:
    return Value(name, text) if text else None


def _read_flag(name: str, text: str) -> Filter | None:
    flag = text.lower()
    known = {"has": {"image"}, "is": {"published", "unpublished"}}
    return Flag(flag) if flag in known[name] else None


def _read_site(_name: str, text: str) -> Filter | None:
    match = _SITE.fullmatch(text.lower())
    return Site(match["domain"]) if match else None


def _read_story(_name: str, text: str) -> Filter | None:
    return InStory(text) if _ID.fullmatch(text) else None


def _read_like(_name: str, text: str) -> Like | None:
    return Like(text) if _ID.fullmatch(text) else None


def _read_number(name: str, text: str) -> Filter | None:
    bounds = _bounds(text)
    if bounds is None or any(bound is not None and abs(bound) > _LARGEST for bound in bounds):
        return None
    return Number(name, *bounds)


def is_reversed(node: Filter | Like) -> bool:
    """Tell whether it is a range that ends before it begins."""
    if isinstance(node, Dates):
        return node.first is not None and node.last is not None and node.first > node.last
    if isinstance(node, Number):
        return node.low is not None and node.high is not None and node.low > node.high
    return False


def _bounds(text: str) -> tuple[int | None, int | None] | None:
    if match := _NUMBER.fullmatch(text):
        number = int(match[2])
        bounds = {">=": (number, None), ">": (number + 1, None), "<=": (None, number), "<": (None, number - 1)}
        return bounds.get(match[1], (number, number))
    match = _RANGE.fullmatch(text)
    if not match or text == "..":
        return None
    return (int(match[1]) if match[1] else None), (int(match[2]) if match[2] else None)


def _read_after(_name: str, text: str) -> Filter | None:
    days = read_days(text)
    return Dates(days[0], None) if days else None


def _read_as_of(_name: str, text: str) -> Filter | None:
    days = read_days(text)
    return AsOf(days[1]) if days else None


def _read_before(_name: str, text: str) -> Filter | None:
    days = read_days(text)
    return Dates(None, days[1]) if days else None


def _read_dates(_name: str, text: str) -> Filter | None:
    one, dots, other = text.partition("..")
    first, last = read_days(one), read_days(other if dots else one)
    if (one and not first) or (other and not last) or not (first or last):
        return None
    return Dates(first[0] if first else None, last[1] if last else None)


def read_days(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of the year, month or day that is named; None where none is.

    >>> read_days("2021-02")
    (datetime.date(2021, 2, 1), datetime.date(2021, 2, 28))
    """
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first
    end = month or 12
    return first, date(first.year, end, calendar.monthrange(first.year, end)[1])


_READERS: Mapping[str, Callable[[str, str], Filter | Like | None]] = {
    "after": _read_after,
    "asof": _read_as_of,
    "before": _read_before,
    "category": _read_value,
    "date": _read_dates,
    "has": _read_flag,
    "heat": _read_number,
    "is": _read_flag,
    "like": _read_like,
    "outlets": _read_number,
    "quality": _read_number,
    "site": _read_site,
    "story": _read_story,
    "type": _read_value,
}
#: For every filter the code of what is wrong where its value cannot be understood.
FAULTS: Mapping[str, str] = {
    "after": "bad-date",
    "asof": "bad-date",
    "before": "bad-date",
    "category": "empty-field",
    "date": "bad-date",
    "has": "bad-flag",
    "heat": "bad-number",
    "is": "bad-flag",
    "like": "bad-article",
    "outlets": "bad-number",
    "quality": "bad-number",
    "site": "bad-site",
    "story": "bad-story",
    "type": "empty-field",
}
