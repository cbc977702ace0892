"""Writes into the README what is made of the code; run by `make docs`, and held current by a test."""

from __future__ import annotations

import re
from pathlib import Path

from search.settings import settings_reference

README = Path(__file__).parents[1] / "README.md"


def with_references(text: str) -> str:
    """Return *text* with the table of settings as it must be now.

    Raises:
        ValueError: If there is no such table in it.
    """
    table = settings_reference()
    header = re.escape(table.splitlines()[0])
    written, count = re.subn(rf"^{header}\n(\|.*\n)+", lambda _: table, text, flags=re.MULTILINE)
    if count != 1:
        msg = f"{count} tables of settings where one was expected"
        raise ValueError(msg)
    return written


if __name__ == "__main__":
    README.write_text(with_references(README.read_text("utf-8")), "utf-8")
