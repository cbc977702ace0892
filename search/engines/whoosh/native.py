"""The passes in C, where they were compiled as Lede was installed; None where not, and NumPy does the same."""

from __future__ import annotations

try:
    from search.engines.whoosh import _passes

    passes = _passes
except ImportError:
    passes = None  # type: ignore[assignment] # which is asked for wherever there is a choice
