"""What shells complete, by really asking them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from search.cli import lede
from search.engines import ENGINES
from search.shells import SHELLS

#: Where the commands are installed that belong to this Python.
BIN = Path(sys.executable).parent


def completed(line: str, folder: Path) -> list[str]:
    """Return what bash offers at the end of *line*, in *folder*."""
    words = line.split(" ")
    program = f"""
set -eu
eval "$(lede completion bash)"
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
COMPREPLY=()
compopt() {{ echo "$@"; }}
"$(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/')" {words[0]}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        ["bash", "-c", program], check=True, capture_output=True, text=True, cwd=folder, env=environment, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lede s", {"search", "serve", "stats"}),
        ("lede ex", {"export"}),
        ("lede completion ", set(SHELLS)),
        ("lede stats --engine ", set(ENGINES)),
        ("lede serve --engine w", {"whoosh"}),
        ("reindex --engine ", set(ENGINES)),
        ("lede reindex --w", {"--watch"}),
        ("reindex --s", {"--seeds"}),
    ],
)
def test_bash_completes_commands_options_and_engines(line: str, expected: set[str], tmp_path: Path) -> None:
    assert set(completed(line, tmp_path)) == expected


@pytest.mark.parametrize("line", ["reindex --seeds ", "reindex --index ", "lede search --index "])
def test_bash_is_asked_for_folders_where_one_is_meant(line: str, tmp_path: Path) -> None:
    assert completed(line, tmp_path) == ["-o", "dirnames"]


@pytest.mark.parametrize("line", ["lede export ", "lede import --index x "])
def test_bash_is_asked_for_files_where_one_is_meant(line: str, tmp_path: Path) -> None:
    assert completed(line, tmp_path) == ["-o", "default"]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_takes_its_script(shell: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(lede, ["completion", shell])

    assert result.exit_code == 0
    assert all(f"_{name.upper()}_COMPLETE={shell}_complete" in result.stdout for name in ("lede", "reindex"))
    if shutil.which(shell):
        (tmp_path / "script").write_text(result.stdout, "utf-8")
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not on this machine")
@pytest.mark.parametrize(("line", "expected"), [("lede ex", ["export"]), ("reindex --engine w", ["whoosh"])])
def test_fish_completes_them(line: str, expected: list[str], tmp_path: Path) -> None:
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    program = f"lede completion fish | source; complete --do-complete '{line}'"

    done = subprocess.run(
        ["fish", "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60
    )

    # What stands behind a tab is its description.
    assert [found.split("\t")[0].strip() for found in done.stdout.split("\n") if found.strip()] == expected


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not on this machine")
def test_zsh_knows_whom_to_ask(tmp_path: Path) -> None:
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    program = (
        'autoload -U compinit; compinit -u -D; eval "$(lede completion zsh)"; print ${_comps[lede]} ${_comps[reindex]}'
    )

    done = subprocess.run(["zsh", "-f", "-c", program], check=True, capture_output=True, text=True, env=environment)

    assert done.stdout.split() == ["_lede_completion", "_reindex_completion"]


def test_another_shell_is_wrong_usage() -> None:
    assert CliRunner().invoke(lede, ["completion", "cmd"]).exit_code == 2
