from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from factories import SeedFolder, mention, seed

import search
from search.cli import lede, reindex_command

BROKEN = "---\ntitle: [unclosed\n---\n"
COMMAND = "from search.cli import lede; lede()"

Run = Callable[..., Result]


@pytest.fixture
def run(folder: SeedFolder, index_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command on the test's folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDE_SEEDS", str(folder.path))
    monkeypatch.setenv("LEDE_INDEX", str(index_path))

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(lede, arguments)

    return command


@pytest.fixture
def indexed(folder: SeedFolder, run: Run) -> Run:
    """Return what runs a command where there is an index."""
    related = [mention("Rates fall", provider={"name": "Herald", "domain": "herald.example"})]
    folder.write("one.md", seed("Rates rise", topics=["AI"], quality="17", related=related))
    folder.write(
        "two.md", seed("Snow falls", images=[{"url": "https://x.example/a.png", "width": "10", "height": "5"}])
    )
    run("reindex")
    return run


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-c", COMMAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


# Exit codes and streams


@pytest.mark.usefixtures("run")
def test_a_reindex_that_worked_leaves_with_0_and_says_nothing_on_stderr(folder: SeedFolder) -> None:
    folder.write("one.md", seed())

    done = process("reindex")

    assert (done.returncode, done.stderr) == (0, "")
    assert "1 read, 0 unchanged, 0 refused, 0 vanished" in done.stdout


@pytest.mark.usefixtures("run")
def test_a_failure_leaves_with_1_and_one_line_that_says_what_to_do() -> None:
    done = process("search", "rates")

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: there is no index in .* yet: run `reindex` first\n", done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["reindex", "--nonsense"],
        ["nonsense"],
        ["reindex", "--jobs", "many"],
        ["reindex", "--engine", "nonsense"],
        ["search", "rates", "--limit", "0"],
        ["search", "rates", "--limit", "101"],
        ["search", "rates", "--limit", "x"],
    ],
)
def test_wrong_usage_leaves_with_2(indexed: Run, arguments: list[str]) -> None:
    result = indexed(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr != ""


def test_an_exclusion_that_looks_like_an_option_is_told_how_to_be_one(indexed: Run) -> None:
    result = indexed("search", "rates", "-ipo")

    assert result.exit_code == 2
    assert "lede search -- rates -ipo" in result.stderr
    assert indexed("search", "--", "rates", "-ipo").exit_code == 0


@pytest.mark.usefixtures("run")
def test_refused_seeds_leave_with_3_and_a_line_each_on_stderr(folder: SeedFolder) -> None:
    folder.write("good.md", seed())
    folder.write("bad.md", BROKEN)
    folder.write("worse.md", seed(title=None))

    done = process("reindex")

    assert done.returncode == 3
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [
        f"{folder.path}/bad.md:2:8",
        f"{folder.path}/worse.md:2:1",
    ]
    assert all(re.fullmatch(r"[^:]+:\d+:\d+: [^:]+: .+", line) for line in done.stderr.splitlines())


def test_refused_seeds_leave_with_3_again_when_nothing_has_changed(folder: SeedFolder, run: Run) -> None:
    folder.write("good.md", seed())
    folder.write("bad.md", BROKEN)
    first, second = run("reindex"), run("reindex")

    assert (first.exit_code, second.exit_code) == (3, 3)
    assert first.stderr == second.stderr != ""


def test_an_empty_folder_leaves_with_1_and_with_0_when_forced(run: Run) -> None:
    refused, forced = run("reindex"), run("reindex", "--force")

    assert (refused.exit_code, forced.exit_code) == (1, 0)
    assert "--force" in refused.stderr


def test_a_folder_that_is_missing_leaves_with_1_and_is_named(run: Run) -> None:
    result = run("reindex", "--seeds", "not/there")

    assert result.exit_code == 1
    assert "not/there" in result.stderr


def test_quiet_says_only_what_is_wrong(folder: SeedFolder, run: Run) -> None:
    folder.write("good.md", seed())
    folder.write("bad.md", BROKEN)

    result = run("reindex", "-q")

    assert result.stdout == ""
    assert "bad.md:2:8" in result.stderr


def test_verbose_says_where_the_time_went_and_which_keys_were_ignored(folder: SeedFolder, run: Run) -> None:
    folder.write("one.md", seed(colour="red"))

    result = run("reindex", "-v")

    assert "Seconds: " in result.stdout
    assert "colour (1)" in result.stdout


# Reindex


def test_reindex_is_a_command_of_its_own(folder: SeedFolder, index_path: Path) -> None:
    folder.write("one.md", seed())

    result = CliRunner().invoke(reindex_command, ["--seeds", str(folder.path), "--index", str(index_path)])

    assert result.exit_code == 0
    assert search.open_index(index_path).statistics().articles == 1


def test_seeds_come_from_several_folders(folder: SeedFolder, tmp_path: Path, run: Run) -> None:
    folder.write("one.md", seed("One"))
    SeedFolder(tmp_path / "more").write("two.md", seed("Two"))

    result = run("reindex", "--seeds", str(folder.path), "--seeds", str(tmp_path / "more"), "--json")

    assert json.loads(result.stdout)["articles"] == 2


def test_the_report_as_json_has_the_promised_fields(folder: SeedFolder, run: Run) -> None:
    folder.write("good.md", seed("Good", related=[mention("Other")]))
    folder.write("bad.md", BROKEN)

    result = run("reindex", "--json")

    report = json.loads(result.stdout)
    assert list(report) == [
        *("generation", "articles", "stories", "files", "added", "changed", "removed", "seconds", "problems")
    ]
    assert report["files"] == {"read": 1, "unchanged": 0, "refused": 1, "vanished": 0}
    assert list(report["seconds"]) == ["read", "index", "total"]
    assert (report["articles"], report["stories"], report["added"]) == (2, 1, 2)
    assert [list(problem) for problem in report["problems"]] == [["file", "line", "column", "code", "message"]]
    assert report["problems"][0] | {"message": ""} == {
        "file": str(folder.path / "bad.md"),
        "line": 2,
        "column": 8,
        "code": "yaml",
        "message": "",
    }


def test_a_check_touches_no_index(folder: SeedFolder, index_path: Path, run: Run) -> None:
    folder.write("good.md", seed())
    folder.write("bad.md", BROKEN)

    result = run("reindex", "--check")

    assert result.exit_code == 3
    assert "bad.md:2:8" in result.stderr
    assert not index_path.exists()


def test_a_check_counts_ignored_keys_and_warns(folder: SeedFolder, run: Run) -> None:
    folder.write("one.md", seed("x", colour="red").replace('title: "x"', "title: C # language"))

    result = run("reindex", "--check", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["unknown_keys"] == {"colour": 1}
    assert [(warning["line"], warning["code"]) for warning in report["warnings"]] == [(2, "comment")]


# Settings


@pytest.mark.usefixtures("run")
def test_an_unknown_setting_is_named_wherever_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lede.toml").write_text("indx = 'x'\n")
    in_file = process("stats")
    (tmp_path / "lede.toml").unlink()
    monkeypatch.setenv("LEDE_INDX", "x")
    in_environment = process("stats")

    assert (in_file.returncode, in_environment.returncode) == (2, 2)
    assert "lede.toml: unknown setting 'indx'" in in_file.stderr
    assert "unknown setting 'indx'" in in_environment.stderr


def test_flags_win_over_the_environment_and_that_over_the_file(
    indexed: Run, index_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lede.toml").write_text("index = 'nowhere'\n")

    by_environment = indexed("stats")
    by_flag = indexed("stats", "--index", "elsewhere")
    monkeypatch.delenv("LEDE_INDEX")
    by_file = indexed("stats")

    assert index_path.exists()
    assert by_environment.exit_code == 0
    assert "no index in elsewhere" in by_flag.stderr
    assert "no index in nowhere" in by_file.stderr


# Search


def test_results_are_shown_as_lines(indexed: Run) -> None:
    result = indexed("search", "rates", "rise")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [" 1. Rates rise", "    Example News, 2021-12-09"]
    assert re.search(r"^1 article in \d+\.\d ms$", result.stdout, re.MULTILINE)


def test_no_more_hits_than_the_limit_are_shown_and_the_total_is_exact(indexed: Run) -> None:
    result = indexed("search", "--limit", "1")

    assert len(re.findall(r"^ \d\. ", result.stdout, re.MULTILINE)) == 1
    assert "3 articles in" in result.stdout


def test_a_search_over_its_time_leaves_with_1_and_says_what_to_do(
    indexed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDE_TIME_BUDGET", "1e-9")

    result = indexed("search", "rates")

    assert result.exit_code == 1
    assert result.stderr == "Error: the search took longer than the 1e-09 s it may: ask for something narrower\n"


def test_an_exclusion_may_stand_behind_two_minuses(indexed: Run) -> None:
    result = indexed("search", "--", "-rise")

    assert "Snow falls" in result.stdout
    assert "Rates rise" not in result.stdout


def test_a_relaxed_search_says_so(indexed: Run) -> None:
    result = indexed("search", "rates zebra")

    assert "No article has all these words" in result.stderr
    assert "Rates rise" in result.stdout


def test_a_corrected_search_says_so(indexed: Run) -> None:
    corrected, quoted = indexed("search", "fallls snow"), indexed("search", '"fallls" snow')

    assert "Showing results for: falls snow" in corrected.stderr
    assert "Snow falls" in corrected.stdout
    assert "Showing results for" not in quoted.stderr


def test_endless_texts_are_cut_and_early_years_have_four_digits(run: Run, folder: SeedFolder) -> None:
    provider = {"name": "Daily " * 9_000, "domain": "d.example"}
    folder.write("one.md", seed("rates " * 9_000, slug="one", publishedDateTime="0033-04-03", provider=provider))
    run("reindex")

    shown = run("search", "rates").stdout

    assert len(shown) < 3_000
    assert ", 0033-04-03" in shown


def test_an_explanation_says_what_a_score_is_made_of(indexed: Run) -> None:
    assert "The words give " in indexed("search", "rates", "--explain").stdout
    assert "The words give " not in indexed("search", "rates").stdout


PAGE = "query total page size took_ms generation notices searched suggestion relaxed hits facets timeline".split()
HIT = (
    "id url title excerpt provider published_at type category topics quality heat is_published image score highlights "
    "story also".split()
)


def test_a_page_as_json_has_the_promised_fields(indexed: Run) -> None:
    page = json.loads(indexed("search", "snow", "--json").stdout)

    assert page.keys() == set(PAGE)
    assert page["hits"][0].keys() == {*HIT, "more_from_domain"}
    assert page["facets"].keys() == {"provider", "topic", "category", "type"}
    assert page["timeline"] == {"interval": "day", "buckets": [{"from": "2021-12-09", "count": 1}], "undated": 0}
    assert select(page["hits"][0], "title", "image", "published_at", "highlights", "provider") == {
        "title": "Snow falls",
        "image": {"url": "https://x.example/a.png", "width": 10, "height": 5},
        "published_at": "2021-12-09T07:49:00Z",
        "highlights": {"title": [[0, 4]], "excerpt": []},
        "provider": {"name": "Example News", "domain": "news.example"},
    }


def select(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}


def test_an_explanation_as_json_multiplies_to_the_score(indexed: Run) -> None:
    hit = json.loads(indexed("search", "snow", "--json", "--explain").stdout)["hits"][0]

    product = 1.0
    for factor in hit["explanation"]["factors"].values():
        product *= factor
    assert product == pytest.approx(hit["score"], rel=1e-9)


ESCAPES = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202egnp.exe\r"


def test_what_a_seed_says_cannot_steer_the_terminal(folder: SeedFolder, run: Run) -> None:
    folder.write("one.md", seed("x " + ESCAPES, slug="x", excerpt=ESCAPES, provider={"name": "x" + ESCAPES}))
    run("reindex")

    output = run("search", "x").stdout

    assert "x" in output
    assert all(character.isprintable() for line in output.split("\n") for character in line)


def test_the_name_and_the_text_of_a_refused_seed_cannot_steer_the_terminal(folder: SeedFolder, run: Run) -> None:
    folder.write("good.md", seed())
    folder.write("bad\x1b[2J\n.md", seed("x").replace('"x"', '"x\x1b[2J"'))
    folder.write("date.md", seed(publishedDateTime="\x1b[2J\u202e"))
    folder.write("key.md", '---\n"\\e[2J": 1\n"\\e[2J": 2\n---\n')

    result = run("reindex", "-v")

    assert result.exit_code == 3
    assert all(character.isprintable() for line in result.output.split("\n") for character in line)
    assert len(result.stderr.splitlines()) == 3


def test_an_ignored_key_cannot_steer_the_terminal(folder: SeedFolder, run: Run) -> None:
    folder.write("one.md", seed().replace("title:", '"\\e[2J\\n\\u202e": 1\ntitle:'))

    result = run("reindex", "-v")

    assert result.exit_code == 0
    assert "Keys that were ignored: " in result.stdout
    assert all(character.isprintable() for line in result.output.split("\n") for character in line)


# Stats and verify


def test_stats_say_what_is_served(folder: SeedFolder, indexed: Run) -> None:
    folder.write("bad.md", BROKEN)
    indexed("reindex")

    shown = dict(re.split(r"  +", line) for line in indexed("stats").stdout.splitlines())

    assert shown.keys() == {
        *("Articles", "Stories of two or more", "Providers", "Size on disk", "Newest article", "Generation"),
        "Refused seeds",
    }
    assert (shown["Articles"], shown["Providers"], shown["Refused seeds"]) == ("3", "2", "1")


def test_stats_as_json(indexed: Run, index_path: Path) -> None:
    stats = json.loads(indexed("stats", "--json").stdout)

    with search.open_index(index_path) as index:
        assert stats.pop("generation") == index.generation
    assert stats.pop("size_bytes") > 0
    assert stats == {"articles": 3, "stories": 1, "providers": 2, "newest": "2021-12-09T07:49:00Z", "refused": 0}


def test_a_whole_index_verifies_and_a_damaged_one_does_not(folder: SeedFolder, index_path: Path, indexed: Run) -> None:
    whole = indexed("verify")
    folder.write("three.md", seed("Three"))
    indexed("reindex")
    newest = (index_path / "CURRENT").read_text().split()[0]
    (index_path / "generations" / newest / "columns.arrays").write_bytes(b"")
    damaged = indexed("verify")

    assert (whole.exit_code, whole.stdout) == (0, f"{index_path} is whole.\n")
    assert (damaged.exit_code, damaged.stdout) == (1, "")
    assert "columns.arrays is not what was published" in damaged.stderr


def test_nothing_verifies_where_there_is_no_index(run: Run) -> None:
    result = run("verify")

    assert result.exit_code == 1
    assert "run `reindex` first" in result.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["reindex", "-h"], ["search", "--help"], ["--version"]])
def test_help_and_version_need_nothing(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 0


# Progress


def on_terminal(*arguments: str) -> str:
    """Run the command with a terminal for its output; return what is written there."""
    main, other = pty.openpty()
    command = [sys.executable, "-c", COMMAND, *arguments]
    with subprocess.Popen(command, stdin=other, stdout=other, stderr=other) as started:
        os.close(other)
        chunks = []
        try:
            while chunk := os.read(main, 4096):
                chunks.append(chunk)
        except OSError:  # Linux's way to say that nobody has the other end any more
            pass
        started.wait(60)
    os.close(main)
    return b"".join(chunks).decode()


@pytest.mark.usefixtures("run")
def test_a_terminal_sees_progress_and_a_pipe_does_not(folder: SeedFolder) -> None:
    for number in range(5):
        folder.write(f"{number}.md", seed(f"Number {number}"))

    shown = on_terminal("reindex")
    piped = process("reindex", "--full")

    assert "Reading seeds" in shown
    assert "Writing the index of 5 articles" in shown
    assert "100%" in shown
    assert "Reading" not in piped.stdout + piped.stderr


@pytest.mark.usefixtures("indexed")
@pytest.mark.parametrize("option", ["-q", "--json"])
def test_a_terminal_sees_no_progress_when_it_is_not_wanted(option: str) -> None:
    assert "Reading seeds" not in on_terminal("reindex", "--full", option)


@pytest.mark.usefixtures("indexed")
def test_titles_are_links_on_a_terminal() -> None:
    shown = on_terminal("search", "snow")

    assert "\x1b]8;;https://news.example/snow-falls\x1b\\" in shown


# Watching


class Watched:
    """A `reindex --watch` in a process of its own, and what it says."""

    def __init__(self, started: subprocess.Popen[str]) -> None:
        self.process = started
        self.lines: list[str] = []
        for stream in (started.stdout, started.stderr):
            threading.Thread(target=self._take, args=(stream,), daemon=True).start()

    def _take(self, stream: Any) -> None:
        self.lines.extend(stream)

    def says(self, text: str) -> None:
        """Wait until a line with *text* has been written."""
        end = time.monotonic() + 30
        while not any(text in line for line in list(self.lines)):
            assert time.monotonic() < end, self.lines
            assert self.process.poll() is None, self.lines
            time.sleep(0.02)


@contextmanager
def watching() -> Iterator[Watched]:
    command = [sys.executable, "-u", "-c", COMMAND, "reindex", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        watched = Watched(started)
        try:
            yield watched
        finally:
            started.kill()


@pytest.mark.usefixtures("run")
def test_watching_picks_up_new_and_broken_seeds_and_ends_cleanly(
    folder: SeedFolder, found: Callable[..., list[str]]
) -> None:
    folder.write("one.md", seed("One"))
    with watching() as watched:
        watched.says("Generation")
        folder.write("two.md", seed("Two"))
        watched.says("Articles: 2,")
        folder.write("bad.md", BROKEN)
        watched.says("bad.md:2:8")
        folder.write("three.md", seed("Three"))
        watched.says("Articles: 3,")
        watched.process.send_signal(signal.SIGINT)
        code = watched.process.wait(20)

    assert sorted(found()) == ["One", "Three", "Two"]
    assert code == 0
    assert "Traceback" not in "".join(watched.lines)
    assert "Aborted" not in "".join(watched.lines)


@pytest.mark.usefixtures("run")
def test_watching_outlives_a_reindex_that_fails(folder: SeedFolder, found: Callable[..., list[str]]) -> None:
    for number in range(4):
        folder.write(f"{number}.md", seed(f"Number {number}"))
    with watching() as watched:
        watched.says("Generation")
        for number in range(3):
            folder.remove(f"{number}.md")
        watched.says("--force")
        folder.write("0.md", seed("Number 0"))
        watched.says("Articles: 2,")

    assert sorted(found()) == ["Number 0", "Number 3"]


# Saved queries


@pytest.fixture
def alerted(folder: SeedFolder, run: Run) -> Run:
    """Return what runs a command where a saved query waits for rates, and an index has none yet."""
    queries = SeedFolder(folder.path.parent / "queries")
    queries.write("rates.yaml", 'title: "Interest \\e[31mrates"\nq: rates\n')
    folder.write("one.md", seed("Snow falls", excerpt="Cold."))
    run("reindex")
    return run


def test_what_saved_queries_find_is_printed_and_made_an_exit_code_when_asked(folder: SeedFolder, alerted: Run) -> None:
    nothing = alerted("reindex", "--alert")
    for number in range(12):
        folder.write(f"rates-{number}.md", seed(f"Rates rise {number}"))
    something = alerted("reindex", "--alert")

    assert (nothing.exit_code, something.exit_code) == (0, 10)
    assert "Saved query rates (Interest [31mrates): 0 new." in nothing.stdout
    assert "Saved query rates (Interest [31mrates): 12 new.\n    Rates rise" in something.stdout
    assert "    ... and 2 more\n" in something.stdout
    assert alerted("reindex", "--alert", "--quiet").stdout == ""


def test_without_alert_what_is_found_is_no_exit_code(folder: SeedFolder, alerted: Run) -> None:
    folder.write("rates.md", seed("Rates rise"))

    assert alerted("reindex").exit_code == 0


def test_what_is_found_goes_before_what_is_refused(folder: SeedFolder, alerted: Run) -> None:
    folder.write("rates.md", seed("Rates rise"))
    folder.write("bad.md", BROKEN)

    assert [alerted("reindex", "--alert").exit_code for _ in range(2)] == [10, 3]


def test_a_saved_query_that_is_refused_is_told_as_a_seed_is(folder: SeedFolder, alerted: Run) -> None:
    bad = folder.path.parent / "queries" / "bad.yaml"
    bad.write_text("title: Bad\n", "utf-8")

    for options in ((), ("--check",)):
        result = alerted("reindex", *options)
        assert (result.exit_code, result.stderr.splitlines()) == (
            3,
            [f'{bad}:1:1: the query is missing: add `q: "..."`'],
        )


def test_json_has_saved_queries_only_where_there_are_some(folder: SeedFolder, alerted: Run) -> None:
    folder.write("rates.md", seed("Rates rise"))
    report = json.loads(alerted("reindex", "--json").stdout)

    assert report["queries"] == [
        {
            "name": "rates",
            "title": "Interest [31mrates",
            "new": 1,
            "articles": [
                {
                    "id": report["queries"][0]["articles"][0]["id"],
                    "title": "Rates rise",
                    "url": "https://news.example/rates-rise",
                }
            ],
        }
    ]
    assert "queries" not in json.loads(alerted("reindex", "--json", "--queries", "nowhere").stdout)


def test_alert_and_watch_exclude_each_other(alerted: Run) -> None:
    assert alerted("reindex", "--alert", "--watch").exit_code == 2
