"""What Whoosh reads of a segment: its terms, and what it has of each article."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from search.articles import Article
from search.engines.whoosh.arrays import Array
from search.engines.whoosh.lexicon import Lexicon, Postings, lexicons
from search.engines.whoosh.library import (
    ColumnReader,
    FieldCursor,
    FieldType,
    Format,
    NumericColumn,
    PerDocumentReader,
    TermInfo,
    TermNotFound,
    TermsReader,
    WhooshSegment,
)
from search.engines.whoosh.matcher import ArrayMatcher, term_info
from search.engines.whoosh.schema import stored_values
from search.engines.whoosh.segment import Segment
from search.ranking import FIELDS

#: Terms whose postings are kept: Whoosh asks several times for those of one query.
_KEPT = 64


class ArrayTermsReader(TermsReader):
    """The terms of all fields, in the order of the fields' names. Safe to share between threads."""

    def __init__(self, segment: Segment) -> None:
        self._lexicons = lexicons(segment)
        self._postings = lru_cache(maxsize=_KEPT)(self._find)

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        """Tell whether an article, a deleted one included, has the term in the field."""
        return self._postings(*term) is not None

    def cursor(self, fieldname: str, fieldobj: FieldType) -> ArrayCursor:
        """Return a cursor at a field's first term."""
        return ArrayCursor(self._lexicons[fieldname], fieldobj)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Yield every field and term."""
        return self.terms_from("", b"")

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield every field and term that is not before these."""
        for name, lexicon in self._lexicons.items():
            if name >= fieldname:
                first = lexicon.bisect(prefix) if name == fieldname else 0
                yield from ((name, lexicon[place]) for place in range(first, len(lexicon)))

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Yield every field and term, with what is known of it."""
        return self.items_from("", b"")

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Yield every field and term that is not before these, with what is known of it."""
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """Return what is known of a term.

        Raises:
            KeyError: If the field has no such term, which Whoosh's reader makes a ``TermNotFound`` of, or a 0.
        """
        found = self._postings(fieldname, text)
        if found is None:
            raise KeyError((fieldname, text))
        return term_info(found)

    def matcher(self, fieldname: str, text: bytes, format_: Format, scorer: object = None) -> ArrayMatcher:
        """Return the postings of a term.

        Raises:
            TermNotFound: If the field has no such term.
        """
        found = self._postings(fieldname, text)
        if found is None:
            raise TermNotFound((fieldname, text))
        return ArrayMatcher((fieldname, text), found, self._lexicons[fieldname], format_, scorer)

    def indexed_field_names(self) -> list[str]:
        """Return the fields that have terms."""
        return [name for name, lexicon in self._lexicons.items() if len(lexicon)]

    def _find(self, fieldname: str, text: bytes) -> Postings | None:
        lexicon = self._lexicons.get(fieldname)
        return lexicon.find(text) if lexicon else None


class ArrayCursor(FieldCursor):
    """A place among the terms of a field; past the last one there is no text. Belongs to one thread."""

    def __init__(self, lexicon: Lexicon, field: FieldType) -> None:
        self._lexicon, self._field = lexicon, field
        self._place = 0

    def first(self) -> str | None:
        """Go to the first term."""
        return self._go(0)

    def find(self, string: str | bytes) -> str | None:
        """Go to the first term that is not before *string*."""
        wanted = string if isinstance(string, bytes) else self._field.to_bytes(string)
        return self._go(self._lexicon.bisect(wanted))

    def next(self) -> str | None:
        """Go to the next term."""
        return self._go(self._place + 1)

    def text(self) -> str | None:
        """Return the current term."""
        text: str | None = self._field.from_bytes(self._lexicon[self._place]) if self.is_valid() else None
        return text

    def term(self) -> str | None:
        """Return the same, under the name that other parts of Whoosh have for it."""
        return self.text()

    def term_info(self) -> TermInfo | None:
        """Return what is known of the current term."""
        found = self._lexicon.find(self._lexicon[self._place]) if self.is_valid() else None
        return None if found is None else term_info(found)

    def is_valid(self) -> bool:
        """Tell whether there is a current term."""
        return self._place < len(self._lexicon)

    def _go(self, place: int) -> str | None:
        self._place = min(place, len(self._lexicon))
        return self.text()


class ArrayPerDocumentReader(PerDocumentReader):
    """The articles of a segment. Safe to share between threads.

    Articles that are deleted later are there until Whoosh opens the segment anew.
    """

    def __init__(self, arrays: Segment, segment: WhooshSegment) -> None:
        self._segment = arrays
        # Whoosh makes a set of them for every matcher, which costs nothing where it is one.
        self._deleted = frozenset(segment.deleted_docs())

    def doc_count(self) -> int:
        """Count the articles that are not deleted."""
        return self.doc_count_all() - len(self._deleted)

    def doc_count_all(self) -> int:
        """Count the articles."""
        return len(self._segment)

    def has_deletions(self) -> bool:
        """Tell whether an article is deleted."""
        return bool(self._deleted)

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether this one is."""
        return docnum in self._deleted

    def deleted_docs(self) -> frozenset[int]:
        """Return the deleted articles."""
        return self._deleted

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return an article by field; see :func:`search.engines.whoosh.schema.stored_values`."""
        return stored_values(self._article(docnum))

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """Return how many terms an article has in a field, exactly; the default where it has none."""
        return int(self._lengths[docnum, FIELDS.index(fieldname)]) or default if fieldname in FIELDS else default

    def field_length(self, fieldname: str) -> int:
        """Return how many terms all articles have in a field."""
        return self._length_statistics.get(fieldname, (0, 0, 0))[0]

    def min_field_length(self, fieldname: str) -> int:
        """Return how many the article with the fewest has."""
        return self._length_statistics.get(fieldname, (0, 0, 0))[1]

    def max_field_length(self, fieldname: str) -> int:
        """Return how many the article with the most has."""
        return self._length_statistics.get(fieldname, (0, 0, 0))[2]

    def supports_columns(self) -> bool:
        """Say that there are columns."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Tell whether a field can be sorted by."""
        return fieldname in self._columns

    def list_columns(self) -> list[str]:
        """Return the fields that can be sorted by."""
        return list(self._columns)

    def column_reader(self, fieldname: str, _column: NumericColumn) -> ArrayColumn:
        """Return the values of a field, as :func:`search.engines.whoosh.schema.make_schema` describes them."""
        return ArrayColumn(self._columns[fieldname])

    def _article(self, docnum: int) -> Article:
        return self._segment.stored.article(docnum)

    @property
    def _lengths(self) -> Array:
        return self._segment.lengths

    @cached_property
    def _columns(self) -> dict[str, Array]:
        arrays = self._segment.arrays
        return {"published_at": ~self._segment.ages, "quality": arrays["quality"], "heat": arrays["heat"]}

    @cached_property
    def _length_statistics(self) -> dict[str, tuple[int, int, int]]:
        by_field = zip(FIELDS, self._lengths.T, strict=True)
        return {
            name: (int(column.sum()), min(column.tolist(), default=0), int(column.max(initial=0)))
            for name, column in by_field
        }


class ArrayColumn(ColumnReader):
    """A number for each article, to sort by."""

    def __init__(self, values: Array) -> None:
        self._values = values
        self._sign = 1

    def __len__(self) -> int:
        """Count the articles."""
        return len(self._values)

    def __getitem__(self, docnum: int) -> int:
        """Return the value of an article."""
        return int(self._values[docnum])

    def __iter__(self) -> Iterator[int]:
        """Iterate over all values."""
        return iter(self._values.tolist())

    def sort_key(self, docnum: int) -> int:
        """Return what orders the articles."""
        return self._sign * self[docnum]

    def set_reverse(self) -> None:
        """Turn the order round."""
        self._sign = -1
