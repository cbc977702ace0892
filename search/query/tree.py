"""The query tree: frozen values that print themselves in the query language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """Articles that hold the word, or another form of it."""

    text: str

    def __str__(self) -> str:
        """Write the word as it was typed."""
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    """Articles that hold the words in this order, in these forms."""

    text: str

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


Node = Word | Phrase | Not | And | Or | Everything
