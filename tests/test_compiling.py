"""The sources of the passes, compiled in other ways than the one that is installed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import missing

SOURCES = sorted((Path(__file__).parents[1] / "search" / "c").glob("*.c"))


@pytest.fixture(scope="module", autouse=True)
def _compiler() -> None:
    if not shutil.which(command("CC")[0]):
        missing("there is no compiler")


def command(name: str) -> list[str]:
    """Return what this Python's own modules are made with."""
    return [*shlex.split(sysconfig.get_config_var(name) or "cc"), f"-I{sysconfig.get_path('include')}"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_nothing_but_standard_c_is_needed(source: Path) -> None:
    """What only compilers that know the extensions of GNU look at is told to others in another way."""
    headers = "".join(f"#include <{name}.h>\n" for name in ("Python", "math", "stdint", "stdlib", "string"))
    text = f'#define Py_LIMITED_API 0x030B0000\n{headers}#undef __GNUC__\n#include "{source}"\n'

    done = subprocess.run(
        [*command("CC"), "-fsyntax-only", "-x", "c", "-"], input=text, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
