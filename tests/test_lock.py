from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from factories import SeedFolder, seed

import search
from search.cli import lede
from search.errors import IndexLockedError
from search.report import Report

Reindex = Callable[..., Report]

HOLD = """
import sys
import filelock
with filelock.FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def owner(folder: SeedFolder, index_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock, until it is told something or dies."""
    folder.write("one.md", seed("One"))
    search.reindex([folder.path], index_path)
    command = [sys.executable, "-c", HOLD, str(index_path / "LOCK")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def let_go(owner: subprocess.Popen[str]) -> None:
    assert owner.stdin is not None
    owner.stdin.write("\n")
    owner.stdin.flush()


@pytest.mark.usefixtures("owner")
def test_a_second_reindex_waits_and_then_says_who_holds_it_up(reindexed: Reindex, index_path: Path) -> None:
    begin = time.perf_counter()

    with pytest.raises(IndexLockedError, match=r"holds the lock of .*index \(waited 0.2 s\)") as caught:
        reindexed(lock_timeout=0.2)

    assert 0.2 <= time.perf_counter() - begin < 5
    assert str(index_path) in str(caught.value)


@pytest.mark.usefixtures("owner")
def test_a_reindex_that_does_not_get_the_lock_changes_nothing(
    folder: SeedFolder, reindexed: Reindex, found: Callable[..., list[str]]
) -> None:
    folder.write("two.md", seed("Two"))

    with pytest.raises(IndexLockedError):
        reindexed(lock_timeout=0)
    assert found() == ["One"]


@pytest.mark.usefixtures("owner")
def test_the_command_leaves_with_exit_code_4(
    folder: SeedFolder, index_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(search.reindex.__kwdefaults__ or {}, "lock_timeout", 0.1)

    result = CliRunner().invoke(lede, ["reindex", "--seeds", str(folder.path), "--index", str(index_path)])

    assert result.exit_code == 4
    assert "another reindex holds the lock" in result.stderr


@pytest.mark.usefixtures("owner")
def test_a_check_and_a_search_need_no_lock(folder: SeedFolder, index_path: Path) -> None:
    places = ["--index", str(index_path)]

    checked = CliRunner().invoke(lede, ["reindex", "--check", "--seeds", str(folder.path), *places])
    searched = CliRunner().invoke(lede, ["search", "one", *places])

    assert (checked.exit_code, searched.exit_code) == (0, 0)


def test_a_waiting_reindex_goes_on_as_soon_as_the_lock_is_free(
    owner: subprocess.Popen[str], folder: SeedFolder, index_path: Path
) -> None:
    folder.write("two.md", seed("Two"))
    script = "import search, sys; print(search.reindex([sys.argv[1]], sys.argv[2], lock_timeout=20).added)"
    command = [sys.executable, "-c", script, str(folder.path), str(index_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        time.sleep(0.5)
        was_waiting = waiting.poll() is None
        let_go(owner)
        output, _ = waiting.communicate(timeout=20)

    assert was_waiting
    assert output == "1\n"


def test_the_lock_of_a_killed_owner_is_free_at_once(owner: subprocess.Popen[str], reindexed: Reindex) -> None:
    owner.kill()
    owner.wait(10)

    assert reindexed(lock_timeout=0).articles == 1


def test_reindexes_at_the_same_time_follow_one_another(folder: SeedFolder, index_path: Path) -> None:
    for number in range(20):
        folder.write(f"{number}.md", seed(f"Number {number}"))
    script = "import search, sys; print(search.reindex([sys.argv[1]], sys.argv[2], full=True).generation)"
    command = [sys.executable, "-c", script, str(folder.path), str(index_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    outputs = [process.communicate(timeout=60)[0] for process in processes]

    with search.open_index(index_path) as index:
        assert {output.strip() for output in outputs} == {index.generation}
