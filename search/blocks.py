"""Front matter to a seed, with each distinct item of its related list parsed once. An optimisation: skip it at first.

The related lists of an archive repeat byte for byte: 161,223 entries of the one this was made for are 4,159 different
texts. A list is therefore cut at its items, and each different item parsed once. That gives what parsing the whole
gives, because of what is checked: the text before the list, every item, and the text after it are each a complete
document of the shape they need, so no quote, bracket or block can reach over a cut; anchors and aliases, the only way
in which one place of a document changes the meaning of another, are refused anywhere. Where a check fails the whole is
parsed.
"""

from __future__ import annotations

import re

from search.articles import Article, Seed
from search.errors import SeedError
from search.markup import Field, MarkupError
from search.parse import SECRET_KEY, Entry, parse_article, parse_seed, without_secret
from search.yaml_reader import read_yaml

_BOM = b"\xef\xbb\xbf"
_LIST = b"\nrelated:\n  - "
_ITEM = b"\n  - "
# A block scalar could take in the blank lines that are cut off behind a list's last item.
_BLOCK_SCALAR = re.compile(rb"[|>][-+0-9]*[ \t]*(?:#.*)?(?:\n|\Z)")
_DOCUMENT_MARK = re.compile(rb"^(?:---|\.\.\.|%)", re.MULTILINE)
_SECRET_ONLY = re.compile(rb'\n*secured: "[A-Za-z0-9+/=;]*"\n*')


class BlockReader:
    """Reads front matter, and remembers the items it has seen."""

    def __init__(self) -> None:
        self._articles: dict[bytes, Article] = {}

    def read(self, header: bytes, first_line: int, path: str) -> tuple[Seed, Field] | None:
        """Read front matter block by block, or return None where only the whole can say what it means."""
        start = header.find(_LIST)
        if start < 0:
            return None
        end = _end_of_list(header, start)
        head, tail = header[: start + 1], header[end:]
        if _DOCUMENT_MARK.search(head) or _DOCUMENT_MARK.search(tail) or tail.startswith(_BOM):
            return None
        tail_line = first_line + header.count(b"\n", 0, end)
        try:
            related = self._related(header[start + len(_LIST) : end], path)
            own = _joined(read_yaml(head.decode(), first_line=first_line), _read_tail(tail, tail_line))
            if related is None or own is None:
                return None
            seed = parse_seed(own, path)
        except (MarkupError, SeedError, UnicodeDecodeError):
            return None
        return Seed(article=seed.article, related=related, is_removed=seed.is_removed), own

    def _related(self, region: bytes, path: str) -> tuple[Article, ...] | None:
        blocks = region.rstrip(b"\n").split(_ITEM)
        known = self._articles
        for block in blocks:
            if block not in known:
                article = _article_of_block(block, path)
                if article is None:
                    return None
                known[block] = article
        return tuple([known[block] for block in blocks])


def _article_of_block(block: bytes, path: str) -> Article | None:
    """Return the article of one list item, None where it does not stand on its own."""
    if _BLOCK_SCALAR.search(block) or _DOCUMENT_MARK.search(block):
        return None
    # It stands in the seed's mapping, which counts as a level of depth.
    structure = read_yaml((_ITEM[1:] + block).decode(), outer_depth=1)
    items = structure.value
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0].value, dict):
        return None
    return parse_article(Entry(items[0], path), is_own=False)


def _end_of_list(header: bytes, start: int) -> int:
    """Return where the last lines that are not indented begin; checked by what is before and behind being whole."""
    end = len(header)
    while True:
        line_end = end - 1 if header[end - 1 : end] == b"\n" else end
        line = header.rfind(b"\n", start, line_end) + 1
        if line <= start + 1 or header[line : line + 1] in {b" ", b"\n"}:
            return end
        end = line


def _read_tail(tail: bytes, first_line: int) -> Field | None:
    """Read what is behind the list; mostly that is the ciphertext alone, which needs no parser to be passed over."""
    if not tail:
        return None
    if _SECRET_ONLY.fullmatch(tail):
        return Field({SECRET_KEY: Field(None, first_line, 1)}, first_line, 1)
    return read_yaml(tail.decode(), first_line=first_line)


def _joined(head: Field, tail: Field | None) -> Field | None:
    """Put the keys before and behind the list together, None where they are no block mapping or not all different."""
    before, behind = _block_mapping(head), _block_mapping(tail) if tail else {}
    if before is None or behind is None or before.keys() & behind.keys() or "related" in before | behind:
        return None
    return without_secret(head._replace(value=before | behind))


def _block_mapping(structure: Field) -> dict[str, Field] | None:
    """Return the keys of a mapping whose first key opens it at the line's start; one in braces goes on after a cut."""
    keys = structure.value
    if not isinstance(keys, dict) or not keys:
        return None
    first = next(iter(keys.values()))
    return keys if (first.line, first.column) == (structure.line, 1) else None
