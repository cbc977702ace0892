"""The pages in docs/ against the code: what they name exists, and what they show happens; their Python is doctests."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from test_web_server import Server

import search
from search.cli import lede
from search.settings import Settings, read_settings

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXTS = {page.name: page.read_text("utf-8") for page in PAGES}
OPERATIONS = TEXTS["operations.md"]
BIN = Path(sys.executable).parent


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


# What is named


def names(text: str) -> set[str]:
    return set(re.findall(r"`((?:search|web)(?:\.\w+)+)(?:\(\))?`", text))


def found(name: str) -> object:
    """Return what a dotted name stands for.

    Raises:
        AttributeError: If it stands for nothing.
    """
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            value = getattr(value, part)
        return value
    raise AttributeError(name)


@pytest.mark.parametrize("name", sorted({name for text in TEXTS.values() for name in names(text)}))
def test_what_is_named_exists(name: str) -> None:
    assert found(name)


def test_a_search_is_followed_through_all_that_it_passes() -> None:
    followed = names(TEXTS["how-a-search-works.md"])

    assert len(followed) > 40
    assert {"web.api.search", "search.query.parser.parse", "search.wire.page_to_json"} <= followed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", TEXTS[page.name]):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`((?:deploy|bench|docs)/[\w./-]*)`", OPERATIONS))))
def test_places_that_are_named_exist(place: str) -> None:
    assert (ROOT / place).exists()


def test_settings_that_are_named_exist() -> None:
    named = {name.lower() for text in TEXTS.values() for name in re.findall(r"\bLEDE_([A-Z_]+)\b", text)}

    assert named <= Settings.__dataclass_fields__.keys()


def test_errors_are_quoted_as_they_are_said() -> None:
    sources = ["search/errors.py", "search/settings.py", "search/engines/whoosh/generations.py", "web/server.py"]
    said = "\n".join((ROOT / source).read_text("utf-8") for source in sources)
    table = OPERATIONS.split("## What to do when")[1]

    quoted = [text for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for text in re.findall(r"`(.*?)`", row)]

    assert len(quoted) > 10
    assert [text for text in quoted if text not in said] == []


def test_settings_can_be_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in TEXTS.values():
        for block in blocks(text, "toml"):
            Path("lede.toml").write_text(block, "utf-8")
            assert read_settings({}) != Settings()


# What is shown


def shown(page: str) -> list[tuple[str, str]]:
    """Return the commands of a page, and what they are said to print."""
    steps = []
    for block in blocks(TEXTS[page], "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            steps.append((command, output))
    return steps


def test_commands_print_what_is_shown(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    for command, output in shown("operations.md"):
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, anonymous(done.stdout + done.stderr)) == (0, anonymous(output)), command


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on this machine")
def test_the_api_answers_as_it_is_shown(tmp_path: Path) -> None:
    search.reindex([ROOT / "seeds"], tmp_path)
    server = Server(tmp_path)

    try:
        for command, output in shown("api.md"):
            there = command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
            done = subprocess.run(["bash", "-c", there], capture_output=True, text=True, check=True)
            assert done.stdout.strip() == output.strip(), command
    finally:
        server.stop()


def anonymous(text: str) -> str:
    """Leave out ids of generations, which a new format of the index changes."""
    return re.sub(r"\b[0-9a-f]{16}\b", "ID", text)


def commands() -> set[tuple[str, str]]:
    """Return the commands that are named anywhere, run or not, with their options."""
    text = "\n".join(TEXTS.values()).replace("\\\n", " ")
    called = re.findall(r"(?:bin/|`|\$ |\| |\blede )(lede \w+|reindex)((?: [^`|\n]*)?)", text)
    return {(command.removeprefix("lede "), options) for command, options in called}


@pytest.mark.parametrize("script", [block for text in TEXTS.values() for block in blocks(text, "sh")])
def test_scripts_are_such(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    for word in shlex.split(script.replace("\\\n", " ")):
        if word.startswith(("deploy/", "requirements")):
            assert (ROOT / word).exists()


def test_commands_that_are_named_exist_with_their_options() -> None:
    assert ("reindex", " --quiet --watch") in commands()
    context = click.Context(lede)

    for name, options in commands():
        command = lede.get_command(context, name)
        assert command, name
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<= )--\w[\w-]*", options)) <= known, (name, options)


def test_the_port_behind_a_proxy_is_the_one_it_listens_at() -> None:
    ports = re.findall(r"127\.0\.0\.1:(\d+)", OPERATIONS)

    assert set(ports) == {str(Settings().port)}
