"""One tree of errors; each carries facts and writes its own sentence, which says what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Location(NamedTuple):
    """Where in a seed file a fault is; line and column count from 1, in Unicode characters."""

    file: str
    line: int = 1
    column: int = 1

    @property
    def printable(self) -> str:
        """The file's name, whose bytes need not be Unicode and whose characters need not be fit for a terminal."""
        name = self.file.encode("utf-8", "backslashreplace").decode()
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)

    def __str__(self) -> str:
        """Write ``FILE:LINE:COLUMN``, on one line."""
        return f"{self.printable}:{self.line}:{self.column}"


class LedeError(Exception):
    """Anything that Lede refuses or fails to do, in a sentence for its user."""


class SeedError(LedeError, ValueError):
    """A seed cannot become articles, or a saved query cannot be run; the others are not affected."""

    def __init__(self, where: Location, code: str, fault: str, advice: str) -> None:
        self.where, self.code, self.fault, self.advice = where, code, fault, advice
        super().__init__(f"{where}: {fault}: {advice}")

    def __reduce__(self) -> tuple[type[SeedError], tuple[Location, str, str, str]]:
        """Let it travel between processes, which its own arguments, not its sentence, have to be made of."""
        return type(self), (self.where, self.code, self.fault, self.advice)


class SettingsError(LedeError, ValueError):
    """A setting has an unknown name or a value that cannot be."""


class SeedsFolderError(LedeError, OSError):
    """A folder of seeds cannot be listed."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"cannot read the seeds folder {folder}: {reason}: check the path, and that it is mounted")


class ShrinkError(LedeError):
    """Publishing would take away more than half of what is served."""

    def __init__(self, *, served: int, found: int) -> None:
        self.served, self.found = served, found
        super().__init__(
            f"the seeds give {found} articles, the index serves {served}: nothing was changed; "
            "check the seeds folder, or confirm with --force"
        )


class EmptyIndexRefusedError(ShrinkError):
    """Publishing would make an index of nothing."""

    def __init__(self) -> None:
        LedeError.__init__(
            self,
            "the seeds give no article at all: nothing was changed; "
            "put a seed into the seeds folder, or confirm with --force",
        )


class IndexLockedError(LedeError):
    """Another reindex runs for longer than the lock is waited for."""

    def __init__(self, folder: Path, seconds: float) -> None:
        super().__init__(
            f"another reindex holds the lock of {folder} (waited {seconds:g} s): "
            "nothing was changed; try again when it is done"
        )


class IndexWriteError(LedeError, OSError):
    """The index cannot be written: a full disk, a read-only folder, too many open files."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"cannot write the index in {folder}: {reason}: the old index, if any, is still served")


class ExportError(LedeError, OSError):
    """The file that an index is exported to cannot be written."""

    def __init__(self, file: object, reason: str) -> None:
        super().__init__(f"cannot export to {file}: {reason}: what was there before is unchanged")


class ImportRefusedError(LedeError, ValueError):
    """What is to be imported is no whole export of an index of this engine and version."""

    def __init__(self, source: object, fault: str) -> None:
        self.fault = fault
        super().__init__(
            f"cannot import {getattr(source, 'name', None) or source}: {fault}: nothing was changed; "
            "take another copy, or write one with `lede export`"
        )


class NoIndexError(LedeError):
    """There is nothing to search yet."""

    def __init__(self, place: Path | str) -> None:
        super().__init__(f"there is no index in {place} yet: run `reindex` first")


class IndexDamagedError(LedeError):
    """Files of the index are not what was published, and no older generation is whole."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"the index in {folder} is damaged ({reason}): run `reindex` to build it anew")


class IndexUnreadableError(IndexDamagedError):
    """Files of the index cannot be opened, though nothing says that they are damaged."""

    def __init__(self, folder: Path, reason: str) -> None:
        LedeError.__init__(
            self, f"the index in {folder} cannot be read ({reason}): check its permissions, and try again"
        )


class OlderIndexError(IndexDamagedError):
    """An earlier version wrote the index, which can be searched, and nothing else."""

    def __init__(self, folder: Path) -> None:
        LedeError.__init__(self, f"an earlier version of Lede wrote the index in {folder}: run `reindex` first")


class BadParameterError(LedeError, ValueError):
    """A search was asked with a parameter that cannot be; names it."""

    def __init__(self, name: str, fault: str) -> None:
        self.name = name
        super().__init__(f"{name}: {fault}")


class PageTooDeepError(BadParameterError):
    """A page beyond the last hit that paging reaches."""

    def __init__(self, limit: int) -> None:
        super().__init__("page", f"paging ends at {limit:,} hits; narrow the search instead")


class SearchTimeoutError(LedeError, TimeoutError):
    """A search was given up, since it took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the search took longer than the {seconds:g} s it may: ask for something narrower")


class NotFoundError(LedeError, LookupError):
    """No article or story has this id."""

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"no {kind} has the id {identifier!r}")
