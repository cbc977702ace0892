from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from factories import SeedFolder, mention, seed

from search import reading
from search.errors import LedeError
from search.files import list_seed_files
from search.reading import FileAnswer, FileRequest, Progress, answer, read_files, work
from search.seeds import SeedReader


class Counted(Progress):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.count = 0

    def advance(self, count: int) -> None:
        """Add them up."""
        self.count += count


def requests(folder: SeedFolder, known: dict[str, bytes] | None = None) -> list[FileRequest]:
    files, _ = list_seed_files([folder.path])
    return [FileRequest(file, (known or {}).get(file.name)) for file in files]


def digests(folder: SeedFolder) -> dict[str, bytes]:
    asked = requests(folder)
    answers = read_files(asked, 1, Progress())
    return {request.file.name: found.digest for request, found in zip(asked, answers, strict=True)}


def as_text(answers: Sequence[FileAnswer]) -> list[str]:
    """Write answers out whole, since errors have no equality."""
    return [repr(found) for found in answers]


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


# What is known


def test_a_file_whose_bytes_are_known_is_not_parsed_again(folder: SeedFolder) -> None:
    folder.write("seed.md", seed())
    folder.write("seeds.jsonl", json.dumps(mention()))
    known = digests(folder)
    folder.write("seed.md", seed())

    answers = read_files(requests(folder, known), 1, Progress())

    assert [found.content for found in answers] == [None, None]
    assert [found.digest for found in answers] == list(known.values())


def test_a_file_whose_bytes_have_changed_is_parsed(folder: SeedFolder) -> None:
    folder.write("seed.md", seed("Before"))
    folder.write("seeds.jsonl", json.dumps(mention()))
    known = digests(folder)
    folder.write("seed.md", seed("Behind"))
    folder.write("seeds.jsonl", json.dumps(mention()) + "\n\n" + json.dumps(mention("Two")))

    first, second = read_files(requests(folder, known), 1, Progress())

    assert first.content is not None
    assert first.content.seeds[0].seed.article.title == "Behind"
    assert second.content is not None
    assert len(second.content.seeds) == 2


def test_a_broken_file_has_a_digest_and_one_that_cannot_be_read_has_none(folder: SeedFolder) -> None:
    folder.write("bad.md", "---\n")
    folder.write("gone.md", seed())
    asked = requests(folder)
    folder.remove("gone.md")

    bad, gone = read_files(asked, 1, Progress())

    assert (len(bad.digest), gone.digest) == (16, b"")
    assert [found.content.problems[0].code for found in (bad, gone) if found.content] == ["unclosed", "unreadable"]


def test_a_worker_sends_the_answers_that_its_parent_would_have_found(folder: SeedFolder) -> None:
    for number in range(70):
        folder.write(f"{number:02}.md", seed(f"Seed {number}"))
    asked = requests(folder)
    target = io.BytesIO()

    work(io.BytesIO(pickle.dumps(asked)), target)

    unpickler = pickle.Unpickler(io.BytesIO(target.getvalue()))  # noqa: S301 - written above
    answers = [*unpickler.load(), *unpickler.load()]
    reader = SeedReader()
    assert as_text(answers) == as_text([answer(request, reader) for request in asked])
