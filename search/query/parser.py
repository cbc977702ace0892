"""Text to tree: words, "phrases", -exclusions and OR. Linear time, and never an error."""

from __future__ import annotations

import re
from dataclasses import dataclass

from search.analysis import has_terms
from search.query.tree import And, Everything, Node, Not, Or, Phrase, Word, Prefix
from search.results import Notice

#: Characters of a query that are read; the rest is cut and named in a notice.
MAX_CHARACTERS = 512
#: Words and phrases of a query that are searched.
MAX_TERMS = 64

#: Characters that a notice repeats of what was ignored.
MAX_ECHO = 40

_Leaf = Word | Phrase | Not
_TOKEN = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))|(?P<stray>["-])')


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query's text, the tree it was read as, and what had to be said about it."""

    text: str
    tree: Node
    notices: tuple[Notice, ...] = ()


def parse(text: str) -> ParsedQuery:
    """Read *text* as a query. What cannot be understood is searched as plain words.

    >>> str(parse('sensetime  -ipo "hong kong"').tree)
    'sensetime -ipo "hong kong"'
    """
    notices: list[Notice] = []
    kept = text[:MAX_CHARACTERS]
    if len(text) > MAX_CHARACTERS:
        notices.append(Notice(code="query-cut", text=f"Only the first {MAX_CHARACTERS} characters were searched."))
    if kept.count('"') % 2:
        notices.append(Notice(code="unclosed-quote", text="A quotation mark was not closed, so it was ignored."))
        head, _, tail = kept.rpartition('"')
        kept = f"{head} {tail}"
    alternatives = _alternatives(kept, notices)
    return ParsedQuery(text=text, tree=_join(alternatives), notices=tuple(notices))


def _alternatives(text: str, notices: list[Notice]) -> list[list[_Leaf]]:
    """Split into ANDed groups of ORed leaves."""
    groups: list[list[_Leaf]] = []
    ored, count, written = False, 0, 0
    ignored: list[str] = []
    for match in _TOKEN.finditer(text):
        if match["word"] == "OR" and not match["minus"] and groups:
            ored = True
            continue
        leaf = _leaf(match)
        if leaf is None:
            ignored.append(match[0])
            continue
        # What is read must also fit when the tree writes itself, which may take more blanks.
        written += len(str(leaf)) + len(" OR " if ored else " ")
        if count == MAX_TERMS or written > MAX_CHARACTERS + 1:
            notices.append(Notice(code="terms-cut", text=f"Only the first {count} words were searched."))
            break
        count += 1
        if ored:
            groups[-1].append(leaf)
        else:
            groups.append([leaf])
        ored = False
    if ignored:
        notices.append(Notice(code="nothing-to-search", text=f"There is no word in {' '.join(ignored)[:MAX_ECHO]}."))
    return groups


def _leaf(match: re.Match[str]) -> _Leaf | None:
    text = match["phrase"] if match["phrase"] is not None else match["word"]
    if text is None or not has_terms(text):
        return None
    node = Word(text) if match["phrase"] is None else Phrase(" ".join(text.split()))
    if match["phrase"] is None and text.endswith("*"): node = Prefix(text[:-1])
    return Not(node) if match["minus"] else node


def _join(groups: list[list[_Leaf]]) -> Node:
    nodes = [group[0] if len(group) == 1 else Or(tuple(group)) for group in groups]
    if not nodes:
        return Everything()
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))
