"""What the README says, held against the code; its Python examples run as doctests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from factories import SeedFolder
from references import API, with_api, with_references

import search
from search import cli, ranking
from search.files import EXTENSIONS
from search.parse import KNOWN_KEYS
from search.query import parse
from search.query.faults import SENTENCES
from search.query.parser import FIELDS
from web import create_app, manual

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return re.split(r"\n#{2,3} ", README.split(f"# {title}\n", 1)[1])[0]


def block(language: str, within: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", within, re.DOTALL)
    assert found
    return found[1]


def test_the_example_seed_is_one(folder: SeedFolder) -> None:
    folder.write("example.yaml", block("yaml", section("Seeds")))

    report = search.reindex([folder.path], folder.path.parent / "index")

    assert report.problems == ()
    assert report.articles == 2


def test_the_example_seed_shows_every_key_that_is_read() -> None:
    shown = section("Seeds")

    assert [key for key in KNOWN_KEYS - {"ampWebUrl", "cdnAmpWebUrl"} if key not in shown] == []


def test_the_extensions_are_the_ones_that_are_read() -> None:
    named = set(re.findall(r"\.[a-z]+\b", section("Seeds").split("A file that begins")[0]))

    assert named == EXTENSIONS


def test_the_example_of_a_refusal_is_what_is_printed(folder: SeedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(
        "rates.md",
        "---\ntitle: Rates\nwebUrl: https://a.example/\npublishedDateTime: yesterday\nprovider: {name: A}\n---\n",
    )
    monkeypatch.chdir(folder.path.parent)

    result = CliRunner().invoke(cli.reindex_command, ["--check"])

    assert block("console", section("Seeds").split("What is wrong")[1]).splitlines()[1] == result.stderr.strip()


def test_the_settings_are_the_ones_there_are() -> None:
    """`make docs` makes it so."""
    assert with_references(README) == README


def test_the_api_is_the_one_there_is() -> None:
    """`make docs` makes it so."""
    text = API.read_text("utf-8")

    assert with_api(text) == text


def test_the_commands_are_the_ones_there_are() -> None:
    shown = set(re.findall(r"^\| `lede (\w+)", section("Commands"), re.MULTILINE))

    assert shown == set(cli.lede.list_commands(cli.lede.make_context("lede", ["--help"], resilient_parsing=True)))


def test_the_flags_that_are_named_exist() -> None:
    flags = {option for parameter in cli.reindex_command.params for option in parameter.opts}

    assert set(re.findall(r"`(?:reindex )?(--\w+)`", section("Commands"))) - {"--help"} <= flags


def test_the_paths_are_the_ones_that_answer() -> None:
    shown = {
        path
        for row in re.findall(r"^\| (`/.*?) \|", section("HTTP"), re.MULTILINE)
        for path in re.findall(r"`(.*?)`", row)
    }

    routes = {re.sub(r"<.*?>", "ID", rule.rule) for rule in create_app().url_map.iter_rules()}

    assert shown == {route for route in routes if not route.startswith("/static")}


def test_the_bounds_of_the_factors_are_the_ones_that_count() -> None:
    bound = r"([\d.]+) to\s+([\d.]+)"
    said = re.search(rf"freshness {bound}, quality {bound}, heat {bound}, coverage {bound}", README)

    assert said
    bounds = (*ranking.FRESHNESS, *ranking.QUALITY, *ranking.HEAT, *ranking.COVERAGE)
    assert tuple(map(float, said.groups())) == bounds


def test_the_first_index_is_the_one_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make run` and `reindex` print what the beginning of the README shows."""
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    shown = next(part for part in blocks if ".venv/bin/reindex" in part)

    result = CliRunner().invoke(cli.reindex_command, ["--index", str(tmp_path / "index")])

    assert result.stdout.splitlines() == shown.splitlines()[1:]


def test_the_index_travels_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search.reindex([ROOT / "seeds"], tmp_path / "index")
    monkeypatch.chdir(tmp_path)
    lines = block("console", section("Commands")).splitlines()

    for command, answer in zip(lines[::2], lines[1::2], strict=True):
        assert CliRunner().invoke(cli.lede, shlex.split(command)[2:]).output == f"{answer}\n"


def test_the_example_of_a_saved_query_finds_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = section("Feeds and saved queries")
    (tmp_path / "chips.yaml").write_text(block("yaml", shown), "utf-8")

    found = CliRunner().invoke(
        cli.reindex_command, ["--alert", "--index", str(tmp_path / "index"), "--queries", str(tmp_path)]
    )

    assert found.stdout.splitlines() == block("console", shown).splitlines()[1:]
    assert found.exit_code == 10


LANGUAGE = section("The query language")


def rows(header: str) -> list[list[str]]:
    """Return the rows of the table with this header, cell by cell."""
    table = re.split(r"\n\n", LANGUAGE.split(f"| {header} |\n", 1)[1])[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


@pytest.fixture(scope="session")
def sample_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the seeds that come with the project."""
    folder = tmp_path_factory.mktemp("sample")
    search.reindex([ROOT / "seeds"], folder)
    return folder


@pytest.mark.parametrize("example", [code for row in rows("example | finds") for code in re.findall("`(.*?)`", row[0])])
def test_every_example_of_the_language_finds_some_of_the_sample_seeds(example: str, sample_index: Path) -> None:
    with search.open_index(sample_index) as index:
        best = index.search("sensetime").hits[0]
        asked = example.replace("STORY", best.story.id).replace("ARTICLE", best.article.id)
        page = index.search(asked, match="all")

        assert 0 < page.total <= index.statistics().articles
    assert page.notices == ()


def test_the_page_of_help_has_the_same_table() -> None:
    written = [[" ".join(f"`{example}`" for example in row.examples), row.finds] for row in manual.LANGUAGE]

    assert written == rows("example | finds")


def test_every_field_of_the_language_has_an_example() -> None:
    examples = " ".join(row[0] for row in rows("example | finds"))

    assert [name for name in FIELDS if f"{name}:" not in examples] == []


@pytest.mark.parametrize("row", rows("typed | searched | code"), ids=lambda row: str(row[2]))
def test_what_is_not_understood_is_searched_as_the_readme_says(row: list[str]) -> None:
    typed, searched, code = (cell.strip("`") for cell in row)

    parsed = parse(typed)

    assert (str(parsed.tree), [notice.code for notice in parsed.notices]) == (searched, [code])


def test_every_code_of_a_notice_is_in_the_readme() -> None:
    assert [code for code in SENTENCES if f"`{code}`" not in LANGUAGE] == []


def test_the_commands_in_the_benchmarks_are_there() -> None:
    text = (ROOT / "bench" / "README.md").read_text("utf-8")

    commands = [shlex.split(line)[1] for line in re.findall(r"^\$ (.*)$", text, re.MULTILINE)]

    assert commands
    assert all((ROOT / command).is_file() for command in commands)


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`((?:search|web|tests|bench)/[\w/.]*)`", README))))
def test_the_places_that_are_named_exist(place: str) -> None:
    assert (ROOT / place).exists()
