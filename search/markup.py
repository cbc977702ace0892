"""What YAML and JSON are read to: every scalar stays text, and everything knows where it stands."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Mappings and lists within each other.
MAX_DEPTH = 8

#: Half of a character, which no file or answer can be written with.
SURROGATE = re.compile("[\ud800-\udfff]")

Value = str | None | dict[str, "Field"] | list["Field"]


class Field(NamedTuple):
    """A value, and where its key (in a list: the value itself) stands; line and column count from 1."""

    value: Value
    line: int
    column: int
    #: True for a plain scalar that a ``#`` comment follows on the same line.
    is_cut: bool = False


class MarkupError(ValueError):
    """Text that is not the YAML or JSON that seeds are made of."""

    def __init__(self, line: int, column: int, code: str, fault: str, advice: str) -> None:
        self.line, self.column, self.code, self.fault, self.advice = line, column, code, fault, advice
        super().__init__(f"{line}:{column}: {fault}: {advice}")
