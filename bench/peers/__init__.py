"""Search engines behind one face, each set up as its own documentation advises.

All index the same four texts (title, excerpt, provider, topics), stem English, keep stop words, answer with ten URLs
and an exact total, and are fed with the dictionaries of the ``.jsonl`` files; Lede reads the files itself.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from peers.peer import FACETS, SIZE, Answer, MissingError, Peer, UnsupportedError

__all__ = ["FACETS", "NAMES", "SIZE", "Answer", "MissingError", "Peer", "UnsupportedError", "make_peer"]

_CLASSES = {
    "lede": "LedePeer",
    "tantivy": "TantivyPeer",
    "xapian": "XapianPeer",
    "sqlite": "SqlitePeer",
    "bm25s": "Bm25sPeer",
    "whoosh": "WhooshPeer",
}
NAMES = tuple(_CLASSES)


def make_peer(name: str, folder: Path) -> Peer:
    """Return the engine *name*, or one of its variants, as in ``lede:opensearch`` or ``tantivy:unstored``.

    Raises:
        MissingError: If it is not installed, or there is no such engine.
    """
    engine, _, variant = name.partition(":")
    if engine not in _CLASSES:
        raise MissingError(f"there is no {engine}: choose from {', '.join(NAMES)}")
    try:
        # Only one that is asked for is imported: each may be missing, and all take memory.
        made: Peer = getattr(import_module(f"peers.{engine}"), _CLASSES[engine])(folder, variant)
    except ImportError as exc:
        raise MissingError(f"{exc}: see bench/README.md for how to install it") from exc
    return made
