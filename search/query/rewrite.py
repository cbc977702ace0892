"""What every engine asks of a tree: its scoring leaves, its looser readings, and what it names."""

from __future__ import annotations

from search.analysis import tokenize
from search.query.faults import MAX_TERMS
from search.query.tree import And, Dates, Everything, Fuzzy, Leaf, Node, Not, Or, Phrase, Prefix, Site, Wildcard, Word


def scoring_leaves(tree: Node) -> list[Leaf]:
    """Return what an article is found and ranked by, not what it must be without; each once, in order.

    >>> scoring_leaves(And((Word("rates"), Or((Word("rise"), Word("rates"))), Not(Word("fall")))))
    [Word(text='rates', field=None), Word(text='rise', field=None)]
    """
    leaves = (node for node in _positive(tree) if isinstance(node, Word | Phrase | Prefix | Wildcard | Fuzzy))
    return list(dict.fromkeys(leaves))


def any_of(tree: Node) -> Node:
    """Return the tree that one scoring leaf suffices for; exclusions and filters at the top stay required.

    A word of several terms is broken up: one of its terms is enough, too.

    >>> str(any_of(And((Word("covid-19"), Word("vaccine"), Not(Word("flu"))))))
    'covid OR 19 OR vaccine -flu'
    """
    leaves, required = split_relaxed(tree)
    parts = tuple(dict.fromkeys(part for leaf in leaves for part in _parts(leaf)))[:MAX_TERMS]
    if len(parts) < 2:  # noqa: PLR2004 - an Or needs two
        return tree
    wanted = Or(parts)
    return And((wanted, *required)) if required else wanted


def _parts(leaf: Leaf) -> tuple[Leaf, ...]:
    tokens = tokenize(leaf.text) if isinstance(leaf, Word) else []
    if len(tokens) < 2:  # noqa: PLR2004 - of one term
        return (leaf,)
    return tuple(Word(leaf.text[token.start : token.end], leaf.field) for token in tokens)


def split_relaxed(tree: Node) -> tuple[tuple[Leaf, ...], tuple[Node, ...]]:
    """Return what the relaxed fallback asks for: scoring leaves, of which half suffice, and what stays required.

    Half is rounded up. Required are the parts at the top without a scoring leaf: exclusions, filters, and what is
    joined of these alone.
    """
    parts = tree.nodes if isinstance(tree, And) else (tree,)
    required = tuple(part for part in parts if not scoring_leaves(part) and not isinstance(part, Everything))
    return tuple(scoring_leaves(tree)), required


def names_dates(tree: Node) -> bool:
    """Tell whether articles are asked for by their dates, which turns freshness off; exclusions do not count."""
    return any(isinstance(node, Dates) for node in _positive(tree))


def names_outlets(tree: Node) -> bool:
    """Tell whether articles are asked for by their outlet, which turns diversity off; exclusions do not count."""
    return any(isinstance(node, Site) or getattr(node, "field", None) == "provider" for node in _positive(tree))


def _positive(tree: Node) -> list[Node]:
    """List the leaves and filters that are not excluded."""
    if isinstance(tree, And | Or):
        return [found for node in tree.nodes for found in _positive(node)]
    return [] if isinstance(tree, Not) else [tree]
