"""The seed files as they are now, against what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from search.catalog import Catalog, make_catalog
from search.errors import SeedError
from search.files import UNREAD, RefusedFile, SeedFile, list_seed_files
from search.mentions import Mention, MentionedLines
from search.parse import SeedWarning
from search.parts import FileRequest, PartAnswer
from search.reading import Progress, read_files
from search.remembered import KnownFile, KnownPart
from search.report import FileCounts

# Ticks of the clock that file systems stamp changes with.
_TICK_NS = 20_000_000


class Survey:
    """The seed files as they are now, against what is known of them."""

    def __init__(
        self, folders: Sequence[Path], index: Path | None, known: Mapping[str, KnownFile], *, started_ns: int = 0
    ) -> None:
        self.listed, self._refused = list_seed_files(folders, apart_from=index)
        self._started_ns = started_ns
        self._known = self._matched(known)
        self._vanished = len(known) - len(self._known)
        self.files: dict[str, KnownFile] = {}
        self.warnings: list[SeedWarning] = []
        self.unknown_keys: dict[str, int] = {}
        self._read: set[str] = set()

    @property
    def is_unchanged(self) -> bool:
        """True where every file is there and shows the stamp it had."""
        return not self._refused and not self._vanished and not self._changed(full=False)

    def keep(self) -> None:
        """Take every file for what is known of it."""
        self.files = {
            file.identity: known.seen_as(file.name, file.path)
            for file in self.listed
            if (known := self._known.get(file.identity))
        }

    def read(self, jobs: int, progress: Progress, *, full: bool = True) -> None:
        """Read what has changed, and take what is known of the rest.

        Args:
            jobs: processes at most; 0 is one for each processor.
            progress: is told how far it is.
            full: read everything.
        """
        self.keep()
        requests = [FileRequest(file, self._digests(file, full=full)) for file in self._changed(full=full)]
        progress.files(len(requests))
        for request, answers in zip(requests, read_files(requests, jobs, progress), strict=True):
            self._take(request.file, answers)
        self.files = {file.identity: self.files[file.identity] for file in self.listed}
        for refused in self._refused:
            self._keep_last_good(refused)

    def catalog(self) -> Catalog:
        """Merge what all files say."""
        parts = [(known, base, part) for known in self.files.values() for base, part in known.placed()]
        seeds = sum(len(part.seeds) for _, _, part in parts)
        recorded = sum(len(part.records.seeds) for _, _, part in parts if part.records)
        # Which of the two ways is taken for all, what others say must be brought to it.
        if seeds > recorded:
            return make_catalog(self._mentions(parts))
        tables = [MentionedLines(known.name, base, part.records) for known, base, part in parts if part.records]
        return make_catalog(
            self._mentions([(known, base, part) for known, base, part in parts if not part.records]), tables
        )

    @staticmethod
    def _mentions(parts: Iterable[tuple[KnownFile, int, KnownPart]]) -> Iterator[Mention]:
        """Yield every seed with where it comes from."""
        for known, base, part in parts:
            for line, seed, fingerprint in part.all_seeds():
                yield Mention(known.name, base + line, seed, fingerprint)

    def counts(self) -> FileCounts:
        """Count what became of the files."""
        refused = {path for path, known in self.files.items() if known.problems}
        read = len(self._read - refused)
        return FileCounts(
            read=read,
            unchanged=len(self.files) - len(refused) - read,
            refused=len(refused),
            vanished=self._vanished,
        )

    def problems(self) -> tuple[SeedError, ...]:
        """Return what is wrong, in the order of the files."""
        return tuple(problem for known in self.files.values() for problem in known.problems)

    def _matched(self, known: Mapping[str, KnownFile]) -> dict[str, KnownFile]:
        """Find what is known of the files that are there: by identity, or else by name, where a folder has moved."""
        here = {file.identity: file.name for file in self.listed}
        here |= {file.identity: file.name for file in self._refused}
        moved = {file.name: file for identity, file in known.items() if identity not in here}
        matches = {identity: known.get(identity) or moved.pop(name, None) for identity, name in here.items()}
        return {identity: match for identity, match in matches.items() if match}

    def _changed(self, *, full: bool) -> list[SeedFile]:
        return [file for file in self.listed if full or not self._is_known(file)]

    def _is_known(self, file: SeedFile) -> bool:
        known = self._known.get(file.identity)
        is_settled = file.stamp.changed_ns < self._started_ns - _TICK_NS
        return known is not None and known.stamp == file.stamp and is_settled

    def _digests(self, file: SeedFile, *, full: bool) -> frozenset[bytes]:
        known = self._known.get(file.identity)
        return frozenset(known.digests) if known and not full else frozenset()

    def _take(self, file: SeedFile, answers: Sequence[PartAnswer]) -> None:
        known = self.files.get(file.identity)
        if known and not any(answer.content for answer in answers) and known.digests == [a.digest for a in answers]:
            known.stamp = file.stamp
            return
        self._read.add(file.identity)
        # What could not be read has no digest; it is tried again though its stamp may stay the same.
        stamp = file.stamp if all(answer.digest for answer in answers) else UNREAD
        by_digest = {part.digest: part for part in known.parts} if known else {}
        fresh = KnownFile(file.name, stamp, [self._part(answer, by_digest) for answer in answers])
        if known and any(part.problems for part in fresh.parts):
            given = np.sort(np.concatenate([part.own_ids() for part in fresh.parts]))
            fresh.kept = KnownPart(seeds=list(known.seeds(given)))
        self.files[file.identity] = fresh

    def _part(self, answer: PartAnswer, by_digest: Mapping[bytes, KnownPart]) -> KnownPart:
        content = answer.content
        if content is None:
            return by_digest[answer.digest]
        self.warnings += content.warnings
        for key, count in content.unknown_keys.items():
            self.unknown_keys[key] = self.unknown_keys.get(key, 0) + count
        return KnownPart(answer.digest, answer.lines, content.problems, content.seeds, records=content.records)

    def _keep_last_good(self, refused: RefusedFile) -> None:
        known = self._known.get(refused.identity)
        # As it is where it was refused before, so that it is not written again.
        kept = known.kept if known else None
        if known and any(part.seed_count for part in known.parts):
            kept = KnownPart(seeds=list(known.seeds()))
        self.files[refused.identity] = KnownFile(refused.name, UNREAD, [KnownPart(problems=[refused.problem])], kept)
