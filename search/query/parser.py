"""Text to tree. Linear time, and never an error: what cannot be understood is searched as plain words, and named."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from search.analysis import has_terms
from search.query.faults import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, Faults
from search.query.lexer import Token, speakable, tokenize
from search.query.tree import Everything, Node, Not, Phrase, Word, all_of, one_of
from search.query.values import FAULTS, is_reversed, read_filter
from search.query.words import ADDRESS, FIELD, LEADING, OPERATORS, QUOTED_WILDCARD, plain_words, read_word
from search.results import Notice

__all__ = ["FIELDS", "MAX_CHARACTERS", "MAX_TERMS", "TEXT_FIELDS", "ParsedQuery", "parse"]

#: The fields of text, by their names in the language.
TEXT_FIELDS = {"title": "title", "excerpt": "excerpt", "provider": "provider", "topic": "topics"}
#: All of them, and the filters.
FIELDS = frozenset({*TEXT_FIELDS, *FAULTS})


_PLAIN = re.compile('[A-Za-z0-9 ]*|"(?P<phrase>[A-Za-z0-9]+(?: [A-Za-z0-9]+)*)"')
#: Characters of which neither too many words can be made, nor too long a tree.
_MAX_PLAIN = 2 * MAX_TERMS


class ParsedQuery(Struct, frozen=True):
    """A query's text, the tree it was read as, and what had to be said about it."""

    text: str
    tree: Node
    notices: tuple[Notice, ...] = ()


def parse(text: str) -> ParsedQuery:
    """Read *text* as a query. What cannot be understood is searched as plain words, and named in a notice.

    The tree prints itself as a text that is read as the same tree. Lone surrogates, which no answer could be written
    with, are replaced.

    >>> str(parse('title:sensetime  NOT ipo "hong kong"').tree)
    'title:sensetime -ipo "hong kong"'
    """
    if tree := _plain(text):
        return ParsedQuery(text, tree)
    text = speakable(text)
    parsed = _read(text, MAX_TERMS)
    if len(str(parsed.tree)) <= MAX_CHARACTERS:
        return parsed
    # The tree may need more characters than the text did, and must not need more than are read.
    too_many = bisect_right(range(MAX_TERMS), MAX_CHARACTERS, key=lambda limit: len(str(_read(text, limit).tree)))
    return _read(text, too_many - 1)


def _plain(text: str) -> Node | None:
    """Return the tree of a text of words, joined by OR perhaps, or of a phrase; None where it has to be read."""
    if len(text) > _MAX_PLAIN or not (match := _PLAIN.fullmatch(text)):
        return None
    if match["phrase"]:
        return Phrase(match["phrase"])
    words = text.split()
    if OPERATORS.isdisjoint(words):
        return all_of(list(map(Word, words))) if words else None
    groups: list[list[Node]] = []
    is_joined = False
    for word in words:
        if word in OPERATORS:
            if word != "OR" or is_joined or not groups:
                return None
            is_joined = True
        elif is_joined:
            groups[-1].append(Word(word))
            is_joined = False
        else:
            groups.append([Word(word)])
    return None if is_joined else all_of([one_of(group) for group in groups])


def _read(text: str, limit: int) -> ParsedQuery:
    faults = Faults()
    tree = _Reader(tokenize(text, faults), limit, faults).sequence(None, 0) or Everything()
    return ParsedQuery(text=text, tree=tree, notices=faults.notices())


class _Reader:
    """Goes through the tokens once; an opening bracket always has a closing one.

    A field, where there is one, is the name in the language of what stands before the brackets that are read.
    """

    def __init__(self, tokens: Sequence[Token], limit: int, faults: Faults) -> None:
        self._tokens, self._limit, self._faults = tokens, limit, faults
        self._at = self._count = 0
        self._is_cut = False

    def sequence(self, field: str | None, depth: int) -> Node | None:
        """Read up to a closing bracket or the end; None where there is nothing to search."""
        groups: list[list[Node]] = []
        operator = ""
        while (token := self._next()) and token.kind != "close":
            self._at += 1
            if token.kind == "chunk" and token.text in {"AND", "OR"}:
                operator = self._operator(token.text, operator, groups, field)
            elif nodes := self._operand(token, field, depth):
                if operator == "OR":
                    groups[-1].append(nodes.pop(0))
                groups += [[node] for node in nodes]
                operator = ""
        if operator and not self._is_cut:
            self._faults.add("dangling-operator", operator)
        return all_of([one_of(group) for group in groups]) if groups else None

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) and not self._is_cut else None

    def _operator(self, text: str, before: str, groups: list[list[Node]], field: str | None) -> str:
        """Return the operator that now waits for its right side; it is a word where nothing is on its left."""
        if groups and not before:
            return text
        self._faults.add("dangling-operator", text)
        if not groups:
            groups += [[node] for node in self._chunk(text, field)]
        return before

    def _operand(self, token: Token, field: str | None, depth: int) -> list[Node]:
        """Read what stands between operators; several nodes only where brackets around them would be too deep."""
        is_excluded = False
        while token.kind == "minus" or token == _NOT:
            # A dash more is a way to write one, and excludes nothing.
            is_excluded ^= token == _NOT or len(token.text) == 1
            following = self._next()
            if following is None or not _can_follow(token, following):
                return self._alone(token, field)
            token = following
            self._at += 1
        nodes = self._atom(token, field, depth)
        if nodes and depth < MAX_DEPTH:
            nodes = [all_of(nodes)]
        return [_negated(nodes[0]), *nodes[1:]] if is_excluded and nodes else nodes

    def _alone(self, token: Token, field: str | None) -> list[Node]:
        """Name an exclusion of nothing; it is a word where there is no other."""
        if self._is_cut:
            return []
        if token.kind == "minus":
            self._faults.add("lone-minus")
            return []
        self._faults.add("dangling-operator", token.text)
        return self._chunk(token.text, field) if len(self._tokens) == 1 else []

    def _atom(self, token: Token, field: str | None, depth: int) -> list[Node]:
        if token.kind == "open":
            return self._brackets(field, depth)
        if token.kind == "field":
            return self._named(token.text, field, depth)
        if token.kind == "phrase":
            return self._phrase(token, field)
        return self._chunk(token.text, field)

    def _brackets(self, field: str | None, depth: int) -> list[Node]:
        if (following := self._next()) and following.kind == "close":
            self._faults.add("nothing-to-search", "()")
        node = self.sequence(field, depth + 1)
        self._at += 1
        return [node] if node else []

    def _named(self, text: str, field: str | None, depth: int) -> list[Node]:
        """Read a field before a phrase or a bracket."""
        name, following = text[:-1].lower(), self._next()
        if following is None or following.kind not in {"open", "phrase"}:
            self._faults.add("empty-field", text)
            return self._plain(text)
        self._at += 1
        if name in FIELDS:
            return self._atom(following, name, depth)
        self._faults.add("unknown-field", text[:-1])
        return [*self._plain(text), *self._atom(following, field, depth)]

    def _phrase(self, token: Token, name: str | None) -> list[Node]:
        if name is not None and name in FAULTS:
            return self._filter(name, token.text)
        if not has_terms(token.text):
            self._faults.add("nothing-to-search", f'"{token.text}"')
            return []
        if QUOTED_WILDCARD.search(token.text):
            self._faults.add("quoted-wildcard", f'"{token.text}"')
        return self._counted([Phrase(token.text, token.slop, TEXT_FIELDS[name] if name else None)])

    def _chunk(self, text: str, name: str | None) -> list[Node]:
        """Read a chunk, which may name a field of its own."""
        if not text.strip("-"):
            self._faults.add("lone-minus")
            return []
        text = text.lstrip(LEADING) or text
        match = None if ADDRESS.match(text) else FIELD.fullmatch(text)
        if match and match["name"].lower() in FIELDS:
            name, text = match["name"].lower(), match["value"]
            if not text:
                self._faults.add("empty-field", match[0])
                return self._plain(match[0])
            text = self._bare_value(match[0], name, text)
        elif match and match["value"]:
            self._faults.add("unknown-field", match["name"])
            return self._plain(text)
        if name is not None and name in FAULTS:
            return self._filter(name, text)
        if match and (inner := FIELD.fullmatch(text)) and inner["name"].lower() in FIELDS:
            self._faults.add("inner-field", match[0])
        return self._counted(read_word(text, TEXT_FIELDS[name] if name else None, self._faults))

    def _bare_value(self, typed: str, name: str, value: str) -> str:
        """Name what looks like an exclusion or an operator, and is none behind a field; return the value without it."""
        if value in OPERATORS:
            self._faults.add("dangling-operator", value)
        if not (bare := value.lstrip("-")) or bare == value or FAULTS.get(name) == "bad-number":
            return value
        self._faults.add("inner-minus", typed)
        return bare

    def _filter(self, name: str, text: str) -> list[Node]:
        node = read_filter(name, text)
        if node and not is_reversed(node):
            return self._counted([node])
        self._faults.add("reversed-range" if node else FAULTS[name], f"{name}:{text}")
        return self._plain(f"{name}:{text}")

    def _plain(self, text: str) -> list[Node]:
        return self._counted(plain_words(text, None, self._faults))

    def _counted(self, leaves: Sequence[Node]) -> list[Node]:
        """Keep what is within the limit."""
        kept = list(leaves[: self._limit - self._count])
        self._count += len(kept)
        if len(kept) < len(leaves):
            self._is_cut = True
            self._faults.add("terms-cut" if self._limit == MAX_TERMS else "written-cut", str(self._limit))
        return kept


_NOT = Token("chunk", "NOT")


def _can_follow(token: Token, following: Token) -> bool:
    """Tell whether there is something to exclude; a word directly behind a minus is never an operator."""
    is_operator = following.kind == "chunk" and following.text in {"AND", "OR"}
    return following.kind != "close" and (token.kind == "minus" or not is_operator)


def _negated(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)
