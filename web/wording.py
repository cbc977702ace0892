"""A query's tree to words that people use, for what is shown of it beside the box it was typed into."""

from __future__ import annotations

from functools import singledispatch

from search.query import And, AsOf, Dates, Flag, InStory, Like, Node, Not, Number, Or, Phrase, Prefix, Site, Value, Word
from search.query.tree import Leaf
from web.typography import day, days

_FLAGS = {"published": "published", "unpublished": "unpublished", "image": "with an image"}


@singledispatch
def worded(node: Node) -> str:
    """Say what *node* asks for.

    >>> worded(Not(Word("night"))), worded(Site("bbc.com"))
    ('without night', 'from bbc.com')
    """
    return str(node)


@worded.register
def _(node: Not) -> str:
    return f"without {worded(node.node)}"


@worded.register
def _(node: And) -> str:
    return " and ".join(f"({worded(part)})" if isinstance(part, Or) else worded(part) for part in node.nodes)


@worded.register
def _(node: Or) -> str:
    return " or ".join(f"({worded(part)})" if isinstance(part, And) else worded(part) for part in node.nodes)


@worded.register(Word)
@worded.register(Phrase)
def _(node: Leaf) -> str:
    bare = f"“{node.text}”" if isinstance(node, Phrase) else node.text
    return f"{bare} in {node.field}" if node.field else bare


@worded.register
def _(node: Prefix) -> str:
    return f"{node.text}…" + (f" in {node.field}" if node.field else "")


@worded.register
def _(node: Site) -> str:
    return f"from {node.domain}"


@worded.register
def _(node: Dates) -> str:
    if node.first is None:
        return f"until {day(node.last)}"
    return days(node.first, node.last) if node.last else f"since {day(node.first)}"


@worded.register
def _(node: AsOf) -> str:
    return f"as of {day(node.day)}"


@worded.register
def _(node: Number) -> str:
    if node.low is None:
        return f"{node.name} at most {node.high}"
    if node.high is None:
        return f"{node.name} at least {node.low}"
    return f"{node.name} {node.low}" if node.low == node.high else f"{node.name} {node.low} to {node.high}"


@worded.register
def _(node: Value) -> str:
    return f"{node.name}: {node.text}"


@worded.register
def _(node: Flag) -> str:
    return _FLAGS.get(node.name, node.name)


@worded.register
def _(_node: InStory) -> str:
    return "in one story"


@worded.register
def _(_node: Like) -> str:
    return "like one article"
