from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import missing
from factories import SeedFolder, mention, seed

from search import native, reading
from search.errors import LedeError, Location, SeedError
from search.files import LineRange, SeedFile, list_seed_files, read_range
from search.packs import Unpacked, pack_records
from search.parts import FileRequest, PartAnswer, Task, answer, plan
from search.reading import Progress, read_files, work
from search.recorded import NONE
from search.records import Sharing
from search.seeds import FileContent, SeedReader, SourcedSeed, sourced


class Counted(Progress):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.count = 0

    def advance(self, count: int) -> None:
        """Add them up."""
        self.count += count


def requests(folder: SeedFolder, known: dict[str, list[bytes]] | None = None) -> list[FileRequest]:
    files, _ = list_seed_files([folder.path])
    return [FileRequest(file, frozenset((known or {}).get(file.name, ()))) for file in files]


def digests(folder: SeedFolder) -> dict[str, list[bytes]]:
    asked = requests(folder)
    answers = read_files(asked, 1, Progress())
    return {request.file.name: digests_of(parts) for request, parts in zip(asked, answers, strict=True)}


def digests_of(parts: Sequence[PartAnswer]) -> list[bytes]:
    return [part.digest for part in parts]


def as_text(answers: Sequence[Sequence[PartAnswer]]) -> list[str]:
    """Write answers out whole, since errors have no equality; only some have fingerprints."""
    parts = deepcopy([part for parts in answers for part in parts])
    for part in parts:
        if part.content:
            part.content.seeds = [one._replace(fingerprint=b"") for one in seeds_of(part)]
            part.content.records = None
    return [repr(part) for part in parts]


def seeds_of(part: PartAnswer) -> list[SourcedSeed]:
    assert part.content is not None
    return part.content.seeds + (sourced(part.content.records, Sharing()) if part.content.records else [])


def one_part(parts: Sequence[PartAnswer]) -> PartAnswer:
    (part,) = parts
    return part


def content_of(parts: Sequence[PartAnswer]) -> FileContent:
    content = one_part(parts).content
    assert content is not None
    return content


@pytest.fixture
def many(folder: SeedFolder, monkeypatch: pytest.MonkeyPatch) -> SeedFolder:
    """Fill a folder with what several processes are worth starting for."""
    monkeypatch.setattr(reading, "BYTES_PER_PROCESS", 5_000)
    related = [mention(f"Related {number}") for number in range(3)]
    for number in range(150):
        folder.write(f"{number:03}.md", seed(f"Seed {number}", related=related, secured="QUJD;eHl6"))
    folder.write("bad.md", "---\ntitle: [unclosed\n---\n")
    folder.write("lines.jsonl", "\n".join(["{", json.dumps(mention("A line"))]))
    folder.write(os.fsdecode(b"caf\xe9.md"), seed("Not Unicode"))
    return folder


@pytest.mark.parametrize("jobs", [0, 2, 5])
def test_several_processes_answer_as_one_does(many: SeedFolder, jobs: int) -> None:
    one, several = Counted(), Counted()

    alone = read_files(requests(many), 1, one)
    together = read_files(requests(many), jobs, several)

    assert as_text(together) == as_text(alone)
    assert one.count == several.count == len(alone) == 153


def test_no_process_is_started_for_a_few_files(folder: SeedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    folder.write("seed.md", seed())

    assert len(read_files(requests(folder), 8, Progress())) == 1
    assert read_files([], 8, Progress()) == []


def test_a_process_that_dies_is_an_error_that_says_what_to_do(
    many: SeedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Remembered(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    class Killer(Progress):
        def advance(self, count: int) -> None:
            del count
            for process in started:
                process.kill()

    monkeypatch.setattr("subprocess.Popen", Remembered)

    with pytest.raises(LedeError, match=r"died \(exit code -9\): .*--jobs 1"):
        read_files(requests(many), 2, Killer())


@pytest.mark.parametrize(
    "last_words",
    ["exit 3", r"cat > /dev/null; printf '\200\005\225\377\000\000\000\000\000\000\000half of it'; exit 3", "exit 0"],
    ids=["before-it-has-read", "in-the-middle-of-an-answer", "as-if-nothing-were-wrong"],
)
def test_a_process_may_die_at_any_moment(
    many: SeedFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, last_words: str
) -> None:
    """Another program takes its place; a warning of a thread that fails would be an error here."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{last_words}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))

    more_than_a_pipe_holds = [request for _ in range(12) for request in requests(many)]

    with pytest.raises(LedeError, match="died"):
        read_files(more_than_a_pipe_holds, 2, Progress())


def test_usual_lines_are_read_by_threads_and_no_process_is_started_for_them(
    folder: SeedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    if native.passes is None:
        missing("the passes in C are not compiled")
    monkeypatch.setattr(reading, "BYTES_PER_PROCESS", 5_000)
    monkeypatch.setattr("search.files.RANGE_BYTES", 1_000)
    monkeypatch.setattr("subprocess.Popen", None)
    usual = [json.dumps(mention(f"Line {number}")) for number in range(400)]
    unusual = [json.dumps(mention(f"Unusual {number}", unknown=1)) for number in range(40)]
    lines = [line for number, one in enumerate(unusual) for line in (*usual[10 * number : 10 * number + 10], one)]
    folder.write("lines.jsonl", "\n".join(lines))
    folder.write("other.md", seed("Other"))
    monkeypatch.setattr(reading, "MAX_UNUSUAL", 0.5)

    assert as_text(read_files(requests(folder), 3, Progress())) == as_text(read_files(requests(folder), 1, Progress()))


# What is known


def test_a_file_whose_bytes_are_known_is_not_parsed_again(folder: SeedFolder) -> None:
    folder.write("seed.md", seed())
    folder.write("seeds.jsonl", json.dumps(mention()))
    known = digests(folder)
    folder.write("seed.md", seed())

    answers = read_files(requests(folder, known), 1, Progress())

    assert [one_part(parts).content for parts in answers] == [None, None]
    assert [digests_of(parts) for parts in answers] == list(known.values())


def test_a_file_whose_bytes_have_changed_is_parsed(folder: SeedFolder) -> None:
    folder.write("seed.md", seed("Before"))
    folder.write("seeds.jsonl", json.dumps(mention()))
    known = digests(folder)
    folder.write("seed.md", seed("Behind"))
    folder.write("seeds.jsonl", json.dumps(mention()) + "\n\n" + json.dumps(mention("Two")))

    first, second = read_files(requests(folder, known), 1, Progress())

    assert content_of(first).seeds[0].seed.article.title == "Behind"
    assert len(seeds_of(one_part(second))) == 2


def test_a_broken_file_has_a_digest_and_one_that_cannot_be_read_has_none(folder: SeedFolder) -> None:
    folder.write("bad.md", "---\n")
    folder.write("gone.md", seed())
    asked = requests(folder)
    folder.remove("gone.md")

    bad, gone = read_files(asked, 1, Progress())

    assert (len(one_part(bad).digest), one_part(gone).digest) == (16, b"")
    assert [content_of(parts).problems[0].code for parts in (bad, gone)] == ["unclosed", "unreadable"]


def test_a_worker_sends_the_answers_that_its_parent_would_have_found(folder: SeedFolder) -> None:
    for number in range(70):
        folder.write(f"{number:02}.md", seed(f"Seed {number}"))
    tasks = [task for request in requests(folder) for task in plan(request) if isinstance(task, Task)]
    target = io.BytesIO()

    work(io.BytesIO(pickle.dumps(tasks)), target)

    unpickler = pickle.Unpickler(io.BytesIO(target.getvalue()))  # noqa: S301 - written above
    answers = [found for _ in range(2) for found in unpickler.load()[0]]
    reader = SeedReader()
    assert as_text([answers]) == as_text([[answer(task, reader) for task in tasks]])


# Files of lines


@pytest.fixture
def long(folder: SeedFolder, monkeypatch: pytest.MonkeyPatch) -> SeedFolder:
    """Write a file of lines that is read in many ranges, with a fault in every seventh line."""
    monkeypatch.setattr(reading, "BYTES_PER_PROCESS", 5_000)
    monkeypatch.setattr("search.files.RANGE_BYTES", 1_000)
    lines = [json.dumps(mention(f"Line {number}", topics=["AI"])) for number in range(200)]
    lines[::7] = ['{"title": "x", "title": "y"}'] * len(lines[::7])
    folder.write("lines.jsonl", "\ufeff" + "\n".join(lines))
    folder.write("other.md", seed("Other"))
    return folder


@pytest.mark.parametrize("jobs", [2, 3])
def test_one_file_of_lines_is_shared_out_and_answered_as_one_process_does(long: SeedFolder, jobs: int) -> None:
    progress = Counted()

    alone = read_files(requests(long), 1, Progress())
    together = read_files(requests(long), jobs, progress)

    assert as_text(together) == as_text(alone)
    assert progress.count == 2
    assert len(together[0]) > 20


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_came_ready_to_be_packed_is_what_was_found(long: SeedFolder, jobs: int) -> None:
    for part in read_files(requests(long), jobs, Progress())[0]:
        assert part.content is not None
        assert part.content.records is not None
        (unpacked,) = Unpacked(pack_records(part.content.records), Sharing()).lists(NONE)
        assert unpacked == seeds_of(part)


def test_of_a_file_that_has_grown_only_the_end_is_read(long: SeedFolder) -> None:
    known = digests(long)
    content = (long.path / "lines.jsonl").read_bytes()
    long.write("lines.jsonl", content + b"\n" + json.dumps(mention("More")).encode())

    parts = read_files(requests(long, known), 2, Progress())[0]

    assert [part.content for part in parts[:-1]] == [None] * (len(parts) - 1)
    assert digests_of(parts[:-1]) == known["lines.jsonl"][:-1]
    assert parts[-1].content is not None
    assert seeds_of(parts[-1])[-1].seed.article.title == "More"


def test_a_byte_order_mark_is_none_in_the_middle_of_a_file(folder: SeedFolder) -> None:
    """The same bytes are known, but not at this place."""
    folder.write("lines.jsonl", "\ufeff" + json.dumps(mention()))
    first = digests(folder)["lines.jsonl"]
    task = Task(requests(folder)[0].file, LineRange(0, 10_000), frozenset())

    assert answer(task, SeedReader()).digest == first[0]
    content = b"".join([b"x" * 7, (folder.path / "lines.jsonl").read_bytes()])
    folder.write("lines.jsonl", content)
    assert answer(task._replace(range=LineRange(7, 10_000)), SeedReader()).digest != first[0]


def test_a_file_of_lines_of_which_a_part_cannot_be_read_is_not_read(
    long: SeedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(file: SeedFile, part: LineRange) -> bytes:
        if part.start > 5_000:
            raise SeedError(Location(file.path), "unreadable", "it is gone", "look for it")
        return read_range(file, part)

    monkeypatch.setattr("search.parts.read_range", failing)

    part = one_part(read_files(requests(long), 1, Progress())[0])

    assert (part.digest, content_of([part]).problems[0].code) == (b"", "unreadable")
