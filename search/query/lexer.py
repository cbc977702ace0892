"""Query text to tokens: words, phrases, brackets that have a partner, and what stands before them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

from search.query.faults import MAX_CHARACTERS, MAX_DEPTH, Faults

Kind = Literal["open", "close", "minus", "field", "phrase", "chunk"]

#: Other words that a phrase lets stand in between, at most.
MAX_SLOP = 99

# What comes directly before a quote or a bracket belongs to it; everything else is a chunk, cut at blanks.
_TOKEN = re.compile(
    r"""(?x)
      (?P<open> \( )
    | (?P<close> \) )
    | (?P<minus> -+ (?=[^\s)-]) )
    | (?P<field> [A-Za-z]+: (?=["(]) )
    | (?P<phrase> "(?P<inner>[^"]*)" (?: ~(?P<slop>[0-9]+) (?![^\s"()]) )? )
    | (?P<chunk> [^\s"()]+ )
    """
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query."""

    kind: Kind
    #: As typed; of a phrase what is in the quotes, blanks folded.
    text: str
    slop: int = 0


def speakable(text: str) -> str:
    """Replace what no answer could be written with: halves of UTF-16 pairs."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def tokenize(text: str, faults: Faults) -> list[Token]:
    """Cut what is read of *text*; of the tokens, every opening bracket has a closing one, and none is too deep."""
    if len(text) > MAX_CHARACTERS:
        faults.add("query-cut")
    text = _balanced_quotes(_decoded(text[:MAX_CHARACTERS]), faults)
    tokens = [_token(match, faults) for match in _TOKEN.finditer(text)]
    ignored = _ignored_brackets(tokens, faults)
    return [token for place, token in enumerate(tokens) if place not in ignored]


def _decoded(text: str) -> str:
    """Decode entities, as seeds are decoded; what comes out is decoded too, so that no tree prints one."""
    while (decoded := html.unescape(text)) != text:
        text = decoded
    return text


def _balanced_quotes(text: str, faults: Faults) -> str:
    if text.count('"') % 2 == 0:
        return text
    faults.add("unclosed-quote")
    head, _, tail = text.rpartition('"')
    # An exclusion or a field must not lose what it stands before.
    return head + tail if head.endswith(("-", ":")) else f"{head} {tail}"


def _token(match: re.Match[str], faults: Faults) -> Token:
    if match["phrase"] is None:
        # The group's name is one of the kinds.
        return Token(match.lastgroup, match[0])  # type: ignore[arg-type] # some group matched
    slop = int((match["slop"] or "").lstrip("0")[:3] or "0")
    if slop > MAX_SLOP:
        faults.add("bad-slop", match[0])
    return Token("phrase", " ".join(match["inner"].split()), slop if slop <= MAX_SLOP else 0)


def _ignored_brackets(tokens: list[Token], faults: Faults) -> set[int]:
    """Return the places of brackets without a partner, and of those that are too deep."""
    pairs = _pairs(tokens)
    brackets = {place for place, token in enumerate(tokens) if token.kind in {"open", "close"}}
    ignored = brackets - pairs.keys() - set(pairs.values())
    if ignored:
        faults.add("unbalanced-bracket")
    closing: list[int] = []
    for opened, closed in sorted(pairs.items()):
        closing = [place for place in closing if place > opened]
        if len(closing) == MAX_DEPTH:
            faults.add("too-deep")
            ignored |= {opened, closed}
        else:
            closing.append(closed)
    return ignored


def _pairs(tokens: list[Token]) -> dict[int, int]:
    """Map the place of every opening bracket that has a partner to the partner's."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    for place, token in enumerate(tokens):
        if token.kind == "open":
            opened.append(place)
        elif token.kind == "close" and opened:
            pairs[opened.pop()] = place
    return pairs
