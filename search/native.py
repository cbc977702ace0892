"""The passes in C, where they were compiled as Lede was installed; None where not, and NumPy does the same."""

from __future__ import annotations

#: What the modules beside this one call; passes that were compiled for others, before an update, are not used.
VERSION = 11

try:
    from search import _passes

    passes = _passes if _passes.VERSION == VERSION else None
except ImportError:
    passes = None
