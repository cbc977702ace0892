"""The part of Lede that is compiled, where there is a compiler; the rest is in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import Extension, setup

IS_WINDOWS = sys.platform == "win32"
# The passes read numbers as they lie in the files of an index, and places as NumPy counts them here.
IS_FIT = sys.byteorder == "little" and sys.maxsize > 2**32
PASSES = Path("search/c")

setup(
    ext_modules=[
        Extension(
            "search._passes",
            sorted(map(str, PASSES.glob("*.c"))),
            depends=sorted(map(str, PASSES.glob("*.h"))),
            # Rounded as NumPy does it: a product is not fused with the sum that it goes into.
            extra_compile_args=[] if IS_WINDOWS else ["-O3", "-ffp-contract=off", "-fvisibility=hidden"],
            libraries=[] if IS_WINDOWS else ["m"],
            py_limited_api=True,
            optional=True,
        )
    ]
    if IS_FIT
    else []
)
