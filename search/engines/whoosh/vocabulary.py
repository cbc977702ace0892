"""Sorted texts in one run of bytes: terms, stems and names, found by bisection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from search import native
from search.engines.whoosh.arrays import Array

_KEY_BYTES = 8
_REMEMBERED = 1 << 14
_UNKNOWN = -1
#: How many of a byte's bits are set from the lowest on, without a gap, and from the highest on.
_LOW_ONES = np.array([len(f"{byte:08b}".rsplit("0", 1)[-1]) for byte in range(256)], np.uint8)
_HIGH_ONES = np.array([len(f"{byte:08b}".split("0", 1)[0]) for byte in range(256)], np.uint8)
#: A bit for each character of ASCII, some shared; and whether a byte begins a character.
_LETTERS = np.array([1 << byte % 64 if byte < 128 else 0 for byte in range(256)], np.uint64)  # noqa: PLR2004 - UTF-8
_IS_FIRST = np.array([byte & 0xC0 != 0x80 for byte in range(256)], np.intp)  # noqa: PLR2004


class Vocabulary:
    """Texts by number, in the order of their UTF-8 bytes. Safe to share between threads.

    The first eight bytes of each text, as a number, are kept apart: bisection over them costs no object a step.
    """

    def __init__(self, arrays: Mapping[str, Array], name: str) -> None:
        self._bytes: NDArray[np.uint8] = arrays[f"{name}.text"]
        self._starts: NDArray[np.uint32] = arrays[f"{name}.start"]
        self._keys: NDArray[np.uint64] = arrays[f"{name}.key"]
        #: As :func:`search._passes.find_text` takes them.
        self.arrays = self._bytes, self._starts, self._keys
        self._found: dict[str, int | None] = {}

    def __len__(self) -> int:
        """Count the texts."""
        return len(self._keys)

    def __getitem__(self, number: int) -> str:
        """Return a text."""
        return self.encoded(number).decode()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the texts, in order."""
        return iter(unpack_texts(self._bytes, self._starts))

    def encoded(self, number: int) -> bytes:
        """Return a text as it is stored, in UTF-8."""
        return self._bytes[self._starts[number] : self._starts[number + 1]].tobytes()

    def find(self, text: str) -> int | None:
        """Return the number of a text, None where it is not there; remembers what was asked, since words come again."""
        number = self._found.get(text, _UNKNOWN)
        if number == _UNKNOWN:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            number = self._found[text] = self._find(text)
        return number

    def _find(self, text: str) -> int | None:
        wanted = encoded(text)
        if native.passes:
            found = native.passes.find_text(self._bytes, self._starts, self._keys, wanted)
            return found if found >= 0 else None
        place = self.bisect(wanted)
        return place if place < len(self) and self.encoded(place) == wanted else None

    def starting_with(self, prefix: str) -> range:
        """Return the numbers of the texts that begin with *prefix*."""
        wanted = encoded(prefix)
        # No byte of UTF-8 is 255.
        return range(self.bisect(wanted), self.bisect(wanted + b"\xff"))

    def similar(self, text: str, edits: int) -> list[int]:
        """Return the numbers of the texts that begin with the same character and may be that few edits away.

        Some are further away: an edit changes at most two letters of those that a text has, and one of its length.
        """
        alike = self.starting_with(text[:1])
        letters, lengths = self._letters(alike)
        may = (np.bitwise_count(letters ^ _letters_of(text)) <= 2 * edits) & (np.abs(lengths - len(text)) <= edits)
        found: list[int] = (np.flatnonzero(may) + alike.start).tolist()
        return found

    def beginning_alike(self, text: str) -> list[int]:
        """Return the numbers of the texts of which a beginning may be one edit away, the first character kept.

        Some are further away: what is looked at are the first bytes alone, and of texts in other scripts their letters.
        """
        alike = self.starting_with(text[:1])
        if text.isascii():
            may = _begin_alike(self._keys[alike.start : alike.stop], text[: _KEY_BYTES - 1].encode())
        else:
            letters, lengths = self._letters(alike)
            may = (np.bitwise_count(_letters_of(text) & ~letters) <= 1) & (lengths >= len(text) - 1)
        found: list[int] = (np.flatnonzero(may) + alike.start).tolist()
        return found

    def _letters(self, texts: range) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        """Return which letters some texts have, as bits, and how many characters."""
        if not texts:
            return np.empty(0, np.uint64), np.empty(0, np.intp)
        starts = self._starts[texts.start : texts.stop + 1].astype(np.intp)
        packed = self._bytes[starts[0] : starts[-1]]
        starts -= starts[0]
        letters = np.bitwise_or.reduceat(_LETTERS.take(packed), starts[:-1])
        return letters, np.add.reduceat(_IS_FIRST.take(packed), starts[:-1])

    def bisect(self, wanted: bytes) -> int:
        """Return how many texts come before *wanted*."""
        key = _key(wanted)
        low, high = int(self._keys.searchsorted(key)), int(self._keys.searchsorted(key, "right"))
        while low < high:
            middle = (low + high) // 2
            if self.encoded(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low


def pack_texts(name: str, texts: Sequence[str]) -> dict[str, Array]:
    """Return the arrays of a vocabulary; *texts* are distinct, and sorted as :func:`in_order` does."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    sizes = np.fromiter(map(len, encoded), np.intp, len(encoded))
    starts = np.concatenate([[0], np.cumsum(sizes)])
    whole = np.frombuffer(b"".join(encoded) + bytes(_KEY_BYTES), np.uint8)
    columns = np.arange(_KEY_BYTES)
    heads = np.where(columns < sizes[:, None], whole[starts[:-1, None] + columns], np.uint8(0))
    return {
        f"{name}.text": whole[:-_KEY_BYTES],
        f"{name}.start": starts.astype(np.uint32),
        f"{name}.key": heads.view(">u8").reshape(-1).astype(np.uint64),
    }


def unpack_texts(packed: NDArray[np.uint8], starts: Array) -> list[str]:
    """Undo :func:`pack_texts`."""
    whole, bounds = packed.tobytes(), starts.tolist()
    return [whole[first:end].decode() for first, end in pairwise(bounds)]


def in_order(texts: Sequence[str]) -> list[int]:
    """Return the places of *texts* in the order of a vocabulary: that of code points, which UTF-8 keeps."""
    return sorted(range(len(texts)), key=texts.__getitem__)


def encoded(text: str) -> bytes:
    """Return a text as it would be stored: a lone surrogate is in none."""
    return text.encode("utf-8", "replace")


def _begin_alike(keys: NDArray[np.uint64], typed: bytes) -> NDArray[np.bool_]:
    """Tell which keys have a beginning that may be one edit away, or which hold more than ASCII."""
    letters = keys.astype(">u8").view(np.uint8).reshape(-1, _KEY_BYTES)
    own, size = np.frombuffer(typed, np.uint8), len(typed)
    # In place; one further on, where a letter was dropped; and one before, where one was added.
    same, further, before = (
        np.packbits(letters[:, start : start + len(part)] == part, axis=1, bitorder="little")[:, 0]
        for start, part in ((0, own), (1, own), (0, own[1:]))
    )
    alike = _LOW_ONES.take(same)
    behind = _HIGH_ONES.take(same << (8 - size))
    reached = [behind + 2, _HIGH_ONES.take(further << (8 - size)), _HIGH_ONES.take(before << (9 - size)) + 1]
    found: NDArray[np.bool_] = (alike + np.maximum.reduce(reached) >= size) | (letters > 127).any(axis=1)  # noqa: PLR2004
    return found


def _letters_of(text: str) -> np.uint64:
    found: np.uint64 = np.bitwise_or.reduce(_LETTERS.take(np.frombuffer(encoded(text), np.uint8)))
    return found


def _key(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text[:_KEY_BYTES].ljust(_KEY_BYTES, b"\0"), "big"))
