"""Reads many seed files: in several processes where it pays, and only those whose bytes have changed."""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO

from search.errors import LedeError, SeedError
from search.files import LINES, NOT_READ, SeedFile, read_bytes, read_lines
from search.seeds import FileContent, SeedReader

#: Bytes that one process reads before another is worth its start.
BYTES_PER_PROCESS = 8 << 20

#: Bytes that are read in the time that another process takes to start and to hand over what it found.
LEAD_BYTES = 8 << 20

_BATCH = 64


@dataclass(frozen=True, slots=True)
class FileRequest:
    """A file to read, and the digest of what is known of it already, if anything is."""

    file: SeedFile
    known_digest: bytes | None


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What was found in a file; the content is None where the known one still holds."""

    digest: bytes
    content: FileContent | None


class Progress:
    """Is told how far a reindex is; this one does not care."""

    def files(self, total: int) -> None:
        """Take note of how many files will be read."""

    def advance(self, count: int) -> None:
        """Take note that *count* more files were read; called from several threads."""

    def indexing(self, articles: int) -> None:
        """Take note that the index is being written."""


def read_files(requests: Sequence[FileRequest], jobs: int, progress: Progress) -> list[FileAnswer]:
    """Answer every request, in order.

    Args:
        requests: in the order of names, so that neighbours, which share related lists, are read by the same process.
        jobs: processes at most; 0 is one for each processor.
        progress: is told how far it is.

    Raises:
        LedeError: If a process dies.
    """
    shares = _shares(requests, _processes(requests, jobs))
    workers = [_Worker(share, progress) for share in shares[1:]]
    reader = SeedReader()
    answers: list[FileAnswer] = []
    for request in shares[0]:
        answers.append(answer(request, reader))
        progress.advance(1)
    for worker in workers:
        answers += worker.join()
    return answers


def answer(request: FileRequest, reader: SeedReader) -> FileAnswer:
    """Read one file unless its bytes are the known ones."""
    file = request.file
    digest = blake2b(digest_size=16)
    content = None
    try:
        if file.extension == LINES:
            for line in read_lines(file):
                digest.update(line + b"\n")
        else:
            content = read_bytes(file)
            digest.update(content)
    except SeedError as exc:
        return FileAnswer(b"", FileContent(problems=[exc]))
    if digest.digest() == request.known_digest:
        return FileAnswer(digest.digest(), None)
    found = reader.read(file, content)
    # What could not be read this time is no known content, and is tried again.
    is_read = all(problem.code not in NOT_READ for problem in found.problems)
    return FileAnswer(digest.digest() if is_read else b"", found)


def work(source: IO[bytes], target: IO[bytes]) -> None:
    """Be a reading process: requests in, answers out in batches, until there is nobody to take them."""
    requests: list[FileRequest] = pickle.load(source)  # noqa: S301 - from the process that started this one
    reader = SeedReader()
    # Nothing here is ever garbage before the process ends.
    gc.disable()
    # One pickler for all batches: an article that was sent once is only referred to afterwards.
    pickler = pickle.Pickler(target, pickle.HIGHEST_PROTOCOL)
    for start in range(0, len(requests), _BATCH):
        pickler.dump([answer(request, reader) for request in requests[start : start + _BATCH]])
        target.flush()


class _Worker:
    """Another process that reads a share of the files, and the thread that takes its answers.

    A process of its own program, not a fork: it inherits no lock and no thread, and asks nothing of the caller's main
    module. It dies of the closed pipe when its parent does.
    """

    def __init__(self, requests: Sequence[FileRequest], progress: Progress) -> None:
        self._requests, self._progress = requests, progress
        self._answers: list[FileAnswer] = []
        command = [sys.executable, "-P", "-c", "import sys; from search.reading import work; "]
        command[-1] += "work(sys.stdin.buffer, sys.stdout.buffer)"
        paths = [str(Path(__file__).parents[1]), *filter(None, sys.path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        self._process = subprocess.Popen(  # noqa: S603 - our own program, by our own interpreter
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def join(self) -> list[FileAnswer]:
        self._thread.join()
        if self._process.wait() != 0 or len(self._answers) != len(self._requests):
            msg = f"a process that reads seeds died (exit code {self._process.returncode}): try again with --jobs 1"
            raise LedeError(msg)
        return self._answers

    def _take(self) -> None:
        # Where the process died, join says so; closing its input may fail as well.
        with suppress(OSError, EOFError, pickle.UnpicklingError), self._process:
            source, target = self._process.stdin, self._process.stdout
            if source is None or target is None:
                return
            pickle.dump(list(self._requests), source, pickle.HIGHEST_PROTOCOL)
            source.close()
            unpickler = pickle.Unpickler(target)  # noqa: S301 - from a process that this one started
            while len(self._answers) < len(self._requests):
                batch = unpickler.load()
                self._answers += batch
                self._progress.advance(len(batch))


def _processes(requests: Sequence[FileRequest], jobs: int) -> int:
    size = sum(request.file.stamp.size for request in requests)
    return max(1, min(jobs or _processors(), size // BYTES_PER_PROCESS))


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shares(requests: Sequence[FileRequest], count: int) -> list[list[FileRequest]]:
    """Cut into runs of neighbours, which take about as long: the others have to start and to send what they found."""
    total = sum(request.file.stamp.size for request in requests) or 1
    lead = min(LEAD_BYTES, total // (2 * count)) if count > 1 else 0
    share = (total - lead) / count
    shares: list[list[FileRequest]] = [[] for _ in range(count)]
    before = 0
    for request in requests:
        shares[max(0, min(int((before - lead) // share), count - 1))].append(request)
        before += request.file.stamp.size
    return shares
