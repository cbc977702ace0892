"""What is left when a reindex dies, or its files are not what they were."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from factories import SeedFolder, article, catalog, mention, seed

import search
from search.engine import Reader
from search.engines.whoosh import WhooshEngine
from search.engines.whoosh.arrays import Arrays, write_arrays
from search.errors import IndexDamagedError
from search.query import Query, parse
from search.report import Report

SEEDS = 12

Reindex = Callable[..., Report]


@pytest.fixture
def chance() -> random.Random:
    """Return chance with a seed that a failing test shows."""
    number = random.SystemRandom().randrange(1 << 32)
    print(f"random seed: {number}")  # noqa: T201 - pytest shows it where it is needed
    return random.Random(number)  # noqa: S311


@pytest.fixture(autouse=True)
def lean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember published articles by their fingerprints, few as they are."""
    monkeypatch.setattr("search.cache.MAX_DOUBLE", 0)


def write_round(folder: SeedFolder, number: int) -> None:
    """Change every seed."""
    for n in range(SEEDS):
        related = [mention(f"Round {number} other", slug=f"other-{other}") for other in range(n)]
        folder.write(f"{n}.md", seed(f"Round {number} article", slug=str(n), related=related))


def served_round(index_path: Path) -> int:
    """Return the round that is served; all of the articles must be of the same one."""
    with search.open_index(index_path) as index:
        page = index.search("round", size=100, collapse="none", sort="newest")
        rounds = {int(hit.article.title.split()[1]) for hit in page.hits}
        assert page.total == 2 * SEEDS - 1
        assert len(rounds) == 1
        number = rounds.pop()
        assert index.search(str(number), match="all").total == page.total
        return number


def leftovers(index_path: Path) -> set[str]:
    """Return what does not belong in the folder of an index."""
    kept = {line.split()[0] for line in (index_path / "CURRENT").read_text().splitlines()}
    remembered = json.loads((index_path / "seeds.cache").read_bytes().partition(b" ")[2])
    packs = ("seeds-a.packs", "seeds-b.packs")[remembered["store"]]
    entries = {path.name for path in index_path.iterdir()} - {"CURRENT", "LOCK", "generations", "seeds.cache", packs}
    return entries | ({path.name for path in (index_path / "generations").iterdir()} ^ kept)


# Killed

RUN = """
import sys
import search
import search.cache
from search.engines.whoosh import WhooshEngine
from search.engines.whoosh.arrays import Arrays, write_arrays
search.cache.MAX_DOUBLE = 0
print("ready", flush=True)
sys.stdin.readline()
search.reindex([sys.argv[1]], sys.argv[2])
"""


def started(folder: SeedFolder, index_path: Path) -> subprocess.Popen[str]:
    """Start a process that is about to reindex, and let it."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder.path), str(index_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    process.stdin.write("\n")
    process.stdin.flush()
    return process


def measured(folder: SeedFolder, index_path: Path) -> float:
    """Return how many seconds a reindex takes that is not killed."""
    with started(folder, index_path) as process:
        begin = time.perf_counter()
        process.wait(60)
    return time.perf_counter() - begin


def test_a_reindex_killed_at_any_moment_leaves_the_old_index_or_the_new_one(
    folder: SeedFolder, index_path: Path, reindexed: Reindex, chance: random.Random
) -> None:
    durations = []
    for number in (0, 1, 2):
        write_round(folder, number)
        durations.append(measured(folder, index_path))
    ended = []
    for number in range(3, 53):
        write_round(folder, number)
        with started(folder, index_path) as process:
            time.sleep(chance.uniform(0, max(durations[1:])))
            process.kill()

        ended.append(served_round(index_path) - number)
        report = reindexed(jobs=1)

        assert ended[-1] in {-1, 0}
        assert report.articles == 2 * SEEDS - 1
        assert served_round(index_path) == number
        assert leftovers(index_path) == set()
    assert -1 in ended


class _Dying:
    """An audit hook that kills its process at the n-th thing done to files."""

    EVENTS = frozenset(
        {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "os.utime", "shutil.rmtree"}
    )

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event in self.EVENTS:
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


def killed_at(operation: int, folder: SeedFolder, index_path: Path) -> bool:
    """Reindex in a process that dies before its n-th operation on files; return whether it came that far."""
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(_Dying(operation))
            search.reindex([folder.path], index_path, jobs=1)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_reindex_killed_before_any_operation_on_files_leaves_the_old_index_or_the_new_one(
    folder: SeedFolder, index_path: Path, reindexed: Reindex
) -> None:
    for number in range(2):
        write_round(folder, number)
        reindexed()
    number = 2
    write_round(folder, number)
    while killed_at(number - 2, folder, index_path):
        assert served_round(index_path) in {number - 1, number}
        reindexed(jobs=1)
        assert served_round(index_path) == number
        assert leftovers(index_path) == set()
        number += 1
        write_round(folder, number)

    assert number > 60
    assert served_round(index_path) == number


def test_what_a_crash_left_goes_with_the_next_generation(
    folder: SeedFolder, index_path: Path, reindexed: Reindex
) -> None:
    write_round(folder, 0)
    reindexed()
    write_round(folder, 1)
    (index_path / "generations" / ".building-00000000").mkdir()
    (index_path / "generations" / "0123456789abcdef-01234567").mkdir()
    (index_path / "CURRENT.new").write_text("")

    reindexed()

    assert leftovers(index_path) == set()


def test_what_a_crash_left_of_the_memory_goes_with_the_next_run_though_nothing_has_changed(
    folder: SeedFolder, index_path: Path, reindexed: Reindex
) -> None:
    write_round(folder, 0)
    # A file that is as new as the run that reads it is read again by the next.
    time.sleep(0.05)
    generation = reindexed().generation
    (index_path / "seeds.new").write_text("")
    for name in ("seeds-a.packs", "seeds-b.packs"):
        (index_path / name).open("ab").close()

    assert reindexed().generation == generation
    assert leftovers(index_path) == set()


# Damaged


class TwoGenerations(NamedTuple):
    """An index with two generations: the folder of it, and those of the newer and the older one."""

    folder: Path
    newest: Path
    older: Path

    def title(self) -> str:
        """Return what a search answers."""
        reader = WhooshEngine(self.folder).open()
        try:
            return answer(reader)
        finally:
            reader.close()


def answer(reader: Reader) -> str:
    return reader.search(Query(parsed=parse("rates"))).hits[0].article.title


@pytest.fixture
def two(index_path: Path) -> TwoGenerations:
    """Publish an old and a new generation."""
    engine = WhooshEngine(index_path)
    folders = []
    for title in ("Old rates", "New rates"):
        engine.publish(catalog(article(title, url="https://x.example/", excerpt="The central bank", topics=("AI",))))
        folders.append(index_path / "generations" / str(engine.current()))
    return TwoGenerations(index_path, folders[1], folders[0])


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[tuple[bytes, Path]]:
    """Return a pickle that makes a file when it is loaded, and that file, which must not be there."""
    sprung = tmp_path / "sprung"

    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return (os.mkdir, (str(sprung),))

    yield pickle.dumps(Trap()), sprung
    assert not sprung.exists()


def flip(file: Path, bit: int) -> None:
    """Turn one bit of a file round; a second time undoes it."""
    content = bytearray(file.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    file.write_bytes(content)


def test_an_index_with_one_bit_flipped_is_refused_and_the_older_generation_served(
    two: TwoGenerations, chance: random.Random
) -> None:
    files = [*sorted(two.newest.iterdir()), two.folder / "CURRENT"]
    first_line = len((two.folder / "CURRENT").read_bytes().splitlines()[0])
    for _ in range(300):
        file = chance.choice(files)
        bit = chance.randrange(8 * (first_line if file.name == "CURRENT" else file.stat().st_size))
        flip(file, bit)

        assert two.title() == "Old rates", f"bit {bit} of {file.name}"
        flip(file, bit)
    assert two.title() == "New rates"


@pytest.mark.parametrize("how", ["emptied", "cut", "longer", "gone"])
def test_files_that_are_not_what_was_published_are_refused(two: TwoGenerations, how: str) -> None:
    for file in sorted(two.newest.iterdir()):
        content = file.read_bytes()
        if how == "gone":
            file.unlink()
        else:
            file.write_bytes({"emptied": b"", "cut": content[:-1], "longer": content + b" "}[how])

        assert two.title() == "Old rates", file.name
        file.write_bytes(content)
    assert two.title() == "New rates"


def test_nothing_is_unpickled_from_a_damaged_file(two: TwoGenerations, trap: tuple[bytes, Path]) -> None:
    for file in sorted(two.newest.iterdir()):
        content = file.read_bytes()
        file.write_bytes(trap[0])

        assert two.title() == "Old rates", file.name
        file.write_bytes(content)


def test_a_crafted_table_of_contents_beside_the_others_is_refused(
    two: TwoGenerations, trap: tuple[bytes, Path]
) -> None:
    """Whoosh takes the highest number for the newest, and unpickles it."""
    (two.newest / "_MAIN_2.toc").write_bytes(trap[0])

    assert two.title() == "Old rates"
    assert WhooshEngine(two.folder).verify() != []


def test_an_index_without_a_whole_generation_is_damaged_and_says_what_to_do(
    two: TwoGenerations, trap: tuple[bytes, Path]
) -> None:
    for generation in (two.newest, two.older):
        for toc in generation.glob("*.toc"):
            toc.write_bytes(trap[0])

    with pytest.raises(IndexDamagedError, match="run `reindex`"):
        search.open_index(two.folder)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../../etc 0\n", b"\0" * 200])
def test_a_list_of_generations_that_names_none_is_damage_not_an_empty_index(
    two: TwoGenerations, content: bytes
) -> None:
    (two.folder / "CURRENT").write_bytes(content)

    with pytest.raises(IndexDamagedError):
        search.open_index(two.folder)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    "damaged", ["generations/*/columns.arrays", "generations/*/segment-*.arrays", "CURRENT", "seeds.cache"]
)
def test_a_reindex_repairs_a_damaged_index(
    folder: SeedFolder, index_path: Path, reindexed: Reindex, damaged: str, *, full: bool
) -> None:
    for number in range(2):
        write_round(folder, number)
        reindexed()
    for file in index_path.glob(damaged):
        file.write_bytes(b"")

    report = reindexed(full=full)

    assert report.articles == 2 * SEEDS - 1
    assert served_round(index_path) == 1
    assert leftovers(index_path) == set()
    assert WhooshEngine(index_path).verify() == []


def test_verify_names_the_damaged_file(two: TwoGenerations) -> None:
    flip(two.newest / "columns.arrays", 100)

    assert [fault.rpartition("/")[2] for fault in WhooshEngine(two.folder).verify()] == [
        "columns.arrays is not what was published"
    ]


def test_verify_names_postings_that_are_not_those_of_the_articles(index_path: Path, tmp_path: Path) -> None:
    """A generation that is whole by its checksums, and was written wrong all the same."""
    engine, other = WhooshEngine(index_path), WhooshEngine(tmp_path / "other")
    engine.publish(catalog(article("Old rates", url="https://x.example/")))
    other.publish(catalog(article("New rates", url="https://x.example/")))
    right, wrong = newest_of(index_path), newest_of(tmp_path / "other")
    built = Path(shutil.copytree(right, tmp_path / "built"))
    (built / "MANIFEST.json").unlink()
    file, other_file = next(built.glob("segment-*")), next(wrong.glob("segment-*"))
    stored = {name: array for name, array in Arrays(other_file).items() if name.startswith("stored")}
    write_arrays(built / "mixed", {**Arrays(file), **stored})
    (built / "mixed").replace(file)
    engine._generations.publish(built, "0" * 16)  # noqa: SLF001 - what a wrong writer would do

    faults = engine.verify()

    assert len(faults) == 1
    assert faults[0].startswith("the postings are other than those of the articles: ")


def newest_of(folder: Path) -> Path:
    return folder / "generations" / str(WhooshEngine(folder).current())


# Readers beside writers


def test_a_reader_of_a_pruned_generation_still_answers(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    engine.publish(catalog(*[article(f"Rates {n} old", url=f"https://{n}.example/") for n in range(50)]))
    reader, old = engine.open(), engine.current()
    for n in range(3):
        engine.publish(catalog(article(f"Rates {n}")))

    assert not (index_path / "generations" / str(old)).exists()
    assert reader.search(Query(parsed=parse("rates old"))).total == 50
    assert reader.search(Query(parsed=parse('"7 old"'))).total == 1


def test_readers_open_while_others_publish_and_prune(index_path: Path) -> None:
    engine = WhooshEngine(index_path)
    news = [catalog(article(f"Rates {n}")) for n in range(3)]
    engine.publish(news[0])
    stop = threading.Event()
    titles: set[str] = set()

    def read() -> None:
        while not stop.is_set():
            reader = engine.open()
            titles.add(answer(reader).split()[0])
            reader.close()

    reading = threading.Thread(target=read)
    reading.start()
    for n in range(60):
        engine.publish(news[n % 3])
    stop.set()
    reading.join(30)

    assert titles == {"Rates"}
    assert not reading.is_alive()


# Again and again

MANY = """
import gc, os, sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from factories import SeedFolder, seed
import search

def state():
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1])
    return len(os.listdir("/proc/self/fd")), resident

folder = SeedFolder(Path(sys.argv[1]))
index = None
for number in range(100):
    for n in range(10):
        folder.write(f"{n}.md", seed(f"Round {number} article {n}", slug=str(n)))
    search.reindex([folder.path], sys.argv[2])
    index = index or search.open_index(sys.argv[2])
    index.refresh()
    assert index.search(f"round {number}", match="all").total == 10
    assert len(os.listdir(os.path.join(sys.argv[2], "generations"))) <= 2
    if number == 30:
        print(*state())
print(*state())
"""


def test_a_hundred_reindexes_leave_no_more_open_files_and_memory_than_a_few(tmp_path: Path) -> None:
    arguments = [str(tmp_path / "seeds"), str(tmp_path / "index"), str(Path(__file__).parent)]
    output = subprocess.run([sys.executable, "-c", MANY, *arguments], capture_output=True, text=True, check=False)
    assert output.returncode == 0, output.stderr
    early, late = ([int(number) for number in line.split()] for line in output.stdout.splitlines())

    assert late[0] <= early[0]
    assert late[1] < early[1] * 1.1
