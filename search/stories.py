"""Which articles make a story: the ones that editors related to one another, unless only a weak bridge holds them.

The rule: **two groups of three articles or more that hang together by a single link, or by a single article that both
share, are two stories.** One editor's slip, or one round-up of everything, joins otherwise unrelated news; a second,
independent link is taken as meant. (In the archive this was made for 525 of 529 connected groups are exact cliques, and
the other four are cliques that share one article: there the rule gives back the cliques.)

In the terms of graphs: groups that share one article are the biconnected components (Hopcroft and Tarjan 1973,
"Efficient algorithms for graph manipulation"), and a link on its own is a bridge between two of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

#: Articles that a group needs, the shared one included, to be a story of its own.
MIN_GROUP = 3

Links = Mapping[str, AbstractSet[str]]


def group_stories(links: Links) -> list[frozenset[str]]:
    """Group articles into stories; every article is in exactly one.

    Args:
        links: for every article the ones it is related to; must be symmetric, and without an article itself.

    Returns:
        The groups in no particular order; which they are does not depend on the order of *links*.
    """
    groups: list[frozenset[str]] = []
    for component in _components(links):
        if all(len(links[article]) == len(component) - 1 for article in component):
            groups.append(frozenset(component))
        else:
            groups += _split(component, links)
    return groups


def _components(links: Links) -> Iterator[set[str]]:
    seen: set[str] = set()
    for start in links:
        if start in seen:
            continue
        component, pending = {start}, [start]
        while pending:
            new = links[pending.pop()] - component
            component |= new
            pending += new
        seen |= component
        yield component


def _split(component: set[str], links: Links) -> Iterable[frozenset[str]]:
    """Cut a connected group at its weak bridges."""
    blocks = sorted((sorted(block) for block in _biconnected(min(component), links)), key=lambda b: (-len(b), b))
    group_of: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    for block in blocks:
        # Largest first: an article that two groups share goes with the larger one.
        free = [article for article in block if article not in group_of] if len(block) >= MIN_GROUP else []
        if free:
            # What is left of a block for one article alone is no story.
            group = free[0] if len(free) > 1 else _largest(links[free[0]], group_of, sizes) or free[0]
            group_of |= dict.fromkeys(free, group)
            sizes[group] += len(free)
    for article in component:
        group_of.setdefault(article, article)
    bridges = [(first, second) for first, second, *more in blocks if not more]
    _join_by_bridges(group_of, bridges)
    _move_shared(group_of, bridges, links)
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for article, group in group_of.items():
        groups[group].add(article)
    return map(frozenset, groups.values())


def _largest(articles: Iterable[str], group_of: Mapping[str, str], sizes: Mapping[str, int]) -> str | None:
    """Return the largest group that any of *articles* is in."""
    found = {group_of[article] for article in articles if article in group_of}
    return min(found, key=lambda group: (-sizes[group], group), default=None)


def _move_shared(group_of: dict[str, str], bridges: Iterable[tuple[str, str]], links: Links) -> None:
    """Let an article that hangs in several groups, by a single link each, go with the largest of them too."""
    sizes = Counter(group_of.values())
    ends = Counter(article for bridge in bridges for article in bridge)
    for article in sorted(article for article, count in ends.items() if count == len(links[article]) > 1):
        own = group_of[article]
        if sum(group_of[other] == own for other in links[article]) == 1:
            sizes[own] -= 1
            group_of[article] = _largest(links[article], group_of, sizes) or own
            sizes[group_of[article]] += 1


def _join_by_bridges(group_of: dict[str, str], bridges: Iterable[tuple[str, str]]) -> None:
    """Join groups along single links, from the leaves inwards, where one side of a link is too small for a story."""
    tree: defaultdict[str, set[str]] = defaultdict(set)
    for first, second in bridges:
        tree[group_of[first]].add(group_of[second])
        tree[group_of[second]].add(group_of[first])
    size: defaultdict[str, int] = defaultdict(int)
    for group in group_of.values():
        size[group] += 1
    joined: dict[str, str] = {}
    seen: set[str] = set()
    for root in sorted(tree):
        if root not in seen:
            order = _from_root(root, tree)
            seen.update(group for group, _ in order)
            _join_tree(order, size, joined)
    for article, group in group_of.items():
        group_of[article] = joined.get(group, group)


def _from_root(root: str, tree: Mapping[str, AbstractSet[str]]) -> list[tuple[str, str]]:
    """List a tree's groups with their parents, parents first; the root is its own parent."""
    order, pending = [], [(root, root)]
    while pending:
        group, parent = pending.pop()
        order.append((group, parent))
        pending += [(child, group) for child in sorted(tree[group]) if child != parent]
    return order


def _join_tree(order: list[tuple[str, str]], size: Mapping[str, int], joined: dict[str, str]) -> None:
    weight = {group: size[group] for group, _ in order}
    total = sum(weight.values())
    keeps_link: dict[str, bool] = {}
    for group, parent in reversed(order):
        weak = min(weight[group], total - weight[group]) >= MIN_GROUP
        keeps_link[group] = group != parent and not weak
        if keeps_link[group]:
            weight[parent] += weight[group]
        elif group != parent:
            total -= weight[group]
    for group, parent in order:
        joined[group] = joined[parent] if keeps_link[group] else group


def _biconnected(start: str, links: Links) -> Iterator[set[str]]:
    """Yield the biconnected components of the group around *start*, links that stand alone as pairs.

    Depth first with a stack of its own; ``low`` is the earliest article that a subtree reaches back to.
    """
    depth = {start: 0}
    low = {start: 0}
    trail: list[tuple[str, str]] = []
    path = [(start, start, iter(sorted(links[start])))]
    while path:
        article, parent, neighbours = path[-1]
        for neighbour in neighbours:
            if neighbour == parent:
                continue
            if neighbour not in depth:
                depth[neighbour] = low[neighbour] = len(depth)
                trail.append((article, neighbour))
                path.append((neighbour, article, iter(sorted(links[neighbour]))))
                break
            if depth[neighbour] < depth[article]:
                low[article] = min(low[article], depth[neighbour])
                trail.append((article, neighbour))
        else:
            path.pop()
            if path:
                low[parent] = min(low[parent], low[article])
                if low[article] >= depth[parent]:
                    yield _cut_off(trail, (parent, article))


def _cut_off(trail: list[tuple[str, str]], link: tuple[str, str]) -> set[str]:
    """Take the links from the trail's end back to *link*; return the articles on them."""
    block: set[str] = set()
    while True:
        last = trail.pop()
        block.update(last)
        if last == link:
            return block
