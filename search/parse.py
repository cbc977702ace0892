"""Structure to values: what a seed must hold, and where it does not."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from search.articles import Article, Image, Provider, Seed
from search.errors import Location, SeedError
from search.markup import Field
from search.scalars import to_boolean, to_integer, to_mark, to_size
from search.urls import article_id, check_url, domain_of

T = TypeVar("T")
Mapping = dict[str, Field]

#: Keys that are read; any other is ignored and counted.
KNOWN_KEYS = frozenset(
    "category title name excerpt publishedDateTime startDateTime originalUrl webUrl website ampWebUrl cdnAmpWebUrl "
    "type quality heat published removed provider topics images related secured".split()
)
#: Ciphertext of somebody else's: dropped here, before anything else can see it.
SECRET_KEY = "secured"  # noqa: S105 - the name of a key, not its value

#: In the order of their rank.
URL_KEYS = ("webUrl", "originalUrl", "website")
#: Checked, and not used.
OTHER_URL_KEYS = ("ampWebUrl", "cdnAmpWebUrl")
_URL_ADVICE = "use an absolute http or https URL"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\ufeff]+")
_NONCHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")
_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:(?:[Tt]|[ \t]+)([01]?\d|2[0-3])(:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
    r"[ \t]*(?:[Zz]|([-+])(\d{1,2})(?::?([0-5]\d))?)?)?",
    re.ASCII,
)
# Nearly every date: what needs no more than a look at the calendar.
_PLAIN_DATE = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)


class SeedWarning(NamedTuple):
    """Something in a good seed that its editor may not have meant."""

    where: Location
    code: str
    text: str


class Entry:
    """One mapping of a seed that describes an article: the seed's own, or a related one."""

    def __init__(self, field: Field, file: str) -> None:
        self.file, self.field = file, field
        if not isinstance(field.value, dict):
            raise self.error(field, "mapping", "not a mapping of keys to values", "write `key: value` lines")
        self.fields: Mapping = field.value

    def error(self, field: Field, code: str, fault: str, advice: str) -> SeedError:
        """Make an error that points at *field*."""
        return SeedError(Location(self.file, field.line, field.column), code, fault, advice)

    def text(self, key: str) -> str | None:
        """Return the cleaned text of *key*, None where it is missing or empty."""
        raw = self.raw(key)
        return (clean(raw) or None) if raw else None

    def raw(self, key: str) -> str | None:
        """Return the text of *key* as it stands, None where it is missing or null."""
        field = self.fields.get(key)
        if field is None or field.value is None:
            return None
        if not isinstance(field.value, str):
            raise self.error(field, "text", f"{key} is not a text", "put its value in double quotes")
        return field.value

    def value(self, key: str, convert: Callable[[str], T], advice: str) -> T | None:
        """Return *key* converted, None where it is missing or empty."""
        raw = self.raw(key)
        if raw is None or not raw.strip():
            return None
        try:
            return convert(raw.strip())
        except (ValueError, OverflowError) as exc:
            raise self.error(self.fields[key], _CODES.get(key, key), f"{key}: {exc}", advice) from exc

    def items(self, key: str) -> list[Field]:
        """Return the list under *key*, empty where it is missing."""
        field = self.fields.get(key)
        if field is None or field.value is None:
            return []
        if not isinstance(field.value, list):
            raise self.error(field, "list", f"{key} is not a list", "write its items as `- item` lines")
        return [item for item in field.value if item.value is not None]

    def entries(self, key: str) -> list[Entry]:
        """Return the mappings of the list under *key*."""
        return [Entry(item, self.file) for item in self.items(key)]


_CODES = {
    "publishedDateTime": "date",
    "startDateTime": "date",
    "quality": "integer",
    "heat": "integer",
    "width": "integer",
    "height": "integer",
    "published": "boolean",
    "removed": "boolean",
} | dict.fromkeys((*URL_KEYS, *OTHER_URL_KEYS, "url"), "url")


def parse_seed(field: Field, file: str) -> Seed:
    """Make a seed of its front matter.

    Raises:
        SeedError: At the first thing that is wrong, in the seed's own article or a related one.
    """
    entry = Entry(field, file)
    return Seed(
        article=parse_article(entry, is_own=True),
        related=tuple(parse_article(related, is_own=False) for related in entry.entries("related")),
        is_removed=_flag(entry, "removed") or False,
    )


def parse_article(entry: Entry, *, is_own: bool) -> Article:
    """Make an article of one mapping; a related one has no heat and no flags."""
    title = entry.text("title") or entry.text("name")
    if not title:
        at = entry.fields.get("title", entry.fields.get("name", entry.field))
        raise entry.error(at, "title-missing", "the title is missing", 'add `title: "..."`')
    url = _url(entry)
    heat = _integer(entry, "heat") if is_own else None
    return Article(
        id=article_id(url),
        url=url,
        title=title,
        excerpt=entry.text("excerpt") or "",
        provider=_provider(entry, url),
        published_at=_date(entry),
        type=entry.text("type"),
        category=entry.text("category"),
        topics=_topics(entry),
        quality=to_mark(_integer(entry, "quality")),
        heat=to_mark(heat),
        is_published=_flag(entry, "published") if is_own else None,
        image=_image(entry),
    )


def without_secret(structure: Field) -> Field:
    """Drop what must go no further, as soon as there is a structure to drop it from."""
    if isinstance(structure.value, dict):
        structure.value.pop(SECRET_KEY, None)
    return structure


def find_warnings(field: Field, file: str) -> list[SeedWarning]:
    """Return what a good seed says that its editor may not have meant: text lost to a ``#``."""
    found = []
    for key, value in field.value.items() if isinstance(field.value, dict) else ():
        if value.is_cut and key in {"title", "name", "excerpt", "category", "type"}:
            where = Location(file, value.line, value.column)
            text = f"what follows # in {key} is a comment in YAML: put the value in double quotes to keep it"
            found.append(SeedWarning(where, "comment", text))
    return found


def clean(text: str) -> str:
    r"""Return plain text: entities decoded, control characters gone, white space folded.

    >>> clean("AT&amp;T  says\n&#8220;no&#8221;")
    'AT&T says “no”'
    """
    # Nearly every text: nothing to decode, and no white space or control character but single blanks within.
    if text.isprintable() and "&" not in text and "  " not in text and text[:1] != " " != text[-1:]:
        return text
    if "&" in text:
        text = _NONCHARACTER.sub("", html.unescape(text))
    return " ".join(_CONTROL.sub(" ", text).split())


def parse_date(text: str) -> datetime:
    """Return the moment that a seed names; without a zone it is UTC.

    Raises:
        ValueError: If it is none.

    >>> parse_date("2021-12-09 09:49 +02:00").isoformat()
    '2021-12-09T07:49:00+00:00'
    """
    if _PLAIN_DATE.fullmatch(text):
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    match = _DATE.fullmatch(text)
    if not match:
        msg = f"{text[:40]!r} is not a date"
        raise ValueError(msg)
    day, hour, minutes, sign, zone_hour, zone_minute = match.groups()
    zone = f"{sign}{zone_hour:0>2}:{zone_minute or '00'}" if sign else "Z"
    try:
        return datetime.fromisoformat(f"{day}T{hour or '0':0>2}{minutes or ':00'}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        msg = f"{text[:40]!r} is not a date ({exc})"
        raise ValueError(msg) from exc


def _url(entry: Entry) -> str:
    for key in OTHER_URL_KEYS:
        entry.value(key, check_url, _URL_ADVICE)
    found = [entry.value(key, check_url, _URL_ADVICE) for key in URL_KEYS]
    url = next((url for url in found if url), None)
    if url is None:
        raise entry.error(entry.field, "url-missing", "the URL is missing", 'add `webUrl: "https://..."`')
    return url


def _provider(entry: Entry, url: str) -> Provider:
    field = entry.fields.get("provider")
    if field is None or field.value is None:
        raise entry.error(
            entry.field, "provider-missing", "the provider is missing", "add `provider:` with its `name:`"
        )
    if not isinstance(field.value, dict):
        raise entry.error(field, "mapping", "the provider is not a mapping of keys to values", "write `name:` below it")
    provider = Entry(field, entry.file)
    name = provider.text("name")
    if not name:
        raise entry.error(field, "provider-missing", "the provider has no name", "add `name:` to it")
    domain = (provider.text("domain") or domain_of(url)).lower()
    return Provider(name=name, domain=domain.removeprefix("www."))


def _date(entry: Entry) -> datetime | None:
    advice = "write it as 2021-12-09T07:49:00Z"
    published = entry.value("publishedDateTime", parse_date, advice)
    started = entry.value("startDateTime", parse_date, advice)
    return published or started


def _topics(entry: Entry) -> tuple[str, ...]:
    topics: dict[str, None] = {}
    for item in entry.items("topics"):
        if not isinstance(item.value, str):
            raise entry.error(item, "text", "a topic is not a text", "write it as a word, or put it in double quotes")
        if topic := clean(item.value):
            topics[topic] = None
    return tuple(topics)


def _image(entry: Entry) -> Image | None:
    """Return the first picture with an absolute URL; a relative one belongs to a site that is not known here."""
    images = [_one_image(image) for image in entry.entries("images")]
    return next(filter(None, images), None)


def _one_image(image: Entry) -> Image | None:
    width, height = _integer(image, "width"), _integer(image, "height")
    url = image.raw("url")
    if not url or is_relative(url):
        return None
    checked = image.value("url", check_url, _URL_ADVICE)
    return Image(url=checked, width=to_size(width), height=to_size(height)) if checked else None


def is_relative(url: str) -> bool:
    """Return whether *url* has no scheme, so that only its own site can say where it leads."""
    return not re.match(r"\s*[A-Za-z][A-Za-z0-9+.\-]*:", url)


def _integer(entry: Entry, key: str) -> int | None:
    return entry.value(key, to_integer, "write a whole number")


def _flag(entry: Entry, key: str) -> bool | None:
    return entry.value(key, to_boolean, "write true or false")
