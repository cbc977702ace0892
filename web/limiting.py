"""How often a visitor may ask."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from flask import Flask, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from search.errors import LedeError
from web.answers import FAILED
from web.parameters import wants_fragment
from web.visitors import Address, Network, household, visitor_of
from web.visits import SharedVisits

#: What costs next to nothing, and what watches over the server, is not counted.
FREE = frozenset({"static", "api.suggest", "api.description", "feeds.suggest", "feeds.describe"})
#: How many times more may be asked while somebody types, when every pause is a search.
WHILE_TYPING = 4
_KEY = "lede.limiter"


class TooManyRequestsError(LedeError):
    """A visitor asks too often."""

    def __init__(self, limit: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(f"more than {limit} were asked from your address: wait {retry_after} s")


class Limiter:
    """Counts the requests of each visitor in a moving window.

    Args:
        limits: all of them hold.
        trusted: proxies that may say who asks.
        folder: what the processes of a server share; without one this process counts for itself.
    """

    def __init__(self, limits: Sequence[RateLimitItem], trusted: Sequence[Network], folder: Path | None) -> None:
        self._limits, self._trusted = limits, trusted
        self._typing = [
            type(limit)(WHILE_TYPING * limit.amount, limit.multiples, namespace="typing") for limit in limits
        ]
        self._window = MovingWindowRateLimiter(SharedVisits(folder) if folder else MemoryStorage())

    def visitor(self, environ: Mapping[str, str]) -> Address | None:
        """Return who asks, None where that is somebody on this machine, who may."""
        visitor = visitor_of(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""), self._trusted)
        return None if visitor is None or visitor.is_loopback else visitor

    def check(self, visitor: Address, *, is_typing: bool = False) -> None:
        """Count a request; those that a page makes while somebody types are counted apart, and may be more.

        Raises:
            TooManyRequestsError: If it is one too many; those that are refused do not count.
        """
        key, limits = household(visitor), self._typing if is_typing else self._limits
        for count in (self._window.test, self._window.hit):
            for limit in limits:
                if not count(limit, key):
                    wait = self._window.get_window_stats(limit, key).reset_time - time.time()
                    raise TooManyRequestsError(_said(limit), max(1, math.ceil(wait)))


def install(app: Flask, rate_limit: str, trusted: Sequence[Network], folder: Path | None) -> None:
    """Let *app* refuse who asks too often; *rate_limit* is like ``15/20 seconds; 150/10 minutes``, or empty.

    *folder* is what the processes of a server share, if there is one.
    """
    if not rate_limit:
        return
    limiter = app.extensions[_KEY] = Limiter(parse_many(rate_limit), trusted, folder)

    @app.before_request
    def check() -> None:
        visitor = limiter.visitor(request.environ)
        # What failed was counted before.
        if visitor and FAILED not in request.environ and request.blueprint != "ops" and request.endpoint not in FREE:
            is_typing = request.endpoint == "pages.search" and wants_fragment(request.args)
            limiter.check(visitor, is_typing=is_typing)


def limiter_of(app: Flask) -> Limiter | None:
    """Return what counts the requests to *app*, None where nothing does."""
    return cast("Limiter | None", app.extensions.get(_KEY))


def _said(limit: RateLimitItem) -> str:
    return f"{limit.amount} searches in {limit.get_expiry()} s"
