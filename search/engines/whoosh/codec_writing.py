"""What Whoosh writes through the codec: collected document by document and term by term, and then made into arrays.

Slower than :func:`search.engines.whoosh.inversion.invert`, and with the same outcome; for those who add to an index
with Whoosh's own writer.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.articles import Article, Image, Provider
from search.catalog import fingerprint
from search.engines.whoosh.arrays import Array, write_arrays
from search.engines.whoosh.attributes import attribute_arrays
from search.engines.whoosh.dictionary import Dictionary, Tokens
from search.engines.whoosh.grouping import Occurrences
from search.engines.whoosh.inversion import hash_titles, occurrence_arrays, pack_spans
from search.engines.whoosh.lexicon import ID_FIELD, text_starts
from search.engines.whoosh.library import FieldType, FieldWriter, Format, PerDocumentWriter, Schema
from search.engines.whoosh.schema import STORED_ONLY, as_utc
from search.errors import LedeError
from search.ranking import FIELDS

_ID = re.compile(r"[0-9a-f]{16}")
_STORED = frozenset({ID_FIELD, *FIELDS, *STORED_ONLY, "published_at", "quality", "heat"})
#: The topics, which alone may leave positions free: between one and the next.
_LAST = len(FIELDS) - 1


class UnwritableError(LedeError, ValueError):
    """Something was given to Whoosh's writer that the arrays of a segment cannot hold."""

    def __init__(self, fault: str, advice: str) -> None:
        self.fault, self.advice = fault, advice
        super().__init__(f"{fault}: {advice}")


@dataclass(slots=True)
class Collected:
    """What the two writers of a segment hand on."""

    articles: list[Article] = field(default_factory=list)


class ArrayPerDocumentWriter(PerDocumentWriter):
    """Collects the articles."""

    def __init__(self, collected: Collected) -> None:
        self._articles = collected.articles
        self._fields: dict[str, Any] | None = None
        self.is_closed = False

    def start_doc(self, docnum: int) -> None:
        """Begin an article.

        Raises:
            UnwritableError: If another was begun and, since it was refused, not finished.
        """
        if self._fields is not None or docnum != len(self._articles):
            fault = "the document before this one was refused"
            raise UnwritableError(fault, "cancel the writer, and begin anew")
        self._fields = {}

    def add_field(self, fieldname: str, _fieldobj: FieldType, value: object, length: int) -> None:
        """Take a stored field; lengths are counted when the postings come."""
        if fieldname not in _STORED and (value is not None or length):
            fault = f"segments have no field {fieldname!r}"
            raise UnwritableError(fault, f"use the fields of make_schema(): {', '.join(sorted(_STORED))}")
        if value is not None:
            self._begun[fieldname] = value

    def add_column_value(self, fieldname: str, columnobj: object, value: object) -> None:
        """Do nothing: a field with a column is stored too, and the column made of that."""

    def add_vector_items(self, fieldname: str, _fieldobj: FieldType, _items: object) -> None:
        """Refuse vectors."""
        fault = f"the field {fieldname!r} has vectors"
        raise UnwritableError(fault, "use the fields of make_schema(), which have none")

    def finish_doc(self) -> None:
        """End an article.

        Raises:
            UnwritableError: If it can be none.
        """
        self._articles.append(_article(self._begun))
        self._fields = None

    def close(self) -> None:
        """End all."""
        self.is_closed = True

    @property
    def _begun(self) -> dict[str, Any]:
        if self._fields is None:
            fault = "no document was begun"
            raise UnwritableError(fault, "call start_doc first, as Whoosh's writer does")
        return self._fields


class ArrayFieldWriter(FieldWriter):
    """Collects the postings, and writes the arrays when it is closed; nothing where the writer was cancelled."""

    def __init__(self, file: Path, collected: Collected) -> None:
        self._file, self._collected = file, collected
        self._dictionary = Dictionary()
        self._term, self._doc, self._field, self._position = array("i"), array("i"), array("B"), array("i")
        self._current: tuple[int, Format] | None = None
        self._number = 0
        self._is_complete = False
        self.is_closed = False

    def add_postings(self, schema: Schema, lengths: object, items: Iterable[object]) -> None:
        """Take all postings of the segment, which Whoosh brings at once, and only when it commits."""
        super().add_postings(schema, lengths, items)
        self._is_complete = True

    def start_field(self, fieldname: str, fieldobj: FieldType) -> None:
        """Begin a field; the ids are taken from what is stored."""
        if fieldname == ID_FIELD:
            self._current = None
        elif fieldname in FIELDS and fieldobj.format.supports("positions"):
            self._current = FIELDS.index(fieldname), fieldobj.format
        else:
            fault = f"segments have no field {fieldname!r} that is searched, or none without positions"
            raise UnwritableError(fault, f"use the fields of make_schema(): {', '.join(FIELDS)}")

    def start_term(self, text: bytes) -> None:
        """Begin a term."""
        if self._current:
            self._number = self._dictionary.number(text.decode())

    def add(self, docnum: int, weight: float, vbytes: bytes, length: int) -> None:  # noqa: ARG002 - Whoosh's signature
        """Take the postings of a term in one article."""
        if self._current is None:
            return
        number, format_ = self._current
        positions = format_.decode_positions(vbytes)
        if weight != len(positions):
            fault = "a term has a boost"
            raise UnwritableError(fault, "boost it in the query: segments have frequencies only")
        count = len(positions)
        self._position.extend(positions)
        self._term.extend([self._number] * count)
        self._doc.extend([docnum] * count)
        self._field.extend([number] * count)

    def finish_term(self) -> None:
        """End a term."""

    def close(self) -> None:
        """Write the arrays of the segment."""
        # Whoosh closes it anew when a commit failed and is cancelled, which then leaves no file.
        is_complete, self._is_complete = self._is_complete, False
        if is_complete:
            write_arrays(self._file, self._arrays())
        self.is_closed = True

    def _arrays(self) -> dict[str, Array]:
        articles = self._collected.articles
        found = self._occurrences()
        prints = {article.id: fingerprint(article) for article in articles}
        return {**occurrence_arrays(found, self._dictionary), **attribute_arrays(articles, prints)}

    def _occurrences(self) -> Occurrences:
        count = len(self._collected.articles)
        doc, field_ = np.array(self._doc, np.int32), np.array(self._field, np.uint8)
        position = np.array(self._position, np.int32)
        order = np.lexsort((position, field_, doc))
        doc, field_, position = doc[order], field_[order], position[order]
        cells = doc * np.int64(len(FIELDS)) + field_
        lengths = np.bincount(cells, minlength=count * len(FIELDS)).astype(np.uint32).reshape(-1, len(FIELDS))
        _check_positions(position, field_, lengths)
        term = np.array(self._term, np.int32)[order]
        return Occurrences(
            term=term,
            position=(position + text_starts(lengths).reshape(-1)[cells]).astype(np.int32),
            span=self._spans(lengths[:, :2]),
            lengths=lengths,
            title_hash=self._title_hashes(term[field_ == 0], lengths[:, 0]),
        )

    def _spans(self, lengths: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Find the terms of title and excerpt in what is stored of them; 0 where that is something else."""
        texts = chain.from_iterable((article.title, article.excerpt) for article in self._collected.articles)
        tokens = self._dictionary.tokens(texts)
        counts, wanted = np.diff(tokens.texts), lengths.reshape(-1)
        agrees = counts == wanted
        spans = np.zeros(int(wanted.sum()), np.uint8)
        packed = pack_spans(tokens, counts, np.zeros(len(counts), np.uint8))
        spans[np.repeat(agrees, wanted)] = packed[np.repeat(agrees, counts)]
        return spans

    def _title_hashes(self, terms: NDArray[np.int32], lengths: NDArray[np.uint32]) -> NDArray[np.uint64]:
        nowhere = np.zeros(len(terms), np.int32)
        texts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        tokens = Tokens(term=terms, start=nowhere, length=nowhere, texts=texts)
        return hash_titles(tokens, np.arange(len(lengths)), self._dictionary)


def _check_positions(position: NDArray[np.int32], field_: NDArray[np.uint8], lengths: NDArray[np.uint32]) -> None:
    """Refuse gaps, and several terms at one place, but in the last field: its neighbour's terms could lie there."""
    counts = lengths.reshape(-1).astype(np.int64)
    rank = np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)
    for number in np.unique(field_[(position != rank) & (field_ != _LAST)]).tolist():
        fault = f"the terms of the field {FIELDS[number]!r} do not follow one another"
        raise UnwritableError(fault, "give it one line of text, and use the analyzer of make_schema()")


def _article(fields: Mapping[str, Any]) -> Article:
    """Make an article of stored fields, with defaults for what is not there.

    Raises:
        UnwritableError: If there is no id, or one of another form.
    """
    id_ = fields.get(ID_FIELD)
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        fault = f"{id_!r} is no id of an article"
        raise UnwritableError(fault, "give it 16 hexadecimal digits in lower case, stored")
    moment, image, published = fields.get("published_at"), fields.get("image"), fields.get("is_published")
    return Article(
        id=id_,
        url=fields.get("url", ""),
        title=fields.get("title", ""),
        excerpt=fields.get("excerpt", ""),
        provider=Provider(name=fields.get("provider", ""), domain=fields.get("domain", "")),
        published_at=as_utc(moment) if moment else None,
        type=fields.get("type"),
        category=fields.get("category"),
        topics=_topics(fields.get("topics", "")),
        quality=fields.get("quality"),
        heat=fields.get("heat"),
        is_published=published,
        image=Image(**image) if image else None,
    )


def _topics(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
