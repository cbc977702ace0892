"""The embedded engine: generations of a Whoosh index in a folder."""

from search.engines.whoosh.engine import WhooshEngine

__all__ = ["WhooshEngine"]
