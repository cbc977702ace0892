"""The query language: text to tree and back, and the request around it."""

from search.query.parser import ParsedQuery, parse
from search.query.request import MAX_HITS, MAX_SIZE, SORTS, Filters, Query
from search.query.tree import *  # noqa

__all__ = [
    "MAX_HITS",
    "MAX_SIZE",
    "SORTS",
    "And",
    "Everything",
    "Filters",
    "Node",
    "Not",
    "Or",
    "ParsedQuery",
    "Phrase",
    "Query",
    "Word",
    "parse",
]
