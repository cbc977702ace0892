"""Text to terms: the same for seeds and queries, and for every engine."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import regex
import Stemmer

#: Characters of one term that are kept; a longer word is cut, the same way in seeds and queries.
MAX_TERM = 64
#: Words that hold a sentence together, and do not say what it is about: the closed classes of English, and what an
#: apostrophe may leave.
FUNCTION_WORDS = frozenset(
    """
    a about above after against all also although am an and any are as at be because been before being below between
    both but by can could did do does doing done down during each few for from had has have having he her here hers
    herself him himself his how i if in into is it its itself just ll may me might more most must my myself no
    nor not of off on only or other our ours ourselves out over own re s same shall she should so some such t than
    that the their theirs them themselves then there these they this those though through to too under unless until up
    upon ve very was we were what when where whether which while who whom whose why will with within without would you
    your yours yourself yourselves
    """.split()
)

# Scripts that set no spaces between words, or join to them what others set apart. The marks of a long vowel belong to
# no script, but stand within words.
_UNSPACED = r"[[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\u30fc\uff70]--\p{Nd}]"
# What belongs to the character before it: marks of voiced kana, and of the variant that is to be shown.
_ATTACHED = r"\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef"
# What nobody sees, and what stands within words: soft hyphens, joiners of letters and of words.
_UNSEEN = r"\u00ad\u200c\u200d\u2060\ufeff"
# What most letters are is asked first.
_LETTER = rf"[a-zA-Z[\p{{L}}--[{_UNSPACED}{_ATTACHED}]]]"
_ALPHA = rf"[a-zA-Z[[\p{{L}}\p{{M}}{_UNSEEN}]--[{_UNSPACED}{_ATTACHED}]]]"
_ALNUM = rf"[a-zA-Z0-9[[\p{{L}}\p{{N}}\p{{M}}{_UNSEEN}]--[{_UNSPACED}{_ATTACHED}]]]"
_APOSTROPHE = r"['`\u00b4\u2018\u2019\u02bc\u05f3\u05f4\uff07]"
_START = rf"(?<!{_ALNUM})"
_END = rf"(?!{_ALNUM})"

# The first alternative that fits wins, so what is written in a special way comes before plain words.
_TOKEN = regex.compile(
    rf"""(?V1x)
      (?P<acronym> {_START} (?:{_LETTER}\.)+ {_LETTER} {_END} \.?           # U.S.
                 | {_START} [Pp][Hh]\.[Dd] {_END} \.? )
    | (?P<technical> {_START} [A-Za-z] (?:\+\+ (?!{_LETTER}) | \# {_END})   # C++  C++17  C\#
                   | \.NET {_END} | (?: {_START} | (?<=\b(?:asp|ado|vb|ml)) ) \.net {_END}
                   | {_START} {_LETTER}{{1,3}} & {_LETTER}{{1,3}} {_END} )  # AT&T
    | (?P<joined> {_START} {_LETTER} [-\u2010\u2011] {_ALNUM}+ {_END} )     # e-mail
    | (?P<number> {_START} (?: \p{{Nd}}{{1,3}} (?:,\p{{Nd}}{{2,3}})* ,\p{{Nd}}{{3}} (?:\.\p{{Nd}}+)* # 10,000.5
                             | \p{{Nd}}+ (?:\.\p{{Nd}}+)+ ) {_END} )        # 1.10
    | (?P<unspaced> {_UNSPACED} [{_UNSPACED}{_ATTACHED}]* )
    | (?P<word> {_ALNUM}+ (?:{_APOSTROPHE} {_ALNUM}+)* )
    """
)
_SERIAL = regex.compile(rf"(?V1)({_ALPHA}{{3,}}+)\p{{N}}+")
# Characters of several code points, which as a rule are written as one.
_LOOSE = regex.compile(rf"(?V1)[\u1100-\u11ff{_ATTACHED}]")
_CLUSTER = regex.compile(rf"(?V1)(?:[\u1100-\u115f]+[\u1160-\u11a7]+[\u11a8-\u11ff]*|.)[{_ATTACHED}]*")
_WILDCARDS = regex.compile(r"([*?])")
# Some letters of Arabic, if they stand by themselves, are written with a space.
_INNER = str.maketrans("", "", " .-'\u2010\u2011")
_APOSTROPHES = str.maketrans(dict.fromkeys("`\u00b4\u2018\u2019\u02bb\u02bc\u02be\u02bf\u05f3\u05f4\uff07", "'"))
# Letters that Unicode does not decompose, though readers type them without the stroke, or the hook; letters of Arabic
# that are typed for one another; and the digits of other scripts.
_LETTERS = dict(
    zip("øłđðħıŧɓɗƙƴ\u0649\u06cc\u0629\u0671\u06a9", "olddhitbdky\u064a\u064a\u0647\u0627\u0643", strict=True)
)
_ZEROS = (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xED0, 0x1040, 0x17E0)
_DIGITS = {chr(zero + digit): str(digit) for zero in _ZEROS for digit in range(10)}
_STROKES = str.maketrans(_LETTERS | _DIGITS | {"æ": "ae", "œ": "oe", "þ": "th"})
# Of letters that stand by themselves; in other scripts a mark is a vowel that makes another word. Arabic and Hebrew
# write their vowels for learners only, and Arabic stretches words by a letter that says nothing.
_ACCENTS = regex.compile(
    r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef"
    r"\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    rf"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7{_UNSEEN}]+"
)
# Without its own cache of words, which takes longer than stemming them.
_stemmer = Stemmer.Stemmer("english", 0)


class Token(NamedTuple):
    """A term, and the characters of the text that it was made of."""

    term: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Cut *text* into terms, in order. Offsets count Unicode code points of *text* as it is.

    >>> [token.term for token in tokenize("The U.S. e-mails AT&T’s C++ café")]
    ['the', 'us', 'emails', 'at&t', 's', 'c++', 'cafe']
    """
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match.lastgroup == "unspaced":
            tokens += _bigrams(text, start, end)
        elif term := _term(match.lastgroup, match.group()):
            if term[-1] <= "9" and (serial := _SERIAL.fullmatch(text, start, end)):
                # A name and its number, so that Covid19 is found by Covid-19, and the other way round.
                cut = serial.end(1)
                parts = [Token(_term("word", text[a:b]), a, b) for a, b in ((start, cut), (cut, end))]
                tokens += parts if all(part.term for part in parts) else [Token(term, start, end)]
            else:
                tokens.append(Token(term, start, end))
    return tokens


def terms(text: str) -> list[str]:
    """Return the terms of *text*, in order."""
    return [token.term for token in tokenize(text)]


@lru_cache(maxsize=10_000)
def query_terms(text: str) -> tuple[str, ...]:
    """Return the terms of a short text, which are remembered, since a query is asked about more than once."""
    if text.isascii() and text.isalpha():
        # Nearly all are one plain word.
        return (text.lower()[:MAX_TERM],)
    return tuple(chain.from_iterable(map(_chunk_terms, text.split())))


@lru_cache(maxsize=100_000)
def _chunk_terms(chunk: str) -> tuple[str, ...]:
    """Return the terms of what lies between white space, which no term reaches over."""
    if chunk.isascii() and chunk.isalpha():
        # Nearly all are one plain word.
        return (chunk.lower()[:MAX_TERM],)
    return tuple(terms(chunk))


def has_terms(text: str) -> bool:
    """Tell whether there is anything in *text* to search for."""
    return bool(query_terms(text))


def fold_pattern(text: str) -> str:
    """Return a pattern as it fits terms: ``*`` and ``?`` stay, what stands between them is read like a text.

    >>> fold_pattern("CAF*"), fold_pattern("o'Br?en"), fold_pattern("U.S")
    ('caf*', 'obr?en', 'us')
    """
    return "".join(piece if piece in {"*", "?"} else "".join(terms(piece)) for piece in _WILDCARDS.split(text))


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Take away what readers do not type: case, accents, width.

    >>> fold("Straße"), fold("Ｅ́LÉGANT"), fold("Łódź")
    ('strasse', 'elegant', 'lodz')
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed).translate(_STROKES))


@lru_cache(maxsize=100_000)
def stem(term: str) -> str:
    """Return the English Snowball stem of a term, which its other forms share.

    >>> stem("elections"), stem("c++")
    ('elect', 'c++')
    """
    stemmed: str = _stemmer.stemWord(term)
    return stemmed


def stems(terms: Sequence[str]) -> list[str]:
    """Return the stems of many terms."""
    stemmed: list[str] = _stemmer.stemWords(terms)
    return stemmed


@lru_cache(maxsize=100_000)
def _term(kind: str | None, text: str) -> str:
    folded = fold(text.translate(_APOSTROPHES))
    if kind == "technical":
        return folded.replace(" ", "")[:MAX_TERM]
    if kind == "number":
        return folded.replace(",", "")[:MAX_TERM]
    if kind == "word":
        folded = folded.removesuffix("'s")
    return folded.translate(_INNER)[:MAX_TERM]


def _bigrams(text: str, start: int, end: int) -> list[Token]:
    """Overlapping pairs, since these scripts do not set spaces between words; a lone character stands for itself."""
    places: Sequence[int] = range(start, end)
    if _LOOSE.search(text, start, end):
        places = [match.start() for match in _CLUSTER.finditer(text, start, end)]
    if len(places) == 1:
        return [Token(fold(text[start:end])[:MAX_TERM], start, end)]
    ends = [*places[2:], end]
    return [Token(fold(text[at:to])[:MAX_TERM], at, to) for at, to in zip(places, ends, strict=False)]
