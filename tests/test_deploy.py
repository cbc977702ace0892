"""What is given to run Lede with: the container and the units, as far as they can be held against the code."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_web_server import Server

from search.cli import lede
from search.options import REFUSED
from search.settings import read_settings
from web.server import GRACE

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SERVICES = ("lede.service", "lede-reindex.service")
UNITS = (*SERVICES, "lede-reindex.timer")
ANALYZER = shutil.which("systemd-analyze")
BIN = Path(sys.executable).parent

# The container


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", "")
    found = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, rest in found]


def arguments(wanted: str) -> list[str]:
    return [rest for name, rest in instructions() if name == wanted]


def environment() -> dict[str, str]:
    return dict(part.split("=", 1) for part in shlex.split(arguments("ENV")[-1]))


def is_ignored(path: str) -> bool:
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    ignored = False
    for line in lines:
        if fnmatch(path, line.removeprefix("!").replace("**/", "*")):
            ignored = not line.startswith("!")
    return ignored


def test_both_stages_are_one_python_that_is_promised() -> None:
    images = [rest.split()[0] for rest in arguments("FROM")]

    assert len(images) == 2
    assert len(set(images)) == 1
    version = re.fullmatch(r"python:(3\.\d+)-slim", images[0])
    assert version
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["project"]["classifiers"]


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    sources = [part for rest in arguments("COPY") if "--from" not in rest for part in rest.split()[:-1]]

    assert {"requirements.lock", "search", "web"} <= set(sources)
    assert [source for source in sources if not (ROOT / source).exists() or is_ignored(source)] == []
    assert all(
        is_ignored(name)
        for name in (".git", ".venv", "index", "seeds", "tests", "search/__pycache__", "search/some.so")
    )


def test_all_that_the_project_is_built_of_is_copied() -> None:
    copied = {part for rest in arguments("COPY") for part in rest.split()[:-1]}

    needed = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"], "pyproject.toml", "setup.py"}
    packages = {name.rstrip("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert needed | packages <= copied


def test_what_is_installed_is_hashed() -> None:
    steps = [step for rest in arguments("RUN") for step in rest.split("&&")]
    installs = [step for step in steps if " install " in step and "/pip" in step]

    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--no-deps --no-build-isolation" in installs[1]


def test_it_runs_as_nobody_in_particular() -> None:
    names = [name for name, _ in instructions()]

    user, group = arguments("USER")[-1].split(":")
    assert int(user) >= 1000
    assert f"--owner={user} --group={group} /index /seeds" in " ".join(arguments("RUN"))
    assert "RUN" not in names[names.index("USER") :]


def test_its_settings_are_lede_s_and_lead_to_its_volumes() -> None:
    found = read_settings({}, environment=environment(), file=ROOT / "no.toml")

    volumes = json.loads(arguments("VOLUME")[0])
    assert volumes == [*map(str, found.seeds), str(found.index)]
    assert (found.host, str(found.port)) == ("0.0.0.0", arguments("EXPOSE")[0])  # noqa: S104 - within its own network


def test_its_command_is_one() -> None:
    (entry,), command = json.loads(arguments("ENTRYPOINT")[0]), json.loads(arguments("CMD")[-1])

    assert entry in PROJECT["project"]["scripts"]
    assert CliRunner().invoke(lede, [*command, "--help"]).exit_code == 0


def test_its_health_check_tells_a_server_that_lives_from_one_that_does_not(index_path: Path) -> None:
    options, _, command = arguments("HEALTHCHECK")[0].partition(" CMD ")
    server = Server(index_path)
    check = [sys.executable, *json.loads(command)[1:]]
    surroundings = os.environ | {"LEDE_PORT": str(server.port)}

    alive = subprocess.run(check, env=surroundings, timeout=30, check=False).returncode
    server.stop()
    dead = subprocess.run(check, env=surroundings, timeout=30, check=False, capture_output=True).returncode

    assert (alive, dead) == (0, 1)
    assert json.loads(command)[0] == "python"
    assert dict(part.split("=") for part in options.split()).keys() >= {"--interval", "--timeout", "--start-period"}


# Units


def unit(name: str) -> dict[str, list[str]]:
    """Return what a unit says, by section and key."""
    said, section = defaultdict(list), ""
    for line in (ROOT / "deploy" / name).read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, value = line.split("=", 1)
            said[f"{section}.{key}"].append(value)
    return said


@pytest.fixture
def installed(tmp_path: Path) -> list[Path]:
    """Copy the units, with the commands that are installed here."""
    for name in UNITS:
        text = (ROOT / "deploy" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/opt/lede/bin", str(BIN)), "utf-8")
    return [tmp_path / name for name in UNITS]


@pytest.mark.skipif(not ANALYZER, reason="systemd is not on this machine")
def test_systemd_finds_nothing_wrong_with_the_units(installed: list[Path]) -> None:
    done = subprocess.run(["systemd-analyze", "verify", *installed], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not ANALYZER, reason="systemd is not on this machine")
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_finds_little_that_a_service_could_do(name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", ROOT / "deploy" / name],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_runs_a_command_with_settings_that_are_lede_s(name: str) -> None:
    said = unit(name)
    program, *rest = shlex.split(said["Service.ExecStart"][0])
    command = [*([] if Path(program).name == "lede" else [Path(program).name]), *rest]
    variables = dict(part.split("=", 1) for part in shlex.split(said["Service.Environment"][0]))

    assert CliRunner().invoke(lede, [*command, "--help"]).exit_code == 0
    assert read_settings({}, environment=variables, file=ROOT / "no.toml").index == Path("/var/lib/lede/index")


def test_systemd_gives_the_server_longer_than_it_takes_to_stop() -> None:
    said = unit("lede.service")

    assert int(said["Service.TimeoutStopSec"][0].removesuffix("s")) > GRACE
    assert said["Service.KillMode"] == ["mixed"]


def test_refused_seeds_are_no_failure_of_the_unit() -> None:
    assert unit("lede-reindex.service")["Service.SuccessExitStatus"] == [str(REFUSED)]


def test_the_timer_starts_a_unit_that_is_there() -> None:
    assert (ROOT / "deploy" / "lede-reindex.timer").with_suffix(".service").is_file()
    assert unit("lede-reindex.timer")["Install.WantedBy"] == ["timers.target"]
