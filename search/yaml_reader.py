"""YAML to structure, by parser events.

Nothing becomes a Python object on the way, which rules out by construction what loaders do to foreign text: code from
tags, memory from aliases, crashes from nesting, dates made of titles.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from search.markup import MAX_DEPTH, SURROGATE, Field, MarkupError


class PureParser(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's own parser, for where libyaml is not built in; brought to take tabs where libyaml does.

    What is left of their differences concerns no seed that means anything: ``:`` before a bracket, unknown directives,
    the characters of a tag, and what follows ``|`` on its line.
    """

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        """Skip tabs between tokens as well, though not where they would be indentation."""
        super().scan_to_next_token()
        while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
            self.forward()
            super().scan_to_next_token()

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> list[str]:  # noqa: ANN401
        """Fold what stands between the words of a plain scalar; a tab is a blank, but where it would be indentation."""
        found = _FOLDED.match(self.buffer, self.pointer)
        blanks, *lines = found[0].split("\n") if found else [""]
        self.forward(len(blanks))
        for line in lines:
            tab = line.find("\t")
            if 0 <= tab < indent:
                self.forward(1 + tab)
                context, fault = "while scanning a plain scalar", "found a tab character that violates indentation"
                raise yaml.scanner.ScannerError(context, start_mark, fault, self.get_mark())
            self.forward(1 + len(line))
        if lines:
            self.allow_simple_key = True
            return ["\n"] * (len(lines) - 1) or [" "]
        return [blanks] if blanks else []


Parser: Callable[[str], Any] = getattr(yaml.cyaml, "CParser", PureParser) if yaml.__with_libyaml__ else PureParser

_QUOTE = "put the value in double quotes, or see the format in the README"
_PLAIN_NULLS = {"", "~", "null", "Null", "NULL"}
_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COMMENT = re.compile(r"[ \t]+#")
# Blanks and the line ends behind them, up to a line that ends the document.
_FOLDED = re.compile(r"[ \t]*(?:\n(?!(?:---|\.\.\.)[ \t\n\0])[ \t]*)*")


def read_yaml(text: str, *, first_line: int = 1, outer_depth: int = 0, parser: Callable[[str], Any] = Parser) -> Field:
    r"""Read the one YAML document in *text*; an empty second document is let pass.

    Args:
        text: with line ends as ``\n``.
        first_line: number of the text's first line in its file.
        outer_depth: mappings and lists that the text stands in.
        parser: makes an object with ``get_event`` of the text.

    Raises:
        MarkupError: If it is not YAML, or holds what a seed may not: tags, anchors, aliases, duplicate keys, keys that
            are no text, nesting deeper than ``MAX_DEPTH``.
    """
    if found := _UNPRINTABLE.search(text):
        line, column = position(text, found.start())
        fault = f"the character {found[0]!r} is not allowed in YAML"
        raise MarkupError(line + first_line - 1, column, "unprintable", fault, "remove it, or write it as an escape")
    builder = _Builder(text, first_line - 1, outer_depth)
    source = parser(text)
    try:
        while (event := source.get_event()) is not None:
            builder.take(event)
    except yaml.MarkedYAMLError as exc:
        raise _from_yaml(exc, text, first_line - 1) from exc
    except (yaml.YAMLError, ValueError, OverflowError) as exc:
        if isinstance(exc, MarkupError):
            raise
        # Foreign exceptions of the parser in Python, which knows how far it came.
        line, column = getattr(source, "line", 0), getattr(source, "column", 0)
        raise MarkupError(first_line + line, column + 1, "yaml", f"not YAML ({exc})", _QUOTE) from exc
    root = builder.root
    return Field(None, first_line, 1) if root is None or root.value is None else root


def position(text: str, offset: int) -> tuple[int, int]:
    r"""Return line and column, from 1, of the character at *offset*.

    >>> position("ab\ncd", 4)
    (2, 2)
    """
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _from_yaml(exc: yaml.MarkedYAMLError, text: str, lines_before: int) -> MarkupError:
    # An unclosed quote or bracket is noticed at the end of the text; where it was opened is what helps.
    opened = exc.context_mark and not re.search(r"block|plain|anchor|alias|document", exc.context or "")
    mark = exc.context_mark if opened else exc.problem_mark or exc.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if mark and mark.index >= len(text):
        # The parsers disagree on where the end is, and one puts it behind the last line.
        line, column = position(text, len(text.rstrip()))
    return MarkupError(line + lines_before, column, "yaml", f"not YAML ({exc.problem})", _QUOTE)


class _Builder:
    """Events in, one :class:`Field` out. A stack of its own, so that depth costs no recursion."""

    def __init__(self, text: str, lines_before: int, outer_depth: int) -> None:
        self._text, self._lines_before, self._outer = text, lines_before, outer_depth
        self._has_comments, self._has_escapes = "#" in text, "\\" in text
        self._stack: list[dict[str, Field] | list[Field]] = []
        self._key: Field | None = None
        self.root: Field | None = None

    def take(self, event: Any) -> None:  # noqa: ANN401
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open(event, {})
        elif kind is yaml.SequenceStartEvent:
            self._open(event, [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._stack.pop()
        elif kind is yaml.AliasEvent:
            raise self._error(event, "alias", "aliases are not allowed", "write the value out")

    def _scalar(self, event: Any) -> None:  # noqa: ANN401
        if event.anchor is not None or event.tag is not None:
            self._refuse_references(event)
        text: str | None = event.value
        plain = not event.style
        if plain and text in _PLAIN_NULLS:
            text = None
        elif self._has_escapes and text and SURROGATE.search(text):
            raise self._error(event, "surrogate", "half of a surrogate pair", "write the character itself")
        if not self._stack and text is None and self.root is not None:
            return
        mark = event.start_mark
        cut = plain and self._has_comments and _COMMENT.match(self._text, event.end_mark.index) is not None
        self._add(Field(text, mark.line + self._lines_before + 1, mark.column + 1, cut))

    def _open(self, event: Any, value: dict[str, Field] | list[Field]) -> None:  # noqa: ANN401
        self._refuse_references(event)
        if len(self._stack) + self._outer >= MAX_DEPTH:
            raise self._error(event, "depth", f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        mark = event.start_mark
        field = Field(value, mark.line + self._lines_before + 1, mark.column + 1)
        self._add(field)
        self._stack.append(value)

    def _add(self, field: Field) -> None:
        """Put a key or value where it belongs; a value takes the position of its key."""
        if not self._stack:
            if self.root is not None:
                raise self._at(field, "documents", "a second document", "keep one seed in a file")
            self.root = field
            return
        parent, key = self._stack[-1], self._key
        if isinstance(parent, list):
            parent.append(field)
        elif key is None:
            self._key = self._checked_key(field, parent)
        else:
            parent[str(key.value)] = Field(field.value, key.line, key.column, field.is_cut)
            self._key = None

    def _checked_key(self, field: Field, parent: dict[str, Field]) -> Field:
        if not isinstance(field.value, str):
            raise self._at(field, "key", "a key that is no text", "use a word as the key")
        if field.value == "<<":
            raise self._at(field, "merge", "merge keys are not allowed", "write the values out")
        if field.value in parent:
            first = parent[field.value]
            # Not named: it may be part of a secret.
            fault = f"this key stands in its mapping a second time (first in line {first.line})"
            raise self._at(field, "duplicate-key", fault, "keep one of them")
        return field

    def _refuse_references(self, event: Any) -> None:  # noqa: ANN401
        if event.anchor is not None:
            raise self._error(event, "anchor", "anchors are not allowed", "remove it, or quote the value")
        if event.tag is not None:
            raise self._error(event, "tag", "tags are not allowed", "remove it, or quote the value")

    def _error(self, event: Any, code: str, fault: str, advice: str) -> MarkupError:  # noqa: ANN401
        mark = event.start_mark
        return MarkupError(mark.line + self._lines_before + 1, mark.column + 1, code, fault, advice)

    @staticmethod
    def _at(field: Field, code: str, fault: str, advice: str) -> MarkupError:
        return MarkupError(field.line, field.column, code, fault, advice)
