"""URLs: which ones are let in, and when two of them are the same article."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Nearly every URL: what a browser would change nothing in. Groups: host, path, query.
_PLAIN = re.compile(
    r"https?://([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
    r"(/[!$-;=@-\[\]_a-z~]*)?(?:\?([!$-;=@-\[\]_a-z~?]*))?(?:#[!$-;=@-\[\]_a-z~?]*)?"
)
# As in the WHATWG URL standard: these are dropped wherever they are, the others percent-encoded.
_DROPPED = re.compile(r"[\t\n\r]+")
_ENCODED = re.compile(r"[\x00-\x20\x7f-\xa0<>\"\\^`{|}\u2000-\u200f\u2028-\u202f\u2060-\u206f\u3000\ufeff]")
_NO_PORT = {None, *_DEFAULT_PORTS.values()}
# Parameters that say where a reader came from, never what is read.
_TRACKING = re.compile(
    r"(?:utm_\w*|\w*clk?id|[gw]braid|igshid|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|_ga|ref_src|cmpid)(?:=|$)", re.IGNORECASE
)


def check_url(text: str) -> str:
    """Return the URL, trimmed, if a reader may be sent there.

    Raises:
        ValueError: If it is not an absolute http or https URL; says why.

    >>> check_url(" https://example.org/a b ")
    'https://example.org/a%20b'
    """
    if _PLAIN.fullmatch(text):
        return text
    url = _ENCODED.sub(lambda found: quote(found[0]), _DROPPED.sub("", text.strip()))
    parts = _split(url)
    if parts.scheme not in _DEFAULT_PORTS:
        msg = f"its scheme is {parts.scheme!r}, not http or https" if parts.scheme else "it has no scheme"
        raise ValueError(msg)
    if not parts.hostname:
        msg = "it names no host"
        raise ValueError(msg)
    return url


def canonical_url(url: str) -> str:
    """Return what all spellings of a checked URL share.

    Scheme, ``www.``, default port, fragment, trailing slash, tracking parameters and the case of the host do not count.

    >>> canonical_url("https://WWW.Example.org:443/a/?utm_source=x#top")
    'example.org/a'
    """
    plain = _PLAIN.fullmatch(url)
    if plain and plain[3] is None:
        return f"{_bare(plain[1].lower())}{(plain[2] or '').rstrip('/')}"
    parts = _parts(url)
    port = "" if parts.port in _NO_PORT else f":{parts.port}"
    query = "&".join([part for part in parts.query.split("&") if part and not _TRACKING.match(part)])
    return f"{parts.host}{port}{parts.path.rstrip('/')}{'?' if query else ''}{query}"


def domain_of(url: str) -> str:
    """Return the host of a checked URL, lower case, without ``www.``."""
    return _parts(url).host


def article_id(url: str) -> str:
    """Return the id of the article at a checked URL: 16 hexadecimal digits."""
    return blake2b(canonical_url(url).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class _Parts(NamedTuple):
    host: str
    port: int | None
    path: str
    query: str


def _parts(url: str) -> _Parts:
    if plain := _PLAIN.fullmatch(url):
        host, path, query = plain.groups()
        return _Parts(_bare(host.lower()), None, path or "", query or "")
    parts = _split(url)
    return _Parts(_bare(parts.hostname or ""), parts.port, parts.path, parts.query)


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    _ = parts.port  # raises where it is none
    return parts


def _bare(host: str) -> str:
    host = host.rstrip(".")
    return host.removeprefix("www.") or host
