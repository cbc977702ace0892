"""Values to readable text: dates, numbers, and the parts of a text that matched."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from search.results import Span

#: Characters of a text that a result shows; about three lines.
MAX_SHOWN = 270
#: Characters kept before the first match where the text's start has none.
_LEAD = 60

EN_DASH = "\N{EN DASH}"
# Not strftime: its names follow the server's locale, and it pads years before 1000 differently on every platform.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_INDENTATION = re.compile(r"\s*\n\s*")
#: Months and years as long as they are on average.
_UNITS = (
    ("year", timedelta(days=365.2425)),
    ("month", timedelta(days=30.436875)),
    ("week", timedelta(weeks=1)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of plain text, still to be escaped, and whether it matched."""

    text: str
    is_match: bool


def segments(text: str, spans: Sequence[Span]) -> list[Segment]:
    """Cut *text* at *spans*; put together again the pieces are the text.

    Args:
        text: plain.
        spans: in order and not overlapping, in code points; what lies beyond the text is left out.

    >>> [(piece.text, piece.is_match) for piece in segments("Rates rise again", [(0, 5)])]
    [('Rates', True), (' rise again', False)]
    """
    pieces: list[Segment] = []
    done = 0
    for start, end in spans:
        pieces += [Segment(text[done:start], is_match=False), Segment(text[start:end], is_match=True)]
        done = max(done, end)
    pieces.append(Segment(text[done:], is_match=False))
    return [piece for piece in pieces if piece.text]


def snippet(text: str, spans: Sequence[Span], *, length: int = MAX_SHOWN) -> list[Segment]:
    """Cut *text* down to about *length* characters around its first match; what is left out becomes an ellipsis."""
    if len(text) <= length:
        return segments(text, spans)
    start = _start(text, spans[0] if spans else (0, 0), length)
    end = _end(text, start + length)
    inside = [
        (max(left, start) - start, min(right, end) - start) for left, right in spans if right > start and left < end
    ]
    before = [Segment("… ", is_match=False)] if start else []
    after = [Segment(" …", is_match=False)] if end < len(text) else []
    return before + segments(text[start:end], inside) + after


def day(moment: date | None) -> str:
    """Write a day as people do.

    >>> day(date(2021, 12, 9))
    '9 December 2021'
    """
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}" if moment else "undated"


def days(first: date | None, last: date | None) -> str:
    """Write a span of days without saying anything twice.

    >>> print(days(date(2021, 12, 9), date(2021, 12, 11)).replace(EN_DASH, "to"))
    9to11 December 2021
    >>> days(date(2021, 12, 1), date(2021, 12, 31)), days(date(2021, 1, 1), date(2021, 12, 31))
    ('December 2021', '2021')
    >>> print(days(date(2019, 10, 1), date(2021, 8, 31)).replace(EN_DASH, "to"))
    October 2019 to August 2021
    """
    if first is None or last is None:
        return "undated"
    is_whole = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    return _months(first, last) if is_whole else _span(first, last)


def _months(first: date, last: date) -> str:
    """Name the months, or years, that begin with one day and end with the other."""
    if (first.month, last.month) == (1, 12):
        return str(last.year) if first.year == last.year else f"{first.year}{EN_DASH}{last.year}"
    start, end = (f"{_MONTHS[one.month - 1]} {one.year}" for one in (first, last))
    if start == end:
        return end
    return f"{start.removesuffix(f' {last.year}')} {EN_DASH} {end}"


def _span(first: date, last: date) -> str:
    if day(first) == day(last):
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{EN_DASH}{day(last)}"
    start = day(first).removesuffix(f" {last.year}") if first.year == last.year else day(first)
    return f"{start} {EN_DASH} {day(last)}"


def instant(moment: datetime) -> str:
    """Write a moment for the ``datetime`` attribute.

    >>> instant(datetime(2021, 12, 9, 7, 49, tzinfo=UTC))
    '2021-12-09T07:49:00Z'
    """
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def age(moment: datetime, now: datetime) -> str:
    """Say how long ago it was; empty for what is still to come.

    >>> age(datetime(2021, 12, 9, tzinfo=UTC), datetime(2021, 12, 11, tzinfo=UTC))
    '2 days ago'
    """
    passed = (now.astimezone(UTC).date() - moment.astimezone(UTC).date()).days
    if passed < 2:  # noqa: PLR2004 - these have names
        return {0: "today", 1: "yesterday"}.get(passed, "")
    return f"{duration(timedelta(days=passed))} ago"


def duration(passed: timedelta) -> str:
    """Write how much time passed, in the largest unit that there are two of, or in the smallest.

    >>> duration(timedelta(days=45)), duration(timedelta(hours=30)), duration(timedelta(seconds=9))
    ('6 weeks', '30 hours', '0 minutes')
    """
    for name, unit in _UNITS:
        if passed >= 2 * unit:
            return counted(passed // unit, name)
    return counted(passed // timedelta(minutes=1), "minute")


def cut(text: str, length: int = 120) -> str:
    """Return the beginning of a text that is too long for a heading.

    >>> cut("rates rise", 10), cut("rates rise again", 10)
    ('rates rise', 'rates rise…')
    """
    return text if len(text) <= length else f"{text[:length].rstrip()}…"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun.

    >>> counted(1, "story", "stories"), counted(4944, "article")
    ('1 story', '4,944 articles')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def dense(page: str) -> str:
    r"""Drop the indentation of a page without preformatted text, a tenth of its bytes.

    >>> dense("<ul>\n    <li>Rates</li>\n</ul>")
    '<ul>\n<li>Rates</li>\n</ul>'
    """
    return _INDENTATION.sub("\n", page)


def _start(text: str, first: Span, length: int) -> int:
    """Choose where to begin: at the text's start if the first match is shown then, at a word before it if not."""
    if first[1] <= length:
        return 0
    wanted = max(0, first[0] - _LEAD)
    blank = text.find(" ", wanted, first[0])
    return blank + 1 if blank >= 0 else wanted


def _end(text: str, wanted: int) -> int:
    """Choose where to end: after a whole word, if one ends near."""
    if wanted >= len(text):
        return len(text)
    blank = text.rfind(" ", wanted - _LEAD, wanted + 1)
    return blank if blank >= 0 else wanted
