"""Files of arrays give back what was written, and refuse what is none."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engines.whoosh.arrays import Array, Arrays, ranges, ranks_of, write_arrays

KINDS = ("u1", "<u2", ">u4", "<u8", "i4", "<i8", ">f8", "?")
shapes = st.one_of(st.tuples(st.integers(0, 40)), st.tuples(st.integers(0, 5), st.integers(0, 5)))


@st.composite
def some_arrays(draw: st.DrawFn) -> dict[str, Array]:
    """Draw arrays of all kinds that may be written, of any shape, empty ones too."""
    names = draw(st.lists(st.text(max_size=8), unique=True, max_size=6))
    made = {}
    for name in names:
        shape = draw(shapes)
        content = draw(st.binary(min_size=8 * int(np.prod(shape)), max_size=8 * int(np.prod(shape))))
        kind = np.dtype(draw(st.sampled_from(KINDS)))
        made[name] = np.frombuffer(content, "u1").reshape(*shape, 8)[..., 0].astype(kind)
    return made


@given(some_arrays())
def test_what_was_written_is_read(arrays: dict[str, Array]) -> None:
    with TemporaryDirectory() as folder:
        write_arrays(Path(folder, "file"), arrays)
        read = Arrays(Path(folder, "file"))

        assert list(read) == list(arrays)
        assert len(read) == len(arrays)
        for name, array in arrays.items():
            assert read[name].shape == array.shape
            assert read[name].dtype == array.dtype.newbyteorder("<")
            assert read[name].tolist() == array.tolist()


def test_an_array_that_is_not_in_one_piece_is_written_in_its_order(tmp_path: Path) -> None:
    whole = np.arange(24).reshape(4, 6)

    write_arrays(tmp_path / "file", {"turned": whole.T, "every second": whole[:, ::2]})

    read = Arrays(tmp_path / "file")
    assert read["turned"].tolist() == whole.T.tolist()
    assert read["every second"].tolist() == whole[:, ::2].tolist()


def test_arrays_are_aligned_and_cannot_be_changed(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", {"a": np.ones(3, np.uint8), "b": np.ones(5, np.float64)})

    read = Arrays(tmp_path / "file")

    assert read["b"].ctypes.data % 64 == 0
    with pytest.raises(ValueError, match="read-only"):
        read["b"][0] = 2


@pytest.mark.parametrize("array", [np.array([{}], object), np.array(["text"]), np.array(["2021"], "M8[D]")])
def test_only_numbers_can_be_written(tmp_path: Path, array: Array) -> None:
    with pytest.raises(TypeError, match="cannot be written"):
        write_arrays(tmp_path / "file", {"a": array})


@pytest.mark.parametrize("content", [b"", b"LEDE", b"PK\x03\x04 something else altogether"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(OSError, match="file"):
        Arrays(tmp_path / "file")


def test_a_file_that_asks_for_objects_is_refused(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", {"a": np.ones(4, np.int64)})
    content = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(content.replace(b'"<i8"', b'"|O8"'))

    with pytest.raises(OSError, match="cannot be read"):
        Arrays(tmp_path / "file")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Arrays(tmp_path / "absent")


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9))))
def test_ranges_are_the_numbers_of_each_one_after_the_other(pairs: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in pairs], np.intp)
    counts = np.array([count for _, count in pairs], np.intp)

    assert ranges(starts, starts + counts).tolist() == [
        n for start, count in pairs for n in range(start, start + count)
    ]


@given(st.integers(0, 3).flatmap(lambda width: st.lists(st.lists(st.integers(0, 4), min_size=width, max_size=width))))
def test_rows_are_ranked_as_lists_are(listed: list[list[int]]) -> None:
    distinct = sorted(map(list, set(map(tuple, listed))))
    width = len(listed[0]) if listed else 0

    ranks = ranks_of(np.array(listed, np.int64).reshape(len(listed), width), 5)

    assert ranks.tolist() == [distinct.index(row) for row in listed]
