"""`lede export` and `lede import`: the whole index as one file, and back."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import filelock
import pytest
import xxhash
import zstandard
from click.testing import CliRunner, Result
from factories import SeedFolder, mention, seed
from hypothesis import given, settings
from hypothesis import strategies as st

import search
from search.catalog import INDEX_FORMAT, fingerprint
from search.cli import lede
from search.engines.whoosh.archive import MAX_MANIFEST_BYTES, read_archive, write_archive
from search.errors import (
    EmptyIndexRefusedError,
    ExportError,
    ImportRefusedError,
    IndexLockedError,
    IndexWriteError,
    NoIndexError,
    ShrinkError,
)
from search.report import Report

COMMAND = (sys.executable, "-c", "from search.cli import lede; lede()")
Reindex = Callable[..., Report]
Members = dict[str, bytes]


@pytest.fixture
def indexed(folder: SeedFolder, reindexed: Reindex) -> Report:
    """Index three articles."""
    folder.write("one.md", seed("Rates rise", related=[mention("Rates fall")]))
    folder.write("two.md", seed("Snow falls"))
    return reindexed()


@pytest.fixture
def export(indexed: Report, index_path: Path, tmp_path: Path) -> Path:
    """Return an export of them."""
    file = tmp_path / "backup.lede"
    assert search.export_index(index_path, file) == indexed.generation
    return file


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Name the folder of another index."""
    return tmp_path / "elsewhere"


def served(index: Path) -> list[str]:
    with search.open_index(index) as opened:
        return sorted(hit.article.title for hit in opened.search("", size=100).hits)


def unpacked(export: Path) -> Members:
    content = zstandard.ZstdDecompressor().stream_reader(export.read_bytes()).read()
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def packed(members: Mapping[str, bytes] | list[tuple[tarfile.TarInfo, bytes]]) -> BytesIO:
    """Make an archive of files, or of anything at all."""
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, data in (
            [(regular(*item), item[1]) for item in members.items()] if isinstance(members, Mapping) else members
        ):
            archive.addfile(member, BytesIO(data))
    return BytesIO(zstandard.compress(content.getvalue()))


def regular(name: str, data: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member


def sealed(members: Members, **changes: Any) -> Members:
    """Make the manifest fit the other files, as whoever wants to do harm would."""
    files = {name: xxhash.xxh3_128(data).hexdigest() for name, data in members.items() if name != "MANIFEST.json"}
    manifest = json.loads(members["MANIFEST.json"]) | {"files": files} | changes
    return {"MANIFEST.json": json.dumps(manifest).encode()} | {name: members[name] for name in files}


def refusal(content: BytesIO, index: Path) -> str:
    with pytest.raises(ImportRefusedError) as caught:
        search.import_index(content, index)
    left = list((index / "generations").glob("*"))
    assert not (index / "CURRENT").exists()
    assert left == []
    return caught.value.fault


# There and back


def test_another_machine_serves_the_same(export: Path, elsewhere: Path, index_path: Path, indexed: Report) -> None:
    assert search.import_index(export, elsewhere) == indexed.generation

    with search.open_index(index_path) as mine, search.open_index(elsewhere) as its:
        assert its.generation == mine.generation
        assert [hit.score for hit in its.search("rates").hits] == [hit.score for hit in mine.search("rates").hits]
    assert served(elsewhere) == ["Rates fall", "Rates rise", "Snow falls"]


def test_whoosh_itself_opens_what_was_imported(export: Path, elsewhere: Path) -> None:
    """Its table of contents, a pickle, is not taken from the file but made here."""
    search.import_index(export, elsewhere)
    generation = (elsewhere / "CURRENT").read_text().split()[0]

    assert not any(name.endswith(".toc") for name in unpacked(export))
    program = "import sys, whoosh.index, search; print(whoosh.index.open_dir(sys.argv[1]).doc_count())"
    command = [sys.executable, "-W", "ignore", "-c", program, str(elsewhere / "generations" / generation)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "3\n"


def test_an_export_is_an_archive_that_tar_lists(export: Path) -> None:
    assert next(iter(unpacked(export))) == "MANIFEST.json"
    assert json.loads(unpacked(export)["MANIFEST.json"])["format"] == INDEX_FORMAT


def test_everything_but_the_pickle_is_exported(export: Path, index_path: Path) -> None:
    generation = (index_path / "CURRENT").read_text().split()[0]
    files = {file.name for file in (index_path / "generations" / generation).iterdir()}

    assert {name for name in files if not name.endswith(".toc")} == unpacked(export).keys()


def test_a_server_follows_an_import(export: Path, elsewhere: Path, folder: SeedFolder) -> None:
    other = SeedFolder(folder.path.parent / "other")
    other.write("old.md", seed("Old"))
    search.reindex(other.path, elsewhere)
    with search.open_index(elsewhere) as index:
        search.import_index(export, elsewhere)

        assert index.search("old").total == 1
        assert index.refresh()
        assert index.search("snow").total == 1


# Reindexing afterwards


def test_a_reindex_of_the_same_seeds_publishes_nothing_new(export: Path, elsewhere: Path, folder: SeedFolder) -> None:
    generation = search.import_index(export, elsewhere)
    before = (elsewhere / "CURRENT").read_text()

    report = search.reindex(folder.path, elsewhere)

    assert (report.generation, report.added, report.changed, report.removed) == (generation, 0, 0, 0)
    assert (elsewhere / "CURRENT").read_text() == before


def test_a_reindex_goes_on_from_what_was_imported(export: Path, elsewhere: Path, folder: SeedFolder) -> None:
    """A small change is a small segment, as ever."""
    folder.write("many.jsonl", "\n".join(json.dumps(lone(n)) for n in range(100)))
    search.reindex(folder.path, elsewhere / "first")
    search.export_index(elsewhere / "first", export)
    search.import_index(export, elsewhere)
    folder.write("three.md", seed("Three"))
    folder.remove("two.md")

    report = search.reindex(folder.path, elsewhere)

    assert (report.added, report.removed) == (1, 1)
    assert "Three" in served(elsewhere)
    assert "Snow falls" not in served(elsewhere)
    generation = (elsewhere / "CURRENT").read_text().split()[0]
    assert len(list((elsewhere / "generations" / generation).glob("segment-*"))) == 2


def lone(number: int) -> dict[str, Any]:
    return {"title": f"Number {number}", "webUrl": f"https://a.example/{number}", "provider": {"name": "A"}}


def test_an_import_over_other_news_is_mended_by_a_reindex(
    export: Path, index_path: Path, folder: SeedFolder, reindexed: Reindex
) -> None:
    """What is remembered of the seeds is of another generation then."""
    folder.write("two.md", seed("Snow melts"))
    reindexed()
    search.import_index(export, index_path)
    assert "Snow falls" in served(index_path)

    report = reindexed()

    assert report.files.read == 0
    assert served(index_path) == ["Rates fall", "Rates rise", "Snow melts"]


def test_many_imports_take_no_last_good_version_away(
    export: Path, index_path: Path, folder: SeedFolder, reindexed: Reindex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though none of what was published by then is left."""
    monkeypatch.setattr("search.cache.MAX_DOUBLE", 0)
    folder.write("two.md", seed("Snow melts"))
    reindexed()
    for _ in range(3):
        search.import_index(export, index_path)
    folder.write("two.md", "---\ntitle: [unclosed\n---\n")

    reindexed()

    assert served(index_path) == ["Rates fall", "Rates rise", "Snow melts"]


def test_seeds_that_are_not_there_do_not_take_away_what_was_imported(export: Path, elsewhere: Path) -> None:
    search.import_index(export, elsewhere)
    empty = SeedFolder(elsewhere / "seeds")

    with pytest.raises(EmptyIndexRefusedError):
        search.reindex(empty.path, elsewhere)
    empty.write("one.md", seed("Lonely"))
    with pytest.raises(ShrinkError, match="--force"):
        search.reindex(empty.path, elsewhere)
    search.reindex(empty.path, elsewhere, force=True)

    assert served(elsewhere) == ["Lonely"]


# Foreign input


@pytest.mark.parametrize(
    "name",
    ["../evil", "/evil", "a/b", "..", ".", "", "CURRENT", "_MAIN_1.toc", "segment-00000000.arrays\n", "x" * 300],
)
def test_a_name_that_no_index_has_is_refused(export: Path, elsewhere: Path, name: str) -> None:
    members = unpacked(export)

    found = refusal(packed(members | {name: b"x"}), elsewhere)
    announced = refusal(packed(sealed(members | {name: b"x"})), elsewhere)

    assert "which is no file of an index" in found or "ends too early" in found
    assert announced == "its manifest is none of Lede's"


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, b"S", b"L"],
)
def test_what_is_no_regular_file_is_refused(export: Path, elsewhere: Path, kind: bytes) -> None:
    members = unpacked(export)
    manifest = members.pop("MANIFEST.json")
    member = tarfile.TarInfo("columns.arrays")
    member.type, member.linkname = kind, "/etc/passwd"
    assert packed([(regular("MANIFEST.json", manifest), manifest), (member, b"")]).getvalue()

    fault = refusal(packed([(regular("MANIFEST.json", manifest), manifest), (member, b"")]), elsewhere)

    assert fault == "it holds 'columns.arrays', which is no file of an index"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            {"format": INDEX_FORMAT + 1},
            f"it has format {INDEX_FORMAT + 1}, and this version of Lede reads {INDEX_FORMAT}",
        ),
        ({"format": "x" * 999}, "it has format 'xxxxxxxxxxxxxxxxxxx, and"),
        ({"engine": "opensearch"}, "it was written by another engine or another program"),
        ({"generation": "../../etc"}, "its manifest is none of Lede's"),
        ({"generation": 7}, "its manifest is none of Lede's"),
        ({"files": []}, "its manifest is none of Lede's"),
        ({"files": {"columns.arrays": 7}}, "its manifest is none of Lede's"),
        ({"generation": "0123456789abcdef"}, "it says that it is generation 0123456789abcdef, and holds "),
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    export: Path, elsewhere: Path, change: dict[str, Any], fault: str
) -> None:
    assert refusal(packed(sealed(unpacked(export), **change)), elsewhere).startswith(fault)


def test_files_that_are_missing_too_many_or_damaged_are_refused(export: Path, elsewhere: Path) -> None:
    members = unpacked(export)
    less = {name: data for name, data in members.items() if name != "columns.arrays"}
    more = members | {"segment-ffffffff.arrays": b"x"}
    other = members | {"columns.arrays": members["columns.arrays"][:-1] + b"x"}
    twice = [(regular(*item), item[1]) for item in [*members.items(), ("SEGMENTS.json", members["SEGMENTS.json"])]]

    assert refusal(packed(less), elsewhere) == "it lacks columns.arrays"
    assert refusal(packed(more), elsewhere) == "it holds segment-ffffffff.arrays twice, or unannounced"
    assert refusal(packed(other), elsewhere) == "its columns.arrays is damaged"
    assert refusal(packed(twice), elsewhere) == "it holds SEGMENTS.json twice, or unannounced"


@pytest.mark.parametrize("listed", [["../../../secret.arrays"], ["/etc/passwd"], [], [7], {}, "x", [["a"]]])
def test_segments_are_looked_for_nowhere_else(export: Path, elsewhere: Path, listed: object) -> None:
    """A list that leads out of the folder is refused before anything is opened."""
    members = unpacked(export) | {"SEGMENTS.json": json.dumps(listed).encode()}

    assert refusal(packed(sealed(members)), elsewhere) == "what it holds cannot be read"


def test_other_articles_under_the_same_id_are_refused(
    export: Path, elsewhere: Path, folder: SeedFolder, index_path: Path, reindexed: Reindex, indexed: Report
) -> None:
    folder.write("two.md", seed("Snow melts"))
    reindexed(full=True)
    search.export_index(index_path, export)

    fault = refusal(packed(sealed(unpacked(export), generation=indexed.generation)), elsewhere)

    assert fault.startswith(f"it says that it is generation {indexed.generation}, and holds ")


def test_articles_with_false_fingerprints_are_refused(export: Path, elsewhere: Path, index_path: Path) -> None:
    """A later reindex would take them for what they are not."""
    members = unpacked(export)
    (name,) = (name for name in members if name.startswith("segment-"))
    content = bytearray(members[name])
    with search.open_index(index_path) as index:
        (hit,) = index.search("snow").hits
        content[content.index(fingerprint(hit.article))] ^= 1

    assert refusal(packed(sealed(members | {name: bytes(content)})), elsewhere) == "what it holds cannot be read"


@pytest.mark.parametrize("more", [b"x", b"x" * 300_000, b"\0", "itself"])
def test_nothing_may_come_behind_the_end(export: Path, elsewhere: Path, more: bytes | str) -> None:
    whole = export.read_bytes()
    export.write_bytes(whole + (whole if isinstance(more, str) else more))

    with pytest.raises(ImportRefusedError):
        search.import_index(export, elsewhere)


def test_what_expands_without_an_end_is_refused_before_it_does(export: Path, elsewhere: Path) -> None:
    """A few kilobytes stand for more than any disk has, or for a manifest of a gigabyte."""
    members = unpacked(export)
    huge = tarfile.TarInfo("columns.arrays")
    huge.size = 1 << 60
    manifest = tarfile.TarInfo("MANIFEST.json")
    manifest.size = MAX_MANIFEST_BYTES + 1
    head = packed({"MANIFEST.json": members["MANIFEST.json"]}).getvalue()
    start = zstandard.ZstdDecompressor().stream_reader(head).read(512 + -(-len(members["MANIFEST.json"]) // 512) * 512)

    on_disk = refusal(BytesIO(zstandard.compress(start + huge.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))), elsewhere)
    in_memory = refusal(BytesIO(zstandard.compress(manifest.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 25))), elsewhere)

    assert f"has {1 << 60:,} bytes, and the disk of the index has " in on_disk
    assert in_memory == "it does not begin with a manifest"


def test_a_window_of_gigabytes_is_refused(elsewhere: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    content = zstandard.ZstdCompressor(compression_params=parameters).compressobj().compress(bytes(1 << 28))

    assert refusal(BytesIO(content), elsewhere) == "it is no export, or a damaged one"


@settings(max_examples=60)
@given(st.data())
def test_a_crafted_file_never_ends_in_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Its checksums fit, so that nothing tells it from a good one but what is in it."""
    members = crafted(tmp_path_factory)
    name = data.draw(st.sampled_from(sorted(members.keys() - {"MANIFEST.json"})))
    content = bytearray(members[name])
    for _ in range(data.draw(st.integers(1, 4))):
        # Where the arrays are described.
        place = data.draw(st.integers(0, min(len(content), 2_000) - 1))
        content[place] = data.draw(st.integers(0, 255))
    index = tmp_path_factory.mktemp("crafted")

    try:
        search.import_index(packed(sealed(members | {name: bytes(content)})), index)
    except ImportRefusedError:
        assert not (index / "CURRENT").exists()


_CRAFTED: Members = {}


def crafted(tmp_path_factory: pytest.TempPathFactory) -> Members:
    if not _CRAFTED:
        place = tmp_path_factory.mktemp("good")
        folder = SeedFolder(place / "seeds")
        folder.write("one.md", seed("Rates rise", related=[mention("Rates fall")]))
        search.reindex(folder.path, place / "index")
        search.export_index(place / "index", place / "export")
        _CRAFTED.update(unpacked(place / "export"))
    return _CRAFTED


# Files


def test_an_export_replaces_what_was_there_at_once_and_keeps_it_where_it_fails(
    export: Path, elsewhere: Path, tmp_path: Path
) -> None:
    export.write_bytes(b"precious")
    with pytest.raises(NoIndexError):
        search.export_index(elsewhere, export)
    kept = export.read_bytes()
    link = tmp_path / "link"
    link.symlink_to(export)
    search.export_index(tmp_path / "index", link)

    assert kept == b"precious"
    assert link.is_symlink()
    assert search.import_index(export, elsewhere)
    assert {file.name for file in tmp_path.iterdir()} == {"backup.lede", "elsewhere", "index", "link", "seeds"}


@pytest.mark.usefixtures("indexed")
def test_what_cannot_be_written_is_said(index_path: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for target, reason in [
        (tmp_path, "it is there, and no regular file"),
        (tmp_path / "pipe", "it is there, and no regular file"),
        (Path(os.devnull), "it is there, and no regular file"),
        (tmp_path / "no" / "such" / "folder", "No such file or directory"),
        (tmp_path / ("x" * 250), "File name too long"),
    ]:
        with pytest.raises(ExportError, match=f"cannot export to .*: {reason}: what was there before is unchanged"):
            search.export_index(index_path, target)


@pytest.mark.usefixtures("indexed")
def test_a_full_disk_is_said(index_path: Path) -> None:
    with pytest.raises(ExportError, match="No space left on device"), Path("/dev/full").open("wb", 0) as full:
        search.export_index(index_path, full)


def test_a_disk_that_is_full_while_importing_leaves_the_old_index(
    export: Path, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (index_path / "CURRENT").read_text()

    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(IndexWriteError, match="No space left on device"):
        search.import_index(export, index_path)

    assert (index_path / "CURRENT").read_text() == before
    assert len(list((index_path / "generations").iterdir())) == 1


def test_an_import_waits_for_a_reindex(export: Path, index_path: Path) -> None:
    with filelock.FileLock(index_path / "LOCK"), pytest.raises(IndexLockedError):
        search.import_index(export, index_path, lock_timeout=0.1)


def test_an_export_is_of_one_generation_whatever_is_published_meanwhile(
    folder: SeedFolder, index_path: Path, reindexed: Reindex, elsewhere: Path
) -> None:
    folder.write("0.md", seed("Round 0", slug="0"))
    reindexed()
    stop = threading.Event()

    def publish() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            folder.write("0.md", seed(f"Round {number}", slug="0"))
            reindexed(jobs=1)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for _ in range(30):
            content = BytesIO()
            generation = search.export_index(index_path, content)
            assert search.import_index(BytesIO(content.getvalue()), elsewhere) == generation
    finally:
        stop.set()
        thread.join()


class _Dying:
    """An audit hook that kills its process at the n-th thing done to files."""

    EVENTS = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "shutil.rmtree"})

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event in self.EVENTS:
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


def killed_at(operation: int, action: Callable[[], object]) -> bool:
    """Do it in a process that dies before its n-th operation on files; return whether it came that far."""
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(_Dying(operation))
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_an_import_killed_before_any_operation_on_files_leaves_the_old_index_or_the_new_one(
    export: Path, index_path: Path, folder: SeedFolder, reindexed: Reindex
) -> None:
    folder.write("two.md", seed("Snow melts"))
    reindexed()
    operation = 0
    while killed_at(operation, lambda: search.import_index(export, index_path)):
        assert ("Snow falls" in served(index_path)) != ("Snow melts" in served(index_path))
        reindexed()
        assert "Snow melts" in served(index_path)
        operation += 1

    assert operation > 20
    assert "Snow falls" in served(index_path)


def test_an_export_killed_before_any_operation_on_files_leaves_the_old_file_or_the_new_one(
    export: Path, index_path: Path
) -> None:
    whole = export.read_bytes()
    operation = 0
    while killed_at(operation, lambda: search.export_index(index_path, export)):
        assert export.read_bytes() in {b"precious", whole}
        export.write_bytes(b"precious")
        operation += 1

    assert operation > 5
    assert export.read_bytes() == whole


# Commands


def run(*arguments: str) -> Result:
    return CliRunner().invoke(lede, arguments)


def test_the_commands_say_what_they_did(indexed: Report, index_path: Path, tmp_path: Path, elsewhere: Path) -> None:
    file = str(tmp_path / "file")

    exported = run("export", file, "--index", str(index_path))
    imported = run("import", file, "--index", str(elsewhere))

    assert (exported.exit_code, exported.output) == (0, f"Exported generation {indexed.generation} to {file}.\n")
    assert (imported.exit_code, imported.output) == (0, f"Imported generation {indexed.generation}.\n")


def test_a_dash_is_a_pipe(indexed: Report, index_path: Path, elsewhere: Path) -> None:
    export = subprocess.run([*COMMAND, "export", "-", "--index", str(index_path)], check=True, capture_output=True)
    command = [*COMMAND, "import", "-", "--index", str(elsewhere)]
    done = subprocess.run(command, check=True, capture_output=True, input=export.stdout)

    assert (export.stderr, done.stderr) == (b"", b"")
    assert done.stdout.decode() == f"Imported generation {indexed.generation}.\n"


@pytest.mark.usefixtures("indexed")
def test_what_fails_leaves_with_1_and_one_line(export: Path, tmp_path: Path, index_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("Dear diary")

    results = [
        run("import", str(other), "--index", str(index_path)),
        run("import", str(tmp_path / "nowhere"), "--index", str(index_path)),
        run("import", str(tmp_path), "--index", str(index_path)),
        run("export", str(export), "--index", str(tmp_path / "nothing")),
        run("export", str(tmp_path), "--index", str(index_path)),
    ]

    assert [(result.exit_code, result.stdout, result.stderr.count("\n")) for result in results] == [(1, "", 1)] * 5
    assert results[0].stderr.startswith(f"Error: cannot import {other}: it is no export, or a damaged one: nothing was")
    assert "No such file or directory" in results[1].stderr
    assert served(index_path) == ["Rates fall", "Rates rise", "Snow falls"]


def test_an_export_that_is_cut_off_anywhere_is_refused(export: Path, elsewhere: Path) -> None:
    whole = export.read_bytes()
    # The last bytes are padding and a checksum of what has been checked by then.
    for size in range(0, len(whole) - 64, len(whole) // 100):
        with pytest.raises(ImportRefusedError):
            search.import_index(BytesIO(whole[:size]), elsewhere)


@pytest.mark.parametrize("blocks", range(tarfile.RECORDSIZE // tarfile.BLOCKSIZE))
def test_what_is_exported_can_be_imported_whatever_its_size(blocks: int, tmp_path: Path) -> None:
    """What fills the last record of a tar file depends on it."""
    name, content, export = "segment-00000000.arrays", bytes(blocks * tarfile.BLOCKSIZE), BytesIO()
    (tmp_path / name).write_bytes(content)
    with (tmp_path / name).open("rb") as file:
        write_archive("0" * 16, {name: file}, {name: xxhash.xxh3_128(content).hexdigest()}, export)
    export.seek(0)
    target = tmp_path / "target"
    target.mkdir()

    assert read_archive(export, target) == "0" * 16
    assert (target / name).read_bytes() == content
