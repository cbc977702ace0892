"""`reindex --watch`, as a process of its own, through what editors, version control and machines do to a folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import filelock
import pytest
from factories import SeedFolder, seed

import search
from search.watching import is_remote, matters

PROGRAM = "from search.cli import lede; lede()"
SECONDS = 40
BROKEN = "---\ntitle: [unclosed\n---\n"


class Watching:
    """A `reindex --watch`, and what it says."""

    def __init__(self, program: str, seeds: Path, index: Path, *arguments: str, **environment: str) -> None:
        self._index = index
        command = [sys.executable, "-u", "-c", program, "reindex", "--watch"]
        self.process = subprocess.Popen(
            [*command, "--seeds", str(seeds), "--index", str(index), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(self.process.stdout)

    def until(self, happened: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not happened():
            assert time.monotonic() < end, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.05)

    def says(self, text: str, times: int = 1) -> None:
        """Wait until *text* was said so many times."""
        self.until(lambda: sum(text in line for line in list(self.lines)) >= times)

    def serves(self, *titles: str) -> None:
        """Wait until the index holds just these articles."""
        self.until(lambda: self._titles() == sorted(titles))

    def _titles(self) -> list[str] | None:
        if not (self._index / "CURRENT").exists():
            return None
        with search.open_index(self._index) as index:
            return sorted(hit.article.title for hit in index.search("", size=100, facets=False).hits)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(SECONDS)
        self._reading.join(SECONDS)
        return code


Watch = Callable[..., Watching]


@pytest.fixture
def watch(folder: SeedFolder, index_path: Path) -> Iterator[Watch]:
    """Return what watches the test's folder, or another one; it is ended after the test."""
    started: list[Watching] = []

    def run(
        *arguments: str,
        program: str = PROGRAM,
        seeds: Path = folder.path,
        index: Path = index_path,
        **environment: str,
    ) -> Watching:
        started.append(Watching(program, seeds, index, *arguments, **environment))
        return started[-1]

    yield run
    for watching in started:
        with watching.process:
            watching.process.kill()


@pytest.fixture
def watching(folder: SeedFolder, watch: Watch) -> Watching:
    """Return what watches a folder of one seed, which is indexed by now."""
    folder.write("one.md", seed("One"))
    running = watch()
    running.serves("One")
    # The last line of its report, which comes after.
    running.says("Generation: ")
    return running


# Editors


def save_like_vim(file: Path, text: str) -> None:
    """Move the old file aside, write the new one, remove the old one; a swap file and a trial file beside it."""
    swap, trial, backup = file.with_name(f".{file.name}.swp"), file.with_name("4913"), Path(f"{file}~")
    swap.write_bytes(b"b0VIM 9.0")
    trial.touch()
    trial.unlink()
    file.rename(backup)
    file.write_text(text, "utf-8")
    backup.unlink()
    swap.unlink()


def save_atomically(file: Path, text: str) -> None:
    """Write a new file, and move it over the old one."""
    beside = file.with_name(f".{file.name}.tmp123")
    beside.write_text(text, "utf-8")
    beside.replace(file)


def save_like_emacs(file: Path, text: str) -> None:
    """Hold a lock that is a link to nowhere, save by itself what is typed, keep a backup."""
    lock, typed = file.with_name(f".#{file.name}"), file.with_name(f"#{file.name}#")
    lock.symlink_to("somebody@somewhere.123:456")
    typed.write_text("half a te", "utf-8")
    shutil.copyfile(file, f"{file}~")
    file.write_text(text, "utf-8")
    typed.unlink()
    lock.unlink()


def save_in_pieces(file: Path, text: str) -> None:
    """Empty the file, and fill it little by little."""
    with file.open("w", encoding="utf-8") as stream:
        for piece in text.splitlines(keepends=True):
            stream.write(piece)
            stream.flush()
            time.sleep(0.02)


@pytest.mark.parametrize("save", [save_like_vim, save_atomically, save_like_emacs, save_in_pieces])
def test_what_an_editor_saves_is_found(
    folder: SeedFolder, watching: Watching, save: Callable[[Path, str], None]
) -> None:
    save(folder.path / "one.md", seed("Two", slug="one"))
    watching.serves("Two")
    save(folder.path / "one.md", seed("Three", slug="one"))
    watching.serves("Three")

    assert watching.stop() == 0
    assert "Error" not in "".join(watching.lines)


@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not on this machine")
def test_what_vim_itself_saves_is_found(folder: SeedFolder, watching: Watching) -> None:
    command = ["vim", "-u", "NONE", "-es", "-c", "%s/One/Edited/", "-c", "wq", str(folder.path / "one.md")]
    subprocess.run(command, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)

    watching.serves("Edited")


def test_what_is_no_seed_is_passed_over() -> None:
    roots, index = [Path("/s"), Path("/s/deep/.hidden/own")], Path("/s/index")

    def decided(*names: str) -> list[bool]:
        return [matters(Path("/s") / name, roots, index) for name in names]

    assert all(decided("a.md", "deep/a.JSON", "a.jsonl", "folder", "folder.v2", ".", "deep/.hidden/own/a.md"))
    assert not any(decided(".a.md.swp", ".#a.md", "a.md~", "#a.md#", ".git/index", "index/MANIFEST.json", "index"))


# Many changes


def test_thousands_of_files_at_once_are_one_burst_or_few(
    folder: SeedFolder, tmp_path: Path, watching: Watching
) -> None:
    """As when another branch is checked out."""
    for number in range(5_000):
        (tmp_path / f"{number}.md").write_text(seed(f"Number {number}"), "utf-8")
    for number in range(5_000):
        part = folder.path / str(number % 50)
        part.mkdir(exist_ok=True)
        (tmp_path / f"{number}.md").replace(part / f"{number}.md")

    watching.says("Articles: 5,001,")

    assert sum("Generation" in line for line in watching.lines) < 6


def test_a_burst_without_an_end_is_reported_all_the_same(folder: SeedFolder, watching: Watching) -> None:
    """And not for every change in it."""
    begun, written = time.monotonic(), 0
    while sum("Generation" in line for line in list(watching.lines)) < 2:
        written += 1
        folder.write(f"{written}.md", seed(f"Number {written}"))
        time.sleep(0.05)
        assert time.monotonic() - begun < SECONDS, watching.lines

    assert written > 20
    watching.says(f"Articles: {written + 1},")


# Folders that move


def test_new_folders_are_watched_at_any_depth(folder: SeedFolder, watching: Watching) -> None:
    folder.write("a/b/c/two.md", seed("Two"))
    watching.serves("One", "Two")
    folder.write("a/b/c/three.md", seed("Three"))
    watching.serves("One", "Three", "Two")
    (folder.path / "a").rename(folder.path / "z.old")
    folder.write("z.old/b/four.md", seed("Four"))
    watching.serves("Four", "One", "Three", "Two")


def test_a_folder_that_was_deleted_is_watched_again_once_it_is_back(folder: SeedFolder, watching: Watching) -> None:
    """What it gave stays meanwhile, and what is wrong is said once."""
    shutil.rmtree(folder.path)
    watching.says("cannot read the seeds folder")
    watching.serves("One")
    time.sleep(1)
    said = sum("cannot read" in line for line in watching.lines)
    folder.path.mkdir()
    folder.write("two.md", seed("Two"))
    watching.serves("Two")
    folder.write("three.md", seed("Three"))
    watching.serves("Three", "Two")

    assert said == 1


def test_a_link_that_is_led_elsewhere_is_followed(folder: SeedFolder, tmp_path: Path, watch: Watch) -> None:
    """As deployments do: another release, and the link changed in one step."""
    folder.write("one.md", seed("One"))
    other = SeedFolder(tmp_path / "other")
    other.write("two.md", seed("Two"))
    link = tmp_path / "current"
    link.symlink_to(folder.path)
    running = watch(seeds=link)
    running.serves("One")

    (tmp_path / "next").symlink_to(other.path)
    (tmp_path / "next").replace(link)
    running.serves("Two")
    other.write("three.md", seed("Three"))
    running.serves("Three", "Two")


def test_an_index_among_the_seeds_is_not_taken_for_changes(folder: SeedFolder, watch: Watch) -> None:
    folder.write("one.md", seed("One"))
    running = watch("--verbose", index=folder.path / "index")
    running.says("Generation")
    time.sleep(2)

    assert running.stop() == 0
    assert sum("Generation" in line for line in running.lines) == 1


def test_where_nothing_is_told_it_is_looked(folder: SeedFolder, watch: Watch) -> None:
    folder.write("one.md", seed("One"))
    running = watch(WATCHFILES_FORCE_POLLING="1")
    running.serves("One")
    folder.write("deep/two.md", seed("Two"))

    running.serves("One", "Two")


@pytest.mark.parametrize(
    ("folder_name", "expected"),
    [("/", False), ("/data/seeds", True), ("/data/local/seeds", False), ("/database", False), ("/mnt/a b/x", True)],
)
def test_file_systems_of_other_machines_are_known(folder_name: str, expected: bool) -> None:  # noqa: FBT001
    mounts = [("/", "ext4"), ("/data", "ext4"), ("/data", "nfs4"), ("/data/local", "tmpfs"), ("/mnt/a b", "fuse.sshfs")]

    assert is_remote(Path(folder_name), [(Path(place), kind) for place, kind in mounts]) is expected


# Errors and the end


def test_a_seed_that_breaks_is_named_once_and_costs_nothing(folder: SeedFolder, watching: Watching) -> None:
    folder.write("one.md", BROKEN)
    watching.says("one.md:2:8")
    folder.write("notes.md", BROKEN)
    watching.says("notes.md:2:8")
    watching.serves("One")
    folder.remove("notes.md")
    folder.write("one.md", seed("Mended", slug="one"))
    watching.serves("Mended")


def test_an_empty_folder_is_waited_for(folder: SeedFolder, watch: Watch) -> None:
    running = watch()
    running.says("the seeds give no article at all")
    folder.write("one.md", seed("One"))

    running.serves("One")


def test_another_reindex_is_waited_for_and_named(folder: SeedFolder, index_path: Path, watch: Watch) -> None:
    """What could not be done then is done later, without another change."""
    impatient = f"import search; search.reindex.__kwdefaults__['lock_timeout'] = 0.2; {PROGRAM}"
    folder.write("one.md", seed("One"))
    index_path.mkdir()
    with filelock.FileLock(index_path / "LOCK"):
        running = watch(program=impatient)
        running.says("another reindex holds the lock")

    running.serves("One")
    assert running.stop() == 0


def test_a_folder_that_never_was_ends_it_at_once(tmp_path: Path, watch: Watch) -> None:
    running = watch(seeds=tmp_path / "nowhere")

    assert running.process.wait(SECONDS) == 1


def test_json_is_one_object_for_each_change(folder: SeedFolder, watch: Watch) -> None:
    folder.write("one.md", seed("One"))
    running = watch("--json")
    running.serves("One")
    folder.write("two.md", seed("Two"))
    running.serves("One", "Two")
    running.stop()

    text, found = "".join(running.lines), []
    while text.strip():
        report, end = json.JSONDecoder().raw_decode(text := text.lstrip())
        found.append(report["articles"])
        text = text[end:]
    assert found == [1, 2]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("refused", [False, True])
def test_it_stops_soon_with_0_and_says_nothing(
    folder: SeedFolder,
    watching: Watching,
    how: signal.Signals,
    refused: bool,  # noqa: FBT001
) -> None:
    """Even where seeds were refused: it did as it was told."""
    if refused:
        folder.write("bad.md", BROKEN)
        watching.says("bad.md:2:8")
    said = len(watching.lines)

    begun = time.monotonic()
    assert watching.stop(how) == 0
    assert time.monotonic() - begun < 3
    assert watching.lines[said:] == []


@pytest.mark.parametrize("group", [False, True])
def test_it_stops_in_the_middle_of_a_reindex_too(
    folder: SeedFolder,
    index_path: Path,
    watch: Watch,
    group: bool,  # noqa: FBT001
) -> None:
    """Whether only it is told, or all of its processes, as a terminal does; the next one makes up for it."""
    lines = [lone(number) for number in range(40_000)]
    folder.write("many.jsonl", "\n".join(lines))
    # Not measured: an interrupt in the middle of measuring leaves a lock taken for good.
    running = watch("--jobs", "2", COVERAGE_PROCESS_CONFIG="", COVERAGE_PROCESS_START="")
    running.until((index_path / "LOCK").exists)
    time.sleep(0.5)

    os.killpg(running.process.pid, signal.SIGINT) if group else running.process.terminate()

    assert running.process.wait(SECONDS) == 0
    assert not any("Traceback" in line for line in running.lines), running.lines
    assert search.reindex([folder.path], index_path).articles == 40_000


def lone(number: int) -> str:
    fields: dict[str, Any] = {"title": f"Number {number}", "provider": {"name": "A"}}
    return json.dumps(fields | {"webUrl": f"https://a.example/{number}", "excerpt": "rates " * 80})
