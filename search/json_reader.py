"""JSON to structure, with positions, which :mod:`json` does not give."""

from __future__ import annotations

import re
from bisect import bisect_right
from json.decoder import scanstring  # type: ignore[attr-defined] # there, and what json itself reads strings with

from search.markup import MAX_DEPTH, SURROGATE, Field, MarkupError, Value

_SPACE = re.compile(r"[ \t\n\r]*")
_LITERAL = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)


def read_json(text: str, *, first_line: int = 1) -> Field:
    """Read the one JSON value in *text*, to the same structure as YAML; numbers and booleans stay text.

    Raises:
        MarkupError: If it is not JSON (RFC 8259), has duplicate keys, or is nested deeper than ``MAX_DEPTH``.
    """
    reader = _JsonReader(text, first_line - 1)
    field, end = reader.value(reader.skip(0), depth=0)
    if reader.skip(end) != len(text):
        raise reader.error(reader.skip(end), "json", "text after the end of the JSON value", "keep one seed in a line")
    return field


class _JsonReader:
    """Recursive descent. Methods take and return offsets."""

    def __init__(self, text: str, lines_before: int) -> None:
        self._text, self._lines_before = text, lines_before
        # The line starts once, so that a position costs no look at the whole text.
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def error(self, at: int, code: str, fault: str, advice: str) -> MarkupError:
        return MarkupError(*self._position(at), code, fault, advice)

    def value(self, at: int, depth: int) -> tuple[Field, int]:
        opening = self._text[at : at + 1]
        if opening in {"{", "["} and depth >= MAX_DEPTH:
            raise self.error(at, "depth", f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        if opening == "{":
            return self._object(at, depth + 1)
        if opening == "[":
            return self._array(at, depth + 1)
        if opening == '"':
            text, end = self._string(at)
            return self._field(text, at), end
        literal = _LITERAL.match(self._text, at)
        if not literal:
            raise self.error(at, "json", "not JSON (a value was expected here)", "check quotes, commas and brackets")
        return self._field(None if literal[0] == "null" else literal[0], at), literal.end()

    def _object(self, at: int, depth: int) -> tuple[Field, int]:
        members: dict[str, Field] = {}
        opened, at = at, self.skip(at + 1)
        while self._text[at : at + 1] != "}":
            key_at = self._separated(at, first=not members)
            key, at = self._string(key_at)
            if key in members:
                fault = f"this key stands in its object a second time (first in line {members[key].line})"
                raise self.error(key_at, "duplicate-key", fault, "keep one of them")
            at = self._expect(self.skip(at), ":")
            field, at = self.value(self.skip(at), depth)
            line, column = self._position(key_at)
            members[key] = Field(field.value, line, column)
            at = self.skip(at)
        return self._field(members, opened), at + 1

    def _array(self, at: int, depth: int) -> tuple[Field, int]:
        items: list[Field] = []
        opened, at = at, self.skip(at + 1)
        while self._text[at : at + 1] != "]":
            field, at = self.value(self._separated(at, first=not items), depth)
            items.append(field)
            at = self.skip(at)
        return self._field(items, opened), at + 1

    def _string(self, at: int) -> tuple[str, int]:
        self._expect(at, '"')
        try:
            text, end = scanstring(self._text, at + 1, True)  # noqa: FBT003 - strict, by position only
        except ValueError as exc:
            raise self.error(
                at, "json", f"not JSON ({getattr(exc, 'msg', exc)})", "close the quotes and escape what is in them"
            ) from exc
        if SURROGATE.search(text):
            raise self.error(at, "surrogate", "half of a surrogate pair", "write the character itself")
        return text, end

    def _separated(self, at: int, *, first: bool) -> int:
        return at if first else self.skip(self._expect(at, ","))

    def _expect(self, at: int, character: str) -> int:
        if self._text[at : at + 1] != character:
            raise self.error(at, "json", f"not JSON ({character!r} was expected here)", "check commas and quotes")
        return at + 1

    def _field(self, value: Value, at: int) -> Field:
        return Field(value, *self._position(at))

    def _position(self, at: int) -> tuple[int, int]:
        row = bisect_right(self._starts, at) - 1
        return self._lines_before + row + 1, at - self._starts[row] + 1
