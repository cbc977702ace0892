"""A line of JSON to a seed by the short way, which most lines of a bulk import can take. An optimisation.

The long way (:mod:`search.json_reader`, then :mod:`search.parse`) keeps the place of every value, for the case that one
is wrong. Here C reads a line to plain values, and only what needs no second look becomes a seed: anything wrong, and
anything unusual, is left to the long way, whose answer then counts. What is answered here is what it would answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NoReturn

import orjson

from search.articles import Article, Image, Provider, Seed
from search.markup import MAX_DEPTH
from search.parse import (
    KNOWN_KEYS,
    OTHER_URL_KEYS,
    URL_KEYS,
    clean,
    is_relative,
    parse_date,
)
from search.scalars import to_boolean, to_integer, to_mark, to_size
from search.urls import article_id, check_url, domain_of

# The alternatives first, and the best last: the last one found is the one that counts.
_ALL_URL_KEYS = (*OTHER_URL_KEYS, *reversed(URL_KEYS))
_CONTAINERS = frozenset({dict, list})
_MAX_INTEGER = 999_999_999
# An escape that may be half of a character; json reads it, and orjson only with its other half.
_SPACE = " \t\n\r"
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")

Plain = dict[str, Any]


class LineParser:
    """Parses lines, and remembers the short texts that they repeat."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._providers: dict[tuple[str, str], Provider] = {}

    def parse(self, line: bytes) -> tuple[Seed, Iterable[str]] | None:
        """Return the seed of one line, and its keys that are not read; None where the long way has to say."""
        try:
            keys = _plain(line)
            seed = Seed(
                article=self._article(keys, is_own=True),
                related=self._related(keys["related"]) if "related" in keys else (),
                is_removed="removed" in keys and _flag(keys["removed"]) is True,
            )
        except (ValueError, OverflowError, RecursionError, StopIteration):
            return None
        return seed, () if KNOWN_KEYS.issuperset(keys) else keys.keys() - KNOWN_KEYS

    def _related(self, value: Any) -> tuple[Article, ...]:  # noqa: ANN401 - whatever JSON holds
        return tuple([self._article(_mapping(entry), is_own=False) for entry in _items(value)])

    def _article(self, keys: Plain, *, is_own: bool) -> Article:
        get = keys.get
        url = _url(keys)
        topics, images = get("topics"), get("images")
        return Article(
            id=article_id(url),
            url=url,
            title=_text(get("title")) or _text(get("name")) or _unusual(),
            excerpt=_text(get("excerpt")),
            provider=self._provider(_mapping(get("provider")), url),
            published_at=_date(keys),
            type=self._word(get("type")) or None,
            category=self._word(get("category")) or None,
            topics=self._topics(topics) if topics else _nothing(topics),
            quality=to_mark(_integer(get("quality"))),
            heat=to_mark(_integer(get("heat"))) if is_own else None,
            is_published=_flag(get("published")) if is_own else None,
            image=_image(images) if images else _nothing(images) or None,
        )

    def _provider(self, keys: Plain, url: str) -> Provider:
        name = self._word(keys.get("name")) or _unusual()
        domain = self._word(keys.get("domain")) or domain_of(url)
        provider = self._providers.get((name, domain))
        if provider is None:
            provider = Provider(name=name, domain=domain.lower().removeprefix("www."))
            self._providers[name, domain] = provider
        return provider

    def _topics(self, items: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever JSON holds
        return tuple(dict.fromkeys([word for item in _items(items) if (word := self._word(item))]))

    def _word(self, value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
        """Return a cleaned text of the kind that many lines have, empty where there is none."""
        if value is None:
            return ""
        if type(value) is not str:
            _unusual()
        word = self._words.get(value)
        if word is None:
            word = self._words[value] = clean(value)
        return word


def _unusual() -> NoReturn:
    raise ValueError


def _plain(line: bytes) -> Plain:
    """Return the keys of a line that is one JSON object, as it has to be.

    Raises:
        ValueError: If it is not.
    """
    keys = _scanned(line) if b"\\" in line else _loaded(line)
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH and _depth(keys) > MAX_DEPTH:
        _unusual()
    return keys


def _loaded(line: bytes) -> Plain:
    """Read a line without escapes: orjson is faster than json, and of keys that are the same it keeps one.

    Every quotation mark of such a line is an end of a string; so where all strings are there afterwards, no key was
    dropped.
    """
    keys = _mapping(orjson.loads(line))
    return keys if 2 * _count_strings(keys) == line.count(b'"') else _unusual()


def _count_strings(value: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    count, values = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    for one in values:
        if type(one) is str:
            count += 1
        elif type(one) in _CONTAINERS:
            count += _count_strings(one)
    return count


def _scanned(line: bytes) -> Plain:
    """Read a line with escapes, the pairs of every object one by one."""
    text = line.decode().strip(_SPACE)
    keys, end = _SCAN(text, 0)
    if end != len(text):
        _unusual()
    if _ESCAPED_SURROGATE.search(line):
        orjson.loads(line)
    return _mapping(keys)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Plain:
    keys = dict(pairs)
    return keys if len(keys) == len(pairs) else _unusual()


def _not_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which json reads."""
    raise ValueError(constant)


_DECODER: Any = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_not_json)
# What its decode is made of, but for two looks for white space.
_SCAN: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once


def _depth(value: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _mapping(value: Any) -> Plain:  # noqa: ANN401 - whatever JSON holds
    return value if isinstance(value, dict) else _unusual()


def _items(value: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON holds
    return [item for item in value if item is not None] if isinstance(value, list) else _unusual()


def _nothing(value: Any) -> tuple[()]:  # noqa: ANN401 - whatever JSON holds
    """Return what an empty list gives, or a missing one."""
    return () if value is None or value == [] else _unusual()


def _raw(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a text, empty for null; how a number was written is not known here any more."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _unusual()


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return clean(_raw(value)) if value else _raw(value)


def _url(keys: Plain) -> str:
    """Return the URL that counts, once all were checked."""
    checked = ""
    for key in _ALL_URL_KEYS:
        if key in keys and (url := _raw(keys[key]).strip()):
            found = check_url(url)
            checked = "" if key in OTHER_URL_KEYS else found
    return checked or _unusual()


def _date(keys: Plain) -> datetime | None:
    """Return the first date that is given, once both were checked."""
    started = _raw(keys["startDateTime"]).strip() if "startDateTime" in keys else ""
    otherwise = parse_date(started) if started else None
    published = _raw(keys.get("publishedDateTime")).strip()
    return parse_date(published) if published else otherwise


def _integer(value: Any) -> int | None:  # noqa: ANN401 - whatever JSON holds
    if type(value) is int and -_MAX_INTEGER <= value <= _MAX_INTEGER:
        return value
    text = _raw(value).strip()
    return to_integer(text) if text else None


def _flag(value: Any) -> bool | None:  # noqa: ANN401 - whatever JSON holds
    if value is True or value is False:
        return value
    text = _raw(value).strip()
    return to_boolean(text) if text else None


def _image(items: Any) -> Image | None:  # noqa: ANN401 - whatever JSON holds
    """Return the first picture with an absolute URL, once all were checked."""
    images = [_one_image(_mapping(item)) for item in _items(items)]
    return next(filter(None, images), None)


def _one_image(keys: Plain) -> Image | None:
    width, height = to_size(_integer(keys.get("width"))), to_size(_integer(keys.get("height")))
    url = _raw(keys.get("url"))
    if not url or is_relative(url):
        return None
    return Image(url=check_url(url.strip()), width=width, height=height)
