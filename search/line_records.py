"""Lines of JSON to the records of articles by the compiled pass, for lines that hold nothing unusual. An optimisation.

It takes a tenth of the time that the short way of :mod:`search.lines` takes, and what is answered here is what that
would answer; all other lines are left to it. Where the pass was not compiled, all are.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from search import native
from search.articles import Article

_decode = msgspec.json.Decoder(list[Article]).decode


class LineRecords(NamedTuple):
    """What was made of some lines."""

    #: Of the articles in the lines, as :func:`search.records.to_record` writes them, each once; commas between them.
    records: bytes
    #: See :func:`search.records.fingerprint`; one behind the other.
    marks: bytes
    #: The seeds as rows of :mod:`search.packs`, commas between them.
    rows: bytes
    #: Of each seed its line, counted from 1, the place of its article, and how many others it is related to.
    seeds: Sequence[int]
    #: The places of these.
    related: Sequence[int]
    #: The number, the first byte and the end of each line that is left.
    others: Sequence[int]

    def articles(self) -> list[Article]:
        """Return the articles."""
        return _decode(b"[%b]" % self.records)

    def places(self) -> Iterator[tuple[int, int, Sequence[int]]]:
        """Yield of each seed its line, the place of its article, and of those that it is related to."""
        listed, first = iter(self.seeds), 0
        for line, own, count in zip(listed, listed, listed, strict=True):
            yield line, own, self.related[first : first + count] if count else ()
            first += count

    def lines_left(self) -> Iterator[tuple[int, int, int]]:
        """Yield the number, the first byte and the end of each line that is left."""
        listed = iter(self.others)
        return zip(listed, listed, listed, strict=True)


def read_records(content: bytes) -> LineRecords | None:
    """Return the records of whole lines; None where nothing was compiled."""
    if native.passes is None:
        return None
    records, marks, rows, *numbers = native.passes.read_lines(content)
    return LineRecords(records, marks, rows, *(array("I", found) for found in numbers))
