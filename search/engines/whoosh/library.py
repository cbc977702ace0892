"""The one door to the Whoosh library.

Its source has escapes that newer Pythons warn of when they compile it, which a user can do nothing about.
"""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    import whoosh.codec.whoosh3  # noqa: F401 - Whoosh imports it when it first opens an index, which is too late
    from whoosh.analysis import Analyzer, Token
    from whoosh.fields import ID, STORED, TEXT, Schema
    from whoosh.filedb.filestore import FileStorage
    from whoosh.index import EmptyIndexError, open_dir
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
    "honest",
    "open_dir",
]


@contextmanager
def honest() -> Iterator[None]:
    """Raise an OSError where Whoosh takes a folder that it cannot list for one without an index."""
    try:
        yield
    except EmptyIndexError as exc:
        raise OSError(errno.EIO, str(exc)) from exc
