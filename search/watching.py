"""Watches folders of seeds, and tells when to look at them again."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import watchfiles

from search.errors import SeedsFolderError
from search.files import EXTENSIONS

#: Milliseconds without a change that end a burst of them.
SETTLED = 300
#: Milliseconds after which a burst that goes on is reported all the same; at the most twice that, since beginning to
#: watch in the middle of one takes as long.
PATIENCE = 3_000
#: Until what has failed is tried again.
RETRY_SECONDS = 10.0
#: Milliseconds between two looks at a file system that does not tell of changes.
POLLING = 1_000

_MOUNTS = Path("/proc/self/mountinfo")
#: File systems on which other machines, or other kernels, make changes that this one is not told of.
_REMOTE = frozenset("9p afs ceph cifs davfs glusterfs ncpfs nfs nfs4 prl_fs smb3 smbfs vboxsf virtiofs vmhgfs".split())

#: What a folder is found to be: its path without links, file system and number; None where it is not there.
_Place = tuple[Path, int, int] | None
_Changes = Generator[set[tuple[watchfiles.Change, str]], None, None]


def bursts(folders: Sequence[Path], *, apart_from: Path) -> Generator[None, bool, None]:
    """Yield once watching has begun, and again after every burst of changes of seeds under *folders*, without an end.

    Whoever gets one looks at all seeds: what changes from then on is told by the next. Being sent True, it gives the
    next one after a while even without a change. A folder may go, come back, and be a link that is led elsewhere. The
    index *apart_from* may lie within.

    Raises:
        SeedsFolderError: If one of the folders is not there when it begins.
    """
    places = _places(folders)
    for folder, place in zip(folders, places, strict=True):
        if place is None:
            raise SeedsFolderError(folder, "No such folder")
    left_out = apart_from.resolve()
    while True:
        roots = [place[0] for place in places if place]
        # Anew after each burst: watches of new folders may come too late for what is in them, and those of a folder
        # that was replaced tell nothing; whoever looks at all seeds after the new ones are in place misses nothing.
        with closing(_changes(roots)) as changes:
            has_failed = yield
            until = time.monotonic() + RETRY_SECONDS if has_failed else math.inf
            while time.monotonic() < until and _places(folders) == places:
                if _matter(next(changes), roots, left_out):
                    break
        places = _places(folders)


def _matter(changes: Iterable[tuple[watchfiles.Change, str]], roots: Sequence[Path], left_out: Path) -> bool:
    return any(matters(Path(path), roots, left_out) for _, path in changes)


def matters(path: Path, roots: Iterable[Path], left_out: Path) -> bool:
    """Tell whether a change of *path* may be one of the seeds under *roots*, other than of what is in *left_out*.

    Editors write files beside the one that is edited, under names that no seed has.

    >>> names, seeds = ("a.md", ".a.md.swp", "a.md~", "index/MANIFEST.json"), Path("/seeds")
    >>> [matters(seeds / name, [seeds], seeds / "index") for name in names]
    [True, False, False, False]
    """
    inside = [path.relative_to(root).parts for root in roots if path.is_relative_to(root)]
    if path.is_relative_to(left_out) or any(part.startswith(".") for part in min(inside, key=len, default=())):
        return False
    # What is gone may have been a folder, which need not look like one.
    return path.suffix.lower() in EXTENSIONS or not (path.name.endswith(("~", "#")) or path.is_file())


def _changes(roots: Sequence[Path]) -> _Changes:
    """Begin to watch, and yield what changes, and an empty set whenever nothing has for a while."""
    # The system may have fewer watches than there are folders, or none at all; looking always works.
    for polling in (_needs_polling(roots), True):
        changes = _started(roots, polling=polling)
        try:
            # Watching begins with the first question, which has no answer for want of changes.
            next(changes)
        except FileNotFoundError:
            break
        except OSError:
            continue
        return changes
    # A folder is gone since it was found: whoever compares places will see.
    return _nothing()


def _started(roots: Sequence[Path], *, polling: bool) -> _Changes:
    return watchfiles.watch(
        *roots,
        watch_filter=None,
        step=SETTLED,
        debounce=PATIENCE,
        rust_timeout=SETTLED,
        yield_on_timeout=True,
        # None leaves it to the library, which asks the environment.
        force_polling=polling or None,
        poll_delay_ms=POLLING,
    )


def _nothing() -> _Changes:
    while True:
        time.sleep(SETTLED / 1000)
        yield set()


def _places(folders: Sequence[Path]) -> list[_Place]:
    return [_place(folder) for folder in folders]


def _place(folder: Path) -> _Place:
    try:
        path = folder.resolve()
        found = path.stat()
    except (OSError, RuntimeError):  # Python 3.11's word for links that lead round in a circle
        return None
    return (path, found.st_dev, found.st_ino)


def _needs_polling(roots: Iterable[Path]) -> bool:
    mounts = list(_mounts())
    return any(is_remote(root, mounts) for root in roots)


def _mounts() -> Iterator[tuple[Path, str]]:
    """Yield where each file system is mounted, and its kind; none where the system does not list them."""
    try:
        lines = _MOUNTS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        before, _, after = line.partition(" - ")
        yield Path(before.split(" ")[4].replace(r"\040", " ")), after.split(" ")[0]


def is_remote(folder: Path, mounts: Sequence[tuple[Path, str]]) -> bool:
    """Tell whether *folder* lies on a file system that others change without this machine being told.

    >>> mounts = [(Path("/"), "ext4"), (Path("/srv"), "nfs4")]
    >>> is_remote(Path("/srv/seeds"), mounts), is_remote(Path("/srv2"), mounts)
    (True, False)
    """
    within = [(len(place.parts), number, kind) for number, (place, kind) in enumerate(mounts)
              if folder.is_relative_to(place)]  # fmt: skip
    # Of several at one place, the later lies over the earlier.
    _, _, kind = max(within, default=(0, 0, ""))
    return kind in _REMOTE or kind.startswith("fuse")
