"""Words to numbers while an index is built: every distinct word is analysed and stemmed once."""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from search.analysis import MAX_TERM, stems, tokenize

#: Distinct stretches of text that are remembered; beyond that they are analysed anew.
MAX_CHUNKS = 1_000_000
#: What may stand before or behind a plain word without being part of a term.
_BEFORE, _BEHIND = '("', '.,;:!?)"'


class Tokens(NamedTuple):
    """The terms of many texts, one after the other; all arrays have one entry a term but the last."""

    #: Number of the term in the dictionary, int32.
    term: NDArray[np.int32]
    #: First character in its text, and how many characters; int32.
    start: NDArray[np.int32]
    length: NDArray[np.int32]
    #: Where the terms of each text begin, and the end; int64, shape (texts + 1,).
    texts: NDArray[np.int64]


class Dictionary:
    """Numbers for terms and stems, in the order of their arrival."""

    def __init__(self) -> None:
        self.terms: list[str] = []
        #: The stem of each term.
        self.stem_of = array("i")
        #: A hash of each term, the same in every dictionary; 64 bits.
        self.hashes = array("Q")
        self.stems: list[str] = []
        self._term_numbers: dict[str, int] = {}
        self._stem_numbers: dict[str, int] = {}
        self._chunks = _Chunks(self)
        # The same for the compiled pass, which keeps them itself.
        self._compiled: Any = None
        self._compiled_count = 0

    def number(self, term: str) -> int:
        """Return the number of a term, a new one where it was never seen."""
        number = self._term_numbers.get(term)
        return self.numbers([term])[0] if number is None else number

    def numbers(self, terms: Sequence[str]) -> list[int]:
        """Do the same for many terms that are distinct, in a fraction of the time."""
        known = self._term_numbers
        new = [term for term in terms if term not in known]
        _number(new, known, self.terms)
        stemmed, stem_numbers = stems(new), self._stem_numbers
        _number([one for one in dict.fromkeys(stemmed) if one not in stem_numbers], stem_numbers, self.stems)
        self.stem_of.extend(map(stem_numbers.__getitem__, stemmed))
        self.hashes.extend([xxhash.xxh3_64_intdigest(term.encode("utf-8", "replace")) for term in new])
        return list(map(known.__getitem__, terms))

    def tokens(self, texts: Iterable[str]) -> Tokens:
        """Analyse many texts.

        What lies between white space is analysed on its own, since no term reaches over it, and only once.
        """
        if len(self._chunks) > MAX_CHUNKS:
            self._chunks = _Chunks(self)
        parts = [text.split() for text in texts]
        counts = np.fromiter(map(len, parts), np.int64, len(parts))
        ends = np.cumsum(counts)
        chunks = np.fromiter(
            map(self._chunks.__getitem__, chain.from_iterable(parts)), np.int32, int(ends[-1]) if len(ends) else 0
        )
        return self._chunks.expand(chunks, ends - counts)

    def analyse(self, chunk: str) -> list[tuple[int, int, int]]:
        """Return the terms of a stretch without white space: number, first character and characters."""
        bare = chunk.lstrip(_BEFORE).rstrip(_BEHIND)
        if bare.isascii() and (bare.isalpha() or bare.isdigit()):
            # Most chunks are one plain word, which needs no analysis to be cut out.
            start = len(chunk) - len(chunk.lstrip(_BEFORE))
            return [(self.number(bare.lower()[:MAX_TERM]), start, len(bare))]
        return [(self.number(token.term), token.start, token.end - token.start) for token in tokenize(chunk)]

    def cut(self, passes: Any, records: bytes, sinks: tuple[bytearray, ...]) -> None:  # noqa: ANN401 - a module
        """Analyse the texts of many articles by the compiled pass, which says what goes to the *sinks*."""
        if self._compiled is None or self._compiled_count > MAX_CHUNKS:
            # A start of its own, so that nobody can write texts of which all chunks share one place.
            self._compiled = passes.make_chunks(secrets.randbits(64))
        self._compiled_count = passes.cut(self._compiled, records, self._learn, self._hashed, sinks)

    def _learn(self, words: list[str]) -> tuple[bytes, bytes]:
        numbers = self.numbers(words)
        return array("I", numbers).tobytes(), array("Q", map(self.hashes.__getitem__, numbers)).tobytes()

    def _hashed(self, chunk: str) -> list[tuple[int, int, int, int]]:
        return [(number, start, length, self.hashes[number]) for number, start, length in self.analyse(chunk)]


def _number(new: Sequence[str], numbers: dict[str, int], listed: list[str]) -> None:
    """Give *new* texts, which are distinct, the next numbers."""
    numbers.update(zip(new, range(len(listed), len(listed) + len(new)), strict=True))
    listed += new


class _Chunks(dict[str, int]):
    """Stretches of text without white space, by number, and the terms in each."""

    def __init__(self, dictionary: Dictionary) -> None:
        super().__init__()
        self._dictionary = dictionary
        self._characters = array("i")
        self._first = array("i", [0])
        self._terms, self._starts, self._lengths = array("i"), array("i"), array("i")

    def __missing__(self, chunk: str) -> int:
        number = self[chunk] = len(self)
        self._characters.append(len(chunk))
        for term, start, length in self._dictionary.analyse(chunk):
            self._terms.append(term)
            self._starts.append(start)
            self._lengths.append(length)
        self._first.append(len(self._terms))
        return number

    def expand(self, chunks: NDArray[np.int32], texts: NDArray[np.int64]) -> Tokens:
        """Put the terms of *chunks* one after the other; *texts* says with which chunk each text begins."""
        first = np.array(self._first, np.int32)
        counts = np.diff(first)[chunks]
        ends = np.zeros(len(chunks) + 1, np.int64)
        np.cumsum(counts, out=ends[1:])
        which = np.repeat(first[chunks] - ends[:-1].astype(np.int32), counts)
        which += np.arange(len(which), dtype=np.int32)
        offsets = _offsets(np.array(self._characters, np.int32)[chunks], texts)
        return Tokens(
            term=np.array(self._terms, np.int32)[which],
            start=np.array(self._starts, np.int32)[which] + np.repeat(offsets, counts),
            length=np.array(self._lengths, np.int32)[which],
            texts=ends[np.append(texts, len(chunks))],
        )


def _offsets(characters: NDArray[np.int32], texts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return where each chunk begins in its text, a single blank being between them."""
    begins = np.zeros(len(characters) + 1, np.int64)
    np.cumsum(characters + 1, out=begins[1:])
    counts = np.diff(np.append(texts, len(characters)))
    return (begins[:-1] - np.repeat(begins[texts], counts)).astype(np.int32)
