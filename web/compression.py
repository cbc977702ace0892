"""Answers that are sent packed, to visitors who can unpack them."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import lru_cache

import zstandard
from flask import Flask, Response, request
from werkzeug.http import parse_accept_header

#: Bytes below which packing saves nobody anything.
MIN_BYTES = 1024
#: Three quarters of the bytes are gone for a small part of the time that an answer takes.
_LEVELS = {"zstd": 3, "gzip": 4}
_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda content: zstandard.compress(content, _LEVELS["zstd"]),
    "gzip": lambda content: gzip.compress(content, _LEVELS["gzip"], mtime=0),
}


def install(app: Flask) -> None:
    """Let *app* pack what it sends."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if response.direct_passthrough or response.status_code != 200:  # noqa: PLR2004 - OK
        return response
    response.headers.add("Vary", "Accept-Encoding")
    accepted = request.environ.get("HTTP_ACCEPT_ENCODING")
    encoding = wanted(accepted) if accepted else None
    content = response.get_data() if encoding else b""
    if encoding and len(content) >= MIN_BYTES and not response.content_encoding:
        response.set_data(pack(content, encoding))
        response.content_encoding = encoding
    return response


def pack(content: bytes, encoding: str) -> bytes:
    """Return *content* as it is sent packed."""
    return _PACKERS[encoding](content)


@lru_cache(maxsize=256)
def wanted(accept_encoding: str) -> str | None:
    """Return what a visitor unpacks, None for nothing; what costs us least where it is all the same to the visitor."""
    accepted = parse_accept_header(accept_encoding)
    qualities = {name: accepted.quality(name) for name in _PACKERS}
    best = max(qualities, key=lambda name: qualities[name])
    return best if qualities[best] > 0 else None
