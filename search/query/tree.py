"""The query tree: frozen values that print themselves in the query language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """Articles that hold the word, or another form of it."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        """Write the word as it was typed."""
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Articles that hold the words in this order, in these forms."""

    text: str
    slop: int = 0
    field: str | None = None

    def __str__(self) -> str:
        """Write the phrase in quotes."""
        return f'"{self.text}"'


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but."""

    node: Word | Phrase

    def __str__(self) -> str:
        """Write the exclusion."""
        return f"-{self.node}"


@dataclass(frozen=True, slots=True)
class And:
    """Articles that match every part; two parts or more."""

    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        """Write the parts next to each other."""
        return " ".join(str(node) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Or:
    """Articles that match at least one part; two parts or more."""

    nodes: tuple[Word | Phrase | Not, ...]

    def __str__(self) -> str:
        """Write the parts with ``OR`` between."""
        return " OR ".join(str(node) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Everything:
    """Every article."""

    def __str__(self) -> str:
        """Write nothing, which finds everything."""
        return ""


@dataclass(frozen=True, slots=True)
class Prefix:
    text: str
    field: str | None = None
    def __str__(self) -> str: return self.text + "*"
@dataclass(frozen=True, slots=True)
class Wildcard:
    text: str
    field: str | None = None
@dataclass(frozen=True, slots=True)
class Fuzzy:
    text: str
    distance: int = 1
    field: str | None = None
@dataclass(frozen=True, slots=True)
class Number:
    name: str
    low: int | None
    high: int | None
@dataclass(frozen=True, slots=True)
class Dates:
    first: object
    last: object
@dataclass(frozen=True, slots=True)
class Value:
    name: str
    text: str
@dataclass(frozen=True, slots=True)
class Site:
    domain: str
@dataclass(frozen=True, slots=True)
class Flag:
    name: str
@dataclass(frozen=True, slots=True)
class InStory:
    id: str


Node = Word | Phrase | Not | And | Or | Everything
