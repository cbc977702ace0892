"""The one door to the Whoosh library.

Its source has escapes that newer Pythons warn of when they compile it, which a user can do nothing about.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from whoosh.analysis import Analyzer, Token
    from whoosh.fields import ID, STORED, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import open_dir
    from whoosh.reading import IndexReader, ReaderClosed, TermNotFound

__all__ = [
    "ID",
    "STORED",
    "TEXT",
    "Analyzer",
    "FileStorage",
    "IndexReader",
    "ReaderClosed",
    "Schema",
    "TermNotFound",
    "Token",
    "open_dir",
]
