from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pytest
import zstandard
from click.testing import CliRunner
from factories import SeedFolder, mention, seed
from hypothesis import given, settings
from hypothesis import strategies as st

import search
from search.articles import Article
from search.cache import MAX_DOUBLE
from search.cli import lede
from search.engines.whoosh import columns, stored, writer
from search.engines.whoosh.stored import Stored
from search.errors import (
    EmptyIndexRefusedError,
    IndexDamagedError,
    IndexWriteError,
    LedeError,
    Location,
    OlderIndexError,
    SeedsFolderError,
    ShrinkError,
)
from search.reading import Progress
from search.reindex import check
from search.report import Report

BROKEN = "---\ntitle: [unclosed\n---\n"
#: Longer than a tick of the clock that stamps files: what was written before is settled then.
TICK = 0.03
#: The number of the user without rights.
NOBODY = 65_534

Reindex = Callable[..., Report]
Found = Callable[..., list[str]]


def line(title: str, **fields: Any) -> str:
    """Write a seed as a line of a .jsonl file."""
    return json.dumps(mention(title, **fields)) + "\n"


def counts(report: Report) -> tuple[int, int, int, int]:
    """Return the files that were read, unchanged, refused and vanished."""
    files = report.files
    return (files.read, files.unchanged, files.refused, files.vanished)


def differences(report: Report) -> tuple[int, int, int]:
    return (report.added, report.changed, report.removed)


def settle() -> None:
    time.sleep(TICK)


def tree(path: Path) -> dict[str, bytes]:
    """Return every file under *path* with its content."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


# What is reported


def test_the_first_run_reads_everything_and_adds_every_article(folder: SeedFolder, reindexed: Reindex) -> None:
    folder.write("one.md", seed("One", related=[mention("Three")]))
    folder.write("deep/er/two.yaml", seed("Two"))

    report = reindexed()

    assert (counts(report), differences(report)) == ((2, 0, 0, 0), (3, 0, 0))
    assert (report.articles, report.stories, report.problems) == (3, 1, ())
    assert report.seconds.total >= report.seconds.read + report.seconds.index - 0.002


def test_a_run_without_changes_does_nothing(folder: SeedFolder, index_path: Path, reindexed: Reindex) -> None:
    folder.write("one.md", seed("One"))
    folder.write("bad.md", BROKEN)
    settle()
    first = reindexed()
    before = tree(index_path)

    second = reindexed()

    assert (counts(second), differences(second)) == ((0, 1, 1, 0), (0, 0, 0))
    assert (second.generation, second.articles, second.stories) == (first.generation, first.articles, first.stories)
    assert list(map(str, second.problems)) == list(map(str, first.problems))
    assert tree(index_path) == before


def test_added_changed_and_removed_articles_are_counted(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    for name in ("same", "changed", "deleted"):
        folder.write(f"{name}.md", seed(name.title()))
    reindexed()
    folder.write("changed.md", seed("Altered", slug="changed"))
    folder.write("new.md", seed("New"))
    folder.remove("deleted.md")

    report = reindexed()

    assert (counts(report), differences(report)) == ((2, 1, 0, 1), (1, 1, 1))
    assert sorted(found()) == ["Altered", "New", "Same"]


def test_progress_is_told_how_far_the_reindex_is(folder: SeedFolder, reindexed: Reindex) -> None:
    class Noting(Progress):
        def __init__(self) -> None:
            self.notes: list[tuple[str, int]] = []

        def files(self, total: int) -> None:
            self.notes.append(("files", total))

        def advance(self, count: int) -> None:
            self.notes.append(("advance", count))

        def indexing(self, articles: int) -> None:
            self.notes.append(("indexing", articles))

    folder.write("one.md", seed("One"))
    folder.write("two.md", seed("Two"))
    progress = Noting()

    reindexed(progress=progress)

    assert progress.notes == [("files", 2), ("advance", 1), ("advance", 1), ("indexing", 2)]


def test_a_check_reports_and_writes_nothing(folder: SeedFolder, tmp_path: Path) -> None:
    folder.write("good.md", seed("Good", colour="red"))
    folder.write("bad.md", BROKEN)
    before = tree(tmp_path)

    report = check([folder.path])

    assert (counts(report), report.articles, dict(report.unknown_keys)) == ((1, 0, 1, 0), 1, {"colour": 1})
    assert tree(tmp_path) == before


# What is noticed


def test_a_touched_file_is_not_parsed_again(folder: SeedFolder, reindexed: Reindex) -> None:
    file = folder.write("one.md", seed("One"))
    settle()
    reindexed()
    os.utime(file, (1, 1))

    assert counts(reindexed()) == (0, 1, 0, 0)
    assert counts(reindexed()) == (0, 1, 0, 0)


def test_an_edit_that_leaves_size_and_time_as_they_were_is_noticed(
    folder: SeedFolder, reindexed: Reindex, found: Found
) -> None:
    file = folder.write("one.md", seed("Rates rise"))
    before = file.stat()
    settle()
    reindexed()
    folder.write("one.md", seed("Rates fall"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    report = reindexed()

    assert file.stat().st_size == before.st_size
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert counts(report) == (1, 0, 0, 0)
    assert found() == ["Rates fall"]


def test_an_edit_during_a_reindex_is_noticed_by_the_next(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    """The clock of the file system is coarse: two versions within one tick have the same stamp."""

    class Editing(Progress):
        def advance(self, count: int) -> None:  # noqa: ARG002 - as it is called
            folder.write("one.md", after)

    for number in range(30):
        before, after = (seed(f"{word} {number:02}", slug="one") for word in ("Rates", "Dates"))
        folder.write("one.md", before)
        reindexed(progress=Editing())
        reindexed()

        assert found() == [f"Dates {number:02}"]


def test_a_file_replaced_by_a_rename_is_noticed(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    folder.write("one.md", seed("Rates rise"))
    folder.write("one.tmp", seed("Rates fall"))
    settle()
    reindexed()
    (folder.path / "one.tmp").rename(folder.path / "one.md")

    reindexed()

    assert found() == ["Rates fall"]


def test_a_moved_file_costs_nothing(folder: SeedFolder, reindexed: Reindex) -> None:
    file = folder.write("one.md", seed("One"))
    first = reindexed()
    file.rename(folder.path / "other.md")

    report = reindexed()

    assert (counts(report), differences(report)) == ((1, 0, 0, 1), (0, 0, 0))
    assert report.generation == first.generation


# Broken seeds


def test_a_bad_seed_costs_only_itself_and_its_last_good_version_stays(
    folder: SeedFolder, reindexed: Reindex, found: Found
) -> None:
    folder.write("good.md", seed("Good"))
    folder.write("bad.md", seed("Was good"))
    reindexed()
    folder.write("good.md", seed("Better"))
    folder.write("bad.md", BROKEN)

    report = reindexed()

    assert counts(report) == (1, 0, 1, 0)
    assert report.problems[0].where == Location(str(folder.path / "bad.md"), line=2, column=8)
    assert sorted(found()) == ["Better", "Was good"]


def test_a_seed_that_was_never_good_leaves_no_trace(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    folder.write("good.md", seed("Good"))
    folder.write("bad.md", BROKEN)

    reindexed()

    assert found() == ["Good"]


def test_a_mended_seed_replaces_its_last_good_version(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    for content in (seed("First"), BROKEN, seed("Second")):
        folder.write("one.md", content)
        folder.write("other.md", seed("Other"))
        report = reindexed()

    assert (counts(report), report.problems) == ((1, 1, 0, 0), ())
    assert sorted(found()) == ["Other", "Second"]


def test_a_broken_seed_that_is_deleted_takes_its_last_good_version_along(
    folder: SeedFolder, reindexed: Reindex, found: Found
) -> None:
    folder.write("other.md", seed("Other"))
    for content in (seed("First"), BROKEN):
        folder.write("one.md", content)
        reindexed()
    folder.remove("one.md")

    report = reindexed()

    assert (counts(report), report.problems) == ((0, 1, 0, 1), ())
    assert found() == ["Other"]


def test_a_last_good_version_outlives_many_reindexes_and_full_ones(
    folder: SeedFolder, reindexed: Reindex, found: Found
) -> None:
    folder.write("one.md", seed("First"))
    reindexed()
    for number in range(3):
        folder.write("one.md", BROKEN + str(number))
        folder.write(f"{number}.md", seed(f"Number {number}"))
        reindexed(full=bool(number % 2))

    assert "First" in found()


def test_a_seed_that_can_no_longer_be_read_as_a_file_keeps_its_last_good_version(
    folder: SeedFolder, reindexed: Reindex, found: Found
) -> None:
    file = folder.write("one.md", seed("First"))
    folder.write("other.md", seed("Other"))
    reindexed()
    file.unlink()
    os.mkfifo(file)

    reports = [reindexed(), reindexed(), reindexed(full=True)]

    assert [report.problems[0].code for report in reports] == ["not-regular"] * 3
    assert [report.files.refused for report in reports] == [1, 1, 1]
    assert sorted(found()) == ["First", "Other"]


def test_a_broken_line_costs_only_itself(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    folder.write("bulk.jsonl", line("One") + line("Two") + line("Three"))
    reindexed()
    folder.write("bulk.jsonl", line("First", slug="one") + "{broken\n" + line("Three"))

    report = reindexed()

    assert (counts(report), report.problems[0].where.line) == ((0, 0, 1, 0), 2)
    assert sorted(found()) == ["First", "Three", "Two"]


def test_mended_lines_replace_what_was_kept_for_them(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    for content in (line("One") + line("Two"), line("One") + "{broken\n", line("One")):
        folder.write("bulk.jsonl", content)
        reindexed()

    assert found() == ["One"]


@pytest.mark.parametrize("pattern", ["seeds.cache", "seeds-?.packs"])
def test_a_damaged_cache_costs_only_time(
    folder: SeedFolder, index_path: Path, reindexed: Reindex, pattern: str
) -> None:
    folder.write("one.md", seed("One"))
    first = reindexed()
    (damaged,) = index_path.glob(pattern)
    content = damaged.read_bytes()
    for at in range(0, len(content), 7):
        (damaged,) = index_path.glob(pattern)
        damaged.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        folder.write("one.md", seed("One"))

        report = reindexed()

        assert (report.generation, differences(report)) == (first.generation, (0, 0, 0))


# What is remembered only by what is published


@pytest.fixture
def lean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of what is remembered whatever is published, however little that is."""
    monkeypatch.setattr("search.cache.MAX_DOUBLE", 0)


@pytest.mark.usefixtures("lean")
def test_what_is_published_is_not_kept_twice(folder: SeedFolder, index_path: Path, reindexed: Reindex) -> None:
    excerpt = random.Random(1).randbytes(3000).hex()  # noqa: S311 - nothing that compresses
    folder.write("one.jsonl", line("One", excerpt=excerpt))
    reindexed()

    (packs,) = index_path.glob("seeds-?.packs")
    assert packs.stat().st_size < 200 < len(excerpt)


@pytest.mark.usefixtures("lean")
def test_of_what_is_published_only_what_is_related_to_something_is_looked_at(
    folder: SeedFolder, reindexed: Reindex, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many lines are remembered, and wherever the new seeds are."""
    folder.write("bulk.jsonl", "".join(line(f"Line {n}") for n in range(50)))
    folder.write("told.jsonl", line("One", related=[mention("Other")]) + line("Changed") + line("Dropped"))
    reindexed()
    looked_at: list[int] = []
    articles = Stored.articles

    def watched(stored: Stored, numbers: Sequence[int]) -> list[Article]:
        looked_at.extend(numbers)
        return articles(stored, numbers)

    monkeypatch.setattr(Stored, "articles", watched)
    folder.write("told.jsonl", line("One", related=[mention("Other")]) + line("Changed", quality=7))
    folder.write("new.jsonl", line("New", related=[mention("Line 7")]))

    report = reindexed()

    assert (report.added, report.changed, report.removed) == (1, 1, 1)
    assert len(looked_at) <= 4
    assert len(found()) == 54


@pytest.mark.usefixtures("lean")
def test_what_was_last_good_is_found_where_it_is_published(
    folder: SeedFolder, reindexed: Reindex, found: Found
) -> None:
    folder.write("one.md", seed("One", related=[mention("Other")]))
    folder.write("bulk.jsonl", line("Two") + line("Three"))
    reindexed()
    folder.write("one.md", BROKEN)
    folder.write("bulk.jsonl", "{broken\n" + line("Three"))
    reindexed()
    settle()
    folder.write("four.md", seed("Four"))

    reindexed()

    assert sorted(found()) == ["Four", "One", "Other", "Three", "Two"]


@pytest.mark.parametrize("others", range(4))
def test_what_another_seed_says_better_stays_the_last_good_version(
    folder: SeedFolder, reindexed: Reindex, found: Found, others: int
) -> None:
    """It is published nowhere any more by the time it is needed."""
    folder.write("one.md", seed("One", related=[mention("Two")]))
    folder.write("three.md", seed("Three"))
    reindexed()
    reindexed(full=True)
    folder.write("two.md", seed("Two by itself", slug="two"))
    folder.write("newer.md", seed("Three anew", slug="three", publishedDateTime="2022-01-01"))
    reindexed()
    for number in range(others):
        folder.write(f"more{number}.md", seed(f"More {number}"))
        reindexed()
    folder.write("one.md", BROKEN)
    folder.write("three.md", BROKEN)
    reindexed()
    folder.remove("newer.md")

    reindexed()

    assert sorted(found()) == [*(f"More {number}" for number in range(others)), "One", "Three", "Two by itself"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a system that lists open files")
def test_what_is_remembered_anew_leaves_no_file_open(
    folder: SeedFolder, reindexed: Reindex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.cache.MAX_TABLES", -1)
    before = set(Path("/proc/self/fd").iterdir())
    for count in range(1, 5):
        folder.write("bulk.jsonl", "".join(line(f"Line {number}") for number in range(count)))
        reindexed(jobs=1)

    assert len(set(Path("/proc/self/fd").iterdir())) == len(before)


@pytest.mark.usefixtures("lean")
def test_what_is_published_nowhere_any_more_is_read_again(
    folder: SeedFolder, index_path: Path, reindexed: Reindex, found: Found
) -> None:
    """And what stands for a broken file does not depend on it."""
    folder.write("good.md", seed("Good"))
    folder.write("bulk.jsonl", line("Two") + line("Three"))
    folder.write("bad.md", seed("Bad"))
    reindexed()
    folder.write("bad.md", BROKEN)
    reindexed()
    settle()
    shutil.rmtree(index_path / "generations")

    report = reindexed()

    assert sorted(found()) == ["Bad", "Good", "Three", "Two"]
    assert counts(report) == (2, 0, 1, 0)


@pytest.mark.usefixtures("lean")
def test_the_older_generation_tells_what_the_newest_cannot(
    folder: SeedFolder, index_path: Path, reindexed: Reindex, found: Found
) -> None:
    folder.write("good.md", seed("Good"))
    folder.write("bad.md", seed("Bad"))
    reindexed()
    folder.write("new.md", seed("New"))
    reindexed()
    newest = (index_path / "CURRENT").read_text().split()[0]
    (index_path / "generations" / newest / "columns.arrays").write_bytes(b"")
    folder.write("bad.md", BROKEN)

    report = reindexed()

    assert sorted(found()) == ["Bad", "Good", "New"]
    assert counts(report) == (1, 1, 1, 0)


@pytest.mark.usefixtures("lean")
def test_an_import_in_between_loses_nothing(
    folder: SeedFolder, index_path: Path, tmp_path: Path, reindexed: Reindex, found: Found
) -> None:
    foreign = SeedFolder(tmp_path / "foreign")
    foreign.write("foreign.md", seed("Foreign"))
    search.reindex([foreign.path], tmp_path / "other")
    search.export_index(tmp_path / "other", tmp_path / "export")
    folder.write("good.md", seed("Good"))
    folder.write("bad.md", seed("Bad"))
    reindexed()
    search.import_index(tmp_path / "export", index_path)
    folder.write("bad.md", BROKEN)

    reindexed()

    assert sorted(found()) == ["Bad", "Good"]


# Parts of files


def test_lines_keep_their_numbers_whatever_part_of_a_file_was_read(
    folder: SeedFolder, reindexed: Reindex, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.files.RANGE_BYTES", 700)
    lines = [line(f"Line {number}") for number in range(40)]
    lines[3] = lines[33] = "{broken\n"
    folder.write("bulk.jsonl", "".join(lines))
    first = reindexed()
    for content in ([*lines, line("More"), "{broken\n"], ["\n", *lines], lines[20:], lines):
        folder.write("bulk.jsonl", "".join(content))

        report = reindexed()

        broken = [number for number, one in enumerate(content, 1) if one == "{broken\n"]
        assert [problem.where.line for problem in report.problems] == broken
        assert {"Line 39", "Line 21"} <= set(found())
    assert first.files.refused == 1


def test_a_later_line_wins_also_from_a_part_that_was_not_read_again(
    folder: SeedFolder, tmp_path: Path, reindexed: Reindex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.files.RANGE_BYTES", 700)
    twice = [line(f"{word} {number}", slug=f"{number}") for word in ("First", "Again") for number in range(30)]
    folder.write("bulk.jsonl", "".join(twice))
    reindexed()
    folder.write("bulk.jsonl", "".join([*twice, line("Last")]))

    report = reindexed()

    assert differences(report) == (1, 0, 0)
    assert report.generation == search.reindex([folder.path], tmp_path / "fresh").generation


# However it came about


class Step(NamedTuple):
    """What happens to a file; None deletes it. Then perhaps time passes, and perhaps there is a reindex."""

    name: str
    content: str | None
    settles: bool
    reindexes: bool


def versions(slug: str) -> list[str]:
    """Return good seeds of one article, which relate to others, withdraw, or change their mind."""
    return [
        seed(f"{slug} one", slug=slug),
        seed(f"{slug} two", slug=slug),
        seed(
            f"{slug} three", slug=slug, publishedDateTime="2022-01-01", related=[mention("Far"), mention("a", slug="a")]
        ),
        seed(f"{slug} four", slug=slug, removed="true"),
        seed("Far", related=[mention(f"{slug} mentioned", slug=slug), mention("b", slug="b")]),
    ]


BULK = [line(f"Bulk {n}", slug=f"bulk-{n}") for n in range(3)] + [line("Bulk again", slug="bulk-1"), "{broken\n"]
steps = st.builds(
    lambda file, settles, reindexes: Step(file[0], file[1], settles, reindexes),
    st.one_of(
        *[
            st.tuples(st.just(f"{slug}.md"), st.sampled_from([None, BROKEN, *versions(slug)]))
            for slug in ("a", "b", "sub/c")
        ],
        st.tuples(st.just("bulk.jsonl"), st.none() | st.lists(st.sampled_from(BULK), max_size=3).map("".join)),
    ),
    st.booleans(),
    st.booleans(),
)


def good_part(content: str, last: str) -> str:
    """Say what a file gives, where its version before this gave *last*: the model that reindexes are held against."""
    if content.startswith("---"):
        return last if content == BROKEN else content
    lines = content.splitlines(keepends=True)
    good = [one for one in lines if "broken" not in one]
    if good == lines:
        return content
    given = {json.loads(one)["webUrl"] for one in good}
    return "".join(good + [one for one in last.splitlines(keepends=True) if json.loads(one)["webUrl"] not in given])


def last_good(folder: Path, model: Mapping[str, str]) -> dict[str, str]:
    """Return what every file of the folder gives at this moment."""
    files = {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*.*")}
    return {name: good_part(content, model.get(name, "")) for name, content in files.items()}


def fresh_generation(files: Mapping[str, str], path: Path) -> str:
    """Index these files, and nothing else ever before."""
    folder = SeedFolder(path / "seeds")
    for name, content in files.items():
        folder.write(name, content)
    return search.reindex([folder.path], path / "index", force=True).generation


def play(sequence: list[Step], folder: SeedFolder, index: Path) -> dict[str, str]:
    """Do it all, and a last reindex; return what every file gives in the end."""
    model: dict[str, str] = {}
    for name, content, settles, reindexes in [*sequence, Step("z.md", seed("Last"), settles=False, reindexes=True)]:
        if content is not None:
            folder.write(name, content)
        elif (folder.path / name).exists():
            folder.remove(name)
        if settles:
            settle()
        if reindexes:
            model = last_good(folder.path, model)
            search.reindex([folder.path], index, force=True)
    return model


@given(st.lists(steps, max_size=12), st.sampled_from([0, MAX_DOUBLE]))
@settings(max_examples=settings().max_examples * 2 // 5)
def test_whatever_happened_to_the_files_the_index_is_what_a_fresh_one_would_be(
    sequence: list[Step], max_double: int
) -> None:
    """Of a broken file the last version counts that was good when a reindex saw it, also under ``--full``."""
    with TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as patch:
        patch.setattr("search.cache.MAX_DOUBLE", max_double)
        path = Path(temporary)
        folder = SeedFolder(path / "seeds")
        model = play(sequence, folder, path / "index")

        with search.open_index(path / "index") as index:
            incremental = index.generation
        full = search.reindex([folder.path], path / "index", full=True, force=True)

        assert full.generation == incremental
        assert fresh_generation(model, path / "fresh") == incremental


@given(st.lists(steps, max_size=8), st.permutations(["a", "b"]))
@settings(max_examples=settings().max_examples // 8)
def test_the_same_files_in_other_folders_and_processes_give_the_same_generation(
    sequence: list[Step], order: list[str]
) -> None:
    with TemporaryDirectory() as temporary:
        path = Path(temporary)
        folders = [SeedFolder(path / name) for name in order]
        for folder in folders:
            play(sequence, folder, path / f"index-{folder.path.name}")

        generations = {
            search.reindex([path / first, path / second], path / f"both-{first}", force=True).generation
            for first, second in (order, order[::-1])
        }

        assert len(generations) == 1


def test_hash_seeds_and_job_counts_do_not_change_the_generation(
    folder: SeedFolder, tmp_path: Path, reindexed: Reindex
) -> None:
    names = [f"Article {n}" for n in range(40)]
    for number, name in enumerate(names):
        folder.write(f"{number:02}.md", seed(name, related=[mention(other) for other in names[number % 7 :: 9]]))
    shutil.copytree(folder.path, tmp_path / "elsewhere")
    script = "import search, sys; print(search.reindex([sys.argv[1]], sys.argv[2]).generation)"

    generations = {
        run_python(script, str(tmp_path / "elsewhere"), str(tmp_path / f"index-{n}"), PYTHONHASHSEED=str(n)).strip()
        for n in range(3)
    }

    assert generations == {reindexed().generation}


def run_python(script: str, *arguments: str, **environment: str) -> str:
    """Run *script* in a Python of its own; it must end well."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Several processes


@pytest.fixture
def _small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process be worth its start for a few bytes."""
    monkeypatch.setattr("search.reading.BYTES_PER_PROCESS", 100)


@pytest.mark.usefixtures("_small_shares")
def test_several_processes_read_what_one_does(folder: SeedFolder, tmp_path: Path) -> None:
    for number in range(30):
        folder.write(f"{number:02}.md", seed(f"Number {number}") if number % 10 else BROKEN)

    alone = search.reindex([folder.path], tmp_path / "one", jobs=1)
    together = search.reindex([folder.path], tmp_path / "three", jobs=3)

    assert together.generation == alone.generation
    assert counts(together) == counts(alone) == (27, 0, 3, 0)
    assert [problem.where for problem in together.problems] == [problem.where for problem in alone.problems]


@pytest.mark.usefixtures("_small_shares")
def test_a_reading_process_that_dies_is_an_error_and_the_old_index_is_served(
    folder: SeedFolder, reindexed: Reindex, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("one.md", seed("One"))
    reindexed(jobs=1)
    folder.write("two.md", seed("Two"))
    folder.write("one.md", seed("New one"))
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(LedeError, match="died"):
        reindexed(jobs=2)
    assert found() == ["One"]


# What is refused


def test_an_empty_folder_is_not_published_unless_forced(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    folder.write("one.md", seed("One"))
    reindexed()
    folder.remove("one.md")

    with pytest.raises(EmptyIndexRefusedError, match="--force"):
        reindexed()
    assert found() == ["One"]

    report = reindexed(force=True)

    assert (differences(report), found()) == ((0, 0, 1), [])


def test_nothing_is_no_index_to_begin_with(reindexed: Reindex) -> None:
    with pytest.raises(EmptyIndexRefusedError):
        reindexed()


@pytest.mark.parametrize(("left", "is_refused"), [(5, False), (4, True)])
def test_less_than_half_of_what_is_served_is_not_published_unless_forced(
    folder: SeedFolder, reindexed: Reindex, found: Found, left: int, *, is_refused: bool
) -> None:
    for number in range(10):
        folder.write(f"{number}.md", seed(f"Number {number}"))
    reindexed()
    for number in range(left, 10):
        folder.remove(f"{number}.md")

    if is_refused:
        with pytest.raises(ShrinkError, match=f"give {left} articles, the index serves 10"):
            reindexed()
        assert len(found()) == 10

    assert reindexed(force=is_refused).removed == 10 - left
    assert len(found()) == left


def test_a_refusal_forgets_nothing(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    """The last good version of a broken file is still known when the folder comes back."""
    folder.write("bad.md", seed("Was good"))
    for number in range(5):
        folder.write(f"{number}.md", seed(f"Number {number}"))
    reindexed()
    folder.write("bad.md", BROKEN)
    reindexed()
    away = folder.path.rename(folder.path.with_name("away"))
    folder.path.mkdir()
    with pytest.raises(EmptyIndexRefusedError):
        reindexed()
    folder.path.rmdir()
    away.rename(folder.path)

    report = reindexed()

    assert (report.articles, report.files.refused) == (6, 1)
    assert "Was good" in found()


def test_a_seeds_folder_that_is_not_there_is_named_and_nothing_is_changed(
    folder: SeedFolder, index_path: Path, reindexed: Reindex
) -> None:
    folder.write("one.md", seed("One"))
    reindexed()
    before = tree(index_path)

    with pytest.raises(SeedsFolderError, match="away"):
        search.reindex([folder.path, folder.path / "away"], index_path)
    assert tree(index_path) == before


# What cannot be written

SWEEP = """
import os, resource, sys
import search
from search.engines.whoosh import WhooshEngine
from search.errors import LedeError

kind, seeds, index = getattr(resource, sys.argv[1]), sys.argv[2], sys.argv[3]
for limit in map(int, sys.argv[4:]):
    soft, hard = resource.getrlimit(kind)
    open_files = len(os.listdir("/proc/self/fd")) - 1 if kind == resource.RLIMIT_NOFILE else 0
    resource.setrlimit(kind, (open_files + limit, hard))
    try:
        search.reindex([seeds], index, jobs=1)
        outcome = "done"
    except LedeError as exc:
        outcome = type(exc).__name__
    finally:
        resource.setrlimit(kind, (soft, hard))
    with search.open_index(index) as opened:
        served = [hit.article.title for hit in opened.search("", size=100, sort="oldest").hits]
    print(outcome, *served, sep=",")
"""


def outcomes(kind: str, limits: range | list[int], folder: SeedFolder, index: Path) -> list[tuple[str, list[str]]]:
    """Reindex under each limit in turn; return how it ended, and what is served then."""
    output = run_python(SWEEP, kind, str(folder.path), str(index), *map(str, limits))
    return [(outcome, served) for outcome, *served in (row.split(",") for row in output.splitlines())]


@pytest.fixture
def _changed_seeds(folder: SeedFolder, reindexed: Reindex) -> None:
    """Have old articles in the index, and newer ones in the seeds."""
    for number in range(5):
        folder.write(f"{number}.md", seed(f"Old {number}", slug=str(number)))
    reindexed()
    for number in range(5):
        folder.write(f"{number}.md", seed(f"New {number}", slug=str(number)))


OLD, NEW = ({f"{age} {number}" for number in range(5)} for age in ("Old", "New"))


@pytest.mark.usefixtures("_changed_seeds")
def test_on_a_full_disk_the_error_is_named_and_the_old_index_served(folder: SeedFolder, index_path: Path) -> None:
    """The limit of a file's size stands for the disk; wherever it strikes, nothing has changed."""
    limits = [0, 1, *range(50, 10_000, 250)]

    ended = outcomes("RLIMIT_FSIZE", limits, folder, index_path)

    done = [outcome for outcome, _ in ended].index("done")
    assert done > 10
    assert {outcome for outcome, _ in ended[:done]} == {"IndexWriteError"}
    assert all(set(served) == OLD for _, served in ended[:done])
    assert all(set(served) == NEW for _, served in ended[done:])


@pytest.mark.usefixtures("_changed_seeds")
def test_what_cannot_be_remembered_is_not_published(index_path: Path, reindexed: Reindex, found: Found) -> None:
    (index_path / "seeds.new").mkdir()

    with pytest.raises(IndexWriteError):
        reindexed()
    assert set(found()) == OLD

    (index_path / "seeds.new").rmdir()

    assert differences(reindexed()) == (0, 5, 0)
    assert set(found()) == NEW


@pytest.mark.usefixtures("_changed_seeds")
def test_without_file_descriptors_the_error_is_named_and_the_old_index_served(
    folder: SeedFolder, index_path: Path
) -> None:
    ended = outcomes("RLIMIT_NOFILE", range(12), folder, index_path)

    assert ended[0][0] == "IndexWriteError"
    assert ended[-1] == ("done", ended[-1][1])
    assert {frozenset(served) for _, served in ended} == {frozenset(OLD), frozenset(NEW)}
    assert set(ended[-1][1]) == NEW


SEARCH_SWEEP = """
import os, resource, sys
import search
from search.engines.whoosh import WhooshEngine
from search.errors import LedeError

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
for spare in range(12):
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1 + spare, hard))
    try:
        with search.open_index(sys.argv[1]) as index:
            print(index.search("").total)
    except LedeError as exc:
        print(type(exc).__name__)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
"""


@pytest.mark.usefixtures("_changed_seeds")
def test_without_file_descriptors_a_search_finds_everything_or_says_what_is_wrong(index_path: Path) -> None:
    """Never nothing, and never an error of the library's below."""
    ended = run_python(SEARCH_SWEEP, str(index_path)).split()

    assert set(ended) <= {"IndexUnreadableError", "IndexDamagedError", "5"}
    assert (ended[0], ended[-1]) == ("IndexUnreadableError", "5")


@pytest.mark.usefixtures("_changed_seeds")
def test_an_index_folder_that_is_read_only_is_an_error_and_the_old_index_served(
    folder: SeedFolder, index_path: Path, tmp_path: Path, found: Found
) -> None:
    tmp_path.chmod(0o755)
    for path in (index_path, *index_path.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    ended = reindexed_by_nobody(tmp_path, folder.path.name, index_path.name)

    assert ended == "IndexWriteError"
    assert set(found()) == OLD


def reindexed_by_nobody(cwd: Path, seeds: str, index: str) -> str:
    """Reindex in a process without the rights of root, which is above the modes of files; return how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(cwd)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            search.reindex([seeds], index, jobs=1)
        except BaseException as exc:  # noqa: BLE001 - whatever it is, it goes to the test and never further
            os.write(writing, type(exc).__name__.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        return stream.read()


def test_a_file_in_the_place_of_the_index_is_an_error(folder: SeedFolder, index_path: Path, reindexed: Reindex) -> None:
    folder.write("one.md", seed("One"))
    index_path.write_text("not a folder")

    with pytest.raises(IndexWriteError):
        reindexed()


# The ciphertext of somebody else's

CANARY = "Q0FOQVJZ5ecret"
SEALED = [
    seed("Good one", secured=f"{CANARY};{CANARY}"),
    seed("Good two").replace("title:", f'secured: "{CANARY};\n  {CANARY}"\ntitle:'),
    seed("Good three").replace("---\n", f"---\nsecured: {CANARY}\n", 1),
    seed("Good four", related=[mention("Far") | {"secured": CANARY}]),
    seed("Good five", provider={"name": "Herald", "secured": CANARY}),
    seed("Good six", secured={"deep": [CANARY]}),
]
#: Each is broken in the value itself or right beside it.
BROKEN_SEALS = [
    f'---\ntitle: "x"\nsecured: "{CANARY}\n---\n',
    f"---\ntitle: [x\nsecured: {CANARY}\n---\n",
    f"---\nsecured: {CANARY}: {CANARY}\n---\n",
    f"---\nsecured: *{CANARY}\n---\n",
    f"---\nsecured: &{CANARY} x\n---\n",
    f"---\nsecured: !{CANARY} x\n---\n",
    f"---\nsecured: !{CANARY}!x y\n---\n",
    f"---\nsecured: %{CANARY}\n---\n",
    f"---\nsecured: @{CANARY}\n---\n",
    f"---\nsecured: {{{CANARY}: 1, {CANARY}: 2}}\n---\n",
    f"---\nsecured: {CANARY}\nsecured: {CANARY}\n---\n",
    f"---\nsecured: |{CANARY}\n---\n",
    f'---\nsecured: "\\{CANARY}"\n---\n',
    f'---\nsecured: "{CANARY}\\ud800"\n---\n',
    f"---\nsecured: {CANARY}\x1b\n---\n",
    f"---\nsecured: {CANARY}\ntitle: x\nquality: high\nwebUrl: https://x.example/\nprovider: {{name: x}}\n---\n",
    f"---\nsecured: {CANARY}\ntitle: x\nwebUrl: javascript:x\nprovider: {{name: x}}\n---\n",
    f"---\nsecured: {CANARY}\n",
]
BROKEN_LINES = [
    f'{{"secured": "{CANARY}", "title": }}\n',
    f'{{"secured": "{CANARY}\n',
    f'{{"secured": {CANARY}, "title": "x"}}\n',
    f'{{"secured": {{"{CANARY}": 1, "{CANARY}": 2}}}}\n',
    f'{{"secured": "\\ud800{CANARY}"}}\n',
    f'{{"secured": "\\{CANARY}"}}\n',
    line("Bulk", secured=CANARY),
]


@pytest.fixture
def sealed(folder: SeedFolder) -> SeedFolder:
    """Return a folder of good and broken seeds that all have a ciphertext."""
    for number, content in enumerate(SEALED):
        folder.write(f"good-{number}.md", content)
    for number, content in enumerate(BROKEN_SEALS):
        folder.write(f"bad-{number:02}.md", content)
    folder.write("latin.md", f"---\nsecured: {CANARY} caf\xe9\n---\n".encode("latin-1"))
    folder.write("bulk.jsonl", "".join(BROKEN_LINES))
    return folder


def test_the_ciphertext_is_in_no_file_of_the_index_and_in_no_report(
    sealed: SeedFolder, index_path: Path, reindexed: Reindex
) -> None:
    report = reindexed()

    assert report.articles == len(SEALED) + 2
    assert report.files.refused == len(BROKEN_SEALS) + 2
    assert [name for name, content in tree(index_path).items() if CANARY.encode() in content] == []
    assert [problem for problem in report.problems if CANARY in f"{problem!r} {problem}"] == []
    assert CANARY not in repr(asdict(report))
    assert sealed.path.exists()


COMMANDS = [
    ["reindex", "-v", "--full"],
    ["reindex", "--check"],
    ["reindex", "--check", "--json"],
    ["reindex", "--json"],
    ["search", "good", "--json", "--explain"],
    ["search", "good"],
    ["stats", "--json"],
    ["verify"],
]


def test_the_ciphertext_is_in_no_output_of_the_commands(
    sealed: SeedFolder, index_path: Path, reindexed: Reindex, monkeypatch: pytest.MonkeyPatch
) -> None:
    reindexed()
    monkeypatch.setenv("LEDE_SEEDS", str(sealed.path))
    monkeypatch.setenv("LEDE_INDEX", str(index_path))

    results = [CliRunner().invoke(lede, command) for command in COMMANDS]

    assert [result.exit_code for result in results] == [3, 3, 3, 3, 0, 0, 0, 0]
    assert [command for command, result in zip(COMMANDS, results, strict=True) if CANARY in result.output] == []


def test_the_ciphertext_is_not_searched(folder: SeedFolder, reindexed: Reindex, found: Found) -> None:
    folder.write("one.md", seed("One", secured=CANARY))

    reindexed()

    assert found(CANARY, match="all") == []


def test_an_index_inside_the_seeds_folder_is_not_read_as_seeds(folder: SeedFolder) -> None:
    folder.write("seed.md", seed())

    reports = [search.reindex([folder.path], folder.path / "made" / "index") for _ in range(2)]

    assert [report.problems for report in reports] == [(), ()]
    assert [report.articles for report in reports] == [1, 1]


def test_one_folder_may_be_given_as_it_is(folder: SeedFolder, index_path: Path) -> None:
    """Not read as the letters of its name."""
    folder.write("seed.md", seed())

    assert search.reindex(str(folder.path), index_path).articles == 1
    assert check(folder.path).articles == 1


def test_a_new_index_format_rebuilds_an_index_whose_seeds_have_not_changed(
    folder: SeedFolder, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("seed.md", seed())
    old = search.reindex([folder.path], index_path)
    for module in ("search.catalog", "search.reindex", "search.engines.whoosh.generations"):
        monkeypatch.setattr(sys.modules[module], "INDEX_FORMAT", 1_000_000)

    new = search.reindex([folder.path], index_path)

    assert new.generation != old.generation
    with search.open_index(index_path) as index:
        assert index.generation == new.generation


def test_an_index_of_another_version_is_refused_until_it_is_rebuilt(
    folder: SeedFolder, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("seed.md", seed())
    search.reindex([folder.path], index_path)
    monkeypatch.setattr("search.engines.whoosh.generations.INDEX_FORMAT", 1_000_000)

    with pytest.raises(IndexDamagedError, match="another version"):
        search.open_index(index_path)
    search.reindex([folder.path], index_path)
    with search.open_index(index_path) as index:
        assert index.search("").total == 1


@contextmanager
def the_version_before() -> Iterator[None]:
    """Write indexes as the version before did: of format 5, as far as that differs for who reads it."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("search.catalog", "search.reindex", "search.engines.whoosh.generations"):
            patch.setattr(sys.modules[module], "INDEX_FORMAT", 5)
        patch.setattr(stored, "_PARAMETERS", zstandard.ZstdCompressionParameters.from_level(3, write_content_size=True))
        make = columns.make_columns

        def made(segments: Any, living: Any, stories: Any) -> dict[str, Any]:
            found = make(segments, living, stories)
            story = found["story"].astype(np.int32)
            return found | {"story": np.where(story == len(stories), -1, story).astype(np.int32)}

        patch.setattr(writer, "make_columns", made)
        yield


def test_an_index_of_the_version_before_is_searched_and_goes_on(
    folder: SeedFolder, index_path: Path, tmp_path: Path
) -> None:
    """Nothing is lost by an update: neither what a seed said before it broke, nor the guard against vanished seeds."""
    with the_version_before():
        folder.write("lines.jsonl", "".join(line(f"Line {number}") for number in range(1100)))
        folder.write("told.md", seed("Told", related=[mention("Other")]))
        folder.write("broken.md", seed("Broken later"))
        old = search.reindex([folder.path], index_path)
    with search.open_index(index_path) as index:
        assert index.search("broken").hits[0].article.title == "Broken later"
        assert [hit.story.articles for hit in index.search("title:told OR title:other", diversity=False).hits] == [2, 2]
    with pytest.raises(OlderIndexError, match="run `reindex` first"):
        search.export_index(index_path, tmp_path / "export")

    folder.write("broken.md", BROKEN)
    new = search.reindex([folder.path], index_path)

    assert (new.articles, new.added, new.removed) == (old.articles, 0, 0)
    assert counts(new) == (0, 2, 1, 0)
    assert new.generation != old.generation
    with search.open_index(index_path) as index:
        assert index.search("broken").hits[0].article.title == "Broken later"
        assert index.search("line", size=1).total == 1100
    search.export_index(index_path, tmp_path / "export")
    assert search.import_index(tmp_path / "export", tmp_path / "other") == new.generation


def test_a_seed_folder_that_was_moved_keeps_its_last_good_versions(
    folder: SeedFolder, index_path: Path, found: Found
) -> None:
    folder.write("good.md", seed("Good"))
    folder.write("bad.md", seed("Once good"))
    search.reindex([folder.path], index_path)
    folder.write("bad.md", "broken")
    search.reindex([folder.path], index_path)
    moved = folder.path.rename(folder.path.with_name("moved"))

    report = search.reindex([moved], index_path)

    assert sorted(found()) == ["Good", "Once good"]
    assert (report.files.vanished, report.files.unchanged, report.files.refused) == (0, 1, 1)
    assert report.problems[0].where.file == str(moved / "bad.md")


def test_a_link_whose_target_may_not_be_read_any_more_keeps_its_last_good_version(
    folder: SeedFolder, index_path: Path, found: Found
) -> None:
    folder.write("good.md", seed("Good"))
    stored = folder.write(".store/a.md", seed("Linked"))
    (folder.path / "a.md").symlink_to(stored)
    search.reindex([folder.path], index_path)
    stored.write_bytes(b"x" * 2_000_000)

    report = search.reindex([folder.path], index_path)

    assert [problem.code for problem in report.problems] == ["too-large"]
    assert sorted(found()) == ["Good", "Linked"]


def test_reading_less_of_a_folder_gives_what_a_fresh_index_of_it_gives(
    folder: SeedFolder, index_path: Path, tmp_path: Path
) -> None:
    """Names inside the folder, which decide between equals, are those of now."""
    folder.write("sub/a.md", seed("From a", slug="same"))
    other = SeedFolder(tmp_path / "other")
    other.write("m.md", seed("From m", slug="same"))
    search.reindex([folder.path, other.path], index_path)

    report = search.reindex([folder.path / "sub", other.path], index_path)

    assert report.generation == search.reindex([folder.path / "sub", other.path], tmp_path / "fresh").generation


def test_an_open_index_answers_on_when_the_folder_is_damaged_or_gone(folder: SeedFolder, index_path: Path) -> None:
    folder.write("seed.md", seed())
    search.reindex([folder.path], index_path)
    with search.open_index(index_path) as index:
        shutil.rmtree(index_path)

        assert not index.refresh()
        assert index.search("rates").total == 1


def test_a_generation_that_could_not_be_opened_is_tried_again(
    folder: SeedFolder, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("seed.md", seed())
    search.reindex([folder.path], index_path)
    with search.open_index(index_path) as index:
        folder.write("more.md", seed("More"))
        search.reindex([folder.path], index_path)
        hidden = [file.rename(file.with_suffix(".hidden")) for file in index_path.glob("generations/*/columns.arrays")]
        assert not index.refresh()

        for file in hidden:
            file.rename(file.with_suffix(".arrays"))
        monkeypatch.setattr("search.index.time.monotonic", lambda: 1e12)

        assert index.refresh()
        assert index.search("").total == 2
