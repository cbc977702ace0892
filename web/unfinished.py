"""A search that somebody is still typing."""

from __future__ import annotations

from msgspec.structs import replace

from search.engine import Reader
from search.query import And, Node, Prefix, Query, Word, parse


def with_last_word_begun(reader: Reader, query: Query) -> Query:
    """Return *query* with its last word as the beginning of one, where no article has all its words as they stand.

    Who types is in the middle of a word more often than at its end.
    """
    begun = parse(f"{query.parsed.text}*")
    is_word = isinstance(_last(query.parsed.tree), Word) and isinstance(_last(begun.tree), Prefix)
    if not is_word or query.match != "auto" or _finds(reader, query):
        return query
    longer = replace(query, parsed=begun)
    return longer if _finds(reader, longer) else query


def _last(tree: Node) -> Node:
    return tree.nodes[-1] if isinstance(tree, And) else tree


def _finds(reader: Reader, query: Query) -> bool:
    return reader.search(replace(query, match="all", page=1, size=1, facets=False, explain=False)).total > 0
