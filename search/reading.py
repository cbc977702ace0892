"""Reads many seed files: in several processes where it pays, and only those whose bytes have changed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from search import native
from search.errors import LedeError
from search.files import SeedFile
from search.parts import FileRequest, PartAnswer, Task, answer, plan
from search.seeds import FileContent, SeedReader, UnusualError

#: Bytes that one process reads before another is worth its start.
BYTES_PER_PROCESS = 8 << 20

#: Bytes that are read in the time that another process takes to start and to hand over what it found.
LEAD_BYTES = 16 << 20

#: The share of a range of lines up to which it is read here even if it holds something unusual, which keeps the
#: interpreter busy; ranges that hold more are read by processes.
MAX_UNUSUAL = 1 / 8

_BATCH = 64
# A range's records, so that whoever reads them is not waited for.
_PIPE = 1 << 20


class Progress:
    """Is told how far a reindex is; this one does not care."""

    def files(self, total: int) -> None:
        """Take note of how many files will be read."""

    def advance(self, count: int) -> None:
        """Take note that *count* more files were read; called from several threads."""

    def indexing(self, articles: int) -> None:
        """Take note that the index is being written."""


def read_files(requests: Sequence[FileRequest], jobs: int, progress: Progress) -> list[list[PartAnswer]]:
    """Answer every request, in order, with the parts of its file.

    Args:
        requests: in the order of names, so that neighbours, which share related lists, are read by the same process.
        jobs: processes at most; 0 is one for each processor.
        progress: is told how far it is.

    Raises:
        LedeError: If a process dies.
    """
    plans = [plan(request) for request in requests]
    steps = _Steps(plans, progress)
    answers = iter(_answers([part for parts in plans for part in parts if isinstance(part, Task)], jobs, steps))
    found = [[next(answers) if isinstance(part, Task) else part for part in parts] for parts in plans]
    # A file of which a part could not be read was not read.
    return [next(([part] for part in parts if not part.digest), parts) for parts in found]


class _Steps:
    """Tells the progress of files, which have several parts."""

    def __init__(self, plans: Iterable[Sequence[Task | PartAnswer]], progress: Progress) -> None:
        self._progress, self._lock = progress, threading.Lock()
        self._left: Counter[str] = Counter()
        for parts in plans:
            tasks = [part for part in parts if isinstance(part, Task)]
            if tasks:
                self._left[tasks[0].file.identity] += len(tasks)
            else:
                progress.advance(1)

    def done(self, file: SeedFile) -> None:
        """Take note that one more part of *file* was read."""
        with self._lock:
            self._left[file.identity] -= 1
            is_whole = not self._left[file.identity]
        if is_whole:
            self._progress.advance(1)


def work(source: IO[bytes], target: IO[bytes]) -> None:
    """Be a reading process: tasks in, answers out in batches, until there is nobody to take them.

    The records of a range of lines go behind the pickled rest of the answer, which says how many bytes they are.
    """
    try:
        _work(source, target)
    except (BrokenPipeError, EOFError, pickle.UnpicklingError):
        # The parent was stopped, and has nothing left to say; nor has this, not even what Python would at its end.
        os._exit(1)


def _work(source: IO[bytes], target: IO[bytes]) -> None:
    tasks: list[Task] = pickle.load(source)  # noqa: S301 - from the process that started this one
    reader = SeedReader()
    # One pickler for all batches: an article that was sent once is only referred to afterwards.
    pickler = pickle.Pickler(target, pickle.HIGHEST_PROTOCOL)
    for batch in _batches(tasks):
        answers = [answer(task, reader) for task in batch]
        taken = [_take_records(found.content) for found, task in zip(answers, batch, strict=True) if task.range]
        pickler.dump((answers, [len(one) for one in taken]))
        target.writelines(taken)
        target.flush()


def _batches(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """Cut into runs that are worth sending: many small files, or one range of lines."""
    for is_range, run in groupby(tasks, key=lambda task: task.range is not None):
        listed, size = list(run), 1 if is_range else _BATCH
        yield from (listed[start : start + size] for start in range(0, len(listed), size))


def _take_records(content: FileContent | None) -> bytes:
    """Take the records out of a range's content, so that no pickler remembers them; of a known one there are none."""
    if content is None or content.records is None:
        return b""
    taken, content.records = content.records, None
    return pickle.dumps(taken, pickle.HIGHEST_PROTOCOL)


def _answers(tasks: Sequence[Task], jobs: int, steps: _Steps) -> list[PartAnswer]:
    """Do the tasks: ranges of lines by threads, where there are passes that need no turn at the interpreter."""
    scanned = _scanned(tasks, jobs, steps) if native.passes else [None] * len(tasks)
    rest = iter(_shared_out([task for task, found in zip(tasks, scanned, strict=True) if not found], jobs, steps))
    return [found or next(rest) for found in scanned]


def _scanned(tasks: Sequence[Task], jobs: int, steps: _Steps) -> list[PartAnswer | None]:
    """Read ranges of lines that hold little that is unusual; None for all else."""
    reader = SeedReader()

    def scan(task: Task) -> PartAnswer | None:
        if task.range is None:
            return None
        try:
            found = answer(task, reader, most_left=MAX_UNUSUAL)
        except UnusualError:
            return None
        steps.done(task.file)
        return found

    with ThreadPoolExecutor(_processes(tasks, jobs)) as threads:
        return list(threads.map(scan, tasks))


def _shared_out(tasks: Sequence[Task], jobs: int, steps: _Steps) -> list[PartAnswer]:
    """Do the tasks, in several processes where it pays."""
    shares = _shares(tasks, _processes(tasks, jobs))
    workers = [_Worker(share, steps) for share in shares[1:]]
    reader = SeedReader()
    answers: list[PartAnswer] = []
    for task in shares[0]:
        answers.append(answer(task, reader))
        steps.done(task.file)
    for worker in workers:
        answers += worker.join()
    return answers


def _with_records(found: PartAnswer, taken: bytes) -> PartAnswer:
    """Put the records back where :func:`_take_records` took them."""
    if found.content is not None and taken:
        found.content.records = pickle.loads(taken)  # noqa: S301 - from a process that this one started
    return found


class _Worker:
    """Another process that reads a share of the files, and the thread that takes its answers.

    A process of its own program, not a fork: it inherits no lock and no thread, and asks nothing of the caller's main
    module. It dies of the closed pipe when its parent does.
    """

    def __init__(self, tasks: Sequence[Task], steps: _Steps) -> None:
        self._tasks, self._steps = tasks, steps
        self._answers: list[tuple[PartAnswer, bytes]] = []
        command = [sys.executable, "-P", "-c", "import gc, sys; from search.reading import work; "]
        # Nothing there is ever garbage before the process ends.
        command[-1] += "gc.disable(); work(sys.stdin.buffer, sys.stdout.buffer)"
        paths = [str(Path(__file__).parents[1]), *filter(None, sys.path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        # A group of its own: Ctrl-C is for the parent, which ends this one by closing the pipe.
        group = 0 if os.name == "posix" else None
        self._process = subprocess.Popen(  # noqa: S603 - our own program, by our own interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            pipesize=_PIPE,
            process_group=group,
        )
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def join(self) -> Iterator[PartAnswer]:
        self._thread.join()
        if self._process.wait() != 0 or len(self._answers) != len(self._tasks):
            msg = f"a process that reads seeds died (exit code {self._process.returncode}): try again with --jobs 1"
            raise LedeError(msg)
        self._answers.reverse()
        while self._answers:
            yield _with_records(*self._answers.pop())

    def _take(self) -> None:
        # Where the process died, join says so; closing its input may fail as well.
        with suppress(OSError, EOFError, pickle.UnpicklingError), self._process:
            source, target = self._process.stdin, self._process.stdout
            if source is None or target is None:
                return
            pickle.dump(list(self._tasks), source, pickle.HIGHEST_PROTOCOL)
            source.close()
            # Without its peek, so that pickle takes no byte of what comes behind.
            stream: Any = SimpleNamespace(read=target.read, readline=target.readline)
            unpickler = pickle.Unpickler(stream)  # noqa: S301 - from a process that this one started
            for batch in _batches(self._tasks):
                answers, sizes = unpickler.load()
                taken = [target.read(size) for size in sizes] or [b""] * len(batch)
                self._answers += zip(answers, taken, strict=True)
                for task in batch:
                    self._steps.done(task.file)


def _processes(tasks: Sequence[Task], jobs: int) -> int:
    return max(1, min(jobs or _processors(), sum(task.size for task in tasks) // BYTES_PER_PROCESS))


def _processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shares(tasks: Sequence[Task], count: int) -> list[list[Task]]:
    """Cut into runs of neighbours, which take about as long: the others have to start."""
    total = sum(task.size for task in tasks) or 1
    lead = min(LEAD_BYTES, total // (2 * count)) if count > 1 else 0
    share = (total - lead) / count
    first = total - share * (count - 1)
    shares: list[list[Task]] = [[] for _ in range(count)]
    before = 0
    for task in tasks:
        shares[max(0, min(1 + int((before - first) // share), count - 1))].append(task)
        before += task.size
    return shares
