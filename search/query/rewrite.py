"""What every engine asks of a tree: its scoring leaves, its looser readings, and what it names."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from search.analysis import FUNCTION_WORDS, query_terms, tokenize
from search.query.faults import MAX_TERMS
from search.query.tree import And, AsOf, Dates, Everything, Leaf, Like, Node, Not, Or, Phrase, Site, Word
from search.query.words import OPERATORS


def scoring_leaves(tree: Node) -> list[Leaf]:
    """Return what an article is found and ranked by, not what it must be without; each once, in order.

    >>> scoring_leaves(And((Word("rates"), Or((Word("rise"), Word("rates"))), Not(Word("fall")))))
    [Word(text='rates', field=None), Word(text='rise', field=None)]
    """
    if is_plain(tree):
        nodes = dict.fromkeys(tree.nodes if isinstance(tree, And | Or) else (tree,))
        return [node for node in nodes if isinstance(node, Leaf)]
    leaves = (leaf for node in _positive(tree) for leaf in (node.words if isinstance(node, Like) else (node,)))
    return list(dict.fromkeys(leaf for leaf in leaves if isinstance(leaf, Leaf)))


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
    texts = (leaf.text[token.start : token.end] for token in tokens)
    return tuple(Word(text.lower() if text in OPERATORS else text, leaf.field) for text in texts)


def split_relaxed(tree: Node) -> tuple[tuple[Leaf, ...], tuple[Node, ...]]:
    """Return what the relaxed fallback asks for: scoring leaves, of which half suffice, and what stays required.

    Half is rounded up. Required are the parts at the top without a scoring leaf: exclusions, filters, and what is
    joined of these alone. So is likeness, which has a measure of its own for how much of it suffices.
    """
    parts = tree.nodes if isinstance(tree, And) else (tree,)
    required = [part for part in parts if isinstance(part, Like) or not scoring_leaves(part)]
    wanted = dict.fromkeys(leaf for part in parts if part not in required for leaf in scoring_leaves(part))
    return tuple(wanted), tuple(part for part in required if not isinstance(part, Everything))


def split_most(tree: Node) -> tuple[tuple[Leaf, ...], tuple[Node, ...]]:
    """Return what :func:`split_relaxed` does, without function words where there are others: those are in everything.

    >>> split_most(And((Word("the"), Word("wombat"))))
    ((Word(text='wombat', field=None),), ())
    """
    leaves, required = split_relaxed(tree)
    return tuple(leaf for leaf in leaves if not _is_function_word(leaf)) or leaves, required


def _is_function_word(leaf: Leaf) -> bool:
    return isinstance(leaf, Word) and FUNCTION_WORDS.issuperset(query_terms(leaf.text))


def is_plain(tree: Node) -> bool:
    """Tell whether a tree is words and phrases, as nearly all are: there is no field, filter or exclusion in it."""
    for node in tree.nodes if isinstance(tree, And | Or) else (tree,):
        if (type(node) is not Word and type(node) is not Phrase) or node.field is not None:
            return False
    return True


def names_dates(tree: Node) -> bool:
    """Tell whether articles are asked for by their dates, be it that some are excluded: it turns freshness off."""
    if isinstance(tree, And | Or):
        return any(map(names_dates, tree.nodes))
    return names_dates(tree.node) if isinstance(tree, Not) else isinstance(tree, Dates)


def as_of(tree: Node) -> date | None:
    """Return the day from which ages are counted, None where it is that of the newest article.

    It is what every article must meet: a day at the top, and of several the first, since no article may be later.
    """
    parts = tree.nodes if isinstance(tree, And) else (tree,)
    return min((node.day for node in parts if isinstance(node, AsOf)), default=None)


def end_of_day(day: date) -> datetime:
    """Return the last moment of a day, UTC."""
    return datetime.combine(day, time.max, UTC)


def names_outlets(tree: Node) -> bool:
    """Tell whether articles are asked for by their outlet, which turns diversity off; exclusions do not count."""
    return any(isinstance(node, Site) or getattr(node, "field", None) == "provider" for node in _positive(tree))


def _positive(tree: Node) -> list[Node]:
    """List the leaves and filters that are not excluded."""
    if isinstance(tree, And | Or):
        return [found for node in tree.nodes for found in _positive(node)]
    return [] if isinstance(tree, Not) else [tree]
