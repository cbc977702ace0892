"""A chunk of query text as what it searches for: a word, a prefix, a pattern, a fuzzy word."""

from __future__ import annotations

import re

from search.analysis import fold_pattern, has_terms, tokenize
from search.query.faults import Faults
from search.query.tree import Fuzzy, Leaf, Prefix, Wildcard, Word

#: What joins or excludes when written in capitals.
OPERATORS = frozenset({"AND", "OR", "NOT"})
#: Letters or digits before the first ``*`` or ``?``; with fewer, too many terms would fit.
MIN_PREFIX = 2

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
FIELD = re.compile(r"(?P<name>[A-Za-z]+):(?P<value>.*)", re.DOTALL)
_FUZZY = re.compile(r"(?P<word>.+)~(?P<distance>[0-9]*)", re.DOTALL)
_PREFIX = re.compile(r"(?P<word>[^*?]+)\*+")
# A question mark at the end of a word is one.
_WILDCARD = re.compile(r"\*|\?(?=\w)")
# Dashes would be read as exclusions, and slashes behind a field as an address.
LEADING = "-/"
# As one would write it outside of quotes.
QUOTED_WILDCARD = re.compile(r"\w{2}\*|\w\?\w")
_STARS = re.compile(r"\*+")
_SIGNS = re.compile(r'[*?~()"\s]+')


def read_word(text: str, field: str | None, faults: Faults) -> list[Leaf]:
    """Read a chunk as one leaf; as plain words where it only looks like more, and as nothing where it has no term."""
    text = text.lstrip(LEADING) or text
    if ADDRESS.match(text):
        return _word(text, field, faults)
    if match := _FUZZY.fullmatch(text):
        return _read_fuzzy(match["word"], match["distance"] or "1", field, faults)
    if _WILDCARD.search(text):
        return _read_pattern(text, field, faults)
    return _word(text, field, faults)


def plain_words(text: str, field: str | None, faults: Faults) -> list[Leaf]:
    """Read a text as words and nothing else, whatever signs are in it."""
    found = [_plain(piece) for piece in _SIGNS.split(text)]
    words = [Word(_lowered(word), field) for pieces in found for word in pieces if has_terms(word)]
    if not words:
        faults.add("nothing-to-search", text)
    return list(words)


def _plain(text: str) -> list[str]:
    """Take away what would be read as an exclusion or a field."""
    text = text.lstrip(LEADING) or text
    if ADDRESS.match(text) or not FIELD.match(text):
        return [text]
    name, _, rest = text.partition(":")
    return [name, *_plain(rest)]


def _word(text: str, field: str | None, faults: Faults) -> list[Leaf]:
    if has_terms(text):
        return [Word(_lowered(text), field)]
    faults.add("nothing-to-search", text)
    return []


def _lowered(text: str) -> str:
    """Write an operator that is meant as a word in small letters, which always are a word."""
    return text.lower() if text in OPERATORS else text


def _read_fuzzy(word: str, distance: str, field: str | None, faults: Faults) -> list[Leaf]:
    if distance in {"1", "2"} and _is_term(word):
        return [Fuzzy(word, int(distance), field)]
    if has_terms(word):
        faults.add("bad-pattern" if distance in {"1", "2"} else "bad-distance", f"{word}~{distance}")
    return plain_words(word, field, faults)


def _read_pattern(text: str, field: str | None, faults: Faults) -> list[Leaf]:
    start, *rest = re.split(r"[*?]", text)
    if not has_terms(text):
        return plain_words(text, field, faults)
    if len(fold_pattern(start)) < MIN_PREFIX:
        faults.add("short-prefix", text)
        return plain_words(text, field, faults)
    if not all(_is_term(piece) for piece in [start, *filter(None, rest)]):
        faults.add("bad-pattern", text)
        return plain_words(text, field, faults)
    match = _PREFIX.fullmatch(text)
    return [Prefix(match["word"], field) if match else Wildcard(_STARS.sub("*", text), field)]


def _is_term(text: str) -> bool:
    """Tell whether the whole of *text* is one term."""
    tokens = tokenize(text)
    return len(tokens) == 1 and (tokens[0].start, tokens[0].end) == (0, len(text))
