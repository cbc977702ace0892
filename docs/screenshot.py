"""Takes the picture of the search page that the README shows; run by `make screenshot`, with a Chromium on the PATH.

It indexes the folder `seeds/`, serves it, and searches for what its newest article is about.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

import search

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "screenshot.png"
#: Pixels; two to one in the picture, for sharp screens.
WIDTH, HEIGHT, SCALE = 1200, 760, 2
#: What Chromium may be called.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Take the picture."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        sys.exit(f"one of {', '.join(PROGRAMS)} must be on the PATH")
    with tempfile.TemporaryDirectory() as index:
        search.reindex([ROOT / "seeds"], index)
        with served(index) as address:
            take(program, f"{address}/?q={telling_word(index)}")


def telling_word(index: str) -> str:
    """Return the longest word of the first article's title."""
    with search.open_index(index) as opened:
        title = opened.search("").hits[0].article.title
    return max(re.split(r"\W+", title), key=len).lower()


@contextmanager
def served(index: str) -> Iterator[str]:
    """Serve *index* on a free port, and give the address."""
    command = [sys.executable, "-c", "from search.cli import lede; lede()", "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen([*command, "--index", index], stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - it is ours
        try:
            announced = re.search(r"http://\S+", server.stdout.readline() if server.stdout else "")
            if announced is None:
                sys.exit("the server did not start")
            yield announced[0]
        finally:
            server.terminate()


def take(program: str, address: str) -> None:
    """Write the picture of *address*."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE)
        # The first search of a fresh process waits for what later ones find in memory.
        page.goto(f"{address}&page=1")
        page.goto(address)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
