"""Our arrays as a Whoosh index, through Whoosh's own extension points.

A folder of segments is read in one of two ways:

- :func:`open_reader` makes Whoosh's reader of the names of the segments' files and of our schema, which is made in
  code. Nothing is unpickled: at worst, who can write to the folder makes a search find the wrong articles. This is the
  one for programs that search.
- ``whoosh.index.open_dir(folder)`` works too, where this package can be imported. It reads the table of contents that
  :func:`write_toc` leaves in the folder. Whoosh wants that to be a pickle, and whoever can write a pickle can run any
  command in the process that reads it. So this package writes them and never reads one; only those do who call
  ``open_dir`` themselves, or ask Whoosh for a writer: on a folder that they trust.

Whoosh can write such segments as well, with ``index.writer(codec=ArrayCodec())``, into a folder::

    index = FileStorage("folder").create().create_index(make_schema())
    with index.writer(codec=ArrayCodec()) as writer:
        writer.add_document(**stored_values(article))

Documents are numbered in the order in which they are added; :func:`search.engines.whoosh.inversion.invert` and its
callers go from the newest to the oldest. ``RamStorage`` is refused, and so are boosts, vectors, and several processes
that write one segment; ``writer(procs=2, multisegment=True)`` has each write its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from search.engines.whoosh.arrays import Arrays
from search.engines.whoosh.codec_reading import ArrayPerDocumentReader, ArrayTermsReader
from search.engines.whoosh.codec_writing import ArrayFieldWriter, ArrayPerDocumentWriter, Collected, UnwritableError
from search.engines.whoosh.library import (
    TOC,
    Codec,
    EmptyReader,
    FileStorage,
    IndexReader,
    MultiReader,
    SegmentReader,
    WhooshSegment,
)
from search.engines.whoosh.schema import make_schema
from search.engines.whoosh.segment import Segment

_EXTENSION = ".arrays"
_INDEX_NAME = "MAIN"
_GENERATION = 1


class ArraySegment(WhooshSegment):
    """What Whoosh's table of contents says of a segment: the file of its arrays, and the deleted articles.

    Args:
        file: name of the file in the index folder; None to make a new one up.
        count: articles, deleted ones included.
        deleted: numbers of the deleted ones.
    """

    def __init__(
        self, indexname: str = _INDEX_NAME, file: str | None = None, count: int = 0, deleted: Sequence[int] = ()
    ) -> None:
        super().__init__(indexname)
        self.file = file or super().segment_id() + _EXTENSION
        self._count = count
        self._deleted = {int(number) for number in deleted}
        self._open: tuple[Path, Segment] | None = None
        #: Of one that is being written.
        self.collected = Collected()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is worth keeping."""
        kept = ("indexname", "segid", "compound", "file", "_count", "_deleted")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Undo :meth:`__getstate__`."""
        self.__dict__.update(state)
        self._open, self.collected = None, Collected()

    def codec(self) -> ArrayCodec:
        """Return what opens it."""
        return ArrayCodec()

    def segment_id(self) -> str:
        """Return the name of the file before its ending, by which Whoosh tells what is still in use."""
        return self.file.partition(".")[0]

    def path(self, storage: FileStorage) -> Path:
        """Return where its file is.

        Raises:
            UnwritableError: If *storage* is no folder.
        """
        if not isinstance(storage, FileStorage):
            fault = f"{type(storage).__name__} has no files to map into memory"
            raise UnwritableError(fault, "use a FileStorage")
        return Path(storage.folder) / self.file

    def open(self, storage: FileStorage) -> Segment:
        """Map the arrays into memory, once for all readers."""
        path = self.path(storage)
        if self._open is None or self._open[0] != path:
            self._open = path, Segment(Arrays(path))
        return self._open[1]

    def should_assemble(self) -> bool:
        """Ask Whoosh not to pack the one file into another."""
        return False

    def set_doc_count(self, doccount: int) -> None:
        """Take how many articles there are."""
        self._count = doccount

    def doc_count_all(self) -> int:
        """Count the articles, deleted ones included."""
        return self._count

    def deleted_count(self) -> int:
        """Count the deleted ones."""
        return len(self._deleted)

    def deleted_docs(self) -> Iterator[int]:
        """Iterate over the deleted ones."""
        return iter(self._deleted)

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether an article is deleted."""
        return docnum in self._deleted

    def delete_document(self, docnum: int, delete: bool = True) -> None:  # noqa: FBT001, FBT002 - Whoosh's signature
        """Mark an article as deleted, or no longer."""
        (self._deleted.add if delete else self._deleted.discard)(int(docnum))


class ArrayCodec(Codec):
    """Reads and writes segments whose one file are the arrays of :mod:`search.engines.whoosh.inversion`."""

    #: While it writes, Whoosh need not tell the lengths of fields: they follow from the postings.
    length_stats = False

    def terms_reader(self, storage: FileStorage, segment: ArraySegment) -> ArrayTermsReader:
        """Return the terms of a segment."""
        return ArrayTermsReader(segment.open(storage))

    def per_document_reader(self, storage: FileStorage, segment: ArraySegment) -> ArrayPerDocumentReader:
        """Return the articles of a segment.

        Raises:
            UnwritableError: If there is no file yet: Whoosh asks before it was written only where several processes
                write one segment.
        """
        if not segment.path(storage).exists():
            fault = f"{segment.file} is not written, and cannot be merged"
            raise UnwritableError(fault, "give writer(procs=...) multisegment=True as well")
        return ArrayPerDocumentReader(segment.open(storage), segment)

    def per_document_writer(self, storage: FileStorage, segment: ArraySegment) -> ArrayPerDocumentWriter:
        """Return what collects the articles of a new segment."""
        segment.path(storage)
        return ArrayPerDocumentWriter(segment.collected)

    def field_writer(self, storage: FileStorage, segment: ArraySegment) -> ArrayFieldWriter:
        """Return what collects its postings, and writes it."""
        return ArrayFieldWriter(segment.path(storage), segment.collected)

    def new_segment(self, storage: FileStorage, indexname: str) -> ArraySegment:
        """Return a segment that is to be written."""
        segment = ArraySegment(indexname)
        # Refused here already, since Whoosh's writer holds its lock for good once it has begun.
        segment.path(storage)
        return segment


def open_reader(folder: Path, segments: Sequence[tuple[str, Sequence[int]]]) -> IndexReader:
    """Return Whoosh's reader of some segments; nothing is unpickled. Safe to share between threads, searchers are not.

    Args:
        folder: where the files are.
        segments: for each the name of its file, and its deleted articles.

    Raises:
        OSError: If a file cannot be opened, or is none of arrays.
    """
    storage, schema = FileStorage(str(folder), readonly=True), make_schema()
    readers = [SegmentReader(storage, schema, segment) for segment in _segments(folder, segments)]
    if not readers:
        return EmptyReader(schema)
    return readers[0] if len(readers) == 1 else MultiReader(readers, generation=_GENERATION)


def write_toc(folder: Path, segments: Sequence[tuple[str, Sequence[int]]]) -> None:
    """Write Whoosh's table of contents, for those who open the folder with Whoosh itself; see :func:`open_reader`.

    Whoosh reads the one of the highest generation: a folder that it has written to since has others.
    """
    # Whoosh refuses to replace one.
    (folder / f"_{_INDEX_NAME}_{_GENERATION}.toc").unlink(missing_ok=True)
    TOC(make_schema(), _segments(folder, segments), _GENERATION).write(FileStorage(str(folder)), _INDEX_NAME)


def _segments(folder: Path, segments: Sequence[tuple[str, Sequence[int]]]) -> list[ArraySegment]:
    return [
        ArraySegment(file=name, count=len(Arrays(folder / name)["id"]), deleted=deleted) for name, deleted in segments
    ]
