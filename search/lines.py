"""A line of JSON to a seed by the short way, which most lines of a bulk import can take. An optimisation.

The long way (:mod:`search.json_reader`, then :mod:`search.parse`) keeps the place of every value, for the case that one
is wrong. Here C reads a line to plain values, and only what needs no second look becomes a seed: anything wrong, and
anything unusual, is left to the long way, whose answer then counts. What is answered here is what it would answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
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

_MAX_INTEGER = 999_999_999
# An escape that may be half of a character; json reads it, and orjson only with its other half.
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
                related=tuple([self._article(_mapping(entry), is_own=False) for entry in _items(keys, "related")]),
                is_removed=_flag(keys, "removed") or False,
            )
        except (ValueError, OverflowError, RecursionError):
            return None
        return seed, () if keys.keys() <= KNOWN_KEYS else keys.keys() - KNOWN_KEYS

    def _article(self, keys: Plain, *, is_own: bool) -> Article:
        url = _url(keys)
        return Article(
            id=article_id(url),
            url=url,
            title=_text(keys, "title") or _text(keys, "name") or _unusual(),
            excerpt=_text(keys, "excerpt"),
            provider=self._provider(_mapping(keys.get("provider")), url),
            published_at=_date(keys, "publishedDateTime", _date(keys, "startDateTime", None)),
            type=self._word(keys.get("type")) or None,
            category=self._word(keys.get("category")) or None,
            topics=self._topics(_items(keys, "topics")),
            quality=to_mark(_integer(keys, "quality")),
            heat=to_mark(_integer(keys, "heat")) if is_own else None,
            is_published=_flag(keys, "published") if is_own else None,
            image=_image(_items(keys, "images")),
        )

    def _provider(self, keys: Plain, url: str) -> Provider:
        name = self._word(keys.get("name")) or _unusual()
        domain = self._word(keys.get("domain")) or domain_of(url)
        provider = self._providers.get((name, domain))
        if provider is None:
            provider = Provider(name=name, domain=domain.lower().removeprefix("www."))
            self._providers[name, domain] = provider
        return provider

    def _topics(self, items: Iterable[Any]) -> tuple[str, ...]:
        return tuple(dict.fromkeys([word for item in items if (word := self._word(item))]))

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
    keys = _mapping(_DECODER.decode(line.decode()))
    if line.count(b"{") + line.count(b"[") > MAX_DEPTH and _depth(keys) > MAX_DEPTH:
        _unusual()
    if b"\\u" in line and _ESCAPED_SURROGATE.search(line):
        orjson.loads(line)
    return keys


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Plain:
    keys = dict(pairs)
    return keys if len(keys) == len(pairs) else _unusual()


def _not_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which json reads."""
    raise ValueError(constant)


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_not_json)


def _depth(value: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _mapping(value: Any) -> Plain:  # noqa: ANN401 - whatever JSON holds
    return value if isinstance(value, dict) else _unusual()


def _items(keys: Plain, key: str) -> list[Any]:
    items = keys.get(key)
    if items is None:
        return []
    return [item for item in items if item is not None] if isinstance(items, list) else _unusual()


def _raw(keys: Plain, key: str) -> str:
    """Return the text of *key*, empty where it is missing; that of a number is not known here any more."""
    value = keys.get(key)
    if value is None:
        return ""
    return value if isinstance(value, str) else _unusual()


def _text(keys: Plain, key: str) -> str:
    raw = _raw(keys, key)
    return clean(raw) if raw else ""


def _url(keys: Plain) -> str:
    """Return the URL that counts, once all were checked."""
    checked = [
        check_url(url) for key in (*URL_KEYS, *OTHER_URL_KEYS) if key in keys and (url := _raw(keys, key).strip())
    ]
    if not any(_raw(keys, key).strip() for key in URL_KEYS):
        _unusual()
    return checked[0]


def _date(keys: Plain, key: str, otherwise: datetime | None) -> datetime | None:
    text = _raw(keys, key).strip()
    return parse_date(text) if text else otherwise


def _integer(keys: Plain, key: str) -> int | None:
    value = keys.get(key)
    if type(value) is int and -_MAX_INTEGER <= value <= _MAX_INTEGER:
        return value
    text = _raw(keys, key).strip()
    return to_integer(text) if text else None


def _flag(keys: Plain, key: str) -> bool | None:
    value = keys.get(key)
    if value is True or value is False:
        return value
    text = _raw(keys, key).strip()
    return to_boolean(text) if text else None


def _image(items: Iterable[Any]) -> Image | None:
    """Return the first picture with an absolute URL, once all were checked."""
    images = [_one_image(_mapping(item)) for item in items]
    return next(filter(None, images), None)


def _one_image(keys: Plain) -> Image | None:
    width, height = to_size(_integer(keys, "width")), to_size(_integer(keys, "height"))
    url = _raw(keys, "url")
    if not url or is_relative(url):
        return None
    return Image(url=check_url(url.strip()), width=width, height=height)
