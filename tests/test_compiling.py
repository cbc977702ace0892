"""The sources of the passes, compiled in other ways than the one that is installed."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from conftest import missing
from factories import mention

SOURCES = sorted((Path(__file__).parents[1] / "search" / "c").glob("*.c"))

#: Gives out memory, but not when it was asked so many times for it; once, since whoever goes on then does most harm.
FAILING = """
#undef malloc
#undef calloc
#undef realloc
#include <stdlib.h>
static long left = -1;
long count_down_from(long wanted) { long was = left; left = wanted; return was; }
static int is_left(void) { return left < 0 || left--; }
void *failing_malloc(size_t size) { return is_left() ? malloc(size) : NULL; }
void *failing_calloc(size_t count, size_t size) { return is_left() ? calloc(count, size) : NULL; }
void *failing_realloc(void *known, size_t size) { return is_left() ? realloc(known, size) : NULL; }
"""

#: Does all that needs memory, and lets each time fail that some is asked for.
PROGRAM = """
import ctypes, importlib.util, sys
from contextlib import suppress
from search.engines.whoosh.dictionary import Dictionary
from search.engines.whoosh.grouping import _Used, _compiled
from search.engines.whoosh.inversion import _cut

spec = importlib.util.spec_from_file_location("_passes", sys.argv[1])
passes = importlib.util.module_from_spec(spec)
count_down_from = ctypes.CDLL(sys.argv[1]).count_down_from
content = sys.stdin.buffer.read()
records = b"[%b]" % passes.read_lines(content)[0]

def cut():
    dictionary = Dictionary()
    found = _cut(passes, [records], dictionary)
    return found, _Used(found.term, dictionary)

def make_columns():
    columns = passes.make_columns(1)
    return passes.add_records(columns, records), passes.take_columns(columns)

occurrences = cut()
for act in lambda: passes.read_lines(content), cut, lambda: _compiled(passes, *occurrences), make_columns:
    count_down_from(1 << 30)
    act()
    wanted = (1 << 30) - count_down_from(-1)
    for times in range(wanted):
        count_down_from(times)
        with suppress(MemoryError, ValueError):
            act()
            raise SystemExit(f"it did without {times} of {wanted}")
        count_down_from(-1)
    print(wanted)
"""


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


def test_memory_that_runs_out_is_an_exception(tmp_path: Path) -> None:
    """Whenever that is; and nothing is done besides of what C says that anything may happen."""
    (tmp_path / "failing.c").write_text(FAILING)
    library = str(tmp_path / "_passes.so")
    trapped = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    renamed = [f"-D{name}=failing_{name}" for name in ("malloc", "calloc", "realloc")]
    sources = [str(tmp_path / "failing.c"), *map(str, SOURCES)]
    subprocess.run([*command("LDSHARED"), "-fPIC", *trapped, *renamed, *sources, "-o", library, "-lm"], check=True)
    related = [mention("One"), mention("Two")]
    lines = [
        mention(
            f"Line {number}",
            provider={"name": "www.", "domain": "www."},
            topics=[f"Topic {number}", "a\\b"],
            related=related[: number % 3],
        )
        for number in range(300)
    ]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, library],
        input="\n".join(map(json.dumps, lines)).encode(),
        capture_output=True,
        check=False,
        cwd=SOURCES[0].parents[2],
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout.split()) == 4
