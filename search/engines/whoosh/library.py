"""The one door to the Whoosh library.

Its source has escapes that newer Pythons warn of when they compile it, which a user can do nothing about. What reads
Whoosh's tables of contents, which are pickles, is not behind this door; see :mod:`search.engines.whoosh.codec`.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import whoosh.codec.whoosh3  # Whoosh imports these two when it first needs them, which is too late
    import whoosh.query.spans  # noqa: F401 - the second of them
    from whoosh.analysis import Analyzer, Token
    from whoosh.codec.base import Codec, FieldCursor, FieldWriter, PerDocumentReader, PerDocumentWriter, TermsReader
    from whoosh.codec.base import Segment as WhooshSegment
    from whoosh.columns import ColumnReader, NumericColumn
    from whoosh.fields import COLUMN, ID, STORED, TEXT, FieldType, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.formats import Format
    from whoosh.index import TOC
    from whoosh.matching import LeafMatcher, ReadTooFar
    from whoosh.reading import (
        EmptyReader,
        IndexReader,
        MultiReader,
        SegmentReader,
        TermInfo,
        TermNotFound,
    )

__all__ = [
    "COLUMN",
    "ID",
    "STORED",
    "TEXT",
    "TOC",
    "Analyzer",
    "Codec",
    "ColumnReader",
    "EmptyReader",
    "FieldCursor",
    "FieldType",
    "FieldWriter",
    "FileStorage",
    "Format",
    "IndexReader",
    "LeafMatcher",
    "MultiReader",
    "NumericColumn",
    "PerDocumentReader",
    "PerDocumentWriter",
    "ReadTooFar",
    "Schema",
    "SegmentReader",
    "TermInfo",
    "TermNotFound",
    "TermsReader",
    "Token",
    "WhooshSegment",
]
