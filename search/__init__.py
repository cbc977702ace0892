"""Lede: full-text search for curated news, as a library.

>>> import search
>>> report = search.reindex(["seeds"], "index")  # doctest: +SKIP
>>> with search.open_index("index") as index:  # doctest: +SKIP
...     page = index.search("sensetime -ipo", size=10)
"""

from search.index import Index, open_index
from search.reindex import reindex
from search.report import Report
from search.transfer import export_index, import_index

__version__ = "0.1.0"
__all__ = ["Index", "Report", "__version__", "export_index", "import_index", "open_index", "reindex"]
