"""The use case: seeds to catalog to engine, and the report of it."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from search.alerts import with_findings
from search.cache import Cache
from search.catalog import INDEX_FORMAT, Catalog
from search.engine import Engine
from search.engines import check_engine, make_engine
from search.errors import EmptyIndexRefusedError, IndexWriteError, ShrinkError
from search.keys import NO_MARKS, Fingerprints, Marks
from search.lock import LOCK, LOCK_TIMEOUT, locked
from search.reading import Progress
from search.remembered import LastRun
from search.report import Report, Seconds
from search.saved import SavedQueries, read_saved_queries
from search.survey import Survey

#: Articles up to which a first run keeps what it has read beside what it publishes.
FEW = 1000
#: Seconds that a saved query may take.
QUERY_SECONDS = 60.0

Folders = str | PathLike[str] | Sequence[str | PathLike[str]]


def reindex(  # noqa: PLR0913 - the choices of the command, all but the folders by name
    seeds: Folders = ("seeds",),
    index: str | PathLike[str] = "index",
    *,
    full: bool = False,
    force: bool = False,
    jobs: int = 0,
    engine: str = "whoosh",
    queries: str | PathLike[str] | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
    progress: Progress | None = None,
) -> Report:
    """Bring the index in the folder *index* up to date with the seed files under the folders *seeds*.

    Searches see the old generation until the new one is whole. A seed that cannot be read costs only itself: it is
    named in the report, and what an earlier version of it contributed stays.

    Args:
        seeds: a folder, or several, read at any depth.
        index: folder of the index; made where it is missing.
        full: read every file anew and write the index anew, whether or not anything has changed.
        force: publish even nothing, or less than half of what is served.
        jobs: processes that read seeds; 0 is one for each processor.
        engine: what holds the index.
        queries: folder of saved queries, each of which is run over the articles that were not served before; what they
            find, and what is wrong with them, is in the report. It need not be there; None runs none.
        lock_timeout: seconds to wait for another reindex.
        progress: is told how far it is.

    Raises:
        SeedsFolderError: If a folder of seeds cannot be listed.
        IndexLockedError: If another reindex runs for longer than the lock is waited for.
        IndexWriteError: If the index cannot be written; the old one is still served.
        ShrinkError: If nothing, or less than half of what is served, would be left, and *force* was not given.
    """
    folder = Path(index)
    check_engine(engine)
    saved = read_saved_queries(Path(queries)) if queries is not None else SavedQueries()
    with locked(folder, lock_timeout), _without_collecting(), ThreadPoolExecutor(1) as thread:
        # Meanwhile, since what an engine is made of takes as long to import as many seeds take to read.
        holder = thread.submit(_make_engine, engine, folder)
        run = _Run(folder, holder, progress or Progress())
        try:
            report = run.run(_paths(seeds), full=full, force=force, jobs=jobs)
            return with_findings(report, holder.result(), saved, run.new() if saved.queries else frozenset())
        finally:
            run.close()


def _make_engine(name: str, folder: Path) -> Engine:
    # Saved queries have nobody waiting for them, who might ask for something narrower.
    engine = make_engine(name, folder, time_budget=QUERY_SECONDS)
    engine.prepare()
    return engine


def check(
    seeds: Folders = ("seeds",),
    index: str | PathLike[str] = "index",
    *,
    jobs: int = 0,
    queries: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Read every seed and saved query, and report what is wrong; the folder *index* is only passed over.

    Raises:
        SeedsFolderError: If a folder of seeds cannot be listed.
    """
    clock = _Clock()
    with _without_collecting():
        survey = Survey(_paths(seeds), Path(index), {})
        survey.read(jobs, progress or Progress())
        clock.lap("read")
        catalog = survey.catalog()
        report = _report(survey, catalog, clock)
    saved = read_saved_queries(Path(queries)) if queries is not None else SavedQueries()
    problems, warnings = (*report.problems, *saved.problems), (*report.warnings, *saved.warnings)
    return replace(report, problems=problems, warnings=warnings)


def _paths(folders: Folders) -> list[Path]:
    return [Path(folders)] if isinstance(folders, str | PathLike) else [Path(folder) for folder in folders]


class _Clock:
    """Adds up where the time goes."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self._laps = {"read": 0.0, "merge": 0.0, "publish": 0.0, "remember": 0.0}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] += now - self._last
        self._last = now

    def seconds(self) -> Seconds:
        laps = self._laps
        return Seconds(
            read=round(laps["read"], 3),
            index=round(laps["merge"] + laps["publish"] + laps["remember"], 3),
            publish=round(laps["publish"], 3),
            total=round(time.perf_counter() - self._started, 3),
        )


class _Run:
    """One reindex under its lock."""

    def __init__(self, folder: Path, engine: Future[Engine], progress: Progress) -> None:
        self._folder, self._cache, self._holder, self._progress = folder, Cache(folder), engine, progress
        self._started_ns = _file_system_now(folder)
        self._clock = _Clock()
        #: The articles that were not served before.
        self._new = NO_MARKS

    def run(self, folders: Sequence[Path], *, full: bool, force: bool, jobs: int) -> Report:
        memory = self._cache.load()
        survey = self._survey(folders, memory)
        # What is served is asked last: every byte of it is looked at.
        is_current = memory is not None and memory.index_format == INDEX_FORMAT and not full and survey.is_unchanged
        if memory and is_current and memory.generation == self._engine.served():
            return self._unchanged(survey, memory)
        has_seeds = memory is not None and self._cache.load_seeds(memory, self._engine.recall)
        if memory and not has_seeds:
            survey = self._survey(folders, None)
        if full or not has_seeds:
            self._cache.start_anew(memory)
        survey.read(jobs, self._progress, full=full or not has_seeds)
        self._clock.lap("read")
        catalog = survey.catalog()
        differences, staying, leaving = self._differences(catalog, force=force)
        self._clock.lap("merge")
        # Ahead of publishing, so that nothing has changed where this cannot be written. Should we die in between, the
        # next run sees that what is remembered is not what is served, and publishes it.
        is_first = memory is None
        memory = self._memory(survey, catalog)
        if is_first and len(catalog.articles) > FEW:
            # Should we die before they are published, all is read again: there is nothing yet that could be lost.
            self._cache.save(memory, catalog.fingerprint_set, is_final=True)
        else:
            self._cache.save(memory, staying, leaving)
        self._clock.lap("remember")
        if full or self._engine.served() != catalog.generation:
            self._progress.indexing(len(catalog.articles))
            self._engine.publish(catalog, anew=full)
        self._clock.lap("publish")
        self._cache.leave_out(memory, catalog.fingerprint_set)
        self._clock.lap("remember")
        return _report(survey, catalog, self._clock, **differences)

    @property
    def _engine(self) -> Engine:
        return self._holder.result()

    def new(self) -> frozenset[str]:
        """Return the ids of the articles that were not served before."""
        return frozenset(self._new)

    def close(self) -> None:
        """Forget what was kept for a run that came to nothing."""
        self._cache.give_up()

    def _survey(self, folders: Sequence[Path], memory: LastRun | None) -> Survey:
        if memory is None:
            return Survey(folders, self._folder, {})
        return Survey(folders, self._folder, memory.files, started_ns=memory.started_ns)

    def _differences(self, catalog: Catalog, *, force: bool) -> tuple[dict[str, int], Fingerprints, Marks]:
        """Compare the articles with what is served, and note which are new.

        Returns:
            How many are added, changed and removed; the fingerprints of those that stay as they are; and those that do
            not.

        Raises:
            ShrinkError: If too little would be left, and *force* was not given.
        """
        served, found = self._engine.fingerprints(), catalog.fingerprints
        if not force:
            _refuse_to_shrink(served=len(served), found=len(found))
        both, same = found.compared(served)
        staying, self._new = Fingerprints(found.fingerprints[same]), found.chosen(~both)
        differences = {
            "added": len(self._new),
            "changed": int(np.count_nonzero(both & ~same)),
            "removed": len(served) - int(np.count_nonzero(both)),
        }
        return differences, staying, served.chosen(~staying.holds(served.fingerprints))

    def _memory(self, survey: Survey, catalog: Catalog) -> LastRun:
        return LastRun(
            articles=len(catalog.articles),
            stories=catalog.story_count,
            generation=catalog.generation,
            index_format=INDEX_FORMAT,
            started_ns=self._started_ns,
            files=survey.files,
        )

    def _unchanged(self, survey: Survey, memory: LastRun) -> Report:
        survey.keep()
        self._clock.lap("read")
        return Report(
            generation=memory.generation,
            articles=memory.articles,
            stories=memory.stories,
            files=survey.counts(),
            seconds=self._clock.seconds(),
            problems=survey.problems(),
        )


def _report(
    survey: Survey, catalog: Catalog, clock: _Clock, *, added: int = 0, changed: int = 0, removed: int = 0
) -> Report:
    return Report(
        generation=catalog.generation,
        articles=len(catalog.articles),
        stories=catalog.story_count,
        files=survey.counts(),
        seconds=clock.seconds(),
        problems=survey.problems(),
        warnings=tuple(survey.warnings),
        unknown_keys=dict(sorted(survey.unknown_keys.items())),
        added=added,
        changed=changed,
        removed=removed,
    )


def _refuse_to_shrink(*, served: int, found: int) -> None:
    if found == 0:
        raise EmptyIndexRefusedError
    if 2 * found < served:
        raise ShrinkError(served=served, found=found)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no cycles meanwhile: there are hardly any among millions of values that all stay to the end."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _file_system_now(folder: Path) -> int:
    """Return the time, in nanoseconds, by the clock that stamps files, which is coarser than the system's."""
    file = folder / LOCK
    try:
        file.touch()
        return file.stat().st_ctime_ns
    except OSError as exc:
        raise IndexWriteError(folder, exc.strerror or str(exc)) from exc
